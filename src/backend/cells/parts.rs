// The contract with a store that keeps long collections in parts: an entry whose value is a small head, and parts beside
// it, in the order of their names. What is in heads and parts, and which part an element is in, does not matter here.

use super::{Cell, Loaded};
use crate::backend::BoxFuture;
use crate::command::{Bytes, Key, ValueType};
use crate::error::Result;
use crate::host::MaybeSend;

/// The names of parts are in this range, in which doubles are exact.
pub const NAMES: std::ops::RangeInclusive<i64> = -(1 << 53)..=1 << 53;

/// A store that keeps parts beside its entries.
///
/// Parts exist only while their entry exists and its value is a head: whatever removes or replaces it, be it another
/// program or because it has expired, removes them in the same step.
pub trait PartStore: MaybeSend {
    /// Loads entries, each with some of its parts, as one consistent snapshot. No key occurs twice.
    fn load<'a>(&'a self, asked: &'a [(Key, Vec<Which>)]) -> BoxFuture<'a, Result<LoadedParts>>;
}

/// Loaded entries with their parts.
#[derive(Debug, Default)]
pub struct LoadedParts {
    /// The entries, one for each requested key, in the same order.
    pub entries: Loaded,
    /// The parts of each entry. A part may occur twice.
    pub parts: Vec<Vec<Part>>,
}

/// A part of a long collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name, in [`NAMES`].
    pub name: i64,
    /// What is in it: JSON.
    pub value: Bytes,
}

/// Which parts to load. The part that covers a number is the one with the greatest name that is not above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that cover these numbers.
    Covering(Vec<i64>),
    /// The one that covers the first number, and those after it up to the last number; at most so many.
    Span {
        /// The first number.
        from: i64,
        /// The last number.
        to: i64,
        /// The most parts.
        limit: u64,
    },
}

/// How a collection is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// The value is all of it. Parts that the key had are removed.
    Whole,
    /// The value is a head.
    Long {
        /// Parts to write; those without value are removed. No name occurs twice.
        parts: Vec<(i64, Option<Bytes>)>,
        /// Whether other parts that the key has stay.
        keeps_others: bool,
    },
}

impl Cell {
    /// The text that says the type of an entry and whether its value is a head, in columns of stores.
    pub fn type_text(kind: ValueType, is_long: bool) -> &'static str {
        match kind {
            ValueType::List if is_long => "long list",
            ValueType::Hash if is_long => "long hash",
            ValueType::Set if is_long => "long set",
            ValueType::SortedSet if is_long => "long zset",
            kind => kind.name(),
        }
    }

    /// Reads that text.
    pub fn read_type(text: &str) -> Option<(ValueType, bool)> {
        match text.strip_prefix("long ") {
            Some(name) => {
                ValueType::from_name(name).filter(|kind| *kind != ValueType::String).map(|kind| (kind, true))
            }
            None => ValueType::from_name(text).map(|kind| (kind, false)),
        }
    }
}

impl Form {
    /// Whether the value is a head.
    pub fn is_long(&self) -> bool {
        *self != Form::Whole
    }

    /// The bytes of the parts that are written.
    pub fn bytes(&self) -> usize {
        match self {
            Form::Whole => 0,
            Form::Long { parts, .. } => {
                parts.iter().filter_map(|(_, value)| value.as_ref()).map(Vec::len).sum()
            }
        }
    }
}
