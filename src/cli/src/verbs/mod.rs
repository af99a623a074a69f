// What the verbs do, a file for each family. How answers look is not known here.

mod benchmark;
mod consumer;
mod doctor;
mod help;
mod lock;
mod moving;
mod records;
mod serve;
mod stream;
mod task;
mod top;
mod watch;

use crate::app::{App, Outcome};
use crate::args::Verb;
use crate::failure::Failure;
use crate::host::Stream;
use crate::{shell, words};
use std::ffi::OsString;

/// Runs a verb.
pub async fn run(app: &App, verb: Verb) -> Outcome {
    match verb {
        Verb::Init => records::init(app).await,
        Verb::Get(get) => records::get(app, get).await,
        Verb::List { window, of_type } => records::list(app, window, of_type).await,
        Verb::Put(write) => records::put(app, write).await,
        Verb::Patch(write) => records::patch(app, write).await,
        Verb::Delete { keys } => records::delete(app, keys).await,
        Verb::Count(count) => records::count(app, count).await,
        Verb::Stream(stream) => stream::run(app, stream).await,
        Verb::Consumer(consumer) => consumer::run(app, consumer).await,
        Verb::Lock(lock) => lock::run(app, lock).await,
        Verb::Task(task) => task::run(app, task).await,
        Verb::Benchmark(benchmark) => benchmark::run(app, benchmark).await,
        Verb::Export { page } => moving::export(app, page).await,
        Verb::Import { how } => moving::import(app, how).await,
        Verb::Copy { from, to, how } => moving::copy(app, &from, &to, how).await,
        Verb::Watch { pattern: Some(pattern), limit, interval, .. } => {
            watch::keys(app, &pattern, limit, interval).await
        }
        Verb::Watch { from, of_type, keys, limit, .. } => {
            watch::changes(app, from, of_type, keys, limit).await
        }
        Verb::Top { interval, rounds } => top::run(app, interval, rounds).await,
        Verb::Serve(serve) => serve::run(app, serve).await,
        Verb::Shell => Box::pin(shell::run(app)).await,
        Verb::Stats => doctor::stats(app).await,
        Verb::Doctor => doctor::doctor(app).await,
        Verb::Completions { shell } => help::completions(app, shell),
        Verb::Man { verb } => help::man(app, &verb),
        Verb::Redis { words } if words.is_empty() => {
            app.host.write(Stream::Out, words::list().as_bytes())?;
            Ok(0)
        }
        Verb::Redis { words } => redis(app, words).await,
        Verb::Words(words) => redis(app, words).await,
    }
}

/// Runs a command of Redis, or shows its help.
async fn redis(app: &App, words: Vec<OsString>) -> Outcome {
    let mut words: Vec<Vec<u8>> = words.iter().map(|word| word.as_encoded_bytes().to_vec()).collect();
    if let [word, help] = words.as_slice()
        && matches!(help.as_slice(), b"--help" | b"-h")
        && let Some(row) = words::row(&String::from_utf8_lossy(word))
    {
        app.host.write(Stream::Out, words::help(row).as_bytes())?;
        return Ok(0);
    }
    if app.globals.stdin {
        words.push(app.read_all("the last argument")?);
    }
    app.execute_words(&words).await
}

/// Reads JSON from standard input.
fn read_json(app: &App, what: &str) -> Result<Vec<u8>, Failure> {
    let text = app.read_all(what)?;
    let text = text.trim_ascii().to_vec();
    if text.is_empty() {
        let name = app.tool_name();
        return Err(Failure::usage(format!(
            "standard input is empty: it should hold {what}, as in echo '{{\"a\": 1}}' | {name} ..."
        )));
    }
    if let Err(error) = serde_json::from_slice::<&serde_json::value::RawValue>(&text) {
        let (line, column) = (error.line(), error.column());
        let text =
            format!("standard input is not JSON (line {line}, column {column}): texts need double quotes");
        return Err(Failure::usage(text));
    }
    Ok(text)
}
