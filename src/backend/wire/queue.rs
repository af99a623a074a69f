// Messages in the order in which they were issued: those that wait, and those already sent, whose answers arrive in
// that order. Sends nothing.

use crate::backend::redis::transaction::is_read_only;
use crate::backend::redis::{Message, Repeat, repeatable};
use crate::dialect::Value;
use crate::error::{Error, Kind, Result};
use futures_channel::oneshot;
use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

/// A message, and the sender for its answers.
pub(super) struct Waiting {
    pub bytes: Vec<u8>,
    /// How many answers it gets.
    pub count: usize,
    /// What is needed to decide whether to repeat it; its words are in `bytes`.
    pub message: Message,
    /// When its answers must have arrived.
    pub deadline_ms: u64,
    pub retries_left: u32,
    /// Once this is gone or closed, nobody waits any longer.
    pub answer: Option<oneshot::Sender<Result<Vec<Value>>>>,
    pub progress: Progress,
}

/// How far a message has got.
#[derive(Default)]
pub(super) struct Progress {
    /// The number of answers received when it was last sent; 0 if it has not been sent.
    sent: u64,
    /// Whether it had been sent when a connection was lost.
    in_doubt: bool,
    answers: Vec<Value>,
}

impl Waiting {
    fn is_wanted(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| !answer.is_canceled())
    }

    /// Ready once nobody waits for it any longer.
    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.answer.as_mut().map_or(Poll::Ready(()), |answer| answer.poll_canceled(context))
    }

    fn tell(&mut self, answers: Result<Vec<Value>>) {
        if let Some(answer) = self.answer.take() {
            let _ = answer.send(answers);
        }
    }

    fn fail(&mut self, error: &Error, in_doubt: bool) {
        let in_doubt = in_doubt && self.message.repeat != Repeat::Harmless;
        let error = error.not_applied();
        self.tell(Err(if in_doubt { error.maybe_applied() } else { error }));
    }
}

/// All messages of a link.
#[derive(Default)]
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
    under_way: VecDeque<Waiting>,
    /// Wakes the task that drives the connection.
    driver: Option<Waker>,
    /// Whether a task drives the connection.
    is_driven: bool,
    is_connected: bool,
    /// Whether the connection is considered dead.
    is_suspect: bool,
    /// Whether the server has become a replica: the connection is closed once all messages in flight are answered.
    is_replica: bool,
    is_closed: bool,
    /// Counts answers, from 1, across all connections.
    moment: u64,
    /// No message has an earlier deadline.
    earliest_ms: Option<u64>,
    /// Why there is no connection, while there is none.
    refusal: Option<Error>,
}

impl Queue {
    /// Adds a message. Returns whether a task must start to drive.
    pub fn add(&mut self, waiting: Waiting) -> bool {
        let deadline_ms = waiting.deadline_ms;
        let is_earliest = self.earliest_ms.is_none_or(|earliest| deadline_ms < earliest);
        if is_earliest {
            self.earliest_ms = Some(deadline_ms);
        }
        // The task woken for the first message takes them all.
        let is_first = self.waiting.is_empty();
        self.waiting.push_back(waiting);
        if is_first || is_earliest {
            self.wake();
        }
        !std::mem::replace(&mut self.is_driven, true)
    }

    fn wake(&mut self) {
        if let Some(driver) = &self.driver {
            driver.wake_by_ref();
        }
    }

    /// Whether to connect. If not, the driving task ends.
    pub fn is_wanted(&mut self) -> bool {
        self.waiting.retain(Waiting::is_wanted);
        self.is_driven = !self.is_closed && !self.waiting.is_empty();
        self.is_driven
    }

    /// Ready once nobody needs a connection: every waiter has been answered or is gone. Only called while nothing is in
    /// flight.
    pub fn poll_unwanted(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.driver = Some(context.waker().clone());
        let is_wanted =
            !self.is_closed && self.waiting.iter_mut().any(|waiting| waiting.poll_gone(context).is_pending());
        if is_wanted { Poll::Pending } else { Poll::Ready(()) }
    }

    pub fn connected(&mut self) {
        (self.is_connected, self.is_suspect, self.is_replica) = (true, false, false);
        self.refusal = None;
        self.moment += 1;
    }

    /// Whether to keep the connection; wakes the caller when that changes.
    pub fn is_kept(&mut self, context: &Context<'_>) -> bool {
        self.driver = Some(context.waker().clone());
        let is_done = self.is_replica && self.under_way.is_empty();
        !(self.is_closed || self.is_suspect || is_done)
    }

    /// Ready when there is something to write.
    pub fn poll_work(&mut self, context: &Context<'_>) -> Poll<()> {
        self.driver = Some(context.waker().clone());
        if self.waiting.is_empty() || self.is_replica { Poll::Pending } else { Poll::Ready(()) }
    }

    /// Whether nothing is in flight.
    pub fn is_idle(&self) -> bool {
        self.under_way.is_empty()
    }

    /// The first deadline, once there is one before `before`; `None` means no deadline yet.
    pub fn poll_deadline(&mut self, before: Option<u64>, context: &Context<'_>) -> Poll<u64> {
        self.driver = Some(context.waker().clone());
        match self.earliest_ms {
            Some(earliest) if before.is_none_or(|before| earliest < before) => Poll::Ready(earliest),
            _ => Poll::Pending,
        }
    }

    /// Fails messages whose deadline has passed. If nothing has arrived on the connection since such a message was
    /// sent, it is considered dead, and the next message gets a new one.
    pub fn expire(&mut self, now_ms: u64, error: &Error) {
        let late = |waiting: &&mut Waiting| waiting.deadline_ms <= now_ms && waiting.answer.is_some();
        for waiting in self.under_way.iter_mut().filter(late) {
            waiting.fail(error, true);
            self.is_suspect |= self.is_connected && waiting.progress.sent == self.moment;
        }
        let unsent = self
            .refusal
            .as_ref()
            .map(|refusal| Error::new(Kind::Timeout, refusal.message()).caused_as(refusal));
        for waiting in self.waiting.iter_mut().filter(late) {
            waiting.fail(unsent.as_ref().unwrap_or(error), waiting.progress.sent != 0);
        }
        self.waiting.retain(Waiting::is_wanted);
        let left = self.under_way.iter().chain(&self.waiting).filter(|waiting| waiting.is_wanted());
        self.earliest_ms = left.map(|waiting| waiting.deadline_ms).min();
    }

    /// Takes the bytes to write. From now on the server may have run these messages.
    pub fn take(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for mut waiting in self.waiting.drain(..).filter(Waiting::is_wanted) {
            waiting.progress.sent = self.moment;
            bytes.extend_from_slice(&waiting.bytes);
            self.under_way.push_back(waiting);
        }
        bytes
    }

    /// Takes the next answer. Its message consumes it even if nobody waits any longer, so that answers stay aligned.
    pub fn answered(&mut self, value: Value) {
        self.moment += 1;
        self.is_replica |= is_read_only(&value);
        let Some(first) = self.under_way.front_mut() else { return };
        first.progress.answers.push(value);
        if first.progress.answers.len() == first.count
            && let Some(mut done) = self.under_way.pop_front()
        {
            let answers = std::mem::take(&mut done.progress.answers);
            done.tell(Ok(answers));
        }
        if self.is_replica && self.under_way.is_empty() {
            self.wake();
        }
    }

    /// The connection is lost: sent messages that may be repeated go first on the next one.
    pub fn lost(&mut self, error: &Error) {
        (self.is_connected, self.is_suspect, self.is_replica) = (false, false, false);
        let lost: Vec<_> = self.under_way.drain(..).collect();
        let again = repeatable(&lost.iter().map(|waiting| &waiting.message).collect::<Vec<_>>());
        let mut kept = Vec::new();
        for (mut waiting, again) in lost.into_iter().zip(again) {
            waiting.progress.in_doubt = true;
            waiting.progress.answers.clear();
            if again && waiting.retries_left > 0 && waiting.is_wanted() {
                waiting.retries_left -= 1;
                kept.push(waiting);
            } else {
                waiting.fail(error, true);
            }
        }
        kept.into_iter().rev().for_each(|waiting| self.waiting.push_front(waiting));
    }

    /// Connecting has failed: each waiting message has one attempt less.
    pub fn refused(&mut self, error: &Error) {
        self.refusal = Some(error.clone());
        let may_change = matches!(error.kind(), Kind::Unavailable | Kind::Timeout | Kind::RateLimited);
        for mut waiting in std::mem::take(&mut self.waiting) {
            if may_change && waiting.retries_left > 0 {
                waiting.retries_left -= 1;
                self.waiting.push_back(waiting);
            } else {
                let in_doubt = waiting.progress.in_doubt;
                waiting.fail(error, in_doubt);
            }
        }
    }

    pub fn close(&mut self) {
        self.is_closed = true;
        self.wake();
    }
}
