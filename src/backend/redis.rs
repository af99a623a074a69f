// The Redis family: sends commands in Redis's words over any link. Values are Redis's own types, so that other clients
// see ordinary strings, lists, hashes and sets. How words travel does not matter here.

//! Servers that understand Redis's commands, over any [`Link`].
//!
//! Records, and everything built on them, are kept under keys that begin with `{omnikv}:`. These keys are never met by
//! commands on plain keys, and a plain key with such a name is refused with `invalid-argument`.

mod keyspace;
mod link;
mod records;
mod script;
pub(super) mod transaction;
mod turns;
mod watch;

pub use link::{Argv, Footprint, Link, Message, Repeat, Speaker, repeatable};
pub use watch::Lease;
pub(crate) use watch::{LONGEST, Watchers};

use super::{Backend, Capabilities, Check, Stats, Watch};
use crate::command::{Access, Command, Key, MAX_BIT_OFFSET, Reply, Shape};
use crate::dialect::{Value, of_server};
use crate::engine::reply::{MAX_ITEMS, too_large};
use crate::engine::{MAX_VALUE_BYTES, check_value_length};
use crate::error::{Error, Kind, Result};
use crate::host::BoxFuture;
use crate::host::bell::Bell;
use keyspace::Bounds;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use turns::Turns;

/// Redis allows keys as long as values; this is our limit.
const MAX_KEY_BYTES: u64 = MAX_VALUE_BYTES as u64;

/// How many commands on records one run of the script takes: a server does nothing else meanwhile.
const SCRIPT_COMMANDS: usize = 100;

/// How many fields a record has in a reply.
const RECORD_FIELDS: usize = 8;

/// A handle on a server that understands Redis's commands. Records need Redis 7.0 or newer.
pub struct Redis {
    /// `None` once closed. The link ends when the last reference to it is dropped.
    link: RwLock<Option<Arc<dyn Link>>>,
    name: &'static str,
    hits: AtomicU64,
    misses: AtomicU64,
    turns: Arc<Turns>,
    /// Rings when the handle is closed.
    closed: Bell,
}

impl Redis {
    /// Creates a handle over a link that it shares with other handles.
    pub fn new(link: Arc<dyn Link>) -> Redis {
        let name = link.name();
        Redis {
            link: RwLock::new(Some(link)),
            name,
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            turns: Arc::new(Turns::new()),
            closed: Bell::default(),
        }
    }

    fn link(&self) -> Result<Arc<dyn Link>> {
        let link = self.link.read().unwrap_or_else(PoisonError::into_inner);
        link.clone().ok_or_else(|| Error::new(Kind::Closed, "(store) is closed"))
    }

    async fn run(&self, command: &Command) -> Result<Reply> {
        let link = &*self.link()?;
        let reply = match Plan::of(command) {
            Plan::Words(argv) => {
                let message = message(&[], std::slice::from_ref(command), vec![argv]);
                match read_answer(command, single(link, message).await?) {
                    Ok(reply) if is_unnameable(command, &reply) => {
                        run_on_keyspace(link, command, &Bounds { start: "", end: None }).await
                    }
                    reply => reply,
                }
            }
            Plan::Empty { probe, reply } => ask(link, &probe).await.map(|_| reply),
            Plan::Nothing(reply) => Ok(reply),
            Plan::Refused(error) => Err(error),
            _ if link.speaker().await? == Speaker::Omnikv => {
                let message = message(&[], std::slice::from_ref(command), vec![command.to_argv()]);
                read_answer(command, single(link, message).await?)
            }
            Plan::Script if flushes_cluster(link, command) => {
                run_on_keyspace(link, command, &Bounds { start: "", end: None }).await
            }
            Plan::Script => script::run(link, &[], std::slice::from_ref(command)).await?.remove(0),
            Plan::Patch => {
                let _turn = self.turns.of(command).await;
                records::run(link, command).await
            }
            Plan::Keyspace(bounds) => run_on_keyspace(link, command, &bounds).await,
        }?;
        self.count(command, &reply);
        Ok(reply)
    }

    /// Runs commands in as few round trips as their order allows. If a round trip fails, replies of earlier ones are
    /// kept and later commands are not run.
    async fn run_all(&self, commands: &[Command]) -> Result<Vec<Result<Reply>>> {
        let link = &*self.link()?;
        if let Some(argvs) = all_in_redis(commands) {
            let answers = link.pipeline(message(&[], commands, argvs)).await?;
            return Ok(self.put(commands, vec![None; commands.len()], read_all(commands, answers)?));
        }
        let plans: Vec<_> = commands.iter().map(Plan::of).collect();
        if plans.iter().any(Plan::is_for_us) && link.speaker().await? == Speaker::Omnikv {
            // Commands on empty lists are not sent.
            let (asked, places) = Plan::without_nothing(commands);
            let argvs = asked.iter().map(Command::to_argv).collect();
            let answers = link.pipeline(message(&[], &asked, argvs)).await?;
            return Ok(self.put(commands, places, read_all(&asked, answers)?));
        }
        let mut replies = Vec::with_capacity(commands.len());
        while replies.len() < commands.len() {
            let (rest, plans) = (&commands[replies.len()..], &plans[replies.len()..]);
            let beginning = |is_in: fn(&(&Command, &Plan)) -> bool| {
                let count = rest.iter().zip(plans).take_while(is_in).count();
                &rest[..count]
            };
            let words = beginning(|(_, plan)| matches!(plan, Plan::Words(_)));
            let on_records =
                beginning(|(command, plan)| matches!(plan, Plan::Script) && command.row().is_on_records());
            let (group, answers) = match (words, on_records) {
                ([], []) => {
                    let reply = self.run(&rest[0]).await;
                    let failed = reply.as_ref().err().filter(|error| is_of_the_way(error)).cloned();
                    replies.push(reply);
                    (&rest[..0], failed.map_or(Ok(Vec::new()), Err))
                }
                ([], group) => {
                    let group = &group[..group.len().min(SCRIPT_COMMANDS)];
                    (group, script::run(link, &[], group).await)
                }
                (group, _) => (group, ask_all(link, group).await),
            };
            let failed = match answers {
                Ok(answers) => {
                    for (command, answer) in group.iter().zip(&answers) {
                        if let Ok(reply) = answer {
                            self.count(command, reply);
                        }
                    }
                    replies.extend(answers);
                    None
                }
                Err(error) if replies.is_empty() => return Err(error),
                Err(error) => {
                    replies.extend(std::iter::repeat_n(Err(error.clone()), group.len()));
                    Some(error)
                }
            };
            if let Some(error) = failed {
                let missing = commands.len() - replies.len();
                let not_run = Error::new(error.kind(), "was not run, because an earlier command failed");
                replies.extend(std::iter::repeat_n(Err(not_run), missing));
            }
        }
        Ok(replies)
    }

    /// Runs `RANDOMKEY` again where a batch has got a name that callers cannot use.
    async fn with_usable_names(
        &self,
        commands: &[Command],
        replies: Result<Vec<Result<Reply>>>,
    ) -> Result<Vec<Result<Reply>>> {
        let mut replies = replies?;
        for (command, reply) in commands.iter().zip(&mut replies) {
            if reply.as_ref().is_ok_and(|reply| is_unnameable(command, reply)) {
                *reply = self.run(command).await;
            }
        }
        Ok(replies)
    }

    async fn run_transaction(&self, checks: &[Check], commands: &[Command]) -> Result<Vec<Result<Reply>>> {
        let link = &*self.link()?;
        if checks.iter().any(|(key, _)| is_reserved(key.as_bytes())) {
            return Err(reserved());
        }
        if checks.is_empty()
            && let Some(argvs) = all_in_redis(commands)
        {
            let answers = link.transaction(message(&[], commands, argvs)).await?;
            return Ok(self.put(commands, vec![None; commands.len()], read_all(commands, answers)?));
        }
        // Commands that need no answer from the server are left out.
        let (asked, places) = Plan::without_nothing(commands);
        if link.speaker().await? == Speaker::Omnikv {
            let argvs = checks.iter().map(check).chain(asked.iter().map(Command::to_argv)).collect();
            let mut answers = link.transaction(message(checks, &asked, argvs)).await?;
            let answers = answers.split_off(checks.len().min(answers.len()));
            return Ok(self.put(commands, places, read_all(&asked, answers)?));
        }
        let cannot = |command: &&Command| {
            matches!(Plan::of(command), Plan::Keyspace(_)) || flushes_cluster(link, command)
        };
        if let Some(command) = commands.iter().find(cannot) {
            let message =
                format!("cannot be part of a transaction on Redis: run {} by itself", command.name());
            return Err(Error::new(Kind::Unsupported, message));
        }
        Ok(self.put(commands, places, script::run(link, checks, &asked).await?))
    }

    /// Puts the replies together with those that were known without asking.
    fn put(
        &self,
        commands: &[Command],
        places: Vec<Option<Result<Reply>>>,
        replies: Vec<Result<Reply>>,
    ) -> Vec<Result<Reply>> {
        let known = |(place, reply): (Option<Result<Reply>>, Result<Reply>)| match place {
            None => reply,
            Some(known) => reply.and(known),
        };
        let replies: Vec<_> = places.into_iter().zip(replies).map(known).collect();
        for (command, reply) in commands.iter().zip(&replies) {
            if let Ok(reply) = reply {
                self.count(command, reply);
            }
        }
        replies
    }

    /// Counts hits and misses of string reads, as far as the answers show them.
    fn count(&self, command: &Command, reply: &Reply) {
        let (hits, misses) = match (command, reply) {
            (Command::Get { .. } | Command::GetEx { .. } | Command::GetDel { .. }, Reply::Nil) => (0, 1),
            (Command::Get { .. } | Command::GetEx { .. } | Command::GetDel { .. }, _) => (1, 0),
            (Command::MGet { .. }, Reply::List(values)) => {
                let hits = values.iter().flatten().count() as u64;
                (hits, values.len() as u64 - hits)
            }
            (Command::RecordsGet { .. }, Reply::Nil) => (0, 1),
            (Command::RecordsGet { .. }, _) => (1, 0),
            (Command::RecordsGetMany { keys }, Reply::List(fields)) => {
                let found = fields.chunks(RECORD_FIELDS).filter(|fields| matches!(fields, [Some(_), ..]));
                let hits = found.count() as u64;
                (hits, keys.len() as u64 - hits)
            }
            _ => return,
        };
        self.hits.fetch_add(hits, Ordering::Relaxed);
        self.misses.fetch_add(misses, Ordering::Relaxed);
    }

    async fn read_stats(&self, prefix: &str) -> Result<Stats> {
        let link = &*self.link()?;
        let servers = info(link).await?;
        let number = |name: &str| {
            let of_one = |server: &BTreeMap<_, String>| server.get(name)?.parse::<u64>().ok();
            servers.iter().map(of_one).sum::<Option<u64>>().filter(|_| !servers.is_empty())
        };
        let (bytes, evicted) = (number("used_memory"), number("evicted_keys"));
        let keys = Bounds { start: prefix, end: None }.keys(link).await?;
        Ok(Stats {
            keys: keys.len() as u64,
            expiring_keys: keyspace::count_expiring(link, &keys).await?,
            hits: Some(self.hits.load(Ordering::Relaxed)),
            misses: Some(self.misses.load(Ordering::Relaxed)),
            bytes,
            evicted,
            server: servers.into_iter().next().unwrap_or_default(),
        })
    }
}

/// How to run a command on a server that only understands Redis's words.
enum Plan<'a> {
    /// With one Redis command.
    Words(Argv),
    /// Without asking: the reply is known.
    Nothing(Reply),
    /// The reply is known unless the key holds another type: `probe` finds out.
    Empty { probe: Command, reply: Reply },
    /// Not at all: it would exhaust the server.
    Refused(Error),
    /// With the script.
    Script,
    /// With the script, once to find out what patches are applied to.
    Patch,
    /// By scanning the keyspace.
    Keyspace(Bounds<'a>),
}

impl Plan<'_> {
    fn of(command: &Command) -> Plan<'_> {
        if let Some(error) = refusal(command) {
            return Plan::Refused(error);
        }
        if let Command::Flush { prefix } = command
            && prefix.is_empty()
        {
            return Plan::Script;
        }
        if let Some(argv) = command.to_redis() {
            return Plan::Words(argv);
        }
        match command {
            _ if command.row().is_on_records() && command.empty_list().is_none() => {
                if records::has_patch(command) { Plan::Patch } else { Plan::Script }
            }
            Command::MSet { .. }
            | Command::MSetNx { .. }
            | Command::CompareAndSet { .. }
            | Command::CompareAndDelete { .. } => Plan::Script,
            // Redis before 7.2 has no ranks with scores.
            Command::ZRank { .. } | Command::ZRevRank { .. } => Plan::Script,

            Command::Range { start, end, .. }
            | Command::Count { start, end }
            | Command::DeleteRange { start, end } => Plan::Keyspace(Bounds { start, end: end.as_deref() }),
            Command::Flush { prefix } | Command::RandomKey { prefix } => {
                Plan::Keyspace(Bounds { start: prefix, end: None })
            }

            // Empty lists, which Redis and our gateways reject.
            _ => {
                let reply = match command.reply() {
                    Shape::Texts
                    | Shape::Keys
                    | Shape::KeyPairs
                    | Shape::Pairs
                    | Shape::Scores
                    | Shape::Scored
                    | Shape::Places
                    | Shape::Found
                    | Shape::NumbersOrNothing
                    | Shape::Records
                    | Shape::Changes
                    | Shape::Tasks => Reply::List(Vec::new()),
                    Shape::Flags | Shape::Numbers => Reply::Ints(Vec::new()),
                    Shape::Flag | Shape::Number => Reply::Int(0),
                    Shape::Done => Reply::Ok,
                    Shape::Text
                    | Shape::Decimal
                    | Shape::Key
                    | Shape::OneOrMany
                    | Shape::KeyAndTexts
                    | Shape::Positions
                    | Shape::Page
                    | Shape::KeysPage
                    | Shape::PairsPage
                    | Shape::Score
                    | Shape::RankAndScore
                    | Shape::KeyAndScored
                    | Shape::ScoredPage
                    | Shape::Fields
                    | Shape::Head
                    | Shape::Record
                    | Shape::Task
                    | Shape::NumberOrNothing => Reply::Nil,
                };
                let access = command.access();
                let key = match &access {
                    Access::Keys(keys) if keys.len() == 1 => keys.first().map(|key| Key::clone(key)),
                    _ => None,
                };
                match (command.row().family, key) {
                    ("hashes", Some(key)) => Plan::Empty { probe: Command::HLen { key }, reply },
                    ("sets", Some(key)) => Plan::Empty { probe: Command::SCard { key }, reply },
                    ("zsets" | "geo", Some(key)) => Plan::Empty { probe: Command::ZCard { key }, reply },
                    _ => Plan::Nothing(reply),
                }
            }
        }
    }

    /// Whether one of our own gateways needs one round trip for what takes Redis several, or a script.
    fn is_for_us(&self) -> bool {
        matches!(self, Plan::Script | Plan::Patch | Plan::Keyspace(_))
    }

    /// The commands to send, and for each position the reply that is already known.
    fn without_nothing(commands: &[Command]) -> (Vec<Command>, Vec<Option<Result<Reply>>>) {
        // A harmless command takes the position, so that the answers stay aligned. It uses a key of the other commands:
        // on a cluster they run where their keys are.
        let key = commands.iter().find_map(|command| match command.access() {
            Access::Keys(keys) => keys.first().map(|key| Key::clone(key)),
            Access::Keyspace | Access::Records => None,
        });
        let look = || Command::Exists { keys: vec![key.clone().unwrap_or_else(|| "-".into())] };
        let place = |command: &Command| match Plan::of(command) {
            Plan::Empty { probe, reply } => (probe, Some(Ok(reply))),
            Plan::Nothing(reply) => (look(), Some(Ok(reply))),
            Plan::Refused(error) => (look(), Some(Err(error))),
            Plan::Words(_) | Plan::Script | Plan::Patch | Plan::Keyspace(_) => (command.clone(), None),
        };
        commands.iter().map(place).unzip()
    }
}

/// Why a bitmap must not get this many bits, if it must not.
fn check_bits(bits: u64) -> Option<Error> {
    check_value_length(usize::try_from(bits.div_ceil(8)).unwrap_or(usize::MAX)).err()
}

/// Why a command must not be sent to a server, which would run it.
fn refusal(command: &Command) -> Option<Error> {
    match command {
        _ if names_reserved(command) => Some(reserved()),
        Command::SetRange { offset, value, .. } if !value.is_empty() => {
            let length = offset.saturating_add(value.len() as u64);
            check_value_length(usize::try_from(length).unwrap_or(usize::MAX)).err()
        }
        Command::SetBit { offset, .. } if *offset <= MAX_BIT_OFFSET => check_bits(offset.saturating_add(1)),
        Command::BitField { operations, .. } => {
            check_bits(operations.iter().filter_map(|part| Some(part.written()?.end())).max().unwrap_or(0))
        }
        // With repeats: the server would collect them until it runs out of memory.
        Command::HRandField { count: Some(count @ ..0), .. }
        | Command::SRandMember { count: Some(count @ ..0), .. }
        | Command::ZRandMember { count: Some(count @ ..0), .. } => {
            (count.unsigned_abs() > MAX_ITEMS as u64).then(too_large)
        }
        _ => None,
    }
}

/// Runs a command on all keys within the bounds.
async fn run_on_keyspace(link: &dyn Link, command: &Command, bounds: &Bounds<'_>) -> Result<Reply> {
    match command {
        Command::Range { after, limit, reverse, keys_only, .. } => {
            let after = after.as_ref().map(String::as_bytes);
            keyspace::range(link, bounds, after, *limit, *reverse, !*keys_only).await
        }
        Command::Count { .. } => Ok(Reply::Int(bounds.keys(link).await?.len() as i64)),
        Command::RandomKey { .. } => {
            let mut keys = bounds.keys(link).await?;
            keys.retain(|key| str::from_utf8(key).is_ok());
            let chosen = (crate::host::random::seed()? % keys.len().max(1) as u64) as usize;
            Ok(keys.into_iter().nth(chosen).map_or(Reply::Nil, Reply::Bytes))
        }
        Command::Flush { .. } => {
            keyspace::delete(link, bounds).await?;
            // The keys are gone, whatever happens to the records.
            flush_records(link, command).await.map_err(Error::maybe_applied)
        }
        _ => keyspace::delete(link, bounds).await.map(Reply::Int),
    }
}

/// Removes the records of a prefix, and everything built on them, if there can be any.
async fn flush_records(link: &dyn Link, flush: &Command) -> Result<Reply> {
    let look = Command::Exists { keys: records::WITNESSES.map(Key::from).to_vec() };
    match ask(link, &look).await {
        Ok(Reply::Int(0)) => Ok(Reply::Ok),
        // This user may use keys of a prefix only, and has no records.
        Err(error) if error.kind() == Kind::PermissionDenied => Ok(Reply::Ok),
        Err(error) => Err(error),
        Ok(_) => script::run(link, &[], std::slice::from_ref(flush)).await?.remove(0),
    }
}

/// The words of these commands, if Redis has a single command for each.
fn all_in_redis(commands: &[Command]) -> Option<Vec<Argv>> {
    let words = |command| match Plan::of(command) {
        Plan::Words(argv) => Some(argv),
        _ => None,
    };
    commands.iter().map(words).collect()
}

/// A message with these commands, which run if the checks hold.
fn message(checks: &[Check], commands: &[Command], argvs: Vec<Argv>) -> Message {
    let looks = Command::MGet { keys: checks.iter().map(|(key, _)| key.clone()).collect() };
    // Retrying after its own writes have changed a checked key would report a false conflict.
    let repeat = match Repeat::of(commands) {
        Repeat::Same if !checks.is_empty() => Repeat::Never,
        repeat => repeat,
    };
    let footprint = Footprint::of(std::iter::once(&looks).chain(commands));
    Message { commands: argvs, repeat, footprint }
}

/// Sends a single command.
async fn single(link: &dyn Link, message: Message) -> Result<Value> {
    link.pipeline(message).await?.pop().ok_or_else(missing_answer)
}

fn read_all(commands: &[Command], answers: Vec<Value>) -> Result<Vec<Result<Reply>>> {
    if answers.len() != commands.len() {
        return Err(missing_answer());
    }
    Ok(commands.iter().zip(answers).map(|(command, answer)| read_answer(command, answer)).collect())
}

/// The reply to a command, without the names of keys that hold records.
fn read_answer(command: &Command, answer: Value) -> Result<Reply> {
    let mut reply = answer.into_reply(command)?;
    match (command, &mut reply) {
        (Command::Keys { .. }, Reply::List(keys)) => {
            keys.retain(|key| !key.as_ref().is_some_and(|key| is_reserved(key)));
        }
        (Command::Scan { .. }, Reply::Page(_, keys)) => keys.retain(|key| !is_reserved(key)),
        _ => {}
    }
    Ok(reply)
}

/// Whether a random key is not text, and therefore another program's, or holds records.
fn is_unnameable(command: &Command, reply: &Reply) -> bool {
    match (command, reply) {
        (Command::RandomKey { .. }, Reply::Bytes(key)) => is_reserved(key) || str::from_utf8(key).is_err(),
        _ => false,
    }
}

/// Whether a key holds records, or something built on them.
fn is_reserved(key: &[u8]) -> bool {
    key.starts_with(records::RESERVED.as_bytes())
}

fn names_reserved(command: &Command) -> bool {
    match command.access() {
        Access::Keys(keys) => keys.iter().any(|key| is_reserved(key.as_bytes())),
        Access::Keyspace | Access::Records => false,
    }
}

fn reserved() -> Error {
    Error::invalid_argument("(key) must not begin with {omnikv}: on Redis, where such keys hold records")
}

/// Whether the command removes everything from all servers of a cluster: no script can.
fn flushes_cluster(link: &dyn Link, command: &Command) -> bool {
    matches!(command, Command::Flush { .. }) && !link.is_one_place()
}

/// Whether the error is about the connection rather than an answer to the command.
fn is_of_the_way(error: &Error) -> bool {
    matches!(
        error.kind(),
        Kind::Unavailable | Kind::Timeout | Kind::RateLimited | Kind::Cancelled | Kind::Closed
    )
}

/// Runs one Redis command.
async fn ask(link: &dyn Link, command: &Command) -> Result<Reply> {
    ask_all(link, std::slice::from_ref(command)).await?.remove(0)
}

/// Runs Redis commands.
async fn ask_all(link: &dyn Link, commands: &[Command]) -> Result<Vec<Result<Reply>>> {
    if commands.is_empty() {
        return Ok(Vec::new());
    }
    let argvs = commands.iter().filter_map(Command::to_redis).collect();
    read_all(commands, link.pipeline(message(&[], commands, argvs)).await?)
}

/// The words that tell one of our gateways what a key must hold.
fn check((key, expected): &Check) -> Argv {
    let mut argv = vec![b"CHECK".to_vec(), key.as_bytes().to_vec()];
    argv.extend(expected.clone());
    argv
}

/// Each server's information about itself; some return none.
async fn info(link: &dyn Link) -> Result<Vec<BTreeMap<String, String>>> {
    match single(link, Message::question("INFO")).await? {
        Value::Array(servers) => servers.into_iter().map(facts).collect(),
        server => Ok(vec![facts(server)?]),
    }
}

fn facts(answer: Value) -> Result<BTreeMap<String, String>> {
    let text = match answer {
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
    Error::new(Kind::Internal, "(server) sent fewer replies than commands")
}

impl Backend for Redis {
    fn name(&self) -> &'static str {
        self.name
    }

    fn execute<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Reply>> {
        Box::pin(self.run(command))
    }

    fn execute_all<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(async { self.with_usable_names(commands, self.run_all(commands).await).await })
    }

    fn transaction<'a>(
        &'a self,
        checks: &'a [Check],
        commands: &'a [Command],
    ) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(async {
            self.with_usable_names(commands, self.run_transaction(checks, commands).await).await
        })
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
            records: true,
            consistency: "strong",
        }
    }

    fn watch(&self) -> Option<Arc<dyn Watch>> {
        let lease = self.link().ok()?.watch()?;
        Some(Arc::new(watch::Watcher { lease, closed: self.closed.clone() }))
    }

    fn another(&self) -> Result<Arc<dyn Backend>> {
        Ok(Arc::new(Redis { turns: Arc::clone(&self.turns), ..Redis::new(self.link()?) }))
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        drop(self.link.write().unwrap_or_else(PoisonError::into_inner).take());
        self.closed.ring();
        Box::pin(std::future::ready(Ok(())))
    }
}
