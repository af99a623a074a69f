// The process's thread for timers and background work, so that both work with any executor. It starts when it is first
// needed. What it runs does not matter here.

use super::BoxFuture;
use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

static BACKGROUND: LazyLock<Background> = LazyLock::new(|| {
    thread::Builder::new().name("omnikv-timers".into()).spawn(serve).expect("the system can start a thread");
    Background::default()
});

#[derive(Default)]
struct Background {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    /// Who waits until when. The number tells timers of the same moment apart.
    timers: BTreeMap<(Instant, u64), Waker>,
    last: u64,
    ready: VecDeque<Arc<Task>>,
}

impl Background {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next task that can go on. Wakes whoever has waited long enough.
    fn next(&self) -> Arc<Task> {
        let mut waiting = self.lock();
        loop {
            let now = Instant::now();
            let pause =
                waiting.timers.first_key_value().map(|((due, _), _)| due.saturating_duration_since(now));
            if pause.is_some_and(|pause| pause.is_zero()) {
                let due = waiting.timers.pop_first();
                // A waker may come back to this lock.
                drop(waiting);
                if let Some((_, waker)) = due {
                    waker.wake();
                }
                waiting = self.lock();
                continue;
            }
            if let Some(task) = waiting.ready.pop_front() {
                return task;
            }
            waiting = match pause {
                Some(pause) => {
                    let woken = self.changed.wait_timeout(waiting, pause);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

fn serve() {
    loop {
        BACKGROUND.next().poll();
    }
}

struct Task(Mutex<Option<BoxFuture<'static, ()>>>);

impl Task {
    fn poll(self: Arc<Self>) {
        let waker = Waker::from(Arc::clone(&self));
        let mut work = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(future) = work.as_mut() else { return };
        let polled =
            catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut Context::from_waker(&waker))));
        // What has panicked must not be polled again, and must not end the others.
        if !matches!(polled, Ok(Poll::Pending)) {
            *work = None;
        }
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        BACKGROUND.lock().ready.push_back(self);
        BACKGROUND.changed.notify_one();
    }
}

/// Runs a future on the thread. It must not block.
pub(crate) fn spawn(work: impl Future<Output = ()> + Send + 'static) {
    Arc::new(Task(Mutex::new(Some(Box::pin(work))))).wake();
}

/// Completes after this time. Dropping it leaves no timer behind.
pub(crate) fn sleep(time: Duration) -> Sleep {
    let now = Instant::now();
    // A time that is too long to express means for ever; a year is as good.
    let due = now.checked_add(time).unwrap_or(now + Duration::from_secs(365 * 24 * 60 * 60));
    Sleep { due, number: None }
}

pub(crate) struct Sleep {
    due: Instant,
    /// Once it has been polled.
    number: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.due {
            return Poll::Ready(());
        }
        let mut waiting = BACKGROUND.lock();
        let number = *self.number.get_or_insert_with(|| {
            waiting.last += 1;
            waiting.last
        });
        waiting.timers.insert((self.due, number), context.waker().clone());
        BACKGROUND.changed.notify_one();
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            BACKGROUND.lock().timers.remove(&(self.due, number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn work_goes_on_after_other_work_has_panicked() {
        let (done, order) = channel();
        spawn(async { panic!("as the test wants") });
        for pause in [30, 1, 10] {
            let done = done.clone();
            spawn(async move {
                sleep(Duration::from_millis(pause)).await;
                done.send(pause).unwrap();
            });
        }
        assert_eq!(order.iter().take(3).collect::<Vec<_>>(), [1, 10, 30]);
    }

    #[test]
    fn a_dropped_sleep_leaves_nothing_behind() {
        let mut sleep = sleep(Duration::from_secs(3600));
        let woken = Pin::new(&mut sleep).poll(&mut Context::from_waker(Waker::noop()));
        assert!(woken.is_pending());
        let place = (sleep.due, sleep.number.unwrap());
        assert!(BACKGROUND.lock().timers.contains_key(&place));
        drop(sleep);
        assert!(!BACKGROUND.lock().timers.contains_key(&place));
    }
}
