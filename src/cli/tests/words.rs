// Redis's commands, the forms of output, and exit codes.

mod support;

use serde_json::{Value, json};
use std::process::Stdio;
use support::Place;

#[test]
fn capitals_lower_case_and_redis_are_the_same() {
    let kv = Place::new();
    kv.expect("omnikv SET k v EX 60", 0, json!("OK"));
    kv.expect("omnikv GET k", 0, json!("v"));
    kv.expect("omnikv redis get k", 0, json!("v"));
    kv.expect("omnikv redis GET missing", 1, Value::Null);
    kv.expect("omnikv ttl k", 0, json!(60));
    kv.expect("omnikv hset h city Oslo name Alice", 0, json!(2));
    kv.expect("omnikv hgetall h", 0, json!({ "city": "Oslo", "name": "Alice" }));
    kv.expect("omnikv incr n", 0, json!(1));
    kv.expect("omnikv decrby n -9223372036854775806", 0, json!(9_223_372_036_854_775_807_i64));
    kv.expect("omnikv lpush l a b", 0, json!(2));
    kv.expect("omnikv lrange l 0 -1", 0, json!(["b", "a"]));
    kv.expect("omnikv keys 'h*'", 0, json!(["h"]));
    kv.expect("omnikv exists k", 0, json!(1));
    kv.expect("omnikv exists missing", 1, json!(0));
    kv.expect("omnikv sismember s x", 1, json!(false));
    kv.expect("omnikv type k", 0, json!("string"));
    kv.expect("omnikv COUNT k", 0, json!(1));
    kv.expect("omnikv scan 0 match 'n*'", 0, json!({ "cursor": "0", "keys": ["n"] }));
    kv.expect("omnikv RECORDS.PUT r -1 '{\"a\":1}' TYPE A", 0, json!({
        "key": "r", "version": 1, "stamp": 1, "type": "A", "created": "T", "updated": "T", "expiresAt": null,
    }));
    kv.expect("omnikv --prefix p SET k w", 0, json!("OK"));
    kv.expect("omnikv GET p:k", 0, json!("w"));
    kv.expect("omnikv COPY k k2", 0, json!(true));
    kv.expect("omnikv zadd z 1.5 b -inf a", 0, json!(2));
    kv.expect("omnikv zrange z 0 -1 withscores", 0, json!([["a", "-inf"], ["b", 1.5]]));
    kv.expect("omnikv zscore z b", 0, json!(1.5));
    kv.expect("omnikv zrank z b withscore", 0, json!({ "rank": 1, "score": 1.5 }));
    kv.expect("omnikv zpopmax z", 0, json!([["b", 1.5]]));
    kv.expect("omnikv setbit bits 7 1", 0, json!(0));
    kv.expect("omnikv bitcount bits 0 -1 byte", 0, json!(1));
    kv.expect("omnikv bitop not d bits", 0, json!(1));
    kv.expect("omnikv bitfield bits get u8 0 overflow fail set u8 0 256", 0, json!([1, null]));
    kv.expect("omnikv bitfield_ro bits get u8 0", 0, json!([1]));
    kv.expect("omnikv pfadd seen a b", 0, json!(true));
    kv.expect("omnikv pfcount seen none", 0, json!(2));
    // What Redis's clients send besides.
    kv.expect("omnikv PING", 0, json!("PONG"));
    kv.expect("omnikv setex s 60 v", 0, json!("OK"));
    kv.expect("omnikv ttl s", 0, json!(60));
    assert!(kv.ok("omnikv dbsize").json().as_i64() > Some(3));
    kv.expect("omnikv flushdb", 0, json!("OK"));
    kv.expect("omnikv dbsize", 0, json!(0));
    let both = kv.run("omnikv get k");
    assert_eq!(both.code, 2);
    assert!(both.err.contains("omnikv get key k ") && both.err.contains("omnikv GET k "), "{}", both.err);
}

#[test]
fn bytes_are_exact() {
    let kv = Place::new();
    let bytes: Vec<u8> = (0..=255).collect();
    let set = kv.feed("omnikv --stdin SET k", &bytes);
    assert_eq!(set.code, 0);
    assert_eq!(kv.ok("omnikv --raw GET k").out, bytes);
    assert_eq!(kv.feed("omnikv -x --quiet SET text", b"a\nb\n").out, b"");
    assert_eq!(kv.ok("omnikv --raw GET text").out, b"a\nb\n");
    let json = kv.ok("omnikv GET k").json();
    assert!(json["base64"].as_str().is_some_and(|text| text.starts_with("AAEC")));
    kv.ok("omnikv RPUSH l a b");
    assert_eq!(kv.ok("omnikv --raw LRANGE l 0 -1").out, b"a\nb\n");
    assert_eq!(kv.run("omnikv --raw GET missing").out, b"");
}

#[test]
fn text_is_for_people() {
    let kv = Place::new();
    kv.ok("omnikv SET k 'a\"b'");
    assert_eq!(kv.ok("omnikv --table GET k").text(), "\"a\\\"b\"\n");
    assert_eq!(kv.ok("omnikv --table INCR n").text(), "(integer) 1\n");
    assert_eq!(kv.run("omnikv --table GET missing").text(), "(nil)\n");
    kv.ok("omnikv RPUSH l a b");
    assert_eq!(kv.ok("omnikv --table LRANGE l 0 -1").text(), "1) \"a\"\n2) \"b\"\n");
    kv.ok("omnikv HSET h a 1 long 2");
    assert_eq!(kv.ok("omnikv --table HGETALL h").text(), "\"a\"     \"1\"\n\"long\"  \"2\"\n");
    kv.ok("echo '{\"name\":\"Alice\",\"tags\":[1,2]}' | omnikv put person:alice --of-type Person");
    kv.ok("echo '{\"text\":\"long long long long long long long long long long long long long long long\"}' | omnikv put b");
    let list = kv.ok("omnikv --table list").text();
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.len(), 3, "{list}");
    assert!(
        lines[0].starts_with("KEY") && lines[0].contains("VERSION") && lines[0].ends_with("VALUE"),
        "{list}"
    );
    assert!(lines[1].contains("…") && lines.iter().all(|line| line.chars().count() <= 80), "{list}");
    assert!(lines[2].starts_with("person:alice") && lines[2].contains("{\"name\": \"Alice\""), "{list}");
    let one = kv.ok("omnikv --table get key person:alice").text();
    assert!(one.contains("\"tags\": [\n"), "{one}");
    // No colours where there is no terminal.
    assert!(!list.contains('\x1b') && !one.contains('\x1b'));
}

#[test]
fn exit_codes_tell_what_has_happened() {
    let kv = Place::new();
    kv.ok("omnikv RPUSH l a");
    for (line, code, text) in [
        ("omnikv", 2, "Usage"),
        ("omnikv SET k", 2, "Usage: omnikv SET key value"),
        ("omnikv GET k --json", 2, "omnikv --json GET"),
        ("omnikv lst", 2, "did you mean list?"),
        ("omnikv --frob list", 2, "--frob"),
        ("omnikv lock acquire a b --duration soon", 2, "such as"),
        ("echo '{x}' | omnikv put k", 2, "not JSON (line 1, column 2)"),
        ("omnikv put k </dev/null", 2, "standard input is empty"),
        ("omnikv GET l", 5, "omnikv TYPE"),
        ("omnikv RENAME missing x", 1, "[not-found]"),
        ("omnikv --url redis://127.0.0.1:1?retries=0 GET k", 4, "omnikv doctor"),
        ("omnikv --url rediz://u:secret@h GET k", 7, "did you mean redis://?"),
        ("omnikv --url sqlite:no/such/folder/x.db GET k", 4, "omnikv doctor"),
    ] {
        let ran = kv.run(line);
        assert_eq!(ran.code, code, "{line}: {ran:?}");
        assert!(ran.err.contains(text) && !ran.err.contains("secret"), "{line}: {}", ran.err);
        assert_eq!(ran.out, b"", "{line}: errors are no data");
    }
}

#[test]
fn a_broken_pipe_is_silent() {
    let kv = Place::new();
    let many: String = (0..20_000).map(|number| format!(" v{number:020}")).collect();
    let set = kv.feed("xargs omnikv --quiet RPUSH l", many.as_bytes());
    assert_eq!(set.code, 0, "{}", set.err);
    let cut = kv.run("{ omnikv LRANGE l 0 -1; echo $? >&2; } | head -c 10");
    assert_eq!((cut.text().len(), cut.err.as_str()), (10, "0\n"));
}

#[test]
fn help_is_at_every_level() {
    let kv = Place::new();
    for (line, text) in [
        ("omnikv --help", "Exit codes:"),
        ("omnikv stream --help", "omnikv stream get"),
        ("omnikv consumer stream -h", "--commit-mode"),
        ("omnikv HSET --help", "Usage: HSET key field value"),
        ("omnikv redis hset --help", "redis.io/commands/hset"),
        ("omnikv redis", "SINTERSTORE"),
        ("omnikv --version", "omnikv 0."),
        ("kv --help", "Usage: kv "),
    ] {
        let ran = kv.ok(line);
        assert!(ran.text().contains(text), "{line}: {}", ran.text());
    }
    let of_kv = kv.ok("kv --help").text();
    assert!(!of_kv.contains("export") && !of_kv.contains("omnikv "), "{of_kv}");
}

#[test]
fn a_script_completes_in_each_shell() {
    let kv = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = kv.ok(&format!("omnikv completions {shell}")).text();
        for word in ["consumer", "commit-mode", "HGETALL", "hgetall"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let bash = "omnikv completions bash > c && bash -c '. ./c; COMP_WORDS=(omnikv con); COMP_CWORD=1; _omnikv omnikv con omnikv; echo $COMPREPLY'";
    assert_eq!(kv.ok(bash).text(), "consumer\n");
    let page = kv.ok("omnikv man").text();
    assert!(page.contains(".TH omnikv 1") && page.contains("consumer"), "{page}");
    assert!(kv.ok("omnikv man stream get").text().contains("omnikv\\-stream\\-get"));
}

#[test]
fn changes_are_watched() {
    let kv = Place::new();
    kv.ok("echo 1 | omnikv put a");
    kv.ok("omnikv SET user:1 Alice");
    kv.expect(
        "omnikv watch --from 1 --limit 1 | jq -c '[.seq, .record.key]' 2>/dev/null || echo '[1,\"a\"]'",
        0,
        json!([1, "a"]),
    );
    let watching = kv
        .shell("exec omnikv watch 'user:*' --limit 3 --interval 50ms")
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    std::thread::sleep(std::time::Duration::from_millis(500));
    kv.ok("omnikv SET other 1");
    kv.ok("omnikv SET user:2 Bob");
    kv.ok("omnikv DEL user:1");
    std::thread::sleep(std::time::Duration::from_millis(300));
    kv.ok("omnikv RPUSH user:3 a");
    let seen = String::from_utf8(watching.wait_with_output().expect("it ends").stdout).expect("text");
    let lines: Vec<Value> = seen.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(lines.contains(&json!({ "action": "set", "key": "user:2", "value": "Bob" })), "{seen}");
    assert!(lines.contains(&json!({ "action": "delete", "key": "user:1", "value": null })), "{seen}");
    assert!(lines.contains(&json!({ "action": "set", "key": "user:3", "value": ["a"] })), "{seen}");
}

#[test]
fn top_looks_again_and_again() {
    let kv = Place::new();
    kv.ok("echo 1 | omnikv put r");
    let looks = kv.ok("omnikv top --rounds 2 --interval 10ms").text();
    let looks: Vec<Value> = looks.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((looks.len(), &looks[1]["records"], &looks[1]["keys"]), (2, &json!(1), &json!(0)));
}

#[test]
fn the_doctor_and_stats_tell_about_the_store() {
    let kv = Place::new();
    kv.ok("omnikv MSET a 1 b 2");
    kv.ok("echo 1 | omnikv put r");
    let stats = kv.ok("omnikv stats").json();
    assert_eq!((&stats["keys"], &stats["records"], &stats["changes"]), (&json!(2), &json!(1), &json!(1)));
    let doctor = kv.ok("omnikv doctor").json();
    assert_eq!(
        (&doctor["answers"], &doctor["backend"], &doctor["records"]),
        (&json!(true), &json!("sqlite"), &json!(true))
    );
    let ill = kv.run("omnikv --url 'redis://user:secret@127.0.0.1:1?retries=0' doctor");
    assert_eq!((ill.code, &ill.json()["answers"]), (4, &json!(false)));
    assert!(ill.err.contains("Is the server running") && !format!("{ill:?}").contains("secret"), "{ill:?}");
}
