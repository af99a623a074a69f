// Converts the arguments of a conformance call from JavaScript's form to the typed API's. What Rust's types exclude is
// `invalid-argument` here, as in JavaScript. No knowledge of operations.

use super::cases::{Fault, Value};
use omnikv::command::Bytes;
use omnikv::value::IntoValue;
use omnikv::{Expiry, Position, Result, Side};
use std::time::Duration;

/// The arguments of one call.
pub struct Args {
    positional: std::vec::IntoIter<Value>,
    options: Vec<(String, Value)>,
}

impl Args {
    /// The options are the last argument if it is an object, unless the operation takes an object of entries.
    pub fn new(op: &str, mut arguments: Vec<Value>) -> Args {
        // A document may be an object too.
        let takes_entries = match op {
            "mset" | "msetnx" | "hset" => true,
            "records.put" | "records.patch" | "geosearch" => arguments.len() < 4,
            "records.restore" | "tasks.restore" => true,
            // The area is an object, too.
            "geosearchstore" => arguments.len() < 5,
            "zadd" | "geoadd" => arguments.last().is_some_and(|last| last.member("member").is_some()),
            _ => false,
        };
        let options = match arguments.pop() {
            Some(Value::Map(options)) if !takes_entries => options,
            last => {
                arguments.extend(last);
                Vec::new()
            }
        };
        Args { positional: arguments.into_iter(), options }
    }

    /// Whether values are to be read as bytes.
    pub fn as_bytes(&mut self) -> Result<bool, Fault> {
        match self.option("as") {
            None => Ok(false),
            Some(Value::Text(name)) if name == "bytes" => Ok(true),
            Some(other) => Err(unfit("bytes", &other)),
        }
    }

    /// How many positional arguments are left.
    pub fn len(&self) -> usize {
        self.positional.len()
    }

    /// Reads exactly these arguments.
    pub fn read<T: FromArgs>(&mut self) -> Result<T, Fault> {
        let arguments = T::from_args(self)?;
        match self.positional.next() {
            None => Ok(arguments),
            Some(_) => Err(Fault::invalid_argument("too many arguments")),
        }
    }

    /// The next argument, unconverted.
    pub fn next_raw(&mut self) -> Result<Value, Fault> {
        self.positional.next().ok_or_else(|| Fault::invalid_argument("too few arguments"))
    }

    /// The next argument.
    pub fn next<T: Arg>(&mut self) -> Result<T, Fault> {
        T::from_args(self)
    }

    /// An option, unconverted.
    pub fn raw(&mut self, name: &str) -> Option<Value> {
        self.option(name)
    }

    fn option(&mut self, name: &str) -> Option<Value> {
        let index = self.options.iter().position(|(known, _)| known == name)?;
        Some(self.options.swap_remove(index).1)
    }

    /// Whether an option is given.
    pub fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(known, _)| known == name)
    }

    /// An option; `null` means not given.
    pub fn given<T: Arg>(&mut self, name: &str) -> Result<Option<T>, Fault> {
        self.option(name).filter(|value| *value != Value::Null).map(T::from_value).transpose()
    }

    pub fn flag(&mut self, name: &str) -> Result<bool, Fault> {
        match self.option(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(other) => Err(unfit("true or false", &other)),
        }
    }

    /// The flag that is set: at most one of these.
    pub fn one_of<T>(
        &mut self,
        flags: impl IntoIterator<Item = (&'static str, T)>,
    ) -> Result<Option<T>, Fault> {
        let mut chosen = None;
        for (name, meaning) in flags {
            if self.flag(name)? && chosen.replace(meaning).is_some() {
                return Err(Fault::invalid_argument(format!("{name} excludes another option")));
            }
        }
        Ok(chosen)
    }

    /// The expiry in the options: at most one.
    pub fn expiry(&mut self) -> Result<Expiry, Fault> {
        let mut stated = Vec::new();
        if let Some(ttl) = self.option("ttl") {
            stated.push(ttl_of(&ttl)?.map_or(Expiry::Never, Expiry::from));
        }
        if let Some(milliseconds) = self.given::<u64>("ttlMs")? {
            stated.push(Expiry::from(Duration::from_millis(milliseconds)));
        }
        if let Some(moment) = self.given::<u64>("expireAt")? {
            stated.push(Expiry::At(moment));
        }
        if self.flag("keepTtl")? {
            stated.push(Expiry::Keep);
        }
        if self.flag("persist")? {
            stated.push(Expiry::Never);
        }
        match stated[..] {
            [] => Ok(Expiry::Unstated),
            [expiry] => Ok(expiry),
            _ => Err(Fault::invalid_argument("more than one word about time")),
        }
    }

    /// Rejects options that were not read.
    pub fn end(&self) -> Result<(), Fault> {
        match self.options.first() {
            None => Ok(()),
            Some((name, _)) => Err(Fault::invalid_argument(format!("no such option: {name}"))),
        }
    }
}

/// A time to live: seconds, or text with a unit. `None` means never.
pub fn ttl_of(ttl: &Value) -> Result<Option<Duration>, Fault> {
    let seconds = match ttl {
        Value::Null => return Ok(None),
        Value::Int(seconds) => *seconds as f64,
        Value::Float(seconds) => *seconds,
        Value::Text(text) => {
            let unit_begins = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
            let (number, unit) = text.split_at(unit_begins);
            let scale = match unit {
                "ms" => 0.001,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                "d" => 86400.0,
                _ => return Err(unfit("a time", ttl)),
            };
            number.trim().parse::<f64>().map_err(|_| unfit("a time", ttl))? * scale
        }
        _ => return Err(unfit("a time", ttl)),
    };
    Duration::try_from_secs_f64(seconds).map(Some).map_err(|_| unfit("a time that is not negative", ttl))
}

fn unfit(expected: &str, got: &Value) -> Fault {
    Fault::invalid_argument(format!("expects {expected}, got {got:?}"))
}

/// A type of argument.
pub trait Arg: Sized {
    fn from_value(value: Value) -> Result<Self, Fault>;

    fn from_args(args: &mut Args) -> Result<Self, Fault> {
        Self::from_value(args.positional.next().ok_or_else(|| Fault::invalid_argument("too few arguments"))?)
    }
}

impl Arg for bool {
    fn from_value(value: Value) -> Result<Self, Fault> {
        match value {
            Value::Bool(flag) => Ok(flag),
            other => Err(unfit("true or false", &other)),
        }
    }
}

impl Arg for String {
    fn from_value(value: Value) -> Result<String, Fault> {
        match value {
            Value::Text(text) => Ok(text),
            other => Err(unfit("text", &other)),
        }
    }
}

/// Implements [`Arg`] for a type whose values are words.
macro_rules! words {
    ($type:ty: $($word:literal => $value:expr,)*) => {
        impl Arg for $type {
            fn from_value(value: Value) -> Result<$type, Fault> {
                match value {
                    $(Value::Text(word) if word == $word => Ok($value),)*
                    other => Err(unfit(concat!($($word, " "),*), &other)),
                }
            }
        }
    };
}
words!(Side: "left" => Side::Left, "right" => Side::Right,);
words!(Position: "before" => Position::Before, "after" => Position::After,);

macro_rules! integers {
    ($($type:ty)*) => { $(
        impl Arg for $type {
            fn from_value(value: Value) -> Result<$type, Fault> {
                match value {
                    Value::Int(number) => number.try_into().map_err(|_| unfit(stringify!($type), &value)),
                    other => Err(unfit("an integer", &other)),
                }
            }
        }
    )* };
}
integers!(i64 u64);

impl Arg for f64 {
    fn from_value(value: Value) -> Result<f64, Fault> {
        match value {
            Value::Int(number) => Ok(number as f64),
            Value::Float(number) => Ok(number),
            other => Err(unfit("a number", &other)),
        }
    }
}

/// An optional argument; `null` means not given.
impl<A: Arg> Arg for Option<A> {
    fn from_value(value: Value) -> Result<Option<A>, Fault> {
        if value == Value::Null { Ok(None) } else { A::from_value(value).map(Some) }
    }

    fn from_args(args: &mut Args) -> Result<Option<A>, Fault> {
        args.positional.next().map_or(Ok(None), Self::from_value)
    }
}

/// A value in any of the types that can be stored.
#[derive(Clone)]
pub struct Stored(Value);

impl Arg for Stored {
    fn from_value(value: Value) -> Result<Stored, Fault> {
        match value {
            Value::Null | Value::List(_) | Value::Map(_) | Value::Error(_) => Err(unfit("a value", &value)),
            stored => Ok(Stored(stored)),
        }
    }
}

impl IntoValue for Stored {
    fn into_value(self) -> Result<Bytes> {
        match self.0 {
            Value::Bool(flag) => flag.into_value(),
            Value::Int(number) => match i64::try_from(number) {
                Ok(number) => number.into_value(),
                Err(_) => u64::try_from(number).expect("an integer of 64 bits").into_value(),
            },
            Value::Float(number) => number.into_value(),
            Value::Text(text) => text.into_value(),
            Value::Bytes(bytes) => bytes.into_value(),
            Value::Null | Value::List(_) | Value::Map(_) | Value::Error(_) => unreachable!("no stored value"),
        }
    }
}

/// A number, or its text.
pub struct Decimal(pub Stored);

impl Arg for Decimal {
    fn from_value(value: Value) -> Result<Decimal, Fault> {
        match value {
            Value::Int(_) | Value::Float(_) | Value::Text(_) => Ok(Decimal(Stored(value))),
            other => Err(unfit("a number", &other)),
        }
    }
}

/// One list, or all remaining arguments.
impl<A: Arg> Arg for Vec<A> {
    fn from_value(value: Value) -> Result<Vec<A>, Fault> {
        match value {
            Value::List(items) => items.into_iter().map(A::from_value).collect(),
            other => Err(unfit("a list", &other)),
        }
    }

    fn from_args(args: &mut Args) -> Result<Vec<A>, Fault> {
        match args.positional.as_slice() {
            [Value::List(_), ..] => Self::from_value(args.positional.next().unwrap()),
            _ => args.positional.by_ref().map(A::from_value).collect(),
        }
    }
}

/// Names and values: an object.
pub struct Entries(pub Vec<(String, Stored)>);

impl Arg for Entries {
    fn from_value(value: Value) -> Result<Entries, Fault> {
        match value {
            Value::Map(members) => {
                let entry = |(name, value)| Ok((name, Stored::from_value(value)?));
                members.into_iter().map(entry).collect::<Result<_, _>>().map(Entries)
            }
            other => Err(unfit("an object", &other)),
        }
    }
}

/// Several arguments, one after the other.
pub trait FromArgs: Sized {
    fn from_args(args: &mut Args) -> Result<Self, Fault>;
}

macro_rules! tuples {
    ($($($arg:ident)*;)*) => { $(
        impl<$($arg: Arg),*> FromArgs for ($($arg,)*) {
            #[allow(unused_variables, reason = "there may be no argument")]
            fn from_args(args: &mut Args) -> Result<Self, Fault> {
                Ok(($($arg::from_args(args)?,)*))
            }
        }
    )* };
}
tuples! {
    ;
    A;
    A B;
    A B C;
    A B C D;
}
