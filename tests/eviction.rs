// Compares a full store that evicts with an unlimited one that mirrors the evictions. Each random command or
// transaction answers the same in both, or fails with `out-of-memory`; no key it names is evicted, and a failed command
// evicts nothing.

mod support;

use fastrand::Rng;
use omnikv::command::{Access, Bytes, Command, Key, Reply, ValueType};
use omnikv::engine::{Engine, Eviction, Limits, Tick};
use omnikv::error::{Kind, Result};
use std::collections::{BTreeMap, BTreeSet};
use support::agree::agree;
use support::commands::{Alphabet, Commands, plain_names};

/// After this many steps, new stores with other limits are used.
const SEQUENCE: usize = 400;
const SEQUENCES: usize = 250;

/// Excluded commands: two engines make different random choices.
const CHOICES: [&str; 5] = ["randomkey", "spop", "srandmember", "hrandfield", "zrandmember"];

/// A key's type, value (sorted if unordered) and deadline.
type Held = (ValueType, Vec<Bytes>, i64);

#[test]
fn eviction_spares_named_keys() {
    let mut rng = Rng::with_seed(support::seed());
    let mut seen = Seen::default();
    for _ in 0..SEQUENCES {
        Stores::new(&mut rng).run(&mut rng, &mut seen);
    }
    // The test must actually have reached full stores.
    assert!(seen.evicted > 1_000 && seen.refused > 1_000 && seen.failed > 1_000, "{seen:?}");
}

/// Counts what happened, to prove that the test tests something.
#[derive(Debug, Default)]
struct Seen {
    evicted: usize,
    refused: usize,
    failed: usize,
}

struct Stores {
    limits: Limits,
    full: Engine,
    boundless: Engine,
    now_ms: u64,
}

impl Stores {
    fn new(rng: &mut Rng) -> Stores {
        let eviction = if rng.bool() { Eviction::AllKeysLru } else { Eviction::VolatileTtl };
        let (max_keys, max_bytes) = match rng.u8(..3) {
            0 => (rng.u64(1..8), u64::MAX),
            1 => (u64::MAX, rng.u64(150..1_500)),
            _ => (rng.u64(2..8), rng.u64(150..1_500)),
        };
        let limits = Limits { max_bytes, max_keys, eviction };
        Stores {
            limits,
            full: Engine::new(limits, rng.u64(..)),
            boundless: Engine::new(Limits::default(), rng.u64(..)),
            now_ms: 1_800_000_000_000,
        }
    }

    fn run(mut self, rng: &mut Rng, seen: &mut Seen) {
        let mut commands = Commands { rng: rng.fork(), alphabet: Alphabet::Small, now_ms: self.now_ms };
        let mut before = BTreeMap::new();
        for step in 0..SEQUENCE {
            if rng.u8(..20) == 0 {
                self.now_ms += rng.u64(1..=3) * 10_000;
                commands.now_ms = self.now_ms;
                before = dump(&mut self.boundless, self.now_ms, rng);
            }
            let mut transaction = vec![command(&mut commands)];
            let is_transaction = rng.u8(..6) == 0;
            if is_transaction {
                transaction.extend((0..rng.usize(..4)).map(|_| command(&mut commands)));
                // Keyspace commands would see keys that an earlier command of the transaction has evicted.
                transaction.retain(|command| command.access() != Access::Keyspace);
            }
            let checked: Vec<Key> =
                before.keys().filter(|_| is_transaction && rng.u8(..6) == 0).cloned().collect();
            before = self
                .step(&checked, &transaction, is_transaction, before, rng, seen)
                .unwrap_or_else(|what| panic!("step {step}, {:?}, {transaction:?}: {what}", self.limits));
        }
    }

    /// Runs the commands in both stores and compares their contents.
    fn step(
        &mut self,
        checked: &[Key],
        commands: &[Command],
        is_transaction: bool,
        before: BTreeMap<Key, Held>,
        rng: &mut Rng,
        seen: &mut Seen,
    ) -> Result<BTreeMap<Key, Held>, String> {
        let tick = Tick::at(self.now_ms);
        let named: BTreeSet<&Key> = commands.iter().flat_map(named).chain(checked).collect();
        let evicted = self.full.evicted();
        let replies = if is_transaction {
            let checked: Vec<&Key> = checked.iter().collect();
            self.full.apply_together(&checked, commands, &tick)
        } else {
            self.full.apply_all(commands, &tick)
        };
        let evicted = self.full.evicted() - evicted;
        let mut all_failed = true;
        for (command, ours) in commands.iter().zip(&replies) {
            if matches!(ours, Err(error) if error.kind() == Kind::OutOfMemory) {
                seen.refused += 1;
                self.check_refused(command, &named)?;
                continue;
            }
            let theirs = self.boundless.apply(command, &tick);
            if !agree(command, ours, &theirs) {
                return Err(format!("{command:?} answers {ours:?}, and without limits {theirs:?}"));
            }
            all_failed &= ours.is_err();
        }
        let ours = dump(&mut self.full, self.now_ms, rng);
        let mut theirs = dump(&mut self.boundless, self.now_ms, rng);
        let gone: Vec<Key> = theirs.keys().filter(|key| !ours.contains_key(key)).cloned().collect();
        if let Some(key) = gone.iter().find(|key| named.contains(key)) {
            return Err(format!("{key} is gone, which it names"));
        }
        if evicted != gone.len() as u64 {
            return Err(format!("{gone:?} are gone, {evicted} are counted"));
        }
        let mut volatile = |key: &Key| theirs.get(key).is_some_and(|(_, _, deadline)| *deadline >= 0);
        if self.limits.eviction == Eviction::VolatileTtl && !gone.iter().all(&mut volatile) {
            return Err(format!("{gone:?} are gone, not all of which expire"));
        }
        if all_failed {
            seen.failed += 1;
            if !gone.is_empty() || ours != before {
                return Err(format!("it failed, and left {ours:?} of {before:?}"));
            }
        }
        theirs.retain(|key, _| ours.contains_key(key));
        if ours != theirs {
            return Err(format!("it leaves {ours:?}, and without limits {theirs:?}"));
        }
        let used = (self.full.used_bytes(), ours.len() as u64);
        if used.0 > self.limits.max_bytes || used.1 > self.limits.max_keys {
            return Err(format!("{used:?} are past the limits"));
        }
        seen.evicted += gone.len();
        let _ = self.boundless.apply(&Command::Del { keys: gone }, &tick);
        Ok(ours)
    }

    /// If only the number of keys is limited, a command is refused only if it names too many keys.
    fn check_refused(&self, command: &Command, named: &BTreeSet<&Key>) -> Result<(), String> {
        let Limits { max_keys, max_bytes, eviction } = self.limits;
        // A new key that one of these writes twice counts twice.
        let may_count_twice = matches!(command, Command::MSet { .. } | Command::MSetNx { .. });
        let fits = max_bytes == u64::MAX && named.len() as u64 <= max_keys && !may_count_twice;
        if eviction == Eviction::AllKeysLru && fits {
            return Err(format!("{command:?} was refused, though there was room for its keys"));
        }
        Ok(())
    }
}

fn command(commands: &mut Commands) -> Command {
    let names = plain_names();
    loop {
        let name = names[commands.rng.usize(..names.len())];
        if CHOICES.contains(&name) {
            continue;
        }
        let mut command = commands.command(name);
        // Pages of two tables differ; whole scans do not.
        if let Command::Scan { count, .. }
        | Command::HScan { count, .. }
        | Command::SScan { count, .. }
        | Command::ZScan { count, .. } = &mut command
        {
            *count = Some(100_000);
        }
        return command;
    }
}

fn named(command: &Command) -> Vec<&Key> {
    match command.access() {
        Access::Keys(keys) => keys,
        Access::Keyspace | Access::Records => Vec::new(),
    }
}

/// The whole content of a store. Reading the keys in random order randomizes their order of use.
fn dump(engine: &mut Engine, now_ms: u64, rng: &mut Rng) -> BTreeMap<Key, Held> {
    let mut ask = |command| engine.apply(&command, &Tick::at(now_ms)).expect("a question needs no room");
    let mut keys = values(ask(Command::Keys { pattern: "*".to_owned() }));
    keys.sort();
    rng.shuffle(&mut keys);
    keys.into_iter()
        .map(|key| {
            let key = Key(String::from_utf8(key).expect("a key is text"));
            let Reply::Int(deadline) = ask(Command::PExpireTime { key: key.clone() }) else {
                panic!("{key} has no time")
            };
            let kind = values(ask(Command::Type { key: key.clone() })).concat();
            let kind = ValueType::from_name(str::from_utf8(&kind).unwrap()).expect("what exists has a type");
            let held = match kind {
                ValueType::String => values(ask(Command::Get { key: key.clone() })),
                ValueType::List => values(ask(Command::LRange { key: key.clone(), start: 0, stop: -1 })),
                ValueType::Set => {
                    let mut members = values(ask(Command::SMembers { key: key.clone() }));
                    members.sort();
                    members
                }
                ValueType::SortedSet => {
                    let (cursor, pattern, count) = ("0".to_owned(), None, Some(1 << 30));
                    match ask(Command::ZScan { key: key.clone(), cursor, pattern, count }) {
                        Reply::Page(_, pairs) => {
                            let mut pairs: Vec<_> = pairs.chunks(2).collect();
                            pairs.sort();
                            pairs.concat()
                        }
                        other => panic!("no page: {other:?}"),
                    }
                }
                ValueType::Hash => {
                    let pairs = values(ask(Command::HGetAll { key: key.clone() }));
                    let mut pairs: Vec<_> = pairs.chunks(2).collect();
                    pairs.sort();
                    pairs.concat()
                }
                other => panic!("how is a {} read?", other.name()),
            };
            (key, (kind, held, deadline))
        })
        .collect()
}

fn values(reply: Reply) -> Vec<Bytes> {
    match reply {
        Reply::Bytes(value) => vec![value],
        Reply::List(values) => values.into_iter().flatten().collect(),
        other => panic!("{other:?} holds no values"),
    }
}
