// What one more element costs in collections of 100, 10,000 and 100,000: cargo bench -p omnikv-bench --bench long -- long,
// or "long sqlite". Counts microseconds a command, one after the other, in SQLite with each commit's usual durability and
// in PostgreSQL on this machine.

#[path = "../support/postgres.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod postgres;
#[path = "../support/redis.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod redis;

use omnikv::command::Command;
use omnikv::{Options, Result, Store};
use postgres::PostgresServer;
use std::time::Instant;
use tempfile::TempDir;

/// Each row is measured so many times; the median counts.
const RUNS: usize = 5;
const COMMANDS: usize = 200;
const SIZES: [usize; 3] = [100, 10_000, 100_000];
/// A command that fills a collection with `N`, and the one that is measured.
const ROWS: [(&str, &str); 9] = [
    ("RPUSH K N", "LPUSH K N"),
    ("HSET K N value", "HSET K N value"),
    ("SADD K N", "SADD K N"),
    ("ZADD K 1 N", "ZADD K 2 N"),
    ("RPUSH K N", "LINDEX K -5"),
    ("HSET K N value", "HGET K N"),
    ("SADD K N", "SISMEMBER K N"),
    ("HSET K N value", "HSCAN K 0"),
    ("RPUSH K N", "LPOP K"),
];

fn words<'a>(text: &'a str, key: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(' ').map(move |word| match word {
        "K" => key,
        "N" => name,
        word => word,
    })
}

async fn fill(kv: &Store, text: &str, key: &str, size: usize) -> Result<()> {
    let names: Vec<String> = (0..size).map(|number| format!("element {number}")).collect();
    for chunk in names.chunks(10_000) {
        let mut all = words(text, key, "").take(2).collect::<Vec<_>>();
        for name in chunk {
            all.extend(words(text, key, name).skip(2));
        }
        kv.execute(Command::parse(&all)?).await?;
    }
    Ok(())
}

/// Microseconds a command.
async fn measure(kv: &Store, (filling, measured): (&str, &str), size: usize) -> Result<f64> {
    let mut figures = Vec::new();
    fill(kv, filling, "key", size).await?;
    for run in 0..RUNS {
        let names: Vec<String> = (0..COMMANDS).map(|number| format!("new {run} {number}")).collect();
        let commands =
            names.iter().map(|name| Command::parse(&words(measured, "key", name).collect::<Vec<_>>()));
        let commands = commands.collect::<Result<Vec<_>>>()?;
        let count = match size {
            // Of a small collection, so few that it stays about as it is.
            100 => 10,
            _ => COMMANDS,
        };
        let begin = Instant::now();
        for command in commands.into_iter().take(count) {
            kv.execute(command).await?;
        }
        figures.push(begin.elapsed().as_secs_f64() * 1e6 / count as f64);
        if size == 100 {
            kv.execute(Command::parse(&["DEL", "key"])?).await?;
            fill(kv, filling, "key", size).await?;
        }
    }
    kv.execute(Command::parse(&["DEL", "key"])?).await?;
    figures.sort_by(f64::total_cmp);
    Ok(figures[RUNS / 2])
}

fn main() {
    let filter = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect::<Vec<_>>().join(" ");
    if !filter.starts_with("long") {
        return;
    }
    let folder = TempDir::new().expect("a folder for the file");
    let mut stores = vec![("sqlite", format!("sqlite:{}", folder.path().join("kv.db").display()))];
    let server = PostgresServer::shared();
    stores.push(("postgres", server.url()));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    println!("| store | command | 100 | 10,000 | 100,000 |\n|---|---|--:|--:|--:|");
    for (name, url) in stores.iter().filter(|(name, _)| filter == "long" || filter.ends_with(name)) {
        let measured: Result<()> = runtime.block_on(async {
            let kv = Store::connect(url, Options::new()).await?;
            for row in ROWS {
                let mut cells = Vec::new();
                for size in SIZES {
                    cells.push(format!("{:.0} µs", measure(&kv, row, size).await?));
                }
                println!("| {name} | `{}` | {} |", row.1, cells.join(" | "));
            }
            Ok(())
        });
        measured.expect("the store works");
    }
}
