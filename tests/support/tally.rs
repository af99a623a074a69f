// How the cases of one run have ended, counted; and written down for the matrix of hosts and backends (tests/matrix.js). It must
// not know what was run, nor how.

use serde_json::json;
use std::fs;
use std::path::Path;

/// How a case has ended that did not fail.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "not every host has stores that leave something out")]
pub enum Verdict {
    Passed,
    /// As expected, up to something that the backend reports as unsupported.
    Unsupported,
    /// Otherwise, as the reviewed table says: it asks for what another kind of store promises.
    Differs,
}

impl From<()> for Verdict {
    fn from((): ()) -> Verdict {
        Verdict::Passed
    }
}

/// How many cases have ended in which way.
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

    /// Writes the run down: the host's column of the backend's row, by the names that the matrix knows.
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
