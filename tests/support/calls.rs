// Calls each operation of the conformance cases through the typed API of any handle: most as WIT describes them, and here
// those whose JavaScript form differs. No operation semantics, and no particular store.

#[path = "bit_calls.rs"]
mod bit_calls;
#[path = "geo_calls.rs"]
mod geo_calls;
#[path = "record_calls.rs"]
mod record_calls;
#[path = "zset_calls.rs"]
mod zset_calls;

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
    if let Some(outcome) = zset_calls::call::<S, T>(s, op, &mut a)? {
        return Ok(outcome);
    }
    if let Some(outcome) = geo_calls::call::<S, T>(s, op, &mut a)? {
        return Ok(outcome);
    }
    if let Some(outcome) = bit_calls::call(s, op, &mut a)? {
        return Ok(outcome);
    }
    match op {
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
            let (keys, from): (Vec<String>, Side) = a.read()?;
            return Ok(s.show(s.lmpop::<T>(keys, from, count.unwrap_or(1)), plain));
        }
        "sintercard" => {
            let limit: Option<u64> = a.given("limit")?;
            a.end()?;
            let (keys,): (Vec<String>,) = a.read()?;
            return Ok(s.show(s.sintercard(keys, limit), plain));
        }
        _ => a.end()?,
    }
    Ok(match op {
        "get" | "get-bytes" if as_bytes => s.show(s.get_bytes(a.read::<(String,)>()?.0), plain),
        "type" => s.show(s.type_of(a.read::<(String,)>()?.0), type_name),
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
        "getset" => {
            let (key, value): (String, Stored) = a.read()?;
            s.show(s.getset::<T>(key, value), plain)
        }
        "incrbyfloat" => {
            let (key, Decimal(by)): (String, Decimal) = a.read()?;
            s.show(s.incrbyfloat(key, by), plain)
        }
        "hincrbyfloat" => {
            let (key, field, Decimal(by)): (String, Stored, Decimal) = a.read()?;
            s.show(s.hincrbyfloat(key, field, by), plain)
        }
        "mset" => s.show(s.mset(a.read::<(Entries,)>()?.0.0), plain),
        "msetnx" => s.show(s.msetnx(a.read::<(Entries,)>()?.0.0), plain),
        "lpop" | "rpop" | "spop" if a.len() > 1 => return call_plain::<S, T>(s, &[op, "-count"].concat(), a),
        "srandmember" if a.len() > 1 => return call_plain::<S, T>(s, "srandmember-count", a),
        "hset" if a.len() == 2 => {
            let (key, Entries(entries)): (String, Entries) = a.read()?;
            s.show(s.hset_many(key, entries), plain)
        }
        "hgetall" => s.show(s.hgetall_as::<Vec<(String, T)>>(a.read::<(String,)>()?.0), object),
        _ => return call_plain::<S, T>(s, op, a),
    })
}

/// The type of a WIT parameter.
macro_rules! typed {
    (string) => { String };
    (strings) => { Vec<String> };
    (value) => { Stored };
    (values) => { Vec<Stored> };
    (u64) => { u64 };
    (s64) => { i64 };
    (f64) => { f64 };
    (side) => { Side };
    (position) => { Position };
    (bit_operation) => { omnikv::BitOperation };
}

/// Calls each method whose parameters are plain in WIT.
macro_rules! plain_calls {
    ($({
        $name:literal $method:ident ($($host:ident)*) ($($parameter:ident: $type:ident,)*) $(<$generic:ident>)?
    })*) => {
        fn call_plain<S: Surface, T: Element>(s: &S, op: &str, mut a: Args) -> Result<S::Outcome, Fault> {
            Ok(match op {
                $($name => {
                    let ($($parameter,)*): ($(typed!($type),)*) = a.read()?;
                    s.show(s.$method $(::<$generic>)? ($($parameter),*), plain)
                })*
                _ => return Err(unknown(op)),
            })
        }
    };
}
omnikv_wit::plain_operations!(plain_calls except get_bytes key_type hgetall hrandfield_with_values);

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
