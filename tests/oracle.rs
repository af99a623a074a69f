// Tests of the oracle itself: its clock moves, and a handle on it behaves like one on any store.

mod support;

use omnikv::command::{Command, Expiry, Reply};
use omnikv::{Kind, Options, prelude::*};
use std::time::Duration;
use support::oracle_store::OracleServer;

#[test]
fn its_clock_moves() {
    let server = OracleServer::start();
    let kv = server.store(&Options::default()).unwrap();
    kv.set_with("soon", "v", Duration::from_secs(60)).unwrap();
    kv.set_with("later", "v", Duration::from_secs(600)).unwrap();
    kv.set("never", "v").unwrap();
    let before = server.lock().now_ms();
    server.lock().advance(300_000);
    let passed = server.lock().now_ms() - before;
    assert!((300_000..310_000).contains(&passed), "{passed}");
    assert_eq!(
        kv.mget::<String>(["soon", "later", "never"]).unwrap(),
        [None, Some("v".into()), Some("v".into())]
    );
    let ttl = kv.ttl("later").unwrap();
    assert!((290..=300).contains(&ttl), "{ttl}");

    // Times are read and shown by its own clock.
    let moment = before + 900_000;
    let set = Command::Set {
        key: "at".into(),
        value: b"v".to_vec(),
        expiry: Expiry::At(moment),
        condition: None,
        get: false,
    };
    server.lock().execute(&set).unwrap();
    let deadline = server.lock().execute(&Command::PExpireTime { key: "at".into() }).unwrap();
    assert_eq!(deadline, Reply::Int(moment.try_into().unwrap()));
}

#[test]
fn a_handle_has_its_scope() {
    let server = OracleServer::start();
    let options =
        Options { prefix: "a*".into(), default_ttl: Some(Duration::from_secs(60)), ..Options::default() };
    let kv = server.store(&options).unwrap();
    let all = server.store(&Options::default()).unwrap();
    all.set("axb:stranger", "v").unwrap();
    kv.mset([("k", "1"), ("l", "2")]).unwrap();
    assert!(kv.ttl("k").unwrap() > 0);
    assert_eq!(all.get("a*:k").unwrap().as_deref(), Some("1"));
    let mut keys = kv.keys("*").unwrap();
    keys.sort();
    assert_eq!(keys, ["k", "l"]);
    kv.flush().unwrap();
    assert_eq!(all.keys("*").unwrap(), ["axb:stranger"]);
}

#[test]
fn errors_have_our_kinds() {
    let server = OracleServer::start();
    let kv = server.store(&Options::default()).unwrap();
    kv.set("s", "text").unwrap();
    assert_eq!(kv.lpush("s", ["v"]).unwrap_err().kind(), Kind::WrongType);
    assert_eq!(kv.incr("s").unwrap_err().kind(), Kind::InvalidValue);
    assert_eq!(kv.rename("nope", "k").unwrap_err().kind(), Kind::NotFound);
    let checks = vec![("s".into(), Some(b"other".to_vec()))];
    assert_eq!(kv.transaction(checks, vec![]).unwrap_err().kind(), Kind::Conflict);
}
