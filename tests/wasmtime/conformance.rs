// The conformance cases on the components, run by wasmtime through their WIT functions: on the memory store, on a real
// redis-server over TCP, and over Upstash's REST protocol through our gateway to a real redis-server.

#[path = "../support/args.rs"]
mod args;
#[path = "../support/calls.rs"]
mod calls;
#[allow(dead_code, unused_imports, reason = "the oracle's runner takes the matcher alone")]
#[path = "../support/cases.rs"]
mod cases;
#[path = "../support/handles.rs"]
mod handles;
#[allow(dead_code, reason = "not all of it is used here")]
#[path = "../support/http_server.rs"]
mod http_server;
#[allow(dead_code, reason = "not all of it is used here")]
#[path = "../support/moments.rs"]
mod moments;
#[allow(dead_code, reason = "not all of it is used here")]
#[path = "../support/redis.rs"]
mod redis_server;
#[path = "../support/unsupported.rs"]
mod unsupported;

use calls::{Surface, call};
use cases::{Case, Fault, Options, Replies, Request, Value};
use handles::{Handle, Stores};
use http_server::HttpServer;
use moments::{advance_records, in_our_time, in_server_time, real_now_ms, shift_deadlines};
use omnikv::command::{Bytes, Command, Key, Reply};
use omnikv::gateway::{self, Gateway, Token};
use omnikv::{Result, Run, Store};
use omnikv_wasmtime::Instance;
use redis::cmd;
use redis_server::RedisServer;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use unsupported::Unsupported;

/// The time at which every case on the memory store begins, in milliseconds since 1970.
const START_MS: u64 = 1_700_000_000_000;

const TOKEN: &str = "t0p-s3cret";

fn everything(_: &Case) -> bool {
    true
}

#[test]
fn in_memory() {
    cases::report("wasmtime", everything, |case| {
        let instance = Rc::new(RefCell::new(Instance::new(START_MS, 1)));
        let (opening, reading, passing) = (Rc::clone(&instance), Rc::clone(&instance), instance);
        let open = move |options: &Options| Guest::open(&opening, "memory:case", options, None);
        let mut stores = Stores::new(
            case.options.clone(),
            open,
            move || reading.borrow().now_ms(),
            move |milliseconds| passing.borrow_mut().advance(milliseconds),
        );
        cases::run(&mut stores, case)
    })
    .record("wasmtime", "memory");
}

#[test]
fn redis_over_tcp() {
    let server = RedisServer::start();
    let url = format!("redis://127.0.0.1:{}", server.port());
    over_redis("wasmtime, redis://", "redis", &server, &url);
}

#[test]
fn upstash_rest() {
    let server = RedisServer::start();
    let url = format!("redis://127.0.0.1:{}", server.port());
    // Clients may use longer keys.
    let options = omnikv::Options { max_key_bytes: Some(32 << 10), ..omnikv::Options::default() };
    let behind = pollster::block_on(Store::connect(&url, options)).unwrap();
    let options = gateway::Options { tokens: vec![Token::new(TOKEN)], ..gateway::Options::default() };
    let gateway = HttpServer::of(Gateway::new(behind, options).unwrap());
    over_redis("wasmtime, upstash", "gateway over redis", &server, &gateway.url(TOKEN));
}

/// Runs every case on a real server; time passes by moving the server's deadlines.
fn over_redis(host: &str, table: &str, server: &RedisServer, url: &str) {
    let unsupported = Unsupported::of(table);
    // One instance, and so one connection, for all cases.
    let instance = Rc::new(RefCell::new(Instance::with_network()));
    let ahead = Rc::new(Cell::new(0));
    let tally = cases::report(host, everything, |case| {
        let mut aside = server.connect();
        let _: () = cmd("FLUSHALL").query(&mut aside).unwrap();
        let _: () = cmd("SCRIPT").arg("FLUSH").query(&mut aside).unwrap();
        ahead.set(0);
        let open = |options: &Options| Guest::open(&instance, url, options, Some(&ahead));
        let now_ms = || u64::try_from(real_now_ms() + ahead.get()).unwrap();
        let advance = |milliseconds: u64| {
            let milliseconds = i64::try_from(milliseconds).unwrap();
            let mut aside = server.connect();
            shift_deadlines(&mut aside, -milliseconds);
            advance_records(&mut aside, milliseconds);
            ahead.set(ahead.get() + milliseconds);
        };
        let result = cases::run(&mut Stores::new(case.options.clone(), open, now_ms, advance), case);
        unsupported.judge(case, result)
    });
    unsupported.check_all_met(host);
    tally.record("wasmtime", table);
}

/// A handle of an instance, with the typed operations of any store.
struct Guest {
    instance: Rc<RefCell<Instance>>,
    handle: omnikv_wasmtime::Handle,
    /// How many milliseconds our clock is ahead of the server's, if there is a server.
    ahead: Option<Rc<Cell<i64>>>,
}

impl Guest {
    fn open(
        instance: &Rc<RefCell<Instance>>,
        url: &str,
        options: &Options,
        ahead: Option<&Rc<Cell<i64>>>,
    ) -> Result<Guest, Fault> {
        let handle = instance.borrow_mut().connect(url, &handles::options(options)?)?;
        Ok(Guest { instance: Rc::clone(instance), handle, ahead: ahead.cloned() })
    }

    /// The command with times of the server's clock.
    fn asked(&self, command: &Command) -> Command {
        match &self.ahead {
            Some(ahead) => in_server_time(command, ahead.get()),
            None => command.clone(),
        }
    }

    /// A batch's commands, with times of our clock and of the server's.
    fn both(&self, batch: Batch) -> (Vec<Command>, Vec<Command>) {
        let commands = batch.commands.into_inner();
        let asked = commands.iter().map(|command| self.asked(command)).collect();
        (commands, asked)
    }

    /// The reply with times of our clock.
    fn heard(&self, command: &Command, reply: Result<Reply>) -> Result<Reply> {
        match &self.ahead {
            Some(ahead) => in_our_time(command, reply, ahead.get()),
            None => reply,
        }
    }
}

impl Run for Guest {
    type Output<T> = Result<T>;

    fn read<T: 'static>(&self, command: Result<Command>, read: fn(Reply) -> Result<T>) -> Result<T> {
        let command = command?;
        let asked = self.asked(&command);
        let reply = self.instance.borrow_mut().execute(self.handle, &asked);
        read(self.heard(&command, reply)?)
    }
}

/// Closes what a case has opened.
impl Drop for Guest {
    fn drop(&mut self) {
        self.instance.borrow_mut().drop_handle(self.handle);
    }
}

impl Surface for Guest {
    type Outcome = Result<Value>;

    fn show<T: 'static>(&self, output: Result<T>, show: fn(T) -> Value) -> Result<Value> {
        output.map(show)
    }
}

impl Handle for Guest {
    fn pipeline(&self, requests: &[Request]) -> Result<Replies, Fault> {
        let batch = Batch::default();
        let outcomes: Vec<_> = requests.iter().map(|request| call(&batch, request)).collect();
        let (commands, asked) = self.both(batch);
        let replies = self.instance.borrow_mut().pipeline(self.handle, &asked)?;
        let mut replies = commands.iter().zip(replies).map(|(command, reply)| self.heard(command, reply));
        // Malformed operations are not sent and have no reply.
        Ok(outcomes.into_iter().map(|outcome| Ok(outcome??(replies.next().expect("a reply"))?)).collect())
    }

    fn multi(&self, checks: Vec<(String, Option<Bytes>)>, requests: &[Request]) -> Result<Replies, Fault> {
        let batch = Batch::default();
        let outcomes =
            requests.iter().map(|request| Ok(call(&batch, request)??)).collect::<Result<Vec<_>, Fault>>()?;
        let checks: Vec<_> = checks.into_iter().map(|(key, expected)| (Key(key), expected)).collect();
        let (commands, asked) = self.both(batch);
        let replies = self.instance.borrow_mut().transaction(self.handle, &checks, &asked)?;
        let replies = commands.iter().zip(replies).map(|(command, reply)| self.heard(command, reply));
        Ok(outcomes.into_iter().zip(replies).map(|(show, reply)| Ok(show(reply)?)).collect())
    }

    fn stats(&self) -> Result<omnikv::Stats> {
        self.instance.borrow_mut().stats(self.handle)
    }

    fn capabilities(&self) -> omnikv::Capabilities {
        self.instance.borrow_mut().capabilities(self.handle).expect("an open store")
    }
}

/// Commands collected to be sent together.
#[derive(Default)]
struct Batch {
    commands: RefCell<Vec<Command>>,
}

/// Converts the reply to a command.
type Reader<T> = Box<dyn FnOnce(Result<Reply>) -> Result<T>>;

impl Run for Batch {
    type Output<T> = Result<Reader<T>>;

    fn read<T: 'static>(&self, command: Result<Command>, read: fn(Reply) -> Result<T>) -> Result<Reader<T>> {
        self.commands.borrow_mut().push(command?);
        Ok(Box::new(move |reply| reply.and_then(read)))
    }
}

impl Surface for Batch {
    type Outcome = Result<Reader<Value>>;

    fn show<T: 'static>(&self, output: Result<Reader<T>>, show: fn(T) -> Value) -> Result<Reader<Value>> {
        let read = output?;
        Ok(Box::new(move |reply| read(reply).map(show)))
    }
}
