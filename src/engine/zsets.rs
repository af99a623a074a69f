// Operations on the members of sorted sets. Ranges and the algebra of several sets are files of their own. No knowledge
// of commands or replies.

use super::hashes::drawn_indexes;
use super::ranking::Place;
use super::reply::Gather;
use super::scan::Cursor;
use super::value::{SCORED_OVERHEAD, Scored, SortedSet};
use super::{Engine, Tick, glob};
use crate::command::{Bytes, ScoreCondition};
use crate::error::{Error, Reason, Result};
use crate::score::unsigned_zero;

/// How `zadd` writes.
#[derive(Clone, Copy, Default)]
pub struct Adding {
    /// Which members it writes.
    pub condition: Option<ScoreCondition>,
    /// Whether changed scores count too, not only new members.
    pub changed: bool,
}

impl SortedSet {
    /// The member at an index of the table.
    pub(super) fn name(&self, index: u32) -> &[u8] {
        self.members.at(index as usize).map_or(&[], |member| &*member.name)
    }

    /// The place of a member with this score and name, or where it would be inserted.
    pub(super) fn place(&self, score: f64, name: &[u8]) -> Place {
        self.ranking.place(|other, index| other < score || (other == score && self.name(index) < name))
    }

    pub(super) fn score(&self, name: &[u8]) -> Option<f64> {
        self.members.get(name).map(|member| member.score)
    }

    /// Sets a member's score. Returns whether the member is new.
    pub(super) fn put(&mut self, name: &[u8], score: f64) -> bool {
        match self.members.find(name) {
            Some(index) => {
                self.rescore(index, score);
                false
            }
            None => {
                self.insert(name.into(), score);
                true
            }
        }
    }

    /// Adds a member that does not exist.
    fn insert(&mut self, name: Box<[u8]>, score: f64) {
        let score = unsigned_zero(score);
        let place = self.place(score, &name);
        self.bytes = self.bytes.saturating_add(name.len());
        let index = self.members.insert(Scored { name, score });
        self.ranking.insert(place, score, index as u32);
    }

    /// Gives the member at an index another score.
    fn rescore(&mut self, index: usize, score: f64) {
        let score = unsigned_zero(score);
        let Some(member) = self.members.at(index) else { return };
        self.ranking.remove(self.place(member.score, &member.name));
        let place = self.place(score, &member.name);
        self.ranking.insert(place, score, index as u32);
        if let Some(member) = self.members.at_mut(index) {
            member.score = score;
        }
    }

    fn remove(&mut self, name: &[u8]) -> bool {
        let Some(index) = self.members.find(name) else { return false };
        let score = self.members.at(index).map_or(0.0, |member| member.score);
        self.ranking.remove(self.place(score, name));
        self.drop_at(index);
        true
    }

    /// Removes a member whose place in the order is gone already. The last member moves to its index.
    fn drop_at(&mut self, index: usize) {
        let last = self.members.len().saturating_sub(1);
        if let Some(moved) = self.members.at(last).filter(|_| index < last) {
            self.ranking.renumber(self.place(moved.score, &moved.name), index as u32);
        }
        if let Some(member) = self.members.remove(index) {
            self.bytes = self.bytes.saturating_sub(member.name.len());
        }
    }

    /// Removes the members from one rank up to another, which is left out.
    pub(super) fn remove_ranks(&mut self, from: usize, to: usize) -> usize {
        let mut count = 0_usize;
        for _ in from..to {
            let Some(index) = self.ranking.take(from) else { break };
            self.drop_at(index as usize);
            count = count.saturating_add(1);
        }
        count
    }
}

/// The most that adding these members can add to a sorted set's weight.
fn growth<'a>(names: impl Iterator<Item = &'a Bytes>) -> usize {
    names.fold(0, |sum, name| sum.saturating_add(name.len()).saturating_add(SCORED_OVERHEAD))
}

impl Engine {
    /// Adds members or changes their scores; returns how many are new, and with `changed` also how many have another
    /// score. O(log n) a member. <https://redis.io/commands/zadd>
    pub fn zadd(
        &mut self,
        key: &[u8],
        members: &[(f64, Bytes)],
        adding: Adding,
        tick: &Tick,
    ) -> Result<usize> {
        let Adding { condition, changed } = adding;
        let growth = growth(members.iter().map(|(_, name)| name));
        if condition.is_some_and(|condition| !condition.adds())
            && self.look::<SortedSet>(key, tick)?.is_none()
        {
            return Ok(0);
        }
        self.change_or_create(key, tick, growth, |set: &mut SortedSet| {
            let mut count = 0_usize;
            for (score, name) in members {
                let is_counted = match set.members.find(name) {
                    None if condition.is_none_or(ScoreCondition::adds) => {
                        set.insert(name.as_slice().into(), *score);
                        true
                    }
                    None => false,
                    Some(index) => {
                        let old = set.members.at(index).map_or(0.0, |member| member.score);
                        let is_other = old != *score;
                        let updates = condition.is_none_or(|condition| condition.updates(old, *score));
                        if is_other && updates {
                            set.rescore(index, *score);
                        }
                        is_other && updates && changed
                    }
                };
                count = count.saturating_add(usize::from(is_counted));
            }
            Ok(count)
        })
    }

    /// Adds to a member's score (0 if it is missing) and returns the sum; `None` if the condition does not hold. O(log n).
    /// <https://redis.io/commands/zincrby>
    pub fn zincrby(
        &mut self,
        key: &[u8],
        name: &[u8],
        by: f64,
        condition: Option<ScoreCondition>,
        tick: &Tick,
    ) -> Result<Option<f64>> {
        let old = self.look::<SortedSet>(key, tick)?.and_then(|set| set.score(name));
        let may = match (condition, old) {
            (Some(condition), None) => condition.adds(),
            (Some(ScoreCondition::New), Some(_)) => false,
            _ => true,
        };
        if !may {
            return Ok(None);
        }
        let sum = old.map_or(by, |old| old + by);
        if sum.is_nan() {
            return Err(Error::because(Reason::NotANumber));
        }
        if let (Some(condition), Some(old)) = (condition, old)
            && !condition.updates(old, sum)
        {
            return Ok(None);
        }
        let growth = name.len().saturating_add(SCORED_OVERHEAD);
        self.change_or_create(key, tick, growth, |set: &mut SortedSet| {
            set.put(name, sum);
            Ok(())
        })?;
        Ok(Some(sum))
    }

    /// The member's score. O(1). <https://redis.io/commands/zscore>
    pub fn zscore(&mut self, key: &[u8], name: &[u8], tick: &Tick) -> Result<Option<f64>> {
        Ok(self.read::<SortedSet>(key, tick)?.and_then(|set| set.score(name)))
    }

    /// The scores of several members, `None` for a missing one. O(1) a member. <https://redis.io/commands/zmscore>
    pub fn zmscore(&mut self, key: &[u8], names: &[Bytes], tick: &Tick) -> Result<Vec<Option<f64>>> {
        let set = self.read::<SortedSet>(key, tick)?;
        Ok(names.iter().map(|name| set.and_then(|set| set.score(name))).collect())
    }

    /// The number of members; 0 if the key is missing. O(1). <https://redis.io/commands/zcard>
    pub fn zcard(&mut self, key: &[u8], tick: &Tick) -> Result<usize> {
        Ok(self.read::<SortedSet>(key, tick)?.map_or(0, SortedSet::len))
    }

    /// The member's rank and score, counted from the lowest score or, in reverse, from the highest. O(log n), and a
    /// sum over the chunks of the order. <https://redis.io/commands/zrank>
    pub fn zrank(
        &mut self,
        key: &[u8],
        name: &[u8],
        reverse: bool,
        tick: &Tick,
    ) -> Result<Option<(usize, f64)>> {
        let Some(set) = self.read::<SortedSet>(key, tick)? else { return Ok(None) };
        let Some(score) = set.score(name) else { return Ok(None) };
        let rank = set.ranking.rank(set.place(score, name));
        let last = set.members.len().saturating_sub(1);
        Ok(Some((if reverse { last.saturating_sub(rank) } else { rank }, score)))
    }

    /// Removes members; returns how many existed. O(log n) a member. <https://redis.io/commands/zrem>
    pub fn zrem(&mut self, key: &[u8], names: &[Bytes], tick: &Tick) -> Result<usize> {
        let removed = self.change(key, tick, 0, |set: &mut SortedSet| {
            Ok(names.iter().filter(|name| set.remove(name)).count())
        })?;
        Ok(removed.unwrap_or(0))
    }

    /// Random members, each followed by its score if wanted. A positive `count` draws that many distinct ones; a
    /// negative one draws that many with repeats. O(count). <https://redis.io/commands/zrandmember>
    pub fn zrandmember(
        &mut self,
        key: &[u8],
        count: i64,
        with_scores: bool,
        tick: &Tick,
    ) -> Result<Vec<Option<Bytes>>> {
        let length = self.zcard(key, tick)?;
        let drawn = drawn_indexes(&mut self.random, length, if length == 0 { 0 } else { count })?;
        let Some(set) = self.look::<SortedSet>(key, tick)? else { return Ok(Vec::new()) };
        let mut members = Gather::new();
        for member in drawn.into_iter().filter_map(|index| set.members.at(index)) {
            members.push_scored(&member.name, member.score, with_scores);
        }
        members.finish()
    }

    /// A page of members, each followed by its score, and the next cursor. O(count).
    /// <https://redis.io/commands/zscan>
    pub fn zscan(
        &mut self,
        key: &[u8],
        cursor: &str,
        pattern: Option<&[u8]>,
        count: Option<u64>,
        tick: &Tick,
    ) -> Result<(String, Vec<Bytes>)> {
        let cursor = Cursor::parse(cursor)?;
        let set = self.read::<SortedSet>(key, tick)?;
        let (window, next) = cursor.window(count, set.map_or(0, |set| set.members.len()))?;
        let mut page = Gather::new();
        for member in window.rev().filter_map(|index| set?.members.at(index)) {
            if pattern.is_none_or(|pattern| glob::matches(pattern, &member.name)) {
                page.push_scored(&member.name, member.score, true);
            }
        }
        page.finish_page(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Random;
    use foldhash::fast::FixedState;
    use std::collections::BTreeMap;

    /// The order and the table agree, whatever was moved by removals.
    #[test]
    fn many_members_stay_in_order() {
        let mut random = Random::new(9);
        let mut set = SortedSet::new(&FixedState::with_seed(1));
        let mut model = BTreeMap::new();
        for round in 0..30_000 {
            let name = random.below(4000).to_string().into_bytes();
            let score = random.below(50) as f64;
            match random.below(10) {
                0..6 => assert_eq!(set.put(&name, score), model.insert(name, score).is_none()),
                6..9 => assert_eq!(set.remove(&name), model.remove(&name).is_some()),
                _ if round % 50 == 0 => {
                    let from = random.below(model.len());
                    let to = (from + random.below(800)).min(model.len());
                    let names: Vec<Vec<u8>> =
                        set.ranking.span(from, to).map(|(_, index)| set.name(index).to_vec()).collect();
                    assert_eq!(set.remove_ranks(from, to), names.len());
                    assert!(names.iter().all(|name| model.remove(name).is_some()));
                }
                _ => {}
            }
            assert_eq!(set.bytes, model.keys().map(Vec::len).sum::<usize>());
            if round % 1000 == 0 {
                let mut sorted: Vec<(f64, &[u8])> =
                    model.iter().map(|(name, score)| (*score, name.as_slice())).collect();
                sorted.sort_by(|a, b| a.partial_cmp(b).unwrap());
                let members = set.ranking.span(0, model.len()).map(|(score, at)| (score, set.name(at)));
                assert!(members.eq(sorted.iter().copied()));
                for (rank, (score, name)) in sorted.iter().enumerate().step_by(97) {
                    assert_eq!(set.ranking.rank(set.place(*score, name)), rank);
                }
            }
        }
    }
}
