// Random glob patterns, valid and malformed, match the same keys in the engine and in a real redis-server.

mod support;

use fastrand::Rng;
use omnikv::command::{Bytes, Command, Key, Reply};
use omnikv::engine::{Engine, Limits, Tick};
use support::agree::agree;
use support::oracle::Oracle;

const PATTERNS: usize = 20_000;
const ALPHABET: &[u8] = b"**??[[]]^--\\\\aabbcz\x80\xff";

#[test]
fn patterns_match_as_in_redis() {
    let mut rng = Rng::with_seed(support::seed());
    let mut oracle = Oracle::start();
    let mut engine = Engine::new(Limits::default(), 1);
    let tick = Tick::at(oracle.now_ms());

    let members: Vec<Bytes> = (0..300).map(|number| text(&mut rng, number % 8)).collect();
    let add = Command::SAdd { key: Key::from("texts"), members };
    assert_eq!(engine.apply(&add, &tick), oracle.execute(&add));

    let scan = |pattern| Command::SScan {
        key: Key::from("texts"),
        cursor: "0".to_owned(),
        pattern: Some(pattern),
        count: Some(1000),
    };
    for _ in 0..PATTERNS / 500 {
        let scans: Vec<_> = (0..500)
            .map(|_| {
                let length = rng.usize(..10);
                scan(text(&mut rng, length))
            })
            .collect();
        for (command, theirs) in scans.iter().zip(oracle.pipeline(&scans)) {
            let ours = engine.apply(command, &tick);
            assert!(agree(command, &ours, &theirs), "{command:?}\n  we: {ours:?}\n  Redis: {theirs:?}");
        }
    }
}

#[test]
fn keys_and_scan_agree_on_patterns() {
    let mut engine = Engine::new(Limits::default(), 1);
    let tick = Tick::at(1);
    for key in ["user:1", "user:2", "user*", "item:1"] {
        let set = Command::Append { key: key.into(), value: b"v".to_vec() };
        engine.apply(&set, &tick).unwrap();
    }
    for (pattern, expected) in
        [("user:?", 2), ("user\\*", 1), ("user*", 3), ("*1", 2), ("[ui]*", 4), ("x", 0)]
    {
        let keys = engine.apply(&Command::Keys { pattern: pattern.to_owned() }, &tick).unwrap();
        assert!(matches!(keys, Reply::List(keys) if keys.len() == expected), "{pattern}");
        let scan = Command::Scan {
            cursor: "0".to_owned(),
            pattern: Some(pattern.to_owned()),
            count: Some(10),
            kind: None,
        };
        let page = engine.apply(&scan, &tick).unwrap();
        assert!(matches!(page, Reply::Page(_, keys) if keys.len() == expected), "{pattern}");
    }
}

fn text(rng: &mut Rng, length: usize) -> Bytes {
    (0..length).map(|_| ALPHABET[rng.usize(..ALPHABET.len())]).collect()
}
