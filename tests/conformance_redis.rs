// The conformance cases on a real redis-server, through the same typed API: that the truth is not ours alone. Cases
// that say why they differ are not asked of it, nor those that use what Redis lacks.

#[path = "support/args.rs"]
mod args;
#[path = "support/calls.rs"]
mod calls;
#[path = "support/cases.rs"]
mod cases;
#[path = "support/handles.rs"]
mod handles;
#[path = "support/oracle.rs"]
mod oracle;
#[path = "support/redis.rs"]
mod redis;

use cases::{Action, Case, Fault, Options};
use handles::Stores;
use omnikv::backend::{Backend, BoxFuture, Check};
use omnikv::command::{Command, Reply};
use omnikv::{Capabilities, Error, Kind, Result, Stats, Store};
use oracle::Oracle;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard};

/// Operations that Redis lacks.
const NOT_IN_REDIS: [&str; 7] =
    ["range", "count", "delete-range", "compare-and-set", "compare-and-delete", "stats", "capabilities"];

/// Operations that Redis has for the whole keyspace only.
const NOT_UNDER_A_PREFIX: [&str; 2] = ["random-key", "flush"];

/// The oracle as a backend.
struct Redis(Arc<Mutex<Oracle>>);

impl Redis {
    fn oracle(&self) -> MutexGuard<'_, Oracle> {
        self.0.lock().expect("an oracle that has not panicked")
    }
}

impl Backend for Redis {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn execute<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Reply>> {
        Box::pin(ready(self.oracle().execute(command)))
    }

    fn execute_all<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(ready(Ok(self.oracle().pipeline(commands))))
    }

    fn transaction<'a>(
        &'a self,
        checks: &'a [Check],
        commands: &'a [Command],
    ) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(ready(self.oracle().transaction(checks, commands)))
    }

    fn stats<'a>(&'a self, _prefix: &'a str) -> BoxFuture<'a, Result<Stats>> {
        Box::pin(ready(Err(Error::new(Kind::Unsupported, "the cases ask Redis for no statistics"))))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            atomic: true,
            ordered: false,
            exact_counts: true,
            ttl_minimum_ms: 1,
            max_key_bytes: 512 << 20,
            max_value_bytes: 512 << 20,
            consistency: "strong",
        }
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(ready(Ok(())))
    }
}

#[test]
fn a_redis_server_agrees() {
    let oracle = Arc::new(Mutex::new(Oracle::start()));
    let mut asked = 0;
    cases::report("redis-server", is_asked, |case| {
        asked += 1;
        oracle.lock().unwrap().clear();
        let open = |options: &Options| {
            let backend = Arc::new(Redis(Arc::clone(&oracle)));
            Store::over(backend, &handles::options(options)?).map_err(Fault::from)
        };
        let now_ms = || oracle.lock().unwrap().now_ms();
        let advance = |milliseconds| oracle.lock().unwrap().advance(milliseconds);
        cases::run(&mut Stores::new(case.options.clone(), open, now_ms, advance), case)
    });
    assert!(asked > 0, "Redis was asked nothing");
}

fn is_asked(case: &Case) -> bool {
    let is_missing = |step: &cases::Step| {
        let options = step.with.as_ref().unwrap_or(&case.options);
        let calls = match &step.action {
            Action::Call(call) | Action::Drain(call) => std::slice::from_ref(call),
            Action::Pipeline(calls) | Action::Multi { calls, .. } => calls,
            Action::Advance(_) => &[],
        };
        calls.iter().any(|call| {
            NOT_IN_REDIS.contains(&call.op.as_str())
                || (!options.prefix.is_empty() && NOT_UNDER_A_PREFIX.contains(&call.op.as_str()))
        })
    };
    // How much memory Redis may use is not said by a handle.
    case.differs_from_redis.is_none()
        && case.options.max_bytes.is_none()
        && !case.steps.iter().any(is_missing)
}
