// The server side of Redis's protocol without I/O: bytes of a client in, bytes for it out, over any store. Listening,
// reading, writing and time limits are the host's.

//! A Redis server over any [`Store`]: programs written for Redis connect to it, and the store keeps their data.
//!
//! The host accepts connections and opens a [`Session`] for each. It passes on what the client sends, and sends what the
//! session answers. All commands that have arrived are answered together.
//!
//! ```
//! # pollster::block_on(async {
//! use omnikv::session::{Options, Progress, Server};
//! use omnikv::Store;
//!
//! let store = Store::connect("memory:", omnikv::Options::default()).await?;
//! let server = Server::new(&store, Options::default())?;
//! let mut session = server.session("127.0.0.1:50000".into(), "127.0.0.1:6379".into());
//! session.input().extend_from_slice(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\nGET k\r\n");
//! assert_eq!(session.advance().await, Progress::Waits);
//! assert_eq!(session.output().as_slice(), b"+OK\r\n$1\r\nv\r\n");
//! # Ok::<(), omnikv::Error>(())
//! # }).unwrap();
//! ```
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod admin;
mod clients;
mod connection;
mod encode;
mod requests;
mod state;
mod transaction;
mod watched;
mod words;

use crate::dialect::Value;
use crate::error::{Error, Result};
use crate::gateway::run::Runner;
use crate::host::{BoxFuture, Clock, clock, random};
use crate::store::Store;
use clients::Clients;
use encode::Form;
use requests::{Bounds, Requests};
use state::State;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use watched::{Telling, Watched};

/// The version of Redis that clients are told: its commands are the ones that are compared.
pub const REDIS_VERSION: &str = "7.2.4";

/// The most commands, and the most bytes of answers, until a session lets the host write.
const MOST_COMMANDS: usize = 1024;
const MOST_OUTPUT: usize = 256 << 10;

/// A server's options.
#[derive(Clone)]
pub struct Options {
    /// What clients must say with `AUTH` or `HELLO`, for the user `default`. `None`: nothing.
    pub password: Option<String>,
    /// The longest word of a command, such as a value, in bytes. Default: 128 MiB.
    pub max_word_bytes: usize,
    /// The most bytes of one command. Default: 256 MiB.
    pub max_command_bytes: usize,
    /// The most clients; the host refuses more. Default: 10,000.
    pub max_clients: usize,
    /// The port that `INFO` shows.
    pub port: u16,
    /// The clock for `TIME` and the age of connections. Default: the system's.
    pub clock: Option<Arc<dyn Clock>>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            password: None,
            max_word_bytes: crate::engine::MAX_VALUE_BYTES,
            max_command_bytes: 256 << 20,
            max_clients: 10_000,
            port: 0,
            clock: None,
        }
    }
}

/// Hides the password.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("port", &self.port).finish_non_exhaustive()
    }
}

/// What all sessions of a server share.
pub struct Server {
    runner: Runner,
    options: Options,
    clients: Clients,
    watched: Arc<Watched>,
    /// Parameters that clients have set.
    parameters: Mutex<BTreeMap<String, String>>,
    /// How many commands have been answered.
    commands: AtomicU64,
    begun_ms: u64,
    /// 40 hexadecimal digits, as Redis names each run.
    run_id: String,
}

impl Server {
    /// Creates a server over a store. The store's prefix, default TTL and limits apply to all clients.
    ///
    /// `WATCH` notices every change that is made through this server and through [`store`](Self::store); what others do to
    /// a shared store it notices on strings and missing keys.
    ///
    /// # Errors
    ///
    /// `invalid-argument` if the password is empty.
    pub fn new(store: &Store, options: Options) -> Result<Arc<Server>> {
        if options.password.as_deref() == Some("") {
            return Err(Error::invalid_argument("(password) expects a non-empty string"));
        }
        let clock = match &options.clock {
            Some(clock) => Arc::clone(clock),
            None => clock::system()?,
        };
        let watched = Arc::new(Watched::default());
        let store = store.through(|inner| Arc::new(Telling { inner, watched: Arc::clone(&watched) }));
        let seeds = [random::seed()?, random::seed()?, random::seed()?];
        let run_id: String = seeds.iter().map(|seed| format!("{seed:016x}")).collect();
        let begun_ms = clock.now_ms();
        Ok(Arc::new(Server {
            runner: Runner { store, clock, writes: AtomicU64::new(0) },
            options,
            clients: Clients::default(),
            watched,
            parameters: Mutex::default(),
            commands: AtomicU64::new(0),
            begun_ms,
            run_id: run_id.chars().take(40).collect(),
        }))
    }

    /// The store as this server uses it. What is done through it is noticed by clients that watch keys.
    pub fn store(&self) -> &Store {
        &self.runner.store
    }

    /// The options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// How many sessions there are.
    pub fn count(&self) -> usize {
        self.clients.count()
    }

    /// Ends all sessions, after the commands that they run.
    pub fn end(&self) {
        self.clients.all().iter().for_each(|client| client.kill());
    }

    /// Begins a session with a client. The addresses are those of both ends, as `CLIENT LIST` shows them.
    pub fn session(self: &Arc<Self>, peer: String, local: String) -> Session {
        let client = self.clients.join(peer, local, self.runner.clock.now_ms());
        Session { requests: Requests::default(), state: State::new(Arc::clone(self), client) }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("clients", &self.clients.count()).finish_non_exhaustive()
    }
}

/// What a session needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Write the output, and call [`advance`](Session::advance) again: more commands have arrived already.
    Continues,
    /// Write the output, and read more input.
    Waits,
    /// Write the output, and close the connection.
    Ends,
}

/// The conversation with one client. Dropping it makes its client leave.
pub struct Session {
    requests: Requests,
    state: State,
}

impl Session {
    /// Where bytes from the client are appended.
    pub fn input(&mut self) -> &mut Vec<u8> {
        self.requests.bytes()
    }

    /// The bytes for the client. The host takes away what it has sent.
    pub fn output(&mut self) -> &mut Vec<u8> {
        &mut self.state.out
    }

    /// Runs the commands that have arrived, and adds their answers to the output: all, or as many as should be answered at
    /// once.
    pub async fn advance(&mut self) -> Progress {
        let bounds = Bounds {
            word: self.state.server.options.max_word_bytes,
            command: self.state.server.options.max_command_bytes,
        };
        let mut progress = Progress::Continues;
        for _ in 0..MOST_COMMANDS {
            if self.state.client.is_killed() || self.state.is_over {
                break;
            }
            match self.requests.next(bounds, !self.state.is_known) {
                Ok(Some(words)) => self.state.take(&self.requests.words(&words)).await,
                Ok(None) => {
                    progress = Progress::Waits;
                    break;
                }
                Err(text) => {
                    self.state.settle().await;
                    self.state.say(&Value::Error(format!("ERR Protocol error: {text}")), Form::Plain);
                    self.state.is_over = true;
                }
            }
            if self.state.out.len() > MOST_OUTPUT {
                break;
            }
        }
        self.state.settle().await;
        if self.state.is_over || self.state.client.is_killed() { Progress::Ends } else { progress }
    }

    /// Completes when the session has something to do without input: call [`advance`](Self::advance) then.
    pub fn stirred(&self) -> BoxFuture<'static, ()> {
        Box::pin(self.state.client.bell.listen())
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("client", &self.state.client.id).finish_non_exhaustive()
    }
}
