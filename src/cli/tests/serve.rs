// The server of Upstash's REST protocol, with this program as its client.

mod support;

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use support::Place;

struct Server {
    process: Child,
    port: u16,
    facts: Value,
}

impl Server {
    fn start(kv: &Place, line: &str) -> Server {
        let mut shell = kv.shell(&format!("exec {line}"));
        let mut process = shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut first = String::new();
        let out = process.stdout.as_mut().expect("it is piped");
        BufReader::new(out).read_line(&mut first).expect("a line");
        let facts: Value = serde_json::from_str(&first).expect("JSON");
        let url = facts["url"].as_str().expect("a URL");
        let port = url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        Server { process, port, facts }
    }

    /// The status and body of a request without a token.
    fn get(&self, path: &str) -> (u16, String) {
        let mut socket = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        write!(socket, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("a request");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("an answer");
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, answer.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned())
    }

    /// Stops it; the exit code and what it has logged.
    fn stop(mut self) -> (i32, String) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
        let mut log = String::new();
        self.process.stderr.take().expect("it is piped").read_to_string(&mut log).expect("text");
        (self.process.wait().expect("it ends").code().unwrap_or(-1), log)
    }
}

#[test]
fn clients_are_served_until_a_signal() {
    let kv = Place::new();
    let server =
        Server::start(&kv, "env OMNIKV_TOKEN=secret omnikv --url sqlite:data.db serve --port 0 --log");
    assert_eq!(server.facts["store"], "sqlite:data.db");
    assert!(server.facts.get("token").is_none(), "a given token is not shown");
    let url = format!("--url upstash+http://:secret@127.0.0.1:{}", server.port);
    kv.expect(&format!("omnikv {url} SET hidden-key hidden-value"), 0, json!("OK"));
    kv.expect(&format!("omnikv {url} redis get hidden-key"), 0, json!("hidden-value"));
    kv.expect("omnikv GET hidden-key", 0, json!("hidden-value"));
    let wrong = kv.run(&format!("omnikv --url upstash+http://:other@127.0.0.1:{} GET k", server.port));
    assert_eq!(wrong.code, 6, "{wrong:?}");
    assert_eq!(server.get("/health"), (200, r#"{"status":"ok"}"#.to_owned()));
    assert_eq!(server.get("/get/hidden-key").0, 401);
    assert_eq!(server.get("/get/hidden-key?_token=secret"), (200, r#"{"result":"hidden-value"}"#.to_owned()));
    let (code, log) = server.stop();
    assert_eq!(code, 0, "{log}");
    assert!(!log.contains("hidden") && !log.contains("secret"), "{log}");
    let last: Value = log.lines().last().and_then(|line| serde_json::from_str(line).ok()).expect("JSON");
    assert_eq!(
        (&last["method"], &last["command"], &last["status"]),
        (&json!("GET"), &json!("get"), &json!(200))
    );
}

#[test]
fn a_token_is_made_and_shown_where_none_is_given() {
    let kv = Place::new();
    let server = Server::start(&kv, "omnikv serve --port 0 --read-only-token look");
    assert_eq!(server.facts["store"], "memory:");
    let token = server.facts["token"].as_str().expect("a token").to_owned();
    assert_eq!(token.len(), 48);
    let url = |token: &str| format!("--url upstash+http://:{token}@127.0.0.1:{}", server.port);
    kv.expect(&format!("omnikv {} incr n", url(&token)), 0, json!(1));
    kv.expect(&format!("omnikv {} GET n", url("look")), 0, json!("1"));
    assert_eq!(kv.run(&format!("omnikv {} incr n", url("look"))).code, 6);
    let taken = kv.run(&format!("omnikv serve --port {} --token x", server.port));
    assert!(taken.code == 2 && taken.err.contains("is taken"), "{taken:?}");
    assert_eq!(kv.run("omnikv -q serve --port 0").code, 2);
    assert_eq!(server.stop().0, 0);
}
