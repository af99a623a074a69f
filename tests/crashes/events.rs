// What members write into the journal, and what the store holds in the end. Nothing here judges it.

use omnikv::{Action, ChangeOptions, ListOptions, Result, Store, Task, TaskOptions, prelude::*};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A line of the journal. Each `who` is one thread of one member, which makes one call at a time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Line {
    pub who: String,
    pub event: Event,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// Asks for something that has one holder at a time.
    Asking,
    /// Holds it by this token. For a consumer, its position.
    Granted { thing: String, token: u64, position: Option<u64> },
    /// Begins a call that needs the token.
    Trying { thing: String, token: u64, act: Act },
    /// That call has succeeded.
    Done,
    /// That call was refused, because the token is an old one.
    Refused,
    /// Begins to write a record with this mark, together with a task of this ID if so.
    Changing { mark: String, has_task: bool },
    /// The store has acknowledged it; the record's stamp, if it is told.
    Changed { stamp: Option<u64> },
    /// The store has refused it.
    NotChanged,
    /// A consumer has handled a change.
    Handled { seq: u64 },
    /// A reader starts behind this seq.
    Reads { after: u64 },
    /// A reader has seen a change.
    Saw { seq: u64 },
    /// Something has failed that never should.
    Broken { error: String },
}

/// What needs a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    Extend,
    Commit(u64),
    /// Completes the task, or releases the lock.
    Finish,
    /// A side effect elsewhere, which compares tokens itself.
    Effect,
}

/// A change in the final stream.
#[derive(Clone, Debug)]
pub struct Seen {
    pub seq: u64,
    pub action: Action,
    pub key: String,
    pub version: u64,
    pub mark: String,
}

/// The store in the end.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub stream: Vec<Seen>,
    /// The version and the stamp of each record.
    pub records: BTreeMap<String, (u64, u64)>,
    pub tasks: Vec<Task>,
    /// The largest token of each task's side effects.
    pub effects: BTreeMap<String, u64>,
    /// The consumer's position.
    pub position: u64,
}

/// Where the side effects on a thing are recorded.
pub fn effect_of(thing: &str) -> String {
    format!("effect:{thing}")
}

pub fn task(id: &str) -> String {
    format!("task:{id}")
}

impl Outcome {
    pub async fn read(kv: &Store) -> Result<Outcome> {
        let mut outcome =
            Outcome { position: kv.consumers().status(CONSUMER).await?.position, ..Outcome::default() };
        loop {
            let from = outcome.stream.last().map_or(0, |last: &Seen| last.seq) + 1;
            let page = kv.changes().read::<Value>(ChangeOptions::new().from(from).limit(500)).await?;
            if page.is_empty() {
                break;
            }
            outcome.stream.extend(page.into_iter().map(|change| Seen {
                seq: change.seq,
                action: change.action,
                key: change.record.key,
                version: change.record.version,
                mark: change.record.value["mark"].as_str().unwrap_or_default().to_owned(),
            }));
        }
        for record in kv.records().list::<Value>(ListOptions::new()).await? {
            outcome.records.insert(record.key, (record.version, record.stamp));
        }
        outcome.tasks = kv.tasks().list(TaskOptions::new()).await?;
        for task in &outcome.tasks {
            if let Some(token) = kv.get_as(effect_of(&self::task(&task.id))).await? {
                outcome.effects.insert(task.id.clone(), token);
            }
        }
        Ok(outcome)
    }
}

pub const CONSUMER: &str = "mailer";
pub const LOCK: &str = "report";
pub const JOB: &str = "job";
/// The set of the members that have written all that they write.
pub const FINISHED: &str = "finished";
