// What the checker accepts and what it rejects, on histories made by hand.

use crate::histories::{self, Answer, Call, Line, Object, Row};

/// What one client after the other begins (`+`) and ends (`-`) on one key.
fn is_linearizable(events: &[(&str, Event)]) -> bool {
    let lines = events.iter().map(|(name, event)| {
        let name = (*name).to_owned();
        match event.clone() {
            Event::Call(call) => Line::Called { name, key: "key".to_owned(), call },
            Event::Answer(answer) => Line::Answered { name, answer },
        }
    });
    histories::wrong_keys(&lines.collect::<Vec<_>>()).is_empty()
}

#[derive(Clone)]
enum Event {
    Call(Call),
    Answer(Answer),
}

fn call(name: &str, call: Call) -> (&str, Event) {
    (name, Event::Call(call))
}

fn answer(name: &str, answer: Answer) -> (&str, Event) {
    (name, Event::Answer(answer))
}

#[test]
fn the_checker_accepts_only_what_one_order_explains() {
    let swap = |old, new| Call::CompareAndSet(Some(old), new);
    let begin = [call("a", Call::Set(1)), answer("a", Answer::Done)];
    let after = |events: &[(&'static str, Event)]| is_linearizable(&[&begin, events].concat());

    // Two calls at once take effect in either order, ...
    let both = [call("b", Call::Set(2)), call("c", Call::Get)];
    for seen in [1, 2] {
        let ends = [answer("c", Answer::Value(Some(seen))), answer("b", Answer::Done)];
        assert!(after(&[&both[..], &ends].concat()));
    }
    // ... but a call that begins after another one has ended sees it.
    let stale = [answer("b", Answer::Done), call("d", Call::Get), answer("d", Answer::Value(Some(1)))];
    assert!(!after(&[&both[..1], &stale].concat()));
    // Only one of two replaces the same value: otherwise an update is lost.
    let both = [call("b", swap(1, 2)), call("c", swap(1, 3)), answer("b", Answer::Swapped(true))];
    assert!(after(&[&both[..], &[answer("c", Answer::Swapped(false))]].concat()));
    assert!(!after(&[&both[..], &[answer("c", Answer::Swapped(true))]].concat()));
    // So with counters.
    let both = [call("b", Call::Incr), call("c", Call::Incr), answer("b", Answer::Value(Some(2)))];
    assert!(after(&[&both[..], &[answer("c", Answer::Value(Some(3)))]].concat()));
    assert!(!after(&[&both[..], &[answer("c", Answer::Value(Some(2)))]].concat()));
}

#[test]
fn a_call_without_an_answer_may_have_happened_but_only_once() {
    let read = |name: &'static str, seen| [call(name, Call::Get), answer(name, Answer::Value(seen))];
    let after = |reads: &[[(&'static str, Event); 2]]| {
        is_linearizable(&[&[call("open", Call::Set(1))], reads.as_flattened()].concat())
    };
    assert!(after(&[read("a", None), read("b", None)]));
    assert!(after(&[read("a", None), read("b", Some(1))]));
    assert!(!after(&[read("a", Some(1)), read("b", None)]));
    assert!(!after(&[read("a", Some(2))]));
}

#[test]
fn the_checker_knows_versions_and_stamps() {
    let object = |number| Object::from([("a".to_owned(), number)]);
    let put = |name: &'static str, version, answered| {
        [call(name, Call::Put(version, object(1))), answer(name, answered)]
    };
    let written = |version, stamp| Answer::Written { version, stamp };
    let row = |version, stamp, value| Answer::Record(Some(Row { version, stamp: Some(stamp), value }));
    let is_linearizable = |calls: &[[(&'static str, Event); 2]]| is_linearizable(calls.as_flattened());
    let first = put("a", 0, written(1, 5));
    let read = |seen| [call("read", Call::Read), answer("read", seen)];
    let patch = Call::Patch(1, [("a".to_owned(), None), ("b".to_owned(), Some(2))].into());
    let patched = [call("b", patch), answer("b", written(2, 7))];
    let deleted = [call("c", Call::Delete), answer("c", Answer::Deleted(true))];

    let result = Object::from([("b".to_owned(), 2)]);
    assert!(is_linearizable(&[first.clone(), patched.clone(), read(row(2, 7, result.clone()))]));
    assert!(!is_linearizable(&[first.clone(), patched.clone(), read(row(2, 7, object(1)))]));
    assert!(!is_linearizable(&[first.clone(), patched.clone(), read(row(2, 5, result))]));
    assert!(!is_linearizable(&[first.clone(), put("b", 0, written(2, 7))]));
    assert!(is_linearizable(&[first.clone(), put("b", 0, Answer::Conflict)]));
    assert!(!is_linearizable(&[first.clone(), put("b", 1, Answer::Conflict)]));
    // The versions of a record that is created again restart, its stamps do not.
    assert!(is_linearizable(&[first.clone(), deleted.clone(), put("d", 0, written(1, 9))]));
    assert!(!is_linearizable(&[first.clone(), deleted, put("d", 0, written(1, 5))]));
    // A put whose answer was lost: its stamp is known from the first read.
    let open = [call("open", Call::Put(-1, object(3)))];
    let seen = |stamps: [u64; 2]| {
        let reads = stamps.map(|stamp| read(row(2, stamp, object(3))));
        let named = |(number, mut read): (usize, [(&'static str, Event); 2])| {
            read.iter_mut().for_each(|event| event.0 = ["first", "second"][number]);
            read
        };
        let reads: Vec<_> = reads.into_iter().enumerate().flat_map(named).collect();
        self::is_linearizable(&[&first[..], &open, &reads].concat())
    };
    assert!(seen([6, 6]));
    assert!(!seen([6, 7]) && !seen([5, 5]));
}
