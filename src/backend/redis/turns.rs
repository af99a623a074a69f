// Patches of one record take turns, so that callers of one program do not overtake each other for ever: a patch has to read
// before it writes. What the others of the server do is a matter of trying again. How a patch runs does not matter here.

use crate::command::{Command, Key};
use futures_util::lock::{Mutex, MutexLockFuture};

/// The more there are, the less often records that have nothing to do with each other share one.
const ROWS: usize = 64;

/// Who may patch now.
pub(super) struct Turns([Mutex<()>; ROWS]);

impl Turns {
    pub fn new() -> Turns {
        Turns(std::array::from_fn(|_| Mutex::new(())))
    }

    /// Waits for the turn of a command that patches; of several records, the first decides.
    pub fn of(&self, command: &Command) -> MutexLockFuture<'_, ()> {
        let sum = patched(command)
            .map_or(0, |key| key.as_bytes().iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte)));
        self.0[usize::from(sum) % ROWS].lock()
    }
}

fn patched(command: &Command) -> Option<&Key> {
    match command {
        Command::RecordsPatch { key, .. } => Some(key),
        Command::RecordsMutate { mutations } => mutations.iter().find_map(patched),
        _ => None,
    }
}
