// Blocking on futures: polls them until no progress is possible, then blocks on the pollables they wait for. Background
// work runs whenever a function blocks. What futures wait for does not matter here.
//
// The crates for this (wstd) end all tasks with each call, and wait for all of them; but our connections outlive the
// call that opened them.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::wasi::clocks::monotonic_clock;
use crate::wasi::io::poll::{self, Pollable};
use crate::wasi::io::streams::{OutputStream, StreamError};
use omnikv::error::{Error, Kind, Result};
use omnikv::host::BoxFuture;

thread_local! {
    /// Background tasks.
    static TASKS: RefCell<FuturesUnordered<BoxFuture<'static, ()>>> = RefCell::default();
    /// Tasks spawned since the background tasks were last polled.
    static BEGUN: RefCell<Vec<BoxFuture<'static, ()>>> = RefCell::default();
    /// The pollables that are waited for.
    static WAITS: RefCell<Vec<Wait>> = RefCell::default();
    static NEXT_WAIT: Cell<u64> = const { Cell::new(0) };
}

/// A pollable, and the waker of whoever waits for it.
struct Wait {
    number: u64,
    pollable: Rc<Pollable>,
    waker: Waker,
}

/// A waker that sets a flag.
struct Flag(AtomicBool);

impl Flag {
    fn raised() -> Arc<Flag> {
        Arc::new(Flag(AtomicBool::new(true)))
    }

    fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Blocks until the future completes.
///
/// # Errors
///
/// `internal` if nothing can make progress any more.
pub(super) fn block_on<F: Future>(future: F) -> Result<F::Output> {
    let mut future = pin!(future);
    let woken = Flag::raised();
    let waker = Waker::from(Arc::clone(&woken));
    // Process earlier events first, so that a connection lost since the last call is not used.
    wake_ready();
    run_tasks();
    loop {
        while woken.take() {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                run_tasks();
                return Ok(output);
            }
            run_tasks();
        }
        if !wait() {
            return Err(Error::new(Kind::Internal, "(network) has nothing left to wait for"));
        }
        run_tasks();
    }
}

/// Runs a future in the background.
pub(super) fn spawn(work: BoxFuture<'static, ()>) {
    BEGUN.with_borrow_mut(|begun| begun.push(work));
}

/// Polls the background tasks until all of them wait.
fn run_tasks() {
    let woken = Flag::raised();
    let waker = Waker::from(Arc::clone(&woken));
    TASKS.with_borrow_mut(|tasks| {
        loop {
            tasks.extend(BEGUN.take());
            let is_stalled = match tasks.poll_next_unpin(&mut Context::from_waker(&waker)) {
                Poll::Ready(Some(())) => false,
                Poll::Ready(None) => true,
                Poll::Pending => !woken.take(),
            };
            if is_stalled && BEGUN.with_borrow(Vec::is_empty) {
                return;
            }
        }
    });
}

/// Blocks until a pollable is ready. Returns false if there is none.
fn wait() -> bool {
    WAITS.with_borrow(|waits| {
        if waits.is_empty() {
            return false;
        }
        let pollables: Vec<&Pollable> = waits.iter().map(|wait| &*wait.pollable).collect();
        for place in poll::poll(&pollables) {
            if let Some(wait) = waits.get(place as usize) {
                wait.waker.wake_by_ref();
            }
        }
        true
    })
}

/// Wakes whoever waits for a ready pollable.
fn wake_ready() {
    WAITS.with_borrow(|waits| {
        waits.iter().filter(|wait| wait.pollable.ready()).for_each(|wait| wait.waker.wake_by_ref());
    });
}

/// Completes once the pollable is ready. The resource it belongs to must outlive the returned future.
pub(super) fn ready(pollable: Pollable) -> Readiness {
    Readiness { pollable: Rc::new(pollable), number: None }
}

/// See [`ready`].
pub(super) struct Readiness {
    pollable: Rc<Pollable>,
    /// Its number among the waits.
    number: Option<u64>,
}

impl Future for Readiness {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.pollable.ready() {
            return Poll::Ready(());
        }
        WAITS.with_borrow_mut(|waits| match waits.iter_mut().find(|wait| Some(wait.number) == self.number) {
            Some(wait) => wait.waker.clone_from(context.waker()),
            None => {
                let number = NEXT_WAIT.replace(NEXT_WAIT.get().wrapping_add(1));
                self.number = Some(number);
                let (pollable, waker) = (Rc::clone(&self.pollable), context.waker().clone());
                waits.push(Wait { number, pollable, waker });
            }
        });
        Poll::Pending
    }
}

impl Drop for Readiness {
    fn drop(&mut self) {
        if self.number.is_some() {
            WAITS.with_borrow_mut(|waits| waits.retain(|wait| Some(wait.number) != self.number));
        }
    }
}

/// Milliseconds of a monotonic clock.
pub(super) fn now_ms() -> u64 {
    monotonic_clock::now() / 1_000_000
}

/// Completes after this time; zero: after everything that is ready now has run.
pub(super) async fn sleep(time: Duration) {
    if !time.is_zero() {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        return ready(monotonic_clock::subscribe_duration(nanoseconds)).await;
    }
    let mut has_let_others = false;
    poll_fn(|context| {
        if has_let_others {
            return Poll::Ready(());
        }
        has_let_others = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Returns when the first of both completes; the other is dropped.
pub(super) async fn either<T>(first: impl Future<Output = T>, second: impl Future<Output = T>) -> T {
    let (mut first, mut second) = (pin!(first), pin!(second));
    poll_fn(|context| match first.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(output),
        Poll::Pending => second.as_mut().poll(context),
    })
    .await
}

/// Writes all bytes, as fast as the host accepts them.
pub(super) async fn write(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
    while !bytes.is_empty() {
        let room = usize::try_from(stream.check_write()?).unwrap_or(usize::MAX);
        if room == 0 {
            ready(stream.subscribe()).await;
            continue;
        }
        let (now, later) = bytes.split_at(room.min(bytes.len()));
        stream.write(now)?;
        bytes = later;
    }
    stream.flush()
}
