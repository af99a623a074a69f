// A conformance world of handles on one store: typed operations, run directly or in a batch. No particular operation or
// store.

use super::args::ttl_of;
use super::calls::{Surface, call};
use super::cases::{Fault, Options, Replies, Request, Value, World};
use omnikv::backend::BoxFuture;
use omnikv::command::Bytes;
use omnikv::value::IntoValue;
use omnikv::{Eviction, MemoryStore, Pipeline, Result, Store, Transaction};
use pollster::block_on;
use serde_json::json;

/// Converts a case's options to the library's.
pub fn options(options: &Options) -> Result<omnikv::Options, Fault> {
    let default_ttl = options.default_ttl.as_ref().map(|ttl| ttl_of(&Value::from(ttl))).transpose()?;
    let eviction = options.eviction.as_deref().map(|name| {
        Eviction::from_name(name).ok_or_else(|| Fault::invalid_argument(format!("no such policy: {name}")))
    });
    Ok(omnikv::Options {
        prefix: options.prefix.clone(),
        default_ttl: default_ttl.flatten(),
        max_bytes: options.max_bytes,
        max_keys: options.max_keys,
        eviction: eviction.transpose()?,
        max_key_bytes: options.max_key_bytes,
        ..omnikv::Options::default()
    })
}

/// Reads an operation's result once its batch has run.
type Later = Box<dyn FnOnce(&mut omnikv::Replies) -> Result<Value>>;

/// A handle that runs operations directly.
pub trait Handle: Surface<Outcome = Result<Value>> {
    fn pipeline(&self, requests: &[Request]) -> Result<Replies, Fault>;
    fn multi(&self, checks: Vec<(String, Option<Bytes>)>, requests: &[Request]) -> Result<Replies, Fault>;
    fn stats(&self) -> Result<omnikv::Stats>;
    fn capabilities(&self) -> omnikv::Capabilities;
}

impl Surface for MemoryStore {
    type Outcome = Result<Value>;

    fn show<T: 'static>(&self, output: Result<T>, show: fn(T) -> Value) -> Result<Value> {
        output.map(show)
    }
}

impl Surface for Store {
    type Outcome = Result<Value>;

    fn show<T: 'static>(&self, output: BoxFuture<'static, Result<T>>, show: fn(T) -> Value) -> Result<Value> {
        block_on(output).map(show)
    }
}

impl<H> Surface for Pipeline<'_, H> {
    type Outcome = Later;

    fn show<T: 'static>(&self, slot: omnikv::Slot<T>, show: fn(T) -> Value) -> Later {
        Box::new(move |replies| replies.take(slot).map(show))
    }
}

impl<H> Surface for Transaction<'_, H> {
    type Outcome = Later;

    fn show<T: 'static>(&self, slot: omnikv::Slot<T>, show: fn(T) -> Value) -> Later {
        Box::new(move |replies| replies.take(slot).map(show))
    }
}

fn settle(outcomes: Vec<Result<Later, Fault>>, mut replies: omnikv::Replies) -> Replies {
    outcomes
        .into_iter()
        .map(|outcome| outcome.and_then(|later| later(&mut replies).map_err(Fault::from)))
        .collect()
}

macro_rules! handle {
    ($type:ty, $run:path) => {
        impl Handle for $type {
            fn pipeline(&self, requests: &[Request]) -> Result<Replies, Fault> {
                let batch = <$type>::pipeline(self);
                let outcomes = requests.iter().map(|request| call(&batch, request)).collect();
                Ok(settle(outcomes, $run(batch.exec())?))
            }

            fn multi(
                &self,
                checks: Vec<(String, Option<Bytes>)>,
                requests: &[Request],
            ) -> Result<Replies, Fault> {
                let batch = <$type>::multi(self);
                for (key, expected) in checks {
                    batch.check(key, expected);
                }
                // A malformed operation makes the whole transaction fail.
                let outcomes =
                    requests.iter().map(|request| call(&batch, request)).collect::<Result<Vec<_>, _>>()?;
                Ok(settle(outcomes.into_iter().map(Ok).collect(), $run(batch.exec())?))
            }

            fn stats(&self) -> Result<omnikv::Stats> {
                $run(<$type>::stats(self))
            }

            fn capabilities(&self) -> omnikv::Capabilities {
                <$type>::capabilities(self)
            }
        }
    };
}
handle!(MemoryStore, std::convert::identity);
handle!(Store, block_on);

/// The handles of one case on its store.
pub struct Stores<H, O, N, A> {
    options: Options,
    /// One handle for each set of options used by the case.
    handles: Vec<(Options, H)>,
    open: O,
    now_ms: N,
    advance: A,
}

impl<H, O, N, A> Stores<H, O, N, A>
where
    H: Handle,
    O: Fn(&Options) -> Result<H, Fault>,
    N: Fn() -> u64,
    A: FnMut(u64),
{
    pub fn new(options: Options, open: O, now_ms: N, advance: A) -> Self {
        Stores { options, handles: Vec::new(), open, now_ms, advance }
    }

    fn handle(&mut self, with: Option<&Options>) -> Result<&H, Fault> {
        // Open the case's own handle first: its options are those of the store.
        let own = self.options.clone();
        for wanted in [Some(&own), with].into_iter().flatten() {
            if !self.handles.iter().any(|(known, _)| known == wanted) {
                self.handles.push((wanted.clone(), (self.open)(wanted)?));
            }
        }
        let wanted = with.unwrap_or(&own);
        let found = self.handles.iter().find(|(known, _)| known == wanted);
        Ok(&found.expect("the handle just opened").1)
    }
}

impl<H, O, N, A> World for Stores<H, O, N, A>
where
    H: Handle,
    O: Fn(&Options) -> Result<H, Fault>,
    N: Fn() -> u64,
    A: FnMut(u64),
{
    fn now_ms(&self) -> u64 {
        (self.now_ms)()
    }

    fn advance(&mut self, milliseconds: u64) {
        (self.advance)(milliseconds);
    }

    fn call(&mut self, with: Option<&Options>, request: &Request) -> Result<Value, Fault> {
        let handle = self.handle(with)?;
        Ok(match request.op.as_str() {
            "stats" => Value::from(&json!(handle.stats()?)),
            "capabilities" => Value::from(&json!(handle.capabilities())),
            _ => call(handle, request)??,
        })
    }

    fn pipeline(&mut self, with: Option<&Options>, requests: &[Request]) -> Result<Replies, Fault> {
        self.handle(with)?.pipeline(requests)
    }

    fn multi(
        &mut self,
        with: Option<&Options>,
        checks: &[(Value, Value)],
        requests: &[Request],
    ) -> Result<Replies, Fault> {
        let mut typed = Vec::new();
        for (key, expected) in checks {
            let Value::Text(key) = key else { return Err(Fault::invalid_argument("a check expects a key")) };
            let expected = match expected {
                Value::Null => None,
                Value::Text(text) => Some(text.into_value()?),
                Value::Bytes(bytes) => Some(bytes.into_value()?),
                other => {
                    return Err(Fault::invalid_argument(format!("a check expects a value, got {other:?}")));
                }
            };
            typed.push((key.clone(), expected));
        }
        self.handle(with)?.multi(typed, requests)
    }
}
