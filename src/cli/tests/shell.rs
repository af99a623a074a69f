// The shell, by a pipe.

mod support;

use serde_json::json;
use support::Place;

#[test]
fn lines_run_one_after_the_other() {
    let kv = Place::new();
    let lines = "SET k \"a\\x00b\"\nSTRLEN k\nput person:1 {\"name\":\n  \"Alice\"}\n--raw get key person:1\n\nlist 0 1 --of-type X\n";
    let ran = kv.feed("omnikv shell", lines.as_bytes());
    assert_eq!(ran.code, 0, "{ran:?}");
    let out = ran.text();
    let printed: Vec<&str> = out.lines().collect();
    assert_eq!(&printed[..2], ["\"OK\"", "3"]);
    assert!(printed[2].starts_with("{\"key\":\"person:1\",\"version\":1,"), "{out}");
    assert_eq!(printed[3..].join("\n"), "{\"name\":\n  \"Alice\"}[]");
}

#[test]
fn another_store_and_another_prefix() {
    let kv = Place::new();
    let lines = "SET k 1\n\\prefix app\nSET k 2\n\\connect sqlite:other.db\nSET k 3\n\\prefix\nKEYS *\nexit\nSET k 4\n";
    let ran = kv.feed("omnikv shell", lines.as_bytes());
    assert_eq!(ran.text(), "\"OK\"\n\"OK\"\n\"OK\"\n[\"app:k\"]\n", "{}", ran.err);
    kv.expect("omnikv MGET k app:k", 0, json!(["1", "2"]));
}

#[test]
fn help_and_errors_do_not_end_it() {
    let kv = Place::new();
    let ran = kv.feed("omnikv shell", b"help SET\nhelp put\nget k\nSET k\nlst\n'open\n'\n\\connect redis://:secret@127.0.0.1:1?retries=0\nSET k v\n");
    assert_eq!(ran.code, 0);
    let out = ran.text();
    assert!(out.contains("Usage: SET key value") && out.contains("--if-version"), "{out}");
    assert!(out.ends_with("\"OK\"\n"), "{out}");
    for text in ["omnikv GET k", "missing argument (value)", "did you mean list?", "127.0.0.1:1"] {
        assert!(ran.err.contains(text), "{text}: {}", ran.err);
    }
    assert!(!ran.err.contains("secret"));
    // In a script the last line counts.
    assert_eq!(kv.feed("omnikv shell", b"GET missing\n").code, 1);
}
