// Export, import and copy. What they move is tested with the library; this is about files, options and exit codes.

mod support;

use serde_json::json;
use support::Place;

fn filled() -> Place {
    let kv = Place::new();
    kv.ok("omnikv SET text 'a b' PXAT 4000000000000");
    kv.ok("printf '\\377\\000' | omnikv -x SET bytes");
    kv.ok("omnikv RPUSH list b a");
    kv.ok("omnikv SADD set b a");
    kv.ok("omnikv HSET hash b 2 a 1");
    kv.ok("omnikv ZADD zset 1 a 2.5 b inf c");
    kv.ok("echo '{\"n\": 1.50}' | omnikv put record --of-type T");
    kv.ok("echo 1 | omnikv task new log --id t --after 1h");
    kv.ok("omnikv consumers.commit mailer 1");
    kv
}

#[test]
fn lines_are_as_documented() {
    let kv = filled();
    let exported = kv.ok("omnikv export").text();
    let lines: Vec<&str> = exported.lines().collect();
    assert_eq!(
        lines[..8],
        [
            r#"{"omnikv":"export","format":1}"#,
            r#"{"latest":1}"#,
            r#"{"key":"bytes","type":"string","expireAt":null,"value":{"base64":"/wA="}}"#,
            r#"{"key":"hash","type":"hash","expireAt":null,"value":[["a","1"],["b","2"]]}"#,
            r#"{"key":"list","type":"list","expireAt":null,"value":["b","a"]}"#,
            r#"{"key":"set","type":"set","expireAt":null,"value":["a","b"]}"#,
            r#"{"key":"text","type":"string","expireAt":4000000000000,"value":"a b"}"#,
            r#"{"key":"zset","type":"zset","expireAt":null,"value":[["a",1],["b",2.5],["c","inf"]]}"#,
        ]
    );
    assert!(lines[8].starts_with(r#"{"record":{"key":"record","version":1,"type":"T","#), "{}", lines[8]);
    assert!(lines[8].ends_with(r#""value":{"n": 1.50}}}"#), "{}", lines[8]);
    assert!(lines[9].starts_with(r#"{"task":{"id":"t","name":"log","#), "{}", lines[9]);
    assert_eq!(lines[10], r#"{"consumer":{"name":"mailer","position":1,"latest":1}}"#);
    assert_eq!(lines.len(), 11);
    assert_eq!(kv.ok("omnikv export --page 1").text(), exported);
}

#[test]
fn an_export_can_be_imported() {
    let kv = filled();
    kv.ok("omnikv export > all.jsonl");
    let moved = |keys: u64, records: u64, tasks: u64, kept: u64, is_dry: bool| json!({ "keys": keys, "records": records, "tasks": tasks, "consumers": tasks, "kept": kept, "dryRun": is_dry });
    kv.expect("omnikv --url sqlite:b.db import --dry-run < all.jsonl", 0, moved(6, 1, 1, 0, true));
    kv.expect("omnikv --url sqlite:b.db import --page 2 < all.jsonl", 0, moved(6, 1, 1, 0, false));
    kv.expect("omnikv --url sqlite:b.db import < all.jsonl", 0, moved(0, 0, 0, 9, false));
    // The numbers of changes go on.
    let plain = "sed 's/\"\\(latest\\|position\\)\":[0-9]*//g'";
    let again = kv.ok(&format!("omnikv --url sqlite:b.db export | {plain}"));
    assert_eq!(again.text(), kv.ok(&format!("{plain} all.jsonl")).text());

    kv.ok("omnikv --url sqlite:b.db SET text other");
    let refused = kv.run("omnikv --url sqlite:b.db import < all.jsonl");
    assert_eq!(refused.code, 3);
    assert!(refused.err.contains("\"text\"") && refused.err.contains("--overwrite"), "{}", refused.err);
    kv.expect("omnikv --url sqlite:b.db import --keep < all.jsonl", 0, moved(0, 0, 0, 9, false));
    kv.expect("omnikv --url sqlite:b.db GET text", 0, json!("other"));
    assert_eq!(kv.run("omnikv --url sqlite:b.db import --overwrite < all.jsonl").code, 0);
    kv.expect("omnikv --url sqlite:b.db GET text", 0, json!("a b"));
    assert_eq!(kv.run("omnikv import --keep --overwrite < all.jsonl").code, 2);
}

#[test]
fn a_wrong_line_is_named_and_not_quoted() {
    let kv = Place::new();
    let lines = "{\"key\":\"a\",\"type\":\"string\",\"value\":\"1\"}\n{\"secret\":1}\n";
    let ran = kv.feed("omnikv import --page 1", lines.as_bytes());
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("line 2:") && !ran.err.contains("secret"), "{}", ran.err);
    kv.expect("omnikv GET a", 0, json!("1"));
    assert!(kv.feed("omnikv import", b"a,b\n").err.contains("Is this what `export` has written?"));
}

#[test]
fn stores_are_copied() {
    let kv = filled();
    let copied = kv.ok("omnikv copy sqlite:data.db sqlite:b.db --page 3").json();
    assert_eq!(
        copied,
        json!({ "keys": 6, "records": 1, "tasks": 1, "consumers": 1, "kept": 0, "dryRun": false })
    );
    kv.expect("omnikv --url sqlite:b.db LRANGE list 0 -1", 0, json!(["b", "a"]));
    kv.ok("omnikv SET app:a 1");
    assert_eq!(kv.ok("omnikv --prefix app copy sqlite:data.db sqlite:c.db").json()["keys"], 1);
    kv.expect("omnikv --url sqlite:c.db KEYS '*'", 0, json!(["app:a"]));
    assert_eq!(kv.run("omnikv copy sqlite:a.db sqlite:a.db").code, 2);
    assert_eq!(kv.run("omnikv copy sqlite:data.db 'redis://127.0.0.1:1?retries=0'").code, 4);
}
