// Keyspace commands over several objects: asks each and combines the answers. Where a key lives does not matter here.

use crate::backend::{Backend, Stats};
use crate::command::{Bytes, Command, Reply};
use crate::error::{Error, Kind, Result};
use crate::host::random;
use std::sync::Arc;

/// Runs a keyspace command.
pub(super) async fn run(shards: &[Arc<dyn Backend>], command: &Command) -> Result<Reply> {
    match command {
        Command::Scan { cursor, .. } => scan(shards, command, cursor).await,
        Command::RandomKey { prefix } => randomkey(shards, command, prefix).await,
        Command::Range { limit, reverse, .. } => {
            let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
            Ok(merged(each(shards, command).await?, limit, *reverse))
        }
        _ => Ok(added(each(shards, command).await?)),
    }
}

/// Asks the objects one after the other. If one fails after another has made changes, the error is `maybe_applied`.
async fn each(shards: &[Arc<dyn Backend>], command: &Command) -> Result<Vec<Reply>> {
    let mut replies = Vec::with_capacity(shards.len());
    for shard in shards {
        let reply = shard.execute(command).await;
        replies.push(reply.map_err(|error| match command.is_repeatable() || replies.is_empty() {
            true => error,
            false => error.maybe_applied(),
        })?);
    }
    Ok(replies)
}

/// Adds numbers and concatenates lists.
fn added(replies: Vec<Reply>) -> Reply {
    let add = |sum, reply| match (sum, reply) {
        (Reply::Int(sum), Reply::Int(more)) => Reply::Int(sum.saturating_add(more)),
        (Reply::List(mut all), Reply::List(more)) => {
            all.extend(more);
            Reply::List(all)
        }
        (sum, _) => sum,
    };
    replies.into_iter().reduce(add).unwrap_or(Reply::Nil)
}

/// Merges the ranges, each a list of keys and values, in key order.
fn merged(replies: Vec<Reply>, limit: usize, reverse: bool) -> Reply {
    let mut entries: Vec<(Option<Bytes>, Option<Bytes>)> = Vec::new();
    for reply in replies {
        if let Reply::List(items) = reply {
            let mut items = items.into_iter();
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                entries.push((key, value));
            }
        }
    }
    entries.sort_by(|(one, _), (other, _)| if reverse { other.cmp(one) } else { one.cmp(other) });
    Reply::List(entries.into_iter().take(limit).flat_map(|(key, value)| [key, value]).collect())
}

/// A page of one object. The cursor `3-...` continues in the fourth object, at the cursor after the hyphen.
async fn scan(shards: &[Arc<dyn Backend>], command: &Command, cursor: &str) -> Result<Reply> {
    let beginning = Some((0, "0"));
    let place = if cursor == "0" { beginning } else { read_cursor(cursor) };
    let Some((number, shard, own)) =
        place.and_then(|(number, own)| shards.get(number).map(|shard| (number, shard, own)))
    else {
        return Err(Error::invalid_argument("(cursor) expects \"0\" or the cursor of the last page"));
    };
    let mut asked = command.clone();
    if let Command::Scan { cursor, .. } = &mut asked {
        own.clone_into(cursor);
    }
    Ok(match shard.execute(&asked).await? {
        Reply::Page(next, keys) if next != "0" => Reply::Page(format!("{number}-{next}"), keys),
        Reply::Page(_, keys) if number + 1 < shards.len() => Reply::Page(format!("{}-0", number + 1), keys),
        reply => reply,
    })
}

fn read_cursor(cursor: &str) -> Option<(usize, &str)> {
    let (number, own) = cursor.split_once('-')?;
    Some((number.parse().ok()?, own))
}

/// A random key of any object, each equally likely.
async fn randomkey(shards: &[Arc<dyn Backend>], command: &Command, prefix: &str) -> Result<Reply> {
    let count = Command::Count { start: prefix.to_owned(), end: None };
    let mut counts = Vec::with_capacity(shards.len());
    for reply in each(shards, &count).await? {
        counts.push(if let Reply::Int(count) = reply { u64::try_from(count).unwrap_or(0) } else { 0 });
    }
    let Some(mut at) = random::seed()?.checked_rem(counts.iter().sum()) else { return Ok(Reply::Nil) };
    for (shard, count) in shards.iter().zip(counts) {
        match at.checked_sub(count) {
            Some(rest) => at = rest,
            None => return shard.execute(command).await,
        }
    }
    Err(Error::new(Kind::Internal, "has lost count of its keys"))
}

/// The sum of all objects' numbers.
pub(super) async fn stats(shards: &[Arc<dyn Backend>], prefix: &str) -> Result<Stats> {
    let mut all = Stats::default();
    for (number, shard) in shards.iter().enumerate() {
        let one = shard.stats(prefix).await?;
        if number == 0 {
            all = one;
            continue;
        }
        let sum = |all: Option<u64>, one: Option<u64>| Some(all?.saturating_add(one?));
        all.keys += one.keys;
        all.expiring_keys += one.expiring_keys;
        all.hits = sum(all.hits, one.hits);
        all.misses = sum(all.misses, one.misses);
        all.bytes = sum(all.bytes, one.bytes);
        all.evicted = sum(all.evicted, one.evicted);
        // One object's information does not apply to all.
        all.server.clear();
    }
    Ok(all)
}
