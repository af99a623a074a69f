// Commands on records, changes, consumers, locks and tasks as WIT calls, and the calls' results as the commands'
// replies.

use crate::bindings::exports::omnikv::kv::changes::{Action, Change, ReadOptions};
use crate::bindings::exports::omnikv::kv::locks::Lock;
use crate::bindings::exports::omnikv::kv::records::{
    Document, Head, ListOptions, Mutation, PrefixDeletion, PutOptions, RangeDeletion, Window, Write,
};
use crate::bindings::exports::omnikv::kv::tasks::{self, Due, NewTask, Task, TaskStatus};
use crate::convert::{expiry, keys};
use crate::{Handle, Instance, untrapped};
use omnikv::command::{self, Bytes, Command, Ending, Expiry, Key, Reply};
use omnikv::{Error, Kind, Result};

type Fields = Vec<Option<Bytes>>;

impl Instance {
    /// Runs one command through its WIT function.
    #[rustfmt::skip]
    pub fn execute_on_records(&mut self, handle: Handle, command: &Command) -> Result<Reply> {
        let Instance { guest, store, .. } = self;
        macro_rules! call {
            ($family:ident.$function:ident($($argument:expr),*)) => {
                untrapped(guest.$family().$function(&mut *store, handle.0, $($argument),*))?
            };
        }
        macro_rules! records { ($($call:tt)*) => { call!(omnikv_kv_records.$($call)*) }; }
        macro_rules! consumers { ($($call:tt)*) => { call!(omnikv_kv_consumers.$($call)*) }; }
        macro_rules! locks { ($($call:tt)*) => { call!(omnikv_kv_locks.$($call)*) }; }
        macro_rules! tasks { ($($call:tt)*) => { call!(omnikv_kv_tasks.$($call)*) }; }

        Ok(match command {
            Command::RecordsPut { key, version, value, kind, expiry } =>
                Reply::List(head(records!(call_put(key.as_str(), *version, text(value)?, &options(kind, *expiry))))),
            Command::RecordsPatch { key, version, value, kind, expiry } =>
                Reply::List(head(records!(call_patch(key.as_str(), *version, text(value)?, &options(kind, *expiry))))),
            Command::RecordsGet { key } => maybe(records!(call_get(key.as_str())).map(document)),
            Command::RecordsGetMany { keys: names } => {
                let found = records!(call_get_many(&keys(names)));
                Reply::List(found.into_iter().flat_map(|found| found.map_or(vec![None; 8], document)).collect())
            }
            Command::RecordsList { prefix, start, end, after, kind, offset, limit } => {
                let window = Window { offset: *offset, limit: *limit };
                // Use each of the listing functions, if it covers the arguments.
                documents(match (prefix, start, end, after, kind) {
                    (Some(prefix), None, None, None, None) => records!(call_get_prefix(prefix, window)),
                    (None, Some(start), Some(end), None, None) => records!(call_get_range(start, end, window)),
                    (None, None, None, None, Some(kind)) => records!(call_get_type(kind, window)),
                    _ => records!(call_list(&ListOptions {
                        prefix: prefix.clone(),
                        start: start.clone(),
                        end: end.clone(),
                        after: after.clone(),
                        type_: kind.clone(),
                        offset: *offset,
                        limit: *limit,
                    })),
                })
            }
            Command::RecordsCount { prefix, start, end, kind } => count(match (prefix, start, end, kind) {
                (Some(prefix), None, None, None) => records!(call_count_prefix(prefix)),
                (None, Some(start), Some(end), None) => records!(call_count_range(start, end)),
                (None, None, None, None) => records!(call_count()),
                // Everything else uses the general function.
                _ => records!(call_list(&ListOptions {
                    prefix: prefix.clone(),
                    start: start.clone(),
                    end: end.clone(),
                    after: None,
                    type_: kind.clone(),
                    offset: None,
                    limit: None,
                })).len() as u64,
            }),
            Command::RecordsDelete { keys: names } => count(records!(call_delete(&keys(names)))),
            Command::RecordsDeletePrefix { prefix, offset, limit } =>
                count(records!(call_delete_prefix(prefix, Window { offset: *offset, limit: *limit }))),
            Command::RecordsDeleteRange { start, end, offset, limit } =>
                count(records!(call_delete_range(start, end, Window { offset: *offset, limit: *limit }))),
            Command::RecordsRestore { key, version, created, updated, value, kind, expiry } => {
                let expires_at = match expiry {
                    Expiry::At(moment) => Some(*moment),
                    _ => None,
                };
                let (key, type_, version, created, updated) =
                    (key.0.clone(), kind.clone(), *version, *created, *updated);
                let restored = Head { key, version, stamp: 0, type_, created, updated, expires_at };
                let document = Document { head: restored, value: text(value)?.to_owned() };
                Reply::List(head(records!(call_restore(&document))))
            }
            Command::RecordsMutate { mutations } => {
                let mutations = mutations.iter().map(mutation).collect::<Result<Vec<_>>>()?;
                Reply::Ints(records!(call_mutate(&mutations)).into_iter().map(signed).collect())
            }

            Command::ChangesRead { from, limit, kind, prefix } => {
                let options =
                    ReadOptions { from: *from, limit: *limit, type_: kind.clone(), prefix: prefix.clone() };
                let found = call!(omnikv_kv_changes.call_read(&options));
                Reply::List(found.into_iter().flat_map(change).collect())
            }
            Command::ChangesLatest {} => count(call!(omnikv_kv_changes.call_latest())),
            Command::ChangesTrim { seq, prefix: _ } => count(call!(omnikv_kv_changes.call_trim(*seq))),
            Command::ChangesAdvance { seq } => {
                call!(omnikv_kv_changes.call_advance(*seq));
                Reply::Ok
            }

            Command::ConsumersClaim { name, owner, milliseconds } =>
                token(consumers!(call_claim(name.as_str(), owner, *milliseconds))),
            Command::ConsumersRelease { name, owner } =>
                flag(consumers!(call_release(name.as_str(), owner))),
            Command::ConsumersCommit { name, seq, token } => {
                consumers!(call_commit(name.as_str(), *seq, *token));
                Reply::Ok
            }
            Command::ConsumersStatus { name } => {
                let status = consumers!(call_status(name.as_str()));
                assert_eq!(status.lag, status.latest.saturating_sub(status.position));
                let mut fields = vec![number(status.position), number(status.latest)];
                fields.extend(status.holder.map_or(vec![None; 4], lock));
                Reply::List(fields)
            }
            Command::ConsumersDelete { name } => flag(consumers!(call_delete(name.as_str()))),
            Command::ConsumersList { prefix: _ } => {
                let found = consumers!(call_list()).into_iter();
                Reply::List(found.flat_map(|found| [word(found.name), number(found.seq)]).collect())
            }

            Command::LocksAcquire { name, owner, milliseconds } =>
                token(locks!(call_acquire(name.as_str(), owner, *milliseconds))),
            Command::LocksRelease { name, owner } => flag(locks!(call_release(name.as_str(), owner))),
            Command::LocksStatus { name } => maybe(locks!(call_status(name.as_str())).map(lock)),

            Command::TasksCreate { .. } => Reply::List(task(tasks!(call_create(&new_task(command)?)))),
            Command::TasksGet { id } => maybe(tasks!(call_get(id.as_str())).map(task)),
            Command::TasksList { status, name, offset, limit, prefix: _ } => {
                let name = name.as_ref().map(|name| name.0.clone());
                let status = status.map(status_of);
                let options = tasks::TaskOptions { status, name, offset: *offset, limit: *limit };
                Reply::List(tasks!(call_list(&options)).into_iter().flat_map(task).collect())
            }
            Command::TasksCancel { id } => flag(tasks!(call_cancel(id.as_str()))),
            Command::TasksLock { worker, milliseconds, names } =>
                maybe(tasks!(call_lock(worker, *milliseconds, &keys(names))).map(task)),
            Command::TasksHeartbeat { id, token, milliseconds } =>
                flag(tasks!(call_heartbeat(id.as_str(), *token, *milliseconds))),
            Command::TasksRelease { id, token, ending, error } => {
                let completed = *ending == Ending::Completed;
                let status = tasks!(call_release(id.as_str(), *token, completed, error.as_deref()));
                status.map_or(Reply::Nil, |status| Reply::Bytes(name_of(status).into()))
            }
            Command::TasksRequeue { id, due: _ } => flag(tasks!(call_requeue(id.as_str()))),
            Command::TasksRestore { .. } => Reply::List(task(tasks!(call_restore(&restored(command)?)))),
            Command::TasksTrim { before, prefix: _ } => count(tasks!(call_trim(*before))),
            other => panic!("no call for {}: add it here", other.name()),
        })
    }
}

/// The WIT cannot express text that is not UTF-8.
fn text(json: &[u8]) -> Result<&str> {
    str::from_utf8(json).map_err(|_| Error::new(Kind::InvalidArgument, "no text"))
}

fn number(number: impl Into<Option<u64>>) -> Option<Bytes> {
    number.into().map(|number| number.to_string().into_bytes())
}

fn word(text: impl Into<Option<String>>) -> Option<Bytes> {
    text.into().map(String::into_bytes)
}

fn signed(number: u64) -> i64 {
    number.try_into().expect("a number that fits")
}

fn count(number: u64) -> Reply {
    Reply::Int(signed(number))
}

fn flag(yes: bool) -> Reply {
    Reply::Int(i64::from(yes))
}

fn token(token: Option<u64>) -> Reply {
    token.map_or(Reply::Nil, count)
}

fn maybe(fields: Option<Fields>) -> Reply {
    fields.map_or(Reply::Nil, Reply::List)
}

fn options(kind: &Option<String>, when: Expiry) -> PutOptions {
    PutOptions { type_: kind.clone(), expiry: expiry(when) }
}

fn head(head: Head) -> Fields {
    vec![
        word(head.key),
        number(head.version),
        number(head.stamp),
        word(head.type_),
        number(head.created),
        number(head.updated),
        number(head.expires_at),
    ]
}

fn document(document: Document) -> Fields {
    let mut fields = head(document.head);
    fields.push(word(document.value));
    fields
}

fn documents(documents: Vec<Document>) -> Reply {
    Reply::List(documents.into_iter().flat_map(document).collect())
}

fn change(change: Change) -> Fields {
    let action = match change.action {
        Action::Create => "create",
        Action::Update => "update",
        Action::Delete => "delete",
    };
    let mut fields = vec![number(change.seq), word(action.to_owned()), number(change.at)];
    fields.extend(document(change.record));
    fields
}

fn lock(lock: Lock) -> Fields {
    vec![word(lock.owner), number(lock.token), number(lock.acquired), number(lock.until)]
}

fn name_of(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::Pending => "pending",
        TaskStatus::Running => "running",
        TaskStatus::Completed => "completed",
        TaskStatus::Failed => "failed",
        TaskStatus::Cancelled => "cancelled",
    }
}

fn status_of(status: command::TaskStatus) -> TaskStatus {
    match status {
        command::TaskStatus::Pending => TaskStatus::Pending,
        command::TaskStatus::Running => TaskStatus::Running,
        command::TaskStatus::Completed => TaskStatus::Completed,
        command::TaskStatus::Failed => TaskStatus::Failed,
        command::TaskStatus::Cancelled => TaskStatus::Cancelled,
    }
}

fn task(task: Task) -> Fields {
    vec![
        word(task.id),
        word(task.name),
        word(task.unique),
        word(task.payload),
        word(name_of(task.status).to_owned()),
        number(task.created),
        number(task.scheduled_for),
        number(task.started),
        number(task.ended),
        number(task.tries),
        number(task.max_retries),
        number(task.timeout_ms),
        word(task.priority.to_string()),
        word(task.error),
        word(task.worker),
        number(task.token),
        number(task.locked_until),
    ]
}

fn new_task(command: &Command) -> Result<NewTask> {
    let Command::TasksCreate { name, payload, id, due, max_retries, timeout, unique, priority, prefix: _ } =
        command
    else {
        panic!("no task: {command:?}");
    };
    let own = |key: &Key| key.0.clone();
    Ok(NewTask {
        name: own(name),
        payload: text(payload)?.to_owned(),
        id: id.as_ref().map(own),
        due: match due {
            Expiry::After(milliseconds) => Due::AfterMs(*milliseconds),
            Expiry::At(moment) => Due::AtMs(*moment),
            _ => Due::Now,
        },
        max_retries: *max_retries,
        timeout_ms: *timeout,
        unique: unique.as_ref().map(own),
        priority: priority.unwrap_or(0),
    })
}

/// A task as it was in another store.
fn restored(command: &Command) -> Result<Task> {
    let Command::TasksRestore { id, name, status, payload, unique, state } = command else {
        panic!("no task: {command:?}");
    };
    Ok(Task {
        id: id.0.clone(),
        name: name.0.clone(),
        unique: unique.as_ref().map(|unique| unique.0.clone()),
        payload: text(payload)?.to_owned(),
        status: status_of(*status),
        created: state.created.unwrap_or_default(),
        scheduled_for: state.due.unwrap_or_default(),
        started: state.started,
        ended: state.ended,
        tries: state.tries.unwrap_or_default(),
        max_retries: state.max_retries.unwrap_or(3),
        timeout_ms: state.timeout,
        priority: state.priority.unwrap_or_default(),
        error: state.error.clone(),
        worker: state.worker.clone(),
        token: None,
        locked_until: state.until,
    })
}

fn mutation(command: &Command) -> Result<Mutation> {
    let write = |key: &Key, version: i64, value: &Bytes, kind: &Option<String>, expiry: Expiry| {
        let (key, value) = (key.0.clone(), text(value)?.to_owned());
        Ok(Write { key, version, value, options: options(kind, expiry) })
    };
    Ok(match command {
        Command::RecordsPut { key, version, value, kind, expiry } => {
            Mutation::Put(write(key, *version, value, kind, *expiry)?)
        }
        Command::RecordsPatch { key, version, value, kind, expiry } => {
            Mutation::Patch(write(key, *version, value, kind, *expiry)?)
        }
        Command::RecordsDelete { keys: names } => Mutation::Delete(keys(names)),
        Command::RecordsDeletePrefix { prefix, offset, limit } => {
            let window = Window { offset: *offset, limit: *limit };
            Mutation::DeletePrefix(PrefixDeletion { prefix: prefix.clone(), window })
        }
        Command::RecordsDeleteRange { start, end, offset, limit } => {
            let window = Window { offset: *offset, limit: *limit };
            Mutation::DeleteRange(RangeDeletion { start: start.clone(), end: end.clone(), window })
        }
        command => Mutation::Task(new_task(command)?),
    })
}
