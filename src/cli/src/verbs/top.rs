// A live view of a store.

use crate::app::{App, Outcome};
use crate::host::Stream;
use crate::show::{Style, text};
use crate::time::latency;
use crate::tree::Tree;
use crate::url;
use futures_util::future::{Either, select};
use omnikv::command::Command;
use std::time::Duration;

/// How many of the last changes are shown.
const CHANGES: u64 = 10;

pub async fn run(app: &App, interval: Duration, rounds: Option<u64>) -> Outcome {
    let store = app.store().await?;
    let (place, _) = app.place()?;
    let has_records = store.capabilities().records;
    let is_screen = app.is_text() && app.host.terminal(Stream::Out).is_some();
    let mut interrupted = app.host.interrupted();
    let mut before: Option<(Duration, i64)> = None;
    let mut left = rounds.unwrap_or(u64::MAX);
    loop {
        let asked = app.host.elapsed();
        let stats = store.stats().await?;
        let took = app.host.elapsed().saturating_sub(asked);
        let mut fields = vec![
            ("store", Tree::text(url::shown(&place))),
            ("keys", Tree::number(stats.keys)),
            ("expiringKeys", Tree::number(stats.expiring_keys)),
            ("bytes", stats.bytes.map_or(Tree::Nothing, Tree::number)),
        ];
        if let Some(rate) = stats.server.get("instantaneous_ops_per_sec").and_then(|rate| rate.parse().ok()) {
            fields.push(("operationsPerSecond", Tree::Number(rate)));
        }
        let mut changes = Tree::List(Vec::new());
        if has_records {
            let count = Command::RecordsCount { prefix: None, start: None, end: None, kind: None };
            fields.push(("records", app.answer(count).await?));
            let latest = match app.answer(Command::ChangesLatest {}).await? {
                Tree::Number(latest) => latest,
                _ => 0,
            };
            let rate = before.map_or(0.0, |(then, seq)| {
                (latest - seq) as f64 / asked.saturating_sub(then).as_secs_f64().max(0.001)
            });
            before = Some((asked, latest));
            fields.push(("changesPerSecond", Tree::Number(rate.round() as i64)));
            let from = u64::try_from(latest).unwrap_or(0).saturating_sub(CHANGES - 1);
            changes = app
                .answer(Command::ChangesRead { from: Some(from), limit: None, kind: None, prefix: None })
                .await?;
        }
        fields.push(("latency", Tree::text(latency(took))));
        match is_screen {
            true => {
                let look = app.look(Stream::Out);
                let heading = look.paint(Style::Heading, "Last changes");
                let last = if has_records {
                    format!("\n{heading}\n{}", text(&changes, look))
                } else {
                    String::new()
                };
                let shown = format!("{}{last}", text(&Tree::Fields(fields), look)).replace('\n', "\x1b[K\n");
                app.host.write(Stream::Out, format!("\x1b[H{shown}\x1b[J").as_bytes())?;
                app.host.flush()?;
            }
            false => app.show_now(&Tree::Fields(fields))?,
        }
        left -= 1;
        if left == 0 {
            return Ok(0);
        }
        if let Either::Right(_) = select(app.host.sleep(interval), &mut interrupted).await {
            return Ok(0);
        }
    }
}
