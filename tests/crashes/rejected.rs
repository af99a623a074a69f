// The proof rejects what it has to: a history made by hand is right, and each change to it is found.

use crate::events::{Act, CONSUMER, Event, Line, Outcome, Seen};
use crate::proof::faults;
use omnikv::{Action, MemoryStore, NewTask, prelude::*};
use std::time::Duration;

fn line(who: &str, event: Event) -> Line {
    Line { who: who.to_owned(), event }
}

fn trying(who: &str, thing: &str, token: u64, act: Act, answer: Event) -> [Line; 2] {
    [line(who, Event::Trying { thing: thing.to_owned(), token, act }), line(who, answer)]
}

fn granted(who: &str, thing: &str, token: u64, position: Option<u64>) -> [Line; 2] {
    [line(who, Event::Asking), line(who, Event::Granted { thing: thing.to_owned(), token, position })]
}

/// A change with a task, which is done by a second worker after the first one was lost; and who sees the change.
fn right() -> (Vec<Line>, Outcome) {
    let kv = MemoryStore::new();
    kv.tasks().create(NewTask::new("job", &()).id("mark")).unwrap();
    let hour = Duration::from_secs(3600);
    let token = kv.tasks().lock::<()>("second", hour, ["job"]).unwrap().unwrap().token.unwrap();
    kv.tasks().release("mark", token, omnikv::Ending::Completed, None).unwrap();
    let outcome = Outcome {
        stream: vec![Seen {
            seq: 7,
            action: Action::Create,
            key: "record".to_owned(),
            version: 1,
            mark: "mark".to_owned(),
        }],
        records: [("record".to_owned(), (1, 7))].into(),
        tasks: kv.tasks().list(omnikv::TaskOptions::new()).unwrap(),
        effects: [("mark".to_owned(), token)].into(),
        position: 7,
    };
    let (task, consumer) = ("task:mark", format!("consumer:{CONSUMER}"));
    let lines = [
        &[line("reader", Event::Reads { after: 0 })][..],
        &[line("writer", Event::Changing { mark: "mark".to_owned(), has_task: true })],
        &[line("writer", Event::Changed { stamp: None })],
        &[line("reader", Event::Saw { seq: 7 })],
        &granted("first", task, token - 1, None),
        &granted("second", task, token, None),
        &trying("first", task, token - 1, Act::Effect, Event::Done),
        &trying("second", task, token, Act::Effect, Event::Done),
        &trying("first", task, token - 1, Act::Extend, Event::Refused),
        &trying("second", task, token, Act::Finish, Event::Done),
        &granted("consumer", &consumer, 1, Some(0)),
        &[line("consumer", Event::Handled { seq: 7 })],
        &trying("consumer", &consumer, 1, Act::Commit(7), Event::Done),
        &granted("successor", &consumer, 2, Some(7)),
    ];
    (lines.concat(), outcome)
}

/// What the proof says after a change to the lines or to the outcome.
fn after(change: impl FnOnce(&mut Vec<Line>, &mut Outcome)) -> String {
    let (mut lines, mut outcome) = right();
    change(&mut lines, &mut outcome);
    faults(&lines, &outcome).join("\n")
}

fn assert_found(what: &str, change: impl FnOnce(&mut Vec<Line>, &mut Outcome)) {
    let found = after(change);
    assert!(found.contains(what), "{what:?} is not in {found:?}");
}

#[test]
fn the_right_history_has_no_faults() {
    assert_eq!(after(|_, _| ()), "");
}

#[test]
fn two_holders_are_found() {
    let task = "task:mark";
    // The former holder extends after the new one has begun.
    assert_found("for Extend after a larger one", |lines, _| {
        lines.iter_mut().filter(|line| matches!(line.event, Event::Refused)).for_each(|line| {
            line.event = Event::Done;
        });
    });
    // Its side effect comes after the new one's.
    assert_found("for Effect after a larger one", |lines, outcome| {
        let token = outcome.tasks[0].token.unwrap();
        lines.extend(trying("first", task, token - 1, Act::Effect, Event::Done));
    });
    // It completes the task once more.
    assert_found("for Finish after its end", |lines, outcome| {
        lines.extend(trying("second", task, outcome.tasks[0].token.unwrap(), Act::Finish, Event::Done));
    });
    assert_found("after its end", |lines, outcome| {
        lines.extend(granted("third", task, outcome.tasks[0].token.unwrap() + 1, None));
    });
    assert_found("was granted after a larger one", |lines, _| {
        lines.extend([granted("a", "lock:x", 5, None), granted("b", "lock:x", 4, None)].concat());
    });
    assert_found("was granted to two", |lines, _| {
        lines.extend([granted("a", "lock:x", 5, None), granted("b", "lock:x", 5, None)].concat());
    });
}

#[test]
fn lost_and_repeated_changes_are_found() {
    assert_found("acknowledged and is lost", |_, outcome| outcome.stream.clear());
    assert_found("was done 2 times", |_, outcome| {
        let again = Seen { seq: 8, version: 2, action: Action::Update, ..outcome.stream[0].clone() };
        outcome.stream.push(again);
    });
    assert_found("was refused and is there", |lines, _| lines[2].event = Event::NotChanged);
    assert_found("has seq 7, not", |lines, _| lines[2].event = Event::Changed { stamp: Some(6) });
    assert_found("without its task", |_, outcome| outcome.tasks.clear());
    assert_found("nobody wrote", |_, outcome| outcome.stream[0].mark = "other".to_owned());
    assert_found("the stream leads to", |_, outcome| outcome.records.clear());
    assert_found("leads from version 0", |_, outcome| outcome.stream[0].version = 2);
}

#[test]
fn gaps_and_disorder_are_found() {
    let earlier = |outcome: &mut Outcome| {
        let earlier = Seen { seq: 5, key: "other".to_owned(), ..outcome.stream[0].clone() };
        outcome.stream.insert(0, earlier);
    };
    assert_found("has not seen the stream", |_, outcome| earlier(outcome));
    assert_found("a consumer has handled", |_, outcome| earlier(outcome));
    assert_found("nobody has handled seq 5", |_, outcome| earlier(outcome));
    assert_found("seq 5 comes after 7", |_, outcome| {
        earlier(outcome);
        outcome.stream.reverse();
    });
    assert_found("the consumer has come to 3", |_, outcome| outcome.position = 3);
    // A successor that starts anew, or after what nobody has committed.
    for elsewhere in [0, 9] {
        assert_found("goes on at", |lines, _| {
            if let Some(Line { event: Event::Granted { position, .. }, .. }) = lines.last_mut() {
                *position = Some(elsewhere);
            }
        });
    }
}

#[test]
fn unfinished_work_is_found() {
    assert_found("is Pending", |_, outcome| outcome.tasks[0].status = omnikv::TaskStatus::Pending);
    assert_found("without its side effect", |_, outcome| outcome.tasks[0].token = Some(99));
    assert_found("not its last worker's", |_, outcome| outcome.effects.clear());
    assert_found("timeout", |lines, _| lines.push(line("w", Event::Broken { error: "timeout".to_owned() })));
}
