// Moving data: to lines of JSON, from them, and between stores. What an item is, and how it is read and written, is the
// library's `copy`.

use crate::app::{App, Outcome};
use crate::args::Moving;
use crate::failure::Failure;
use crate::host::Stream;
use crate::progress::Bar;
use crate::tree::Tree;
use futures_util::future::{Either, select};
use omnikv::copy::{Existing, Export, Import, Item, Options, Progress, copy_store};
use std::pin::pin;

/// The first line of every export.
const HEADER: &str = r#"{"omnikv":"export","format":1}"#;

/// The exit code of what a signal has ended.
const INTERRUPTED: u8 = 130;

/// How many bytes are read at once.
const CHUNK: usize = 64 << 10;

pub async fn export(app: &App, page: u64) -> Outcome {
    let store = app.store().await?;
    let mut export = Export::of(&store, page);
    let bar = Bar::new(app, "exporting");
    let total = export.total().await?;
    let mut done = 0;
    app.host.write(Stream::Out, format!("{HEADER}\n").as_bytes())?;
    while let Some(items) = export.next().await? {
        for item in &items {
            app.host.write(Stream::Out, item.to_line().as_bytes())?;
            app.host.write(Stream::Out, b"\n")?;
        }
        done += items.len() as u64;
        bar.draw(done, Some(total));
    }
    bar.clear();
    app.host.flush()?;
    app.say(&format!("{done} exported"))?;
    Ok(0)
}

fn options(how: Moving) -> Options {
    let existing = match how {
        Moving { overwrite: true, .. } => Existing::Replace,
        Moving { keep: true, .. } => Existing::Keep,
        _ => Existing::Refuse,
    };
    Options { existing, page: how.page.max(1), dry_run: how.dry_run }
}

pub async fn import(app: &App, how: Moving) -> Outcome {
    let store = app.store().await?;
    let mut import = Import::to(&store, options(how));
    let bar = Bar::new(app, "importing");
    let mut lines = Lines::default();
    let mut items = Vec::new();
    let mut number = 0_u64;
    while let Some(line) = lines.next(app)? {
        number += 1;
        if line.trim().is_empty() || number == 1 && line.trim() == HEADER {
            continue;
        }
        let item = Item::from_line(&line).map_err(|error| {
            let advice = if number == 1 { "\nIs this what `export` has written?" } else { "" };
            Failure::usage(format!("line {number}: {}{advice}", error.message()))
        })?;
        items.push(item);
        if items.len() as u64 >= how.page.max(1) {
            import.write(std::mem::take(&mut items)).await?;
            bar.draw(import.progress().done(), None);
        }
    }
    import.write(items).await?;
    drop(bar);
    finish(app, import.progress(), how)
}

/// Standard input, line by line.
#[derive(Default)]
struct Lines {
    buffer: Vec<u8>,
    /// Where the next line begins.
    at: usize,
    is_ended: bool,
}

impl Lines {
    fn next(&mut self, app: &App) -> Result<Option<String>, Failure> {
        let mut searched = self.at;
        loop {
            if let Some(end) = self.buffer[searched..].iter().position(|byte| *byte == b'\n') {
                let line = self.buffer[self.at..searched + end].to_vec();
                self.at = searched + end + 1;
                return text(line).map(Some);
            }
            if self.is_ended {
                let line = self.buffer.split_off(self.at);
                self.buffer.clear();
                self.at = 0;
                return if line.is_empty() { Ok(None) } else { text(line).map(Some) };
            }
            self.buffer.drain(..self.at);
            self.at = 0;
            searched = self.buffer.len();
            self.buffer.resize(searched + CHUNK, 0);
            let count = app.host.read(&mut self.buffer[searched..])?;
            self.buffer.truncate(searched + count);
            self.is_ended = count == 0;
        }
    }
}

fn text(line: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(line).map_err(|_| Failure::usage("standard input is not text in UTF-8"))
}

pub async fn copy(app: &App, from: &str, to: &str, how: Moving) -> Outcome {
    if from == to {
        return Err(Failure::usage("both URLs are the same store"));
    }
    let (from, to) = (app.open(from).await?, app.open(to).await?);
    let bar = Bar::new(app, "copying");
    let draw = |progress: &Progress| bar.draw(progress.done(), progress.total);
    let copying = pin!(copy_store(&from, &to, options(how), draw));
    let copied = match select(copying, app.host.interrupted()).await {
        Either::Left((copied, _)) => copied,
        Either::Right(_) => {
            bar.clear();
            app.say("Interrupted. Run the same command again to resume.")?;
            return Ok(INTERRUPTED);
        }
    };
    bar.clear();
    _ = (from.close().await, to.close().await);
    finish(app, &copied?, how)
}

fn finish(app: &App, progress: &Progress, how: Moving) -> Outcome {
    let tree = Tree::Fields(vec![
        ("keys", Tree::number(progress.keys)),
        ("records", Tree::number(progress.records)),
        ("tasks", Tree::number(progress.tasks)),
        ("consumers", Tree::number(progress.consumers)),
        ("kept", Tree::number(progress.kept)),
        ("dryRun", Tree::Flag(how.dry_run)),
    ]);
    if !app.globals.quiet {
        app.show(&tree)?;
    }
    Ok(0)
}
