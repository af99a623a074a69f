// The verbs on consumers of changes.

use crate::app::{App, Outcome};
use crate::args::{CommitMode, Consumer};
use crate::tree::{Tree, change};
use futures_util::future::{Either, select};
use omnikv::command::Command;
use omnikv::{Change, ConsumerOptions};
use serde_json::value::RawValue;
use std::pin::pin;

pub async fn run(app: &App, consumer: Consumer) -> Outcome {
    match consumer {
        Consumer::Get { name, of_type, limit } => {
            let store = app.store().await?;
            let options = ConsumerOptions { kind: of_type, limit, ..ConsumerOptions::new() };
            let reader = store.consumer(name, options);
            let found: Vec<Change<Box<RawValue>>> = reader.get().await?;
            // This process ends: another may read, or commit.
            reader.unlock().await?;
            app.show(&Tree::List(found.into_iter().map(change).collect()))?;
            Ok(0)
        }
        Consumer::Stream { stream_name, consumer_name, of_type, commit_mode, limit, end_after } => {
            let commit = match commit_mode {
                CommitMode::None => omnikv::CommitMode::None,
                CommitMode::Batch => omnikv::CommitMode::Batch,
                CommitMode::Each => omnikv::CommitMode::Each,
            };
            let options = ConsumerOptions {
                kind: of_type,
                limit,
                commit,
                id: Some(consumer_name),
                ..ConsumerOptions::new()
            };
            stream(app, app.store().await?.consumer(stream_name, options), commit, end_after).await
        }
        Consumer::Status { name } => app.execute(Command::ConsumersStatus { name: name.into() }).await,
        Consumer::Commit { name, last_seq } => {
            app.execute(Command::ConsumersCommit { name: name.into(), seq: last_seq, token: None }).await
        }
        Consumer::Delete { name } => app.execute(Command::ConsumersDelete { name: name.into() }).await,
    }
}

/// Prints batches until a signal comes. What was printed as a whole is committed.
async fn stream(
    app: &App,
    reader: omnikv::Consumer,
    commit: omnikv::CommitMode,
    end_after: Option<u64>,
) -> Outcome {
    let mut batches = reader.stream::<Box<RawValue>>();
    let mut interrupted = app.host.interrupted();
    let mut left = end_after.unwrap_or(u64::MAX);
    let outcome = async {
        while left > 0 {
            let batch = match select(pin!(batches.next()), &mut interrupted).await {
                Either::Left((Some(batch), _)) => batch?,
                Either::Left((None, _)) | Either::Right(_) => break,
            };
            let mut last = None;
            for read in batch.into_iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
                last = Some(read.seq);
                app.show_now(&change(read))?;
                left -= 1;
            }
            if left == 0 && commit != omnikv::CommitMode::None {
                reader.commit(last).await?;
            }
        }
        Ok(0)
    };
    let outcome = outcome.await;
    drop(batches);
    // Not in the background: this process ends.
    _ = reader.unlock().await;
    outcome
}
