// Time travel for a real server: moves its deadlines, and adjusts the times in commands and replies. The records of a
// server have a clock that can be moved itself.

use omnikv::backend::{Backend, BoxFuture, Capabilities, Check, Stats};
use omnikv::command::{Command, Expiry, Reply};
use omnikv::error::Result;
use redis::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Moves every deadline by ARGV[1] milliseconds, which makes time pass faster or slower. Deadlines too far away for an
/// exact Lua number stay unchanged.
const SHIFT_DEADLINES: &str = "
    for _, key in ipairs(redis.call('KEYS', '*')) do
        local deadline = redis.call('PEXPIRETIME', key)
        if deadline >= 0 and deadline < 2^52 then
            redis.call('PEXPIREAT', key, string.format('%.0f', deadline + tonumber(ARGV[1])))
        end
    end";

/// Moves every deadline of the server by this many milliseconds.
pub fn shift_deadlines(connection: &mut Connection, milliseconds: i64) {
    let _: () = redis::cmd("EVAL")
        .arg(SHIFT_DEADLINES)
        .arg(0)
        .arg(milliseconds)
        .query(connection)
        .expect("the deadlines to move");
}

/// Advances the clock of the server's records.
pub fn advance_records(connection: &mut Connection, milliseconds: i64) {
    let _: () = redis::cmd("HINCRBY")
        .arg("{omnikv}:state")
        .arg("ahead")
        .arg(milliseconds)
        .query(connection)
        .expect("the clock to move");
}

/// Lets everyone who waits for a change of records look at the clock again: nothing else does when it was moved.
#[allow(dead_code, reason = "only some tests have watchers")]
pub fn wake_watchers(connection: &mut Connection) {
    let clients: String = redis::cmd("CLIENT").arg("LIST").query(connection).expect("a list");
    for client in clients.lines().filter(|client| client.contains("cmd=xread")) {
        let id = client.split(' ').find_map(|part| part.strip_prefix("id=")).expect("an id");
        let _: i64 = redis::cmd("CLIENT").arg("UNBLOCK").arg(id).query(connection).expect("a number");
    }
}

pub fn real_now_ms() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    since_1970.as_millis().try_into().expect("a moment that fits")
}

/// The command with times converted from our clock to the server's; ours is ahead by `ahead`.
pub fn in_server_time(command: &Command, ahead: i64) -> Command {
    let mut command = command.clone();
    match &mut command {
        Command::Set { expiry, .. }
        | Command::GetSet { expiry, .. }
        | Command::GetEx { expiry, .. }
        | Command::MSet { expiry, .. }
        | Command::MSetNx { expiry, .. }
        | Command::CompareAndSet { expiry, .. } => {
            if let Expiry::At(moment @ 1..) = expiry {
                let earlier = i64::try_from(*moment).unwrap_or(i64::MAX).saturating_sub(ahead);
                *moment = u64::try_from(earlier).unwrap_or(0).max(1);
            }
        }
        Command::PExpireAt { milliseconds, .. } => *milliseconds = milliseconds.saturating_sub(ahead),
        Command::ExpireAt { key, seconds, condition } => {
            if let Some(moment) = seconds.checked_mul(1000) {
                let milliseconds = moment.saturating_sub(ahead);
                return Command::PExpireAt { key: key.clone(), milliseconds, condition: *condition };
            }
        }
        Command::ExpireTime { key } => return Command::PExpireTime { key: key.clone() },
        _ => {}
    }
    command
}

/// The reply with times converted from the server's clock to ours.
pub fn in_our_time(command: &Command, reply: Result<Reply>, ahead: i64) -> Result<Reply> {
    match (command, reply?) {
        (Command::PExpireTime { .. }, Reply::Int(moment @ 0..)) => {
            Ok(Reply::Int(moment.saturating_add(ahead)))
        }
        (Command::ExpireTime { .. }, Reply::Int(moment @ 0..)) => {
            Ok(Reply::Int(moment.saturating_add(ahead).saturating_add(500) / 1000))
        }
        (_, reply) => Ok(reply),
    }
}

/// A backend on a server whose time passes by shifting its deadlines.
pub struct Moved {
    pub backend: Arc<dyn Backend>,
    /// How many milliseconds our clock is ahead of the server's.
    pub ahead: Arc<AtomicI64>,
}

impl Moved {
    fn ahead(&self) -> i64 {
        self.ahead.load(Ordering::Relaxed)
    }

    fn in_server_time(&self, commands: &[Command]) -> Vec<Command> {
        commands.iter().map(|command| in_server_time(command, self.ahead())).collect()
    }

    fn in_our_time(&self, commands: &[Command], replies: Vec<Result<Reply>>) -> Vec<Result<Reply>> {
        let answers = commands.iter().zip(replies);
        answers.map(|(command, reply)| in_our_time(command, reply, self.ahead())).collect()
    }
}

impl Backend for Moved {
    fn name(&self) -> &'static str {
        self.backend.name()
    }

    fn execute<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Reply>> {
        Box::pin(async move {
            let reply = self.backend.execute(&in_server_time(command, self.ahead())).await;
            in_our_time(command, reply, self.ahead())
        })
    }

    fn execute_all<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(async move {
            let replies = self.backend.execute_all(&self.in_server_time(commands)).await?;
            Ok(self.in_our_time(commands, replies))
        })
    }

    fn transaction<'a>(
        &'a self,
        checks: &'a [Check],
        commands: &'a [Command],
    ) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(async move {
            let replies = self.backend.transaction(checks, &self.in_server_time(commands)).await?;
            Ok(self.in_our_time(commands, replies))
        })
    }

    fn stats<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Stats>> {
        self.backend.stats(prefix)
    }

    fn capabilities(&self) -> Capabilities {
        self.backend.capabilities()
    }

    fn another(&self) -> Result<Arc<dyn Backend>> {
        Ok(Arc::new(Moved { backend: self.backend.another()?, ahead: Arc::clone(&self.ahead) }))
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.backend.close()
    }
}
