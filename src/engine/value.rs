// What an entry can hold, and what each form weighs. It must not know keys, deadlines or limits.

use crate::command::{Bytes, ValueType};
use crate::error::{Error, Kind};
use foldhash::fast::FixedState;
use indexmap::{IndexMap, IndexSet};
use std::collections::VecDeque;

/// What a list element, a hash field with its value, a set member and an entry are counted with beside their bytes:
/// the allocations, table slots and headers they need, rounded up.
pub(crate) const ELEMENT_OVERHEAD: usize = 24;
pub(crate) const FIELD_OVERHEAD: usize = 64;
pub(crate) const MEMBER_OVERHEAD: usize = 48;
pub(crate) const ENTRY_OVERHEAD: usize = 64;

/// The value of an entry.
#[derive(Clone)]
pub(crate) enum Value {
    String(Bytes),
    List(Box<List>),
    Hash(Box<Hash>),
    Set(Box<Set>),
}

/// Elements in order; both ends are O(1).
#[derive(Clone, Default)]
pub(crate) struct List {
    pub items: VecDeque<Box<[u8]>>,
    /// The sum of the elements' lengths.
    pub bytes: usize,
}

/// Fields and their values, in no promised order. A dense table: any field can be drawn at random in O(1), and a scan
/// walks it from the end (see `scan.rs`).
#[derive(Clone)]
pub(crate) struct Hash {
    pub fields: IndexMap<Box<[u8]>, Box<[u8]>, FixedState>,
    /// The sum of the fields' and values' lengths.
    pub bytes: usize,
}

/// Distinct members, dense as the fields of a hash are.
#[derive(Clone)]
pub(crate) struct Set {
    pub members: IndexSet<Box<[u8]>, FixedState>,
    /// The sum of the members' lengths.
    pub bytes: usize,
}

impl Value {
    pub(crate) fn kind(&self) -> ValueType {
        match self {
            Value::String(_) => ValueType::String,
            Value::List(_) => ValueType::List,
            Value::Hash(_) => ValueType::Hash,
            Value::Set(_) => ValueType::Set,
        }
    }

    /// The bytes it is counted with.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Value::String(bytes) => bytes.weight(),
            Value::List(list) => list.weight(),
            Value::Hash(hash) => hash.weight(),
            Value::Set(set) => set.weight(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Value::String(_) => false,
            Value::List(list) => list.items.is_empty(),
            Value::Hash(hash) => hash.fields.is_empty(),
            Value::Set(set) => set.members.is_empty(),
        }
    }
}

/// One of the forms a value takes: what an operation of a family works on.
pub(crate) trait Form: Sized {
    /// An empty one.
    fn new(hasher: &FixedState) -> Self;
    /// This form, if the value has it.
    fn of(value: &Value) -> Option<&Self>;
    /// This form, if the value has it.
    fn of_mut(value: &mut Value) -> Option<&mut Self>;
    fn into_value(self) -> Value;
    /// The bytes it is counted with; O(1).
    fn weight(&self) -> usize;
}

impl Form for Bytes {
    fn new(_: &FixedState) -> Bytes {
        Bytes::new()
    }
    fn of(value: &Value) -> Option<&Bytes> {
        if let Value::String(bytes) = value { Some(bytes) } else { None }
    }
    fn of_mut(value: &mut Value) -> Option<&mut Bytes> {
        if let Value::String(bytes) = value { Some(bytes) } else { None }
    }
    fn into_value(self) -> Value {
        Value::String(self)
    }
    fn weight(&self) -> usize {
        self.len()
    }
}

impl Form for List {
    fn new(_: &FixedState) -> List {
        List::default()
    }
    fn of(value: &Value) -> Option<&List> {
        if let Value::List(list) = value { Some(list) } else { None }
    }
    fn of_mut(value: &mut Value) -> Option<&mut List> {
        if let Value::List(list) = value { Some(list) } else { None }
    }
    fn into_value(self) -> Value {
        Value::List(Box::new(self))
    }
    fn weight(&self) -> usize {
        self.items.len().saturating_mul(ELEMENT_OVERHEAD).saturating_add(self.bytes)
    }
}

impl Form for Hash {
    fn new(hasher: &FixedState) -> Hash {
        Hash { fields: IndexMap::with_hasher(hasher.clone()), bytes: 0 }
    }
    fn of(value: &Value) -> Option<&Hash> {
        if let Value::Hash(hash) = value { Some(hash) } else { None }
    }
    fn of_mut(value: &mut Value) -> Option<&mut Hash> {
        if let Value::Hash(hash) = value { Some(hash) } else { None }
    }
    fn into_value(self) -> Value {
        Value::Hash(Box::new(self))
    }
    fn weight(&self) -> usize {
        self.fields.len().saturating_mul(FIELD_OVERHEAD).saturating_add(self.bytes)
    }
}

impl Form for Set {
    fn new(hasher: &FixedState) -> Set {
        Set { members: IndexSet::with_hasher(hasher.clone()), bytes: 0 }
    }
    fn of(value: &Value) -> Option<&Set> {
        if let Value::Set(set) = value { Some(set) } else { None }
    }
    fn of_mut(value: &mut Value) -> Option<&mut Set> {
        if let Value::Set(set) = value { Some(set) } else { None }
    }
    fn into_value(self) -> Value {
        Value::Set(Box::new(self))
    }
    fn weight(&self) -> usize {
        self.members.len().saturating_mul(MEMBER_OVERHEAD).saturating_add(self.bytes)
    }
}

pub(crate) fn wrong_type() -> Error {
    Error::new(Kind::WrongType, "meets a key that holds another type of value")
}
