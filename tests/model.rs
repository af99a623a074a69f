// The model test: random commands, with time passing between them, in our engine and in a real redis-server. All
// answers and the final contents must be the same.
//
// OMNIKV_MODEL_COMMANDS sets the number of commands (100,000); OMNIKV_MODEL_SEED=n repeats the sequence of that seed;
// OMNIKV_MODEL_FAMILY=zsets draws mostly commands of that family.

mod support;

use fastrand::Rng;
use omnikv::command::{Bytes, Command, ExpireCondition, Expiry, Key, Reply, ValueType};
use omnikv::engine::{Engine, Limits, Tick};
use omnikv::error::{Error, Kind, Result};
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};
use support::agree::{agree, is_a_choice};
use support::commands::{Alphabet, Commands, plain_names};
use support::number;
use support::oracle::Oracle;

/// The time at which every sequence begins.
const START_MS: u64 = 1_800_000_000_000;
/// Commands per sequence; both stores are emptied after each.
const SEQUENCE: usize = 1000;
/// Commands sent to Redis in one round trip.
const BATCH: usize = 100;
/// Deadlines are 5 s away from any time that the clock shows, because in Redis they drift while a batch runs.
const LONGEST_BATCH: Duration = Duration::from_secs(2);

#[derive(Clone)]
enum Step {
    Command(Command),
    /// Time passes by this many milliseconds: a multiple of 10 s, while deadlines are 5 s after one.
    Advance(u64),
}

enum Failure {
    /// The machine stalled for so long that deadlines are no longer comparable.
    Stall,
    Difference {
        /// How many steps lead to it.
        steps: usize,
        what: String,
    },
}

#[test]
fn the_engine_matches_redis() {
    let mut oracle = Oracle::start();
    if let Some(seed) = number("OMNIKV_MODEL_SEED") {
        return check(seed, &mut oracle);
    }
    let commands = number("OMNIKV_MODEL_COMMANDS").unwrap_or(100_000);
    let first = fastrand::u64(..);
    for number in 0..commands.div_ceil(SEQUENCE as u64) {
        check(first.wrapping_add(number), &mut oracle);
    }
}

fn check(seed: u64, oracle: &mut Oracle) {
    let steps = generate(seed);
    if let Err((steps, what)) = run(&steps, oracle) {
        let steps = shrink(steps, oracle);
        let what = run(&steps, oracle).err().map_or(what, |(_, what)| what);
        let lines: Vec<_> = steps.iter().map(line).collect();
        panic!("after\n  {}\n{what}\nOMNIKV_MODEL_SEED={seed} replays it", lines.join("\n  "));
    }
}

fn generate(seed: u64) -> Vec<Step> {
    let mut commands = Commands { rng: Rng::with_seed(seed), alphabet: Alphabet::Small, now_ms: START_MS };
    let family = std::env::var("OMNIKV_MODEL_FAMILY").ok();
    let (mut names, mut steps) = (plain_names(), Vec::new());
    if let Some(family) = family {
        // Others are drawn too, but rarely.
        let of_family = Command::TABLE.iter().filter(|row| row.family == family).map(|row| row.name);
        names.extend(of_family.collect::<Vec<_>>().repeat(30));
    }
    while steps.len() < SEQUENCE {
        if commands.rng.u8(..40) == 0 {
            let ms = commands.rng.u64(1..=3) * 10_000;
            commands.now_ms += ms;
            steps.push(Step::Advance(ms));
        }
        let name = names[commands.rng.usize(..names.len())];
        let command = commands.command(name);
        if command.in_redis() {
            steps.push(Step::Command(command));
        }
    }
    steps
}

/// Runs the steps in both stores. On a difference, returns its description and the steps that lead to it.
fn run(steps: &[Step], oracle: &mut Oracle) -> Result<(), (Vec<Step>, String)> {
    for _ in 0..10 {
        match Stores::new(oracle).run(steps) {
            Ok(()) => return Ok(()),
            Err(Failure::Difference { steps: count, what }) => return Err((steps[..count].to_vec(), what)),
            Err(Failure::Stall) => {}
        }
    }
    panic!("this machine is too slow to compare deadlines")
}

/// Removes all steps that are not needed for the difference.
fn shrink(mut steps: Vec<Step>, oracle: &mut Oracle) -> Vec<Step> {
    let mut size = steps.len().div_ceil(2);
    loop {
        let (mut at, before) = (0, steps.len());
        while at < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(at..(at + size).min(steps.len()));
            match run(&fewer, oracle) {
                Err((shorter, _)) => steps = shorter,
                Ok(()) => at += size,
            }
        }
        if size == 1 && steps.len() == before {
            return steps;
        }
        size = size.div_ceil(2);
    }
}

fn line(step: &Step) -> String {
    match step {
        Step::Advance(ms) => format!("({ms} ms pass)"),
        Step::Command(command) => {
            let words = command.to_argv();
            words.iter().map(|word| format!("\"{}\"", word.escape_ascii())).collect::<Vec<_>>().join(" ")
        }
    }
}

/// The engine and Redis, with the same time on both clocks.
struct Stores<'o> {
    engine: Engine,
    oracle: &'o mut Oracle,
    now_ms: u64,
}

impl Stores<'_> {
    fn new(oracle: &mut Oracle) -> Stores<'_> {
        oracle.clear();
        Stores { engine: Engine::new(Limits::default(), 1), oracle, now_ms: START_MS }
    }

    fn run(mut self, steps: &[Step]) -> Result<(), Failure> {
        let mut done = 0;
        for batch in batches(steps) {
            let commands: Vec<_> = batch
                .iter()
                .filter_map(|step| match step {
                    Step::Command(command) => Some(command.clone()),
                    Step::Advance(ms) => {
                        self.now_ms += ms;
                        None
                    }
                })
                .collect();
            done += batch.len() - commands.len();
            self.run_batch(&commands, done)?;
            done += commands.len();
        }
        self.compare_all(done)?;
        self.compare_bytes(done)
    }

    /// Runs commands at one time, in one round trip to Redis.
    fn run_batch(&mut self, commands: &[Command], before: usize) -> Result<(), Failure> {
        let begin = Instant::now();
        self.oracle.set_clock(self.now_ms);
        let asked: Vec<_> = commands.iter().map(in_one_page).collect();
        let theirs = self.oracle.pipeline(&asked);
        if begin.elapsed() > LONGEST_BATCH {
            return Err(Failure::Stall);
        }
        for (number, (command, theirs)) in commands.iter().zip(theirs).enumerate() {
            let steps = before + number + 1;
            // A panic is a difference too, and is shrunk in the same way.
            let compared = catch_unwind(AssertUnwindSafe(|| self.compare(command, theirs)));
            let compared = compared.unwrap_or_else(|_| Err("the engine panicked".to_owned()));
            compared.map_err(|what| Failure::Difference { steps, what })?;
        }
        Ok(())
    }

    fn apply(&mut self, command: &Command) -> Result<Reply> {
        self.engine.apply(command, &Tick::at(self.now_ms))
    }

    /// Runs the command that Redis has answered on the engine, and compares. Where both may differ, brings the engine
    /// to Redis's state.
    fn compare(&mut self, command: &Command, theirs: Result<Reply>) -> Result<(), String> {
        match command {
            Command::RandomKey { .. }
            | Command::SRandMember { .. }
            | Command::HRandField { .. }
            | Command::ZRandMember { .. } => {
                let all = self.items(command);
                let ours = self.apply(command);
                accept(are_choices(command, &all, &ours, &theirs), &ours, &theirs)
            }
            Command::SPop { key, .. } => {
                let all = self.items(command);
                let ours = self.apply(command);
                accept(are_choices(command, &all, &ours, &theirs), &ours, &theirs)?;
                let (back, out) = (values(&ours), values(&theirs));
                // If it removed everything, the key is gone and there is nothing to restore.
                if back.len() < all.map_or(0, |all| all.len()) {
                    let _ = self.apply(&Command::SAdd { key: key.clone(), members: back });
                    let _ = self.apply(&Command::SRem { key: key.clone(), members: out });
                }
                Ok(())
            }
            Command::Expire { .. }
            | Command::PExpire { .. }
            | Command::ExpireAt { .. }
            | Command::PExpireAt { .. }
                if self.is_a_tie(command) =>
            {
                match theirs {
                    Ok(Reply::Int(0)) => Ok(()),
                    theirs => {
                        let ours = self.apply(&unconditional(command));
                        accept(agree(command, &ours, &theirs), &ours, &theirs)
                    }
                }
            }
            Command::Scan { .. } | Command::HScan { .. } | Command::SScan { .. } | Command::ZScan { .. } => {
                let ours = self.drain(command);
                accept(agree(command, &ours, &theirs), &ours, &theirs)
            }
            _ => {
                let ours = self.apply(command);
                accept(agree(command, &ours, &theirs), &ours, &theirs)?;
                self.take_over_float(command, &ours, theirs);
                Ok(())
            }
        }
    }

    /// The items a random command chooses from; an error if there are none.
    fn items(&mut self, command: &Command) -> Result<Vec<Vec<Bytes>>> {
        let (all, width) = match command {
            Command::RandomKey { .. } => (Command::Keys { pattern: "*".to_owned() }, 1),
            Command::SRandMember { key, .. } | Command::SPop { key, .. } => {
                (Command::SMembers { key: key.clone() }, 1)
            }
            Command::HRandField { key, .. } => (Command::HGetAll { key: key.clone() }, 2),
            Command::ZRandMember { key, .. } => (reading(key.clone(), ValueType::SortedSet), 2),
            _ => unreachable!("{} chooses nothing", command.name()),
        };
        let all = self.apply(&all);
        all.as_ref().map_err(Error::clone)?;
        Ok(values(&all).chunks(width).map(<[Bytes]>::to_vec).collect())
    }

    /// Whether GT or LT compares deadlines that are equal except for the duration of a batch.
    fn is_a_tie(&mut self, command: &Command) -> bool {
        let (key, new, condition) = match command {
            Command::Expire { key, seconds, condition } => {
                (key, seconds.saturating_mul(1000).saturating_add_unsigned(self.now_ms), condition)
            }
            Command::PExpire { key, milliseconds, condition } => {
                (key, milliseconds.saturating_add_unsigned(self.now_ms), condition)
            }
            Command::ExpireAt { key, seconds, condition } => (key, seconds.saturating_mul(1000), condition),
            Command::PExpireAt { key, milliseconds, condition } => (key, *milliseconds, condition),
            _ => return false,
        };
        let compares = matches!(
            condition,
            Some(ExpireCondition::Later | ExpireCondition::Earlier | ExpireCondition::EarlierThanSome)
        );
        match self.apply(&Command::PExpireTime { key: key.clone() }) {
            Ok(Reply::Int(old @ 0..)) => compares && old.abs_diff(new) < 4000,
            _ => false,
        }
    }

    /// Redis adds with 80-bit floats, we exactly: continue with Redis's sum.
    fn take_over_float(&mut self, command: &Command, ours: &Result<Reply>, theirs: Result<Reply>) {
        let Ok(Reply::Bytes(value)) = theirs else { return };
        let update = match command {
            Command::IncrByFloat { key, .. } => {
                Command::Set { key: key.clone(), value, expiry: Expiry::Keep, condition: None, get: false }
            }
            Command::HIncrByFloat { key, field, .. } => {
                Command::HSet { key: key.clone(), pairs: vec![(field.clone(), value)] }
            }
            _ => return,
        };
        if values(ours) != command_value(&update) {
            let _ = self.apply(&update);
        }
    }

    /// Scans to the end, in pages of the requested size.
    fn drain(&mut self, command: &Command) -> Result<Reply> {
        let mut command = command.clone();
        let mut all = Vec::new();
        for _ in 0..100_000 {
            let Reply::Page(next, items) = self.apply(&command)? else { return Err(no_page()) };
            all.extend(items);
            if next == "0" {
                return Ok(Reply::Page(next, all));
            }
            match &mut command {
                Command::Scan { cursor, .. }
                | Command::HScan { cursor, .. }
                | Command::SScan { cursor, .. }
                | Command::ZScan { cursor, .. } => {
                    *cursor = next;
                }
                _ => return Err(no_page()),
            }
        }
        Err(Error::new(Kind::Internal, "a scan without end"))
    }

    /// Compares every key: type, content, deadline.
    fn compare_all(&mut self, steps: usize) -> Result<(), Failure> {
        let mut questions = vec![Command::Keys { pattern: "*".to_owned() }];
        for (key, kind) in self.keys() {
            questions.push(Command::Type { key: key.clone() });
            questions.push(Command::PTtl { key: key.clone() });
            questions.push(reading(key, kind));
        }
        // The comparison's own commands cause no difference: what they find was there before.
        self.run_batch(&questions, steps).map_err(|failure| match failure {
            Failure::Difference { what, .. } => Failure::Difference { steps, what },
            stall @ Failure::Stall => stall,
        })
    }

    /// The bytes in use depend only on the content, not on its history; an empty engine uses none.
    fn compare_bytes(&mut self, steps: usize) -> Result<(), Failure> {
        let mut rebuilt = Engine::new(Limits::default(), 2);
        for (key, kind) in self.keys() {
            let held = values(&self.apply(&reading(key.clone(), kind)));
            let _ = rebuilt.apply(&writing(key, kind, held), &Tick::at(self.now_ms));
        }
        let used = (self.engine.used_bytes(), rebuilt.used_bytes());
        let _ = self.apply(&Command::Flush { prefix: String::new() });
        let what = match self.engine.used_bytes() {
            0 if used.0 == used.1 => return Ok(()),
            0 => format!("the engine uses {} bytes, a new one with the same content {}", used.0, used.1),
            left => format!("a flush leaves {left} bytes in use"),
        };
        Err(Failure::Difference { steps, what })
    }

    fn keys(&mut self) -> Vec<(Key, ValueType)> {
        let keys = values(&self.apply(&Command::Keys { pattern: "*".to_owned() }));
        let keys = keys.into_iter().map(|key| Key(String::from_utf8(key).expect("a key is text")));
        keys.map(|key| {
            let kind = values(&self.apply(&Command::Type { key: key.clone() })).concat();
            let kind = str::from_utf8(&kind).ok().and_then(ValueType::from_name);
            (key, kind.expect("what exists has a type"))
        })
        .collect()
    }
}

/// A command that reads everything a key holds.
fn reading(key: Key, kind: ValueType) -> Command {
    match kind {
        ValueType::String => Command::Get { key },
        ValueType::List => Command::LRange { key, start: 0, stop: -1 },
        ValueType::Hash => Command::HGetAll { key },
        ValueType::Set => Command::SMembers { key },
        ValueType::SortedSet => Command::ZRange {
            key,
            start: b"0".to_vec(),
            stop: b"-1".to_vec(),
            by: None,
            reverse: false,
            limit: None,
            with_scores: true,
        },
        other => panic!("how is a {} read?", other.name()),
    }
}

/// A command that writes what was read.
fn writing(key: Key, kind: ValueType, values: Vec<Bytes>) -> Command {
    match kind {
        ValueType::String => Command::Append { key, value: values.concat() },
        ValueType::List => Command::RPush { key, values },
        ValueType::Hash => {
            let pairs = values.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
            Command::HSet { key, pairs }
        }
        ValueType::Set => Command::SAdd { key, members: values },
        ValueType::SortedSet => {
            let score = |text: &[u8]| str::from_utf8(text).ok().and_then(|text| text.parse().ok());
            let members = values.chunks(2).map(|pair| (score(&pair[1]).expect("a score"), pair[0].clone()));
            let (condition, changed, increment) = (None, false, false);
            Command::ZAdd { key, condition, changed, increment, members: members.collect() }
        }
        other => panic!("how is a {} written?", other.name()),
    }
}

/// Splits the steps into batches; time passes only at the beginning of one.
fn batches(steps: &[Step]) -> Vec<&[Step]> {
    let mut batches = Vec::new();
    let mut begin = 0;
    for at in 0..steps.len() {
        let passes = matches!(steps[at], Step::Advance(_));
        if at > begin && (passes || at - begin == BATCH) {
            batches.push(&steps[begin..at]);
            begin = at;
        }
    }
    batches.push(&steps[begin..]);
    batches
}

/// A scan that Redis answers in one page.
fn in_one_page(command: &Command) -> Command {
    let mut command = command.clone();
    if let Command::Scan { count, .. }
    | Command::HScan { count, .. }
    | Command::SScan { count, .. }
    | Command::ZScan { count, .. } = &mut command
    {
        *count = Some(100_000);
    }
    command
}

fn unconditional(command: &Command) -> Command {
    let mut command = command.clone();
    if let Command::Expire { condition, .. }
    | Command::PExpire { condition, .. }
    | Command::ExpireAt { condition, .. }
    | Command::PExpireAt { condition, .. } = &mut command
    {
        *condition = None;
    }
    command
}

fn are_choices(
    command: &Command,
    all: &Result<Vec<Vec<Bytes>>>,
    ours: &Result<Reply>,
    theirs: &Result<Reply>,
) -> bool {
    match all {
        Ok(all) => is_a_choice(command, all, ours) && is_a_choice(command, all, theirs),
        Err(_) => agree(command, ours, theirs),
    }
}

fn accept(fine: bool, ours: &impl Debug, theirs: &impl Debug) -> Result<(), String> {
    if fine { Ok(()) } else { Err(format!("the engine answers {ours:?}\nRedis answers {theirs:?}")) }
}

/// All values of a reply, if it has any.
fn values(reply: &Result<Reply>) -> Vec<Bytes> {
    match reply {
        Ok(Reply::Bytes(value)) => vec![value.clone()],
        Ok(Reply::List(values)) => values.iter().flatten().cloned().collect(),
        _ => Vec::new(),
    }
}

/// The value that a command writes.
fn command_value(command: &Command) -> Vec<Bytes> {
    match command {
        Command::Set { value, .. } => vec![value.clone()],
        Command::HSet { pairs, .. } => pairs.iter().map(|(_, value)| value.clone()).collect(),
        _ => Vec::new(),
    }
}

fn no_page() -> Error {
    Error::new(Kind::Internal, "no page")
}
