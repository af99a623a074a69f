// The Redis family: commands as Redis's words over any link. Values are Redis's own types, so that every other client sees
// ordinary strings, lists, hashes and sets. It must not know how words travel.

//! Servers that speak Redis's commands, over any [`Link`].

mod keyspace;
mod link;
mod script;

pub use link::{Argv, Link, Message, Repeat, Speaker};

use super::{Backend, Capabilities, Check, Stats};
use crate::command::{Command, Reply};
use crate::dialect::{Value, of_server};
use crate::engine::MAX_VALUE_BYTES;
use crate::error::{Error, Kind, Result};
use crate::host::BoxFuture;
use keyspace::Bounds;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A key in Redis can be as long as a value; this is as far as ours go.
const MAX_KEY_BYTES: u64 = MAX_VALUE_BYTES as u64;

/// One handle on a server that speaks Redis's commands.
pub struct Redis {
    link: Arc<dyn Link>,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl Redis {
    /// A handle over a link, which it shares with others.
    pub fn new(link: Arc<dyn Link>) -> Redis {
        Redis { link, hits: AtomicU64::new(0), misses: AtomicU64::new(0) }
    }

    async fn run(&self, command: &Command) -> Result<Reply> {
        let link = &*self.link;
        let reply = match Plan::of(command) {
            Plan::Words(argv) => {
                let answer = single(link, argv, Repeat::of(std::slice::from_ref(command))).await?;
                answer.into_reply(command)
            }
            Plan::Empty { probe, reply } => ask(link, &probe).await.map(|_| reply),
            Plan::Nothing(reply) => Ok(reply),
            _ if link.speaker().await? == Speaker::Omnikv => {
                single(link, command.to_argv(), Repeat::of(std::slice::from_ref(command)))
                    .await?
                    .into_reply(command)
            }
            Plan::Script => {
                let answer =
                    single(link, script::eval(&[], std::slice::from_ref(command))?, Repeat::Never).await?;
                script::read(std::slice::from_ref(command), answer)?.remove(0)
            }
            Plan::Keyspace(bounds) => self.run_on_keyspace(command, &bounds).await,
        }?;
        self.count(command, &reply);
        Ok(reply)
    }

    async fn run_on_keyspace(&self, command: &Command, bounds: &Bounds<'_>) -> Result<Reply> {
        let link = &*self.link;
        match command {
            Command::Range { limit, reverse, .. } => keyspace::range(link, bounds, *limit, *reverse).await,
            Command::Count { .. } => Ok(Reply::Int(bounds.keys(link).await?.len() as i64)),
            Command::RandomKey { .. } => {
                let keys = bounds.keys(link).await?;
                let chosen = (crate::host::random::seed()? % keys.len().max(1) as u64) as usize;
                Ok(keys.into_iter().nth(chosen).map_or(Reply::Nil, Reply::Bytes))
            }
            Command::Flush { .. } => keyspace::delete(link, bounds).await.map(|_| Reply::Ok),
            _ => keyspace::delete(link, bounds).await.map(Reply::Int),
        }
    }

    /// Runs commands in as few trips as their order allows.
    async fn run_all(&self, commands: &[Command]) -> Result<Vec<Result<Reply>>> {
        if self.link_takes_all(commands).await? {
            let argvs = commands.iter().map(Command::to_argv).collect();
            return self.trip(commands, argvs).await;
        }
        let mut replies = Vec::with_capacity(commands.len());
        let mut waiting = 0..0;
        for (index, command) in commands.iter().enumerate() {
            if matches!(Plan::of(command), Plan::Words(_)) {
                waiting.end = index + 1;
                continue;
            }
            replies.extend(self.run_words(commands.get(waiting.clone()).unwrap_or_default()).await?);
            replies.push(self.run(command).await);
            waiting = index + 1..index + 1;
        }
        replies.extend(self.run_words(commands.get(waiting).unwrap_or_default()).await?);
        Ok(replies)
    }

    /// Whether the server takes all of these in our own words, and could not in Redis's.
    async fn link_takes_all(&self, commands: &[Command]) -> Result<bool> {
        let in_redis = commands.iter().all(|command| matches!(Plan::of(command), Plan::Words(_)));
        Ok(!in_redis && self.link.speaker().await? == Speaker::Omnikv)
    }

    async fn run_words(&self, commands: &[Command]) -> Result<Vec<Result<Reply>>> {
        if commands.is_empty() {
            return Ok(Vec::new());
        }
        let argvs = commands.iter().filter_map(Command::to_redis).collect();
        self.trip(commands, argvs).await
    }

    async fn trip(&self, commands: &[Command], argvs: Vec<Argv>) -> Result<Vec<Result<Reply>>> {
        let answers = self.link.pipeline(message(commands, argvs)).await?;
        self.read_all(commands, answers)
    }

    fn read_all(&self, commands: &[Command], answers: Vec<Value>) -> Result<Vec<Result<Reply>>> {
        if answers.len() != commands.len() {
            return Err(missing_answer());
        }
        let read = |(command, answer): (&Command, Value)| {
            let reply = answer.into_reply(command)?;
            self.count(command, &reply);
            Ok(reply)
        };
        Ok(commands.iter().zip(answers).map(read).collect())
    }

    async fn run_transaction(&self, checks: &[Check], commands: &[Command]) -> Result<Vec<Result<Reply>>> {
        let link = &*self.link;
        if self.link.speaker().await? == Speaker::Omnikv {
            let mut argvs: Vec<Argv> = checks.iter().map(check).collect();
            argvs.extend(commands.iter().map(Command::to_argv));
            let mut answers = link.transaction(message(commands, argvs)).await?;
            let answers = answers.split_off(checks.len().min(answers.len()));
            return self.read_all(commands, answers);
        }
        if let Some(command) = commands.iter().find(|command| matches!(Plan::of(command), Plan::Keyspace(_)))
        {
            let message =
                format!("cannot be part of a transaction on Redis: run {} by itself", command.name());
            return Err(Error::new(Kind::Unsupported, message));
        }
        if checks.is_empty() && commands.iter().all(Command::in_redis) {
            let argvs = commands.iter().filter_map(Command::to_redis).collect();
            let answers = link.transaction(message(commands, argvs)).await?;
            return self.read_all(commands, answers);
        }
        // What needs no word of the server's own is left out of the script.
        let (asked, places) = Plan::without_nothing(commands);
        let answer = single(link, script::eval(checks, &asked)?, Repeat::Never).await?;
        let mut replies = script::read(&asked, answer)?.into_iter();
        let put = |place: Option<Reply>| match (place, replies.next()) {
            (None, Some(reply)) => reply,
            (Some(known), Some(probed)) => probed.map(|_| known),
            (_, None) => Err(missing_answer()),
        };
        let replies: Vec<_> = places.into_iter().map(put).collect();
        for (command, reply) in commands.iter().zip(&replies) {
            if let Ok(reply) = reply {
                self.count(command, reply);
            }
        }
        Ok(replies)
    }

    /// Counts what strings were found and what were not: what the server's answers tell without asking more.
    fn count(&self, command: &Command, reply: &Reply) {
        let (hits, misses) = match (command, reply) {
            (Command::Get { .. } | Command::GetEx { .. } | Command::GetDel { .. }, Reply::Nil) => (0, 1),
            (Command::Get { .. } | Command::GetEx { .. } | Command::GetDel { .. }, _) => (1, 0),
            (Command::MGet { .. }, Reply::List(values)) => {
                let hits = values.iter().flatten().count() as u64;
                (hits, values.len() as u64 - hits)
            }
            _ => return,
        };
        self.hits.fetch_add(hits, Ordering::Relaxed);
        self.misses.fetch_add(misses, Ordering::Relaxed);
    }

    async fn read_stats(&self, prefix: &str) -> Result<Stats> {
        let link = &*self.link;
        let server = info(link).await?;
        let number = |name: &str| server.get(name).and_then(|text| text.parse().ok());
        let keys = Bounds { start: prefix, end: None }.keys(link).await?;
        Ok(Stats {
            keys: keys.len() as u64,
            expiring_keys: keyspace::count_expiring(link, &keys).await?,
            hits: Some(self.hits.load(Ordering::Relaxed)),
            misses: Some(self.misses.load(Ordering::Relaxed)),
            bytes: number("used_memory"),
            evicted: number("evicted_keys"),
            server,
        })
    }
}

/// How a server that speaks only Redis's words is made to do something.
enum Plan<'a> {
    /// One command of Redis.
    Words(Argv),
    /// Nothing is to be done.
    Nothing(Reply),
    /// Nothing is to be done, unless the key holds another type: `probe` finds that out.
    Empty { probe: Command, reply: Reply },
    /// The script.
    Script,
    /// A walk through the keyspace.
    Keyspace(Bounds<'a>),
}

impl Plan<'_> {
    fn of(command: &Command) -> Plan<'_> {
        if let Some(argv) = command.to_redis() {
            return Plan::Words(argv);
        }
        match command {
            Command::MSet { .. }
            | Command::MSetNx { .. }
            | Command::CompareAndSet { .. }
            | Command::CompareAndDelete { .. } => Plan::Script,

            Command::Range { start, end, .. }
            | Command::Count { start, end }
            | Command::DeleteRange { start, end } => Plan::Keyspace(Bounds { start, end: end.as_deref() }),
            Command::Flush { prefix } | Command::RandomKey { prefix } => {
                Plan::Keyspace(Bounds { start: prefix, end: None })
            }

            // Lists of nothing, which Redis refuses.
            Command::HMGet { key, .. } => {
                Plan::Empty { probe: Command::HLen { key: key.clone() }, reply: Reply::List(Vec::new()) }
            }
            Command::HDel { key, .. } => {
                Plan::Empty { probe: Command::HLen { key: key.clone() }, reply: Reply::Int(0) }
            }
            Command::SRem { key, .. } => {
                Plan::Empty { probe: Command::SCard { key: key.clone() }, reply: Reply::Int(0) }
            }
            Command::SMIsMember { key, .. } => {
                Plan::Empty { probe: Command::SCard { key: key.clone() }, reply: Reply::Ints(Vec::new()) }
            }
            Command::MGet { .. } => Plan::Nothing(Reply::List(Vec::new())),
            _ => Plan::Nothing(Reply::Int(0)),
        }
    }

    /// The commands that a script runs in their places, and what is known of the reply in each.
    fn without_nothing(commands: &[Command]) -> (Vec<Command>, Vec<Option<Reply>>) {
        let place = |command: &Command| match Plan::of(command) {
            Plan::Empty { probe, reply } => (probe, Some(reply)),
            // Something harmless in its place keeps the answers in step.
            Plan::Nothing(reply) => (Command::Exists { keys: vec!["-".into()] }, Some(reply)),
            Plan::Words(_) | Plan::Script | Plan::Keyspace(_) => (command.clone(), None),
        };
        commands.iter().map(place).unzip()
    }
}

fn message(commands: &[Command], argvs: Vec<Argv>) -> Message {
    Message { commands: argvs, repeat: Repeat::of(commands) }
}

/// Sends one command's words.
async fn single(link: &dyn Link, argv: Argv, repeat: Repeat) -> Result<Value> {
    let mut answers = link.pipeline(Message { commands: vec![argv], repeat }).await?;
    answers.pop().ok_or_else(missing_answer)
}

/// Runs one command that is Redis's.
async fn ask(link: &dyn Link, command: &Command) -> Result<Reply> {
    ask_all(link, std::slice::from_ref(command)).await?.remove(0)
}

/// Runs commands that are Redis's.
async fn ask_all(link: &dyn Link, commands: &[Command]) -> Result<Vec<Result<Reply>>> {
    if commands.is_empty() {
        return Ok(Vec::new());
    }
    let argvs = commands.iter().filter_map(Command::to_redis).collect();
    let answers = link.pipeline(message(commands, argvs)).await?;
    if answers.len() != commands.len() {
        return Err(missing_answer());
    }
    Ok(commands.iter().zip(answers).map(|(command, answer)| answer.into_reply(command)).collect())
}

/// The words by which one of our gateways is told what a key must hold.
fn check((key, expected): &Check) -> Argv {
    let mut argv = vec![b"CHECK".to_vec(), key.as_bytes().to_vec()];
    argv.extend(expected.clone());
    argv
}

/// The server's facts about itself; some servers tell none.
async fn info(link: &dyn Link) -> Result<BTreeMap<String, String>> {
    let text = match single(link, vec![b"INFO".to_vec()], Repeat::Harmless).await? {
        Value::Bytes(text) => String::from_utf8_lossy(&text).into_owned(),
        Value::Status(text) => text,
        Value::Error(text) if of_server(&text).kind() == Kind::PermissionDenied => {
            return Err(of_server(&text));
        }
        _ => String::new(),
    };
    let facts = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(':'));
    Ok(facts.map(|(name, fact)| (name.to_owned(), fact.trim_end().to_owned())).collect())
}

fn missing_answer() -> Error {
    Error::new(Kind::Internal, "(server) gave fewer answers than it was sent commands")
}

impl Backend for Redis {
    fn name(&self) -> &'static str {
        self.link.name()
    }

    fn execute<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Reply>> {
        Box::pin(self.run(command))
    }

    fn execute_all<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(self.run_all(commands))
    }

    fn transaction<'a>(
        &'a self,
        checks: &'a [Check],
        commands: &'a [Command],
    ) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(self.run_transaction(checks, commands))
    }

    fn stats<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Stats>> {
        Box::pin(self.read_stats(prefix))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            atomic: true,
            ordered: false,
            exact_counts: true,
            ttl_minimum_ms: 1,
            max_key_bytes: MAX_KEY_BYTES,
            max_value_bytes: MAX_VALUE_BYTES as u64,
            consistency: "strong",
        }
    }

    fn again(&self) -> Result<Arc<dyn Backend>> {
        Ok(Arc::new(Redis::new(Arc::clone(&self.link))))
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.link.close()
    }
}
