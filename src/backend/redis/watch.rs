// Waits on the server for changes of records: a blocking read on a connection of its own, which all watchers of a link
// share. What the changes are does not matter here.

use super::link::{Argv, Footprint, Link, Message, Repeat};
use super::records::RESERVED;
use super::script::unexpected;
use crate::backend::Watch;
use crate::dialect::{Value, of_server};
use crate::error::Result;
use crate::host::BoxFuture;
use crate::host::bell::Bell;
use crate::host::network::Timer;
use futures_util::future::select;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// Answers the seq of the last change, and in how many milliseconds a record expires.
const SCRIPT: &str = include_str!("lua/watch.lua");

/// How long one read blocks at most: a connection that is dead is noticed after this time and the timeout.
pub(crate) const LONGEST: Duration = Duration::from_secs(10);

/// How long one read blocks while a record has expired that nobody has removed yet.
const EXPIRED: Duration = Duration::from_secs(1);

/// The pauses while the server cannot be waited for. Watchers look after each.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The watchers of a link.
#[derive(Default)]
pub(crate) struct Watchers(Mutex<Weak<Lease>>);

/// What watchers hold. When the last has dropped it, the connection is closed.
pub struct Lease {
    changed: Bell,
    ended: Bell,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.ended.ring();
    }
}

impl Watchers {
    /// Adds a watcher. The first one opens the connection, a link that waits for answers for [`LONGEST`] and the usual
    /// timeout, and does not retry.
    pub fn join(&self, timer: &Arc<dyn Timer>, connect: impl FnOnce() -> Arc<dyn Link>) -> Arc<Lease> {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lease) = current.upgrade() {
            return lease;
        }
        let lease = Arc::new(Lease { changed: Bell::default(), ended: Bell::default() });
        *current = Arc::downgrade(&lease);
        let (ended, changed) = (lease.ended.listen(), lease.changed.clone());
        let (link, clock) = (connect(), Arc::clone(timer));
        timer.spawn(Box::pin(async move {
            select(ended, pin!(wait(&*link, &*clock, &changed))).await;
        }));
        lease
    }
}

/// Rings whenever there may be something new, for ever.
async fn wait(link: &dyn Link, timer: &dyn Timer, changed: &Bell) {
    let mut seen = None;
    let mut pause = FIRST_PAUSE;
    loop {
        match wait_once(link, &mut seen, changed).await {
            Ok(()) => pause = FIRST_PAUSE,
            Err(_) => {
                seen = None;
                timer.sleep(pause).await;
                changed.ring();
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Rings if there is something new, and waits until there may be more.
async fn wait_once(link: &dyn Link, seen: &mut Option<String>, changed: &Bell) -> Result<()> {
    let [state, deadlines, changes] =
        ["state", "deadlines", "changes"].map(|name| format!("{RESERVED}{name}"));
    let (latest, expires_in) = read_state(ask(link, &["EVAL", SCRIPT, "2", &state, &deadlines]).await?)?;
    let is_expired = expires_in == Some(0);
    // What comes from here on ends the read below.
    if is_expired || seen.as_ref() != Some(&latest) {
        changed.ring();
    }
    let block = match expires_in {
        Some(0) => EXPIRED,
        Some(milliseconds) => Duration::from_millis(milliseconds).min(LONGEST),
        None => LONGEST,
    };
    let (block, id) = (block.as_millis().to_string(), format!("{latest}-0"));
    *seen = Some(latest);
    ask(link, &["XREAD", "COUNT", "1", "BLOCK", &block, "STREAMS", &changes, &id]).await?;
    Ok(())
}

async fn ask(link: &dyn Link, words: &[&str]) -> Result<Value> {
    let argv: Argv = words.iter().map(|word| word.as_bytes().to_vec()).collect();
    let message = Message { commands: vec![argv], repeat: Repeat::Harmless, footprint: Footprint::default() };
    match super::single(link, message).await? {
        Value::Error(text) => Err(of_server(&text)),
        value => Ok(value),
    }
}

fn read_state(answer: Value) -> Result<(String, Option<u64>)> {
    let Value::Array(answer) = answer else { return Err(unexpected()) };
    let mut texts = answer.into_iter().map(|value| match value {
        Value::Bytes(text) => String::from_utf8(text).ok(),
        _ => None,
    });
    let latest = texts.next().flatten().ok_or_else(unexpected)?;
    let expires_in = texts.next().flatten().map(|text| text.parse().map_err(|_| unexpected())).transpose()?;
    Ok((latest, expires_in))
}

/// A watcher of one handle, which wakes also when the handle is closed.
pub(super) struct Watcher {
    pub lease: Arc<Lease>,
    pub closed: Bell,
}

impl Watch for Watcher {
    fn changed(&self) -> BoxFuture<'static, ()> {
        let either = select(self.lease.changed.listen(), self.closed.listen());
        Box::pin(async move {
            either.await;
        })
    }
}
