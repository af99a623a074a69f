// Waiting in functions that are not asynchronous: futures are polled until they can go on no further, and then the component
// blocks on the pollables of those that wait. Background work goes on whenever a function waits. It must not know for what.
//
// The crates that do this (wstd) end everything with each call, and wait for all of it; a connection outlives the call that
// has opened it.

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
    /// What goes on in the background.
    static TASKS: RefCell<FuturesUnordered<BoxFuture<'static, ()>>> = RefCell::default();
    /// What has been begun since the tasks were last looked after.
    static BEGUN: RefCell<Vec<BoxFuture<'static, ()>>> = RefCell::default();
    /// What is waited for.
    static WAITS: RefCell<Vec<Wait>> = RefCell::default();
    static NEXT_WAIT: Cell<u64> = const { Cell::new(0) };
}

/// A pollable, and who is to be woken by it.
struct Wait {
    number: u64,
    pollable: Rc<Pollable>,
    waker: Waker,
}

/// Raised by whoever wakes.
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

/// Waits until the future is done.
///
/// # Errors
///
/// `internal` when nothing that is waited for could ever come.
pub(super) fn block_on<F: Future>(future: F) -> Result<F::Output> {
    let mut future = pin!(future);
    let woken = Flag::raised();
    let waker = Waker::from(Arc::clone(&woken));
    // What has happened since the last call comes first: a connection that has been lost meanwhile is not used.
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

/// Does something in the background.
pub(super) fn spawn(work: BoxFuture<'static, ()>) {
    BEGUN.with_borrow_mut(|begun| begun.push(work));
}

/// Lets the background go on until all of it waits.
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

/// Blocks until something that is waited for has come. Whether anything is.
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

/// Wakes whoever waits for what has come already.
fn wake_ready() {
    WAITS.with_borrow(|waits| {
        waits.iter().filter(|wait| wait.pollable.ready()).for_each(|wait| wait.waker.wake_by_ref());
    });
}

/// Is done once the pollable is ready. The pollable goes with it: what it belongs to must outlive it.
pub(super) fn ready(pollable: Pollable) -> Readiness {
    Readiness { pollable: Rc::new(pollable), number: None }
}

/// See [`ready`].
pub(super) struct Readiness {
    pollable: Rc<Pollable>,
    /// Its number among those that are waited for.
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

/// Milliseconds by a clock that nobody sets.
pub(super) fn now_ms() -> u64 {
    monotonic_clock::now() / 1_000_000
}

/// Is done after this time; zero: once everything that is ready to run now has run.
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

/// The first of both that is done; the other is given up.
pub(super) async fn either<T>(first: impl Future<Output = T>, second: impl Future<Output = T>) -> T {
    let (mut first, mut second) = (pin!(first), pin!(second));
    poll_fn(|context| match first.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(output),
        Poll::Pending => second.as_mut().poll(context),
    })
    .await
}

/// Writes all of it, as fast as the host takes it.
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
