// Records and what is built on them in a Durable Object of the deployable Worker, in workerd: random commands through
// its gateway are compared with a memory store.

#[path = "support/random_records.rs"]
mod random_records;
mod support;

use omnikv::command::{Command, Ending, Reply};
use omnikv::{Error, Kind, MemoryStore, Options, Result, Store};
use pollster::block_on;
use random_records::{Commands, Pair};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

const COMMANDS: usize = 2_000;

/// workerd with the Worker, whose clock the test sets.
struct Worker {
    process: Child,
    /// Host and port.
    host: String,
    _folder: TempDir,
}

impl Worker {
    fn start() -> Worker {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = tempfile::tempdir().unwrap();
        for name in ["index.js", "index_bg.wasm"] {
            let built = root.join("pkg/worker/build").join(name);
            fs::copy(built, folder.path().join(name)).expect("the Worker that setup.sh test builds");
        }
        let entry = root.join("tests/workerd/rust-worker-in-time.js");
        fs::copy(entry, folder.path().join("worker.js")).unwrap();
        let options = serde_json::json!({
            "bindings": { "OMNIKV_TOKEN": "t", "OMNIKV_URL": "durable-object:STATE" },
            "durableObjects": { "STATE": { "className": "OmnikvObject", "useSQLite": true } },
        });
        let mut process = Process::new(root.join("tests/nodes/24/node_modules/.bin/node"))
            .arg(root.join("tests/workerd/serve.js"))
            .arg(folder.path())
            .arg(options.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Node 24 of setup.sh test");
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let host = url.trim().trim_start_matches("http://").trim_end_matches('/').to_owned();
        assert!(!host.is_empty(), "workerd did not start");
        Worker { process, host, _folder: folder }
    }

    fn set_clock(&self, now: u64) {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        let Worker { host, .. } = self;
        write!(
            stream,
            "POST /-/set/{now} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It ends with its input.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// Both stores, with the time of the last command.
struct Both {
    memory: MemoryStore,
    object: Store,
    worker: Worker,
    clock: Arc<AtomicU64>,
}

impl Both {
    fn set_clock(&self, now: u64) {
        if self.clock.swap(now, Ordering::Relaxed) != now {
            self.worker.set_clock(now);
        }
    }
}

type Shown = std::result::Result<Reply, (Kind, String)>;

/// A reply, or what an error says besides its store.
fn shown(reply: Result<Reply>) -> Shown {
    reply.map_err(|error: Error| (error.kind(), error.message().to_owned()))
}

/// Without failures, because the stores choose different times for another try.
fn without_chance(command: &Command) -> Command {
    let mut command = command.clone();
    if let Command::TasksRelease { ending, .. } = &mut command {
        *ending = Ending::Completed;
    }
    command
}

impl Pair for Both {
    fn run(&mut self, command: &Command, now: u64) -> Result<Reply> {
        self.set_clock(now);
        let command = without_chance(command);
        let ours = self.memory.execute(command.clone());
        let theirs = block_on(self.object.execute(command.clone()));
        assert_eq!(shown(theirs), shown(ours.clone()), "{command:?}");
        ours
    }

    fn run_batch(&mut self, commands: &[Command], is_transaction: bool, now: u64) {
        self.set_clock(now);
        let commands: Vec<Command> = commands.iter().map(without_chance).collect();
        let (ours, theirs) = if is_transaction {
            let ours = self.memory.transaction(Vec::new(), commands.clone());
            (ours, block_on(self.object.transaction(Vec::new(), commands.clone())))
        } else {
            (self.memory.execute_all(commands.clone()), block_on(self.object.execute_all(commands.clone())))
        };
        let shown = |replies: Result<Vec<Result<Reply>>>| match replies {
            Ok(replies) => replies.into_iter().map(shown).collect(),
            Err(error) => vec![shown(Err(error))],
        };
        assert_eq!(shown(theirs), shown(ours), "{commands:?}");
    }
}

#[test]
fn random_commands_have_the_memory_stores_replies() {
    let seed = support::seed();
    let worker = Worker::start();
    let clock = Arc::new(AtomicU64::new(0));
    let reading = Arc::clone(&clock);
    let options = Options::new().clock(Arc::new(move || reading.load(Ordering::Relaxed)));
    let memory = MemoryStore::with_options(options).unwrap();
    let url = format!("upstash+http://:t@{}", worker.host);
    let object = block_on(Store::connect(&url, Options::new())).unwrap();
    // Ahead of the object's alarms, which the test's clock does not move.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64 + 3_600_000;
    let mut both = Both { memory, object, worker, clock };
    random_records::compare(&mut Commands::new(seed, now), COMMANDS, &mut both);
}
