// Redis servers over TCP, natively, with the redis crate: one connection for all handles, with commands pipelined as
// they arrive. Of commands, only whether they may be repeated matters here.

//! Native links to Redis over TCP and TLS: to one server, to the master that Sentinels report, to those of a cluster.

mod access;
mod answer;

use access::Resolver;
pub use access::{Access, Endpoint};

use super::cluster::{self, Node, Nodes};
use super::redis::transaction::{is_read_only, not_now, of_transaction, transaction};
use super::redis::{Argv, LONGEST, Lease, Link, Message, Repeat, Speaker, Watchers};
use super::retry::Attempts;
use crate::dialect::Value;
use crate::error::{Error, Kind, Result};
use crate::host::BoxFuture;
use crate::host::network::{Timer, broken_off};
use crate::host::runtime::{Clockwork, run, runtime};
use crate::host::socket::Family;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{AsyncConnectionConfig, ErrorKind, ProtocolVersion, PushInfo, PushKind, RedisError};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;

/// Timeout and retries.
#[derive(Clone)]
pub struct Settings {
    /// The timeout of an operation, including all retries.
    pub timeout: Duration,
    /// How many times a failed message is retried if it may be repeated.
    pub retries: u32,
}

impl Settings {
    /// Starts the attempts of one operation.
    fn attempts(&self) -> Attempts<'static> {
        Attempts::new(self.timeout, self.retries, &Clockwork)
    }

    /// Those of a connection on which the server is waited for.
    fn for_waiting(&self) -> Settings {
        Settings { timeout: self.timeout.saturating_add(LONGEST), retries: 0 }
    }
}

/// A connection to one server, opened on first use and again after it is lost.
pub struct Tcp {
    endpoint: Arc<Endpoint>,
    settings: Settings,
    /// The current connection: open, being opened, or not opened yet.
    current: Mutex<Arc<Attachment>>,
    /// Servers before Redis 6 do not support RESP3.
    is_old: AtomicBool,
    watchers: Watchers,
}

/// A connection, from the first request for it to its end.
#[derive(Default)]
struct Attachment {
    /// The first caller opens it; the others wait.
    connection: OnceCell<Result<MultiplexedConnection>>,
    has_ended: Arc<AtomicBool>,
    /// How many messages were answered.
    answered: AtomicU64,
}

impl Tcp {
    /// Creates a link. Sends nothing yet.
    pub fn new(endpoint: Endpoint, settings: Settings) -> Tcp {
        Tcp::to(Arc::new(endpoint), settings)
    }

    fn to(endpoint: Arc<Endpoint>, settings: Settings) -> Tcp {
        let is_old = AtomicBool::new(endpoint.access().is_old);
        Tcp { endpoint, settings, current: Mutex::default(), is_old, watchers: Watchers::default() }
    }

    async fn run(&self, words: &redis::Pipeline, count: usize, repeat: Repeat) -> Result<Vec<Value>> {
        let mut attempts = self.settings.attempts();
        loop {
            let answers = self.attempt(words, count, attempts.left()).await;
            match answers.and_then(|answers| not_now(&answers).map_or(Ok(answers), Err)) {
                Ok(answers) => return Ok(answers),
                Err(error) => Clockwork.sleep(attempts.after(error, repeat)?).await,
            }
        }
    }

    /// Sends the words once.
    async fn attempt(&self, words: &redis::Pipeline, count: usize, left: Duration) -> Result<Vec<Value>> {
        let attachment = self.attachment();
        let connecting = attachment.connection.get_or_init(|| self.connect(&attachment));
        let connected = match within(left, connecting)?.await {
            Some(connected) => connected,
            None => &Err(self.failed(Kind::Timeout, "could not be reached in time")),
        };
        let mut connection = match connected {
            Ok(connection) => connection.clone(),
            Err(error) => {
                self.give_up(&attachment);
                return Err(error.clone());
            }
        };
        if attachment.has_ended.load(Ordering::Acquire) {
            self.give_up(&attachment);
            return Err(self.failed(Kind::Unavailable, "has closed the connection"));
        }
        let answered = attachment.answered.load(Ordering::Relaxed);
        let error = match within(left, connection.req_packed_commands(words, 0, count))?.await {
            Some(Ok(values)) => {
                attachment.answered.fetch_add(1, Ordering::Relaxed);
                let answers: Vec<_> = values.into_iter().map(answer::read).collect();
                if answers.iter().any(is_read_only) {
                    self.give_up(&attachment);
                }
                return Ok(answers);
            }
            Some(Err(error)) => broken_off(&self.endpoint.name()).caused_by_shared(answer::cause(&error)),
            // A connection on which others are answered meanwhile is a good one.
            None if attachment.answered.load(Ordering::Relaxed) != answered => return Err(self.late()),
            None => self.late(),
        };
        self.give_up(&attachment);
        Err(error.maybe_applied())
    }

    fn failed(&self, kind: Kind, what: &str) -> Error {
        Error::new(kind, format!("(server) at {} {what}", self.endpoint.name()))
    }

    fn late(&self) -> Error {
        self.failed(Kind::Timeout, "has not answered in time").maybe_applied()
    }

    fn attachment(&self) -> Arc<Attachment> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Drops the connection, so that the next caller opens another.
    fn give_up(&self, attachment: &Arc<Attachment>) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&current, attachment) {
            *current = Arc::default();
        }
    }

    async fn connect(&self, attachment: &Attachment) -> Result<MultiplexedConnection> {
        if !self.is_old.load(Ordering::Relaxed) {
            match self.connect_with(ProtocolVersion::RESP3, attachment).await {
                Err(error) if error.kind() == ErrorKind::RESP3NotSupported => {
                    self.is_old.store(true, Ordering::Relaxed);
                }
                connected => return connected.map_err(|error| self.why_not_connected(&error)),
            }
        }
        let connected = self.connect_with(ProtocolVersion::RESP2, attachment).await;
        connected.map_err(|error| self.why_not_connected(&error))
    }

    fn why_not_connected(&self, error: &RedisError) -> Error {
        answer::why_not_connected(error, &self.endpoint.name())
    }

    async fn connect_with(
        &self,
        protocol: ProtocolVersion,
        attachment: &Attachment,
    ) -> std::result::Result<MultiplexedConnection, RedisError> {
        // The operations that wait for the connection have timeouts of their own.
        let mut config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let family = self.endpoint.access().family;
        if family != Family::Any {
            config = config.set_dns_resolver(Resolver(family));
        }
        if protocol != ProtocolVersion::RESP2 {
            let has_ended = Arc::clone(&attachment.has_ended);
            config = config.set_push_sender(move |push: PushInfo| {
                if push.kind == PushKind::Disconnection {
                    has_ended.store(true, Ordering::Release);
                }
                Ok::<_, std::convert::Infallible>(())
            });
        }
        let place = Arc::clone(&self.endpoint);
        let connecting = async move {
            place.client(protocol).await?.get_multiplexed_async_connection_with_config(&config).await
        };
        // If all waiters are gone, the attempt is dropped: a server that accepts and stays silent holds no socket.
        run(connecting).await.unwrap_or_else(|_| Err(closed()))
    }
}

fn closed() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::ConnectionAborted).into()
}

/// The commands' words in the redis crate's form.
fn pipeline(commands: &[Argv]) -> redis::Pipeline {
    let mut words = redis::Pipeline::with_capacity(commands.len());
    for command in commands {
        words.add_command(cmd(command));
    }
    words
}

fn cmd(argv: &Argv) -> redis::Cmd {
    let mut cmd = redis::Cmd::with_capacity(argv.len(), argv.iter().map(Vec::len).sum());
    cmd.arg(argv);
    cmd
}

/// The result of `work`, or `None` after `time`. Works on any executor, because the timer is the runtime's.
fn within<F: Future>(time: Duration, work: F) -> Result<impl Future<Output = Option<F::Output>>> {
    let _entered = runtime()?.enter();
    let work = tokio::time::timeout(time, work);
    Ok(async { work.await.ok() })
}

impl Link for Tcp {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn speaker(&self) -> BoxFuture<'_, Result<Speaker>> {
        Box::pin(std::future::ready(Ok(Speaker::Redis)))
    }

    fn pipeline(&self, message: Message) -> BoxFuture<'_, Result<Vec<Value>>> {
        let words = pipeline(&message.commands);
        if words.is_empty() {
            return Box::pin(std::future::ready(Ok(Vec::new())));
        }
        Box::pin(async move { self.run(&words, message.commands.len(), message.repeat).await })
    }

    fn transaction(&self, message: Message) -> BoxFuture<'_, Result<Vec<Value>>> {
        Box::pin(async move {
            if message.commands.is_empty() {
                return Ok(Vec::new());
            }
            let commands = transaction(message.commands);
            of_transaction(self.run(&pipeline(&commands), commands.len(), message.repeat).await?)
        })
    }

    fn keeps_scripts(&self) -> bool {
        true
    }

    fn watch(&self) -> Option<Arc<Lease>> {
        let timer: Arc<dyn Timer> = Arc::new(Clockwork);
        let connect = || Arc::new(Tcp::to(Arc::clone(&self.endpoint), self.settings.for_waiting()));
        Some(self.watchers.join(&timer, || connect()))
    }
}

/// The servers of a cluster, which take the same credentials.
pub struct Servers(pub Access);

impl Nodes for Servers {
    fn at(&self, (host, port): &cluster::Address, timeout: Duration) -> Arc<dyn Node> {
        let endpoint = Endpoint::Server { host: host.clone(), port: *port, access: self.0.clone() };
        Arc::new(Tcp::new(endpoint, Settings { timeout, retries: 0 }))
    }
}

impl Node for Tcp {
    fn attempt<'a>(&'a self, words: Vec<Argv>, left: Duration) -> BoxFuture<'a, Result<Vec<Value>>> {
        Box::pin(async move { Tcp::attempt(self, &pipeline(&words), words.len(), left).await })
    }
}
