// What has happened to a task in another store, as the words of one argument. What a task is, is the engine's subject.

use super::args::{Args, is};
use super::argument::{Argument, OptionArgument};
use super::row::{Arg, ArgKind};
use super::words::Words;

/// What has happened to a task so far, apart from its status. Moments are in milliseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskState {
    /// When it was created. Default: now.
    pub created: Option<u64>,
    /// When it may start. Default: now.
    pub due: Option<u64>,
    /// When the last attempt started.
    pub started: Option<u64>,
    /// When it ended. Default for one that has: now.
    pub ended: Option<u64>,
    /// How many times a worker has taken it.
    pub tries: Option<u64>,
    /// How many times a failed attempt is repeated.
    pub max_retries: Option<u64>,
    /// How long an attempt may take, in milliseconds.
    pub timeout: Option<u64>,
    /// When the lock of the worker that has it ends. Default: now.
    pub until: Option<u64>,
    /// Higher ones start first. Default: 0.
    pub priority: Option<i64>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// The current or last worker.
    pub worker: Option<String>,
}

/// In a box: few commands have one, and it is large.
impl Argument for Box<TaskState> {
    const KIND: ArgKind = ArgKind::TaskState;

    fn read(args: &mut Args, arg: &Arg) -> Box<TaskState> {
        let mut reading = TaskState::default();
        while let Some(word) = args.next_option() {
            <Self as OptionArgument>::take(&mut reading, word, args, arg);
        }
        Box::new(reading)
    }
    fn print(&self, mut words: Words, _: &Arg) -> Words {
        let numbers = [
            ("CREATED", self.created),
            ("DUE", self.due),
            ("STARTED", self.started),
            ("ENDED", self.ended),
            ("TRIES", self.tries),
            ("RETRIES", self.max_retries),
            ("TIMEOUT", self.timeout),
            ("UNTIL", self.until),
        ];
        for (name, number) in numbers {
            if let Some(number) = number {
                words = words.word(name).number(number);
            }
        }
        if let Some(priority) = self.priority {
            words = words.word("PRIORITY").number(priority);
        }
        for (name, text) in [("ERROR", &self.error), ("WORKER", &self.worker)] {
            if let Some(text) = text {
                words = words.word(name).word(text);
            }
        }
        words
    }
}

impl OptionArgument for Box<TaskState> {
    type Reading = TaskState;

    fn take(reading: &mut TaskState, word: &[u8], args: &mut Args, arg: &Arg) -> bool {
        let Some(known) = arg.words.split('|').find(|known| is(word, known)) else { return false };
        let number = match known {
            "CREATED" => &mut reading.created,
            "DUE" => &mut reading.due,
            "STARTED" => &mut reading.started,
            "ENDED" => &mut reading.ended,
            "TRIES" => &mut reading.tries,
            "RETRIES" => &mut reading.max_retries,
            "TIMEOUT" => &mut reading.timeout,
            "UNTIL" => &mut reading.until,
            "PRIORITY" => {
                reading.priority = Some(args.integer("priority"));
                return true;
            }
            "ERROR" => {
                reading.error = Some(args.text("error"));
                return true;
            }
            _ => {
                reading.worker = Some(args.text("worker"));
                return true;
            }
        };
        *number = Some(args.natural(known));
        true
    }
    fn finish(reading: TaskState) -> Box<TaskState> {
        Box::new(reading)
    }
}
