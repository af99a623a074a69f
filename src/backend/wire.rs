// A connection to a server that answers requests in order: those of the same tick are sent together. It is opened on first
// use and again after it is lost. What requests and answers mean does not matter here.

//! Connections over sockets of the host: of Node, of a Worker, or the program's own.

mod queue;

use super::redis::{Footprint, Message, Repeat};
use super::retry::{Attempts, Failure, unless};
use crate::dialect::Value;
use crate::error::{Error, Kind, Result};
use crate::host::network::Timer;
use crate::host::socket::{Address, Socket, Sockets};
use crate::host::{BoxFuture, MaybeSend};
use futures_channel::oneshot;
use queue::{Progress, Queue, Waiting};
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

/// A server's address, and how long and how often to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The server's address.
    pub address: Address,
    /// The timeout of an operation, including all retries.
    pub timeout: Duration,
    /// How many times a failed message is retried if it may be repeated.
    pub retries: u32,
    /// Whether commands of the same tick are sent together.
    pub automatic_pipelining: bool,
}

/// What is spoken on the connection.
pub(super) trait Protocol: MaybeSend {
    /// Finds out where the server is, if that has to be asked before each connection.
    fn locate<'a>(&'a self, _: &'a dyn Sockets) -> Option<BoxFuture<'a, Result<Address>>> {
        None
    }

    /// What errors call the place, if that has to be asked.
    fn place(&self) -> Option<&'static str> {
        None
    }

    /// Says what the server wants to hear first on a new connection. Returns the reader of everything that follows.
    fn greet<'a>(
        &'a self,
        socket: &'a dyn Socket,
        address: &'a Address,
    ) -> BoxFuture<'a, Result<Box<dyn Incoming>>>;
}

/// Received bytes, and the answers in them.
pub(super) trait Incoming: MaybeSend {
    /// Adds received bytes.
    fn add(&mut self, bytes: &[u8]);
    /// The next complete answer, if any.
    fn next(&mut self) -> Result<Option<Value>>;
}

/// The next answer, while greeting.
pub(super) async fn hear(
    socket: &dyn Socket,
    incoming: &mut dyn Incoming,
    address: &Address,
) -> Result<Value> {
    loop {
        if let Some(value) = incoming.next()? {
            return Ok(value);
        }
        let bytes = socket.read().await?;
        if bytes.is_empty() {
            let message = format!("(server) at {address} has closed the connection");
            return Err(Error::new(Kind::Unavailable, message));
        }
        incoming.add(&bytes);
    }
}

/// The connection. Dropping it closes it.
pub(super) struct Wire {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    protocol: Box<dyn Protocol>,
    sockets: Arc<dyn Sockets>,
    timer: Arc<dyn Timer>,
    queue: Mutex<Queue>,
}

impl Wire {
    /// Sends nothing yet.
    pub fn new(
        settings: Settings,
        protocol: Box<dyn Protocol>,
        sockets: Arc<dyn Sockets>,
        timer: Arc<dyn Timer>,
    ) -> Wire {
        Wire { inner: Arc::new(Inner { settings, protocol, sockets, timer, queue: Mutex::default() }) }
    }

    /// Starts the attempts of one operation.
    pub fn attempts(&self) -> Attempts<'_> {
        let Inner { settings, timer, .. } = &*self.inner;
        Attempts::new(settings.timeout, settings.retries, &**timer)
    }

    /// Sends bytes as one message, and returns so many answers.
    pub async fn send(
        &self,
        bytes: Vec<u8>,
        count: usize,
        repeat: Repeat,
        footprint: Footprint,
        deadline_ms: u64,
    ) -> Result<Vec<Value>> {
        let inner = &self.inner;
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting {
            bytes,
            count,
            message: Message { commands: Vec::new(), repeat, footprint },
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

impl Drop for Wire {
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
    async fn connect(&self) -> Result<(Arc<dyn Socket>, Box<dyn Incoming>)> {
        let connecting = async {
            let address = match self.protocol.locate(&*self.sockets) {
                Some(located) => located.await?,
                None => self.settings.address.clone(),
            };
            let socket = self.sockets.connect(address.clone()).await?;
            let incoming = self.protocol.greet(&*socket, &address).await?;
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

    /// Where the server is, in errors.
    fn place(&self) -> String {
        self.protocol.place().map_or_else(|| self.settings.address.to_string(), str::to_owned)
    }

    /// The error that the server, or the connection to it, has failed.
    fn failed(&self, what: &str) -> Error {
        Error::new(Kind::Unavailable, format!("(server) at {} {what}", self.place()))
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
                    format!("(server) at {} has not answered in time", self.place()),
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
    async fn read(&self, socket: &dyn Socket, mut incoming: Box<dyn Incoming>) -> Error {
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
