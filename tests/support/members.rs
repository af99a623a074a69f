// Members of a test that run beside each other on one store, until they end or are killed: processes of their own, or
// threads where the store is in memory. What they did is in a journal that outlives them. What they do does not matter here.
#![allow(dead_code, reason = "no test uses all of it")]

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::panic;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// The variable that carries a process's [`Part`].
const PART: &str = "OMNIKV_TEST_PART";

/// What a member has to know.
#[derive(Clone, Serialize, Deserialize)]
pub struct Part {
    pub url: String,
    pub journal: PathBuf,
    /// No two members of a test have the same.
    pub name: String,
    pub seed: u64,
}

impl Part {
    /// The part of this process, if it is a member. From then on a panic of any thread ends the process.
    pub fn of_this_process() -> Option<Part> {
        let part = std::env::var(PART).ok()?;
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            print(info);
            std::process::abort();
        }));
        Some(serde_json::from_str(&part).unwrap())
    }
}

/// A file to which all members append. A member writes a line before a call and another after the answer, each as one
/// write, so the order of the lines never contradicts the order in which calls began and ended.
#[derive(Clone)]
pub struct Journal {
    file: Arc<File>,
    path: PathBuf,
    is_over: Arc<AtomicBool>,
}

/// How a killed thread unwinds.
struct Killed;

impl Journal {
    pub fn open(path: PathBuf) -> Journal {
        let file = File::options().create(true).append(true).open(&path).unwrap();
        Journal { file: Arc::new(file), path, is_over: Arc::default() }
    }

    /// Ends this thread if it was killed. Whoever waits for something has to ask.
    pub fn end_if_killed(&self) {
        if self.is_over.load(Ordering::Relaxed) {
            panic::resume_unwind(Box::new(Killed));
        }
    }

    pub fn write(&self, line: &impl Serialize) {
        self.end_if_killed();
        // A killed process may leave half a line: the line break before the next one keeps them apart.
        let mut text = b"\n".to_vec();
        serde_json::to_writer(&mut text, line).unwrap();
        text.push(b'\n');
        (&*self.file).write_all(&text).unwrap();
    }

    /// Its length in bytes.
    pub fn len(&self) -> u64 {
        self.file.metadata().unwrap().len()
    }

    /// The lines so far, without those that were cut off.
    pub fn read<T: DeserializeOwned>(&self) -> Vec<T> {
        let text = std::fs::read_to_string(&self.path).unwrap();
        let lines = text.lines().filter(|line| !line.is_empty());
        let read = lines.filter_map(|line| match serde_json::from_str(line) {
            Ok(line) => Some(line),
            Err(error) if error.is_eof() => None,
            Err(error) => panic!("{error} in {line}"),
        });
        read.collect()
    }
}

/// Something that plays a part.
pub enum Member {
    Process(Child),
    Thread { thread: Option<JoinHandle<()>>, is_over: Arc<AtomicBool> },
}

impl Member {
    /// Runs an ignored test of the same file as a process, which finds its part there.
    pub fn process(test: &str, part: &Part) -> Member {
        let mut process = Command::new(std::env::current_exe().unwrap());
        process.args(["--exact", test, "--ignored", "--nocapture"]);
        process.env(PART, serde_json::to_string(part).unwrap()).stdout(Stdio::null());
        Member::Process(process.spawn().unwrap())
    }

    /// Runs a thread. Once killed it ends with its next use of the journal.
    pub fn thread(part: Part, play: impl FnOnce(Part, Journal) + Send + 'static) -> Member {
        let journal = Journal::open(part.journal.clone());
        let is_over = Arc::clone(&journal.is_over);
        let thread = thread::spawn(move || play(part, journal));
        Member::Thread { thread: Some(thread), is_over }
    }

    /// Whether it has not ended.
    pub fn is_running(&mut self) -> bool {
        match self {
            Member::Process(process) => process.try_wait().unwrap().is_none(),
            Member::Thread { thread, .. } => thread.as_ref().is_some_and(|thread| !thread.is_finished()),
        }
    }

    /// Kills it; a process gets no chance to do anything more.
    pub fn kill(&mut self) {
        match self {
            Member::Process(process) => {
                process.kill().unwrap();
                process.wait().unwrap();
            }
            Member::Thread { thread, is_over } => {
                is_over.store(true, Ordering::Relaxed);
                join(thread.take());
            }
        }
    }

    /// Waits until it ends by itself.
    pub fn wait(&mut self) {
        match self {
            Member::Process(process) => assert!(process.wait().unwrap().success(), "a process has failed"),
            Member::Thread { thread, .. } => join(thread.take()),
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if let Member::Process(process) = self {
            // It may have ended.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Waits for threads; that one was killed is no failure.
pub fn join(threads: impl IntoIterator<Item = JoinHandle<()>>) {
    for thread in threads {
        if let Err(cause) = thread.join()
            && !cause.is::<Killed>()
        {
            panic::resume_unwind(cause);
        }
    }
}
