// Runs clients' commands on the store. No knowledge of HTTP.

use super::access::Rights;
use crate::command::{Bytes, Command, Effect, Key, Reply};
use crate::dialect::aliases::{Ask, Wording};
use crate::dialect::{Value, encoding, print_discarded};
use crate::error::{Error, Kind, Result};
use crate::host::Clock;
use crate::store::Store;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A store, and what clients ask of a server rather than of a store.
pub(crate) struct Runner {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    /// The number of writes through this gateway.
    pub writes: AtomicU64,
}

/// An answer, or a placeholder until the store replies.
pub(crate) enum Answer {
    Known(Result<Value>),
    Reply(Wording),
    Info,
}

impl Runner {
    /// Runs one command.
    pub async fn one(&self, argv: &[Bytes], rights: Rights) -> Result<Value> {
        let (place, command) = self.place(read(argv, rights));
        match command {
            Some(command) => {
                let reply = self.store.execute(command).await;
                self.fill(place, &mut vec![reply].into_iter()).await
            }
            None => self.fill(place, &mut Vec::new().into_iter()).await,
        }
    }

    /// Runs commands in one round trip, each with its own answer.
    pub async fn pipeline(&self, argvs: &[Vec<Bytes>], rights: Rights) -> Result<Vec<Result<Value>>> {
        let (places, commands): (Vec<_>, Vec<_>) =
            argvs.iter().map(|argv| self.place(read(argv, rights))).unzip();
        let replies = match commands.into_iter().flatten().collect::<Vec<_>>() {
            commands if commands.is_empty() => Vec::new(),
            commands => self.store.execute_all(commands).await?,
        };
        Ok(self.fill_all(places, replies).await)
    }

    /// Runs commands as a transaction. Returns an error text instead of answers if a command is malformed or a check
    /// fails; then nothing has run.
    pub async fn transaction(
        &self,
        argvs: &[Vec<Bytes>],
        rights: Rights,
    ) -> Result<Result<Vec<Result<Value>>, String>> {
        let mut asks = Vec::with_capacity(argvs.len());
        for argv in argvs {
            match read(argv, rights) {
                Ok(ask) => asks.push(ask),
                Err(error) => return Ok(Err(print_discarded(&error))),
            }
        }
        let head = asks.iter().take_while(|ask| matches!(ask, Ask::Check(..))).count();
        let rest = asks.split_off(head);
        let checks = asks.into_iter().filter_map(|ask| match ask {
            Ask::Check(key, expected) => Some((key, expected)),
            _ => None,
        });
        if rest.iter().any(|ask| matches!(ask, Ask::Check(..))) {
            return Ok(Err(print_discarded(&misplaced())));
        }
        let (places, commands): (Vec<_>, Vec<_>) = rest.into_iter().map(|ask| self.place(Ok(ask))).unzip();
        let replies =
            self.store.transaction(checks.collect(), commands.into_iter().flatten().collect()).await?;
        let mut answers: Vec<_> = std::iter::repeat_n(Ok(Value::Status("OK".to_owned())), head).collect();
        answers.extend(self.fill_all(places, replies).await);
        Ok(Ok(answers))
    }

    /// Where the answer comes from, and the command that produces it.
    pub fn place(&self, ask: Result<Ask>) -> (Answer, Option<Command>) {
        match ask {
            Ok(Ask::Run(command, wording)) => {
                if command.effect() != Effect::Read {
                    self.writes.fetch_add(1, Ordering::Relaxed);
                }
                (Answer::Reply(wording), Some(command))
            }
            Ok(Ask::Say(value)) => (Answer::Known(Ok(value)), None),
            Ok(Ask::Time) => (Answer::Known(Ok(self.time())), None),
            Ok(Ask::Info) => (Answer::Info, None),
            Ok(Ask::Check(..)) => (Answer::Known(Err(misplaced())), None),
            Err(error) => (Answer::Known(Err(error)), None),
        }
    }

    async fn fill_all(&self, places: Vec<Answer>, replies: Vec<Result<Reply>>) -> Vec<Result<Value>> {
        let mut replies = replies.into_iter();
        let mut answers = Vec::with_capacity(places.len());
        for place in places {
            answers.push(self.fill(place, &mut replies).await);
        }
        answers
    }

    pub async fn fill(
        &self,
        place: Answer,
        replies: &mut impl Iterator<Item = Result<Reply>>,
    ) -> Result<Value> {
        match place {
            Answer::Known(answer) => answer,
            Answer::Info => self.info().await,
            Answer::Reply(wording) => {
                let missing = || Err(Error::new(Kind::Internal, "(store) sent fewer replies than commands"));
                let reply = replies.next().unwrap_or_else(missing);
                match (wording, reply) {
                    (Wording::Encoding(key), Ok(Reply::Bytes(kind))) => self.encoding(&key, &kind).await,
                    (Wording::WithTypes, Ok(Reply::Page(cursor, keys))) => {
                        self.with_types(cursor, keys).await
                    }
                    (wording, reply) => wording.phrase(reply),
                }
            }
        }
    }

    /// How Redis would store the key's value, which has this type.
    async fn encoding(&self, key: &Key, kind: &[u8]) -> Result<Value> {
        if kind == b"none" {
            return Ok(Value::Nil);
        }
        let mut value = None;
        if let Some([size, read]) = encoding::questions(kind, key)
            && let Reply::Int(size) = self.store.execute(size).await?
            && encoding::depends_on_value(kind, size)
        {
            value = Some(self.store.execute(read).await?);
        }
        Ok(Value::Bytes(encoding::name(kind, value.as_ref()).into()))
    }

    /// A page of keys, each followed by its type, without those that no longer exist.
    async fn with_types(&self, cursor: String, keys: Vec<Bytes>) -> Result<Value> {
        let mut page = Vec::new();
        let keys: Vec<String> = keys.into_iter().filter_map(|key| String::from_utf8(key).ok()).collect();
        let asked = keys.iter().map(|key| Command::Type { key: key.as_str().into() }).collect::<Vec<_>>();
        let kinds = if asked.is_empty() { Vec::new() } else { self.store.execute_all(asked).await? };
        for (key, kind) in keys.into_iter().zip(kinds) {
            match kind? {
                Reply::Bytes(kind) if kind != b"none" => page.extend([key.into_bytes(), kind]),
                _ => {}
            }
        }
        Ok(Value::from(Ok(Reply::Page(cursor, page))))
    }

    /// Seconds since 1970, and microseconds.
    pub fn time(&self) -> Value {
        let now = self.clock.now_ms();
        let text = |number: u64| Value::Bytes(number.to_string().into_bytes());
        Value::Array(vec![text(now / 1000), text(now % 1000 * 1000)])
    }

    async fn info(&self) -> Result<Value> {
        let stats = self.store.stats().await?;
        let mut facts = stats.server;
        let mut tell = |name: &str, fact: Option<u64>| {
            if let Some(fact) = fact {
                facts.entry(name.to_owned()).or_insert_with(|| fact.to_string());
            }
        };
        tell("used_memory", stats.bytes);
        tell("evicted_keys", stats.evicted);
        facts.insert("omnikv_version".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
        facts.insert("db0".to_owned(), format!("keys={},expires={}", stats.keys, stats.expiring_keys));
        let lines: Vec<_> = facts.into_iter().map(|(name, fact)| format!("{name}:{fact}\r\n")).collect();
        Ok(Value::Bytes(format!("# Server\r\n{}", lines.concat()).into_bytes()))
    }
}

/// Parses the words, if the sender is allowed to use them.
fn read(argv: &[Bytes], rights: Rights) -> Result<Ask> {
    let ask = Ask::parse(argv)?;
    if let Ask::Run(command, _) = &ask {
        rights.allow(command)?;
    }
    Ok(ask)
}

fn misplaced() -> Error {
    Error::invalid_argument("CHECK must come first in a transaction").in_op("check")
}
