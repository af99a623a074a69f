// Calls that try to break the component: numbers at the end of their range, sizes beyond every limit, replies much
// larger than the store. It answers each of them, with an error where needed, and keeps working.

use omnikv::Kind;
use omnikv::command::{Bytes, Command, Key, Reply};
use omnikv_wasmtime::{Handle, Instance};

const START_MS: u64 = 1_800_000_000_000;
const MIB: usize = 1 << 20;

fn store(options: omnikv::Options) -> (Instance, Handle) {
    let mut instance = Instance::new(START_MS, 7);
    let handle = instance.connect("memory:", &options).expect("a store");
    (instance, handle)
}

fn set(key: &str, value: Bytes) -> Command {
    Command::parse(&[b"SET".as_slice(), key.as_bytes(), &value]).expect("a set")
}

/// The kind of error of a call that must fail.
fn refusal(instance: &mut Instance, handle: Handle, command: &Command) -> Kind {
    match instance.execute(handle, command) {
        Err(error) => error.kind(),
        Ok(_) => panic!("{} was expected to fail", command.name()),
    }
}

#[test]
fn numbers_at_the_end_of_their_range() {
    let (mut instance, handle) = store(omnikv::Options::default());
    for (key, add) in [("l", "RPUSH"), ("t", "SADD")] {
        instance.execute(handle, &Command::parse(&[add, key, "a", "b", "c"]).unwrap()).unwrap();
    }
    instance.execute(handle, &Command::parse(&["HSET", "h", "f", "1", "g", "2"]).unwrap()).unwrap();
    instance.execute(handle, &set("s", b"abc".to_vec())).unwrap();
    let numbers = [
        i64::MIN,
        i64::MIN + 1,
        -(1 << 62),
        -(1 << 40),
        -(1 << 33),
        1 << 33,
        1 << 62,
        i64::MAX - 1,
        i64::MAX,
    ];
    for number in numbers {
        let n = number.to_string();
        let n = n.as_str();
        for words in [
            &["SRANDMEMBER", "t", n][..],
            &["HRANDFIELD", "h", n],
            &["HRANDFIELD", "h", n, "WITHVALUES"],
            &["LRANGE", "l", n, n],
            &["LRANGE", "l", "0", n],
            &["LINDEX", "l", n],
            &["LSET", "l", n, "x"],
            &["LREM", "l", n, "nothing"],
            &["LPOS", "l", "a", "RANK", n],
            &["LPOS", "l", "a", "COUNT", n],
            &["LPOS", "l", "a", "MAXLEN", n],
            &["GETRANGE", "s", n, n],
            &["GETRANGE", "s", "0", n],
            &["SETRANGE", "s", n, "x"],
            &["INCRBY", "number", n],
            &["DECRBY", "number", n],
            &["HINCRBY", "h", "number", n],
            &["EXPIRE", "none", n],
            &["PEXPIRE", "none", n],
            &["EXPIREAT", "none", n],
            &["PEXPIREAT", "none", n],
            &["SET", "v", "v", "PX", n],
            &["SET", "v", "v", "PXAT", n],
            &["SET", "v", "v", "EX", n],
            &["SCAN", "0", "COUNT", n],
            &["HSCAN", "h", "0", "COUNT", n],
            &["SSCAN", "t", "0", "COUNT", n],
            &["SCAN", n],
            &["SSCAN", "t", n],
            &["SINTERCARD", "1", "t", "LIMIT", n],
            &["RANGE", "", "LIMIT", n],
            &["LPOP", "none", n],
            &["SPOP", "none", n],
            &["MSETEX", n, "a", "b"],
            &["SINTERCARD", n, "t"],
        ] {
            // As words and, if they are a valid command, as its WIT call.
            let _answered = instance.say(handle, words);
            if let Ok(command) = Command::parse(words) {
                let _answered = instance.execute(handle, &command);
            }
        }
    }
    for count in [u64::MAX, 1 << 63, 1 << 32] {
        let (key, pattern) = (Key::from("t"), None);
        let commands = [
            Command::SetRange { key: "s".into(), offset: count, value: b"x".to_vec() },
            Command::Scan { cursor: "0".into(), pattern: None, count: Some(count), kind: None },
            Command::SScan {
                key: key.clone(),
                cursor: "0".into(),
                pattern: pattern.clone(),
                count: Some(count),
            },
            Command::SScan { key, cursor: count.to_string(), pattern, count: Some(count) },
            Command::Range {
                start: String::new(),
                end: None,
                after: None,
                limit: Some(count),
                reverse: true,
                keys_only: false,
            },
            Command::LPop { key: "none".into(), count: Some(count) },
        ];
        for command in commands {
            let _answered = instance.execute(handle, &command);
        }
    }
    assert_eq!(
        instance.execute(handle, &Command::parse(&["GET", "s"]).unwrap()),
        Ok(Reply::Bytes(b"abc".to_vec()))
    );
}

#[test]
fn a_reply_much_larger_than_the_store() {
    let (mut instance, handle) = store(omnikv::Options::default());
    instance.execute(handle, &set("big", vec![b'x'; 64 * MIB])).unwrap();
    let many = Command::MGet { keys: vec!["big".into(); 100] };
    assert_eq!(refusal(&mut instance, handle, &many), Kind::TooLarge);

    let member = vec![b'y'; 16 * MIB];
    instance.execute(handle, &Command::SAdd { key: "t".into(), members: vec![member.clone()] }).unwrap();
    let many = Command::SRandMember { key: "t".into(), count: Some(-1000) };
    assert_eq!(refusal(&mut instance, handle, &many), Kind::TooLarge);
    let many = Command::SRandMember { key: "t".into(), count: Some(-1_000_000_000) };
    assert_eq!(refusal(&mut instance, handle, &many), Kind::TooLarge);

    instance
        .execute(handle, &Command::HSet { key: "h".into(), pairs: vec![(b"f".to_vec(), member)] })
        .unwrap();
    let many = Command::HRandField { key: "h".into(), count: Some(-1000), with_values: true };
    assert_eq!(refusal(&mut instance, handle, &many), Kind::TooLarge);

    let get = Command::Get { key: "big".into() };
    let answers = instance.pipeline(handle, &vec![get.clone(); 100]);
    assert!(answers.is_err() || answers.is_ok_and(|answers| answers.iter().any(Result::is_err)));
    assert!(instance.execute(handle, &get).is_ok());
}

#[test]
fn stores_that_exhaust_memory() {
    // Together they need more memory than there is, and must notice it.
    let (mut instance, first) = store(omnikv::Options { max_bytes: Some(u64::MAX), ..Default::default() });
    instance.limit_memory(3 << 30);
    let mut handles = vec![first];
    handles.extend((0..4).map(|_| instance.connect("memory:", &omnikv::Options::default()).unwrap()));
    let mut stored = 0;
    for handle in handles.iter().copied() {
        for number in 0.. {
            let command = set(&format!("k{number}"), vec![b'x'; 100 * MIB]);
            if let Err(error) = instance.execute(handle, &command) {
                assert_eq!(error.kind(), Kind::OutOfMemory);
                break;
            }
            stored += 1;
        }
    }
    assert!(stored >= 10, "1 GiB fits, not only {stored} times 100 MiB");
    assert!(instance.execute(first, &Command::Get { key: "k0".into() }).is_ok());
    instance.execute(first, &Command::Flush { prefix: String::new() }).unwrap();
    for handle in handles {
        instance.execute(handle, &set("small", b"x".to_vec())).unwrap();
    }
}

#[test]
fn values_and_keys_beyond_the_limits() {
    let (mut instance, handle) = store(omnikv::Options::default());
    assert_eq!(refusal(&mut instance, handle, &set("k", vec![b'x'; 128 * MIB + 1])), Kind::TooLarge);
    assert_eq!(refusal(&mut instance, handle, &set(&"k".repeat(MIB), Vec::new())), Kind::TooLarge);
    instance.execute(handle, &set("k", vec![b'x'; 128 * MIB])).unwrap();
    let more = Command::Append { key: "k".into(), value: b"x".to_vec() };
    assert_eq!(refusal(&mut instance, handle, &more), Kind::TooLarge);
    // A pattern that makes a simple matcher backtrack endlessly.
    let pattern = format!("{}b", "a*".repeat(100));
    instance.execute(handle, &set(&"a".repeat(500), Vec::new())).unwrap();
    assert_eq!(instance.execute(handle, &Command::Keys { pattern }), Ok(Reply::List(Vec::new())));
}
