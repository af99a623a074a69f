// Calls the operations on records, changes, consumers, locks and tasks of the conformance cases through the typed API
// of any handle, with JavaScript's arguments and results. No operation semantics.

use super::super::args::{Args, ttl_of};
use super::super::cases::{Fault, Value};
use super::Surface;
use omnikv::operations::{Documents, Window};
use omnikv::{
    Change, ChangeOptions, ConsumerStatus, Ending, ListOptions, Lock, Mutation, NewTask, PutOptions, Record,
    Task, TaskOptions, TaskStatus,
};
use serde_json::{Map, Value as Json};
use std::time::{Duration, SystemTime};

fn json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(flag) => (*flag).into(),
        Value::Int(number) => i64::try_from(*number).expect("a number of 64 bits").into(),
        Value::Float(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(members) => Json::Object(
            members.iter().map(|(name, value)| (name.clone(), json(value))).collect::<Map<_, _>>(),
        ),
        Value::Bytes(_) | Value::Error(_) => panic!("no JSON: {value:?}"),
    }
}

fn number(number: u64) -> Value {
    Value::Int(number.into())
}

fn maybe<T>(value: Option<T>, show: impl FnOnce(T) -> Value) -> Value {
    value.map_or(Value::Null, show)
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Map(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn head<T>(record: Record<T>) -> (Value, T) {
    let Record { key, version, stamp, kind, created, updated, expires_at, value } = record;
    let head = object([
        ("key", key.into()),
        ("version", number(version)),
        ("stamp", number(stamp)),
        ("type", maybe(kind, Value::Text)),
        ("created", number(created)),
        ("updated", number(updated)),
        ("expiresAt", maybe(expires_at, number)),
    ]);
    (head, value)
}

fn written(record: Record<()>) -> Value {
    head(record).0
}

fn record(record: Record<Json>) -> Value {
    let (mut head, value) = head(record);
    if let Value::Map(members) = &mut head {
        members.push(("value".to_owned(), Value::from(&value)));
    }
    head
}

fn record_if_any(found: Option<Record<Json>>) -> Value {
    maybe(found, record)
}

fn records(found: Vec<Record<Json>>) -> Value {
    Value::List(found.into_iter().map(record).collect())
}

fn records_if_any(found: Vec<Option<Record<Json>>>) -> Value {
    Value::List(found.into_iter().map(record_if_any).collect())
}

fn changes(found: Vec<Change<Json>>) -> Value {
    let show = |change: Change<Json>| {
        object([
            ("seq", number(change.seq)),
            ("action", change.action.name().to_owned().into()),
            ("at", number(change.at)),
            ("record", record(change.record)),
        ])
    };
    Value::List(found.into_iter().map(show).collect())
}

fn lock(lock: Lock) -> Value {
    object([
        ("owner", lock.owner.into()),
        ("token", number(lock.token)),
        ("acquired", number(lock.acquired)),
        ("until", number(lock.until)),
    ])
}

fn consumer(status: ConsumerStatus) -> Value {
    object([
        ("position", number(status.position)),
        ("latest", number(status.latest)),
        ("lag", number(status.lag)),
        ("holder", maybe(status.holder, lock)),
    ])
}

fn task(task: Task<Json>) -> Value {
    object([
        ("id", task.id.into()),
        ("name", task.name.into()),
        ("unique", maybe(task.unique, Value::Text)),
        ("payload", Value::from(&task.payload)),
        ("status", task.status.name().to_owned().into()),
        ("created", number(task.created)),
        ("scheduledFor", number(task.scheduled_for)),
        ("started", maybe(task.started, number)),
        ("ended", maybe(task.ended, number)),
        ("tries", number(task.tries)),
        ("maxRetries", number(task.max_retries)),
        ("timeoutMs", maybe(task.timeout_ms, number)),
        ("priority", task.priority.into()),
        ("error", maybe(task.error, Value::Text)),
        ("worker", maybe(task.worker, Value::Text)),
        ("token", maybe(task.token, number)),
        ("lockedUntil", maybe(task.locked_until, number)),
    ])
}

/// A created task has its payload in the original text.
fn made(made: Task) -> Value {
    task(made.parse().expect("JSON"))
}

fn task_if_any(found: Option<Task<Json>>) -> Value {
    maybe(found, task)
}

fn tasks(found: Vec<Task<Json>>) -> Value {
    Value::List(found.into_iter().map(task).collect())
}

fn number_if_any(found: Option<u64>) -> Value {
    maybe(found, number)
}

fn status_if_any(found: Option<TaskStatus>) -> Value {
    maybe(found, |status| Value::Text(status.name().to_owned()))
}

fn window(a: &mut Args) -> Result<Window, Fault> {
    let window = Window { offset: a.given("offset")?, limit: a.given("limit")? };
    a.end()?;
    Ok(window)
}

fn put_options(a: &mut Args) -> Result<PutOptions, Fault> {
    let kind: Option<String> = a.given("type")?;
    let options = PutOptions::new().expiry(a.expiry()?);
    a.end()?;
    Ok(match kind {
        Some(kind) => options.kind(kind),
        None => options,
    })
}

fn ttl(value: &Value) -> Result<Duration, Fault> {
    ttl_of(value)?.ok_or_else(|| Fault::invalid_argument("expects a time"))
}

fn text(value: &Value, what: &str) -> Result<String, Fault> {
    match value {
        Value::Text(text) => Ok(text.clone()),
        other => Err(Fault::invalid_argument(format!("{what} expects text, got {other:?}"))),
    }
}

/// A new task from the object that describes it.
fn new_task(mut given: Args) -> Result<NewTask, Fault> {
    let a = &mut given;
    let name: String = a.given("name")?.ok_or_else(|| Fault::invalid_argument("a task has a name"))?;
    let payload = a.raw("payload").unwrap_or(Value::Null);
    let mut task = NewTask::new(name, &json(&payload));
    if let Some(id) = a.given::<String>("id")? {
        task = task.id(id);
    }
    match a.raw("scheduledFor") {
        None => {}
        Some(Value::Int(moment)) => {
            task = task.at(SystemTime::UNIX_EPOCH + Duration::from_millis(moment.try_into().unwrap()));
        }
        Some(wait) => task = task.after(ttl(&wait)?),
    }
    if let Some(retries) = a.given("maxRetries")? {
        task = task.max_retries(retries);
    }
    if let Some(timeout) = a.raw("timeout") {
        task = task.timeout(ttl(&timeout)?);
    }
    if let Some(unique) = a.given::<String>("unique")? {
        task = task.unique(unique);
    }
    if let Some(priority) = a.given("priority")? {
        task = task.priority(priority);
    }
    a.end()?;
    Ok(task)
}

/// A mutation from the object that describes it.
fn mutation(given: Value) -> Result<Mutation, Fault> {
    let member = |name: &str| given.member(name).cloned();
    let version = match member("version") {
        Some(Value::Int(version)) => i64::try_from(version).unwrap(),
        _ => 0,
    };
    let value = json(&member("value").unwrap_or(Value::Null));
    let rest = |without: &[&str]| {
        let Value::Map(members) = given.clone() else { panic!("an object") };
        let members = members.into_iter().filter(|(name, _)| !without.contains(&name.as_str())).collect();
        Args::new("", vec![Value::Map(members)])
    };
    if let Some(key) = member("put") {
        let options = put_options(&mut rest(&["put", "version", "value"]))?;
        return Ok(Mutation::put_with(text(&key, "put")?, version, &value, options));
    }
    if let Some(key) = member("patch") {
        let options = put_options(&mut rest(&["patch", "version", "value"]))?;
        return Ok(Mutation::patch_with(text(&key, "patch")?, version, &value, options));
    }
    if let Some(keys) = member("delete") {
        let keys = match keys {
            Value::List(keys) => keys.iter().map(|key| text(key, "delete")).collect::<Result<Vec<_>, _>>()?,
            key => vec![text(&key, "delete")?],
        };
        return Ok(Mutation::delete(keys));
    }
    if let Some(prefix) = member("deletePrefix") {
        return Ok(Mutation::delete_prefix(text(&prefix, "prefix")?, window(&mut rest(&["deletePrefix"]))?));
    }
    if let Some(Value::List(bounds)) = member("deleteRange") {
        let window = window(&mut rest(&["deleteRange"]))?;
        return Ok(Mutation::delete_range(text(&bounds[0], "start")?, text(&bounds[1], "end")?, window));
    }
    match member("task") {
        Some(task) => Ok(Mutation::task(new_task(Args::new("", vec![task]))?)),
        None => Err(Fault::invalid_argument("no such mutation")),
    }
}

/// Calls the operation; `None` if it is not one of these.
pub fn call<S: Surface>(s: &S, op: &str, mut a: Args) -> Result<Option<S::Outcome>, Fault> {
    Ok(Some(match op {
        "records.put" | "records.patch" => {
            let options = put_options(&mut a)?;
            let (key, version): (String, i64) = (a.next()?, a.next()?);
            let value = json(&a.next_raw()?);
            a.read::<()>()?;
            s.show(
                match op {
                    "records.put" => s.records().put_with(key, version, &value, options),
                    _ => s.records().patch_with(key, version, &value, options),
                },
                written,
            )
        }
        "records.get" => s.show(s.records().get(a.read::<(String,)>()?.0), record_if_any),
        "records.get-many" => s.show(s.records().get_many(a.read::<(Vec<String>,)>()?.0), records_if_any),
        "records.get-prefix" => {
            let window = window(&mut a)?;
            s.show(s.records().get_prefix(a.read::<(String,)>()?.0, window), records)
        }
        "records.get-type" => {
            let window = window(&mut a)?;
            s.show(s.records().get_type(a.read::<(String,)>()?.0, window), records)
        }
        "records.get-range" => {
            let window = window(&mut a)?;
            let (start, end): (String, String) = a.read()?;
            s.show(s.records().get_range(start, end, window), records)
        }
        "records.list" => {
            let mut options = ListOptions::new();
            type Narrow = fn(ListOptions, String) -> ListOptions;
            let texts: [(&str, Narrow); 5] = [
                ("prefix", ListOptions::prefix),
                ("start", ListOptions::start),
                ("end", ListOptions::end),
                ("after", ListOptions::after),
                ("type", ListOptions::kind),
            ];
            for (name, set) in texts {
                if let Some(text) = a.given::<String>(name)? {
                    options = set(options, text);
                }
            }
            if let Some(offset) = a.given("offset")? {
                options = options.offset(offset);
            }
            if let Some(limit) = a.given("limit")? {
                options = options.limit(limit);
            }
            a.end()?;
            a.read::<()>()?;
            s.show(s.records().list(options), records)
        }
        "records.count" => {
            a.read::<()>()?;
            s.show(s.records().count(), number)
        }
        "records.count-prefix" => s.show(s.records().count_prefix(a.read::<(String,)>()?.0), number),
        "records.count-range" => {
            let (start, end): (String, String) = a.read()?;
            s.show(s.records().count_range(start, end), number)
        }
        "records.delete" => s.show(s.records().delete(a.read::<(Vec<String>,)>()?.0), number),
        "records.delete-prefix" => {
            let window = window(&mut a)?;
            s.show(s.records().delete_prefix(a.read::<(String,)>()?.0, window), number)
        }
        "records.delete-range" => {
            let window = window(&mut a)?;
            let (start, end): (String, String) = a.read()?;
            s.show(s.records().delete_range(start, end, window), number)
        }
        "records.restore" => {
            let restored = restored(&a.next_raw()?);
            a.read::<()>()?;
            s.show(s.records().restore(&restored), written)
        }
        "records.mutate" => {
            let Value::List(mutations) = a.next_raw()? else { panic!("a list of mutations") };
            let mutations = mutations.into_iter().map(mutation).collect::<Result<Vec<_>, _>>()?;
            s.show(s.records().mutate(mutations), |rows| Value::List(rows.into_iter().map(number).collect()))
        }

        "changes.read" => {
            let mut options = ChangeOptions::new();
            if let Some(from) = a.given("from")? {
                options = options.from(from);
            }
            if let Some(limit) = a.given("limit")? {
                options = options.limit(limit);
            }
            if let Some(kind) = a.given::<String>("type")? {
                options = options.kind(kind);
            }
            if let Some(prefix) = a.given::<String>("prefix")? {
                options = options.prefix(prefix);
            }
            a.end()?;
            s.show(s.changes().read(options), changes)
        }
        "changes.latest" => s.show(s.changes().latest(), number),
        "changes.trim" => s.show(s.changes().trim(a.read::<(u64,)>()?.0), number),

        "changes.advance" => {
            s.show(s.changes().advance(a.read::<(u64,)>()?.0), |()| Value::Text("OK".into()))
        }

        "consumers.claim" | "locks.acquire" => {
            let (name, owner): (String, String) = (a.next()?, a.next()?);
            let ttl = ttl(&a.next_raw()?)?;
            a.read::<()>()?;
            let token = match op {
                "locks.acquire" => s.locks().acquire(name, owner, ttl),
                _ => s.consumers().claim(name, owner, ttl),
            };
            s.show(token, number_if_any)
        }
        "consumers.release" => {
            let (name, owner): (String, String) = a.read()?;
            s.show(s.consumers().release(name, owner), Value::Bool)
        }
        "consumers.commit" => {
            let token = a.given("token")?;
            a.end()?;
            let (name, seq): (String, u64) = a.read()?;
            s.show(s.consumers().commit(name, seq, token), |()| Value::Text("OK".into()))
        }
        "consumers.status" => s.show(s.consumers().status(a.read::<(String,)>()?.0), consumer),
        "consumers.delete" => s.show(s.consumers().delete(a.read::<(String,)>()?.0), Value::Bool),
        "consumers.list" => {
            a.read::<()>()?;
            s.show(s.consumers().list(), |found| {
                let pair = |(name, seq): (String, u64)| Value::List(vec![name.into(), number(seq)]);
                Value::List(found.into_iter().map(pair).collect())
            })
        }

        "locks.release" => {
            let (name, owner): (String, String) = a.read()?;
            s.show(s.locks().release(name, owner), Value::Bool)
        }
        "locks.status" => s.show(s.locks().status(a.read::<(String,)>()?.0), |found| maybe(found, lock)),

        "tasks.create" => s.show(s.tasks().create(new_task(a)?), made),
        "tasks.get" => s.show(s.tasks().get(a.read::<(String,)>()?.0), task_if_any),
        "tasks.list" => {
            let mut options = TaskOptions::new();
            if let Some(status) = a.given::<String>("status")? {
                let status = TaskStatus::from_name(&status);
                options = options.status(status.ok_or_else(|| Fault::invalid_argument("no such status"))?);
            }
            if let Some(name) = a.given::<String>("name")? {
                options = options.name(name);
            }
            if let Some(offset) = a.given("offset")? {
                options = options.offset(offset);
            }
            if let Some(limit) = a.given("limit")? {
                options = options.limit(limit);
            }
            a.end()?;
            s.show(s.tasks().list(options), tasks)
        }
        "tasks.cancel" => s.show(s.tasks().cancel(a.read::<(String,)>()?.0), Value::Bool),
        "tasks.lock" => {
            let worker: String = a.next()?;
            let ttl = ttl(&a.next_raw()?)?;
            let names: Vec<String> = a.read::<(Vec<String>,)>()?.0;
            s.show(s.tasks().lock(worker, ttl, names), task_if_any)
        }
        "tasks.heartbeat" => {
            let (id, token): (String, u64) = (a.next()?, a.next()?);
            let ttl = ttl(&a.next_raw()?)?;
            s.show(s.tasks().heartbeat(id, token, ttl), Value::Bool)
        }
        "tasks.release" => {
            let error: Option<String> = a.given("error")?;
            a.end()?;
            let (id, token, ending): (String, u64, String) = a.read()?;
            let ending = match ending.as_str() {
                "completed" => Ending::Completed,
                "failed" => Ending::Failed,
                _ => return Err(Fault::invalid_argument("expects completed or failed")),
            };
            s.show(s.tasks().release(id, token, ending, error.as_deref()), status_if_any)
        }
        "tasks.requeue" => s.show(s.tasks().requeue(a.read::<(String,)>()?.0), Value::Bool),
        "tasks.restore" => {
            let task = restored_task(&a.next_raw()?);
            a.read::<()>()?;
            s.show(s.tasks().restore(&task), made)
        }
        "tasks.trim" => {
            let moment = SystemTime::UNIX_EPOCH + Duration::from_millis(a.read::<(u64,)>()?.0);
            s.show(s.tasks().trim(moment), number)
        }
        _ => return Ok(None),
    }))
}

/// A record as a case writes it.
fn restored(given: &Value) -> Record<Json> {
    let given = json(given);
    let number = |name: &str| given[name].as_u64();
    let text = |name: &str| given[name].as_str().map(str::to_owned);
    Record {
        key: text("key").unwrap_or_default(),
        version: number("version").unwrap_or_default(),
        stamp: 0,
        kind: text("type"),
        created: number("created").unwrap_or_default(),
        updated: number("updated").unwrap_or_default(),
        expires_at: number("expiresAt"),
        value: given["value"].clone(),
    }
}

/// A task as a case writes it.
fn restored_task(given: &Value) -> Task<Json> {
    let given = json(given);
    let number = |name: &str| given[name].as_u64();
    let text = |name: &str| given[name].as_str().map(str::to_owned);
    Task {
        id: text("id").unwrap_or_default(),
        name: text("name").unwrap_or_default(),
        unique: text("unique"),
        payload: given["payload"].clone(),
        status: TaskStatus::from_name(given["status"].as_str().unwrap_or_default()).expect("a status"),
        created: number("created").unwrap_or_default(),
        scheduled_for: number("scheduledFor").unwrap_or_default(),
        started: number("started"),
        ended: number("ended"),
        tries: number("tries").unwrap_or_default(),
        max_retries: number("maxRetries").unwrap_or_default(),
        timeout_ms: number("timeoutMs"),
        priority: given["priority"].as_i64().unwrap_or_default(),
        error: text("error"),
        worker: text("worker"),
        token: None,
        locked_until: number("lockedUntil"),
    }
}
