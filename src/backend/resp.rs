// Redis's own protocol over a socket that the host provides: one connection, on which commands of the same tick are
// sent together and answered in order. Of commands, only whether they may be repeated matters here.

//! The link to Redis over a socket of the host: of Node, of a Worker, or the program's own.

mod frames;
mod hello;
mod queue;

use super::redis::transaction::{not_now, of_transaction, transaction};
use super::redis::{Argv, LONGEST, Lease, Link, Message, Speaker, Watchers};
use super::retry::{Attempts, Failure, unless};
use crate::dialect::Value;
use crate::error::{Error, Kind, Result};
use crate::host::BoxFuture;
use crate::host::network::Timer;
use crate::host::socket::{Address, Socket, Sockets};
use frames::Incoming;
use futures_channel::oneshot;
use queue::{Progress, Queue, Waiting};
use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

/// A server's address, and how to talk to it.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// The server's address.
    pub address: Address,
    /// Empty for the server's default user.
    pub user: String,
    /// `None` if none is needed.
    pub password: Option<String>,
    /// The number of the database.
    pub db: u32,
    /// Whether to use RESP2 from the start.
    pub is_old: bool,
    /// The timeout of an operation, including all retries.
    pub timeout: Duration,
    /// How many times a failed message is retried if it may be repeated.
    pub retries: u32,
    /// Whether commands of the same tick are sent together.
    pub automatic_pipelining: bool,
}

/// Hides secrets.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("address", &self.address)
            .field("db", &self.db)
            .finish_non_exhaustive()
    }
}

/// A connection to a server, opened on first use and again after it is lost.
pub struct Resp {
    inner: Arc<Inner>,
    watchers: Watchers,
}

struct Inner {
    settings: Settings,
    sockets: Arc<dyn Sockets>,
    timer: Arc<dyn Timer>,
    queue: Mutex<Queue>,
}

impl Resp {
    /// Creates a link. Sends nothing yet.
    pub fn new(settings: Settings, sockets: Arc<dyn Sockets>, timer: Arc<dyn Timer>) -> Resp {
        let inner = Inner { settings, sockets, timer, queue: Mutex::default() };
        Resp { inner: Arc::new(inner), watchers: Watchers::default() }
    }

    /// Sends the words, and retries while the server is not ready.
    async fn run(&self, words: &[Argv], message: &Message) -> Result<Vec<Value>> {
        let settings = &self.inner.settings;
        let mut attempts = Attempts::new(settings.timeout, settings.retries, &*self.inner.timer);
        loop {
            let answers = self.send(words, message, attempts.deadline_ms()).await?;
            let failure = not_now(&answers).map(Failure::from);
            match failure.and_then(|failure| attempts.pause(&failure)) {
                Some(pause) => self.inner.timer.sleep(pause).await,
                None => return Ok(answers),
            }
        }
    }

    /// Sends the words as one message, and returns their answers.
    async fn send(&self, words: &[Argv], message: &Message, deadline_ms: u64) -> Result<Vec<Value>> {
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let inner = &self.inner;
        let mut bytes = Vec::new();
        words.iter().for_each(|command| frames::write(command, &mut bytes));
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting {
            bytes,
            count: words.len(),
            message: Message {
                commands: Vec::new(),
                repeat: message.repeat,
                footprint: message.footprint.clone(),
            },
            deadline_ms,
            retries_left: inner.settings.retries,
            answer: Some(answer),
            progress: Progress::default(),
        };
        if inner.queue().add(waiting) {
            inner.timer.spawn(Box::pin(run(Arc::clone(inner))));
        }
        answered.await.unwrap_or_else(|_| Err(Error::new(Kind::Cancelled, "(store) was closed meanwhile")))
    }
}

impl Drop for Resp {
    fn drop(&mut self) {
        self.inner.queue().close();
    }
}

impl Inner {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` while somebody waits for its result. After that it is dropped, and the result is `None`.
    async fn while_wanted<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        unless(|context| self.queue().poll_unwanted(context), work).await
    }

    /// Opens a connection and greets the server. A connection that fails, is late or is no longer needed is closed by
    /// dropping it.
    async fn connect(&self) -> Result<(Arc<dyn Socket>, Incoming)> {
        let connecting = async {
            let socket = self.sockets.connect(self.settings.address.clone()).await?;
            let mut incoming = Incoming::new();
            hello::greet(&*socket, &mut incoming, &self.settings).await?;
            Ok((socket, incoming))
        };
        let mut connecting = pin!(connecting);
        let mut late = pin!(self.timer.sleep(self.settings.timeout));
        poll_fn(|context| match connecting.as_mut().poll(context) {
            Poll::Ready(connected) => Poll::Ready(connected),
            Poll::Pending => {
                late.as_mut().poll(context).map(|()| Err(self.failed("could not be reached in time")))
            }
        })
        .await
    }

    /// The error that the server, or the connection to it, has failed.
    fn failed(&self, what: &str) -> Error {
        Error::new(Kind::Unavailable, format!("(server) at {} {what}", self.settings.address))
    }

    /// Fails messages that have no answer in time, whatever happens to the connection. One timer serves all: most are
    /// answered long before.
    async fn watch(&self) -> Infallible {
        loop {
            let deadline_ms = poll_fn(|context| self.queue().poll_deadline(None, context)).await;
            let left = Duration::from_millis(deadline_ms.saturating_sub(self.timer.now_ms()));
            let mut over = pin!(self.timer.sleep(left.max(Duration::from_millis(1))));
            let is_over = poll_fn(|context| match over.as_mut().poll(context) {
                Poll::Ready(()) => Poll::Ready(true),
                Poll::Pending => self.queue().poll_deadline(Some(deadline_ms), context).map(|_| false),
            });
            if is_over.await {
                let late = Error::new(
                    Kind::Timeout,
                    format!("(server) at {} has not answered in time", self.settings.address),
                );
                self.queue().expire(deadline_ms, &late);
            }
        }
    }

    /// Writes queued messages, one tick's at a time, until the connection is dropped.
    async fn write(&self, socket: &dyn Socket) -> Error {
        loop {
            poll_fn(|context| self.queue().poll_work(context)).await;
            if self.settings.automatic_pipelining {
                // If the server is idle, send at once; while it works, collect more messages.
                let is_idle = self.queue().is_idle();
                if is_idle { self.timer.soon().await } else { self.timer.sleep(Duration::ZERO).await }
            }
            let bytes = self.queue().take();
            if bytes.is_empty() {
                continue;
            }
            if let Err(error) = socket.write(bytes).await {
                return error;
            }
        }
    }

    /// Delivers received answers, until the connection ends.
    async fn read(&self, socket: &dyn Socket, mut incoming: Incoming) -> Error {
        loop {
            match socket.read().await {
                Ok(bytes) if bytes.is_empty() => {
                    return self.failed("has closed the connection");
                }
                Ok(bytes) => incoming.add(&bytes),
                Err(error) => return error,
            }
            loop {
                match incoming.next() {
                    Ok(Some(value)) => self.queue().answered(value),
                    Ok(None) => break,
                    Err(error) => return error,
                }
            }
        }
    }
}

/// Keeps the connection, and watches the deadlines meanwhile.
async fn run(inner: Arc<Inner>) {
    let (mut driving, mut watching) = (pin!(drive(&inner)), pin!(inner.watch()));
    poll_fn(|context| {
        let _ = watching.as_mut().poll(context);
        driving.as_mut().poll(context)
    })
    .await;
}

/// Connects, and reconnects while messages wait; then stays connected as long as the connection lasts.
async fn drive(inner: &Inner) {
    let endless = || Attempts::new(Duration::MAX, u32::MAX, &*inner.timer);
    let mut attempts = endless();
    while inner.queue().is_wanted() {
        match inner.while_wanted(inner.connect()).await {
            Some(Ok((socket, incoming))) => {
                attempts = endless();
                inner.queue().connected();
                let mut reading = pin!(inner.read(&*socket, incoming));
                let mut writing = pin!(inner.write(&*socket));
                let error = poll_fn(|context| {
                    if !inner.queue().is_kept(context) {
                        return Poll::Ready(inner.failed("says nothing any more"));
                    }
                    match reading.as_mut().poll(context) {
                        Poll::Ready(error) => Poll::Ready(error),
                        Poll::Pending => writing.as_mut().poll(context),
                    }
                })
                .await;
                socket.close();
                inner.queue().lost(&error);
            }
            Some(Err(error)) => {
                inner.queue().refused(&error);
                if let Some(pause) = attempts.pause(&Failure::from(error)) {
                    inner.while_wanted(inner.timer.sleep(pause)).await;
                }
            }
            None => {}
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
        let Inner { settings, sockets, timer, .. } = &*self.inner;
        Some(self.watchers.join(timer, || {
            let timeout = settings.timeout.saturating_add(LONGEST);
            let settings = Settings { timeout, retries: 0, ..settings.clone() };
            Arc::new(Resp::new(settings, Arc::clone(sockets), Arc::clone(timer)))
        }))
    }
}
