// A SQLite file in a folder of its own, and stores on it with a clock that the test moves. What is in the file does not
// matter here.

use omnikv::{Options, Store};
use pollster::block_on;
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;

/// What the clock reads at first.
const START_MS: u64 = 1_800_000_000_000;

pub struct File {
    _folder: TempDir,
    pub path: PathBuf,
    pub now: Arc<AtomicU64>,
}

impl File {
    pub fn new() -> File {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kv.db");
        File { _folder: folder, path, now: Arc::new(AtomicU64::new(START_MS)) }
    }

    pub fn url(&self) -> String {
        format!("sqlite:{}", self.path.display())
    }

    pub fn open(&self) -> Store {
        self.open_at(&self.url())
    }

    /// Opens a URL of this file.
    pub fn open_at(&self, url: &str) -> Store {
        let shown = Arc::clone(&self.now);
        let clock = Some(Arc::new(move || shown.load(Ordering::Relaxed)) as Arc<_>);
        let options = Options { clock, ..Options::default() };
        block_on(Store::connect(url, options)).unwrap()
    }

    /// Opens the file like another program.
    pub fn sql(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }
}
