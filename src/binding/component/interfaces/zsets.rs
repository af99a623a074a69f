// The interface `zsets`: decode, run, encode.

use super::convert::{all, bytes, keys, maybe};
use super::{Answer, Component, read, run};
use crate::exports::omnikv::kv::connection::StoreBorrow;
use crate::exports::omnikv::kv::zsets::{
    Aggregate, Extreme, Guest, LexBound, MatchOptions, ScoreBound, ScoreCondition, ScoredPage, Value,
    ZaddOptions, ZcombineOptions, ZrangeBy, ZrangeOptions,
};
use omnikv::command::{self, Bytes, Command, Limit, RangeBy, Weights};
use omnikv::reply::{
    key_and_scored, rank_and_score, score, score_if_any, scored, scored_if_any, scored_page, scores,
};

/// A member and its score.
type Scored = (Bytes, f64);

impl Guest for Component {
    fn zadd(
        store: StoreBorrow<'_>,
        key: String,
        members: Vec<(Value, f64)>,
        options: ZaddOptions,
    ) -> Answer<u64> {
        let members = members
            .into_iter()
            .map(|(member, score)| Ok((score, bytes("zadd", member)?)))
            .collect::<Answer<_>>()?;
        let ZaddOptions { condition, changed } = options;
        let condition = condition.map(command::ScoreCondition::from);
        run(&store, Command::ZAdd { key: key.into(), condition, changed, increment: false, members })
    }

    fn zadd_incr(
        store: StoreBorrow<'_>,
        key: String,
        member: Value,
        by: f64,
        condition: Option<ScoreCondition>,
    ) -> Answer<Option<f64>> {
        let members = vec![(by, bytes("zadd", member)?)];
        let condition = condition.map(command::ScoreCondition::from);
        let command = Command::ZAdd { key: key.into(), condition, changed: false, increment: true, members };
        read(&store, command, score_if_any)
    }

    fn zincrby(store: StoreBorrow<'_>, key: String, by: f64, member: Value) -> Answer<f64> {
        read(&store, Command::ZIncrBy { key: key.into(), by, member: bytes("zincrby", member)? }, score)
    }

    fn zscore(store: StoreBorrow<'_>, key: String, member: Value) -> Answer<Option<f64>> {
        read(&store, Command::ZScore { key: key.into(), member: bytes("zscore", member)? }, score_if_any)
    }

    fn zmscore(store: StoreBorrow<'_>, key: String, members: Vec<Value>) -> Answer<Vec<Option<f64>>> {
        read(&store, Command::ZMScore { key: key.into(), members: all("zmscore", members)? }, scores)
    }

    fn zcard(store: StoreBorrow<'_>, key: String) -> Answer<u64> {
        run(&store, Command::ZCard { key: key.into() })
    }

    fn zrank(store: StoreBorrow<'_>, key: String, member: Value) -> Answer<Option<u64>> {
        let member = bytes("zrank", member)?;
        run(&store, Command::ZRank { key: key.into(), member, with_score: false })
    }

    fn zrank_with_score(store: StoreBorrow<'_>, key: String, member: Value) -> Answer<Option<(u64, f64)>> {
        let member = bytes("zrank", member)?;
        read(&store, Command::ZRank { key: key.into(), member, with_score: true }, rank_and_score)
    }

    fn zrevrank(store: StoreBorrow<'_>, key: String, member: Value) -> Answer<Option<u64>> {
        let member = bytes("zrevrank", member)?;
        run(&store, Command::ZRevRank { key: key.into(), member, with_score: false })
    }

    fn zrevrank_with_score(store: StoreBorrow<'_>, key: String, member: Value) -> Answer<Option<(u64, f64)>> {
        let member = bytes("zrevrank", member)?;
        read(&store, Command::ZRevRank { key: key.into(), member, with_score: true }, rank_and_score)
    }

    fn zrange(
        store: StoreBorrow<'_>,
        key: String,
        by: ZrangeBy,
        options: ZrangeOptions,
    ) -> Answer<Vec<Bytes>> {
        run(&store, zrange(key, by, options, false)?)
    }

    fn zrange_with_scores(
        store: StoreBorrow<'_>,
        key: String,
        by: ZrangeBy,
        options: ZrangeOptions,
    ) -> Answer<Vec<Scored>> {
        read(&store, zrange(key, by, options, true)?, scored)
    }

    fn zrangestore(
        store: StoreBorrow<'_>,
        to: String,
        key: String,
        by: ZrangeBy,
        options: ZrangeOptions,
    ) -> Answer<u64> {
        let Range { start, stop, by, reverse, limit } = range("zrangestore", by, options)?;
        run(&store, Command::ZRangeStore { to: to.into(), key: key.into(), start, stop, by, reverse, limit })
    }

    fn zcount(store: StoreBorrow<'_>, key: String, min: ScoreBound, max: ScoreBound) -> Answer<u64> {
        let (min, max) = (score_bound(min), score_bound(max));
        run(&store, Command::ZCount { key: key.into(), min, max })
    }

    fn zlexcount(store: StoreBorrow<'_>, key: String, min: LexBound, max: LexBound) -> Answer<u64> {
        let (min, max) = (lex_bound("zlexcount", min)?, lex_bound("zlexcount", max)?);
        run(&store, Command::ZLexCount { key: key.into(), min, max })
    }

    fn zrem(store: StoreBorrow<'_>, key: String, members: Vec<Value>) -> Answer<u64> {
        run(&store, Command::ZRem { key: key.into(), members: all("zrem", members)? })
    }

    fn zremrangebyrank(store: StoreBorrow<'_>, key: String, start: i64, stop: i64) -> Answer<u64> {
        run(&store, Command::ZRemRangeByRank { key: key.into(), start, stop })
    }

    fn zremrangebyscore(
        store: StoreBorrow<'_>,
        key: String,
        min: ScoreBound,
        max: ScoreBound,
    ) -> Answer<u64> {
        let (min, max) = (score_bound(min), score_bound(max));
        run(&store, Command::ZRemRangeByScore { key: key.into(), min, max })
    }

    fn zremrangebylex(store: StoreBorrow<'_>, key: String, min: LexBound, max: LexBound) -> Answer<u64> {
        let (min, max) = (lex_bound("zremrangebylex", min)?, lex_bound("zremrangebylex", max)?);
        run(&store, Command::ZRemRangeByLex { key: key.into(), min, max })
    }

    fn zpopmin(store: StoreBorrow<'_>, key: String) -> Answer<Option<Scored>> {
        read(&store, Command::ZPopMin { key: key.into(), count: None }, scored_if_any)
    }

    fn zpopmin_count(store: StoreBorrow<'_>, key: String, count: u64) -> Answer<Vec<Scored>> {
        read(&store, Command::ZPopMin { key: key.into(), count: Some(count) }, scored)
    }

    fn zpopmax(store: StoreBorrow<'_>, key: String) -> Answer<Option<Scored>> {
        read(&store, Command::ZPopMax { key: key.into(), count: None }, scored_if_any)
    }

    fn zpopmax_count(store: StoreBorrow<'_>, key: String, count: u64) -> Answer<Vec<Scored>> {
        read(&store, Command::ZPopMax { key: key.into(), count: Some(count) }, scored)
    }

    fn zmpop(
        store: StoreBorrow<'_>,
        names: Vec<String>,
        from: Extreme,
        count: Option<u64>,
    ) -> Answer<Option<(String, Vec<Scored>)>> {
        let from = match from {
            Extreme::Min => command::Extreme::Min,
            Extreme::Max => command::Extreme::Max,
        };
        read(&store, Command::ZMPop { keys: keys(names), from, count }, key_and_scored)
    }

    fn zrandmember(store: StoreBorrow<'_>, key: String) -> Answer<Option<Bytes>> {
        run(&store, Command::ZRandMember { key: key.into(), count: None, with_scores: false })
    }

    fn zrandmember_count(store: StoreBorrow<'_>, key: String, count: i64) -> Answer<Vec<Bytes>> {
        run(&store, Command::ZRandMember { key: key.into(), count: Some(count), with_scores: false })
    }

    fn zrandmember_with_scores(store: StoreBorrow<'_>, key: String, count: i64) -> Answer<Vec<Scored>> {
        let command = Command::ZRandMember { key: key.into(), count: Some(count), with_scores: true };
        read(&store, command, scored)
    }

    fn zunion(store: StoreBorrow<'_>, names: Vec<String>, options: ZcombineOptions) -> Answer<Vec<Bytes>> {
        let (weights, aggregate) = combining(options);
        run(&store, Command::ZUnion { keys: keys(names), weights, aggregate, with_scores: false })
    }

    fn zunion_with_scores(
        store: StoreBorrow<'_>,
        names: Vec<String>,
        options: ZcombineOptions,
    ) -> Answer<Vec<Scored>> {
        let (weights, aggregate) = combining(options);
        read(&store, Command::ZUnion { keys: keys(names), weights, aggregate, with_scores: true }, scored)
    }

    fn zinter(store: StoreBorrow<'_>, names: Vec<String>, options: ZcombineOptions) -> Answer<Vec<Bytes>> {
        let (weights, aggregate) = combining(options);
        run(&store, Command::ZInter { keys: keys(names), weights, aggregate, with_scores: false })
    }

    fn zinter_with_scores(
        store: StoreBorrow<'_>,
        names: Vec<String>,
        options: ZcombineOptions,
    ) -> Answer<Vec<Scored>> {
        let (weights, aggregate) = combining(options);
        read(&store, Command::ZInter { keys: keys(names), weights, aggregate, with_scores: true }, scored)
    }

    fn zdiff(store: StoreBorrow<'_>, names: Vec<String>) -> Answer<Vec<Bytes>> {
        run(&store, Command::ZDiff { keys: keys(names), with_scores: false })
    }

    fn zdiff_with_scores(store: StoreBorrow<'_>, names: Vec<String>) -> Answer<Vec<Scored>> {
        read(&store, Command::ZDiff { keys: keys(names), with_scores: true }, scored)
    }

    fn zunionstore(
        store: StoreBorrow<'_>,
        to: String,
        names: Vec<String>,
        options: ZcombineOptions,
    ) -> Answer<u64> {
        let (weights, aggregate) = combining(options);
        run(&store, Command::ZUnionStore { to: to.into(), keys: keys(names), weights, aggregate })
    }

    fn zinterstore(
        store: StoreBorrow<'_>,
        to: String,
        names: Vec<String>,
        options: ZcombineOptions,
    ) -> Answer<u64> {
        let (weights, aggregate) = combining(options);
        run(&store, Command::ZInterStore { to: to.into(), keys: keys(names), weights, aggregate })
    }

    fn zdiffstore(store: StoreBorrow<'_>, to: String, names: Vec<String>) -> Answer<u64> {
        run(&store, Command::ZDiffStore { to: to.into(), keys: keys(names) })
    }

    fn zintercard(store: StoreBorrow<'_>, names: Vec<String>, limit: Option<u64>) -> Answer<u64> {
        run(&store, Command::ZInterCard { keys: keys(names), limit })
    }

    fn zscan(
        store: StoreBorrow<'_>,
        key: String,
        cursor: String,
        options: MatchOptions,
    ) -> Answer<ScoredPage> {
        let MatchOptions { match_: pattern, count } = options;
        let pattern = maybe("zscan", pattern)?;
        let page = read(&store, Command::ZScan { key: key.into(), cursor, pattern, count }, scored_page)?;
        Ok(ScoredPage { cursor: page.cursor, members: page.items })
    }
}

/// The fields of a range's command.
struct Range {
    start: Bytes,
    stop: Bytes,
    by: Option<RangeBy>,
    reverse: bool,
    limit: Option<Limit>,
}

/// The words of Redis for a range: in reverse, the upper bound comes first.
fn range(op: &'static str, by: ZrangeBy, options: ZrangeOptions) -> Answer<Range> {
    let ZrangeOptions { reverse, offset, count } = options;
    let (by, min, max) = match by {
        ZrangeBy::Rank((start, stop)) => (None, start.to_string().into(), stop.to_string().into()),
        ZrangeBy::Score((min, max)) => (Some(RangeBy::Score), score_bound(min), score_bound(max)),
        ZrangeBy::Lex((min, max)) => (Some(RangeBy::Lex), lex_bound(op, min)?, lex_bound(op, max)?),
    };
    let (start, stop) = if reverse && by.is_some() { (max, min) } else { (min, max) };
    let most = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let limit = (offset.is_some() || count.is_some())
        .then(|| Limit { offset: most(offset.unwrap_or(0)), count: most(count.unwrap_or(u64::MAX)) });
    Ok(Range { start, stop, by, reverse, limit })
}

fn zrange(key: String, by: ZrangeBy, options: ZrangeOptions, with_scores: bool) -> Answer<Command> {
    let Range { start, stop, by, reverse, limit } = range("zrange", by, options)?;
    Ok(Command::ZRange { key: key.into(), start, stop, by, reverse, limit, with_scores })
}

/// `1.5`, or `(1.5` if it does not belong to the range; the engine refuses NaN.
fn score_bound(bound: ScoreBound) -> Bytes {
    match bound {
        ScoreBound::Including(score) => format!("{score:?}").into(),
        ScoreBound::Excluding(score) => format!("({score:?}").into(),
    }
}

/// `-`, `+`, `[member` or `(member`.
fn lex_bound(op: &'static str, bound: LexBound) -> Answer<Bytes> {
    Ok(match bound {
        LexBound::First => b"-".to_vec(),
        LexBound::Last => b"+".to_vec(),
        LexBound::Including(member) => [b"[".to_vec(), bytes(op, member)?].concat(),
        LexBound::Excluding(member) => [b"(".to_vec(), bytes(op, member)?].concat(),
    })
}

fn combining(options: ZcombineOptions) -> (Option<Weights>, Option<command::Aggregate>) {
    let aggregate = match options.aggregate {
        Aggregate::Sum => None,
        Aggregate::Min => Some(command::Aggregate::Min),
        Aggregate::Max => Some(command::Aggregate::Max),
    };
    (options.weights.map(Weights), aggregate)
}

impl From<ScoreCondition> for command::ScoreCondition {
    fn from(condition: ScoreCondition) -> Self {
        match condition {
            ScoreCondition::New => Self::New,
            ScoreCondition::Known => Self::Known,
            ScoreCondition::Greater => Self::Greater,
            ScoreCondition::Less => Self::Less,
            ScoreCondition::KnownGreater => Self::KnownGreater,
            ScoreCondition::KnownLess => Self::KnownLess,
        }
    }
}
