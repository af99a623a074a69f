// Calls that share trips: those that arrive while a trip is under way form the next one together. No timer, and no task in
// the background: whoever waits for an answer drives the trip that must end first. What the commands mean, and how a
// store is asked, does not matter here.

use super::Cells;
use super::backend::GROUP_KEYS;
use crate::backend::BoxFuture;
use crate::command::{Access, Bytes, Command, Effect, Expiry, Inspect, Key, Reply};
use crate::error::{Error, Kind, Result};
use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// The most bytes of values that a trip takes.
const MOST_BYTES: usize = 1 << 20;
/// How many times calls try together when others change their keys meanwhile. Then each goes alone.
const TRIES_TOGETHER: u32 = 8;

type Trip = BoxFuture<'static, ()>;

/// The trips of a handle: one for calls that only read and one for others may be under way at a time.
#[derive(Default)]
pub(super) struct Combiner {
    reads: Mutex<Lane>,
    writes: Mutex<Lane>,
}

#[derive(Default)]
struct Lane {
    /// Whether a call is under way alone, in its caller's own future.
    is_taken: bool,
    /// The trip that is under way. If all who wait have given up, it is given up.
    trip: Option<WeakShared<Trip>>,
    waiting: Vec<Arc<Call>>,
    /// Who waits for the call that is under way alone.
    wakers: Vec<Waker>,
}

/// A call that waits for its trip or its answer.
struct Call {
    command: Command,
    /// How many keys and bytes it adds to a trip.
    weight: (usize, usize),
    answer: Mutex<Option<Answer>>,
    /// The trip that it is on, which ends when nobody waits for it any more.
    trip: Mutex<Option<Shared<Trip>>>,
}

enum Answer {
    Reply(Result<Reply>),
    /// Nothing has happened; the call must make its own trips.
    Alone,
}

/// A call whose caller waits.
struct Waiting(Arc<Call>);

impl Drop for Waiting {
    fn drop(&mut self) {
        let trip = locked(&self.0.trip).take();
        drop(trip);
    }
}

impl Call {
    fn new(mut command: Command) -> Arc<Call> {
        let mut weight = Weight(0, 0);
        command.inspect(&mut weight);
        let Weight(keys, bytes) = weight;
        Arc::new(Call {
            command,
            weight: (keys.max(1), bytes),
            answer: Mutex::default(),
            trip: Mutex::default(),
        })
    }

    fn answer(&self, answer: Answer) {
        *locked(&self.answer) = Some(answer);
    }

    /// Whether the caller still waits.
    fn is_wanted(self: &Arc<Self>) -> bool {
        Arc::strong_count(self) > 1
    }
}

/// Keys and bytes of values.
struct Weight(usize, usize);

impl Inspect for Weight {
    fn key(&mut self, _: &mut Key) {
        self.0 += 1;
    }

    fn bytes(&mut self, bytes: &Bytes) {
        self.1 += bytes.len();
    }

    fn expiry(&mut self, _: Expiry) {}

    fn score(&mut self, _: f64) {}
}

/// Whether the command may share a trip: it concerns few rows, which it names.
fn is_small(command: &Command) -> bool {
    match command {
        Command::RecordsList { .. }
        | Command::RecordsCount { .. }
        | Command::RecordsDeletePrefix { .. }
        | Command::RecordsDeleteRange { .. }
        | Command::ChangesRead { .. }
        | Command::ChangesTrim { .. }
        | Command::TasksList { .. }
        | Command::TasksTrim { .. } => false,
        Command::RecordsMutate { mutations } => mutations.iter().all(is_small),
        command => command.access() != Access::Keyspace,
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Frees a lane when the call that has taken it ends.
struct Taken<'a>(&'a Mutex<Lane>);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut lane = locked(self.0);
        lane.is_taken = false;
        let wakers = std::mem::take(&mut lane.wakers);
        drop(lane);
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Lane {
    /// The trip to wait for: the one under way, or else the next one, which begins. `None` while a call is under way
    /// alone.
    fn trip(&mut self, cells: &Cells) -> Result<Option<Shared<Trip>>> {
        if self.is_taken {
            return Ok(None);
        }
        let under_way = self.trip.as_ref().and_then(WeakShared::upgrade);
        if let Some(trip) = under_way.filter(|trip| trip.peek().is_none()) {
            return Ok(Some(trip));
        }
        let cells = cells.same()?;
        let calls = self.next_calls();
        let members = calls.clone();
        let work: Trip = Box::pin(async move { cells.answer_all(&calls).await });
        let trip = work.shared();
        members.iter().for_each(|call| *locked(&call.trip) = Some(trip.clone()));
        self.trip = trip.downgrade();
        Ok(Some(trip))
    }

    /// Takes the calls of the next trip: the first that wait, as many as fit.
    fn next_calls(&mut self) -> Vec<Arc<Call>> {
        self.waiting.retain(Call::is_wanted);
        let (mut keys, mut bytes) = (0, 0);
        let fits = |call: &Arc<Call>| {
            keys += call.weight.0;
            bytes += call.weight.1;
            keys <= GROUP_KEYS && bytes <= MOST_BYTES
        };
        let count = self.waiting.iter().map(fits).take_while(|fits| *fits).count().max(1);
        self.waiting.drain(..count.min(self.waiting.len())).collect()
    }

    fn is_free(&self) -> bool {
        let is_under_way = |trip: &WeakShared<Trip>| trip.upgrade().is_some_and(|trip| trip.peek().is_none());
        !self.is_taken && self.waiting.is_empty() && !self.trip.as_ref().is_some_and(is_under_way)
    }
}

impl Cells {
    /// Runs a command, on a trip with others if one of its kind is under way.
    pub(super) async fn execute_combined(&self, combiner: &Combiner, command: &Command) -> Result<Reply> {
        if !is_small(command) {
            return self.execute_one(command).await;
        }
        let lane = if command.effect() == Effect::Read { &combiner.reads } else { &combiner.writes };
        let call = {
            let mut lane = locked(lane);
            if lane.is_free() {
                lane.is_taken = true;
                None
            } else {
                let call = Call::new(command.clone());
                lane.waiting.push(Arc::clone(&call));
                Some(Waiting(call))
            }
        };
        let answer = match call {
            None => {
                let _taken = Taken(lane);
                self.try_together(&[command]).await.pop()
            }
            Some(waiting) => {
                let mut trip: Option<Shared<Trip>> = None;
                Some(poll_fn(|context| self.poll_answer(lane, &waiting.0, &mut trip, context)).await)
            }
        };
        match answer {
            Some(Answer::Reply(reply)) => reply,
            Some(Answer::Alone) | None => self.execute_one(command).await,
        }
    }

    fn poll_answer(
        &self,
        lane: &Mutex<Lane>,
        call: &Call,
        trip: &mut Option<Shared<Trip>>,
        context: &mut Context<'_>,
    ) -> Poll<Answer> {
        loop {
            if let Some(under_way) = trip {
                if under_way.poll_unpin(context).is_pending() {
                    return Poll::Pending;
                }
                *trip = None;
            }
            if let Some(answer) = locked(&call.answer).take() {
                return Poll::Ready(answer);
            }
            let mut lane = locked(lane);
            match lane.trip(self) {
                Ok(Some(next)) => *trip = Some(next),
                Ok(None) => {
                    let is_known = |waker: &Waker| waker.will_wake(context.waker());
                    if !lane.wakers.last().is_some_and(is_known) {
                        lane.wakers.push(context.waker().clone());
                    }
                    return Poll::Pending;
                }
                Err(error) => return Poll::Ready(Answer::Reply(Err(error))),
            }
        }
    }

    async fn answer_all(&self, calls: &[Arc<Call>]) {
        let commands: Vec<&Command> = calls.iter().map(|call| &call.command).collect();
        let answers = self.try_together(&commands).await;
        calls.iter().zip(answers).for_each(|(call, answer)| call.answer(answer));
    }

    /// Runs commands together. If they fail together, each has to go alone, so that only the one at fault fails.
    async fn try_together(&self, commands: &[&Command]) -> Vec<Answer> {
        let is_alone = commands.len() == 1;
        let answer = |reply| match reply {
            // Perhaps only because of the others.
            Err(error) if !is_alone && Error::kind(&error) == Kind::TooLarge => Answer::Alone,
            reply => Answer::Reply(reply),
        };
        match self.run_all(commands).await {
            Ok(replies) => replies.into_iter().map(answer).collect(),
            Err(error) => {
                let is_overtaken = error.kind() == Kind::Conflict;
                let goes_alone = is_overtaken || !is_alone && may_be_ones_own(&error);
                let answer = |_| match goes_alone {
                    true => Answer::Alone,
                    false => Answer::Reply(Err(error.clone())),
                };
                commands.iter().map(answer).collect()
            }
        }
    }

    async fn run_all(&self, commands: &[&Command]) -> Result<Vec<Result<Reply>>> {
        let store = self.open()?;
        let refusals: Vec<_> = commands.iter().map(|command| self.refusal(&*store, command)).collect();
        let allowed = commands.iter().zip(&refusals).filter(|(_, refusal)| refusal.is_none());
        let allowed: Vec<&Command> = allowed.map(|(command, _)| *command).collect();
        let mut replies = self.run(&*store, None, &allowed, TRIES_TOGETHER).await?.into_iter();
        let lost = || Err(Error::new(Kind::Internal, "(command) got no reply"));
        let reply = |refusal: Option<Error>| match refusal {
            Some(error) => Err(error),
            None => replies.next().unwrap_or_else(lost),
        };
        Ok(refusals.into_iter().map(reply).collect())
    }
}

/// Whether one of several calls may be the reason for an error, after which nothing has happened.
fn may_be_ones_own(error: &Error) -> bool {
    let is_of_the_store = matches!(
        error.kind(),
        Kind::Unavailable
            | Kind::Timeout
            | Kind::RateLimited
            | Kind::PermissionDenied
            | Kind::Cancelled
            | Kind::Closed
    );
    !is_of_the_store && !error.is_maybe_applied()
}
