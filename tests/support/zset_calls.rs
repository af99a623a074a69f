// Calls the operations on sorted sets whose JavaScript form differs from the WIT function's. No operation semantics.

use super::super::args::{Arg, Args, Stored};
use super::super::cases::{Fault, Value};
use super::{Element, Surface, members_page, plain};
use omnikv::command::Bytes;
use omnikv::prelude::*;
use omnikv::value::IntoValue;
use omnikv::{Aggregate, Extreme, MatchOptions, ScoreCondition, ZRange, ZaddOptions, ZcombineOptions};
use std::ops::Bound;

/// A member with its score: an object, or a pair.
struct Scored(Stored, f64);

impl Arg for Scored {
    fn from_value(value: Value) -> Result<Scored, Fault> {
        let given =
            |name| value.member(name).cloned().ok_or_else(|| Fault::invalid_argument("no such member"));
        let (member, score) = match &value {
            Value::List(pair) if pair.len() == 2 => (pair[0].clone(), pair[1].clone()),
            _ => (given("member")?, given("score")?),
        };
        Ok(Scored(Stored::from_value(member)?, f64::from_value(score)?))
    }

    fn from_args(args: &mut Args) -> Result<Scored, Fault> {
        Scored::from_value(args.next_raw()?)
    }
}

/// A bound of a range of scores: a number, or text.
struct ScoreBound(Bound<f64>);

impl Arg for ScoreBound {
    fn from_value(value: Value) -> Result<ScoreBound, Fault> {
        let Value::Text(text) = &value else {
            return f64::from_value(value).map(Bound::Included).map(ScoreBound);
        };
        let (text, bound): (_, fn(f64) -> Bound<f64>) = match text.strip_prefix('(') {
            Some(rest) => (rest, Bound::Excluded),
            None => (text.as_str(), Bound::Included),
        };
        let score = text.parse().map_err(|_| Fault::invalid_argument("no bound of scores"))?;
        Ok(ScoreBound(bound(score)))
    }
}

/// A bound of a range of members.
enum LexBound {
    First,
    Last,
    At(Bound<Bytes>),
}

impl Arg for LexBound {
    fn from_value(value: Value) -> Result<LexBound, Fault> {
        let text = match value {
            Value::Text(text) => text.into_bytes(),
            Value::Bytes(bytes) => bytes,
            _ => return Err(Fault::invalid_argument("no bound of members")),
        };
        match text.split_first() {
            Some((b'-', [])) => Ok(LexBound::First),
            Some((b'+', [])) => Ok(LexBound::Last),
            Some((b'[', member)) => Ok(LexBound::At(Bound::Included(member.to_vec()))),
            Some((b'(', member)) => Ok(LexBound::At(Bound::Excluded(member.to_vec()))),
            _ => Err(Fault::invalid_argument("no bound of members")),
        }
    }
}

/// A range of members; one from the end to the beginning has none.
fn lex_range(min: LexBound, max: LexBound) -> (Bound<Bytes>, Bound<Bytes>) {
    let nothing = || (Bound::Excluded(Bytes::new()), Bound::Excluded(Bytes::new()));
    let min = match min {
        LexBound::First => Bound::Unbounded,
        LexBound::At(bound) => bound,
        LexBound::Last => return nothing(),
    };
    match max {
        LexBound::Last => (min, Bound::Unbounded),
        LexBound::At(bound) => (min, bound),
        LexBound::First => nothing(),
    }
}

impl Arg for Extreme {
    fn from_value(value: Value) -> Result<Extreme, Fault> {
        match value {
            Value::Text(word) if word == "min" => Ok(Extreme::Min),
            Value::Text(word) if word == "max" => Ok(Extreme::Max),
            _ => Err(Fault::invalid_argument("neither min nor max")),
        }
    }
}

impl Arg for Aggregate {
    fn from_value(value: Value) -> Result<Aggregate, Fault> {
        match value {
            Value::Text(word) if word == "sum" => Ok(Aggregate::Sum),
            Value::Text(word) if word == "min" => Ok(Aggregate::Min),
            Value::Text(word) if word == "max" => Ok(Aggregate::Max),
            _ => Err(Fault::invalid_argument("neither sum, min nor max")),
        }
    }
}

/// Only the members.
fn members<T: Element>(scored: Vec<(T, f64)>) -> Value {
    Value::List(scored.into_iter().map(|(member, _)| member.into()).collect())
}

/// Calls the operation; `None` if its JavaScript form is that of the WIT function.
pub fn call<S: Surface, T: Element>(s: &S, op: &str, a: &mut Args) -> Result<Option<S::Outcome>, Fault> {
    Ok(Some(match op {
        "zadd" => zadd(s, a)?,
        "zrank" | "zrevrank" => {
            let with_score = a.flag("withScore")?;
            a.end()?;
            let (key, member): (String, Stored) = a.read()?;
            match (op, with_score) {
                ("zrank", false) => s.show(s.zrank(key, member), plain),
                ("zrank", true) => s.show(s.zrank_with_score(key, member), plain),
                (_, false) => s.show(s.zrevrank(key, member), plain),
                (_, true) => s.show(s.zrevrank_with_score(key, member), plain),
            }
        }
        "zrange" => {
            let with_scores = a.flag("withScores")?;
            let key: String = a.next()?;
            let range = range(a)?;
            match with_scores {
                true => s.show(s.zrange_with_scores::<T>(key, range), plain),
                false => s.show(s.zrange::<T>(key, range), plain),
            }
        }
        "zrangestore" => {
            let (to, key): (String, String) = (a.next()?, a.next()?);
            s.show(s.zrangestore(to, key, range(a)?), plain)
        }
        "zcount" | "zremrangebyscore" => {
            a.end()?;
            let (key, ScoreBound(min), ScoreBound(max)): (String, ScoreBound, ScoreBound) = a.read()?;
            match op {
                "zcount" => s.show(s.zcount(key, (min, max)), plain),
                _ => s.show(s.zremrangebyscore(key, (min, max)), plain),
            }
        }
        "zlexcount" | "zremrangebylex" => {
            a.end()?;
            let (key, min, max): (String, LexBound, LexBound) = a.read()?;
            let range = lex_range(min, max);
            match op {
                "zlexcount" => s.show(s.zlexcount(key, range), plain),
                _ => s.show(s.zremrangebylex(key, range), plain),
            }
        }
        "zpopmin" | "zpopmax" => {
            a.end()?;
            match (op, a.read::<(String, Option<u64>)>()?) {
                ("zpopmin", (key, None)) => s.show(s.zpopmin::<T>(key), plain),
                ("zpopmin", (key, Some(count))) => s.show(s.zpopmin_count::<T>(key, count), plain),
                (_, (key, None)) => s.show(s.zpopmax::<T>(key), plain),
                (_, (key, Some(count))) => s.show(s.zpopmax_count::<T>(key, count), plain),
            }
        }
        "zmpop" => {
            let count: Option<u64> = a.given("count")?;
            a.end()?;
            let (keys, from): (Vec<String>, Extreme) = a.read()?;
            s.show(s.zmpop::<T>(keys, from, count.unwrap_or(1)), plain)
        }
        "zrandmember" => {
            let with_scores = a.flag("withScores")?;
            a.end()?;
            match a.read::<(String, Option<i64>)>()? {
                (key, Some(count)) if with_scores => {
                    s.show(s.zrandmember_with_scores::<T>(key, count), plain)
                }
                (key, Some(count)) => s.show(s.zrandmember_count::<T>(key, count), plain),
                (key, None) => s.show(s.zrandmember::<T>(key), plain),
            }
        }
        "zunion" | "zinter" | "zdiff" => combination::<S, T>(s, op, a)?,
        "zunionstore" | "zinterstore" => {
            let options = combine_options(a)?;
            a.end()?;
            let (to, keys): (String, Vec<String>) = a.read()?;
            match op {
                "zunionstore" => s.show(s.zunionstore(to, keys, options), plain),
                _ => s.show(s.zinterstore(to, keys, options), plain),
            }
        }
        "zintercard" => {
            let limit: Option<u64> = a.given("limit")?;
            a.end()?;
            let (keys,): (Vec<String>,) = a.read()?;
            s.show(s.zintercard(keys, limit), plain)
        }
        "zscan" => {
            let mut options = MatchOptions::new();
            if let Some(count) = a.given("count")? {
                options = options.count(count);
            }
            if let Some(pattern) = a.given::<Stored>("match")? {
                options = options.matching(pattern.into_value()?);
            }
            a.end()?;
            let (key, cursor): (String, String) = a.read()?;
            s.show(s.zscan::<T>(key, cursor, options), members_page)
        }
        _ => return Ok(None),
    }))
}

fn zadd<S: Surface>(s: &S, a: &mut Args) -> Result<S::Outcome, Fault> {
    let mut condition = None;
    let flags = ["nx", "xx", "gt", "lt"].map(|name| a.flag(name));
    let [nx, xx, gt, lt] = [flags[0].clone()?, flags[1].clone()?, flags[2].clone()?, flags[3].clone()?];
    if nx && (xx || gt || lt) || gt && lt {
        return Err(Fault::invalid_argument("options that exclude each other"));
    }
    for (is_given, known) in [
        (nx, ScoreCondition::New),
        (xx, ScoreCondition::Known),
        (gt, if xx { ScoreCondition::KnownGreater } else { ScoreCondition::Greater }),
        (lt, if xx { ScoreCondition::KnownLess } else { ScoreCondition::Less }),
    ] {
        condition = if is_given { Some(known) } else { condition };
    }
    let (changed, increment) = (a.flag("ch")?, a.flag("incr")?);
    a.end()?;
    let (key, mut members): (String, Vec<Scored>) = a.read()?;
    if increment {
        let (Some(Scored(member, by)), true) = (members.pop(), members.is_empty()) else {
            return Err(Fault::invalid_argument("not a single member"));
        };
        return Ok(s.show(s.zadd_incr(key, member, by, condition), plain));
    }
    let mut options = ZaddOptions::new();
    if let Some(condition) = condition {
        options = options.condition(condition);
    }
    let options = if changed { options.changed() } else { options };
    let members = members.into_iter().map(|Scored(member, score)| (member, score));
    Ok(s.show(s.zadd_with(key, members, options), plain))
}

/// The rest of the arguments as a range.
fn range(a: &mut Args) -> Result<ZRange, Fault> {
    let by: Option<&str> = a.one_of([("byScore", "score"), ("byLex", "lex")])?;
    let reverse = a.flag("rev")?;
    let (offset, count): (Option<u64>, Option<u64>) = (a.given("offset")?, a.given("count")?);
    a.end()?;
    let range = match by {
        None => {
            let (start, stop): (i64, i64) = a.read()?;
            ZRange::ranks(start, stop)
        }
        Some("score") => {
            let (ScoreBound(start), ScoreBound(stop)): (ScoreBound, ScoreBound) = a.read()?;
            ZRange::scores(if reverse { (stop, start) } else { (start, stop) })
        }
        Some(_) => {
            let (start, stop): (LexBound, LexBound) = a.read()?;
            ZRange::members(if reverse { lex_range(stop, start) } else { lex_range(start, stop) })
        }
    };
    let range = if reverse { range.reverse() } else { range };
    Ok(match (offset, count) {
        (None, None) => range,
        (offset, count) => range.limit(offset.unwrap_or(0), count.unwrap_or(u64::MAX)),
    })
}

fn combine_options(a: &mut Args) -> Result<ZcombineOptions, Fault> {
    let mut options = ZcombineOptions::new();
    if let Some(weights) = a.given::<Vec<f64>>("weights")? {
        options = options.weights(weights);
    }
    if let Some(aggregate) = a.given("aggregate")? {
        options = options.aggregate(aggregate);
    }
    Ok(options)
}

fn combination<S: Surface, T: Element>(s: &S, op: &str, a: &mut Args) -> Result<S::Outcome, Fault> {
    let with_scores = a.flag("withScores")?;
    let options = if op == "zdiff" { ZcombineOptions::new() } else { combine_options(a)? };
    a.end()?;
    let (keys,): (Vec<String>,) = a.read()?;
    Ok(match (op, with_scores) {
        ("zunion", false) if options == ZcombineOptions::new() => s.show(s.zunion::<T>(keys), plain),
        ("zunion", true) => s.show(s.zunion_with::<T>(keys, options), plain),
        ("zunion", false) => s.show(s.zunion_with::<T>(keys, options), members),
        ("zinter", false) if options == ZcombineOptions::new() => s.show(s.zinter::<T>(keys), plain),
        ("zinter", true) => s.show(s.zinter_with::<T>(keys, options), plain),
        ("zinter", false) => s.show(s.zinter_with::<T>(keys, options), members),
        (_, true) => s.show(s.zdiff_with_scores::<T>(keys), plain),
        (_, false) => s.show(s.zdiff::<T>(keys), plain),
    })
}
