// How a running worker is told to end. What runs does not matter here.

use crate::host::bell::Bell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Tells what runs to end. A clone is the same one.
#[derive(Clone, Default)]
pub struct Stop(Arc<Flag>);

impl Stop {
    /// From now on nothing new is begun.
    pub fn stop(&self) {
        self.0.raise();
    }

    /// Whether it was told to end.
    pub fn is_stopped(&self) -> bool {
        self.0.is_up()
    }

    pub(super) async fn stopped(&self) {
        self.0.until_up().await;
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop").field("is_stopped", &self.is_stopped()).finish()
    }
}

/// Raises a flag when it is dropped: however what holds it ends.
pub(super) struct RaisedAtEnd(pub Arc<Flag>);

impl Drop for RaisedAtEnd {
    fn drop(&mut self) {
        self.0.raise();
    }
}

/// Something that happens once.
#[derive(Default)]
pub(super) struct Flag {
    is_up: AtomicBool,
    bell: Bell,
}

impl Flag {
    pub fn raise(&self) {
        self.is_up.store(true, Ordering::Release);
        self.bell.ring();
    }

    pub fn is_up(&self) -> bool {
        self.is_up.load(Ordering::Acquire)
    }

    pub async fn until_up(&self) {
        loop {
            let rung = self.bell.listen();
            if self.is_up() {
                return;
            }
            rung.await;
        }
    }
}
