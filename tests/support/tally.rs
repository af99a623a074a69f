// Counts how the cases of one run ended, and writes the result down for the matrix of hosts and backends
// (tests/matrix.js). What was run, and how, does not matter here.

use serde_json::json;
use std::fs;
use std::path::Path;

/// How a case ended that did not fail.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "not every host has stores that leave something out")]
pub enum Verdict {
    Passed,
    /// As expected, until something that the backend reports as unsupported.
    Unsupported,
    /// Differently, as the reviewed table says: the case expects a guarantee of another kind of store.
    Differs,
}

impl From<()> for Verdict {
    fn from((): ()) -> Verdict {
        Verdict::Passed
    }
}

/// The number of cases for each ending.
#[derive(Default)]
pub struct Tally {
    passed: usize,
    unsupported: usize,
    differs: usize,
    not_asked: usize,
}

impl Tally {
    pub fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Unsupported => self.unsupported += 1,
            Verdict::Differs => self.differs += 1,
        }
    }

    pub fn leave_out(&mut self, cases: usize) {
        self.not_asked += cases;
    }

    /// Writes the run to the host's column and the backend's row, with the matrix's names.
    #[allow(dead_code, reason = "the matrix is of real hosts and backends; some tests have others")]
    pub fn record(&self, host: &str, backend: &str) {
        let Tally { passed, unsupported, differs, not_asked } = self;
        let run = json!({
            "host": host, "backend": backend,
            "passed": passed, "unsupported": unsupported, "differs": differs, "notAsked": not_asked,
        });
        let mut ancestors = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
        let root =
            ancestors.find(|folder| folder.join("tests/matrix.js").is_file()).expect("tests/matrix.js");
        let folder = root.join("target/matrix");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{host}, {backend}.json")), run.to_string()).unwrap();
    }
}
