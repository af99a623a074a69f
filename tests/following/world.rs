// The stores of these tests: in memory, far away, in a SQLite file, and on a real redis-server. Each has a clock that the
// test moves.

use crate::support::moments::{advance_records, wake_watchers};
use crate::support::redis::RedisServer;
use omnikv::backend::{Backend, BoxFuture, Capabilities, Check, Stats};
use omnikv::command::{Command, Reply};
use omnikv::engine::{Engine, Limits, Tick};
use omnikv::error::{Error, Kind, Result};
use omnikv::host::Clock;
use omnikv::{Options, Store};
use pollster::block_on;
use std::future::ready;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// A store that two programs use.
pub struct World {
    pub kv: Store,
    pub other: Store,
    now: Arc<AtomicU64>,
    failing: Arc<Mutex<Option<Kind>>>,
    redis: Option<RedisServer>,
    _folder: Option<TempDir>,
}

static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| tokio::runtime::Runtime::new().unwrap());

/// Runs a test on each kind of store.
pub fn each(test: impl AsyncFn(World)) {
    // A test that hangs fails.
    let run = |world| {
        let test =
            async { tokio::time::timeout(Duration::from_secs(60), test(world)).await.expect("an end") };
        RUNTIME.block_on(test);
    };
    run(World::in_memory());
    run(World::far_away());
    run(World::in_a_file());
    run(World::on_redis());
}

/// Waits for a state.
pub async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    while !is_so().await {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

impl World {
    pub fn in_memory() -> World {
        static LAST: AtomicU64 = AtomicU64::new(0);
        World::at(&format!("memory:world-{}", LAST.fetch_add(1, Ordering::Relaxed)))
    }

    pub fn in_a_file() -> World {
        let folder = tempfile::tempdir().unwrap();
        let world = World::at(&format!("sqlite:{}", folder.path().join("kv.db").display()));
        World { _folder: Some(folder), ..world }
    }

    fn at(url: &str) -> World {
        let now = Arc::new(AtomicU64::new(1_000_000));
        let clock: Arc<dyn Clock> = {
            let now = Arc::clone(&now);
            Arc::new(move || now.load(Ordering::Relaxed))
        };
        let open = || block_on(Store::connect(url, Options::new().clock(Arc::clone(&clock)))).unwrap();
        World { kv: open(), other: open(), now, failing: Arc::default(), redis: None, _folder: None }
    }

    pub fn far_away() -> World {
        let now = Arc::new(AtomicU64::new(1_000_000));
        let failing = Arc::default();
        let engine = Arc::new(Mutex::new(Engine::new(Limits::default(), 1)));
        let distant = Distant { engine, now: Arc::clone(&now), failing: Arc::clone(&failing) };
        let open = || Store::over(Arc::new(distant.clone()), &Options::default()).unwrap();
        World { kv: open(), other: open(), now, failing, redis: None, _folder: None }
    }

    pub fn on_redis() -> World {
        let server = RedisServer::start();
        let url = format!("redis://127.0.0.1:{}", server.port());
        let open = || block_on(Store::connect(&url, Options::new())).unwrap();
        let (now, failing) = Default::default();
        World { kv: open(), other: open(), now, failing, redis: Some(server), _folder: None }
    }

    /// Moves the store's clock.
    pub fn advance(&self, time: Duration) {
        match &self.redis {
            Some(server) => {
                let mut connection = server.connect();
                advance_records(&mut connection, time.as_millis() as i64);
                wake_watchers(&mut connection);
            }
            None => {
                self.now.fetch_add(time.as_millis() as u64, Ordering::Relaxed);
            }
        }
    }

    /// From now on every command fails so; only far away.
    pub fn fail(&self, kind: impl Into<Option<Kind>>) {
        *self.failing.lock().unwrap() = kind.into();
    }
}

/// A store that tells nobody of changes, and may be out of reach.
#[derive(Clone)]
struct Distant {
    engine: Arc<Mutex<Engine>>,
    now: Arc<AtomicU64>,
    failing: Arc<Mutex<Option<Kind>>>,
}

impl Distant {
    fn run<T>(&self, run: impl FnOnce(&mut Engine, &Tick) -> Result<T>) -> Result<T> {
        if let Some(kind) = *self.failing.lock().unwrap() {
            return Err(Error::new(kind, "as the test wants"));
        }
        let clock = || self.now.load(Ordering::Relaxed);
        run(&mut self.engine.lock().unwrap(), &Tick::new(&clock))
    }
}

impl Backend for Distant {
    fn name(&self) -> &'static str {
        "distant"
    }

    fn execute<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Reply>> {
        // Not at once, as over a network.
        Box::pin(async {
            tokio::task::yield_now().await;
            self.run(|engine, tick| engine.apply(command, tick))
        })
    }

    fn execute_all<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(ready(self.run(|engine, tick| Ok(engine.apply_all(commands, tick)))))
    }

    fn transaction<'a>(
        &'a self,
        _: &'a [Check],
        _: &'a [Command],
    ) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        unimplemented!("no test needs it")
    }

    fn stats<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Stats>> {
        unimplemented!("no test needs it")
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            atomic: true,
            ordered: true,
            exact_counts: true,
            ttl_minimum_ms: 1,
            max_key_bytes: 512,
            max_value_bytes: 1 << 20,
            records: true,
            consistency: "strong",
        }
    }

    fn another(&self) -> Result<Arc<dyn Backend>> {
        Ok(Arc::new(self.clone()))
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(ready(Ok(())))
    }
}
