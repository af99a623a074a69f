// The oracle: runs commands on a real redis-server and converts the replies. Its clock can be moved.

use super::moments::{self, real_now_ms};
use super::redis::{RedisServer, cmd};
use omnikv::command::{Bytes, Command, Key, Reply};
use omnikv::error::{Error, Kind, Result};
use redis::{Connection, Pipeline, RedisError, RedisResult, Value};

/// A redis-server, and a clock that shows the server's time plus everything added by `advance`.
pub struct Oracle {
    connection: Connection,
    /// How many milliseconds its clock is ahead of the server's.
    ahead: i64,
    _server: RedisServer,
}

impl Oracle {
    pub fn start() -> Oracle {
        let server = RedisServer::start();
        Oracle { connection: server.connect(), ahead: 0, _server: server }
    }

    /// Its clock's time, in milliseconds since 1970.
    pub fn now_ms(&self) -> u64 {
        u64::try_from(real_now_ms() + self.ahead).expect("a clock after 1970")
    }

    /// Advances the time.
    pub fn advance(&mut self, milliseconds: u64) {
        self.shift(milliseconds.try_into().expect("a step that fits"));
    }

    /// Sets the clock. Deadlines keep their time on this clock, which undoes the real time that has passed since it was
    /// last set.
    pub fn set_clock(&mut self, now_ms: u64) {
        self.shift(i64::try_from(now_ms).expect("a moment that fits") - self.ahead - real_now_ms());
    }

    fn shift(&mut self, milliseconds: i64) {
        moments::shift_deadlines(&mut self.connection, -milliseconds);
        self.ahead += milliseconds;
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        let _: () = redis::cmd("FLUSHALL").query(&mut self.connection).expect("an empty server");
    }

    /// Runs one command.
    ///
    /// # Panics
    /// If Redis has no such command.
    pub fn execute(&mut self, command: &Command) -> Result<Reply> {
        self.pipeline(std::slice::from_ref(command)).remove(0)
    }

    /// Runs commands in one round trip, each with its own answer.
    pub fn pipeline(&mut self, commands: &[Command]) -> Vec<Result<Reply>> {
        self.send(Pipeline::new(), commands)
    }

    /// Runs commands as a transaction, if each checked key still holds its value; otherwise `conflict`.
    pub fn transaction(
        &mut self,
        checks: &[(Key, Option<Bytes>)],
        commands: &[Command],
    ) -> Result<Vec<Result<Reply>>> {
        for (key, expected) in checks {
            let _: () = redis::cmd("WATCH").arg(key.as_str()).query(&mut self.connection).expect("a watch");
            let held: RedisResult<Option<Bytes>> =
                redis::cmd("GET").arg(key.as_str()).query(&mut self.connection);
            if held.as_ref() != Ok(expected) {
                let _: () = redis::cmd("UNWATCH").query(&mut self.connection).expect("an end of watching");
                return Err(Error::new(Kind::Conflict, "a checked key has changed"));
            }
        }
        let mut pipeline = Pipeline::new();
        pipeline.atomic();
        Ok(self.send(pipeline, commands))
    }

    fn send(&mut self, mut pipeline: Pipeline, commands: &[Command]) -> Vec<Result<Reply>> {
        if commands.is_empty() {
            return Vec::new();
        }
        for command in commands {
            let words = moments::in_server_time(command, self.ahead).to_redis();
            pipeline.add_command(cmd(&words.unwrap_or_else(|| panic!("Redis cannot {command:?}"))));
        }
        let replies: Vec<RedisResult<Value>> =
            pipeline.ignore_errors().query(&mut self.connection).expect("the server to answer");
        assert_eq!(replies.len(), commands.len());
        let answers = commands.iter().zip(replies);
        answers
            .map(|(command, reply)| moments::in_our_time(command, read_reply(command, reply), self.ahead))
            .collect()
    }
}

fn read_reply(command: &Command, reply: RedisResult<Value>) -> Result<Reply> {
    Ok(match reply.map_err(|error| read_error(command, &error))? {
        Value::Nil => Reply::Nil,
        Value::Okay => Reply::Ok,
        Value::Int(number) => Reply::Int(number),
        Value::BulkString(bytes) => Reply::Bytes(bytes),
        Value::SimpleString(text) => Reply::Bytes(text.into_bytes()),
        Value::Array(items) => read_list(command, items),
        other => panic!("{} answered {other:?}", command.name()),
    })
}

fn read_list(command: &Command, items: Vec<Value>) -> Reply {
    match command {
        Command::Scan { .. } | Command::HScan { .. } | Command::SScan { .. } | Command::ZScan { .. } => {
            let [Value::BulkString(cursor), Value::Array(page)] =
                <[Value; 2]>::try_from(items).expect("a page")
            else {
                panic!("a cursor and items")
            };
            let page = page.into_iter().map(|item| read_item(item).expect("no nil in a page")).collect();
            Reply::Page(String::from_utf8(cursor).expect("a cursor of digits"), page)
        }
        Command::SMIsMember { .. } | Command::LPos { .. } => Reply::Ints(
            items
                .into_iter()
                .map(
                    |item| if let Value::Int(number) = item { number } else { panic!("no number: {item:?}") },
                )
                .collect(),
        ),
        Command::BitField { .. } => Reply::List(
            items
                .into_iter()
                .map(|item| match item {
                    Value::Nil => None,
                    Value::Int(number) => Some(number.to_string().into_bytes()),
                    other => panic!("no number: {other:?}"),
                })
                .collect(),
        ),
        Command::LMPop { .. } => match <[Value; 2]>::try_from(items).expect("a key and elements") {
            [key, Value::Array(elements)] => {
                Reply::List(std::iter::once(key).chain(elements).map(read_item).collect())
            }
            other => panic!("{other:?}"),
        },
        Command::ZMPop { .. } => match <[Value; 2]>::try_from(items).expect("a key and members") {
            [key, Value::Array(members)] => {
                let pairs = members.into_iter().flat_map(|pair| match pair {
                    Value::Array(pair) => pair,
                    other => panic!("{other:?}"),
                });
                Reply::List(std::iter::once(key).chain(pairs).map(read_item).collect())
            }
            other => panic!("{other:?}"),
        },
        // A place is two numbers, and a missing one nothing.
        Command::GeoPos { .. } => {
            let places = items.into_iter().flat_map(|place| match place {
                Value::Array(place) => place,
                nothing => vec![nothing.clone(), nothing],
            });
            Reply::List(places.map(read_item).collect())
        }
        Command::GeoSearch { .. } => {
            let mut flat = Vec::new();
            items.into_iter().for_each(|item| flatten(item, &mut flat));
            Reply::List(flat)
        }
        _ => Reply::List(items.into_iter().map(read_item).collect()),
    }
}

/// The items of nested lists.
fn flatten(item: Value, flat: &mut Vec<Option<Bytes>>) {
    match item {
        Value::Array(items) => items.into_iter().for_each(|item| flatten(item, flat)),
        Value::Int(number) => flat.push(Some(number.to_string().into())),
        item => flat.push(read_item(item)),
    }
}

fn read_item(item: Value) -> Option<Bytes> {
    match item {
        Value::Nil => None,
        Value::BulkString(bytes) => Some(bytes),
        other => panic!("no bytes: {other:?}"),
    }
}

/// Redis only has an error code for wrong types; other errors are recognized by their text.
fn read_error(command: &Command, error: &RedisError) -> Error {
    let message = error.detail().unwrap_or_default();
    let says = |words: &[&str]| words.iter().any(|words| message.contains(words));
    let kind = match error.code() {
        Some("WRONGTYPE") => Kind::WrongType,
        Some("INVALIDOBJ") => Kind::InvalidValue,
        Some("OOM") => Kind::OutOfMemory,
        Some("NOAUTH" | "NOPERM" | "WRONGPASS") => Kind::PermissionDenied,
        Some("EXECABORT") => Kind::Conflict,
        // About a hash's value, Redis would say `hash value is not a float`, so this is about the amount.
        _ if matches!(command, Command::HIncrByFloat { .. }) && says(&["value is not a valid float"]) => {
            Kind::InvalidArgument
        }
        // A score that is stored is one.
        _ if matches!(command.row().family, "zsets" | "geo" | "bitmaps")
            && says(&["not a valid float", "not a float", "not an integer"]) =>
        {
            Kind::InvalidArgument
        }
        _ if says(&[
            "value is not an integer",
            "not a number (NaN)",
            "not a valid float",
            "not a float",
            "overflow",
            "NaN or Infinity",
        ]) =>
        {
            Kind::InvalidValue
        }
        _ if says(&["no such key", "could not decode requested zset member"]) => Kind::NotFound,
        _ if says(&["exceeds maximum allowed size"]) => Kind::TooLarge,
        _ if says(&[
            "out of range",
            "invalid cursor",
            "invalid expire time",
            "can't be",
            "should be greater",
            "objects are the same",
            "syntax error",
            "wrong number of arguments",
            "unknown command",
            "not compatible",
            "not valid string range item",
            "single increment-element pair",
            "at least 1 input key",
            "longitude,latitude pair",
            "unsupported unit",
            "need numeric",
            "cannot be negative",
            "exactly one of",
            "COUNT must be > 0",
            "requires COUNT",
            "must be 1 or 0",
            "must be called with",
            "Invalid bitfield type",
            "Invalid OVERFLOW type",
            "only supports the GET",
        ]) =>
        {
            Kind::InvalidArgument
        }
        _ => Kind::Internal,
    };
    Error::new(kind, message)
}
