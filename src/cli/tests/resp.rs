// The server of Redis's protocol, with other people's clients: the `redis` crate and redis-cli.

mod support;

use redis::{Commands, Connection, ErrorKind, RedisResult, Value};
use serde_json::Value as Json;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use support::Place;

struct Server {
    process: Child,
    facts: Json,
}

impl Server {
    fn start(kv: &Place, line: &str) -> Server {
        let mut shell = kv.shell(&format!("exec {line}"));
        let mut process = shell.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut first = String::new();
        let out = process.stdout.as_mut().expect("it is piped");
        BufReader::new(out).read_line(&mut first).expect("a line");
        Server { process, facts: serde_json::from_str(&first).expect("JSON") }
    }

    fn url(&self) -> &str {
        self.facts["resp"].as_str().expect("a URL")
    }

    fn port(&self) -> u16 {
        self.url().rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
    }

    /// A connection of the `redis` crate, with these parameters in its URL.
    fn connect(&self, user: &str, parameters: &str) -> RedisResult<Connection> {
        let url = format!("redis://{user}127.0.0.1:{}/{parameters}", self.port());
        redis::Client::open(url)?.get_connection()
    }

    /// What redis-cli prints.
    fn cli(&self, arguments: &[&str]) -> String {
        let mut cli = Command::new("redis-cli");
        let ran = cli.args(["-p", &self.port().to_string()]).args(arguments).output().expect("redis-cli");
        String::from_utf8_lossy(&ran.stdout).trim_end().to_owned()
    }

    fn stop(mut self) -> i32 {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
        self.process.wait().expect("it ends").code().unwrap_or(-1)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.process.kill();
    }
}

fn use_it(mut redis: Connection) {
    let () = redis.set("k", b"\xff\0").expect("SET");
    assert_eq!(redis.get::<_, Vec<u8>>("k").expect("GET"), b"\xff\0");
    assert_eq!(redis.get::<_, Option<String>>("none").expect("GET"), None);
    assert_eq!(redis.hset_multiple::<_, _, _, ()>("h", &[("a", 1), ("b", 2)]), Ok(()));
    let hash: std::collections::BTreeMap<String, i64> = redis.hgetall("h").expect("HGETALL");
    assert_eq!(hash.into_iter().collect::<Vec<_>>(), [("a".to_owned(), 1), ("b".to_owned(), 2)]);
    let _: () = redis.zadd("z", "m", 1.5).expect("ZADD");
    assert_eq!(redis.zrange_withscores::<_, Vec<(String, f64)>>("z", 0, -1), Ok(vec![("m".to_owned(), 1.5)]));
    assert_eq!(redis.zscore::<_, _, f64>("z", "m"), Ok(1.5));
    let keys: Vec<String> = redis.scan().expect("SCAN").collect::<RedisResult<_>>().expect("keys");
    assert_eq!(keys.len(), 3);
    let error = redis.incr::<_, _, i64>("h", 1).expect_err("a hash");
    assert_eq!(error.code(), Some("WRONGTYPE"));
    let mut pipe = redis::pipe();
    let counted: Vec<i64> = pipe.atomic().incr("n", 1).incr("n", 2).query(&mut redis).expect("MULTI");
    assert_eq!(counted, [1, 3]);
    let sum: (i64,) = redis::transaction(&mut redis, &["n"], |redis, pipe| {
        let n: i64 = redis.get("n")?;
        pipe.set("n", n * 2).ignore().incr("n", 1).query(redis)
    })
    .expect("WATCH");
    assert_eq!(sum, (7,));
}

#[test]
fn the_redis_crate_in_both_versions() {
    for store in ["memory:", "sqlite:data.db"] {
        for parameters in ["", "?protocol=resp3"] {
            let kv = Place::new();
            let server = Server::start(&kv, &format!("omnikv --url {store} serve --resp 0"));
            use_it(server.connect("", parameters).expect("a connection"));
            assert_eq!(server.stop(), 0);
        }
    }
}

#[test]
fn redis_cli_and_both_protocols_on_one_store() {
    let kv = Place::new();
    let line = "env OMNIKV_TOKEN=token omnikv --url sqlite:data.db serve --resp 0 --port 0";
    let server = Server::start(&kv, line);
    assert_eq!(server.cli(&["SET", "greeting", "hello"]), "OK");
    assert_eq!(server.cli(&["-3", "HGETALL", "none"]), "");
    assert!(server.cli(&["INFO", "server"]).contains("redis_version:7."));
    assert!(server.cli(&["CLIENT", "LIST"]).contains("cmd=client|list"));
    assert_eq!(server.cli(&["COMMAND", "GETKEYS", "MSET", "a", "1", "b", "2"]), "a\nb");
    let (host, port) = server.facts["url"].as_str().and_then(|url| url[7..].rsplit_once(':')).expect("a URL");
    kv.expect(&format!("omnikv --url upstash+http://:token@{host}:{port} GET greeting"), 0, "hello".into());
    assert_eq!(server.stop(), 0);
    kv.expect("omnikv GET greeting", 0, "hello".into());
}

#[test]
fn a_watched_key_that_the_gateway_changes() {
    let kv = Place::new();
    let server = Server::start(&kv, "env OMNIKV_TOKEN=token omnikv serve --resp 0 --port 0");
    let mut redis = server.connect("", "").expect("a connection");
    let say = |redis: &mut Connection, line: &str| {
        let mut words = line.split(' ');
        let mut cmd = redis::cmd(words.next().expect("a word"));
        cmd.arg(words.collect::<Vec<_>>()).query::<Value>(redis).expect("an answer")
    };
    say(&mut redis, "RPUSH l a");
    say(&mut redis, "WATCH l");
    let url = server.facts["url"].as_str().expect("a URL").replace("http://", "upstash+http://:token@");
    kv.expect(&format!("omnikv --url {url} RPUSH l b"), 0, 2.into());
    let _: Value = redis::cmd("MULTI").query(&mut redis).expect("MULTI");
    say(&mut redis, "RPUSH l c");
    assert_eq!(redis::cmd("EXEC").query::<Value>(&mut redis), Ok(Value::Nil));
    assert_eq!(server.cli(&["LLEN", "l"]), "2");
}

#[test]
fn passwords_limits_and_the_end() {
    let kv = Place::new();
    let refused = kv.run("omnikv serve --resp 0 --host 0.0.0.0");
    assert!(refused.code == 2 && refused.err.contains("OMNIKV_PASSWORD"), "{refused:?}");
    let server =
        Server::start(&kv, "env OMNIKV_PASSWORD=secret omnikv serve --resp 0 --host 0.0.0.0 --max-clients 2");
    let wrong = server.connect(":other@", "").err().expect("it is wrong");
    assert_eq!(wrong.kind(), ErrorKind::AuthenticationFailed, "{wrong}");
    let mut first = server.connect(":secret@", "").expect("a connection");
    let mut second = server.connect("default:secret@", "?protocol=resp3").expect("a connection");
    let mut third = TcpStream::connect(("127.0.0.1", server.port())).expect("it listens");
    let mut text = String::new();
    third.read_to_string(&mut text).expect("text");
    assert_eq!(text, "-ERR max number of clients reached\r\n");
    let id: i64 = redis::cmd("CLIENT").arg("ID").query(&mut second).expect("a number");
    let killed: i64 = redis::cmd("CLIENT").arg("KILL").arg("ID").arg(id).query(&mut first).expect("a number");
    assert_eq!(killed, 1);
    assert!(redis::cmd("PING").query::<String>(&mut second).is_err());
    assert_eq!(redis::cmd("PING").query::<String>(&mut first), Ok("PONG".to_owned()));
    // A browser's request ends the connection.
    let mut page = TcpStream::connect(("127.0.0.1", server.port())).expect("it listens");
    page.write_all(b"POST / HTTP/1.1\r\nHost: x\r\n\r\nFLUSHALL\r\n").expect("it is sent");
    text.clear();
    _ = page.read_to_string(&mut text);
    assert_eq!(text, "");
    // An open connection does not keep the server.
    assert_eq!(server.stop(), 0);
    assert!(redis::cmd("PING").query::<String>(&mut first).is_err());
}

#[test]
fn the_idle_are_cut_off() {
    let kv = Place::new();
    let server = Server::start(&kv, "omnikv serve --resp 0 --idle 100ms");
    let mut silent = TcpStream::connect(("127.0.0.1", server.port())).expect("it listens");
    assert_eq!(silent.read(&mut [0]).expect("the end"), 0);
    assert_eq!(server.cli(&["PING"]), "PONG");
}
