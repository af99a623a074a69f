// What the journal and the store must show in the end, whatever was killed. Each function returns what is wrong.

use crate::events::{Act, Event, Line, Outcome, Seen};
use omnikv::{Action, TaskStatus};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that is wrong.
pub fn faults(lines: &[Line], outcome: &Outcome) -> Vec<String> {
    let broken = lines.iter().filter_map(|line| match &line.event {
        Event::Broken { error } => Some(format!("{}: {error}", line.who)),
        _ => None,
    });
    let parts = [
        holds(lines),
        changes(lines, outcome),
        order(lines, outcome),
        consumer(lines, outcome),
        tasks(lines, outcome),
    ];
    broken.chain(parts.into_iter().flatten()).collect()
}

/// A call that needs a token.
struct Attempt<'a> {
    thing: &'a str,
    token: u64,
    act: Act,
    /// The line with which it began, and that of its answer.
    begun: usize,
    ended: Option<usize>,
    is_done: bool,
}

impl Attempt<'_> {
    /// Whether it had succeeded before this line.
    fn is_done_before(&self, line: usize) -> bool {
        self.is_done && self.ended.is_some_and(|ended| ended < line)
    }
}

/// The calls that needed a token, by what it was for.
fn attempts(lines: &[Line]) -> BTreeMap<&str, Vec<Attempt<'_>>> {
    let mut open: BTreeMap<&str, Attempt> = BTreeMap::new();
    let mut all: BTreeMap<&str, Vec<Attempt>> = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        let is_done = matches!(line.event, Event::Done);
        match &line.event {
            Event::Trying { thing, token, act } => {
                let (token, act) = (*token, *act);
                let attempt = Attempt { thing, token, act, begun: at, ended: None, is_done: false };
                open.insert(&line.who, attempt);
            }
            Event::Done | Event::Refused => {
                let attempt = open.remove(&*line.who).expect("an answer has a call");
                all.entry(attempt.thing).or_default().push(Attempt { ended: Some(at), is_done, ..attempt });
            }
            _ => {}
        }
    }
    for attempt in open.into_values() {
        all.entry(attempt.thing).or_default().push(attempt);
    }
    all
}

/// Tokens only grow, and no former holder can do what needs one. "Before" always means that one call had ended when the
/// other began.
fn holds(lines: &[Line]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut asked: BTreeMap<&str, usize> = BTreeMap::new();
    let mut grants: BTreeMap<&str, Vec<(usize, u64, &str)>> = BTreeMap::new();
    let attempts = attempts(lines);
    let none = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        match &line.event {
            Event::Asking => {
                asked.insert(&line.who, at);
            }
            Event::Granted { thing, token, .. } => {
                let asked = asked[&*line.who];
                let earlier = grants.entry(thing).or_default();
                if earlier.iter().any(|(at, other, _)| *at < asked && other > token) {
                    wrong.push(format!("{thing}: token {token} was granted after a larger one"));
                }
                if earlier.iter().any(|(_, other, who)| other == token && *who != line.who) {
                    wrong.push(format!("{thing}: token {token} was granted to two"));
                }
                let attempts = attempts.get(&**thing).unwrap_or(&none).iter();
                let mut ends = attempts.filter(|end| end.act == Act::Finish && end.is_done_before(asked));
                if ends.any(|end| end.token == *token || thing.starts_with("task:")) {
                    wrong.push(format!("{thing}: token {token} was granted after its end"));
                }
                earlier.push((at, *token, &line.who));
            }
            _ => {}
        }
    }
    for attempts in attempts.values() {
        for Attempt { thing, token, act, begun, .. } in attempts.iter().filter(|attempt| attempt.is_done) {
            let is_former = match act {
                // The resource that is guarded knows a new token once the new holder has used it.
                Act::Effect => attempts.iter().any(|other| {
                    other.act == Act::Effect && other.is_done_before(*begun) && other.token > *token
                }),
                _ => grants[thing].iter().any(|(at, larger, _)| at < begun && larger > token),
            };
            if is_former {
                wrong.push(format!("{thing}: token {token} was used for {act:?} after a larger one"));
            }
            let mut ends = attempts.iter().filter(|end| end.act == Act::Finish && end.is_done_before(*begun));
            if *act != Act::Effect && ends.any(|end| end.token == *token) {
                wrong.push(format!("{thing}: token {token} was used for {act:?} after its end"));
            }
        }
    }
    wrong
}

/// Acknowledged changes are there, each change once, and a task exactly when its record's change is there.
fn changes(lines: &[Line], outcome: &Outcome) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut found: BTreeMap<&str, Vec<&Seen>> = BTreeMap::new();
    for change in outcome.stream.iter().filter(|change| change.action != Action::Delete) {
        found.entry(&change.mark).or_default().push(change);
    }
    let tasks: BTreeSet<&str> = outcome.tasks.iter().map(|task| &*task.id).collect();
    let mut open: BTreeMap<&str, &str> = BTreeMap::new();
    let mut marks = BTreeSet::new();
    for line in lines {
        match &line.event {
            Event::Changing { mark, has_task } => {
                open.insert(&line.who, mark);
                marks.insert(&**mark);
                let count = found.get(&**mark).map_or(0, Vec::len);
                if count > 1 {
                    wrong.push(format!("{mark} was done {count} times"));
                }
                if tasks.contains(&**mark) != (*has_task && count > 0) {
                    wrong.push(format!("{mark} is there without its task, or the reverse"));
                }
            }
            Event::Changed { stamp } => {
                let mark = open.remove(&*line.who).expect("an answer has a call");
                match found.get(mark).and_then(|changes| changes.first()) {
                    None => wrong.push(format!("{mark} was acknowledged and is lost")),
                    Some(change) if stamp.is_some_and(|stamp| stamp != change.seq) => {
                        wrong.push(format!("{mark} has seq {}, not {stamp:?}", change.seq));
                    }
                    Some(_) => {}
                }
            }
            Event::NotChanged => {
                let mark = open.remove(&*line.who).expect("an answer has a call");
                if found.contains_key(mark) {
                    wrong.push(format!("{mark} was refused and is there"));
                }
            }
            _ => {}
        }
    }
    wrong.extend(
        found.keys().filter(|mark| !marks.contains(*mark)).map(|mark| format!("nobody wrote {mark}")),
    );
    wrong
}

/// The stream leads to the records, one version after the other, and all readers have seen it so, without a gap.
fn order(lines: &[Line], outcome: &Outcome) -> Vec<String> {
    let mut wrong = Vec::new();
    let stream = &outcome.stream;
    let mut records: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for pair in stream.windows(2) {
        if pair[0].seq >= pair[1].seq {
            wrong.push(format!("seq {} comes after {}", pair[1].seq, pair[0].seq));
        }
    }
    for change in stream {
        let version = records.get(&change.key).map_or(0, |(version, _)| *version);
        let expected = match change.action {
            Action::Create => (version == 0).then_some(1),
            Action::Update => (version > 0).then_some(version + 1),
            Action::Delete => (version > 0).then_some(version),
        };
        if expected != Some(change.version) {
            wrong.push(format!("{:?} leads from version {version} to {}", change.action, change.version));
        }
        match change.action {
            Action::Delete => records.remove(&change.key),
            _ => records.insert(change.key.clone(), (change.version, change.seq)),
        };
    }
    if records != outcome.records {
        wrong.push(format!("the stream leads to {records:?}, and the store has {:?}", outcome.records));
    }
    let mut reads: BTreeMap<&str, (u64, Vec<u64>)> = BTreeMap::new();
    for line in lines {
        match &line.event {
            Event::Reads { after } => {
                reads.insert(&line.who, (*after, Vec::new()));
            }
            Event::Saw { seq } => reads.get_mut(&*line.who).expect("a reader has begun").1.push(*seq),
            _ => {}
        }
    }
    for (who, (after, seen)) in reads {
        if !follows(stream, after, &seen) {
            wrong.push(format!("{who} has not seen the stream after {after}, but {seen:?}"));
        }
    }
    wrong
}

/// Whether these are the first changes of the stream after this seq.
fn follows(stream: &[Seen], after: u64, seen: &[u64]) -> bool {
    let expected = stream.iter().map(|change| change.seq).filter(|seq| *seq > after);
    expected.take(seen.len()).eq(seen.iter().copied())
}

/// Each holder goes on from the last commit, and no change is left out.
fn consumer(lines: &[Line], outcome: &Outcome) -> Vec<String> {
    let mut wrong = Vec::new();
    let attempts = attempts(lines);
    let commits = attempts.values().flatten().filter_map(|attempt| match attempt.act {
        Act::Commit(seq) => Some((seq, attempt)),
        _ => None,
    });
    let commits: Vec<_> = commits.collect();
    let mut asked: BTreeMap<&str, usize> = BTreeMap::new();
    let mut turns: Vec<(u64, Vec<u64>)> = Vec::new();
    let mut turn: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        match &line.event {
            Event::Asking => {
                asked.insert(&line.who, at);
            }
            Event::Granted { position: Some(position), .. } => {
                let asked = asked[&*line.who];
                let done = commits.iter().filter(|(_, commit)| commit.is_done_before(asked));
                let last = done.map(|(seq, _)| *seq).max().unwrap_or(0);
                let is_tried = |seq| commits.iter().any(|(tried, commit)| commit.begun < at && *tried == seq);
                if *position < last || *position > 0 && !is_tried(*position) {
                    wrong.push(format!("{} goes on at {position}, and {last} was committed", line.who));
                }
                turn.insert(&line.who, turns.len());
                turns.push((*position, Vec::new()));
            }
            Event::Handled { seq } => turns[turn[&*line.who]].1.push(*seq),
            _ => {}
        }
    }
    let mut handled: BTreeSet<u64> = BTreeSet::new();
    for (position, seqs) in &turns {
        if !follows(&outcome.stream, *position, seqs) {
            wrong.push(format!("a consumer has handled {seqs:?} after {position}"));
        }
        handled.extend(seqs);
    }
    let missing = outcome.stream.iter().filter(|change| !handled.contains(&change.seq));
    wrong.extend(missing.map(|change| format!("nobody has handled seq {}", change.seq)));
    if Some(outcome.position) != outcome.stream.last().map(|change| change.seq) {
        wrong.push(format!("the consumer has come to {}", outcome.position));
    }
    wrong
}

/// Each task was completed by a worker that had done its side effect, and by none after it.
fn tasks(lines: &[Line], outcome: &Outcome) -> Vec<String> {
    let mut wrong = Vec::new();
    let attempts = attempts(lines);
    for task in &outcome.tasks {
        let thing = crate::events::task(&task.id);
        if task.status != TaskStatus::Completed {
            wrong.push(format!("{thing} is {:?}", task.status));
        }
        let is_effect = |attempt: &Attempt| {
            attempt.act == Act::Effect && attempt.is_done && Some(attempt.token) == task.token
        };
        if !attempts.get(&*thing).is_some_and(|attempts| attempts.iter().any(is_effect)) {
            wrong.push(format!("{thing} was completed without its side effect"));
        }
        if outcome.effects.get(&task.id).copied() != task.token {
            wrong.push(format!("{thing} has a side effect that is not its last worker's"));
        }
    }
    wrong
}
