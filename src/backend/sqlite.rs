// SQLite in a file of this machine: the URL, and the handles. A thread of the database's own does the work
// (sqlite/thread.rs); this file must not know statements or what any command means.

//! A store in a SQLite database: `sqlite:file.db`, or `sqlite::memory:` for a private one.
//!
//! The database works on a thread of its own: a future never blocks the thread that polls it, and stores work on any
//! executor. Each command, pipeline and transaction runs inside one transaction of the database, the engine included;
//! calls that arrive while one is under way share the next. Several handles and processes may use one file.
//!
//! While another program holds the file's lock, calls wait as long as the URL's `timeout` says (`sqlite:file.db?timeout=2.5`,
//! in seconds; 10 if nothing is said) and then fail with `timeout`: nothing has happened, and the call may be repeated.

mod connection;
mod thread;

use super::cells::{Cells, SqlCells};
use super::{Backend, BoxFuture, Capabilities, Check, Stats};
use crate::command::{Command, Effect, Reply};
use crate::error::{Error, Kind, Result};
use crate::location::Query;
use crate::options::Options;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use thread::Worker;

/// How long a call waits for the file's lock if nothing else is said: as long as for a server.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Opens what stands behind `sqlite:` in a URL: the path of a file, which is made if missing, or `:memory:`; then perhaps
/// `?timeout=SECONDS`.
///
/// # Errors
///
/// `unavailable` for a file that cannot be opened or is no database; `timeout` for one that another program keeps locked;
/// `unsupported` for options of a store in memory.
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

/// The path, and the timeout if there is one.
fn read_location(location: &str) -> Result<(&str, Option<Duration>)> {
    let (path, query) = location.split_once('?').unwrap_or((location, ""));
    if path.is_empty() {
        return Err(Error::invalid_argument("(url) expects sqlite:file.db or sqlite::memory:"));
    }
    let query = Query::parse(query)?;
    query.expect_only(&["timeout"])?;
    Ok((path, query.seconds("timeout")?))
}

/// One handle on a database.
pub struct Sqlite {
    /// The commands' meaning. Its store may be used on the worker's thread only.
    cells: Arc<Cells>,
    /// Nothing once closed.
    worker: RwLock<Option<Arc<Worker>>>,
}

impl Sqlite {
    /// Has it done on the database's thread, within one transaction; once more if that transaction fails.
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
}

/// What a future gives that waits for nothing: on the database's thread, the store is done when its function returns.
fn at_once<R>(mut future: BoxFuture<'_, Result<R>>) -> Result<R> {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(Error::new(Kind::Internal, "(database) made its own thread wait")),
    }
}

fn closed() -> Error {
    Error::new(Kind::Closed, "(store) has been closed")
}

fn any_writes(commands: &[Command]) -> bool {
    commands.iter().any(|command| command.effect() != Effect::Read)
}

impl Backend for Sqlite {
    fn name(&self) -> &'static str {
        self.cells.name()
    }

    fn execute<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Reply>> {
        Box::pin(async move {
            let writes = any_writes(std::slice::from_ref(command));
            let command = command.clone();
            self.ask(writes, move |cells| at_once(cells.execute(&command))).await
        })
    }

    fn execute_all<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(async move {
            let writes = any_writes(commands);
            let commands = commands.to_vec();
            self.ask(writes, move |cells| at_once(cells.execute_all(&commands))).await
        })
    }

    fn transaction<'a>(
        &'a self,
        checks: &'a [Check],
        commands: &'a [Command],
    ) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(async move {
            let writes = any_writes(commands);
            let (checks, commands) = (checks.to_vec(), commands.to_vec());
            self.ask(writes, move |cells| at_once(cells.transaction(&checks, &commands))).await
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
