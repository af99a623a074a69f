// A real redis-server for a test: started on a free loopback port, empty and without persistence. Stops on drop.

use redis::{Client, Cmd, Connection};
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const START_TIME: Duration = Duration::from_secs(60);

/// Connection states, as Linux numbers them in /proc/net/tcp.
const ESTABLISHED: &str = "01";
/// The other end has closed the connection, we have not.
const CLOSE_WAIT: &str = "08";

pub struct RedisServer {
    process: Child,
    port: u16,
    arguments: Vec<String>,
    folder: TempDir,
}

impl RedisServer {
    /// Starts a server and waits until it answers.
    ///
    /// # Panics
    /// If there is no `redis-server` in the PATH: comparisons with Redis are never skipped.
    pub fn start() -> RedisServer {
        RedisServer::start_with(&[])
    }

    /// Like [`start`](Self::start), with more arguments. `{port}` and `{folder}` in them are replaced by the server's.
    pub fn start_with(arguments: &[&str]) -> RedisServer {
        // Another program may take the free port first: then the server exits, and the next attempt uses another port.
        for _ in 0..5 {
            let port = free_port();
            let folder = tempfile::tempdir().unwrap();
            let place = folder.path().to_str().unwrap();
            let filled =
                |argument: &&str| argument.replace("{port}", &port.to_string()).replace("{folder}", place);
            let arguments: Vec<String> = arguments.iter().map(filled).collect();
            let process = spawn(port, &folder, &arguments);
            let mut server = RedisServer { process, port, arguments, folder };
            if server.has_started() {
                return server;
            }
        }
        panic!("redis-server did not start");
    }

    /// Starts a Sentinel with this configuration file, which it writes to, in this folder.
    pub fn start_sentinel(file: &Path, folder: TempDir) -> RedisServer {
        let port = free_port();
        let process = Command::new("redis-server")
            .arg(file)
            .args(["--sentinel", "--bind", "127.0.0.1", "--port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = RedisServer { process, port, arguments: Vec::new(), folder };
        assert!(server.has_started(), "the Sentinel did not start");
        server
    }

    /// Kills the server, as in a crash. The operating system then tells all clients that it has ended.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.wait_for_connections(&[ESTABLISHED]);
    }

    /// After [`kill`](Self::kill), waits until the clients in this process have noticed and closed their ends.
    pub fn wait_for_clients_to_notice(&self) {
        self.wait_for_connections(&[ESTABLISHED, CLOSE_WAIT]);
    }

    /// Waits until no connection to the server is in one of these states, if the system can list them.
    fn wait_for_connections(&self, states: &[&str]) {
        let port = format!(":{:04X}", self.port);
        loop {
            let Ok(list) = std::fs::read_to_string("/proc/net/tcp") else { return };
            let is_waited_for = |line: &str| {
                let mut columns = line.split_whitespace().skip(2);
                columns.next().is_some_and(|remote| remote.ends_with(&port))
                    && columns.next().is_some_and(|state| states.contains(&state))
            };
            if !list.lines().any(is_waited_for) {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Pauses the server until [`wake`](Self::wake): connections stay open but get no answers.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    pub fn wake(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.process.id());
        assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success());
    }

    /// Restarts it on the same port, which may be taken for a moment.
    pub fn restart(&mut self) {
        for _ in 0..50 {
            self.process = spawn(self.port, &self.folder, &self.arguments);
            if self.has_started() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("redis-server did not start again");
    }

    /// Waits until it answers; false if it has exited.
    fn has_started(&mut self) -> bool {
        let begin = Instant::now();
        while begin.elapsed() < START_TIME && self.process.try_wait().unwrap().is_none() {
            if self.answers() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// Whether this server answers, not another one on the same port.
    fn answers(&self) -> bool {
        let Ok(mut connection) = self.client().get_connection() else { return false };
        let info: Result<String, _> = redis::cmd("INFO").arg("server").query(&mut connection);
        match info {
            Ok(info) => info.contains(&format!("process_id:{}\r\n", self.process.id())),
            // It requires a password.
            Err(error) => error.code() == Some("NOAUTH"),
        }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn client(&self) -> Client {
        Client::open(("127.0.0.1", self.port)).unwrap()
    }

    /// A new connection.
    pub fn connect(&self) -> Connection {
        self.client().get_connection().expect("redis-server has stopped answering")
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn spawn(port: u16, folder: &TempDir, arguments: &[String]) -> Child {
    let process = Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
        .args(["--save", "", "--appendonly", "no", "--daemonize", "no"])
        .arg("--dir")
        .arg(folder.path())
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match process {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            panic!("this test needs a redis-server in the PATH: apt-get install redis-server")
        }
        process => process.unwrap(),
    }
}

/// A request with these words.
pub fn cmd(argv: &[Vec<u8>]) -> Cmd {
    let mut cmd = Cmd::new();
    cmd.arg(argv);
    cmd
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
