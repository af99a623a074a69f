// Wake-ups from JavaScript without promises: a waiter has a number, and JavaScript rings it. A bell carries no data:
// the waiter checks again. What is waited for does not matter here.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::task::{Context, Poll, Waker};

use wasm_bindgen::prelude::*;

use crate::executor;

#[derive(Default)]
struct Bells {
    last: u32,
    /// The existing bells.
    hung: BTreeMap<u32, State>,
}

enum State {
    Rung,
    Silent(Option<Waker>),
}

thread_local! {
    static BELLS: RefCell<Bells> = RefCell::default();
}

/// Rings the bell with this number, if it exists, and lets its waiter continue.
#[wasm_bindgen]
pub fn ring(number: u32) {
    let heard = BELLS.with_borrow_mut(|bells| {
        let state = bells.hung.get_mut(&number)?;
        match std::mem::replace(state, State::Rung) {
            State::Silent(waker) => waker,
            State::Rung => None,
        }
    });
    if let Some(waker) = heard {
        waker.wake();
        executor::run();
    }
}

/// A bell. Dropping it removes it.
pub(super) struct Bell(u32);

impl Bell {
    pub fn hang() -> Bell {
        BELLS.with_borrow_mut(|bells| {
            bells.last = bells.last.wrapping_add(1);
            bells.hung.insert(bells.last, State::Silent(None));
            Bell(bells.last)
        })
    }

    /// The number for JavaScript.
    pub fn number(&self) -> u32 {
        self.0
    }

    /// Ready if it has rung since the last poll.
    pub fn poll_rung(&self, context: &Context<'_>) -> Poll<()> {
        BELLS.with_borrow_mut(|bells| match bells.hung.get_mut(&self.0) {
            Some(state @ State::Rung) => {
                *state = State::Silent(None);
                Poll::Ready(())
            }
            Some(State::Silent(Some(waker))) if waker.will_wake(context.waker()) => Poll::Pending,
            Some(state) => {
                *state = State::Silent(Some(context.waker().clone()));
                Poll::Pending
            }
            None => Poll::Ready(()),
        })
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        // Dropping a waker may drop the task that holds another bell.
        let state = BELLS.with_borrow_mut(|bells| bells.hung.remove(&self.0));
        drop(state);
    }
}
