// Calls each operation of the conformance cases through the typed API of any handle. No operation semantics, and no
// particular store.

#[path = "record_calls.rs"]
mod record_calls;

use super::args::{Args, Decimal, Entries, Stored};
use super::cases::{Fault, Request, Value};
use omnikv::command::Bytes;
use omnikv::prelude::*;
use omnikv::value::FromValue;
use omnikv::{
    Error, ExpireCondition, LposOptions, MatchOptions, Page, Position, RangeOptions, Run, ScanOptions,
    SetOptions, Side, ValueType,
};

/// A handle whose results can be converted to values, now or later.
pub trait Surface: Run {
    type Outcome;

    fn show<T: 'static>(&self, output: Self::Output<T>, show: fn(T) -> Value) -> Self::Outcome;
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault { kind: error.kind().code().to_owned(), message: format!("{error:?}") }
    }
}

/// The type that values are read as: text or bytes.
pub trait Element: FromValue + Into<Value> {}
impl Element for String {}
impl Element for Bytes {}

macro_rules! shown {
    ($($type:ty: $value:ident => $shown:expr;)*) => { $(
        impl From<$type> for Value {
            fn from($value: $type) -> Value {
                $shown
            }
        }
    )* };
}
shown! {
    (): _done => Value::Text("OK".into());
    bool: flag => Value::Bool(flag);
    i64: number => Value::Int(number.into());
    u64: number => Value::Int(number.into());
    f64: number => Value::Float(number);
    String: text => Value::Text(text);
    Bytes: bytes => Value::Bytes(bytes);
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, T::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Value {
        Value::List(items.into_iter().map(T::into).collect())
    }
}

impl<A: Into<Value>, B: Into<Value>> From<(A, B)> for Value {
    fn from((a, b): (A, B)) -> Value {
        Value::List(vec![a.into(), b.into()])
    }
}

fn plain<T: Into<Value>>(value: T) -> Value {
    value.into()
}

/// The reply of a conditional write: OK or null.
fn written(is_written: bool) -> Value {
    is_written.then_some(()).into()
}

fn type_name(kind: Option<ValueType>) -> Value {
    Value::Text(kind.map_or("none", ValueType::name).to_owned())
}

fn object<T: Into<Value>>(pairs: Vec<(String, T)>) -> Value {
    Value::Map(pairs.into_iter().map(|(name, value)| (name, value.into())).collect())
}

fn keys_page(page: Page<String>) -> Value {
    page_of("keys", page)
}

fn entries_page<T: Into<Value>>(page: Page<(T, T)>) -> Value {
    page_of("entries", page)
}

fn members_page<T: Into<Value>>(page: Page<T>) -> Value {
    page_of("members", page)
}

fn page_of<T: Into<Value>>(name: &str, page: Page<T>) -> Value {
    Value::Map(vec![("cursor".into(), page.cursor.into()), (name.into(), page.items.into())])
}

/// Calls the operation.
pub fn call<S: Surface>(store: &S, request: &Request) -> Result<S::Outcome, Fault> {
    let mut args = Args::new(&request.op, request.arguments.clone());
    if request.op.contains('.') {
        let outcome = record_calls::call(store, &request.op, args)?;
        return outcome.ok_or_else(|| unknown(&request.op));
    }
    if args.as_bytes()? || request.op == "get-bytes" {
        call_as::<S, Bytes>(store, &request.op, true, args)
    } else {
        call_as::<S, String>(store, &request.op, false, args)
    }
}

fn call_as<S: Surface, T: Element>(
    s: &S,
    op: &str,
    as_bytes: bool,
    mut a: Args,
) -> Result<S::Outcome, Fault> {
    // Read the options first: an operation with an invalid one must not run.
    let outcome = match op {
        "set" | "compare-and-set" | "getex" => return with_expiry::<S, T>(s, op, a),
        "expire" | "pexpire" | "expireat" | "pexpireat" => return with_condition(s, op, a),
        "scan" | "hscan" | "sscan" => return a_page::<S, T>(s, op, a),
        "copy" => {
            let replace = a.flag("replace")?;
            a.end()?;
            let (key, to): (String, String) = a.read()?;
            return Ok(s.show(if replace { s.copy_replace(key, to) } else { s.copy(key, to) }, plain));
        }
        "range" => {
            let mut options = RangeOptions::new();
            if let Some(limit) = a.given("limit")? {
                options = options.limit(limit);
            }
            if a.flag("reverse")? {
                options = options.reverse();
            }
            if let Some(after) = a.given::<String>("after")? {
                options = options.after(after);
            }
            let keys_only = a.given::<bool>("values")? == Some(false);
            a.end()?;
            let (start, end): (String, Option<String>) = a.read()?;
            if keys_only {
                return Ok(s.show(s.range_keys(start, end.as_deref(), options), plain));
            }
            return Ok(s.show(s.range_as::<T>(start, end.as_deref(), options), plain));
        }
        "lpos" => {
            let mut options = LposOptions::new();
            if let Some(rank) = a.given("rank")? {
                options = options.rank(rank);
            }
            if let Some(max_len) = a.given("maxLen")? {
                options = options.max_len(max_len);
            }
            let count: Option<u64> = a.given("count")?;
            a.end()?;
            let (key, value): (String, Stored) = a.read()?;
            return Ok(match count {
                Some(count) => s.show(s.lpos_all(key, value, count, options), plain),
                None => s.show(s.lpos_with(key, value, options), plain),
            });
        }
        "hrandfield" => {
            let with_values = a.flag("withValues")?;
            a.end()?;
            return Ok(match a.read::<(String, Option<i64>)>()? {
                (key, Some(count)) if with_values => {
                    s.show(s.hrandfield_with_values::<T, T>(key, count), plain)
                }
                (key, Some(count)) => s.show(s.hrandfield_count::<T>(key, count), plain),
                (key, None) => s.show(s.hrandfield::<T>(key), plain),
            });
        }
        "lmpop" => {
            let count: Option<u64> = a.given("count")?;
            a.end()?;
            let (keys, from): (Vec<String>, String) = a.read()?;
            return Ok(s.show(s.lmpop::<T>(keys, side(&from)?, count.unwrap_or(1)), plain));
        }
        "sintercard" => {
            let limit: Option<u64> = a.given("limit")?;
            a.end()?;
            let (keys,): (Vec<String>,) = a.read()?;
            return Ok(s.show(s.sintercard(keys, limit), plain));
        }
        _ => {
            a.end()?;
            op
        }
    };
    Ok(match outcome {
        "del" => s.show(s.del(a.read::<(Vec<String>,)>()?.0), plain),
        "exists" => s.show(s.exists(a.read::<(String,)>()?.0), plain),
        "keys" => s.show(s.keys(a.read::<(String,)>()?.0), plain),
        "type" => s.show(s.type_of(a.read::<(String,)>()?.0), type_name),
        "rename" => {
            let (key, to): (String, String) = a.read()?;
            s.show(s.rename(key, to), plain)
        }
        "renamenx" => {
            let (key, to): (String, String) = a.read()?;
            s.show(s.renamenx(key, to), plain)
        }
        "touch" => s.show(s.touch(a.read::<(Vec<String>,)>()?.0), plain),
        "randomkey" => {
            a.read::<()>()?;
            s.show(s.randomkey(), plain)
        }
        "expiretime" => s.show(s.expiretime(a.read::<(String,)>()?.0), plain),
        "pexpiretime" => s.show(s.pexpiretime(a.read::<(String,)>()?.0), plain),
        "ttl" => s.show(s.ttl(a.read::<(String,)>()?.0), plain),
        "pttl" => s.show(s.pttl(a.read::<(String,)>()?.0), plain),
        "persist" => s.show(s.persist(a.read::<(String,)>()?.0), plain),
        "count" => match a.read::<(Option<String>, Option<String>)>()? {
            (start, Some(end)) => s.show(s.count_range(start.unwrap_or_default(), end), plain),
            (prefix, None) => s.show(s.count(prefix.unwrap_or_default()), plain),
        },
        "delete-range" => {
            let (start, end): (String, Option<String>) = a.read()?;
            s.show(s.delete_range(start, end.as_deref()), plain)
        }
        "flush" => {
            a.read::<()>()?;
            s.show(s.flush(), plain)
        }

        "get" if !as_bytes => s.show(s.get(a.read::<(String,)>()?.0), plain),
        "get" | "get-bytes" => s.show(s.get_bytes(a.read::<(String,)>()?.0), plain),
        "append" => {
            let (key, value): (String, Stored) = a.read()?;
            s.show(s.append(key, value), plain)
        }
        "strlen" => s.show(s.strlen(a.read::<(String,)>()?.0), plain),
        "getrange" => {
            let (key, start, end): (String, i64, i64) = a.read()?;
            s.show(s.getrange::<T>(key, start, end), plain)
        }
        "getbit" => {
            let (key, offset): (String, u64) = a.read()?;
            s.show(s.getbit(key, offset), plain)
        }
        "setrange" => {
            let (key, offset, value): (String, u64, Stored) = a.read()?;
            s.show(s.setrange(key, offset, value), plain)
        }
        "getset" => {
            let (key, value): (String, Stored) = a.read()?;
            s.show(s.getset::<T>(key, value), plain)
        }
        "getdel" => s.show(s.getdel::<T>(a.read::<(String,)>()?.0), plain),
        "incr" => s.show(s.incr(a.read::<(String,)>()?.0), plain),
        "decr" => s.show(s.decr(a.read::<(String,)>()?.0), plain),
        "incrby" => {
            let (key, by): (String, i64) = a.read()?;
            s.show(s.incrby(key, by), plain)
        }
        "decrby" => {
            let (key, by): (String, i64) = a.read()?;
            s.show(s.decrby(key, by), plain)
        }
        "incrbyfloat" => {
            let (key, Decimal(by)): (String, Decimal) = a.read()?;
            s.show(s.incrbyfloat(key, by), plain)
        }
        "mget" => s.show(s.mget::<T>(a.read::<(Vec<String>,)>()?.0), plain),
        "mset" => s.show(s.mset(a.read::<(Entries,)>()?.0.0), plain),
        "msetnx" => s.show(s.msetnx(a.read::<(Entries,)>()?.0.0), plain),
        "compare-and-delete" => {
            let (key, expected): (String, Stored) = a.read()?;
            s.show(s.compare_and_delete(key, expected), plain)
        }

        "lpush" => {
            let (key, values): (String, Vec<Stored>) = a.read()?;
            s.show(s.lpush(key, values), plain)
        }
        "rpush" => {
            let (key, values): (String, Vec<Stored>) = a.read()?;
            s.show(s.rpush(key, values), plain)
        }
        "lpushx" => {
            let (key, values): (String, Vec<Stored>) = a.read()?;
            s.show(s.lpushx(key, values), plain)
        }
        "rpushx" => {
            let (key, values): (String, Vec<Stored>) = a.read()?;
            s.show(s.rpushx(key, values), plain)
        }
        "lpop" => match a.read::<(String, Option<u64>)>()? {
            (key, Some(count)) => s.show(s.lpop_count::<T>(key, count), plain),
            (key, None) => s.show(s.lpop::<T>(key), plain),
        },
        "rpop" => match a.read::<(String, Option<u64>)>()? {
            (key, Some(count)) => s.show(s.rpop_count::<T>(key, count), plain),
            (key, None) => s.show(s.rpop::<T>(key), plain),
        },
        "lrange" => {
            let (key, start, stop): (String, i64, i64) = a.read()?;
            s.show(s.lrange::<T>(key, start, stop), plain)
        }
        "llen" => s.show(s.llen(a.read::<(String,)>()?.0), plain),
        "lindex" => {
            let (key, index): (String, i64) = a.read()?;
            s.show(s.lindex::<T>(key, index), plain)
        }
        "lset" => {
            let (key, index, value): (String, i64, Stored) = a.read()?;
            s.show(s.lset(key, index, value), plain)
        }
        "lrem" => {
            let (key, count, value): (String, i64, Stored) = a.read()?;
            s.show(s.lrem(key, count, value), plain)
        }
        "ltrim" => {
            let (key, start, stop): (String, i64, i64) = a.read()?;
            s.show(s.ltrim(key, start, stop), plain)
        }
        "linsert" => {
            let (key, position, pivot, value): (String, String, Stored, Stored) = a.read()?;
            let position = match position.as_str() {
                "before" => Position::Before,
                "after" => Position::After,
                _ => return Err(Fault::invalid_argument("expects before or after")),
            };
            s.show(s.linsert(key, position, pivot, value), plain)
        }
        "lmove" => {
            let (key, to, from_side, to_side): (String, String, String, String) = a.read()?;
            s.show(s.lmove::<T>(key, to, side(&from_side)?, side(&to_side)?), plain)
        }

        "hset" if a.len() == 2 => {
            let (key, Entries(entries)): (String, Entries) = a.read()?;
            s.show(s.hset_many(key, entries), plain)
        }
        "hset" => {
            let (key, field, value): (String, Stored, Stored) = a.read()?;
            s.show(s.hset(key, field, value), plain)
        }
        "hget" => {
            let (key, field): (String, Stored) = a.read()?;
            s.show(s.hget::<T>(key, field), plain)
        }
        "hmget" => {
            let (key, fields): (String, Vec<Stored>) = a.read()?;
            s.show(s.hmget::<T>(key, fields), plain)
        }
        "hgetall" => s.show(s.hgetall_as::<Vec<(String, T)>>(a.read::<(String,)>()?.0), object),
        "hdel" => {
            let (key, fields): (String, Vec<Stored>) = a.read()?;
            s.show(s.hdel(key, fields), plain)
        }
        "hexists" => {
            let (key, field): (String, Stored) = a.read()?;
            s.show(s.hexists(key, field), plain)
        }
        "hlen" => s.show(s.hlen(a.read::<(String,)>()?.0), plain),
        "hkeys" => s.show(s.hkeys::<T>(a.read::<(String,)>()?.0), plain),
        "hvals" => s.show(s.hvals::<T>(a.read::<(String,)>()?.0), plain),
        "hstrlen" => {
            let (key, field): (String, Stored) = a.read()?;
            s.show(s.hstrlen(key, field), plain)
        }
        "hincrby" => {
            let (key, field, by): (String, Stored, i64) = a.read()?;
            s.show(s.hincrby(key, field, by), plain)
        }
        "hincrbyfloat" => {
            let (key, field, Decimal(by)): (String, Stored, Decimal) = a.read()?;
            s.show(s.hincrbyfloat(key, field, by), plain)
        }
        "hsetnx" => {
            let (key, field, value): (String, Stored, Stored) = a.read()?;
            s.show(s.hsetnx(key, field, value), plain)
        }

        "sadd" => {
            let (key, members): (String, Vec<Stored>) = a.read()?;
            s.show(s.sadd(key, members), plain)
        }
        "srem" => {
            let (key, members): (String, Vec<Stored>) = a.read()?;
            s.show(s.srem(key, members), plain)
        }
        "smembers" => s.show(s.smembers::<T>(a.read::<(String,)>()?.0), plain),
        "sismember" => {
            let (key, member): (String, Stored) = a.read()?;
            s.show(s.sismember(key, member), plain)
        }
        "smismember" => {
            let (key, members): (String, Vec<Stored>) = a.read()?;
            s.show(s.smismember(key, members), plain)
        }
        "scard" => s.show(s.scard(a.read::<(String,)>()?.0), plain),
        "spop" => match a.read::<(String, Option<u64>)>()? {
            (key, Some(count)) => s.show(s.spop_count::<T>(key, count), plain),
            (key, None) => s.show(s.spop::<T>(key), plain),
        },
        "srandmember" => match a.read::<(String, Option<i64>)>()? {
            (key, Some(count)) => s.show(s.srandmember_count::<T>(key, count), plain),
            (key, None) => s.show(s.srandmember::<T>(key), plain),
        },
        "smove" => {
            let (key, to, member): (String, String, Stored) = a.read()?;
            s.show(s.smove(key, to, member), plain)
        }
        "sinter" => s.show(s.sinter::<T>(a.read::<(Vec<String>,)>()?.0), plain),
        "sunion" => s.show(s.sunion::<T>(a.read::<(Vec<String>,)>()?.0), plain),
        "sdiff" => s.show(s.sdiff::<T>(a.read::<(Vec<String>,)>()?.0), plain),
        "sinterstore" => {
            let (to, keys): (String, Vec<String>) = a.read()?;
            s.show(s.sinterstore(to, keys), plain)
        }
        "sunionstore" => {
            let (to, keys): (String, Vec<String>) = a.read()?;
            s.show(s.sunionstore(to, keys), plain)
        }
        "sdiffstore" => {
            let (to, keys): (String, Vec<String>) = a.read()?;
            s.show(s.sdiffstore(to, keys), plain)
        }
        op => return Err(unknown(op)),
    })
}

/// No case expects this kind, so it fails with its name and step.
fn unknown(op: &str) -> Fault {
    Fault { kind: "unknown operation".into(), message: op.to_owned() }
}

fn with_expiry<S: Surface, T: Element>(s: &S, op: &str, mut a: Args) -> Result<S::Outcome, Fault> {
    let expiry = a.expiry()?;
    if op == "compare-and-set" {
        a.end()?;
        let (key, expected, value): (String, Option<Stored>, Stored) = a.read()?;
        return Ok(s.show(s.compare_and_set_with(key, expected, value, expiry), plain));
    }
    if op == "getex" {
        a.end()?;
        return Ok(s.show(s.getex::<T>(a.read::<(String,)>()?.0, expiry), plain));
    }
    let condition: Option<fn(SetOptions) -> SetOptions> =
        a.one_of([("nx", SetOptions::nx as fn(SetOptions) -> SetOptions), ("xx", SetOptions::xx)])?;
    let get = a.flag("get")?;
    a.end()?;
    let options = condition.map_or_else(SetOptions::new, |condition| condition(SetOptions::new()));
    let options = options.expiry(expiry);
    let (key, value): (String, Stored) = a.read()?;
    Ok(match get {
        true => s.show(s.set_and_get::<T>(key, value, options), plain),
        false if options == SetOptions::new() => s.show(s.set(key, value), plain),
        false => s.show(s.set_with(key, value, options), written),
    })
}

fn with_condition<S: Surface>(s: &S, op: &str, mut a: Args) -> Result<S::Outcome, Fault> {
    use ExpireCondition::{Earlier, EarlierThanSome, Later, None as Without, Some as With};
    let is_both = a.has("xx") && a.has("lt");
    let earlier = if is_both && a.flag("xx")? { EarlierThanSome } else { Earlier };
    let condition = a.one_of([("nx", Without), ("xx", With), ("gt", Later), ("lt", earlier)])?;
    a.end()?;
    let (key, time): (String, i64) = a.read()?;
    let output = match (op, condition) {
        ("expire", None) => s.expire(key, time),
        ("expire", Some(condition)) => s.expire_if(key, time, condition),
        ("pexpire", None) => s.pexpire(key, time),
        ("pexpire", Some(condition)) => s.pexpire_if(key, time, condition),
        ("expireat", None) => s.expireat(key, time),
        ("expireat", Some(condition)) => s.expireat_if(key, time, condition),
        (_, None) => s.pexpireat(key, time),
        (_, Some(condition)) => s.pexpireat_if(key, time, condition),
    };
    Ok(s.show(output, plain))
}

fn a_page<S: Surface, T: Element>(s: &S, op: &str, mut a: Args) -> Result<S::Outcome, Fault> {
    let count: Option<u64> = a.given("count")?;
    if op == "scan" {
        let mut options = ScanOptions::new();
        if let Some(count) = count {
            options = options.count(count);
        }
        if let Some(pattern) = a.given::<String>("match")? {
            options = options.matching(pattern);
        }
        if let Some(name) = a.given::<String>("type")? {
            let kind = ValueType::from_name(&name);
            options = options.of_type(kind.ok_or_else(|| Fault::invalid_argument("no such type"))?);
        }
        a.end()?;
        return Ok(s.show(s.scan(a.read::<(String,)>()?.0, options), keys_page));
    }
    let mut options = MatchOptions::new();
    if let Some(count) = count {
        options = options.count(count);
    }
    if let Some(pattern) = a.given::<Stored>("match")? {
        options = options.matching(omnikv::value::IntoValue::into_value(pattern)?);
    }
    a.end()?;
    let (key, cursor): (String, String) = a.read()?;
    Ok(match op {
        "hscan" => s.show(s.hscan::<T, T>(key, cursor, options), entries_page),
        _ => s.show(s.sscan::<T>(key, cursor, options), members_page),
    })
}

fn side(name: &str) -> Result<Side, Fault> {
    match name {
        "left" => Ok(Side::Left),
        "right" => Ok(Side::Right),
        _ => Err(Fault::invalid_argument("expects left or right")),
    }
}
