// A store as a backend, for tests that compare backends.

use omnikv::Store;
use omnikv::backend::{Backend, BoxFuture, Capabilities, Check, Stats};
use omnikv::command::{Command, Reply};
use omnikv::error::Result;
use std::sync::Arc;

/// The store must have no prefix.
pub struct OverStore(pub Store);

impl Backend for OverStore {
    fn name(&self) -> &'static str {
        self.0.backend()
    }

    fn execute<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Reply>> {
        Box::pin(self.0.execute(command.clone()))
    }

    fn execute_all<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(self.0.execute_all(commands.to_vec()))
    }

    fn transaction<'a>(
        &'a self,
        checks: &'a [Check],
        commands: &'a [Command],
    ) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(self.0.transaction(checks.to_vec(), commands.to_vec()))
    }

    fn stats<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Stats>> {
        Box::pin(self.0.stats())
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn another(&self) -> Result<Arc<dyn Backend>> {
        Ok(Arc::new(OverStore(self.0.clone())))
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.0.close())
    }
}
