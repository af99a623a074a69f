// Runs command lines with the built programs, each test in a folder of its own.

#![allow(dead_code, reason = "each test file uses a part")]

use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A folder in which command lines run.
pub struct Place {
    pub folder: TempDir,
    /// The store where a line names none, if it is not the file in the folder.
    url: Option<String>,
}

/// What a command line has printed, and its exit code.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: Vec<u8>,
    pub err: String,
}

impl Ran {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }

    /// The output as JSON, with every moment as `"T"`.
    pub fn json(&self) -> Value {
        let json = serde_json::from_slice(&self.out);
        timeless(json.unwrap_or_else(|error| panic!("{error}: {self:?} {}", self.text())))
    }
}

impl Place {
    pub fn new() -> Place {
        Place { folder: tempfile::tempdir().expect("a folder"), url: None }
    }

    /// The same, on another store.
    pub fn on(url: String) -> Place {
        Place { url: Some(url), ..Place::new() }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A shell in which `omnikv` and `kv` are the built programs.
    pub fn shell(&self, line: &str) -> Command {
        let programs = Path::new(env!("CARGO_BIN_EXE_omnikv")).parent().expect("a folder");
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(self.path());
        shell.env("PATH", format!("{}:{path}", programs.display()));
        for name in ["OMNIKV_URL", "UPSTASH_REDIS_REST_URL", "KV_REST_API_URL", "REDIS_URL"] {
            shell.env_remove(name);
        }
        shell.envs(self.url.iter().map(|url| ("OMNIKV_URL", url)));
        shell
    }

    /// Runs a command line with nothing on its standard input.
    pub fn run(&self, line: &str) -> Ran {
        self.feed(line, b"")
    }

    pub fn feed(&self, line: &str, input: &[u8]) -> Ran {
        let mut shell = self.shell(line);
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = shell.spawn().expect("a shell");
        // A program that does not read is no error.
        _ = running.stdin.take().expect("it is piped").write_all(input);
        let ended = running.wait_with_output().expect("it ends");
        let err = String::from_utf8_lossy(&ended.stderr).into_owned();
        Ran { code: ended.status.code().unwrap_or(-1), out: ended.stdout, err }
    }

    /// Runs a command line that must succeed.
    pub fn ok(&self, line: &str) -> Ran {
        let ran = self.run(line);
        assert_eq!(ran.code, 0, "{line}: {ran:?}");
        ran
    }

    /// Runs a command line that must print this JSON and end so.
    #[track_caller]
    pub fn expect(&self, line: &str, code: i32, json: Value) {
        let ran = self.run(line);
        assert_eq!((ran.code, ran.json()), (code, json), "{line}: {}", ran.err);
    }
}

/// Replaces moments, in milliseconds since 1970.
fn timeless(value: Value) -> Value {
    match value {
        Value::Number(number) if number.as_u64().is_some_and(|n| (1 << 40..1 << 43).contains(&n)) => {
            "T".into()
        }
        Value::Array(items) => items.into_iter().map(timeless).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, timeless(value))).collect(),
        other => other,
    }
}
