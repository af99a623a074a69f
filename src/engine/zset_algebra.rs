// The algebra of sorted sets. Plain sets take part as sorted sets whose scores are all 1. No knowledge of commands or
// replies.

use super::entry::Held;
use super::reply::Gather;
use super::sets::Algebra;
use super::table::Table;
use super::value::{SCORED_OVERHEAD, Set, SortedSet};
use super::{Engine, Tick, clash};
use crate::command::{Aggregate, Bytes, Key, ValueType};
use crate::error::Result;

/// How sorted sets are combined.
#[derive(Clone, Copy)]
pub struct Combination<'a> {
    /// Which members are in the result.
    pub algebra: Algebra,
    /// A factor for the scores of each key; without it, 1.
    pub weights: Option<&'a [f64]>,
    /// How the scores of a member are combined.
    pub aggregate: Aggregate,
}

/// One of the sets that are combined.
#[derive(Clone, Copy)]
enum Source<'a> {
    Missing,
    Plain(&'a Set),
    Sorted(&'a SortedSet),
}

impl<'a> Source<'a> {
    fn len(self) -> usize {
        match self {
            Source::Missing => 0,
            Source::Plain(set) => set.members.len(),
            Source::Sorted(set) => set.members.len(),
        }
    }

    fn score(self, name: &[u8]) -> Option<f64> {
        match self {
            Source::Missing => None,
            Source::Plain(set) => set.members.contains(name).then_some(1.0),
            Source::Sorted(set) => set.score(name),
        }
    }

    fn members(self) -> impl Iterator<Item = (&'a [u8], f64)> {
        let (plain, sorted) = match self {
            Source::Missing => (None, None),
            Source::Plain(set) => (Some(set.members.iter()), None),
            Source::Sorted(set) => (None, Some(set.members.iter())),
        };
        let plain = plain.into_iter().flatten().map(|member| (&**member, 1.0));
        plain.chain(sorted.into_iter().flatten().map(|member| (&*member.name, member.score)))
    }
}

/// A product that is not a number counts as 0.
fn weighed(score: f64, weight: f64) -> f64 {
    let product = score * weight;
    if product.is_nan() { 0.0 } else { product }
}

impl Aggregate {
    /// A sum that is not a number counts as 0.
    fn join(self, a: f64, b: f64) -> f64 {
        match self {
            Aggregate::Sum => {
                let sum = a + b;
                if sum.is_nan() { 0.0 } else { sum }
            }
            Aggregate::Min => {
                if b < a {
                    b
                } else {
                    a
                }
            }
            Aggregate::Max => {
                if b > a {
                    b
                } else {
                    a
                }
            }
        }
    }
}

impl Engine {
    /// The sets at these keys; `wrong-type` if any key holds another type.
    fn sources(&mut self, keys: &[Key], tick: &Tick) -> Result<Vec<Source<'_>>> {
        for key in keys {
            let index = self.find(key.as_bytes(), tick)?;
            self.count_read(index.is_some());
            let entry = index.and_then(|index| self.table.at(index));
            if let Some(entry) = entry
                && !matches!(entry.held(), Held::Set(_) | Held::SortedSet(_))
            {
                return Err(clash(entry, ValueType::SortedSet));
            }
        }
        let source = |key: &Key| {
            let entry = self.table.find(key.as_bytes()).and_then(|index| self.table.at(index));
            match entry.map(|entry| entry.held()) {
                Some(Held::Set(set)) => Source::Plain(set),
                Some(Held::SortedSet(set)) => Source::Sorted(set),
                _ => Source::Missing,
            }
        };
        Ok(keys.iter().map(source).collect())
    }

    /// Calls `visit` with each member of the combination and its score, in no particular order, until it returns false.
    fn combine_sorted(
        &mut self,
        combination: Combination<'_>,
        keys: &[Key],
        tick: &Tick,
        visit: &mut dyn FnMut(&[u8], f64) -> bool,
    ) -> Result<()> {
        let Combination { algebra, weights, aggregate } = combination;
        let hasher = self.table.hasher().clone();
        let sources = self.sources(keys, tick)?;
        let weight = |at: usize| weights.and_then(|weights| weights.get(at)).copied().unwrap_or(1.0);
        let mut sources: Vec<(Source<'_>, f64)> =
            sources.into_iter().enumerate().map(|(at, source)| (source, weight(at))).collect();
        if algebra != Algebra::Difference {
            // From the smallest to the largest, as Redis: sums of floats depend on the order. There are few.
            for end in 1..sources.len() {
                for at in (1..=end).rev() {
                    let before = at.saturating_sub(1);
                    match (sources.get(before), sources.get(at)) {
                        (Some((a, _)), Some((b, _))) if a.len() > b.len() => sources.swap(before, at),
                        _ => break,
                    }
                }
            }
        }
        let Some(((first, weight), others)) = sources.split_first() else { return Ok(()) };
        match algebra {
            Algebra::Intersection => {
                'members: for (name, score) in first.members() {
                    let mut score = weighed(score, *weight);
                    for (other, weight) in others {
                        let Some(found) = other.score(name) else { continue 'members };
                        score = aggregate.join(score, found * weight);
                    }
                    if !visit(name, score) {
                        break;
                    }
                }
            }
            Algebra::Union => {
                let mut joined: Table<Joined<'_>> = Table::new(&hasher);
                for (source, weight) in &sources {
                    for (name, score) in source.members() {
                        let score = weighed(score, *weight);
                        let index = joined.find(name);
                        match index.and_then(|index| joined.at_mut(index)) {
                            Some(member) => member.score = aggregate.join(member.score, score),
                            None => _ = joined.insert(Joined { name, score }),
                        }
                    }
                }
                for member in joined.iter() {
                    if !visit(member.name, member.score) {
                        break;
                    }
                }
            }
            Algebra::Difference => {
                for (name, score) in first.members() {
                    let is_elsewhere = others.iter().any(|(other, _)| other.score(name).is_some());
                    if !is_elsewhere && !visit(name, score) {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// The members of a combination in the order of their scores, each followed by its score if wanted. O(n log n) of
    /// all members, times the number of keys at worst. <https://redis.io/commands/zunion>
    pub fn combined_sorted(
        &mut self,
        combination: Combination<'_>,
        keys: &[Key],
        with_scores: bool,
        tick: &Tick,
    ) -> Result<Vec<Option<Bytes>>> {
        let mut result = SortedSet::new(self.table.hasher());
        self.combine_sorted(combination, keys, tick, &mut |name, score| {
            result.put(name, score);
            true
        })?;
        let mut members = Gather::new();
        result.visit(0..result.members.len(), false, |name, score| {
            members.push_scored(name, score, with_scores);
        });
        members.finish()
    }

    /// Stores a combination at `to`, replacing any value there; returns its size. An empty result removes `to`.
    /// <https://redis.io/commands/zunionstore>
    pub fn combine_sorted_into(
        &mut self,
        combination: Combination<'_>,
        to: &[u8],
        keys: &[Key],
        tick: &Tick,
    ) -> Result<usize> {
        let mut result = SortedSet::new(self.table.hasher());
        let (room, mut weight) = (self.room(), 0_usize);
        self.combine_sorted(combination, keys, tick, &mut |name, score| {
            weight = weight.saturating_add(name.len()).saturating_add(SCORED_OVERHEAD);
            if weight as u64 <= room {
                result.put(name, score);
            }
            true
        })?;
        self.store_sorted(to, result, weight, tick)
    }

    /// The size of an intersection, counted up to `limit` (0: no limit). <https://redis.io/commands/zintercard>
    pub fn zintercard(&mut self, keys: &[Key], limit: u64, tick: &Tick) -> Result<u64> {
        let combination =
            Combination { algebra: Algebra::Intersection, weights: None, aggregate: Aggregate::Sum };
        let mut size = 0_u64;
        self.combine_sorted(combination, keys, tick, &mut |_, _| {
            size = size.saturating_add(1);
            size != limit
        })?;
        Ok(size)
    }
}

/// A member of a union while it is being built.
struct Joined<'a> {
    name: &'a [u8],
    score: f64,
}

impl super::table::Keyed for Joined<'_> {
    fn key(&self) -> &[u8] {
        self.name
    }
}
