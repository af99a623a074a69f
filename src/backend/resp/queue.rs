// Messages in the order in which they were given: those that wait, and those on their way, whose answers come in that order.
// It must not send anything.

use crate::backend::redis::{Message, Repeat, repeatable};
use crate::dialect::Value;
use crate::error::{Error, Kind, Result};
use futures_channel::oneshot;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

/// A message and whoever waits for its answers.
pub(super) struct Waiting {
    bytes: Vec<u8>,
    /// How many answers it has.
    count: usize,
    /// What may be sent twice; its words are in the bytes.
    message: Message,
    retries_left: u32,
    /// Whether it was on its way when a connection was lost.
    in_doubt: bool,
    sent: Sent,
    answers: Vec<Value>,
    answer: oneshot::Sender<Result<Vec<Value>>>,
}

/// When a message was sent, as its sender sees it: how much had come by then. 0: not yet.
#[derive(Clone, Default)]
pub(super) struct Sent(Arc<AtomicU64>);

impl Sent {
    pub fn is_sent(&self) -> bool {
        self.0.load(Ordering::Acquire) != 0
    }
}

impl Waiting {
    pub fn new(
        bytes: Vec<u8>,
        count: usize,
        message: Message,
        retries: u32,
        answer: oneshot::Sender<Result<Vec<Value>>>,
    ) -> (Waiting, Sent) {
        let sent = Sent::default();
        let (answers, retries_left) = (Vec::new(), retries);
        let waiting = Waiting {
            bytes,
            count,
            message,
            retries_left,
            in_doubt: false,
            sent: sent.clone(),
            answers,
            answer,
        };
        (waiting, sent)
    }

    fn fail(self, error: &Error) {
        let in_doubt = self.in_doubt && self.message.repeat != Repeat::Harmless;
        let error = Error::new(error.kind(), error.message());
        let _ = self.answer.send(Err(if in_doubt { error.maybe_applied() } else { error }));
    }
}

/// All messages of one link.
#[derive(Default)]
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
    under_way: VecDeque<Waiting>,
    /// Whoever keeps the connection.
    driver: Option<Waker>,
    /// Whether somebody keeps the connection.
    is_driven: bool,
    is_connected: bool,
    /// Whether the connection is given up.
    is_suspect: bool,
    is_closed: bool,
    /// Counts answers, from 1, over all connections.
    moment: u64,
}

impl Queue {
    /// Takes a message. Whether somebody must begin to drive.
    pub fn add(&mut self, waiting: Waiting) -> bool {
        self.waiting.push_back(waiting);
        self.wake();
        !std::mem::replace(&mut self.is_driven, true)
    }

    fn wake(&mut self) {
        if let Some(driver) = &self.driver {
            driver.wake_by_ref();
        }
    }

    /// Whether to connect. If not, nobody drives any longer.
    pub fn is_wanted(&mut self) -> bool {
        self.waiting.retain(|waiting| !waiting.answer.is_canceled());
        self.is_driven = !self.is_closed && !self.waiting.is_empty();
        self.is_driven
    }

    pub fn connected(&mut self) {
        (self.is_connected, self.is_suspect) = (true, false);
        self.moment += 1;
    }

    /// Whether the connection is to be kept; whoever asks hears of it when that changes.
    pub fn is_kept(&mut self, context: &Context<'_>) -> bool {
        self.driver = Some(context.waker().clone());
        !self.is_closed && !self.is_suspect
    }

    /// Ready when there is something to write.
    pub fn poll_work(&mut self, context: &Context<'_>) -> Poll<()> {
        self.driver = Some(context.waker().clone());
        if self.waiting.is_empty() { Poll::Pending } else { Poll::Ready(()) }
    }

    /// What is to be written now. From here on it may have been run.
    pub fn take(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for waiting in self.waiting.drain(..).filter(|waiting| !waiting.answer.is_canceled()) {
            waiting.sent.0.store(self.moment, Ordering::Release);
            bytes.extend_from_slice(&waiting.bytes);
            self.under_way.push_back(waiting);
        }
        bytes
    }

    /// Takes the next answer. Whoever no longer waits for it has it all the same, so that it is nobody else's.
    pub fn answered(&mut self, value: Value) {
        self.moment += 1;
        let Some(first) = self.under_way.front_mut() else { return };
        first.answers.push(value);
        if first.answers.len() == first.count
            && let Some(done) = self.under_way.pop_front()
        {
            let _ = done.answer.send(Ok(done.answers));
        }
    }

    /// Gives the connection up on which nothing has come since this was sent.
    pub fn suspect(&mut self, sent: &Sent) {
        if self.is_connected && sent.0.load(Ordering::Acquire) == self.moment {
            self.is_suspect = true;
            self.wake();
        }
    }

    /// The connection is lost: what was under way comes first on the next one, as far as it may be repeated.
    pub fn lost(&mut self, error: &Error) {
        (self.is_connected, self.is_suspect) = (false, false);
        let lost: Vec<_> = self.under_way.drain(..).collect();
        let again = repeatable(&lost.iter().map(|waiting| &waiting.message).collect::<Vec<_>>());
        let mut kept = Vec::new();
        for (mut waiting, again) in lost.into_iter().zip(again) {
            waiting.in_doubt = true;
            waiting.answers.clear();
            if again && waiting.retries_left > 0 && !waiting.answer.is_canceled() {
                waiting.retries_left -= 1;
                kept.push(waiting);
            } else {
                waiting.fail(error);
            }
        }
        kept.into_iter().rev().for_each(|waiting| self.waiting.push_front(waiting));
    }

    /// There is no connection: each that waits has one attempt less.
    pub fn refused(&mut self, error: &Error) {
        let may_change = matches!(error.kind(), Kind::Unavailable | Kind::Timeout | Kind::RateLimited);
        for mut waiting in std::mem::take(&mut self.waiting) {
            if may_change && waiting.retries_left > 0 {
                waiting.retries_left -= 1;
                self.waiting.push_back(waiting);
            } else {
                waiting.fail(error);
            }
        }
    }

    pub fn close(&mut self) {
        self.is_closed = true;
        self.wake();
    }
}
