// SQLite in a local file: the URL, and the handles. A worker does the work: a dedicated thread natively
// (sqlite/thread.rs), and between turns of the event loop where JavaScript lends SQLite (sqlite/turns.rs). No statements
// and no command semantics here.

//! A store in a SQLite database: `sqlite:file.db`, or `sqlite::memory:` for a private one.
//!
//! Natively the database runs on its own thread, so a future never blocks the thread that polls it, and any executor
//! works. Each command, pipeline and transaction runs inside one transaction of the database, including the engine's
//! work; calls that arrive while a transaction runs share the next one. Several handles and processes may use one file.
//!
//! While another program holds the file's lock, calls wait for the URL's `timeout` (`sqlite:file.db?timeout=2.5`, in
//! seconds; 10 by default) and then fail with `timeout`: nothing has happened, and the call may be repeated.

mod connection;
mod driver;
#[cfg(not(target_arch = "wasm32"))]
mod file;
mod jobs;
#[cfg(not(target_arch = "wasm32"))]
mod thread;
#[cfg(target_arch = "wasm32")]
mod turns;

pub use driver::{Driver, fault, foreign_row};
#[cfg(target_arch = "wasm32")]
pub use turns::Lender;

use super::cells::{Cells, SqlCells, at_once};
use super::{Backend, BoxFuture, Capabilities, Check, Stats};
use crate::command::{Command, Effect, Reply};
use crate::error::{Error, Kind, Result};
use crate::host::MaybeSend;
#[cfg(target_arch = "wasm32")]
use crate::host::network::Timer;
use crate::location::Query;
use crate::options::Options;
use connection::Synchronous;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
#[cfg(not(target_arch = "wasm32"))]
use thread::Worker;
#[cfg(target_arch = "wasm32")]
use turns::Worker;

/// How long a call waits for the file's lock by default: as long as for a server.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Opens the part of a URL after `sqlite:`: the path of a file, which is created if missing, or `:memory:`, optionally
/// followed by `?timeout=SECONDS` and `synchronous=full`, with which a commit outlives a power failure.
///
/// # Errors
///
/// `unavailable` if the file cannot be opened or is not a database; `timeout` if another program keeps it locked;
/// `unsupported` for options that only memory stores have.
#[cfg(not(target_arch = "wasm32"))]
pub async fn open(location: &str, options: &Options) -> Result<Sqlite> {
    let open = async {
        let (path, timeout, synchronous) = read_location(location, options)?;
        let worker = Worker::start(path.to_owned(), timeout, synchronous).await?;
        Sqlite::on(Arc::new(worker), timeout, options)
    };
    open.await.map_err(|error: Error| error.in_backend("sqlite"))
}

/// Opens the part of a URL after `sqlite:`, as native programs do, by the SQLite that the host lends. Handles on one
/// file share its connection. The database works on the event loop's thread, once per turn of the loop: calls of one
/// turn share a transaction.
///
/// # Errors
///
/// `unavailable` if the file cannot be opened or is not a database; `timeout` if another program keeps it locked;
/// `unsupported` for options that only memory stores have.
#[cfg(target_arch = "wasm32")]
pub async fn open_lent(
    location: &str,
    options: &Options,
    lender: &dyn Lender,
    timer: Arc<dyn Timer>,
) -> Result<Sqlite> {
    let open = async {
        let (path, timeout, synchronous) = read_location(location, options)?;
        let worker = Worker::start(path, timeout, synchronous, lender, timer).await?;
        Sqlite::on(worker, timeout, options)
    };
    open.await.map_err(|error: Error| error.in_backend("sqlite"))
}

/// The path, the timeout (the URL's, the options', or the default), and how durable a commit is.
fn read_location<'a>(location: &'a str, options: &Options) -> Result<(&'a str, Duration, Synchronous)> {
    let (path, query) = location.split_once('?').unwrap_or((location, ""));
    if path.is_empty() {
        return Err(Error::invalid_argument("(url) expects sqlite:file.db or sqlite::memory:"));
    }
    let query = Query::parse(query)?;
    query.expect_only(&["synchronous", "timeout"])?;
    let timeout = query.seconds("timeout")?;
    #[cfg(feature = "net")]
    let timeout = timeout.or(options.remote.timeout);
    let words = [("normal", Synchronous::Normal), ("full", Synchronous::Full)];
    let synchronous = query.word("synchronous", &words)?.unwrap_or_default();
    Ok((path, timeout.unwrap_or(TIMEOUT), synchronous))
}

/// A handle on a database.
pub struct Sqlite {
    /// Runs the commands. Its store may only be used by the worker's jobs.
    cells: Arc<Cells>,
    /// `None` once closed.
    worker: RwLock<Option<Arc<Worker>>>,
    /// How long a call waits for another program's lock.
    timeout: Duration,
}

impl Sqlite {
    fn on(worker: Arc<Worker>, timeout: Duration, options: &Options) -> Result<Sqlite> {
        let cells = Cells::new(Arc::new(SqlCells::new(worker.connection())), options)?;
        Ok(Sqlite { cells: Arc::new(cells), worker: RwLock::new(Some(worker)), timeout })
    }

    /// Runs work as a job of the database, within one transaction, and once more if that transaction fails.
    async fn ask<R: MaybeSend + 'static>(
        &self,
        writes: bool,
        work: impl Fn(&Cells) -> Result<R> + MaybeSend + 'static,
    ) -> Result<R> {
        let cells = Arc::clone(&self.cells);
        let answer = {
            let worker = self.worker.read().unwrap_or_else(PoisonError::into_inner);
            worker.as_ref().ok_or_else(closed)?.ask(writes, self.timeout, move || work(&cells))?
        };
        answer.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Runs commands in a transaction that writes only if it must: what has expired of records is removed by whoever
    /// meets it, even by a reader. Where much has expired, that takes transactions of its own, so that none holds the
    /// file's lock for long.
    async fn run<R: MaybeSend + 'static>(
        &self,
        commands: &[Command],
        work: impl Fn(&Cells) -> Result<R> + Clone + MaybeSend + 'static,
    ) -> Result<R> {
        let mut writes = commands.iter().any(|command| command.effect() != Effect::Read);
        if !commands.iter().any(|command| command.row().is_on_records()) {
            return self.ask(writes, work).await;
        }
        loop {
            let work = work.clone();
            let expire_first = move |cells: &Cells| match cells.expire_some()? {
                true => Ok(None),
                false => work(cells).map(Some),
            };
            if let Some(reply) = self.ask(writes, expire_first).await? {
                return Ok(reply);
            }
            writes = true;
        }
    }
}

fn closed() -> Error {
    Error::new(Kind::Closed, "(store) is closed")
}

/// The error if the worker is gone although handles exist: its thread has panicked.
fn ended() -> Error {
    Error::new(Kind::Internal, "(database) lost its thread: open the store again")
}

impl Backend for Sqlite {
    fn name(&self) -> &'static str {
        self.cells.name()
    }

    fn execute<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Reply>> {
        Box::pin(async move {
            let owned = command.clone();
            self.run(std::slice::from_ref(command), move |cells| at_once(cells.execute(&owned))).await
        })
    }

    fn execute_all<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(async move {
            let owned = commands.to_vec();
            self.run(commands, move |cells| at_once(cells.execute_all(&owned))).await
        })
    }

    fn transaction<'a>(
        &'a self,
        checks: &'a [Check],
        commands: &'a [Command],
    ) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(async move {
            let (checks, owned) = (checks.to_vec(), commands.to_vec());
            self.run(commands, move |cells| at_once(cells.transaction(&checks, &owned))).await
        })
    }

    fn stats<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Stats>> {
        Box::pin(async move {
            let prefix = prefix.to_owned();
            self.ask(false, move |cells| at_once(cells.stats(&prefix))).await
        })
    }

    fn capabilities(&self) -> Capabilities {
        self.cells.capabilities()
    }

    fn another(&self) -> Result<Arc<dyn Backend>> {
        let worker = self.worker.read().unwrap_or_else(PoisonError::into_inner).clone();
        let worker = RwLock::new(Some(worker.ok_or_else(closed)?));
        Ok(Arc::new(Sqlite { cells: Arc::new(self.cells.another()?), worker, timeout: self.timeout }))
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            let worker = self.worker.write().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(last) = worker.and_then(Arc::into_inner) {
                last.end().await;
            }
            Ok(())
        })
    }
}
