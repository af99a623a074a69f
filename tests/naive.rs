// What Redis has no command for, compared with a model that is too simple to be wrong: ranges, compare-and-set, and
// deadlines of several keys at once. Time is exact to the millisecond here.

mod support;

use fastrand::Rng;
use omnikv::command::{Bytes, Command, Expiry, Key, Reply};
use omnikv::engine::{Engine, Limits, Tick};
use omnikv::error::{Kind, Result};
use std::collections::{BTreeMap, BTreeSet};

const COMMANDS: usize = 40_000;

/// Keys in byte order, with their string (`None`: a collection) and deadline.
#[derive(Default)]
struct Naive {
    entries: BTreeMap<Key, (Option<Bytes>, Option<u64>)>,
    now_ms: u64,
}

impl Naive {
    fn forget_expired(&mut self) {
        let now = self.now_ms;
        self.entries.retain(|_, (_, deadline)| deadline.is_none_or(|deadline| deadline > now));
    }

    fn within(&self, start: &str, end: &Option<String>) -> Vec<Key> {
        let is_within = |key: &Key| match end {
            Some(end) => key.as_str() >= start && key.as_bytes() < end.as_bytes(),
            None => key.as_str().starts_with(start),
        };
        self.entries.keys().filter(|key| is_within(key)).cloned().collect()
    }

    fn write(&mut self, key: &Key, value: &Bytes, expiry: Expiry) {
        let deadline = match expiry {
            Expiry::Unstated | Expiry::Never => None,
            Expiry::After(ms) => Some(self.now_ms + ms),
            Expiry::At(moment) => Some(moment),
            Expiry::Keep => self.entries.get(key).and_then(|(_, deadline)| *deadline),
            other => panic!("{other:?}"),
        };
        self.entries.insert(key.clone(), (Some(value.clone()), deadline));
        self.forget_expired();
    }

    /// Whether the key holds this string or, for `None`, is missing; `wrong-type` for a collection.
    fn holds(&self, key: &Key, expected: Option<&Bytes>) -> Result<bool, Kind> {
        match self.entries.get(key) {
            Some((None, _)) => Err(Kind::WrongType),
            Some((Some(value), _)) => Ok(Some(value) == expected),
            None => Ok(expected.is_none()),
        }
    }

    fn apply(&mut self, command: &Command) -> Result<Reply, Kind> {
        self.forget_expired();
        let flag = |yes: bool| Reply::Int(i64::from(yes));
        Ok(match command {
            Command::Set { key, value, expiry, .. } => {
                self.write(key, value, *expiry);
                Reply::Ok
            }
            Command::MSet { pairs, expiry } => {
                pairs.iter().for_each(|(key, value)| self.write(key, value, *expiry));
                Reply::Ok
            }
            Command::MSetNx { pairs, expiry } => {
                let is_free = pairs.iter().all(|(key, _)| !self.entries.contains_key(key));
                if is_free {
                    pairs.iter().for_each(|(key, value)| self.write(key, value, *expiry));
                }
                flag(is_free)
            }
            Command::SAdd { key, .. } => match self.entries.get(key) {
                Some((Some(_), _)) => return Err(Kind::WrongType),
                Some((None, _)) => Reply::Int(0),
                None => {
                    self.entries.insert(key.clone(), (None, None));
                    Reply::Int(1)
                }
            },
            Command::Del { keys } => {
                Reply::Int(keys.iter().filter(|key| self.entries.remove(key).is_some()).count() as i64)
            }
            Command::Rename { key, to } => match self.entries.remove(key) {
                Some(entry) => {
                    self.entries.insert(to.clone(), entry);
                    Reply::Ok
                }
                None => return Err(Kind::NotFound),
            },
            Command::PTtl { key } => Reply::Int(match self.entries.get(key) {
                None => -2,
                Some((_, None)) => -1,
                Some((_, Some(deadline))) => (deadline - self.now_ms) as i64,
            }),
            Command::CompareAndSet { key, expected, value, expiry } => {
                let holds = self.holds(key, expected.as_ref())?;
                if holds {
                    self.write(key, value, *expiry);
                }
                flag(holds)
            }
            Command::CompareAndDelete { key, expected } => {
                let holds = self.holds(key, Some(expected))?;
                if holds {
                    self.entries.remove(key);
                }
                flag(holds)
            }
            Command::Range { start, end, after, limit, reverse, keys_only } => {
                let mut keys = self.within(start, end);
                if *reverse {
                    keys.reverse();
                }
                keys.retain(|key| match after {
                    Some(after) if *reverse => key.as_str() < after.as_str(),
                    Some(after) => key.as_str() > after.as_str(),
                    None => true,
                });
                keys.truncate(limit.map_or(usize::MAX, |limit| limit as usize));
                let pair = |key: Key| {
                    [Some(key.as_bytes().to_vec()), self.entries[&key].0.clone().filter(|_| !keys_only)]
                };
                Reply::List(keys.into_iter().flat_map(pair).collect())
            }
            Command::Count { start, end } => Reply::Int(self.within(start, end).len() as i64),
            Command::DeleteRange { start, end } => {
                let keys = self.within(start, end);
                keys.iter().for_each(|key| drop(self.entries.remove(key)));
                Reply::Int(keys.len() as i64)
            }
            Command::Flush { prefix } => {
                self.within(prefix, &None).iter().for_each(|key| drop(self.entries.remove(key)));
                Reply::Ok
            }
            other => unreachable!("{} is not part of this test", other.name()),
        })
    }
}

struct Commands {
    rng: Rng,
}

impl Commands {
    /// Up to three characters whose byte order differs from their UTF-16 order.
    fn text(&mut self) -> String {
        let length = self.rng.usize(..=3);
        (0..length).map(|_| ['a', 'b', 'z', 'é', '\u{ff5e}', '\u{10ffff}'][self.rng.usize(..6)]).collect()
    }

    fn key(&mut self) -> Key {
        Key(self.text() + "k")
    }

    fn value(&mut self) -> Bytes {
        vec![self.rng.u8(b'0'..=b'2')]
    }

    fn end(&mut self) -> Option<String> {
        self.rng.bool().then(|| self.text())
    }

    fn expiry(&mut self, now_ms: u64) -> Expiry {
        match self.rng.u8(..6) {
            0 => Expiry::Never,
            1 => Expiry::Keep,
            2 => Expiry::At(now_ms - 50 + self.rng.u64(..100)),
            3 | 4 => Expiry::After(self.rng.u64(1..100)),
            _ => Expiry::Unstated,
        }
    }

    fn pairs(&mut self) -> Vec<(Key, Bytes)> {
        // Sometimes more entries expire together than one command sweeps.
        let most = if self.rng.u8(..4) == 0 { 400 } else { 4 };
        (0..self.rng.usize(1..most)).map(|_| (self.key(), self.value())).collect()
    }

    fn command(&mut self, now_ms: u64) -> Command {
        match self.rng.u8(..40) {
            0..10 => Command::Set {
                key: self.key(),
                value: self.value(),
                expiry: self.expiry(now_ms),
                condition: None,
                get: false,
            },
            10 | 11 => Command::MSet { pairs: self.pairs(), expiry: self.expiry(now_ms) },
            12 | 13 => Command::MSetNx { pairs: self.pairs(), expiry: self.expiry(now_ms) },
            14 | 15 => Command::SAdd { key: self.key(), members: vec![b"m".to_vec()] },
            16 => Command::Del { keys: vec![self.key()] },
            17 => Command::Rename { key: self.key(), to: self.key() },
            18 | 19 => Command::PTtl { key: self.key() },
            20..24 => Command::CompareAndSet {
                key: self.key(),
                expected: self.rng.bool().then(|| self.value()),
                value: self.value(),
                expiry: self.expiry(now_ms),
            },
            24 | 25 => Command::CompareAndDelete { key: self.key(), expected: self.value() },
            26..32 => Command::Range {
                start: self.text(),
                end: self.end(),
                after: self.end(),
                limit: self.rng.bool().then(|| self.rng.u64(..5)),
                reverse: self.rng.bool(),
                keys_only: self.rng.bool(),
            },
            32..38 => Command::Count { start: self.text(), end: self.end() },
            38 => Command::DeleteRange { start: self.text() + "b", end: self.end() },
            _ => Command::Flush { prefix: self.text() + "z" },
        }
    }
}

#[test]
fn the_engine_matches_a_naive_model() {
    let mut commands = Commands { rng: Rng::with_seed(support::seed()) };
    let mut engine = Engine::new(Limits::default(), 1);
    let mut naive = Naive { now_ms: 1_000_000, ..Naive::default() };
    for number in 0..COMMANDS {
        if commands.rng.u8(..4) == 0 {
            naive.now_ms += commands.rng.u64(..10);
        }
        let command = commands.command(naive.now_ms);
        let ours = engine.apply(&command, &Tick::at(naive.now_ms)).map_err(|error| error.kind());
        assert_eq!(ours, naive.apply(&command), "command {number}: {command:?}");
    }
}

#[test]
fn a_scan_returns_everything_present_throughout() {
    let mut rng = Rng::with_seed(support::seed());
    let tick = Tick::at(1);
    for _ in 0..300 {
        let mut engine = Engine::new(Limits::default(), rng.u64(..));
        let name = |rng: &mut Rng| rng.u8(..60).to_string();
        let mut held: BTreeSet<String> = (0..40).map(|_| name(&mut rng)).collect();
        let add = |engine: &mut Engine, member: &str| {
            let append = Command::Append { key: member.into(), value: b"v".to_vec() };
            engine.apply(&append, &tick).unwrap();
            let sadd = Command::SAdd { key: "a set".into(), members: vec![member.into()] };
            engine.apply(&sadd, &tick).unwrap();
        };
        held.iter().for_each(|member| add(&mut engine, member));
        let mut throughout = held.clone();
        let (mut cursor, mut set_cursor) = (Some("0".to_owned()), Some("0".to_owned()));
        let (mut keys, mut members) = (BTreeSet::new(), BTreeSet::new());
        while cursor.is_some() || set_cursor.is_some() {
            let count = Some(rng.u64(1..6));
            if let Some(at) = cursor {
                let scan = Command::Scan { cursor: at, pattern: None, count, kind: None };
                cursor = next_page(&mut engine, &scan, &mut keys);
            }
            if let Some(at) = set_cursor {
                let scan = Command::SScan { key: "a set".into(), cursor: at, pattern: None, count };
                set_cursor = next_page(&mut engine, &scan, &mut members);
            }
            for _ in 0..rng.usize(..4) {
                let member = name(&mut rng);
                if rng.bool() {
                    add(&mut engine, &member);
                    held.insert(member);
                } else {
                    let del = Command::Del { keys: vec![member.as_str().into()] };
                    engine.apply(&del, &tick).unwrap();
                    let srem = Command::SRem { key: "a set".into(), members: vec![member.clone().into()] };
                    engine.apply(&srem, &tick).unwrap();
                    held.remove(&member);
                    throughout.remove(&member);
                }
            }
        }
        assert!(keys.is_superset(&throughout), "{keys:?} lacks some of {throughout:?}");
        assert!(members.is_superset(&throughout), "{members:?} lacks some of {throughout:?}");
    }
}

/// Reads a page and returns the next cursor, if any.
fn next_page(engine: &mut Engine, scan: &Command, seen: &mut BTreeSet<String>) -> Option<String> {
    let Ok(Reply::Page(next, items)) = engine.apply(scan, &Tick::at(1)) else {
        panic!("{scan:?} gave no page")
    };
    seen.extend(items.into_iter().map(|item| String::from_utf8(item).unwrap()));
    (next != "0").then_some(next)
}
