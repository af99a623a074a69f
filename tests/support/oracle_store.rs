// The oracle as a store: the same scope and typed operations as over any backend, answered by Redis.

use super::oracle::Oracle;
use omnikv::backend::{Backend, BoxFuture, Capabilities, Check, Stats};
use omnikv::command::{Bytes, Command, Key, Reply};
use omnikv::error::{Error, Kind, Result};
use omnikv::{Options, Run, Store};
use std::sync::{Arc, Mutex, MutexGuard};

/// One redis-server, for any number of handles.
#[derive(Clone)]
pub struct OracleServer {
    oracle: Arc<Mutex<Oracle>>,
}

impl OracleServer {
    pub fn start() -> OracleServer {
        OracleServer { oracle: Arc::new(Mutex::new(Oracle::start())) }
    }

    /// Opens a handle. Of the options, it uses the prefix, the default TTL and the longest key.
    pub fn store(&self, options: &Options) -> Result<OracleStore> {
        Store::over(Arc::new(self.clone()), options).map(OracleStore)
    }

    /// The server itself: to empty it, to advance or read its clock.
    pub fn lock(&self) -> MutexGuard<'_, Oracle> {
        self.oracle.lock().expect("no test to have failed in between")
    }
}

/// A blocking handle.
pub struct OracleStore(Store);

impl OracleStore {
    pub fn execute_all(&self, commands: Vec<Command>) -> Result<Vec<Result<Reply>>> {
        pollster::block_on(self.0.execute_all(commands))
    }

    pub fn transaction(&self, checks: Vec<Check>, commands: Vec<Command>) -> Result<Vec<Result<Reply>>> {
        pollster::block_on(self.0.transaction(checks, commands))
    }
}

impl Run for OracleStore {
    type Output<T> = Result<T>;

    fn read<T: 'static>(&self, command: Result<Command>, read: fn(Reply) -> Result<T>) -> Result<T> {
        pollster::block_on(self.0.read(command, read))
    }
}

impl Backend for OracleServer {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn execute<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Reply>> {
        Box::pin(async { execute(&mut self.lock(), command) })
    }

    fn execute_all<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(async {
            let mut oracle = self.lock();
            if commands.iter().all(Command::in_redis) {
                return Ok(oracle.pipeline(commands));
            }
            Ok(commands.iter().map(|command| execute(&mut oracle, command)).collect())
        })
    }

    fn transaction<'a>(
        &'a self,
        checks: &'a [Check],
        commands: &'a [Command],
    ) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(async { self.lock().transaction(checks, commands) })
    }

    fn stats<'a>(&'a self, _prefix: &'a str) -> BoxFuture<'a, Result<Stats>> {
        Box::pin(async { Err(not_in_redis("stats")) })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            atomic: true,
            ordered: false,
            exact_counts: true,
            ttl_minimum_ms: 1,
            max_key_bytes: 512 << 20,
            max_value_bytes: 128 << 20,
            records: false,
            consistency: "strong",
        }
    }

    fn another(&self) -> Result<Arc<dyn Backend>> {
        Ok(Arc::new(self.clone()))
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

/// Runs a command, with several Redis commands if Redis has no single one for it.
fn execute(oracle: &mut Oracle, command: &Command) -> Result<Reply> {
    match command {
        _ if command.in_redis() => oracle.execute(command),
        Command::RandomKey { prefix } => {
            let keys = keys_under(oracle, prefix)?;
            Ok(keys.into_iter().next().map_or(Reply::Nil, |key| Reply::Bytes(key.0.into_bytes())))
        }
        Command::Flush { prefix } => {
            let keys = keys_under(oracle, prefix)?;
            if !keys.is_empty() {
                oracle.execute(&Command::Del { keys })?;
            }
            Ok(Reply::Ok)
        }
        Command::MSet { pairs, expiry } => {
            let set = |(key, value): &(Key, Bytes)| Command::Set {
                key: key.clone(),
                value: value.clone(),
                expiry: *expiry,
                condition: None,
                get: false,
            };
            let sets: Vec<_> = pairs.iter().map(set).collect();
            oracle.transaction(&[], &sets)?.into_iter().collect::<Result<Vec<_>>>()?;
            Ok(Reply::Ok)
        }
        Command::MSetNx { pairs, expiry } => {
            let keys = pairs.iter().map(|(key, _)| key.clone()).collect();
            match oracle.execute(&Command::Exists { keys })? {
                Reply::Int(0) => {
                    execute(oracle, &Command::MSet { pairs: pairs.clone(), expiry: *expiry })?;
                    Ok(Reply::Int(1))
                }
                _ => Ok(Reply::Int(0)),
            }
        }
        other => Err(not_in_redis(other.name())),
    }
}

fn keys_under(oracle: &mut Oracle, prefix: &str) -> Result<Vec<Key>> {
    let Reply::List(keys) = oracle.execute(&Command::Keys { pattern: "*".to_owned() })? else {
        return Err(Error::new(Kind::Internal, "KEYS answers no list"));
    };
    let keys = keys.into_iter().flatten().map(|key| String::from_utf8(key).expect("keys are text"));
    Ok(keys.filter(|key| key.starts_with(prefix)).map(Key).collect())
}

fn not_in_redis(operation: &str) -> Error {
    Error::new(Kind::Unsupported, format!("Redis has no {operation}"))
}
