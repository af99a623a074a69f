// Changes as they happen, of records and of plain keys.

use crate::app::{App, Outcome};
use crate::tree::{Tree, change};
use futures_util::future::{Either, select};
use omnikv::copy::{self, Content, Entry};
use omnikv::prelude::*;
use omnikv::{ChangeOptions, Store};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::pin;
use std::time::Duration;

/// How many keys are read at once.
const PAGE: usize = 100;

pub async fn changes(
    app: &App,
    from: Option<u64>,
    of_type: Option<String>,
    keys: Option<String>,
    limit: Option<u64>,
) -> Outcome {
    let store = app.store().await?;
    let options = ChangeOptions { from, limit: None, kind: of_type, prefix: keys };
    let mut feed = store.changes().watch::<Box<RawValue>>(options);
    let mut interrupted = app.host.interrupted();
    let mut left = limit.unwrap_or(u64::MAX);
    while left > 0 {
        match select(pin!(feed.next()), &mut interrupted).await {
            Either::Left((Some(read), _)) => app.show_now(&change(read?))?,
            Either::Left((None, _)) | Either::Right(_) => break,
        }
        left -= 1;
    }
    Ok(0)
}

/// Looks at the keys again and again, and prints those that differ.
pub async fn keys(app: &App, pattern: &str, limit: Option<u64>, interval: Duration) -> Outcome {
    let store = app.store().await?;
    let mut interrupted = app.host.interrupted();
    let mut left = limit.unwrap_or(u64::MAX);
    let (mut seen, _) = look(&store, pattern, &BTreeMap::new()).await?;
    while left > 0 {
        if let Either::Right(_) = select(app.host.sleep(interval), &mut interrupted).await {
            break;
        }
        let (now, differing) = look(&store, pattern, &seen).await?;
        for event in differing.into_iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
            app.show_now(&event)?;
            left -= 1;
        }
        seen = now;
    }
    Ok(0)
}

/// The hashes of all that the keys hold, and what differs from before.
async fn look(
    store: &Store,
    pattern: &str,
    before: &BTreeMap<String, u64>,
) -> omnikv::Result<(BTreeMap<String, u64>, Vec<Tree>)> {
    let mut keys = store.keys(pattern).await?;
    keys.sort_unstable();
    let mut now = BTreeMap::new();
    let mut events = Vec::new();
    for page in keys.chunks(PAGE) {
        let mut entries = copy::entries(store, page.to_vec()).await?;
        entries.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        for entry in entries {
            let hash = hash_of(&entry);
            if before.get(&entry.key) != Some(&hash) {
                events.push(event("set", &entry.key, Some(&entry)));
            }
            now.insert(entry.key, hash);
        }
    }
    let gone = before.keys().filter(|key| !now.contains_key(*key));
    events.extend(gone.map(|key| event("delete", key, None)));
    Ok((now, events))
}

fn hash_of(entry: &Entry) -> u64 {
    let mut hasher = DefaultHasher::new();
    entry.expire_at.hash(&mut hasher);
    // The same as the line in which equal content is equal.
    copy::Item::Entry(entry.clone()).to_line().hash(&mut hasher);
    hasher.finish()
}

fn event(action: &str, key: &str, entry: Option<&Entry>) -> Tree {
    let bytes = |items: &[Vec<u8>]| Tree::List(items.iter().cloned().map(Tree::Bytes).collect());
    let value = entry.map_or(Tree::Nothing, |entry| match &entry.content {
        Content::String(value) => Tree::Bytes(value.clone()),
        Content::List(items) | Content::Set(items) => bytes(items),
        Content::Hash(pairs) => Tree::Pairs(
            pairs.iter().map(|(name, value)| (name.clone(), Tree::Bytes(value.clone()))).collect(),
        ),
        Content::SortedSet(members) => {
            let member = |(member, score): &(Vec<u8>, f64)| (member.clone(), score_of(*score));
            Tree::Scored(members.iter().map(member).collect())
        }
        _ => Tree::Nothing,
    });
    Tree::Fields(vec![("action", Tree::text(action)), ("key", Tree::text(key)), ("value", value)])
}

/// JSON has no infinite numbers.
fn score_of(score: f64) -> Tree {
    if score.is_finite() { Tree::Json(score.to_string()) } else { Tree::text(score.to_string()) }
}
