// The commands on sorted sets as calls of their WIT functions, and the results as the commands' replies.

use crate::bindings::exports::omnikv::kv::zsets;
use crate::commands::{arguments, matching};
use crate::convert::{keys, value};
use crate::plain::{IntoReply, print};
use crate::{Handle, Instance, untrapped};
use omnikv::Result;
use omnikv::command::{self, Command, Limit, RangeBy, Reply, Weights};

impl Instance {
    #[rustfmt::skip]
    pub fn execute_on_zsets(&mut self, handle: Handle, command: &Command) -> Result<Reply> {
        let Instance { guest, store, .. } = self;
        macro_rules! call {
            ($function:ident($($argument:expr),*)) => {
                untrapped(guest.omnikv_kv_zsets().$function(&mut *store, handle.0, $($argument),*))?.into_reply()
            };
        }
        Ok(match command {
            Command::ZAdd { key, condition, increment: true, members, .. } => {
                let (by, member) = &members[0];
                call!(call_zadd_incr(key.as_str(), &value(member), *by, condition.map(score_condition)))
            }
            Command::ZAdd { key, condition, changed, members, .. } => {
                let members: Vec<_> = members.iter().map(|(score, member)| (value(member), *score)).collect();
                let condition = condition.map(score_condition);
                call!(call_zadd(key.as_str(), &members, zsets::ZaddOptions { condition, changed: *changed }))
            }
            Command::ZRank { key, member, with_score: true } =>
                call!(call_zrank_with_score(key.as_str(), &value(member))),
            Command::ZRevRank { key, member, with_score: true } =>
                call!(call_zrevrank_with_score(key.as_str(), &value(member))),
            Command::ZRange { key, start, stop, by, reverse, limit, with_scores } => {
                let Some(by) = range(start, stop, *by, *reverse) else { return self.say_all(handle, command) };
                let options = options(*reverse, limit);
                match with_scores {
                    true => call!(call_zrange_with_scores(key.as_str(), &by, options)),
                    false => call!(call_zrange(key.as_str(), &by, options)),
                }
            }
            Command::ZRangeStore { to, key, start, stop, by, reverse, limit } => {
                let Some(by) = range(start, stop, *by, *reverse) else { return self.say_all(handle, command) };
                call!(call_zrangestore(to.as_str(), key.as_str(), &by, options(*reverse, limit)))
            }
            Command::ZCount { key, min, max } => match (score_bound(min), score_bound(max)) {
                (Some(min), Some(max)) => call!(call_zcount(key.as_str(), min, max)),
                _ => return self.say_all(handle, command),
            },
            Command::ZRemRangeByScore { key, min, max } => match (score_bound(min), score_bound(max)) {
                (Some(min), Some(max)) => call!(call_zremrangebyscore(key.as_str(), min, max)),
                _ => return self.say_all(handle, command),
            },
            Command::ZLexCount { key, min, max } => match (lex_bound(min), lex_bound(max)) {
                (Some(min), Some(max)) => call!(call_zlexcount(key.as_str(), &min, &max)),
                _ => return self.say_all(handle, command),
            },
            Command::ZRemRangeByLex { key, min, max } => match (lex_bound(min), lex_bound(max)) {
                (Some(min), Some(max)) => call!(call_zremrangebylex(key.as_str(), &min, &max)),
                _ => return self.say_all(handle, command),
            },
            // A list, also of one.
            Command::ZPopMin { key, count: None } => call!(call_zpopmin_count(key.as_str(), 1)),
            Command::ZPopMax { key, count: None } => call!(call_zpopmax_count(key.as_str(), 1)),
            Command::ZPopMin { key, count: Some(count) } => call!(call_zpopmin_count(key.as_str(), *count)),
            Command::ZPopMax { key, count: Some(count) } => call!(call_zpopmax_count(key.as_str(), *count)),
            Command::ZMPop { keys: names, from, count } => {
                let from = match from {
                    command::Extreme::Min => zsets::Extreme::Min,
                    command::Extreme::Max => zsets::Extreme::Max,
                };
                call!(call_zmpop(&keys(names), from, *count))
            }
            Command::ZRandMember { key, count: Some(count), with_scores: true } =>
                call!(call_zrandmember_with_scores(key.as_str(), *count)),
            Command::ZRandMember { key, count: Some(count), with_scores: false } =>
                call!(call_zrandmember_count(key.as_str(), *count)),
            Command::ZUnion { keys: names, weights, aggregate, with_scores } => {
                let options = combining(weights, *aggregate);
                match with_scores {
                    true => call!(call_zunion_with_scores(&keys(names), &options)),
                    false => call!(call_zunion(&keys(names), &options)),
                }
            }
            Command::ZInter { keys: names, weights, aggregate, with_scores } => {
                let options = combining(weights, *aggregate);
                match with_scores {
                    true => call!(call_zinter_with_scores(&keys(names), &options)),
                    false => call!(call_zinter(&keys(names), &options)),
                }
            }
            Command::ZDiff { keys: names, with_scores: true } => call!(call_zdiff_with_scores(&keys(names))),
            Command::ZDiff { keys: names, with_scores: false } => call!(call_zdiff(&keys(names))),
            Command::ZUnionStore { to, keys: names, weights, aggregate } =>
                call!(call_zunionstore(to.as_str(), &keys(names), &combining(weights, *aggregate))),
            Command::ZInterStore { to, keys: names, weights, aggregate } =>
                call!(call_zinterstore(to.as_str(), &keys(names), &combining(weights, *aggregate))),
            Command::ZDiffStore { to, keys: names } => call!(call_zdiffstore(to.as_str(), &keys(names))),
            Command::ZInterCard { keys: names, limit } => call!(call_zintercard(&keys(names), *limit)),
            Command::ZScan { key, cursor, pattern, count } => {
                let options = matching(pattern, count);
                let page = untrapped(guest.omnikv_kv_zsets().call_zscan(&mut *store, handle.0, key.as_str(), cursor, &options))?;
                let members = page.members.into_iter().flat_map(|(member, score)| [member, print(score)]);
                Reply::Page(page.cursor, members.collect())
            }
            _ => return self.call_plain(handle, command.name(), arguments(command)),
        })
    }

    /// What the WIT's types cannot express, in Redis's words.
    fn say_all(&mut self, handle: Handle, command: &Command) -> Result<Reply> {
        self.pipeline(handle, std::slice::from_ref(command))?.remove(0)
    }
}

fn score_condition(condition: command::ScoreCondition) -> zsets::ScoreCondition {
    use command::ScoreCondition::{Greater, Known, KnownGreater, KnownLess, Less, New};
    match condition {
        New => zsets::ScoreCondition::New,
        Known => zsets::ScoreCondition::Known,
        Greater => zsets::ScoreCondition::Greater,
        Less => zsets::ScoreCondition::Less,
        KnownGreater => zsets::ScoreCondition::KnownGreater,
        KnownLess => zsets::ScoreCondition::KnownLess,
        other => panic!("{other:?} has no case in WIT"),
    }
}

/// The lower bound comes first in WIT.
fn range(start: &[u8], stop: &[u8], by: Option<RangeBy>, reverse: bool) -> Option<zsets::ZrangeBy> {
    let (min, max) = if reverse { (stop, start) } else { (start, stop) };
    let rank = |text| str::from_utf8(text).ok()?.parse().ok();
    Some(match by {
        None => zsets::ZrangeBy::Rank((rank(start)?, rank(stop)?)),
        Some(RangeBy::Score) => zsets::ZrangeBy::Score((score_bound(min)?, score_bound(max)?)),
        Some(RangeBy::Lex) => zsets::ZrangeBy::Lex((lex_bound(min)?, lex_bound(max)?)),
    })
}

fn score_bound(text: &[u8]) -> Option<zsets::ScoreBound> {
    let text = str::from_utf8(text).ok()?;
    match text.strip_prefix('(') {
        Some(text) => text.parse().ok().map(zsets::ScoreBound::Excluding),
        None => text.parse().ok().map(zsets::ScoreBound::Including),
    }
}

fn lex_bound(text: &[u8]) -> Option<zsets::LexBound> {
    match text.split_first()? {
        (b'-', []) => Some(zsets::LexBound::First),
        (b'+', []) => Some(zsets::LexBound::Last),
        (b'[', member) => Some(zsets::LexBound::Including(value(member))),
        (b'(', member) => Some(zsets::LexBound::Excluding(value(member))),
        _ => None,
    }
}

fn options(reverse: bool, limit: &Option<Limit>) -> zsets::ZrangeOptions {
    let offset = limit.and_then(|limit| u64::try_from(limit.offset).ok());
    let count = limit.and_then(|limit| u64::try_from(limit.count).ok());
    zsets::ZrangeOptions { reverse, offset, count }
}

fn combining(weights: &Option<Weights>, aggregate: Option<command::Aggregate>) -> zsets::ZcombineOptions {
    let aggregate = match aggregate.unwrap_or_default() {
        command::Aggregate::Sum => zsets::Aggregate::Sum,
        command::Aggregate::Min => zsets::Aggregate::Min,
        command::Aggregate::Max => zsets::Aggregate::Max,
    };
    zsets::ZcombineOptions { weights: weights.as_ref().map(|weights| weights.0.clone()), aggregate }
}
