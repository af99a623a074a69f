// What `COMMAND DOCS` and `COMMAND GETKEYS` tell of each command, compared with a real redis-server's.

mod support;

use fastrand::Rng;
use omnikv::Store;
use omnikv::command::{Bytes, Command};
use omnikv::gateway::{Gateway, Options, Request};
use pollster::block_on;
use serde_json::{Value as Json, json};
use support::commands::{Alphabet, Commands};
use support::redis::{RedisServer, cmd};

struct Ours(Gateway);

impl Ours {
    fn start() -> Ours {
        let store = block_on(Store::connect("memory:", omnikv::Options::default())).unwrap();
        Ours(Gateway::new(store, Options { open: true, ..Options::default() }).unwrap())
    }

    fn ask(&self, argv: &[Bytes]) -> Json {
        let words: Vec<_> = argv.iter().map(|word| String::from_utf8_lossy(word)).collect();
        let body = json!(words).to_string().into_bytes();
        let request = Request { method: "POST".into(), path: "/".into(), body, ..Request::default() };
        let answer: Json = serde_json::from_slice(&block_on(self.0.handle(request)).body).unwrap();
        answer.get("result").cloned().unwrap_or_else(|| json!({ "error": answer["error"] }))
    }
}

fn theirs(connection: &mut redis::Connection, argv: &[Bytes]) -> Json {
    fn json_of(value: redis::Value) -> Json {
        match value {
            redis::Value::Nil => Json::Null,
            redis::Value::Int(number) => json!(number),
            redis::Value::BulkString(bytes) => json!(String::from_utf8_lossy(&bytes)),
            redis::Value::SimpleString(text) => json!(text),
            redis::Value::Array(items) => items.into_iter().map(json_of).collect(),
            other => panic!("{other:?}"),
        }
    }
    match cmd(argv).query(connection) {
        Ok(value) => json_of(value),
        Err(error) => {
            let error: redis::RedisError = error;
            let code = error.code().unwrap_or("ERR");
            json!({ "error": format!("{code} {}", error.detail().unwrap_or_default()) })
        }
    }
}

fn words(line: &[&str]) -> Vec<Bytes> {
    line.iter().map(|word| word.as_bytes().to_vec()).collect()
}

fn names(ours: &Ours) -> Vec<String> {
    serde_json::from_value(ours.ask(&words(&["COMMAND", "LIST"]))).unwrap()
}

/// The value after a name in a flat list of names and values.
fn fact<'a>(docs: &'a Json, name: &str) -> &'a Json {
    let facts = docs[1].as_array().map_or(&[][..], Vec::as_slice);
    facts.chunks(2).find(|fact| fact[0] == name).map_or(&Json::Null, |fact| &fact[1])
}

#[test]
fn every_command_has_a_summary_and_the_group_of_redis() {
    let (server, ours) = (RedisServer::start(), Ours::start());
    let mut connection = server.connect();
    for name in names(&ours) {
        let line = words(&["COMMAND", "DOCS", &name]);
        let told = ours.ask(&line);
        let summary = fact(&told, "summary").as_str().unwrap_or_default();
        assert!(summary.ends_with('.') && summary.len() > 10, "{name}: {summary}");
        let theirs = theirs(&mut connection, &line);
        let (group, of_redis) = (fact(&told, "group"), fact(&theirs, "group"));
        assert!(of_redis.is_null() || group == of_redis, "{name}: {group}, {of_redis}");
    }
}

#[test]
fn the_keys_of_random_commands_are_found_as_by_redis() {
    let (server, ours) = (RedisServer::start(), Ours::start());
    let mut connection = server.connect();
    let mut commands =
        Commands { rng: Rng::with_seed(support::seed()), alphabet: Alphabet::Small, now_ms: 1 << 40 };
    for _ in 0..20 {
        for name in Command::NAMES {
            let Some(mut argv) = commands.command(name).to_redis() else { continue };
            // Without sources, Redis finds no destination.
            if argv[0] == b"PFMERGE" && argv.len() == 2 {
                continue;
            }
            argv.iter_mut().for_each(|word| *word = String::from_utf8_lossy(word).into_owned().into_bytes());
            let line = [words(&["COMMAND", "GETKEYS"]), argv].concat();
            let shown: Vec<_> = line.iter().map(|word| String::from_utf8_lossy(word)).collect();
            assert_eq!(ours.ask(&line), theirs(&mut connection, &line), "{shown:?}");
        }
    }
}
