// The verbs on records.

use super::read_json;
use crate::app::{App, Outcome};
use crate::args::{Count, Get, Window, Write};
use crate::failure::USAGE;
use crate::time::milliseconds;
use crate::tree::Tree;
use crate::url;
use omnikv::Expiry;
use omnikv::command::Command;

pub async fn init(app: &App) -> Outcome {
    let (place, _) = app.place()?;
    let store = app.store().await?;
    // Opening may be lazy: only an answer shows that the store is there.
    match store.capabilities().records {
        true => app.answer(Command::ChangesLatest {}).await.map(drop)?,
        false => app.answer(Command::Exists { keys: vec!["omnikv-init".into()] }).await.map(drop)?,
    }
    let tree = Tree::Fields(vec![
        ("store", Tree::text(url::shown(&place))),
        ("backend", Tree::word(store.backend())),
        ("records", Tree::Flag(store.capabilities().records)),
    ]);
    if !app.globals.quiet {
        app.show(&tree)?;
    }
    Ok(0)
}

pub async fn get(app: &App, get: Get) -> Outcome {
    match get {
        Get::Key { key } => app.execute(Command::RecordsGet { key: key.into() }).await,
        Get::Prefix { prefix, window } => {
            show_list(app, Listing { prefix: Some(prefix), ..Listing::of(window) }).await
        }
        Get::Range { from, to, window } => {
            show_list(app, Listing { start: Some(from), end: Some(to), ..Listing::of(window) }).await
        }
        Get::Type { of_type, window } => {
            show_list(app, Listing { kind: Some(of_type), ..Listing::of(window) }).await
        }
        Get::Other(words) => {
            let name = app.tool_name();
            let key = words.first().map_or("KEY".into(), |word| word.to_string_lossy());
            let key =
                if key.chars().all(|c| c.is_alphanumeric() || ":-_.".contains(c)) { &key } else { "KEY" };
            let lines = [
                format!("{name}: `get {key}` can mean two things:"),
                format!("  {name} get key {key}   reads a record"),
                format!(
                    "  {name} GET {key}       reads a plain key, as Redis does; so does `{name} redis get {key}`"
                ),
            ];
            app.host.write(crate::host::Stream::Err, format!("{}\n", lines.join("\n")).as_bytes())?;
            Ok(USAGE)
        }
    }
}

pub async fn list(app: &App, window: Window, of_type: Option<String>) -> Outcome {
    show_list(app, Listing { kind: of_type, ..Listing::of(window) }).await
}

#[derive(Default)]
struct Listing {
    prefix: Option<String>,
    start: Option<String>,
    end: Option<String>,
    kind: Option<String>,
    offset: u64,
    limit: Option<u64>,
}

impl Listing {
    fn of(window: Window) -> Listing {
        Listing { offset: window.offset, limit: window.most(), ..Listing::default() }
    }
}

async fn show_list(app: &App, listing: Listing) -> Outcome {
    let Listing { prefix, start, end, kind, offset, limit } = listing;
    let offset = Some(offset).filter(|offset| *offset > 0);
    app.execute(Command::RecordsList { prefix, start, end, after: None, kind, offset, limit }).await
}

pub async fn put(app: &App, write: Write) -> Outcome {
    let value = read_json(app, "the record's JSON")?;
    let Write { key, if_version: version, of_type: kind, ttl } = write;
    let expiry = ttl.map_or(Expiry::Unstated, |ttl| Expiry::After(milliseconds(ttl)));
    app.execute(Command::RecordsPut { key: key.into(), version, value, kind, expiry }).await
}

pub async fn patch(app: &App, write: Write) -> Outcome {
    let value = read_json(app, "the merge patch, in JSON")?;
    let Write { key, if_version: version, of_type: kind, ttl } = write;
    let expiry = ttl.map_or(Expiry::Unstated, |ttl| Expiry::After(milliseconds(ttl)));
    app.execute(Command::RecordsPatch { key: key.into(), version, value, kind, expiry }).await
}

pub async fn delete(app: &App, keys: Vec<String>) -> Outcome {
    let keys = keys.into_iter().map(Into::into).collect();
    let tree = app.answer(Command::RecordsDelete { keys }).await?;
    if !app.globals.quiet {
        app.show(&tree)?;
    }
    Ok(u8::from(tree == Tree::Number(0)))
}

pub async fn count(app: &App, count: Count) -> Outcome {
    let (prefix, start, end) = match count {
        Count::All => (None, None, None),
        Count::Prefix { prefix } => (Some(prefix), None, None),
        Count::Range { from, to } => (None, Some(from), Some(to)),
    };
    app.execute(Command::RecordsCount { prefix, start, end, kind: None }).await
}
