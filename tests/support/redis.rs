// A real redis-server for a test: started on a free loopback port, empty and without persistence, stopped on drop.

use redis::{Client, Cmd, Connection};
use std::io::ErrorKind;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const START_TIME: Duration = Duration::from_secs(20);

pub struct RedisServer {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl RedisServer {
    /// Starts a server and waits until it answers.
    ///
    /// # Panics
    /// Without a `redis-server` in the PATH: what is to be compared with Redis is never skipped.
    pub fn start() -> RedisServer {
        // Another program may take the free port before the server does: then the server ends, and the next try has
        // another port.
        for _ in 0..5 {
            if let Some(server) = RedisServer::try_start() {
                return server;
            }
        }
        panic!("redis-server did not start");
    }

    fn try_start() -> Option<RedisServer> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
            .args(["--save", "", "--appendonly", "no", "--daemonize", "no"])
            .arg("--dir")
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let process = match process {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                panic!("this test needs a redis-server in the PATH: apt-get install redis-server")
            }
            process => process.unwrap(),
        };
        let mut server = RedisServer { process, port, _folder: folder };
        let begin = Instant::now();
        while begin.elapsed() < START_TIME && server.process.try_wait().unwrap().is_none() {
            if server.answers() {
                return Some(server);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }

    /// Whether it is this server that answers, not a stranger on the same port.
    fn answers(&self) -> bool {
        let Ok(mut connection) = self.client().get_connection() else { return false };
        let info: Result<String, _> = redis::cmd("INFO").arg("server").query(&mut connection);
        info.is_ok_and(|info| info.contains(&format!("process_id:{}\r\n", self.process.id())))
    }

    fn client(&self) -> Client {
        Client::open(("127.0.0.1", self.port)).unwrap()
    }

    /// A new connection.
    pub fn connect(&self) -> Connection {
        self.client().get_connection().expect("redis-server has stopped answering")
    }
}

/// A request of these words.
pub fn cmd(argv: &[Vec<u8>]) -> Cmd {
    let mut cmd = Cmd::new();
    cmd.arg(argv);
    cmd
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
