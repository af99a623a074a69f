// Redis commands over HTTP, with Upstash's REST protocol. Commands issued in the same tick are sent together. Of
// commands, only whether they may be repeated matters here.

//! The link to Upstash, and to every server with its REST protocol:
//! <https://upstash.com/docs/redis/features/restapi>.

mod status;
mod words;

use super::retry::{Attempts, Failure, unless};
use crate::backend::redis::{Argv, Link, Message, Repeat, Speaker, repeatable};
use crate::dialect::json::{Answers, Encoding, malformed_answer, read_answers};
use crate::dialect::{Value, of_server};
use crate::error::{Error, Kind, Result};
use crate::host::BoxFuture;
use crate::host::network::{Network, Request, Response};
use futures_channel::oneshot;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

/// The header with which our gateways announce that they understand our own words.
pub const SPEAKER_HEADER: &str = "omnikv-dialect";

/// The header with which a client reads its own writes.
const SYNC_HEADER: &str = "upstash-sync-token";

/// The header in which the server says how long to wait.
const RETRY_HEADER: &str = "retry-after";

/// The most commands in one request.
const REQUEST_COMMANDS: usize = 10_000;

/// Upstash rejects requests over 10 MB. A larger command is sent alone, and the server decides.
const REQUEST_BYTES: usize = 8 << 20;

/// Where and how to send commands.
#[derive(Clone)]
pub struct Settings {
    /// The server's URL, without a trailing slash.
    pub endpoint: String,
    /// The bearer token.
    pub token: String,
    /// The timeout of an operation, including all retries.
    pub timeout: Duration,
    /// How many times a failed request is retried if it may be repeated.
    pub retries: u32,
    /// Whether commands of the same tick are sent as one request.
    pub automatic_pipelining: bool,
    /// The encoding of strings to request from the server.
    pub encoding: Encoding,
}

/// Hides the token.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// A connection to a server with Upstash's REST protocol.
pub struct Upstash {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    network: Network,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Messages that wait for the end of the tick.
    queue: Vec<Waiting>,
    /// The token to send with the next request, so that we read our own writes.
    sync_token: Option<String>,
    speaker: Option<Speaker>,
    /// Whether the server is being asked which words it understands.
    asking: bool,
    /// Callers that arrived meanwhile: they must not overtake the one that asks.
    held: Vec<oneshot::Sender<()>>,
}

/// A message to send.
struct Waiting {
    message: Message,
    is_transaction: bool,
    /// When its answers must have arrived.
    deadline_ms: u64,
    /// Whether the server may have run it.
    in_doubt: bool,
    answer: oneshot::Sender<Result<Vec<Value>>>,
}

impl Upstash {
    /// Creates a link. Sends nothing yet.
    pub fn new(settings: Settings, network: Network) -> Upstash {
        let state = Mutex::default();
        Upstash { inner: Arc::new(Inner { settings, network, state }) }
    }

    async fn send(&self, message: Message, is_transaction: bool) -> Result<Vec<Value>> {
        if message.commands.is_empty() {
            return Ok(Vec::new());
        }
        let deadline_ms = self.deadline_ms();
        self.turn().await;
        self.enqueue(message, is_transaction, deadline_ms).await
    }

    /// The deadline of an operation that starts now.
    fn deadline_ms(&self) -> u64 {
        let timeout = u64::try_from(self.inner.settings.timeout.as_millis()).unwrap_or(u64::MAX);
        self.inner.network.timer.now_ms().saturating_add(timeout)
    }

    /// Waits while an earlier caller asks which words the server understands.
    async fn turn(&self) {
        let wait = {
            let mut state = self.inner.state();
            if !state.asking {
                return;
            }
            let (held, wait) = oneshot::channel();
            state.held.push(held);
            wait
        };
        let _ = wait.await;
    }

    async fn enqueue(&self, message: Message, is_transaction: bool, deadline_ms: u64) -> Result<Vec<Value>> {
        let (answer, answered) = oneshot::channel();
        let inner = &self.inner;
        let is_first = {
            let mut state = inner.state();
            state.queue.push(Waiting { message, is_transaction, deadline_ms, in_doubt: false, answer });
            state.queue.len() == 1
        };
        if is_first {
            let (inner, timer) = (Arc::clone(inner), Arc::clone(&inner.network.timer));
            let wait = inner.settings.automatic_pipelining;
            inner.network.timer.clone().spawn(Box::pin(async move {
                if wait {
                    timer.sleep(Duration::ZERO).await;
                }
                inner.flush().await;
            }));
        }
        answered.await.unwrap_or_else(|_| Err(Error::new(Kind::Cancelled, "(store) was closed meanwhile")))
    }
}

/// Held while the server is asked which words it understands. When it is dropped, whatever the outcome, the callers
/// that arrived meanwhile continue in order: dropping its sender wakes each.
struct Asking<'a>(&'a Inner);

impl<'a> Asking<'a> {
    fn begin(inner: &'a Inner) -> Asking<'a> {
        inner.state().asking = true;
        Asking(inner)
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        let held = {
            let mut state = self.0.state();
            state.asking = false;
            std::mem::take(&mut state.held)
        };
        drop(held);
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends everything that waits, in order.
    async fn flush(self: &Arc<Self>) {
        let waiting = std::mem::take(&mut self.state().queue);
        // Skip messages whose callers no longer wait.
        let mut waiting = waiting.into_iter().filter(|waiting| !waiting.answer.is_canceled()).peekable();
        while let Some(first) = waiting.next() {
            let (mut bytes, mut count) = (first.bytes(), first.message.commands.len());
            let mut together = vec![first];
            while let Some(next) = waiting.peek() {
                bytes += next.bytes();
                count += next.message.commands.len();
                let alone = next.is_transaction || together[0].is_transaction;
                if alone
                    || bytes > REQUEST_BYTES
                    || count > REQUEST_COMMANDS
                    || !self.settings.automatic_pipelining
                {
                    break;
                }
                together.extend(waiting.next());
            }
            self.deliver(together).await;
        }
    }

    /// Sends messages as one request and delivers the answers. If it is unknown whether the server ran them, those that
    /// may be repeated are sent again and the others fail. The earliest deadline applies to all: they were issued
    /// together.
    async fn deliver(&self, mut together: Vec<Waiting>) {
        let deadline_ms = together.iter().map(|waiting| waiting.deadline_ms).min().unwrap_or_default();
        let mut attempts = Attempts::until(deadline_ms, self.settings.retries, &*self.network.timer);
        if self.network.timer.now_ms() >= deadline_ms {
            // Earlier requests of the same tick have used up the time.
            let late = Error::new(Kind::Timeout, "(server) did not reply in time");
            return together.into_iter().for_each(|waiting| waiting.fail(&late));
        }
        loop {
            let is_transaction = together.iter().any(|waiting| waiting.is_transaction);
            let (messages, mut answers): (Vec<_>, Vec<_>) =
                together.iter_mut().map(|waiting| (&waiting.message, &mut waiting.answer)).unzip();
            let request = self.request(&messages, is_transaction, &attempts);
            let failure = match unless(|context| poll_gone(&mut answers, context), request).await {
                Some(Ok(answers)) => return hand_out(together, answers),
                Some(Err(failure)) => failure,
                None => return,
            };
            let error = &failure.error;
            if error.is_maybe_applied() {
                let messages: Vec<_> = together.iter().map(|waiting| &waiting.message).collect();
                let mut again = repeatable(&messages).into_iter();
                together.iter_mut().for_each(|waiting| waiting.in_doubt = true);
                let (kept, failed): (Vec<_>, Vec<_>) =
                    together.into_iter().partition(|_| again.next().unwrap_or_default());
                failed.into_iter().for_each(|waiting| waiting.fail(error));
                together = kept;
            }
            let pause = attempts.pause(&failure).filter(|_| !together.is_empty());
            let Some(pause) = pause else {
                return together.into_iter().for_each(|waiting| waiting.fail(error));
            };
            let mut answers: Vec<_> = together.iter_mut().map(|waiting| &mut waiting.answer).collect();
            let sleep = self.network.timer.sleep(pause);
            if unless(|context| poll_gone(&mut answers, context), sleep).await.is_none() {
                return;
            }
            // Do not send again what nobody waits for.
            together.retain(|waiting| !waiting.answer.is_canceled());
        }
    }

    /// Sends one HTTP request with these messages' commands.
    async fn request(
        &self,
        messages: &[&Message],
        is_transaction: bool,
        attempts: &Attempts<'_>,
    ) -> Result<Vec<Value>, Failure> {
        let commands: Vec<&Argv> = messages.iter().flat_map(|message| &message.commands).collect();
        let known = self.state().speaker;
        let speaker = match known {
            Some(speaker) => speaker,
            // How to encode bytes that are not text depends on the kind of server.
            None if commands.iter().any(|argv| !words::are_text(argv)) => {
                self.post("", br#"["PING"]"#.to_vec(), attempts.left())
                    .await
                    .map_err(|failure| Failure { error: without_doubt(&failure.error), ..failure })?;
                self.state().speaker.unwrap_or(Speaker::Redis)
            }
            None => Speaker::Redis,
        };
        let path = match (is_transaction, commands.len()) {
            (true, _) => "multi-exec",
            (false, 1) => "",
            (false, _) => "pipeline",
        };
        let are_many = !path.is_empty();
        let body = words::write(&commands, are_many, speaker);
        let response = self.post(path, body, attempts.left()).await?;
        let in_doubt = !matches!(response.status, 400..500);
        let read = read_answers(&response.body, self.settings.encoding);
        let answers = match read.map_err(|error| match error.is_data() {
            true => Failure::of(malformed_answer(), true),
            false => Failure::of(garbled(), in_doubt),
        })? {
            Answers::Many(answers) if are_many => answers,
            Answers::One(Some(answer)) if !are_many => vec![answer],
            // An error about the whole request.
            Answers::One(refused) if are_many => {
                let text = match &refused {
                    Some(Value::Error(text)) => text,
                    _ => "ERR refused",
                };
                return Err(Failure::of(of_server(text), false));
            }
            Answers::One(_) | Answers::Many(_) => return Err(Failure::of(malformed_answer(), true)),
        };
        if answers.len() != commands.len() {
            return Err(Failure::of(garbled(), true));
        }
        // A page of somebody in between is no answer, and says nothing about the server.
        if (200..300).contains(&response.status) && response.header(SPEAKER_HEADER).is_none() {
            self.state().speaker = Some(Speaker::Redis);
        }
        Ok(answers)
    }

    async fn post(&self, path: &str, body: Vec<u8>, timeout: Duration) -> Result<Response, Failure> {
        let settings = &self.settings;
        let mut headers = vec![
            ("authorization", format!("Bearer {}", settings.token)),
            ("content-type", "application/json".to_owned()),
        ];
        if settings.encoding == Encoding::Base64 {
            headers.push(("upstash-encoding", "base64".to_owned()));
        }
        headers.extend(self.state().sync_token.clone().map(|token| (SYNC_HEADER, token)));
        let request = Request {
            method: "POST",
            url: format!("{}/{path}", settings.endpoint),
            headers,
            body,
            looks_at: &[SYNC_HEADER, SPEAKER_HEADER, RETRY_HEADER],
            timeout: Some(timeout),
        };
        let response = self.network.http.send(request).await.map_err(Failure::from)?;
        {
            let mut state = self.state();
            if let Some(token) = response.header(SYNC_HEADER) {
                state.sync_token = Some(token.to_owned());
            }
            if response.header(SPEAKER_HEADER).is_some() {
                state.speaker = Some(Speaker::Omnikv);
            }
        }
        status::check(response)
    }
}

impl Waiting {
    fn bytes(&self) -> usize {
        self.message.commands.iter().flatten().map(|word| word.len() + 3).sum()
    }

    fn fail(self, error: &Error) {
        let error = match self.message.repeat {
            Repeat::Same | Repeat::Never if self.in_doubt => error.clone().maybe_applied(),
            _ => without_doubt(error),
        };
        let _ = self.answer.send(Err(error));
    }
}

/// Ready once nobody waits for any of these answers.
fn poll_gone(
    answers: &mut [&mut oneshot::Sender<Result<Vec<Value>>>],
    context: &mut Context<'_>,
) -> Poll<()> {
    let is_awaited = answers.iter_mut().any(|answer| answer.poll_canceled(context).is_pending());
    if is_awaited { Poll::Pending } else { Poll::Ready(()) }
}

/// The same error, without the mark that something may have been applied.
fn without_doubt(error: &Error) -> Error {
    error.not_applied()
}

fn garbled() -> Error {
    Error::new(Kind::Unavailable, "(server) does not speak Upstash's REST protocol")
}

fn hand_out(together: Vec<Waiting>, answers: Vec<Value>) {
    let mut answers = answers.into_iter();
    for waiting in together {
        let own = answers.by_ref().take(waiting.message.commands.len()).collect();
        let _ = waiting.answer.send(Ok(own));
    }
}

impl Link for Upstash {
    fn name(&self) -> &'static str {
        "upstash"
    }

    fn speaker(&self) -> BoxFuture<'_, Result<Speaker>> {
        Box::pin(async {
            let deadline_ms = self.deadline_ms();
            self.turn().await;
            let known = self.inner.state().speaker;
            if let Some(speaker) = known {
                return Ok(speaker);
            }
            let _asking = Asking::begin(&self.inner);
            self.enqueue(Message::question("PING"), false, deadline_ms).await?;
            Ok(self.inner.state().speaker.unwrap_or(Speaker::Redis))
        })
    }

    fn pipeline(&self, message: Message) -> BoxFuture<'_, Result<Vec<Value>>> {
        Box::pin(self.send(message, false))
    }

    fn transaction(&self, message: Message) -> BoxFuture<'_, Result<Vec<Value>>> {
        Box::pin(self.send(message, true))
    }
}
