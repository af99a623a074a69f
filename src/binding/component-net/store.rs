// The stores of the component `omnikv-net.wasm`: asynchronous stores at any URL, behind functions that block. No
// knowledge of operations or of a server's protocol.

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

/// A store at any URL, with blocking functions.
pub struct Store {
    store: omnikv::Store,
    /// Whether a flush would empty a whole server, where others may have keys.
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

/// Checks whether the store may be emptied: a whole server needs a confirmation.
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

/// Dropping the last handle closes its connection before the host learns that the handle is dropped. A memory store is
/// not closed: dropping a handle must not end a named store.
impl Drop for Store {
    fn drop(&mut self) {
        if self.store.backend() != "memory" {
            let _ = self.close();
        }
    }
}

/// The network of the component's host.
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
