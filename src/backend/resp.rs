// Redis's own protocol over a socket that the host provides. Of commands, only whether they may be repeated matters here.

//! The link to Redis over a socket of the host: of Node, of a Worker, or the program's own.

mod frames;
mod hello;
mod sentinel;

pub use sentinel::Sentinels;

use super::cluster::{self, Node, Nodes};
use super::redis::transaction::{not_now, of_transaction, transaction};
use super::redis::{Argv, Footprint, LONGEST, Lease, Link, Message, Repeat, Speaker, Watchers};
use super::retry::Failure;
use super::wire::{self, Incoming, Protocol, Wire};
use crate::dialect::Value;
use crate::error::Result;
use crate::host::BoxFuture;
use crate::host::network::Timer;
use crate::host::socket::{Address, Socket, Sockets};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A server's address, and how to talk to it.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where it is, and how often to try.
    pub wire: wire::Settings,
    /// What it is told first.
    pub hello: Hello,
    /// Who knows where it is; its address does not count then.
    pub sentinels: Option<Sentinels>,
}

/// What a server is told at the beginning of a connection.
#[derive(Clone, PartialEq, Eq)]
pub struct Hello {
    /// Empty for the server's default user.
    pub user: String,
    /// `None` if none is needed.
    pub password: Option<String>,
    /// The number of the database.
    pub db: u32,
    /// Whether to use RESP2 from the start.
    pub is_old: bool,
}

/// Hides secrets.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("address", &self.wire.address)
            .field("db", &self.hello.db)
            .finish_non_exhaustive()
    }
}

/// What is spoken with a server, and where it is.
struct Speech {
    hello: Hello,
    sentinels: Option<Sentinels>,
}

impl Protocol for Speech {
    fn locate<'a>(&'a self, sockets: &'a dyn Sockets) -> Option<BoxFuture<'a, Result<Address>>> {
        let sentinels = self.sentinels.as_ref()?;
        Some(Box::pin(sentinels.master(sockets)))
    }

    fn place(&self) -> Option<&'static str> {
        self.sentinels.as_ref().map(|_| "the place that Sentinels name")
    }

    fn greet<'a>(
        &'a self,
        socket: &'a dyn Socket,
        address: &'a Address,
    ) -> BoxFuture<'a, Result<Box<dyn Incoming>>> {
        Box::pin(async move {
            let mut talk = hello::greet(socket, address, &self.hello).await?;
            if self.sentinels.is_some() {
                sentinel::expect_master(&mut talk).await?;
            }
            Ok(Box::new(talk.answers) as Box<dyn Incoming>)
        })
    }
}

/// A connection to a server, opened on first use and again after it is lost.
pub struct Resp {
    wire: Wire,
    settings: Settings,
    sockets: Arc<dyn Sockets>,
    timer: Arc<dyn Timer>,
    watchers: Watchers,
}

impl Resp {
    /// Creates a link. Sends nothing yet.
    pub fn new(settings: Settings, sockets: Arc<dyn Sockets>, timer: Arc<dyn Timer>) -> Resp {
        let protocol =
            Box::new(Speech { hello: settings.hello.clone(), sentinels: settings.sentinels.clone() });
        let wire = Wire::new(settings.wire.clone(), protocol, Arc::clone(&sockets), Arc::clone(&timer));
        Resp { wire, settings, sockets, timer, watchers: Watchers::default() }
    }

    /// Sends the words, and retries while the server is not ready.
    async fn run(&self, words: &[Argv], message: &Message) -> Result<Vec<Value>> {
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let mut attempts = self.wire.attempts();
        loop {
            let mut bytes = Vec::new();
            words.iter().for_each(|command| frames::write(command, &mut bytes));
            let (footprint, deadline_ms) = (message.footprint.clone(), attempts.deadline_ms());
            let answers = self.wire.send(bytes, words.len(), message.repeat, footprint, deadline_ms).await?;
            let failure = not_now(&answers).map(Failure::from);
            match failure.and_then(|failure| attempts.pause(&failure)) {
                Some(pause) => self.timer.sleep(pause).await,
                None => return Ok(answers),
            }
        }
    }
}

impl Link for Resp {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn speaker(&self) -> BoxFuture<'_, Result<Speaker>> {
        Box::pin(std::future::ready(Ok(Speaker::Redis)))
    }

    fn pipeline(&self, message: Message) -> BoxFuture<'_, Result<Vec<Value>>> {
        Box::pin(async move { self.run(&message.commands, &message).await })
    }

    fn transaction(&self, mut message: Message) -> BoxFuture<'_, Result<Vec<Value>>> {
        Box::pin(async move {
            if message.commands.is_empty() {
                return Ok(Vec::new());
            }
            let words = transaction(std::mem::take(&mut message.commands));
            of_transaction(self.run(&words, &message).await?)
        })
    }

    fn keeps_scripts(&self) -> bool {
        true
    }

    fn watch(&self) -> Option<Arc<Lease>> {
        Some(self.watchers.join(&self.timer, || {
            let mut settings = self.settings.clone();
            settings.wire.timeout = settings.wire.timeout.saturating_add(LONGEST);
            settings.wire.retries = 0;
            Arc::new(Resp::new(settings, Arc::clone(&self.sockets), Arc::clone(&self.timer)))
        }))
    }
}

/// The servers of a cluster, to which the same is told.
pub struct Servers {
    /// The address in it does not count.
    pub settings: Settings,
    /// The host's sockets.
    pub sockets: Arc<dyn Sockets>,
    /// The host's timer.
    pub timer: Arc<dyn Timer>,
}

impl Nodes for Servers {
    fn at(&self, (host, port): &cluster::Address, timeout: Duration) -> Arc<dyn Node> {
        let mut settings = self.settings.clone();
        settings.wire.address = Address { host: host.clone(), port: *port, ..settings.wire.address };
        settings.wire.timeout = timeout;
        settings.wire.retries = 0;
        Arc::new(Resp::new(settings, Arc::clone(&self.sockets), Arc::clone(&self.timer)))
    }
}

impl Node for Resp {
    fn attempt<'a>(&'a self, words: Vec<Argv>, left: Duration) -> BoxFuture<'a, Result<Vec<Value>>> {
        let left = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        let deadline_ms = self.timer.now_ms().saturating_add(left);
        let mut bytes = Vec::new();
        words.iter().for_each(|command| frames::write(command, &mut bytes));
        // Who asks decides whether to try again.
        Box::pin(self.wire.send(bytes, words.len(), Repeat::Never, Footprint::default(), deadline_ms))
    }
}
