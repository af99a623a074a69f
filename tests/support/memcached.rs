// A real memcached for a test: started on a free loopback port, stopped on drop. Its time passes by moving the deadlines
// of its items.

use super::redis::free_port;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const START_TIME: Duration = Duration::from_secs(60);

pub struct MemcachedServer {
    process: Child,
    port: u16,
    arguments: Vec<String>,
}

impl MemcachedServer {
    /// Starts a server and waits until it answers.
    ///
    /// # Panics
    /// If there is no `memcached` in the PATH: nothing is skipped.
    pub fn start() -> MemcachedServer {
        MemcachedServer::start_with(&[])
    }

    /// Like [`start`](Self::start), with more arguments.
    pub fn start_with(arguments: &[&str]) -> MemcachedServer {
        let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        // Another program may take the free port first.
        for _ in 0..5 {
            let port = free_port();
            let mut server =
                MemcachedServer { process: spawn(port, &arguments), port, arguments: arguments.clone() };
            if server.has_started() {
                return server;
            }
        }
        panic!("memcached did not start");
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        format!("memcached://127.0.0.1:{}", self.port)
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again on the same port: empty.
    pub fn restart(&mut self) {
        for _ in 0..50 {
            self.process = spawn(self.port, &self.arguments);
            if self.has_started() {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("memcached did not start again");
    }

    /// Pauses it: connections stay open but get no answers. It goes on with `CONT`.
    pub fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.process.id());
        assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success());
    }

    fn has_started(&mut self) -> bool {
        let begin = Instant::now();
        while begin.elapsed() < START_TIME && self.process.try_wait().unwrap().is_none() {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return true;
            }
            thread::sleep(Duration::from_millis(5));
        }
        false
    }

    pub fn connect(&self) -> Client {
        Client(BufReader::new(TcpStream::connect(("127.0.0.1", self.port)).expect("memcached answers")))
    }

    pub fn clear(&self) {
        assert_eq!(self.connect().ask("flush_all"), "OK");
    }

    /// Moves all deadlines so far into the past.
    pub fn advance(&self, milliseconds: u64) {
        let mut client = self.connect();
        let found: Vec<String> = client.listing("lru_crawler metadump hash");
        for line in found {
            let encoded = line.strip_prefix("key=").expect("a key").split(' ').next().expect("a key");
            let key = BASE64_STANDARD.encode(percent_decode_str(encoded).collect::<Vec<u8>>());
            let Some((head, value)) = client.get(&format!("mg {key} b v t f")) else { continue };
            let number = |letter: char| -> i64 {
                let word = head.split(' ').skip(2).find_map(|word| word.strip_prefix(letter));
                word.expect("a flag").parse().expect("a number")
            };
            let (left, flags) = (number('t'), number('f') as u64);
            if left < 0 {
                continue;
            }
            let left = left - milliseconds as i64 / 1000;
            let rest = (flags >> 16).checked_sub(1);
            let flags =
                rest.map_or(flags, |rest| ((rest + 0xffff - milliseconds % 0xffff) % 0xffff + 1) << 16);
            if left < 1 {
                client.ask(&format!("md {key} b"));
            } else {
                let head = format!("ms {key} {} b F{flags} T{left}\r\n", value.len());
                let answer = client.send(&[head.as_bytes(), &value, b"\r\n"].concat());
                assert_eq!(answer, "HD");
            }
        }
    }
}

fn spawn(port: u16, arguments: &[String]) -> Child {
    let process = Command::new("memcached")
        .args(["-l", "127.0.0.1", "-p", &port.to_string(), "-U", "0", "-u", "nobody"])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match process {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            panic!("this test needs a memcached in the PATH: apt-get install memcached")
        }
        process => process.unwrap(),
    }
}

impl Drop for MemcachedServer {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Another program's connection.
pub struct Client(BufReader<TcpStream>);

impl Client {
    /// The line that answers a line.
    pub fn ask(&mut self, line: &str) -> String {
        self.send(format!("{line}\r\n").as_bytes())
    }

    pub fn send(&mut self, bytes: &[u8]) -> String {
        self.0.get_mut().write_all(bytes).unwrap();
        self.line()
    }

    /// The line and the value that answer a line.
    pub fn get(&mut self, line: &str) -> Option<(String, Vec<u8>)> {
        let head = self.ask(line);
        let length: usize = head.strip_prefix("VA ")?.split(' ').next()?.parse().ok()?;
        let mut value = vec![0; length + 2];
        self.0.read_exact(&mut value).unwrap();
        value.truncate(length);
        Some((head, value))
    }

    fn listing(&mut self, line: &str) -> Vec<String> {
        let mut lines = vec![self.ask(line)];
        while lines.last().is_some_and(|line| line != "END") {
            assert!(lines.len() < 1_000_000);
            lines.push(self.line());
        }
        lines.pop();
        lines
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}
