// SQLite in a local file: the URL, and the handles. A dedicated thread does the work (sqlite/thread.rs). No statements
// and no command semantics here.

//! A store in a SQLite database: `sqlite:file.db`, or `sqlite::memory:` for a private one.
//!
//! The database runs on its own thread, so a future never blocks the thread that polls it, and any executor works. Each
//! command, pipeline and transaction runs inside one transaction of the database, including the engine's work; calls
//! that arrive while a transaction runs share the next one. Several handles and processes may use one file.
//!
//! While another program holds the file's lock, calls wait for the URL's `timeout` (`sqlite:file.db?timeout=2.5`, in
//! seconds; 10 by default) and then fail with `timeout`: nothing has happened, and the call may be repeated.

mod connection;
mod thread;

use super::cells::{Cells, SqlCells, at_once};
use super::{Backend, BoxFuture, Capabilities, Check, Stats};
use crate::command::{Command, Effect, Reply};
use crate::error::{Error, Kind, Result};
use crate::location::Query;
use crate::options::Options;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use thread::Worker;

/// How long a call waits for the file's lock by default: as long as for a server.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Opens the part of a URL after `sqlite:`: the path of a file, which is created if missing, or `:memory:`, optionally
/// followed by `?timeout=SECONDS`.
///
/// # Errors
///
/// `unavailable` if the file cannot be opened or is not a database; `timeout` if another program keeps it locked;
/// `unsupported` for options that only memory stores have.
pub async fn open(location: &str, options: &Options) -> Result<Sqlite> {
    let open = async {
        let (path, timeout) = read_location(location)?;
        #[cfg(feature = "net")]
        let timeout = timeout.or(options.remote.timeout);
        let (worker, connection) = Worker::start(path.to_owned(), timeout.unwrap_or(TIMEOUT)).await?;
        let cells = Cells::new(Arc::new(SqlCells::new(connection)), options)?;
        Ok(Sqlite { cells: Arc::new(cells), worker: RwLock::new(Some(Arc::new(worker))) })
    };
    open.await.map_err(|error: Error| error.in_backend("sqlite"))
}

/// The path, and the timeout, if any.
fn read_location(location: &str) -> Result<(&str, Option<Duration>)> {
    let (path, query) = location.split_once('?').unwrap_or((location, ""));
    if path.is_empty() {
        return Err(Error::invalid_argument("(url) expects sqlite:file.db or sqlite::memory:"));
    }
    let query = Query::parse(query)?;
    query.expect_only(&["timeout"])?;
    Ok((path, query.seconds("timeout")?))
}

/// A handle on a database.
pub struct Sqlite {
    /// Runs the commands. Its store may only be used on the worker's thread.
    cells: Arc<Cells>,
    /// `None` once closed.
    worker: RwLock<Option<Arc<Worker>>>,
}

impl Sqlite {
    /// Runs work on the database's thread, within one transaction, and once more if that transaction fails.
    async fn ask<R: Send + 'static>(
        &self,
        writes: bool,
        work: impl Fn(&Cells) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let cells = Arc::clone(&self.cells);
        let answer = {
            let worker = self.worker.read().unwrap_or_else(PoisonError::into_inner);
            worker.as_ref().ok_or_else(closed)?.ask(writes, move || work(&cells))?
        };
        answer.await.unwrap_or_else(|_| Err(thread::ended_error()))
    }

    /// Runs commands in a transaction that writes only if it must: what has expired of records is removed by whoever
    /// meets it, even by a reader.
    async fn run<R: Send + 'static>(
        &self,
        commands: &[Command],
        work: impl Fn(&Cells) -> Result<R> + Clone + Send + 'static,
    ) -> Result<R> {
        let writes = commands.iter().any(|command| command.effect() != Effect::Read);
        if !writes && commands.iter().any(|command| command.row().is_on_records()) {
            let read = work.clone();
            let try_reading = move |cells: &Cells| match cells.waits_for_writing()? {
                true => Ok(None),
                false => read(cells).map(Some),
            };
            return match self.ask(false, try_reading).await? {
                Some(reply) => Ok(reply),
                None => self.ask(true, work).await,
            };
        }
        self.ask(writes, work).await
    }
}

fn closed() -> Error {
    Error::new(Kind::Closed, "(store) is closed")
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

    fn again(&self) -> Result<Arc<dyn Backend>> {
        let worker = self.worker.read().unwrap_or_else(PoisonError::into_inner).clone();
        let worker = RwLock::new(Some(worker.ok_or_else(closed)?));
        Ok(Arc::new(Sqlite { cells: Arc::new(self.cells.again()?), worker }))
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
