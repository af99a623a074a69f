// What is known about the store: its figures, and whether it works.

use crate::app::{App, Outcome};
use crate::failure::Failure;
use crate::host::Stream;
use crate::show::Style;
use crate::time::latency;
use crate::tree::Tree;
use crate::url;
use omnikv::command::Command;
use omnikv::{Error, Kind, Store};
use std::time::Duration;

/// How often the store is asked to find out how fast it answers.
const ASKED: u32 = 5;

pub async fn stats(app: &App) -> Outcome {
    let store = app.store().await?;
    let stats = store.stats().await?;
    let number = |number: Option<u64>| number.map_or(Tree::Nothing, Tree::number);
    let mut fields =
        vec![("keys", Tree::number(stats.keys)), ("expiringKeys", Tree::number(stats.expiring_keys))];
    if store.capabilities().records {
        let count = Command::RecordsCount { prefix: None, start: None, end: None, kind: None };
        fields.push(("records", app.answer(count).await?));
        fields.push(("changes", app.answer(Command::ChangesLatest {}).await?));
    }
    fields.push(("bytes", number(stats.bytes)));
    fields.push(("evicted", number(stats.evicted)));
    if !stats.server.is_empty() && !app.is_text() {
        let pair = |(name, value): (String, String)| (name.into_bytes(), Tree::text(value));
        fields.push(("server", Tree::Pairs(stats.server.into_iter().map(pair).collect())));
    }
    app.show(&Tree::Fields(fields))?;
    Ok(0)
}

pub async fn doctor(app: &App) -> Outcome {
    let (place, _) = app.place()?;
    let look = app.look(Stream::Out);
    let mut fields = vec![("url", Tree::text(url::shown(&place)))];
    let checked = check(app, &mut fields).await;
    if let Err(failure) = &checked {
        fields.push(("answers", Tree::Flag(false)));
        if let Failure::Store(error) = failure {
            fields.push(("error", Tree::text(error.kind().code())));
        }
    }
    fields.push(("omnikv", Tree::text(env!("CARGO_PKG_VERSION"))));
    app.show(&Tree::Fields(fields))?;
    if app.is_text() {
        let text = match &checked {
            Ok(()) => look.paint(Style::Good, "The store works."),
            Err(_) => look.paint(Style::Bad, "The store does not work:"),
        };
        app.host.write(Stream::Out, format!("\n{text}\n").as_bytes())?;
    }
    let Err(failure) = checked else { return Ok(0) };
    let Failure::Store(error) = &failure else { return Err(failure) };
    let text = format!("{}: {error} [{}]\n{}", app.tool_name(), error.kind(), advice(error, &place));
    app.host.write(Stream::Err, format!("{}\n", text.trim_end()).as_bytes())?;
    Ok(failure.code())
}

async fn check(app: &App, fields: &mut Vec<(&'static str, Tree)>) -> Result<(), Failure> {
    let store = app.store().await?;
    fields.push(("backend", Tree::word(store.backend())));
    let fastest = fastest(app, &store).await?;
    fields.push(("answers", Tree::Flag(true)));
    fields.push(("latency", Tree::text(latency(fastest))));
    let stats = store.stats().await?;
    if let Some(version) = stats.server.get("redis_version") {
        fields.push(("server", Tree::text(format!("Redis {version}"))));
    }
    fields.push(("keys", Tree::number(stats.keys)));
    let can = store.capabilities();
    fields.extend([
        ("records", Tree::Flag(can.records)),
        ("atomic", Tree::Flag(can.atomic)),
        ("ordered", Tree::Flag(can.ordered)),
        ("exactCounts", Tree::Flag(can.exact_counts)),
        ("consistency", Tree::text(can.consistency)),
        ("ttlMinimumMs", Tree::number(can.ttl_minimum_ms)),
        ("maxKeyBytes", Tree::number(can.max_key_bytes)),
        ("maxValueBytes", Tree::number(can.max_value_bytes)),
    ]);
    Ok(())
}

/// How long the fastest of a few questions takes.
async fn fastest(app: &App, store: &Store) -> Result<Duration, Failure> {
    let mut fastest = Duration::MAX;
    for _ in 0..ASKED {
        let begun = app.host.elapsed();
        store.execute(Command::Exists { keys: vec!["omnikv-doctor".into()] }).await?;
        fastest = fastest.min(app.host.elapsed().saturating_sub(begun));
    }
    Ok(fastest)
}

/// What to look at.
fn advice(error: &Error, place: &str) -> &'static str {
    match error.kind() {
        Kind::Unavailable | Kind::Timeout if place.starts_with("sqlite:") => {
            "Does the folder exist, and may you write in it? Is the file a database?"
        }
        Kind::Unavailable | Kind::Timeout => {
            "Is the server running, at this host and port? Does it want TLS (rediss://, https://)?"
        }
        Kind::PermissionDenied => "Check the user and the password or token in the URL, or OMNIKV_TOKEN.",
        _ => "",
    }
}
