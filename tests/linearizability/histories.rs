// Histories of concurrent calls on single keys, and the sequential meaning that they are checked against. Who makes the
// calls does not matter here.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use todc_utils::Action::{Call as Begin, Response as End};
use todc_utils::{History, Specification, WGLChecker};

/// A JSON object, as far as these histories need it.
pub type Object = BTreeMap<String, u64>;

/// A call on one key: a string that holds a number, or a record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Call {
    Get,
    Set(i64),
    CompareAndSet(Option<i64>, i64),
    Incr,
    Read,
    Put(i64, Object),
    Patch(i64, BTreeMap<String, Option<u64>>),
    Delete,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    Value(Option<i64>),
    Done,
    Swapped(bool),
    Record(Option<Row>),
    Written { version: u64, stamp: u64 },
    Conflict,
    Deleted(bool),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Row {
    pub version: u64,
    /// Nothing if nobody knows yet.
    pub stamp: Option<u64>,
    pub value: Object,
}

/// A line of the journal. Calls have names; no two are the same.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Line {
    Called {
        name: String,
        key: String,
        call: Call,
    },
    Answered {
        name: String,
        answer: Answer,
    },
    /// It has failed and certainly changed nothing.
    NotRun {
        name: String,
    },
}

/// A call and its answer. One without an answer may have happened, or not: its client was killed, or was told
/// `maybe-applied`.
#[derive(Clone, Debug)]
pub struct Step {
    call: Call,
    answer: Option<Answer>,
}

/// What a key holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Content {
    number: Option<i64>,
    row: Option<Row>,
    /// The last known stamp of this key's records.
    last_stamp: u64,
}

/// The meaning of the calls, one after the other.
pub struct Meaning;

impl Specification for Meaning {
    type State = Content;
    type Operation = Step;

    fn init() -> Content {
        Content::default()
    }

    fn apply(step: &Step, before: &Content) -> (bool, Content) {
        let mut after = before.clone();
        let answer = after.apply(step);
        match answer.is_some_and(|answer| step.answer.as_ref().is_none_or(|given| *given == answer)) {
            true => (true, after),
            false => (false, before.clone()),
        }
    }
}

impl Content {
    /// The answer that the call must have got; nothing if none is right.
    fn apply(&mut self, step: &Step) -> Option<Answer> {
        Some(match &step.call {
            Call::Get => Answer::Value(self.number),
            Call::Set(number) => {
                self.number = Some(*number);
                Answer::Done
            }
            Call::CompareAndSet(expected, number) => {
                let is_swapped = self.number == *expected;
                if is_swapped {
                    self.number = Some(*number);
                }
                Answer::Swapped(is_swapped)
            }
            Call::Incr => {
                self.number = Some(self.number.unwrap_or(0) + 1);
                Answer::Value(self.number)
            }
            Call::Read => {
                if let (Some(row), Some(Answer::Record(Some(given)))) = (&mut self.row, &step.answer)
                    && row.stamp.is_none()
                {
                    row.stamp = given.stamp.filter(|stamp| *stamp > self.last_stamp);
                    self.last_stamp = row.stamp?;
                }
                Answer::Record(self.row.clone())
            }
            Call::Put(version, _) | Call::Patch(version, _) if !self.allows(*version) => Answer::Conflict,
            Call::Put(_, value) => self.write(value.clone(), step.answer.as_ref())?,
            Call::Patch(_, patch) => {
                let mut value = self.row.as_ref().map(|row| row.value.clone()).unwrap_or_default();
                for (name, new) in patch {
                    match new {
                        Some(new) => value.insert(name.clone(), *new),
                        None => value.remove(name),
                    };
                }
                self.write(value, step.answer.as_ref())?
            }
            Call::Delete => Answer::Deleted(self.row.take().is_some()),
        })
    }

    fn allows(&self, version: i64) -> bool {
        version == -1 || version == self.row.as_ref().map_or(0, |row| row.version as i64)
    }

    fn write(&mut self, value: Object, answer: Option<&Answer>) -> Option<Answer> {
        let version = self.row.as_ref().map_or(1, |row| row.version + 1);
        let stamp = match answer {
            Some(Answer::Written { stamp, .. }) => Some(*stamp),
            _ => None,
        };
        self.row = Some(Row { version, stamp, value });
        match stamp {
            // Stamps never repeat, even if a record is deleted and created again.
            Some(stamp) if stamp <= self.last_stamp => None,
            Some(stamp) => {
                self.last_stamp = stamp;
                Some(Answer::Written { version, stamp })
            }
            // Nobody knows the stamp. A call that was answered otherwise does not match.
            None => Some(Answer::Written { version, stamp: 0 }),
        }
    }
}

/// The history of each key.
pub fn by_key(lines: &[Line]) -> BTreeMap<String, Vec<(usize, todc_utils::Action<Step>)>> {
    let mut answers = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        match line {
            Line::Called { .. } => {}
            Line::Answered { name, answer } => {
                assert!(answers.insert(name, Some((at, answer))).is_none(), "{name} has two answers");
            }
            Line::NotRun { name } => assert!(answers.insert(name, None).is_none(), "{name} has two answers"),
        }
    }
    let mut events: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        let Line::Called { name, key, call } = line else { continue };
        let (end, answer) = match answers.get(name) {
            Some(Some((end, answer))) => (*end, Some((*answer).clone())),
            Some(None) => continue,
            // A call without an answer may take effect at any later time: that it does so last is as if it had not
            // happened.
            None => (lines.len() + at, None),
        };
        let step = Step { call: call.clone(), answer };
        let events = events.entry(key.clone()).or_default();
        events.push((at, at, Begin(step.clone())));
        events.push((end, at, End(step)));
    }
    let in_order = |mut events: Vec<(usize, usize, _)>| {
        events.sort_by_key(|(moment, ..)| *moment);
        // The checker's processes only connect a call with its end: each call is its own.
        let calls: Vec<usize> = events.iter().map(|(_, call, _)| *call).collect();
        let number = |call| calls.iter().position(|other| *other == call).unwrap();
        events.into_iter().map(|(_, call, event)| (number(call), event)).collect()
    };
    events.into_iter().map(|(key, events)| (key, in_order(events))).collect()
}

/// The keys whose histories are not linearizable.
pub fn wrong_keys(lines: &[Line]) -> Vec<String> {
    let histories = by_key(lines).into_iter();
    let wrong = histories.filter(|(_, history)| {
        !WGLChecker::<Meaning>::is_linearizable(History::from_actions(history.clone()))
    });
    wrong.map(|(key, _)| key).collect()
}

/// How many calls have no answer.
pub fn open_calls(lines: &[Line]) -> usize {
    let calls = lines.iter().filter(|line| matches!(line, Line::Called { .. })).count();
    2 * calls - lines.len()
}
