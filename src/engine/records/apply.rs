// Dispatches the commands on records, and on everything built on them, and turns the results into replies. No command
// semantics belong here.

use super::locks::Space;
use super::restore::Restored;
use super::row;
use super::storage::{Changed, Listing, Storage, Wanted};
use super::tasks::NewTask;
use super::write::Write;
use crate::command::{Command, Key, Reply};
use crate::engine::Tick;
use crate::engine::reply::Gather;
use crate::error::{Error, Kind, Result};

/// Runs a command on records, or on what is built on them. Its keys already carry their prefix.
///
/// # Errors
///
/// Returns the operation's error. Nothing has changed then, except what time has ended: expired records, and tasks whose
/// workers have disappeared.
pub(crate) fn apply(storage: &mut dyn Storage, command: &Command, tick: &Tick) -> Result<Reply> {
    storage.expire_records(tick)?;
    Ok(match command {
        Command::RecordsPut { .. } | Command::RecordsPatch { .. } => {
            let write = Write::of(command).ok_or_else(|| foreign(command))?;
            let record = storage.write_record(&write, tick)?;
            fields(Some(&*record), row::head)?
        }
        Command::RecordsGet { key } => {
            let found = storage.record(key.as_str())?;
            storage.count_reads(usize::from(found.is_some()), 1);
            fields(found.as_deref(), row::record)?
        }
        Command::RecordsGetMany { keys } => get_many(storage, keys)?,
        Command::RecordsList { prefix, start, end, after, kind, offset, limit } => {
            let listing = Listing {
                prefix: prefix.as_deref(),
                start: start.as_deref(),
                end: end.as_deref(),
                after: after.as_deref(),
                kind: kind.as_deref(),
                offset: *offset,
                limit: *limit,
            };
            let mut gather = Gather::new();
            storage.each_record(&listing, &mut |record| {
                row::record(&mut gather, record);
                gather.check()
            })?;
            list(gather)?
        }
        Command::RecordsCount { prefix, start, end, kind } => {
            let listing = Listing {
                prefix: prefix.as_deref(),
                start: start.as_deref(),
                end: end.as_deref(),
                kind: kind.as_deref(),
                ..Listing::default()
            };
            number(storage.count_records(&listing)?)
        }
        Command::RecordsDelete { .. }
        | Command::RecordsDeletePrefix { .. }
        | Command::RecordsDeleteRange { .. } => {
            Reply::Int(storage.delete(command, tick).unwrap_or_else(|| Err(foreign(command)))?)
        }
        Command::RecordsRestore { .. } => {
            let restored = Restored::of(command).ok_or_else(|| foreign(command))?;
            fields(Some(&*storage.restore_record(&restored, tick)?), row::head)?
        }
        Command::RecordsMutate { mutations } => Reply::Ints(storage.mutate(mutations, tick)?),

        Command::ChangesRead { from, limit, kind, prefix } => {
            let filter = Changed {
                from: from.unwrap_or(0),
                limit: limit.unwrap_or(u64::MAX),
                kind: kind.as_deref(),
                prefix: prefix.as_deref().unwrap_or_default(),
            };
            let mut gather = Gather::new();
            storage.each_change(&filter, &mut |change| {
                row::change(&mut gather, change);
                gather.check()
            })?;
            list(gather)?
        }
        Command::ChangesLatest {} => number(storage.latest()?),
        Command::ChangesTrim { seq, prefix } => {
            number(storage.trim_changes(*seq, prefix.as_deref().unwrap_or_default())?)
        }
        Command::ChangesAdvance { seq } => {
            if storage.latest()? < *seq {
                storage.advance(*seq)?;
            }
            Reply::Ok
        }

        Command::ConsumersClaim { name, owner, milliseconds } => {
            token(storage.acquire(Space::Consumer, name.as_str(), owner, *milliseconds, tick)?)
        }
        Command::ConsumersRelease { name, owner } => {
            flag(storage.release(Space::Consumer, name.as_str(), owner, tick)?)
        }
        Command::ConsumersCommit { name, seq, token } => {
            storage.commit_position(name.as_str(), *seq, *token, tick)?;
            Reply::Ok
        }
        Command::ConsumersStatus { name } => {
            let holder = storage.held(Space::Consumer, name.as_str(), tick.now()?)?;
            let position = storage.position(name.as_str())?.unwrap_or(0);
            let mut gather = Gather::new();
            row::consumer(&mut gather, position, storage.latest()?, holder.as_ref());
            list(gather)?
        }
        Command::ConsumersDelete { name } => {
            let was_there = storage.position(name.as_str())?.is_some();
            if was_there {
                storage.remove_position(name.as_str())?;
            }
            flag(was_there)
        }
        Command::ConsumersList { prefix } => {
            let mut gather = Gather::new();
            storage.each_position(prefix.as_deref().unwrap_or_default(), &mut |(name, position)| {
                row::position(&mut gather, name, *position);
                gather.check()
            })?;
            list(gather)?
        }

        Command::LocksAcquire { name, owner, milliseconds } => {
            token(storage.acquire(Space::Lock, name.as_str(), owner, *milliseconds, tick)?)
        }
        Command::LocksRelease { name, owner } => {
            flag(storage.release(Space::Lock, name.as_str(), owner, tick)?)
        }
        Command::LocksStatus { name } => {
            let lock = storage.held(Space::Lock, name.as_str(), tick.now()?)?;
            fields(lock.as_ref(), |gather, lock| row::lock(gather, Some(lock)))?
        }

        Command::TasksCreate { .. } => {
            let task = NewTask::of(command).ok_or_else(|| foreign(command))?;
            storage.end_lost(task.unique, tick)?;
            fields(Some(&*storage.create_task(&task, tick)?.0), row::task)?
        }
        Command::TasksGet { id } => fields(storage.task(id.as_str())?.as_deref(), row::task)?,
        Command::TasksList { status, name, offset, limit, prefix } => {
            let wanted = Wanted {
                status: *status,
                name: name.as_ref().map(Key::as_str),
                prefix: prefix.as_deref().unwrap_or_default(),
                offset: offset.unwrap_or(0),
                limit: limit.unwrap_or(u64::MAX),
            };
            let mut gather = Gather::new();
            storage.each_task(&wanted, &mut |task| {
                row::task(&mut gather, task);
                gather.check()
            })?;
            list(gather)?
        }
        Command::TasksCancel { id } => flag(storage.cancel_task(id.as_str(), tick)?),
        Command::TasksLock { worker, milliseconds, names } => {
            fields(storage.lock_task(worker, *milliseconds, names, tick)?.as_deref(), row::task)?
        }
        Command::TasksHeartbeat { id, token, milliseconds } => {
            flag(storage.extend_task(id.as_str(), *token, *milliseconds, tick)?)
        }
        Command::TasksRelease { id, token, ending, error } => {
            let status = storage.release_task(id.as_str(), *token, *ending, error.as_deref(), tick)?;
            status.map_or(Reply::Nil, |status| Reply::Bytes(status.name().into()))
        }
        Command::TasksRequeue { id, due } => flag(storage.requeue_task(id.as_str(), *due, tick)?),
        Command::TasksRestore { .. } => fields(Some(&*storage.restore_task(command, tick)?), row::task)?,
        Command::TasksTrim { before, prefix } => {
            number(storage.trim_tasks(*before, prefix.as_deref().unwrap_or_default())?)
        }
        other => return Err(foreign(other)),
    })
}

fn foreign(command: &Command) -> Error {
    Error::new(Kind::Internal, [command.name(), " is no command on records"].concat())
}

fn get_many(storage: &mut dyn Storage, keys: &[Key]) -> Result<Reply> {
    let mut found = 0_usize;
    let mut gather = Gather::new();
    for key in keys {
        match storage.record(key.as_str())? {
            Some(record) => {
                found = found.saturating_add(1);
                row::record(&mut gather, &record);
            }
            None => row::no_record(&mut gather),
        }
        gather.check()?;
    }
    storage.count_reads(found, keys.len());
    list(gather)
}

/// The fields of one thing, or null.
fn fields<T>(thing: Option<T>, tell: impl FnOnce(&mut Gather, T)) -> Result<Reply> {
    let Some(thing) = thing else { return Ok(Reply::Nil) };
    let mut gather = Gather::new();
    tell(&mut gather, thing);
    list(gather)
}

fn list(gather: Gather) -> Result<Reply> {
    gather.finish().map(Reply::List)
}

fn number(number: u64) -> Reply {
    Reply::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn flag(yes: bool) -> Reply {
    Reply::Int(i64::from(yes))
}

fn token(token: Option<u64>) -> Reply {
    token.map_or(Reply::Nil, number)
}
