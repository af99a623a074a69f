// A member that calls the keys of a store, and writes each call and its answer into the journal. It judges nothing.

use crate::batches::Batches;
use crate::histories::{Answer, Call, Line, Object, Row};
use crate::members::{self, Journal, Part};
use fastrand::Rng;
use omnikv::backend::cells::{Cells, SqlCells};
use omnikv::{Kind, Options, Record, Remote, Result, Store, prelude::*};
use pollster::block_on;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// Threads of a member, which share its store handle.
const THREADS: u64 = 2;
/// Calls on each key: the checker takes exponential time.
pub const CALLS: i64 = 40;
pub const KEYS: i64 = 50;

/// How many calls were begun. It tells which key is next, so that all members call the same one.
pub const COUNTER: &str = "calls";

#[derive(Clone, Copy, PartialEq)]
pub enum Keys {
    Strings,
    Records,
}

impl Keys {
    /// The ignored test that is a member's process.
    pub fn process(self) -> &'static str {
        match self {
            Keys::Strings => "a_process_that_calls_strings",
            Keys::Records => "a_process_that_calls_records",
        }
    }
}

/// Opens the store that the members share. Nothing is sent twice for strings: a `set` that runs once more overwrites what
/// others wrote in between.
pub async fn open(url: &str, keys: Keys) -> Store {
    if let Some(path) = url.strip_prefix("batches:") {
        let options = Options::new();
        let cells = Cells::new(Arc::new(SqlCells::new(Batches::open(path))), &options).unwrap();
        return Store::over(Arc::new(cells), &options).unwrap();
    }
    let options = match keys {
        Keys::Strings if url.contains("://") => Options::new().remote(Remote::new().retries(0)),
        Keys::Strings | Keys::Records => Options::new(),
    };
    Store::connect(url, options).await.unwrap()
}

/// A member: threads that call keys until all have had their calls.
pub fn play(part: Part, journal: Journal, keys: Keys) {
    let kv = block_on(open(&part.url, keys));
    let values = Arc::new(AtomicU64::new(0));
    let threads = (0..THREADS).map(|number| {
        let name = format!("{}-{number}", part.name);
        let mut caller = Caller {
            kv: kv.clone(),
            rng: Rng::with_seed(part.seed + number),
            values: Arc::clone(&values),
            base: part.seed % 1_000_000 * 1_000_000_000,
            known: Known::default(),
        };
        let journal = journal.clone();
        thread::spawn(move || block_on(caller.play(&name, &journal, keys)))
    });
    members::join(threads.collect::<Vec<_>>());
}

struct Caller {
    kv: Store,
    rng: Rng,
    values: Arc<AtomicU64>,
    /// Where this member's values start.
    base: u64,
    known: Known,
}

/// What this thread has last learned about a key.
#[derive(Default)]
struct Known {
    key: i64,
    number: Option<i64>,
    version: i64,
}

impl Caller {
    async fn play(&mut self, name: &str, journal: &Journal, keys: Keys) {
        for number in 0.. {
            let turn = loop {
                // It may fail when connections break.
                match self.kv.incr(COUNTER).await {
                    Ok(turn) => break turn,
                    Err(_) => thread::sleep(Duration::from_millis(1)),
                }
            };
            let key = turn / CALLS;
            if key >= KEYS {
                return;
            }
            if self.known.key != key {
                self.known = Known { key, ..Known::default() };
            }
            let (name, key) = (format!("{name}-{number}"), format!("key:{key}"));
            let call = self.call(keys);
            journal.write(&Line::Called { name: name.clone(), key: key.clone(), call: call.clone() });
            match self.run(&key, call).await {
                Ok(answer) => {
                    self.learn(&answer);
                    journal.write(&Line::Answered { name, answer });
                }
                Err(error) if error.is_maybe_applied() => {}
                Err(error) => {
                    assert_eq!(error.kind(), Kind::Unavailable, "{error}");
                    journal.write(&Line::NotRun { name });
                }
            }
        }
    }

    /// A random call, which often expects what this thread has read before.
    fn call(&mut self, keys: Keys) -> Call {
        let new = self.base + 1_000 * self.values.fetch_add(1, Ordering::Relaxed);
        match (keys, self.rng.u8(..8)) {
            (Keys::Strings, 0..2) => Call::Get,
            (Keys::Strings, 2) => Call::Set(new as i64),
            (Keys::Strings, 3..5) => Call::Incr,
            (Keys::Strings, _) => Call::CompareAndSet(self.known.number, new as i64),
            (Keys::Records, 0..2) => Call::Read,
            (Keys::Records, 2) => Call::Put(-1, Object::from([("a".to_owned(), new)])),
            (Keys::Records, 3..5) => Call::Put(self.known.version, Object::from([("b".to_owned(), new)])),
            (Keys::Records, 5) => {
                Call::Patch(-1, [("a".to_owned(), None), ("c".to_owned(), Some(new))].into())
            }
            (Keys::Records, 6) => Call::Patch(self.known.version, [("a".to_owned(), Some(new))].into()),
            (Keys::Records, _) => Call::Delete,
        }
    }

    fn learn(&mut self, answer: &Answer) {
        match answer {
            Answer::Value(number) => self.known.number = *number,
            Answer::Record(row) => self.known.version = row.as_ref().map_or(0, |row| row.version as i64),
            Answer::Deleted(_) => self.known.version = 0,
            Answer::Written { version, .. } => self.known.version = *version as i64,
            Answer::Done | Answer::Swapped(_) | Answer::Conflict => {}
        }
    }

    async fn run(&self, key: &str, call: Call) -> Result<Answer> {
        let (kv, records) = (&self.kv, self.kv.records());
        let written = |result: Result<Record<()>>| match result {
            Ok(record) => Ok(Answer::Written { version: record.version, stamp: record.stamp }),
            Err(error) if error.kind() == Kind::Conflict => Ok(Answer::Conflict),
            Err(error) => Err(error),
        };
        Ok(match call {
            Call::Get => Answer::Value(kv.get_as(key).await?),
            Call::Set(number) => {
                kv.set(key, number).await?;
                Answer::Done
            }
            Call::CompareAndSet(expected, number) => {
                Answer::Swapped(kv.compare_and_set(key, expected, number).await?)
            }
            Call::Incr => Answer::Value(Some(kv.incr(key).await?)),
            Call::Read => {
                let record = records.get::<Object>(key).await?;
                Answer::Record(record.map(|record| Row {
                    version: record.version,
                    stamp: Some(record.stamp),
                    value: record.value,
                }))
            }
            Call::Put(version, value) => written(records.put(key, version, &value).await)?,
            Call::Patch(version, patch) => written(records.patch(key, version, &patch).await)?,
            Call::Delete => Answer::Deleted(records.delete(key).await? > 0),
        })
    }
}
