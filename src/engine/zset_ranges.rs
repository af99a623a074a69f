// Ranges of sorted sets: by rank, by score, by member. Every range is first turned into ranks, so that skipping costs
// nothing and both directions are one. No knowledge of commands or replies.

use super::entry::Entry;
use super::lists::span;
use super::reply::Gather;
use super::value::{SCORED_OVERHEAD, SortedSet, Value};
use super::{Engine, Tick, entry_weight};
use crate::command::{Bytes, Extreme, Key, Limit, RangeBy};
use crate::error::{Error, Form, Reason, Result};
use crate::integer;
use crate::score;
use std::ops::Range;

/// What a range selects.
#[derive(Clone, Copy)]
pub struct Selection<'a> {
    /// The first bound as text; in reverse the upper one.
    pub start: &'a [u8],
    /// The second bound as text.
    pub stop: &'a [u8],
    /// How the bounds are read; without it, as ranks.
    pub by: Option<RangeBy>,
    /// Whether the highest comes first.
    pub reverse: bool,
    /// The part of the range.
    pub limit: Option<Limit>,
}

/// A member's name or a score that ends a range, and whether it belongs to it.
#[derive(Clone, Copy)]
struct Bound<T> {
    at: T,
    is_included: bool,
}

/// A range whose bounds have been read.
enum Bounds<'a> {
    Ranks(i64, i64),
    Scores(Bound<f64>, Bound<f64>),
    /// `None` is an open end.
    Names(Option<Bound<&'a [u8]>>, Option<Bound<&'a [u8]>>),
    /// From the end to the beginning.
    Nothing,
}

fn malformed(form: Form) -> Error {
    Error::because(Reason::Malformed("range", form))
}

fn score_bound(text: &[u8]) -> Result<Bound<f64>> {
    let excluded = text.strip_prefix(b"(");
    let at = score::parse_bound(excluded.unwrap_or(text)).ok_or_else(|| malformed(Form::ScoreBound))?;
    Ok(Bound { at, is_included: excluded.is_none() })
}

/// Which end of the order a bound is at.
enum End<'a> {
    First,
    Last,
    At(Bound<&'a [u8]>),
}

fn name_bound(text: &[u8]) -> Result<End<'_>> {
    match text {
        b"-" => Ok(End::First),
        b"+" => Ok(End::Last),
        [b'[', at @ ..] => Ok(End::At(Bound { at, is_included: true })),
        [b'(', at @ ..] => Ok(End::At(Bound { at, is_included: false })),
        _ => Err(malformed(Form::LexBound)),
    }
}

impl<'a> Bounds<'a> {
    fn by_score(min: &[u8], max: &[u8]) -> Result<Bounds<'a>> {
        Ok(Bounds::Scores(score_bound(min)?, score_bound(max)?))
    }

    fn by_name(min: &'a [u8], max: &'a [u8]) -> Result<Bounds<'a>> {
        Ok(match (name_bound(min)?, name_bound(max)?) {
            (End::Last, _) | (_, End::First) => Bounds::Nothing,
            (End::First, End::Last) => Bounds::Names(None, None),
            (End::First, End::At(max)) => Bounds::Names(None, Some(max)),
            (End::At(min), End::Last) => Bounds::Names(Some(min), None),
            (End::At(min), End::At(max)) => Bounds::Names(Some(min), Some(max)),
        })
    }

    fn of(selection: &Selection<'a>) -> Result<Bounds<'a>> {
        let Selection { start, stop, by, reverse, limit } = *selection;
        if by.is_none() && limit.is_some_and(|limit| limit.count != -1) {
            return Err(Error::because(Reason::Malformed("limit", Form::OnlyByScoreOrLex)));
        }
        let (min, max) = if reverse { (stop, start) } else { (start, stop) };
        match by {
            Some(RangeBy::Score) => Bounds::by_score(min, max),
            Some(RangeBy::Lex) => Bounds::by_name(min, max),
            None => {
                let rank = |text| integer::parse(text).ok_or_else(|| malformed(Form::Integer));
                Ok(Bounds::Ranks(rank(start)?, rank(stop)?))
            }
        }
    }
}

impl SortedSet {
    /// The ranks within the bounds. In reverse, ranks as bounds count from the highest score.
    fn ranks(&self, bounds: &Bounds<'_>, reverse: bool) -> Range<usize> {
        let length = self.members.len();
        let rank = |is_before: &dyn Fn(f64, u32) -> bool| self.ranking.rank(self.ranking.place(is_before));
        let range = match bounds {
            Bounds::Nothing => 0..0,
            Bounds::Ranks(start, stop) => {
                let Range { start, end } = span(length, *start, *stop);
                if reverse { length.saturating_sub(end)..length.saturating_sub(start) } else { start..end }
            }
            Bounds::Scores(min, max) => {
                rank(&|score, _| if min.is_included { score < min.at } else { score <= min.at })
                    ..rank(&|score, _| if max.is_included { score <= max.at } else { score < max.at })
            }
            Bounds::Names(min, max) => {
                let from = min.map_or(0, |min| {
                    rank(&|_, index| match min.is_included {
                        true => self.name(index) < min.at,
                        false => self.name(index) <= min.at,
                    })
                });
                let to = max.map_or(length, |max| {
                    rank(&|_, index| match max.is_included {
                        true => self.name(index) <= max.at,
                        false => self.name(index) < max.at,
                    })
                });
                from..to
            }
        };
        range.start..range.end.max(range.start)
    }

    /// The ranks of members whose score is at least `min` and less than `max`.
    pub(super) fn ranks_of_scores(&self, min: f64, max: f64) -> Range<usize> {
        let bound = |at, is_included| Bound { at, is_included };
        self.ranks(&Bounds::Scores(bound(min, true), bound(max, false)), false)
    }

    /// The ranks that a selection's limit leaves.
    fn selected(&self, bounds: &Bounds<'_>, reverse: bool, limit: Option<Limit>) -> Range<usize> {
        let Range { start, end } = self.ranks(bounds, reverse);
        let Some(Limit { offset, count }) = limit.filter(|_| !matches!(bounds, Bounds::Ranks(..))) else {
            return start..end;
        };
        let Ok(offset) = usize::try_from(offset) else { return start..start };
        let count = if count < 0 { usize::MAX } else { usize::try_from(count).unwrap_or(usize::MAX) };
        if reverse {
            let end = end.saturating_sub(offset).max(start);
            return end.saturating_sub(count).max(start)..end;
        }
        let start = start.saturating_add(offset).min(end);
        start..start.saturating_add(count).min(end)
    }

    /// Calls `visit` with the members from one rank up to another, which is left out, or backwards.
    pub(super) fn visit(&self, ranks: Range<usize>, reverse: bool, mut visit: impl FnMut(&[u8], f64)) {
        let members = self.ranking.span(ranks.start, ranks.end);
        let mut visit = |(score, index)| visit(self.name(index), score);
        if reverse { members.rev().for_each(&mut visit) } else { members.for_each(&mut visit) }
    }
}

/// Members with their scores that were taken from a key.
pub type TakenScored<'a> = (&'a Key, Vec<Option<Bytes>>);

impl Engine {
    /// The members of a range, each followed by its score if wanted. O(log n + length of the reply).
    /// <https://redis.io/commands/zrange>
    pub fn zrange(
        &mut self,
        key: &[u8],
        selection: Selection<'_>,
        with_scores: bool,
        tick: &Tick,
    ) -> Result<Vec<Option<Bytes>>> {
        let Selection { by, reverse, limit, .. } = selection;
        // Redis says so before it reads the bounds.
        if with_scores && by == Some(RangeBy::Lex) {
            return Err(Error::because(Reason::Malformed("scores", Form::NotByLex)));
        }
        let bounds = Bounds::of(&selection)?;
        let Some(set) = self.read::<SortedSet>(key, tick)? else { return Ok(Vec::new()) };
        let mut members = Gather::new();
        set.visit(set.selected(&bounds, reverse, limit), reverse, |member, score| {
            members.push_scored(member, score, with_scores);
        });
        members.finish()
    }

    /// Stores the members of a range and their scores at `to`, replacing any value there; returns how many. An empty
    /// range removes `to`. <https://redis.io/commands/zrangestore>
    pub fn zrangestore(
        &mut self,
        to: &[u8],
        key: &[u8],
        selection: Selection<'_>,
        tick: &Tick,
    ) -> Result<usize> {
        let bounds = Bounds::of(&selection)?;
        let room = self.room();
        let hasher = self.table.hasher().clone();
        let mut result = SortedSet::new(&hasher);
        let mut weight = 0_usize;
        if let Some(set) = self.read::<SortedSet>(key, tick)? {
            let ranks = set.selected(&bounds, selection.reverse, selection.limit);
            set.visit(ranks, false, |member, score| {
                weight = weight.saturating_add(member.len()).saturating_add(SCORED_OVERHEAD);
                if weight as u64 <= room {
                    result.put(member, score);
                }
            });
        }
        self.store_sorted(to, result, weight, tick)
    }

    /// How many more bytes fit under the limit.
    pub(super) fn room(&self) -> u64 {
        self.limits.max_bytes.saturating_sub(self.used_bytes as u64)
    }

    /// Stores the result of an operation at `to`, replacing any value there; returns its size. An empty result removes
    /// `to`. The result counts against the limit before it is stored: it needs memory beside its sources and beside the
    /// old value of `to`. Members that found no room are only weighed, so that all the room is requested at once.
    pub(super) fn store_sorted(
        &mut self,
        to: &[u8],
        result: SortedSet,
        weight: usize,
        tick: &Tick,
    ) -> Result<usize> {
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
        let size = result.members.len();
        self.place(found, Entry::new(to, Value::SortedSet(result)), None);
        Ok(size)
    }

    /// How many members have a score within the bounds. O(log n). <https://redis.io/commands/zcount>
    pub fn zcount(&mut self, key: &[u8], min: &[u8], max: &[u8], tick: &Tick) -> Result<usize> {
        self.count_within(key, &Bounds::by_score(min, max)?, tick)
    }

    /// How many members are within the bounds, if all have the same score. O(log n).
    /// <https://redis.io/commands/zlexcount>
    pub fn zlexcount(&mut self, key: &[u8], min: &[u8], max: &[u8], tick: &Tick) -> Result<usize> {
        self.count_within(key, &Bounds::by_name(min, max)?, tick)
    }

    fn count_within(&mut self, key: &[u8], bounds: &Bounds<'_>, tick: &Tick) -> Result<usize> {
        Ok(self.read::<SortedSet>(key, tick)?.map_or(0, |set| set.ranks(bounds, false).len()))
    }

    /// Removes the members from rank `start` to rank `stop`; returns how many. O(log n) a member.
    /// <https://redis.io/commands/zremrangebyrank>
    pub fn zremrangebyrank(&mut self, key: &[u8], start: i64, stop: i64, tick: &Tick) -> Result<usize> {
        self.remove_within(key, &Bounds::Ranks(start, stop), tick)
    }

    /// Removes the members whose score is within the bounds; returns how many. O(log n) a member.
    /// <https://redis.io/commands/zremrangebyscore>
    pub fn zremrangebyscore(&mut self, key: &[u8], min: &[u8], max: &[u8], tick: &Tick) -> Result<usize> {
        self.remove_within(key, &Bounds::by_score(min, max)?, tick)
    }

    /// Removes the members within the bounds, if all have the same score; returns how many. O(log n) a member.
    /// <https://redis.io/commands/zremrangebylex>
    pub fn zremrangebylex(&mut self, key: &[u8], min: &[u8], max: &[u8], tick: &Tick) -> Result<usize> {
        self.remove_within(key, &Bounds::by_name(min, max)?, tick)
    }

    fn remove_within(&mut self, key: &[u8], bounds: &Bounds<'_>, tick: &Tick) -> Result<usize> {
        let removed = self.change(key, tick, 0, |set: &mut SortedSet| {
            let ranks = set.ranks(bounds, false);
            Ok(set.remove_ranks(ranks.start, ranks.end))
        })?;
        Ok(removed.unwrap_or(0))
    }

    /// Removes and returns up to `count` members with the lowest or the highest scores, each followed by its score;
    /// `None` if the key is missing. O(log n) a member. <https://redis.io/commands/zpopmin>
    pub fn zpop(
        &mut self,
        key: &[u8],
        from: Extreme,
        count: u64,
        tick: &Tick,
    ) -> Result<Option<Vec<Option<Bytes>>>> {
        self.change(key, tick, 0, |set: &mut SortedSet| {
            let length = set.members.len();
            let count = usize::try_from(count).unwrap_or(usize::MAX).min(length);
            let reverse = from == Extreme::Max;
            let ranks = if reverse { length.saturating_sub(count)..length } else { 0..count };
            let mut members = Gather::new();
            set.visit(ranks.clone(), reverse, |member, score| members.push_scored(member, score, true));
            let members = members.finish()?;
            set.remove_ranks(ranks.start, ranks.end);
            Ok(members)
        })
    }

    /// The same from the first of these keys that exists; `None` if there is none.
    /// <https://redis.io/commands/zmpop>
    pub fn zmpop<'a>(
        &mut self,
        keys: &'a [Key],
        from: Extreme,
        count: u64,
        tick: &Tick,
    ) -> Result<Option<TakenScored<'a>>> {
        if count == 0 {
            return Err(Error::because(Reason::Malformed("count", Form::Positive)));
        }
        for key in keys {
            if let Some(members) = self.zpop(key.as_bytes(), from, count, tick)? {
                return Ok(Some((key, members)));
            }
        }
        Ok(None)
    }
}
