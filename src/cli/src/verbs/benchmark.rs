// The workloads of a-h/kv, with its arguments. Operations are counted honestly: a put and a get are two.

use crate::app::{App, Outcome};
use crate::args::Benchmark;
use crate::failure::Failure;
use crate::progress::Bar;
use crate::time::latency;
use crate::tree::Tree;
use futures_util::future::{Either, select};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use omnikv::Store;
use omnikv::prelude::*;
use serde_json::{Value, json};
use std::sync::Mutex;
use std::time::Duration;

/// The beginning of all keys that a benchmark writes.
const KEYS: &str = "kv-benchmark-";
const PATCHED: &str = "kv-benchmark-patch-key";

pub async fn run(app: &App, benchmark: Benchmark) -> Outcome {
    let store = app.store().await?;
    // What another run has left behind.
    store.records().delete_prefix(KEYS, ()).await?;
    let measured = measure(app, &store, &benchmark).await;
    store.records().delete_prefix(KEYS, ()).await?;
    let Some(measured) = measured? else {
        app.say("Interrupted.")?;
        return Ok(130);
    };
    app.show(&measured)?;
    Ok(0)
}

fn person(key: &str) -> Value {
    json!({
        "key": key, "name": "Alice-30000", "age": 42, "address1": "1 The Street", "address2": "The Town",
        "address3": "The County", "address4": "The Country", "postcode": "AB1 2CD",
    })
}

/// Nothing if a signal has ended it.
async fn measure(app: &App, store: &Store, benchmark: &Benchmark) -> Result<Option<Tree>, Failure> {
    let (name, turns, workers, each) = match *benchmark {
        Benchmark::Get { n, w, .. } => ("get", n, w, 1),
        Benchmark::Put { n, w } => ("put", n, w, 1),
        Benchmark::Patch { n, w } => ("patch", n, w, 1),
        Benchmark::Mixed { n, w } => ("mixed", n, w, 2),
    };
    let workers = workers.max(1);
    match *benchmark {
        Benchmark::Get { x, .. } => {
            for number in 0..x.max(1) {
                let key = format!("{KEYS}get-key-{number}");
                store.records().put(&*key, -1, &person(&key)).await?;
            }
        }
        Benchmark::Patch { .. } => _ = store.records().put(PATCHED, -1, &json!({ "count": 0 })).await?,
        Benchmark::Put { .. } | Benchmark::Mixed { .. } => {}
    }
    let bar = Bar::new(app, name);
    let times = Mutex::new(Vec::with_capacity(usize::try_from(turns).unwrap_or(0)));
    let begun = app.host.elapsed();
    let times_of = &times;
    let bar_of = &bar;
    let all = stream::iter(0..turns).map(|turn| async move {
        let start = app.host.elapsed();
        once(app, store, benchmark, turn).await?;
        let took = app.host.elapsed().saturating_sub(start);
        let mut times = times_of.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        times.push(took);
        bar_of.draw(times.len() as u64, Some(turns));
        Ok::<_, omnikv::Error>(())
    });
    let all = all.buffer_unordered(workers).try_for_each(|()| async { Ok(()) });
    match select(Box::pin(all), app.host.interrupted()).await {
        Either::Left((done, _)) => done?,
        Either::Right(_) => return Ok(None),
    }
    let time = app.host.elapsed().saturating_sub(begun);
    bar.clear();
    let mut times = times.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    times.sort_unstable();
    let at = |part: usize| times.get((times.len() * part / 100).min(times.len().saturating_sub(1)));
    let shown = |part| {
        let time = at(part).copied().unwrap_or(Duration::ZERO);
        match app.is_text() {
            true => Tree::text(latency(time)),
            false => Tree::number(u64::try_from(time.as_micros()).unwrap_or(u64::MAX)),
        }
    };
    let operations = turns.saturating_mul(each);
    let rate = operations as f64 / time.as_secs_f64().max(1e-9);
    let (p50, p99) = if app.is_text() { ("p50", "p99") } else { ("p50Us", "p99Us") };
    Ok(Some(Tree::Fields(vec![
        ("benchmark", Tree::text(name)),
        ("operations", Tree::number(operations)),
        ("workers", Tree::number(workers as u64)),
        ("seconds", Tree::Json(format!("{:.3}", time.as_secs_f64()))),
        ("perSecond", Tree::number(rate as u64)),
        (p50, shown(50)),
        (p99, shown(99)),
    ])))
}

async fn once(app: &App, store: &Store, benchmark: &Benchmark, turn: u64) -> omnikv::Result<()> {
    match *benchmark {
        Benchmark::Get { x, .. } => {
            let key = format!("{KEYS}get-key-{}", app.host.random() % x.max(1));
            store.records().get::<Value>(key).await.map(drop)
        }
        Benchmark::Put { .. } => {
            let key = format!("{KEYS}put-key-{turn}");
            store.records().put(&*key, -1, &person(&key)).await.map(drop)
        }
        Benchmark::Patch { w, .. } => {
            let worker = turn % (w.max(1) as u64);
            let patch = json!({ format!("worker_{worker}"): turn });
            store.records().patch(PATCHED, -1, &patch).await.map(drop)
        }
        Benchmark::Mixed { .. } => {
            let key = format!("{KEYS}op/{turn}/random/{:016x}", app.host.random());
            let value = json!({ "operation": turn, "data": format!("some data for operation {turn}") });
            store.records().put(&*key, -1, &value).await?;
            store.records().get::<Value>(key).await.map(drop)
        }
    }
}
