// Runs what goes on in the background. Whatever JavaScript tells (a call, bytes that have come, a time that is over) is followed as far
// as it leads at once: going through the host's queue of microtasks for each step would cost more than the steps. It must not
// know what it runs.

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
    /// By their places. One that is being run is not in its place.
    works: Vec<Option<Work>>,
    /// Places that are free.
    free: Vec<usize>,
    awake: VecDeque<Arc<Place>>,
    is_running: bool,
    /// Whether the host will let it run soon.
    is_due: bool,
}

thread_local! {
    static EXECUTOR: RefCell<Executor> = RefCell::default();
}

/// By this a work is woken. One that has ended may still be: then whoever has its place looks once for nothing.
struct Place {
    index: usize,
    is_awake: AtomicBool,
}

impl Wake for Place {
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

/// Takes a work, which begins with the next `run`, or soon.
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
    Arc::new(Place { index, is_awake: AtomicBool::new(false) }).wake();
}

/// Runs all that is awake, and what is woken by that, unless that is being done already.
pub(super) fn run() {
    let was_running = EXECUTOR.with_borrow_mut(|executor| std::mem::replace(&mut executor.is_running, true));
    if was_running {
        return;
    }
    while let Some((place, mut work)) = EXECUTOR.with_borrow_mut(next) {
        // What wakes it from here on wants it to look again.
        place.is_awake.store(false, Ordering::Relaxed);
        let index = place.index;
        if work.as_mut().poll(&mut Context::from_waker(&Waker::from(place))).is_ready() {
            // What it held may wake others.
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

fn next(executor: &mut Executor) -> Option<(Arc<Place>, Work)> {
    loop {
        let place = executor.awake.pop_front()?;
        if let Some(work) = executor.works.get_mut(place.index)?.take() {
            return Some((place, work));
        }
    }
}
