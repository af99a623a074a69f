// The conformance cases on the component, run by wasmtime through the functions of its WIT.

#[path = "../support/args.rs"]
mod args;
#[path = "../support/calls.rs"]
mod calls;
#[allow(dead_code, unused_imports, reason = "the oracle's runner takes the matcher alone")]
#[path = "../support/cases.rs"]
mod cases;
#[path = "../support/handles.rs"]
mod handles;

use calls::{Surface, call};
use cases::{Case, Fault, Options, Replies, Request, Value};
use handles::{Handle, Stores};
use omnikv::command::{Bytes, Command, Key, Reply};
use omnikv::{Result, Run};
use omnikv_wasmtime::{Guest, Instance};
use std::cell::RefCell;
use std::rc::Rc;

/// When every case begins, in milliseconds since 1970.
const START_MS: u64 = 1_700_000_000_000;

#[test]
fn the_component() {
    let everything = |_: &Case| true;
    cases::report("wasmtime", everything, |case| {
        let instance = Rc::new(RefCell::new(Instance::new(START_MS, 1)));
        let (opening, reading, passing) = (Rc::clone(&instance), Rc::clone(&instance), instance);
        let open = move |options: &Options| {
            let handle = opening.borrow_mut().connect("memory:case", &handles::options(options)?)?;
            Ok(Guest { instance: Rc::clone(&opening), handle })
        };
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
        let replies = self.instance.borrow_mut().pipeline(self.handle, &batch.commands.into_inner())?;
        let mut replies = replies.into_iter();
        // What cannot even be asked is not sent, and has no reply.
        Ok(outcomes.into_iter().map(|outcome| Ok(outcome??(replies.next().expect("a reply"))?)).collect())
    }

    fn multi(&self, checks: Vec<(String, Option<Bytes>)>, requests: &[Request]) -> Result<Replies, Fault> {
        let batch = Batch::default();
        let outcomes =
            requests.iter().map(|request| Ok(call(&batch, request)??)).collect::<Result<Vec<_>, Fault>>()?;
        let checks: Vec<_> = checks.into_iter().map(|(key, expected)| (Key(key), expected)).collect();
        let commands = batch.commands.into_inner();
        let replies = self.instance.borrow_mut().transaction(self.handle, &checks, &commands)?;
        Ok(outcomes.into_iter().zip(replies).map(|(show, reply)| Ok(show(reply)?)).collect())
    }

    fn stats(&self) -> Result<omnikv::Stats> {
        self.instance.borrow_mut().stats(self.handle)
    }

    fn capabilities(&self) -> omnikv::Capabilities {
        self.instance.borrow_mut().capabilities(self.handle).expect("an open store")
    }
}

/// Commands gathered to be sent together.
#[derive(Default)]
struct Batch {
    commands: RefCell<Vec<Command>>,
}

/// How the reply to a command is read.
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
