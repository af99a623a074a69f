// Redis's own protocol over a socket that the host lends: one connection, on which commands of the same tick travel together
// and are answered in order. It must not know what a command means: only what may be sent twice.

//! The link to Redis over a lent socket: Node's, a Worker's, one of a program's own.

mod frames;
mod hello;
mod queue;

use super::redis::whole::{not_now, of_whole, whole};
use super::redis::{Argv, Link, Message, Speaker};
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

/// Where a server is, and how it is spoken to.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where it is.
    pub address: Address,
    /// Empty for the server's default user.
    pub user: String,
    /// Nothing where none is needed.
    pub password: Option<String>,
    /// The number of the database.
    pub db: u32,
    /// Whether the second version of the protocol is spoken from the start.
    pub is_old: bool,
    /// How long an operation may take, with everything that is tried again.
    pub timeout: Duration,
    /// How often something is sent again that has failed and may be repeated.
    pub retries: u32,
    /// Whether commands of the same tick travel together.
    pub automatic_pipelining: bool,
}

/// No secret is shown.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("address", &self.address)
            .field("db", &self.db)
            .finish_non_exhaustive()
    }
}

/// A connection to a server, made when it is first needed, and again when it is lost.
pub struct Resp {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    sockets: Arc<dyn Sockets>,
    timer: Arc<dyn Timer>,
    queue: Mutex<Queue>,
}

impl Resp {
    /// Nothing is sent yet.
    pub fn new(settings: Settings, sockets: Arc<dyn Sockets>, timer: Arc<dyn Timer>) -> Resp {
        Resp { inner: Arc::new(Inner { settings, sockets, timer, queue: Mutex::default() }) }
    }

    /// Sends the words, and again while the server takes none.
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

    /// Sends the words as one, and gives their answers.
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
        answered.await.unwrap_or_else(|_| Err(Error::new(Kind::Cancelled, "(store) was given up meanwhile")))
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

    /// Does the work as long as somebody waits for what comes of it. Then it is given up, and nothing comes.
    async fn while_wanted<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        unless(|context| self.queue().poll_unwanted(context), work).await
    }

    /// A connection that has been greeted. One that fails, is late, or is given up meanwhile is closed as it is dropped.
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

    /// What has happened to the server, or to the connection with it.
    fn failed(&self, what: &str) -> Error {
        Error::new(Kind::Unavailable, format!("(server) at {} {what}", self.settings.address))
    }

    /// Ends what has no answer in time, whatever becomes of the connection. One timer serves all: most are answered long before.
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

    /// Writes what waits, a tick's at a time, until the connection is given up.
    async fn write(&self, socket: &dyn Socket) -> Error {
        loop {
            poll_fn(|context| self.queue().poll_work(context)).await;
            if self.settings.automatic_pipelining {
                // A server that has nothing to do is not kept waiting; while it works, more is gathered.
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

    /// Hands out what comes, until nothing does.
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

/// Keeps the connection, and watches the time meanwhile.
async fn run(inner: Arc<Inner>) {
    let (mut driving, mut watching) = (pin!(drive(&inner)), pin!(inner.watch()));
    poll_fn(|context| {
        let _ = watching.as_mut().poll(context);
        driving.as_mut().poll(context)
    })
    .await;
}

/// Connects and keeps connected as long as something waits, and then as long as the connection lasts.
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
            let words = whole(std::mem::take(&mut message.commands));
            of_whole(self.run(&words, &message).await?)
        })
    }

    fn keeps_scripts(&self) -> bool {
        true
    }
}
