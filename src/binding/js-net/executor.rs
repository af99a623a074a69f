// Runs background futures. Every event from JavaScript (a call, received bytes, a timer) is processed immediately as
// far as possible: using the host's microtask queue for each step would cost more than the steps. What it runs does not
// matter here.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

use wasm_bindgen_futures::spawn_local;

type Work = Pin<Box<dyn Future<Output = ()>>>;

#[derive(Default)]
struct Executor {
    /// By index. A running future is not in its slot.
    works: Vec<Option<Work>>,
    /// Free slots.
    free: Vec<usize>,
    awake: VecDeque<Arc<Task>>,
    is_running: bool,
    /// Whether the host will run the executor soon.
    is_due: bool,
}

thread_local! {
    static EXECUTOR: RefCell<Executor> = RefCell::default();
}

/// The waker of a future. It may be used after the future has ended: then the next future in its slot is polled once in
/// vain.
struct Task {
    index: usize,
    is_awake: AtomicBool,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        if self.is_awake.swap(true, Ordering::Relaxed) {
            return;
        }
        let must_ask = EXECUTOR.with_borrow_mut(|executor| {
            executor.awake.push_back(self);
            !executor.is_running && !std::mem::replace(&mut executor.is_due, true)
        });
        if must_ask {
            spawn_local(async {
                EXECUTOR.with_borrow_mut(|executor| executor.is_due = false);
                run();
            });
        }
    }
}

/// Adds a future, which starts with the next `run`, or soon.
pub(super) fn spawn(work: impl Future<Output = ()> + 'static) {
    let index = EXECUTOR.with_borrow_mut(|executor| {
        let work: Option<Work> = Some(Box::pin(work));
        match executor.free.pop() {
            Some(index) => {
                if let Some(place) = executor.works.get_mut(index) {
                    *place = work;
                }
                index
            }
            None => {
                executor.works.push(work);
                executor.works.len() - 1
            }
        }
    });
    Arc::new(Task { index, is_awake: AtomicBool::new(false) }).wake();
}

/// Runs all woken futures, and those that they wake, unless this is already in progress.
pub(super) fn run() {
    let was_running = EXECUTOR.with_borrow_mut(|executor| std::mem::replace(&mut executor.is_running, true));
    if was_running {
        return;
    }
    while let Some((place, mut work)) = EXECUTOR.with_borrow_mut(next) {
        // From now on, a wake-up means that it must be polled again.
        place.is_awake.store(false, Ordering::Relaxed);
        let index = place.index;
        if work.as_mut().poll(&mut Context::from_waker(&Waker::from(place))).is_ready() {
            // Dropping it may wake others.
            drop(work);
            EXECUTOR.with_borrow_mut(|executor| executor.free.push(index));
        } else {
            EXECUTOR.with_borrow_mut(|executor| {
                if let Some(place) = executor.works.get_mut(index) {
                    *place = Some(work);
                }
            });
        }
    }
    EXECUTOR.with_borrow_mut(|executor| executor.is_running = false);
}

fn next(executor: &mut Executor) -> Option<(Arc<Task>, Work)> {
    loop {
        let place = executor.awake.pop_front()?;
        if let Some(work) = executor.works.get_mut(place.index)?.take() {
            return Some((place, work));
        }
    }
}
