// The types of value, and how many bytes each counts. No knowledge of keys, deadlines or limits.

use super::ranking::Ranking;
use super::table::{Keyed, Table};
use crate::command::{Bytes, ValueType};
use crate::error::{Clash, Error, Reason};
use foldhash::fast::FixedState;
use std::collections::VecDeque;

/// The bytes that a list element, a hash field with its value, a set member, a member with its score and an entry count in addition to their
/// own: allocations, table slots and headers, rounded up.
pub(crate) const ELEMENT_OVERHEAD: usize = 24;
pub(crate) const FIELD_OVERHEAD: usize = 64;
pub(crate) const MEMBER_OVERHEAD: usize = 48;
pub(crate) const SCORED_OVERHEAD: usize = 80;
pub(crate) const ENTRY_OVERHEAD: usize = 64;

/// The value of an entry.
#[derive(Clone)]
pub(crate) enum Value {
    String(Bytes),
    List(List),
    Hash(Hash),
    Set(Set),
    SortedSet(SortedSet),
}

/// Elements in order; both ends are O(1).
#[derive(Clone, Default)]
pub(crate) struct List {
    pub items: VecDeque<Box<[u8]>>,
    /// The sum of the elements' lengths.
    pub bytes: usize,
    /// How many elements are missing here because only both ends of the list were lent to the engine. Who lends them
    /// knows that the commands touch no others.
    pub absent: usize,
    /// How many items stand before the absent elements; only what is pushed and popped on the left changes it.
    pub before_gap: i64,
}

/// A field of a hash and its value.
#[derive(Clone)]
pub(crate) struct Field {
    pub name: Box<[u8]>,
    pub value: Box<[u8]>,
}

impl Keyed for Field {
    fn key(&self) -> &[u8] {
        &self.name
    }
}

/// Fields, in no particular order.
#[derive(Clone)]
pub(crate) struct Hash {
    pub fields: Table<Field>,
    /// The sum of the fields' and values' lengths.
    pub bytes: usize,
    /// How many more fields there are that were not lent to the engine. Who lends knows that the commands touch none.
    pub absent: usize,
}

/// Distinct members.
#[derive(Clone)]
pub(crate) struct Set {
    pub members: Table<Box<[u8]>>,
    /// The sum of the members' lengths.
    pub bytes: usize,
    /// See [`Hash::absent`].
    pub absent: usize,
}

/// A member of a sorted set.
#[derive(Clone)]
pub(crate) struct Scored {
    pub name: Box<[u8]>,
    /// Never NaN.
    pub score: f64,
}

impl Keyed for Scored {
    fn key(&self) -> &[u8] {
        &self.name
    }
}

/// Distinct members with their scores, and their order: by score, then by name.
#[derive(Clone)]
pub(crate) struct SortedSet {
    pub members: Table<Scored>,
    pub ranking: Ranking,
    /// The sum of the members' lengths.
    pub bytes: usize,
    /// See [`Hash::absent`].
    pub absent: usize,
}

impl List {
    /// The number of elements, also of absent ones.
    pub(crate) fn len(&self) -> usize {
        self.items.len().saturating_add(self.absent)
    }

    /// Where an element is in `items`, by its index in the list.
    pub(crate) fn at(&self, index: usize) -> usize {
        match usize::try_from(self.before_gap) {
            Ok(before_gap) if index < before_gap => index,
            _ => index.saturating_sub(self.absent),
        }
    }

    /// The bytes that count against the limits; O(1).
    pub(crate) fn weight(&self) -> usize {
        weight(self.items.len(), ELEMENT_OVERHEAD, self.bytes)
    }
}

impl Hash {
    pub(crate) fn new(hasher: &FixedState) -> Hash {
        Hash { fields: Table::new(hasher), bytes: 0, absent: 0 }
    }

    /// The number of fields, also of absent ones.
    pub(crate) fn len(&self) -> usize {
        self.fields.len().saturating_add(self.absent)
    }

    /// The bytes that count against the limits; O(1).
    pub(crate) fn weight(&self) -> usize {
        weight(self.fields.len(), FIELD_OVERHEAD, self.bytes)
    }
}

impl Set {
    pub(crate) fn new(hasher: &FixedState) -> Set {
        Set { members: Table::new(hasher), bytes: 0, absent: 0 }
    }

    /// The number of members, also of absent ones.
    pub(crate) fn len(&self) -> usize {
        self.members.len().saturating_add(self.absent)
    }

    /// The bytes that count against the limits; O(1).
    pub(crate) fn weight(&self) -> usize {
        weight(self.members.len(), MEMBER_OVERHEAD, self.bytes)
    }
}

impl SortedSet {
    pub(crate) fn new(hasher: &FixedState) -> SortedSet {
        SortedSet { members: Table::new(hasher), ranking: Ranking::default(), bytes: 0, absent: 0 }
    }

    /// The number of members, also of absent ones.
    pub(crate) fn len(&self) -> usize {
        self.members.len().saturating_add(self.absent)
    }

    /// The bytes that count against the limits; O(1).
    pub(crate) fn weight(&self) -> usize {
        weight(self.members.len(), SCORED_OVERHEAD, self.bytes)
    }
}

fn weight(count: usize, overhead: usize, bytes: usize) -> usize {
    count.saturating_mul(overhead).saturating_add(bytes)
}

/// A type of collection, as the operations of one family use it.
pub(crate) trait Form: Sized {
    const KIND: ValueType;
    /// Borrows the value as this type, if it is one.
    fn of(value: &Value) -> Option<&Self>;
    /// Borrows the value mutably as this type, if it is one.
    fn of_mut(value: &mut Value) -> Option<&mut Self>;
}

macro_rules! forms {
    ($($form:ident is $kind:ident),*) => { $(
        impl Form for $form {
            const KIND: ValueType = ValueType::$kind;
            fn of(value: &Value) -> Option<&$form> {
                if let Value::$kind(form) = value { Some(form) } else { None }
            }
            fn of_mut(value: &mut Value) -> Option<&mut $form> {
                if let Value::$kind(form) = value { Some(form) } else { None }
            }
        }
    )* };
}
forms!(List is List, Hash is Hash, Set is Set, SortedSet is SortedSet);

/// Unreachable: callers have checked the type before.
pub(crate) fn wrong_type() -> Error {
    Error::because(Reason::WrongType(Clash::default()))
}
