// The options and ranges that operations on sorted sets take, as builders. They must not decide what they mean.

use crate::command::{Aggregate, Bytes, Limit, RangeBy, ScoreCondition, Weights};
use crate::error::Result;
use crate::score;
use crate::value::IntoValue;
use std::ops::{Bound, RangeBounds};

/// Options for [`zadd_with`](super::SortedSets::zadd_with).
///
/// ```
/// # use omnikv::{MemoryStore, ZaddOptions, prelude::*};
/// let kv = MemoryStore::new();
/// let best = ZaddOptions::new().gt().changed();
/// assert_eq!(kv.zadd_with("best", [("alice", 31.0), ("bob", 12.5)], best)?, 2);
/// assert_eq!(kv.zadd_with("best", [("alice", 17.0), ("bob", 40.0)], best)?, 1);
/// # Ok::<(), omnikv::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ZaddOptions {
    pub(super) condition: Option<ScoreCondition>,
    pub(super) changed: bool,
}

impl ZaddOptions {
    /// Writes every score, and counts new members.
    pub fn new() -> ZaddOptions {
        ZaddOptions::default()
    }

    /// Writes only the scores of new members.
    pub fn nx(self) -> ZaddOptions {
        self.condition(ScoreCondition::New)
    }

    /// Writes only the scores of members that exist.
    pub fn xx(self) -> ZaddOptions {
        self.condition(match self.condition {
            Some(ScoreCondition::Greater) => ScoreCondition::KnownGreater,
            Some(ScoreCondition::Less) => ScoreCondition::KnownLess,
            _ => ScoreCondition::Known,
        })
    }

    /// Writes the scores of new members, and those that are greater than before. With [`xx`](Self::xx), only the latter.
    pub fn gt(self) -> ZaddOptions {
        self.condition(match self.condition {
            Some(ScoreCondition::Known) => ScoreCondition::KnownGreater,
            _ => ScoreCondition::Greater,
        })
    }

    /// Writes the scores of new members, and those that are less than before. With [`xx`](Self::xx), only the latter.
    pub fn lt(self) -> ZaddOptions {
        self.condition(match self.condition {
            Some(ScoreCondition::Known) => ScoreCondition::KnownLess,
            _ => ScoreCondition::Less,
        })
    }

    /// Sets the condition.
    pub fn condition(self, condition: ScoreCondition) -> ZaddOptions {
        ZaddOptions { condition: Some(condition), ..self }
    }

    /// Also counts members whose score changed.
    pub fn changed(self) -> ZaddOptions {
        ZaddOptions { changed: true, ..self }
    }
}

/// A range of a sorted set, for [`zrange`](super::SortedSets::zrange). A pair of ranks alone works as a range too.
///
/// ```
/// # use omnikv::{MemoryStore, ZRange, prelude::*};
/// let kv = MemoryStore::new();
/// kv.zadd("board", [("alice", 31.0), ("bob", 12.5), ("carol", 40.0)])?;
/// let all: Vec<String> = kv.zrange("board", (0, -1))?;
/// assert_eq!(all, ["bob", "alice", "carol"]);
/// let best: Vec<String> = kv.zrange("board", ZRange::scores(20.0..).reverse().limit(0, 1))?;
/// assert_eq!(best, ["carol"]);
/// # Ok::<(), omnikv::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ZRange {
    pub(super) by: Option<RangeBy>,
    bounds: Result<(Bytes, Bytes)>,
    pub(super) reverse: bool,
    pub(super) limit: Option<Limit>,
}

impl ZRange {
    /// From one rank to another, both included: 0 is the first member, -1 the last. In reverse, 0 is the member with the
    /// highest score.
    pub fn ranks(start: i64, stop: i64) -> ZRange {
        let bounds = Ok((start.to_string().into(), stop.to_string().into()));
        ZRange { by: None, bounds, reverse: false, limit: None }
    }

    /// The members whose score is in this range.
    pub fn scores(range: impl RangeBounds<f64>) -> ZRange {
        let bounds = Ok(score_bounds(range));
        ZRange { by: Some(RangeBy::Score), bounds, reverse: false, limit: None }
    }

    /// The members in this range of members, in byte order, if all have the same score.
    pub fn members<V: IntoValue + Clone>(range: impl RangeBounds<V>) -> ZRange {
        ZRange { by: Some(RangeBy::Lex), bounds: lex_bounds(range), reverse: false, limit: None }
    }

    /// From the highest to the lowest.
    pub fn reverse(self) -> ZRange {
        ZRange { reverse: true, ..self }
    }

    /// Skips `offset` members and takes `count` at most. With ranks, it is `invalid-argument`.
    pub fn limit(self, offset: u64, count: u64) -> ZRange {
        let most = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        ZRange { limit: Some(Limit { offset: most(offset), count: most(count) }), ..self }
    }

    /// The bounds in Redis's order.
    pub(super) fn start_and_stop(&self) -> Result<(Bytes, Bytes)> {
        let (min, max) = self.bounds.clone()?;
        Ok(if self.reverse && self.by.is_some() { (max, min) } else { (min, max) })
    }
}

impl From<(i64, i64)> for ZRange {
    fn from((start, stop): (i64, i64)) -> ZRange {
        ZRange::ranks(start, stop)
    }
}

/// A range of scores as Redis's `min` and `max`.
pub(super) fn score_bounds(range: impl RangeBounds<f64>) -> (Bytes, Bytes) {
    let bound = |bound: Bound<&f64>, open: &str| match bound {
        Bound::Included(score) => score::print(*score),
        Bound::Excluded(score) => ["(", &score::print(*score)].concat(),
        Bound::Unbounded => open.to_owned(),
    };
    (bound(range.start_bound(), "-inf").into(), bound(range.end_bound(), "inf").into())
}

/// A range of members as Redis's `min` and `max`.
pub(super) fn lex_bounds<V: IntoValue + Clone>(range: impl RangeBounds<V>) -> Result<(Bytes, Bytes)> {
    let bound = |bound: Bound<&V>, open: &[u8]| {
        Ok(match bound {
            Bound::Included(member) => [&b"["[..], &member.clone().into_value()?].concat(),
            Bound::Excluded(member) => [&b"("[..], &member.clone().into_value()?].concat(),
            Bound::Unbounded => open.to_vec(),
        })
    };
    Ok((bound(range.start_bound(), b"-")?, bound(range.end_bound(), b"+")?))
}

/// Options for [`zunion_with`](super::SortedSets::zunion_with) and its kin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ZcombineOptions {
    pub(super) weights: Option<Weights>,
    pub(super) aggregate: Option<Aggregate>,
}

impl ZcombineOptions {
    /// Adds the scores of a member in all sets.
    pub fn new() -> ZcombineOptions {
        ZcombineOptions::default()
    }

    /// A factor for the scores of each key. Another number of factors than of keys is `invalid-argument`.
    pub fn weights(self, weights: impl Into<Vec<f64>>) -> ZcombineOptions {
        ZcombineOptions { weights: Some(Weights(weights.into())), ..self }
    }

    /// How the scores of a member are combined.
    pub fn aggregate(self, aggregate: Aggregate) -> ZcombineOptions {
        ZcombineOptions { aggregate: Some(aggregate), ..self }
    }
}
