// A key and its value. A short string shares one allocation with its key: most entries are short strings, and this
// saves a quarter of their memory and one pointer chase. Deadlines, limits and operations do not belong here.

use super::entry_weight;
use super::table::Keyed;
use super::value::{Hash, List, Set, SortedSet, Value};
use super::wheel::NONE;
use crate::command::{Bytes, ValueType};
use foldhash::fast::FixedState;

/// Strings up to this length share the key's allocation. Longer ones have their own vector, so that appending is cheap.
const SHORT: usize = 1 << 10;

/// Length byte that says "the key's length follows in four bytes".
const LONG_KEY: u8 = u8::MAX;

pub(crate) struct Entry {
    /// The key's length, the key, and the value if it is a short string.
    packed: Box<[u8]>,
    /// Any other value.
    value: Option<Box<Value>>,
    /// The entry's timer in the wheel, or `NONE`.
    pub timer: u32,
}

/// A borrowed view of an entry's value.
pub(crate) enum Held<'a> {
    String(&'a [u8]),
    List(&'a List),
    Hash(&'a Hash),
    Set(&'a Set),
    SortedSet(&'a SortedSet),
}

impl Keyed for Entry {
    fn key(&self) -> &[u8] {
        self.parts().0
    }
}

impl Entry {
    /// Creates an entry without a deadline.
    pub(crate) fn new(key: &[u8], value: Value) -> Entry {
        match value {
            Value::String(text) if text.len() <= SHORT => Entry::with_text(key, &text),
            value => Entry { packed: pack(key, &[]), value: Some(Box::new(value)), timer: NONE },
        }
    }

    /// Creates a string entry without a deadline.
    pub(crate) fn with_text(key: &[u8], text: &[u8]) -> Entry {
        if text.len() <= SHORT {
            return Entry { packed: pack(key, text), value: None, timer: NONE };
        }
        Entry::new(key, Value::String(text.to_vec()))
    }

    /// Creates an entry that holds an empty value. A hash, set or sorted set will use this hasher.
    pub(crate) fn empty(key: &[u8], kind: ValueType, hasher: &FixedState) -> Entry {
        let value = match kind {
            ValueType::String => return Entry::with_text(key, &[]),
            ValueType::List => Value::List(List::default()),
            ValueType::Hash => Value::Hash(Hash::new(hasher)),
            ValueType::Set => Value::Set(Set::new(hasher)),
            ValueType::SortedSet => Value::SortedSet(SortedSet::new(hasher)),
        };
        Entry::new(key, value)
    }

    /// Moves the value to another key, without its deadline. O(1), except for short strings.
    pub(crate) fn renamed(self, key: &[u8]) -> Entry {
        Entry { packed: pack(key, self.parts().1), value: self.value, timer: NONE }
    }

    /// Copies the value to another key, without its deadline.
    pub(crate) fn copied(&self, key: &[u8]) -> Entry {
        Entry { packed: pack(key, self.parts().1), value: self.value.clone(), timer: NONE }
    }

    /// Replaces this entry by another one with the same key, and keeps the timer.
    pub(crate) fn replace(&mut self, other: Entry) {
        *self = Entry { timer: self.timer, ..other };
    }

    /// The bytes that count against the limits, including the key; O(1).
    pub(crate) fn weight(&self) -> usize {
        entry_weight(self.key()).saturating_add(self.held().weight())
    }

    pub(crate) fn held(&self) -> Held<'_> {
        match self.value.as_deref() {
            None => Held::String(self.parts().1),
            Some(Value::String(text)) => Held::String(text),
            Some(Value::List(list)) => Held::List(list),
            Some(Value::Hash(hash)) => Held::Hash(hash),
            Some(Value::Set(set)) => Held::Set(set),
            Some(Value::SortedSet(set)) => Held::SortedSet(set),
        }
    }

    /// The string, if the entry holds one.
    pub(crate) fn text(&self) -> Option<&[u8]> {
        if let Held::String(text) = self.held() { Some(text) } else { None }
    }

    /// The collection, if the entry holds one.
    pub(crate) fn value(&self) -> Option<&Value> {
        self.value.as_deref()
    }

    pub(crate) fn value_mut(&mut self) -> Option<&mut Value> {
        self.value.as_deref_mut()
    }

    /// Overwrites a string by one of the same length. Returns false if there is no such string.
    pub(crate) fn overwrite(&mut self, text: &[u8]) -> bool {
        let place = match self.value.as_deref_mut() {
            None => {
                let key = self.packed.len().saturating_sub(self.parts().1.len());
                self.packed.get_mut(key..)
            }
            Some(Value::String(old)) => Some(old.as_mut_slice()),
            Some(_) => None,
        };
        match place {
            Some(place) if place.len() == text.len() => {
                place.copy_from_slice(text);
                true
            }
            _ => false,
        }
    }

    /// Changes the string in place; `None` if the entry holds another type. `change` must leave the string as it was
    /// when it fails.
    pub(crate) fn change_text<R, E>(
        &mut self,
        change: impl FnOnce(&mut Bytes) -> Result<R, E>,
    ) -> Option<Result<R, E>> {
        match self.value.as_deref_mut() {
            None => {
                let mut text = self.parts().1.to_vec();
                let changed = change(&mut text);
                if changed.is_ok() {
                    self.replace(Entry::new(self.key(), Value::String(text)));
                }
                Some(changed)
            }
            Some(Value::String(text)) => Some(change(text)),
            Some(_) => None,
        }
    }

    /// The key, and the short string stored behind it.
    fn parts(&self) -> (&[u8], &[u8]) {
        let parts = match self.packed.split_first() {
            Some((&LONG_KEY, rest)) => rest
                .split_first_chunk()
                .and_then(|(length, rest)| rest.split_at_checked(u32::from_le_bytes(*length) as usize)),
            Some((length, rest)) => rest.split_at_checked(usize::from(*length)),
            None => None,
        };
        parts.unwrap_or_default()
    }
}

fn pack(key: &[u8], text: &[u8]) -> Box<[u8]> {
    let short = u8::try_from(key.len()).ok().filter(|length| *length != LONG_KEY);
    let head = if short.is_some() { 1 } else { 5 };
    let mut packed = Vec::with_capacity(key.len().saturating_add(text.len()).saturating_add(head));
    packed.push(short.unwrap_or(LONG_KEY));
    if short.is_none() {
        packed.extend((key.len() as u32).to_le_bytes());
    }
    packed.extend_from_slice(key);
    packed.extend_from_slice(text);
    packed.into_boxed_slice()
}

impl Held<'_> {
    pub(crate) fn kind(&self) -> ValueType {
        match self {
            Held::String(_) => ValueType::String,
            Held::List(_) => ValueType::List,
            Held::Hash(_) => ValueType::Hash,
            Held::Set(_) => ValueType::Set,
            Held::SortedSet(_) => ValueType::SortedSet,
        }
    }

    /// The bytes that count against the limits; O(1).
    pub(crate) fn weight(&self) -> usize {
        match self {
            Held::String(text) => text.len(),
            Held::List(list) => list.weight(),
            Held::Hash(hash) => hash.weight(),
            Held::Set(set) => set.weight(),
            Held::SortedSet(set) => set.weight(),
        }
    }

    /// Whether this is an empty collection. Empty collections are not stored.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Held::String(_) => false,
            Held::List(list) => list.len() == 0,
            Held::Hash(hash) => hash.len() == 0,
            Held::Set(set) => set.len() == 0,
            Held::SortedSet(set) => set.len() == 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_strings_of_every_length_share_an_allocation() {
        for key in [1, 2, 254, 255, 256, 70_000] {
            for text in [0, 1, SHORT - 1, SHORT, SHORT + 1, 5_000] {
                let (key, text) = (vec![b'k'; key], vec![b'v'; text]);
                let mut entry = Entry::with_text(&key, &text);
                assert_eq!((entry.key(), entry.text()), (&key[..], Some(&text[..])));
                let other = vec![b'w'; text.len()];
                assert!(entry.overwrite(&other) && !entry.overwrite(&[b"x", &other[..]].concat()));
                let grown = entry.change_text(|text| {
                    text.push(b'!');
                    Ok::<_, ()>(text.len())
                });
                assert_eq!(grown, Some(Ok(text.len() + 1)));
                let entry = entry.copied(b"copy").renamed(&key);
                assert_eq!((entry.key(), entry.text()), (&key[..], Some(&[&other[..], b"!"].concat()[..])));
            }
        }
    }

    #[test]
    fn a_failed_change_leaves_the_value_unchanged() {
        let mut entry = Entry::with_text(b"k", b"text");
        entry.timer = 7;
        let failed = entry.change_text(|text| {
            text.clear();
            Err::<(), _>("no")
        });
        assert_eq!((failed, entry.text(), entry.timer), (Some(Err("no")), Some(&b"text"[..]), 7));
    }
}
