// Operations on sets and their algebra. No knowledge of commands or replies.

use super::entry::Entry;
use super::hashes::drawn_indexes;
use super::reply::Gather;
use super::scan::Cursor;
use super::value::{MEMBER_OVERHEAD, Set, Value};
use super::{Engine, Tick, entry_weight, glob};
use crate::command::{Bytes, Key, ValueType};
use crate::error::Result;

/// How sets are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algebra {
    /// Members of all sets.
    Intersection,
    /// Members of any set.
    Union,
    /// Members of the first set and of no other.
    Difference,
}

impl Set {
    /// Adds a member. Returns whether it is new.
    pub(super) fn add(&mut self, member: &[u8]) -> bool {
        if self.members.contains(member) {
            return false;
        }
        self.bytes = self.bytes.saturating_add(member.len());
        self.members.insert(member.into());
        true
    }

    fn remove(&mut self, member: &[u8]) -> bool {
        self.members.find(member).and_then(|index| self.take_at(index)).is_some()
    }

    fn take_at(&mut self, index: usize) -> Option<Box<[u8]>> {
        let member = self.members.remove(index)?;
        self.bytes = self.bytes.saturating_sub(member.len());
        Some(member)
    }
}

fn growth(members: &[Bytes]) -> usize {
    members.iter().fold(0, |sum, member| sum.saturating_add(member.len()).saturating_add(MEMBER_OVERHEAD))
}

impl Engine {
    /// Adds members; returns how many were new. O(1) a member. <https://redis.io/commands/sadd>
    pub fn sadd(&mut self, key: &[u8], members: &[Bytes], tick: &Tick) -> Result<usize> {
        self.change_or_create(key, tick, growth(members), |set: &mut Set| {
            Ok(members.iter().filter(|member| set.add(member)).count())
        })
    }

    /// Removes members; returns how many existed. O(1) a member. <https://redis.io/commands/srem>
    pub fn srem(&mut self, key: &[u8], members: &[Bytes], tick: &Tick) -> Result<usize> {
        let removed = self.change(key, tick, 0, |set: &mut Set| {
            Ok(members.iter().filter(|member| set.remove(member)).count())
        })?;
        Ok(removed.unwrap_or(0))
    }

    /// All members, in no particular order. O(number of members). <https://redis.io/commands/smembers>
    pub fn smembers(&mut self, key: &[u8], tick: &Tick) -> Result<Vec<Option<Bytes>>> {
        let Some(set) = self.read::<Set>(key, tick)? else { return Ok(Vec::new()) };
        Gather::all(set.members.iter().map(|member| &**member))
    }

    /// Whether each of these is a member. O(1) a member. <https://redis.io/commands/smismember>
    pub fn are_members(&mut self, key: &[u8], members: &[Bytes], tick: &Tick) -> Result<Vec<bool>> {
        let set = self.read::<Set>(key, tick)?;
        Ok(members.iter().map(|member| set.is_some_and(|set| set.members.contains(member))).collect())
    }

    /// Whether this is a member. O(1). <https://redis.io/commands/sismember>
    pub fn is_member(&mut self, key: &[u8], member: &[u8], tick: &Tick) -> Result<bool> {
        Ok(self.read::<Set>(key, tick)?.is_some_and(|set| set.members.contains(member)))
    }

    /// The number of members; 0 if the key is missing. O(1). <https://redis.io/commands/scard>
    pub fn scard(&mut self, key: &[u8], tick: &Tick) -> Result<usize> {
        Ok(self.read::<Set>(key, tick)?.map_or(0, Set::len))
    }

    /// Removes and returns up to `count` random members. O(count). <https://redis.io/commands/spop>
    pub fn spop(&mut self, key: &[u8], count: u64, tick: &Tick) -> Result<Vec<Option<Bytes>>> {
        let length = match self.look::<Set>(key, tick)? {
            Some(set) => set.members.len(),
            None => return Ok(Vec::new()),
        };
        let count = usize::try_from(count).unwrap_or(usize::MAX).min(length);
        // Drawn one by one from the remaining members, so every pick is equally likely.
        let picks: Vec<usize> =
            (0..count).map(|gone| self.random.below(length.saturating_sub(gone))).collect();
        let popped = self.change(key, tick, 0, |set: &mut Set| {
            Ok(picks
                .into_iter()
                .filter_map(|pick| set.take_at(pick))
                .map(|member| Some(member.into()))
                .collect())
        })?;
        Ok(popped.unwrap_or_default())
    }

    /// Random members. A positive `count` draws that many distinct members; a negative one draws that many with
    /// repeats. O(count). <https://redis.io/commands/srandmember>
    pub fn srandmember(&mut self, key: &[u8], count: i64, tick: &Tick) -> Result<Vec<Option<Bytes>>> {
        let length = self.scard(key, tick)?;
        let drawn = drawn_indexes(&mut self.random, length, if length == 0 { 0 } else { count })?;
        let Some(set) = self.look::<Set>(key, tick)? else { return Ok(Vec::new()) };
        Gather::all(drawn.into_iter().filter_map(|index| set.members.at(index)).map(|member| &**member))
    }

    /// Moves a member from one set to another; returns false if it was not in the first. O(1).
    /// <https://redis.io/commands/smove>
    pub fn smove(&mut self, from: &[u8], to: &[u8], member: &[u8], tick: &Tick) -> Result<bool> {
        if self.find_form(from, ValueType::Set, tick)?.is_none() {
            return Ok(false);
        }
        self.find_form(to, ValueType::Set, tick)?;
        let is_member = self.look::<Set>(from, tick)?.is_some_and(|set| set.members.contains(member));
        if !is_member || from == to {
            return Ok(is_member);
        }
        let growth = member.len().saturating_add(MEMBER_OVERHEAD);
        self.change_or_create(to, tick, growth, |set: &mut Set| Ok(set.add(member)))?;
        self.change(from, tick, 0, |set: &mut Set| Ok(set.remove(member)))?;
        Ok(true)
    }

    /// The sets at these keys, `None` for a missing one; `wrong-type` if any key holds another type.
    fn sets(&mut self, keys: &[Key], tick: &Tick) -> Result<Vec<Option<&Set>>> {
        for key in keys {
            self.read::<Set>(key.as_bytes(), tick)?;
        }
        let set_of = |key: &Key| self.form_at(self.table.find(key.as_bytes()));
        Ok(keys.iter().map(set_of).collect())
    }

    /// Calls `visit` with each member of the combination until it returns false.
    fn combine(
        &mut self,
        algebra: Algebra,
        keys: &[Key],
        tick: &Tick,
        visit: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<()> {
        let sets = self.sets(keys, tick)?;
        match algebra {
            Algebra::Intersection => {
                let Some(sets) = sets.into_iter().collect::<Option<Vec<&Set>>>() else { return Ok(()) };
                let Some(smallest) = sets.iter().min_by_key(|set| set.members.len()) else { return Ok(()) };
                for member in smallest.members.iter() {
                    if sets.iter().all(|set| set.members.contains(member)) && !visit(member) {
                        break;
                    }
                }
            }
            Algebra::Union => {
                for (position, set) in sets.iter().enumerate() {
                    for member in set.iter().flat_map(|set| set.members.iter()) {
                        let seen = sets
                            .iter()
                            .take(position)
                            .flatten()
                            .any(|earlier| earlier.members.contains(member));
                        if !seen && !visit(member) {
                            return Ok(());
                        }
                    }
                }
            }
            Algebra::Difference => {
                let Some((Some(first), others)) = sets.split_first() else { return Ok(()) };
                for member in first.members.iter() {
                    if !others.iter().flatten().any(|other| other.members.contains(member)) && !visit(member)
                    {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// The members of a combination of sets, in no particular order. O(number of all members x number of keys) at
    /// worst. <https://redis.io/commands/sinter>
    pub fn combined(&mut self, algebra: Algebra, keys: &[Key], tick: &Tick) -> Result<Vec<Option<Bytes>>> {
        let mut members = Gather::new();
        self.combine(algebra, keys, tick, &mut |member| {
            members.push(Some(member));
            true
        })?;
        members.finish()
    }

    /// Stores a combination of sets at `to`, replacing any value there; returns its size. An empty result removes `to`.
    /// <https://redis.io/commands/sinterstore>
    pub fn combine_into(&mut self, algebra: Algebra, to: &[u8], keys: &[Key], tick: &Tick) -> Result<usize> {
        let mut set = Set::new(self.table.hasher());
        // The result counts against the limit before it is stored: it needs memory beside the sources and beside the
        // old value of `to`. Members that find no room are only weighed, so that all the room is requested at once.
        let room = self.room();
        let mut weight = 0_usize;
        self.combine(algebra, keys, tick, &mut |member| {
            weight = weight.saturating_add(member.len()).saturating_add(MEMBER_OVERHEAD);
            if weight as u64 <= room {
                set.add(member);
            }
            true
        })?;
        let found = self.find(to, tick)?;
        match found {
            Some(index) if weight == 0 => {
                self.remove(index);
                return Ok(0);
            }
            None if weight == 0 => return Ok(0),
            Some(_) => self.reserve(weight, 0)?,
            None => self.reserve(weight.saturating_add(entry_weight(to)), 1)?,
        }
        let size = set.members.len();
        self.place(found, Entry::new(to, Value::Set(set)), None);
        Ok(size)
    }

    /// The size of an intersection, counted up to `limit` (0: no limit). <https://redis.io/commands/sintercard>
    pub fn sintercard(&mut self, keys: &[Key], limit: u64, tick: &Tick) -> Result<u64> {
        let mut size = 0_u64;
        self.combine(Algebra::Intersection, keys, tick, &mut |_| {
            size = size.saturating_add(1);
            size != limit
        })?;
        Ok(size)
    }

    /// A page of members and the next cursor. O(count). <https://redis.io/commands/sscan>
    pub fn sscan(
        &mut self,
        key: &[u8],
        cursor: &str,
        pattern: Option<&[u8]>,
        count: Option<u64>,
        tick: &Tick,
    ) -> Result<(String, Vec<Bytes>)> {
        let cursor = Cursor::parse(cursor)?;
        let set = self.read::<Set>(key, tick)?;
        let (window, next) = cursor.window(count, set.map_or(0, |set| set.members.len()))?;
        let mut page = Gather::new();
        for member in window.rev().filter_map(|index| set?.members.at(index)) {
            if pattern.is_none_or(|pattern| glob::matches(pattern, member)) {
                page.push(Some(member));
            }
        }
        page.finish_page(next)
    }
}
