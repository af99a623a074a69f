// Wakes callers that wait for something to happen. What happens does not matter here.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// A bell. A clone is the same bell.
#[derive(Clone, Default)]
pub(crate) struct Bell(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    rung: u64,
    last: u64,
    waiting: BTreeMap<u64, Waker>,
}

impl Bell {
    /// Wakes everyone who listens now.
    pub fn ring(&self) {
        let waiting = self.with(|state| {
            state.rung += 1;
            std::mem::take(&mut state.waiting)
        });
        waiting.into_values().for_each(Waker::wake);
    }

    /// Completes when the bell rings after this call, even if that is before the future is polled.
    pub fn listen(&self) -> Listener {
        let seen = self.with(|state| state.rung);
        Listener { bell: self.clone(), seen, number: None }
    }

    fn with<R>(&self, run: impl FnOnce(&mut State) -> R) -> R {
        run(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(crate) struct Listener {
    bell: Bell,
    seen: u64,
    number: Option<u64>,
}

impl Future for Listener {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.bell.with(|state| {
            if state.rung != this.seen {
                return Poll::Ready(());
            }
            let number = *this.number.get_or_insert_with(|| {
                state.last += 1;
                state.last
            });
            state.waiting.insert(number, context.waker().clone());
            Poll::Pending
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.bell.with(|state| state.waiting.remove(&number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_ring_after_listen_is_missed_and_nobody_is_left_behind() {
        let bell = Bell::default();
        bell.ring();
        let (mut early, mut late) = (bell.listen(), bell.listen());
        let mut context = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut early).poll(&mut context).is_pending());
        bell.ring();
        assert!(Pin::new(&mut early).poll(&mut context).is_ready());
        assert!(Pin::new(&mut late).poll(&mut context).is_ready());
        let mut next = bell.listen();
        assert!(Pin::new(&mut next).poll(&mut context).is_pending());
        drop(next);
        assert!(bell.with(|state| state.waiting.is_empty()));
    }
}
