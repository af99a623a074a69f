// What a member does until it is killed: it writes records, works on tasks, consumes changes, holds locks and reads the
// stream, and writes down each step. It judges nothing.

use crate::events::{Act, CONSUMER, Event, FINISHED, JOB, LOCK, Line, effect_of, task};
use crate::members::{self, Journal, Part};
use fastrand::Rng;
use omnikv::{
    ChangeOptions, Ending, Error, Kind, Mutation, NewTask, Options, PutOptions, Result, Store, prelude::*,
};
use pollster::block_on;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use std::thread;
use std::time::Duration;

/// How long a hold lasts. Short, because the tests wait for it to end.
const TTL: Duration = Duration::from_millis(150);
/// Longer than that.
const TOO_LONG: Duration = Duration::from_millis(200);
/// How many changes a writer makes.
const CHANGES: u64 = 40;
/// More attempts than there are crashes.
const RETRIES: u64 = 1_000_000;

/// Plays all roles, each on a thread of its own, on one store handle.
pub fn play(part: Part, journal: Journal) {
    let kv = block_on(Store::connect(&part.url, Options::new())).unwrap();
    type Playing = fn(&mut Role) -> Result<()>;
    let roles: [(&str, Playing); 5] = [
        ("writer", |role| block_on(role.write())),
        ("worker", |role| block_on(role.work())),
        ("consumer", |role| block_on(role.consume())),
        ("holder", |role| block_on(role.hold())),
        ("reader", |role| block_on(role.read())),
    ];
    let threads = roles.into_iter().zip(part.seed..).map(|((name, role), seed)| {
        let who = format!("{}-{name}", part.name);
        let mut member = Role { kv: kv.clone(), journal: journal.clone(), who, rng: Rng::with_seed(seed) };
        thread::spawn(move || {
            if let Err(error) = role(&mut member) {
                member.note(Event::Broken { error: error.to_string() });
            }
        })
    });
    members::join(threads.collect::<Vec<_>>());
}

struct Role {
    kv: Store,
    journal: Journal,
    who: String,
    rng: Rng,
}

impl Role {
    fn note(&self, event: Event) {
        self.journal.write(&Line { who: self.who.clone(), event });
    }

    fn pause(&mut self) {
        self.journal.end_if_killed();
        thread::sleep(Duration::from_millis(self.rng.u64(1..8)));
    }

    /// Sometimes does nothing for so long that a hold ends, as a process does that is not scheduled.
    fn stall(&mut self) {
        if self.rng.u8(..8) == 0 {
            thread::sleep(TOO_LONG);
        }
    }

    /// Whether the rest of the call is possible: `conflict` means that the token, or the version, is an old one.
    fn accepted<T>(result: Result<T>) -> Result<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.kind() == Kind::Conflict => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn write(&mut self) -> Result<()> {
        let kv = self.kv.clone();
        let records = kv.records();
        for number in 0..CHANGES {
            let key = format!("record:{}", self.rng.u8(..5));
            let mark = format!("{}-{number}", self.who);
            let value = json!({ "mark": mark });
            let way = self.rng.u8(..8);
            if way == 0 {
                records.delete(key).await?;
                continue;
            }
            self.note(Event::Changing { mark: mark.clone(), has_task: way > 5 });
            let written = match way {
                1 => records.put(key, -1, &value).await,
                2 => {
                    let short = PutOptions::new().expiry(Duration::from_millis(self.rng.u64(1..40)));
                    records.put_with(key, -1, &value, short).await
                }
                3 | 4 => {
                    let current = records.get::<Value>(&*key).await?;
                    records.put(key, current.map_or(0, |record| record.version as i64), &value).await
                }
                5 => records.patch(key, -1, &value).await,
                _ => {
                    let job = NewTask::new(JOB, &()).id(&*mark).max_retries(RETRIES);
                    let both = [Mutation::put(key, -1, &value), Mutation::task(job)];
                    records.mutate(both).await?;
                    self.note(Event::Changed { stamp: None });
                    continue;
                }
            };
            self.note(match Role::accepted(written)? {
                Some(record) => Event::Changed { stamp: Some(record.stamp) },
                None => Event::NotChanged,
            });
            if self.rng.u8(..4) == 0 {
                self.pause();
            }
        }
        let member = self.who.trim_end_matches("-writer");
        kv.sadd(FINISHED, [member]).await?;
        Ok(())
    }

    async fn work(&mut self) -> Result<()> {
        let kv = self.kv.clone();
        loop {
            self.note(Event::Asking);
            let Some(job) = kv.tasks().lock::<IgnoredAny>(&*self.who, TTL, [JOB]).await? else {
                self.pause();
                continue;
            };
            let token = job.token.ok_or_else(|| Error::new(Kind::Internal, "a running task has a token"))?;
            let thing = task(&job.id);
            self.note(Event::Granted { thing: thing.clone(), token, position: None });
            self.stall();
            self.effect(&thing, token).await?;
            if self.rng.bool() {
                self.note(Event::Trying { thing: thing.clone(), token, act: Act::Extend });
                let is_held = kv.tasks().heartbeat(&*job.id, token, TTL).await?;
                self.answered(is_held);
            }
            self.note(Event::Trying { thing, token, act: Act::Finish });
            let status = kv.tasks().release(&*job.id, token, Ending::Completed, None).await?;
            self.answered(status.is_some());
        }
    }

    async fn consume(&mut self) -> Result<()> {
        let kv = self.kv.clone();
        let (consumers, thing) = (kv.consumers(), format!("consumer:{CONSUMER}"));
        loop {
            self.note(Event::Asking);
            let Some(token) = consumers.claim(CONSUMER, &*self.who, TTL).await? else {
                self.pause();
                continue;
            };
            let position = consumers.status(CONSUMER).await?.position;
            self.note(Event::Granted { thing: thing.clone(), token, position: Some(position) });
            let options = ChangeOptions::new().from(position + 1).limit(7);
            let batch = kv.changes().read::<IgnoredAny>(options).await?;
            for change in &batch {
                self.note(Event::Handled { seq: change.seq });
            }
            self.stall();
            if let Some(last) = batch.last() {
                self.note(Event::Trying { thing: thing.clone(), token, act: Act::Commit(last.seq) });
                let committed = consumers.commit(CONSUMER, last.seq, Some(token)).await;
                let is_committed = Role::accepted(committed)?.is_some();
                self.answered(is_committed);
            } else {
                self.pause();
            }
            if self.rng.u8(..6) == 0 {
                self.note(Event::Trying { thing: thing.clone(), token, act: Act::Finish });
                let is_released = consumers.release(CONSUMER, &*self.who).await?;
                self.answered(is_released);
            }
        }
    }

    async fn hold(&mut self) -> Result<()> {
        let kv = self.kv.clone();
        let thing = format!("lock:{LOCK}");
        loop {
            self.note(Event::Asking);
            let Some(token) = kv.locks().acquire(LOCK, &*self.who, TTL).await? else {
                self.pause();
                continue;
            };
            self.note(Event::Granted { thing: thing.clone(), token, position: None });
            self.stall();
            self.effect(&thing, token).await?;
            if self.rng.u8(..3) == 0 {
                self.note(Event::Trying { thing: thing.clone(), token, act: Act::Finish });
                let is_released = kv.locks().release(LOCK, &*self.who).await?;
                self.answered(is_released);
            }
            self.pause();
        }
    }

    async fn read(&mut self) -> Result<()> {
        let kv = self.kv.clone();
        let mut after = kv.changes().latest().await?;
        self.note(Event::Reads { after });
        loop {
            let options = ChangeOptions::new().from(after + 1).limit(self.rng.u64(1..10));
            let batch = kv.changes().read::<IgnoredAny>(options).await?;
            for change in &batch {
                self.note(Event::Saw { seq: change.seq });
                after = change.seq;
            }
            if batch.is_empty() {
                self.pause();
            }
        }
    }

    fn answered(&self, is_done: bool) {
        self.note(if is_done { Event::Done } else { Event::Refused });
    }

    /// A side effect that a resource does only for tokens that are not smaller than those it has seen.
    async fn effect(&mut self, thing: &str, token: u64) -> Result<()> {
        self.note(Event::Trying { thing: thing.to_owned(), token, act: Act::Effect });
        let key = effect_of(thing);
        let is_done = loop {
            let seen: Option<u64> = self.kv.get_as(&*key).await?;
            if seen.is_some_and(|seen| seen > token) {
                break false;
            }
            if self.kv.compare_and_set(&*key, seen, token).await? {
                break true;
            }
        };
        self.answered(is_done);
        Ok(())
    }
}
