// Running commands: each runs in the background and is settled under its number, or cancelled before. Of commands, only
// whether they read matters here.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use futures_channel::oneshot;

use super::executor;
use super::host::{Host, written};
use omnikv::command::Reply;
use omnikv::error::{Error, Kind, Result};
use omnikv_js::{answer, reply};

/// The result of a call.
pub(super) enum Outcome {
    One(Result<Reply>),
    All(Vec<Result<Reply>>),
}

/// The running calls of one handle.
pub(super) struct Tasks {
    host: Host,
    /// The number of requests sent through this connection.
    sent: Rc<Cell<u32>>,
    /// The senders that stop each call.
    stops: Rc<RefCell<BTreeMap<u32, oneshot::Sender<()>>>>,
}

impl Tasks {
    pub fn new(host: &Host, sent: &Rc<Cell<u32>>) -> Tasks {
        Tasks { host: host.clone(), sent: Rc::clone(sent), stops: Rc::default() }
    }

    /// The calls of another handle on the same connection.
    pub fn another(&self) -> Tasks {
        Tasks::new(&self.host, &self.sent)
    }

    /// Runs a call, as far as it gets immediately, and settles it. `may_stop`: whether it may be cancelled.
    pub fn start(
        &self,
        id: u32,
        may_stop: bool,
        reads: bool,
        work: impl Future<Output = Result<Outcome>> + 'static,
    ) {
        if !may_stop {
            let host = self.host.clone();
            executor::spawn(async move { settle(&host, id, &work.await) });
            return executor::run();
        }
        let (stop, mut stopped) = oneshot::channel();
        self.stops.borrow_mut().insert(id, stop);
        let (host, stops) = (self.host.clone(), Rc::clone(&self.stops));
        // Bytes written to a shared socket may belong to another handle; they count anyway.
        let (sent, before) = (Rc::clone(&self.sent), (self.sent.get(), written()));
        executor::spawn(async move {
            let result = {
                let mut work = pin!(work);
                poll_fn(|context| match pin!(&mut stopped).poll(context) {
                    Poll::Ready(Ok(())) => {
                        Poll::Ready(Err(cancelled(reads || (sent.get(), written()) == before)))
                    }
                    // The handle may have been closed: its calls are finished anyway.
                    Poll::Ready(Err(_)) | Poll::Pending => work.as_mut().poll(context),
                })
                .await
            };
            stops.borrow_mut().remove(&id);
            settle(&host, id, &result);
        });
        executor::run();
    }

    /// Stops a call, if it is still running.
    pub fn cancel(&self, id: u32) {
        if let Some(stop) = self.stops.borrow_mut().remove(&id) {
            let _ = stop.send(());
        }
    }
}

/// Delivers an answer.
fn settle(host: &Host, id: u32, result: &Result<Outcome>) {
    let address = answer(|out| match result {
        Ok(Outcome::One(result)) => reply::write(result, out),
        Ok(Outcome::All(results)) => reply::write_all(results, out),
        Err(error) => {
            reply::write_error(error, out);
            Ok(())
        }
    });
    host.settled(id, address);
}

fn cancelled(is_harmless: bool) -> Error {
    let error = Error::new(Kind::Cancelled, "(signal) was aborted by the caller");
    if is_harmless { error } else { error.maybe_applied() }
}
