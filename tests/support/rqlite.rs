// Real rqlite nodes for a test, on free loopback ports: one, or a cluster. They stop on drop.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const START_TIME: Duration = Duration::from_secs(60);

/// A node.
pub struct Node {
    process: Child,
    arguments: Vec<String>,
    port: u16,
    raft_port: u16,
    _folder: TempDir,
}

impl Node {
    /// Starts a node that is a cluster by itself, and waits until it answers.
    ///
    /// # Panics
    ///
    /// If there is no rqlited: `./setup.sh test` builds it.
    pub fn start() -> Node {
        let node = Node::begin(1, None, &[]);
        node.wait_until_ready();
        node
    }

    /// Like [`start`](Self::start), with more arguments.
    pub fn start_with(arguments: &[&str]) -> Node {
        let node = Node::begin(1, None, arguments);
        node.wait_until_ready();
        node
    }

    fn begin(id: usize, leader: Option<&Node>, more: &[&str]) -> Node {
        let (port, raft_port) = (free_port(), free_port());
        let folder = tempfile::tempdir().unwrap();
        let mut arguments: Vec<String> = [
            ("-node-id", id.to_string()),
            ("-http-addr", format!("127.0.0.1:{port}")),
            ("-raft-addr", format!("127.0.0.1:{raft_port}")),
            // Elections are quicker than by default.
            ("-raft-timeout", "300ms".to_owned()),
            ("-raft-election-timeout", "300ms".to_owned()),
            ("-raft-leader-lease-timeout", "200ms".to_owned()),
        ]
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value])
        .collect();
        if let Some(leader) = leader {
            arguments.extend(["-join".to_owned(), format!("127.0.0.1:{}", leader.raft_port)]);
        }
        arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
        arguments.push(folder.path().to_str().unwrap().to_owned());
        Node { process: spawn(&arguments), arguments, port, raft_port, _folder: folder }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        format!("rqlite://127.0.0.1:{}", self.port)
    }

    /// Kills the node, as in a crash.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again with its data.
    pub fn restart(&mut self) {
        self.begin_again();
        self.wait_until_ready();
    }

    /// Like [`restart`](Self::restart), without waiting until it answers.
    pub fn begin_again(&mut self) {
        self.process = spawn(&self.arguments);
    }

    fn wait_until_ready(&self) {
        let begin = Instant::now();
        while !matches!(self.request("GET", "/readyz", ""), Some((200, _))) {
            assert!(begin.elapsed() < START_TIME, "rqlited did not start");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether it answers as the leader.
    pub fn is_leader(&self) -> bool {
        let body = self.request("GET", "/status?key=store.raft.state", "").map(|(_, body)| body);
        body.is_some_and(|body| body.contains("Leader"))
    }

    /// Runs statements, given as rqlite's JSON, and returns the answer.
    pub fn sql(&self, statements: &str) -> String {
        let answer = self.request("POST", "/db/request?transaction&level=strong", statements);
        answer.expect("rqlited has stopped answering").1
    }

    /// Empties all tables of a store, and counts from 0 again.
    pub fn clear(&self) {
        let tables =
            self.sql(r#"["SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'omnikv%'"]"#);
        let drops: Vec<String> = tables
            .split('"')
            .filter(|word| word.starts_with("omnikv"))
            .map(|name| format!("\"DROP TABLE {name}\""))
            .collect();
        if !drops.is_empty() {
            self.sql(&format!("[{}]", drops.join(",")));
        }
    }

    /// A number that the node counts, by its name in rqlite's HTTP or store statistics.
    pub fn count(&self, name: &str) -> u64 {
        let body = self.request("GET", "/debug/vars", "").expect("rqlited has stopped answering").1;
        let (_, rest) = body.split_once(&format!("\"{name}\": ")).expect("a statistic");
        rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
    }

    fn request(&self, method: &str, path: &str, body: &str) -> Option<(u16, String)> {
        request(self.port, method, path, body)
    }
}

/// Sends a node an HTTP request; returns the status and the body of its answer.
pub fn request(port: u16, method: &str, path: &str, body: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: node\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    Some((status, answer.split_once("\r\n\r\n")?.1.to_owned()))
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(arguments: &[String]) -> Child {
    let quiet = Command::new(program())
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match quiet {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            panic!("this test needs target/tools/rqlited: run ./setup.sh test")
        }
        process => process.unwrap(),
    }
}

fn program() -> PathBuf {
    // Tests of other crates have folders of their own.
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().find(|folder| folder.join("Cargo.lock").exists());
    root.expect("a workspace").join("target/tools/rqlited")
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A cluster.
pub struct Cluster(pub Vec<Node>);

impl Cluster {
    /// Starts three nodes, and waits until all are members.
    pub fn start() -> Cluster {
        let first = Node::start();
        let mut nodes = vec![first];
        for id in 2..=3 {
            nodes.push(Node::begin(id, nodes.first(), &[]));
        }
        nodes.iter().for_each(Node::wait_until_ready);
        Cluster(nodes)
    }

    /// The URL with all nodes.
    pub fn url(&self) -> String {
        let hosts: Vec<String> = self.0.iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
        format!("rqlite://{}", hosts.join(","))
    }

    /// The leader; waits for an election.
    pub fn leader(&self) -> usize {
        let begin = Instant::now();
        loop {
            if let Some(leader) = self.0.iter().position(Node::is_leader) {
                return leader;
            }
            assert!(begin.elapsed() < START_TIME, "the cluster has no leader");
            thread::sleep(Duration::from_millis(20));
        }
    }
}
