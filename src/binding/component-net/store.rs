// The stores of the component `omnikv-net.wasm`: those of any URL, asynchronous, behind functions that wait for the answer. It
// must not know any operation, nor what a server speaks.

use std::sync::Arc;
use std::time::Duration;

use crate::{http, sockets, tasks};
use omnikv::backend::{Capabilities, Check, Stats};
use omnikv::command::{Command, Reply};
use omnikv::error::{Error, Result};
use omnikv::host::BoxFuture;
use omnikv::host::network::{Network, Timer};
use omnikv::operations::Run;
use omnikv::{Options, Remote};

/// A store behind any URL that waits where an asynchronous one would promise.
pub struct Store {
    store: omnikv::Store,
    /// Whether a flush would empty a server on which others may have keys.
    is_whole_server: bool,
}

impl Store {
    pub fn connect(url: &str, options: Options) -> Result<Store> {
        let is_bare = options.prefix.is_empty();
        let remote = Remote { network: Some(network()), ..options.remote };
        let store = tasks::block_on(omnikv::Store::connect(url, Options { remote, ..options }))??;
        let is_whole_server = is_bare && store.backend() != "memory";
        Ok(Store { store, is_whole_server })
    }

    pub fn execute_all(&self, commands: Vec<Command>) -> Result<Vec<Result<Reply>>> {
        tasks::block_on(self.store.execute_all(commands))?
    }

    pub fn transaction(&self, checks: Vec<Check>, commands: Vec<Command>) -> Result<Vec<Result<Reply>>> {
        tasks::block_on(self.store.transaction(checks, commands))?
    }

    pub fn stats(&self) -> Result<Stats> {
        tasks::block_on(self.store.stats())?
    }

    pub fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    pub fn close(&self) -> Result<()> {
        tasks::block_on(self.store.close())?
    }
}

/// Whether the store may be emptied: of a whole server that must be said.
pub fn may_flush(store: &Store, all: bool) -> Result<()> {
    if all || !store.is_whole_server {
        return Ok(());
    }
    let message = "(all) expects true: the handle has no prefix, and the server may have others";
    Err(Error::invalid_argument(message).in_op("flush").in_backend(store.store.backend()))
}

impl Run for Store {
    type Output<T> = Result<T>;

    fn read<T: 'static>(&self, command: Result<Command>, read: fn(Reply) -> Result<T>) -> Result<T> {
        tasks::block_on(self.store.read(command, read))?
    }
}

/// With the last handle a connection goes: it is closed before the host hears that the handle is dropped. A store in memory is
/// not closed, for dropping a handle must not end one that has a name.
impl Drop for Store {
    fn drop(&mut self) {
        if self.store.backend() != "memory" {
            let _ = self.close();
        }
    }
}

/// What the component's host lends.
fn network() -> Network {
    Network {
        http: Arc::new(http::Outgoing),
        timer: Arc::new(Clockwork),
        sockets: Some(Arc::new(sockets::Tcp)),
    }
}

struct Clockwork;

impl Timer for Clockwork {
    fn now_ms(&self) -> u64 {
        tasks::now_ms()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tasks::sleep(time))
    }

    fn spawn(&self, work: BoxFuture<'static, ()>) {
        tasks::spawn(work);
    }
}
