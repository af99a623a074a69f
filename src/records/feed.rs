// The type of all streams of this module. What they give does not matter here.

use crate::error::Result;
use futures_util::stream::{Stream, StreamExt, try_unfold};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A [`Stream`] of results. It waits for what is to come, and ends after an error.
///
/// With nothing else imported, `while let Some(item) = feed.next().await` reads it.
pub struct Feed<T>(Pin<Box<dyn Stream<Item = Result<T>> + Send>>);

impl<T: 'static> Feed<T> {
    /// What a function gives again and again, until it gives nothing.
    pub(super) fn of<S, F>(state: S, next: impl FnMut(S) -> F + Send + 'static) -> Feed<T>
    where
        S: Send + 'static,
        F: Future<Output = Result<Option<(T, S)>>> + Send + 'static,
    {
        Feed(Box::pin(try_unfold(state, next)))
    }

    /// Waits for the next item. `None` after an error.
    pub async fn next(&mut self) -> Option<Result<T>> {
        self.0.next().await
    }
}

impl<T> Stream for Feed<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        self.0.as_mut().poll_next(context)
    }
}

impl<T> fmt::Debug for Feed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").finish_non_exhaustive()
    }
}
