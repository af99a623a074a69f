// The verbs and their arguments.

use crate::time;
use clap::{Args, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::ffi::OsString;
use std::time::Duration;

/// The verbs that a-h/kv does not have.
pub const OURS: &[&str] = &[
    "export",
    "import",
    "copy",
    "top",
    "serve",
    "shell",
    "watch",
    "stats",
    "doctor",
    "completions",
    "man",
    "redis",
];

fn duration(text: &str) -> Result<Duration, String> {
    time::parse(text)
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Create the store if it is missing, and check that it answers
    #[command(after_help = "Example:\n  omnikv init")]
    Init,
    /// Read records: one key, a prefix, or a range
    #[command(subcommand, after_help = "Example:\n  omnikv get key person:alice")]
    Get(Get),
    /// List all records in the order of their keys
    #[command(after_help = "Examples:\n  omnikv list\n  omnikv list 0 10 --of-type Person")]
    List {
        #[command(flatten)]
        window: Window,
        /// Only records of this type
        #[arg(long, value_name = "TYPE")]
        of_type: Option<String>,
    },
    /// Write a record; its JSON comes from standard input
    #[command(
        after_help = "Examples:\n  echo '{\"name\": \"Alice\"}' | omnikv put person:alice\n  echo '{\"name\": \"Bob\"}' | omnikv put person:bob --if-version 0 --of-type Person --ttl 1h"
    )]
    Put(Write),
    /// Change a record by a JSON merge patch (RFC 7396) from standard input
    #[command(after_help = "Example:\n  echo '{\"age\": 31}' | omnikv patch person:alice")]
    Patch(Write),
    /// Delete records
    #[command(after_help = "Example:\n  omnikv delete person:alice")]
    Delete {
        #[arg(required = true, value_name = "KEY")]
        keys: Vec<String>,
    },
    /// Count records
    #[command(subcommand, after_help = "Example:\n  omnikv count all")]
    Count(Count),
    /// Read the stream of changes of records
    #[command(subcommand, after_help = "Example:\n  omnikv stream get")]
    Stream(Stream),
    /// Read changes as a consumer with a position that the store keeps
    #[command(subcommand, after_help = "Example:\n  omnikv consumer get mailer")]
    Consumer(Consumer),
    /// Hold locks
    #[command(subcommand, after_help = "Example:\n  omnikv lock acquire report worker-1 --duration 30s")]
    Lock(Lock),
    /// Create tasks, and work on them
    #[command(subcommand, after_help = "Example:\n  echo '{\"message\": \"hello\"}' | omnikv task new log")]
    Task(Task),
    /// Measure the store with a-h/kv's workloads; what it writes is deleted afterwards
    #[command(subcommand, after_help = "Example:\n  omnikv benchmark put 100 4")]
    Benchmark(Benchmark),
    /// Write the keys, records and unfinished tasks of the store to standard output, as lines of JSON
    #[command(after_help = "Example:\n  omnikv export > backup.jsonl")]
    Export {
        /// How many keys are read at once
        #[arg(long, default_value_t = 100, value_name = "N")]
        page: u64,
    },
    /// Read lines of `export` from standard input into the store
    #[command(
        after_help = "Examples:\n  omnikv export | omnikv --url sqlite:copy.db import\n  omnikv export | omnikv --url sqlite:copy.db import --dry-run"
    )]
    Import {
        #[command(flatten)]
        how: Moving,
    },
    /// Copy keys, records and unfinished tasks from one store to another; run it again to resume
    #[command(after_help = "Example:\n  omnikv copy sqlite:data.db sqlite:copy.db")]
    Copy {
        /// The store to read
        #[arg(value_name = "FROM-URL")]
        from: String,
        /// The store to write
        #[arg(value_name = "TO-URL")]
        to: String,
        #[command(flatten)]
        how: Moving,
    },
    /// Print changes as they happen: of records, or of plain keys that match a pattern
    #[command(after_help = "Examples:\n  omnikv watch --from 1 --limit 1\n  omnikv watch 'user:*' --limit 0")]
    Watch {
        /// A pattern of plain keys, such as 'user:*', which are looked at again and again
        pattern: Option<String>,
        /// The first sequence number to print [default: from now on]
        #[arg(long, value_name = "SEQ", conflicts_with = "pattern")]
        from: Option<u64>,
        /// Only records of this type
        #[arg(long, value_name = "TYPE", conflicts_with = "pattern")]
        of_type: Option<String>,
        /// Only records whose keys begin so
        #[arg(long, value_name = "PREFIX", conflicts_with = "pattern")]
        keys: Option<String>,
        /// End after this many changes
        #[arg(long, value_name = "N")]
        limit: Option<u64>,
        /// How often plain keys are looked at
        #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
        interval: Duration,
    },
    /// Show keys, records and changes as they come and go
    #[command(after_help = "Example:\n  omnikv top --rounds 1")]
    Top {
        /// How often to look
        #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
        interval: Duration,
        /// End after looking so often
        #[arg(long, value_name = "N")]
        rounds: Option<u64>,
    },
    /// Serve Redis's protocol or Upstash's REST protocol over the store [default store: memory:]
    #[command(
        after_help = "Examples:\n  timeout --preserve-status -s INT 1 omnikv serve --resp 0 --url sqlite:data.db\n  OMNIKV_TOKEN=secret timeout --preserve-status -s INT 1 omnikv serve --port 0\n  OMNIKV_PASSWORD=secret timeout --preserve-status -s INT 1 omnikv serve --resp 0 --port 0\n\nPrefer the environment for tokens and passwords: other users see command lines. Ctrl+C or SIGTERM stops the server after it\nhas answered running requests. GET /health needs no token and says whether the store answers."
    )]
    Serve(Serve),
    /// Type commands, with completion and history
    #[command(after_help = "Example:\n  echo 'SET k v' | omnikv shell")]
    Shell,
    /// Show what the store knows about itself
    #[command(after_help = "Example:\n  omnikv stats")]
    Stats,
    /// Say what the URL is, whether the store answers, and what it can do
    #[command(after_help = "Example:\n  omnikv doctor")]
    Doctor,
    /// Print a script that completes commands and options in your shell
    #[command(after_help = "Example:\n  omnikv completions bash > omnikv.bash")]
    Completions { shell: Shell },
    /// Print a manual page: of everything, or of one verb
    #[command(after_help = "Examples:\n  omnikv man > omnikv.1\n  omnikv man stream get")]
    Man { verb: Vec<String> },
    /// Run a command of Redis, whatever its name; without one, list them
    #[command(disable_help_flag = true, after_help = "Example:\n  omnikv redis set k v")]
    Redis {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
        words: Vec<OsString>,
    },
    #[command(external_subcommand)]
    Words(Vec<OsString>),
}

/// `[<offset> [<limit>]]`
#[derive(Args, Clone, Copy, Debug)]
pub struct Window {
    /// How many to skip
    #[arg(default_value_t = 0)]
    pub offset: u64,
    /// The most to return; -1 for all
    #[arg(default_value_t = -1, allow_negative_numbers = true)]
    pub limit: i64,
}

impl Window {
    /// The limit, if there is one.
    pub fn most(self) -> Option<u64> {
        u64::try_from(self.limit).ok()
    }
}

#[derive(Debug, Subcommand)]
pub enum Get {
    /// Read the record with a key
    #[command(after_help = "Examples:\n  omnikv get key person:alice\n  omnikv --raw get key person:alice")]
    Key { key: String },
    /// Read the records whose keys begin with a prefix
    #[command(after_help = "Examples:\n  omnikv get prefix person:\n  omnikv get prefix person: 0 10")]
    Prefix {
        prefix: String,
        #[command(flatten)]
        window: Window,
    },
    /// Read the records from a key up to, and without, another
    #[command(after_help = "Example:\n  omnikv get range person:a person:c")]
    Range {
        from: String,
        to: String,
        #[command(flatten)]
        window: Window,
    },
    /// Read the records of a type
    #[command(after_help = "Example:\n  omnikv get type Person")]
    Type {
        #[arg(value_name = "TYPE")]
        of_type: String,
        #[command(flatten)]
        window: Window,
    },
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

#[derive(Args, Debug)]
pub struct Write {
    pub key: String,
    /// Only if the record has this version: 0 for none yet, -1 for any
    #[arg(long, default_value_t = -1, allow_negative_numbers = true, value_name = "N")]
    pub if_version: i64,
    /// The record's type
    #[arg(long, value_name = "TYPE")]
    pub of_type: Option<String>,
    /// When the record expires, such as 10s or 5m
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub ttl: Option<Duration>,
}

#[derive(Debug, Subcommand)]
pub enum Count {
    /// Count all records
    #[command(after_help = "Example:\n  omnikv count all")]
    All,
    /// Count the records whose keys begin with a prefix
    #[command(after_help = "Example:\n  omnikv count prefix person:")]
    Prefix { prefix: String },
    /// Count the records from a key up to, and without, another
    #[command(after_help = "Example:\n  omnikv count range person:a person:c")]
    Range { from: String, to: String },
}

#[derive(Debug, Subcommand)]
pub enum Stream {
    /// Read changes from a sequence number on
    #[command(after_help = "Examples:\n  omnikv stream get\n  omnikv stream get 1 10 --of-type Person")]
    Get {
        /// The first sequence number
        #[arg(default_value_t = 0)]
        seq: u64,
        /// The most to return; -1 for all
        #[arg(default_value_t = -1, allow_negative_numbers = true)]
        limit: i64,
        /// Only changes of records of this type
        #[arg(long, value_name = "TYPE")]
        of_type: Option<String>,
    },
    /// Show the sequence number of the last change
    #[command(after_help = "Example:\n  omnikv stream seq")]
    Seq,
    /// Remove the changes before a sequence number
    #[command(after_help = "Example:\n  omnikv stream trim 2")]
    Trim { seq: u64 },
}

/// When a consumer's position is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CommitMode {
    /// Never; that is left to `consumer commit`
    None,
    /// After each batch that was printed
    Batch,
    /// After each change that was printed
    #[value(alias = "all")]
    Each,
}

#[derive(Debug, Subcommand)]
pub enum Consumer {
    /// Read the batch after the consumer's position, without committing it
    #[command(after_help = "Example:\n  omnikv consumer get mailer --of-type Person --limit 10")]
    Get {
        name: String,
        /// Only changes of records of this type
        #[arg(long, value_name = "TYPE")]
        of_type: Option<String>,
        /// The most changes
        #[arg(long, default_value_t = 100, value_name = "N")]
        limit: u64,
    },
    /// Print changes as they come, and commit them; Ctrl+C ends it
    #[command(
        after_help = "Example:\n  omnikv consumer stream mailer worker-1 --commit-mode batch --end-after 1"
    )]
    Stream {
        /// The consumer, whose position the store keeps
        stream_name: String,
        /// Who reads: one at a time
        consumer_name: String,
        /// Only changes of records of this type
        #[arg(long, value_name = "TYPE")]
        of_type: Option<String>,
        /// When the position is committed
        #[arg(long, value_enum, default_value = "batch", value_name = "MODE")]
        commit_mode: CommitMode,
        /// The most changes in a batch
        #[arg(long, default_value_t = 100, value_name = "N")]
        limit: u64,
        /// End after this many changes
        #[arg(long, value_name = "N")]
        end_after: Option<u64>,
    },
    /// Show the consumer's position, how far it lags, and who holds it
    #[command(after_help = "Example:\n  omnikv consumer status mailer")]
    Status { name: String },
    /// Set the consumer's position: changes up to it are done
    #[command(after_help = "Example:\n  omnikv consumer commit mailer 2")]
    Commit { name: String, last_seq: u64 },
    /// Delete the consumer's position
    #[command(after_help = "Example:\n  omnikv consumer delete mailer")]
    Delete { name: String },
}

#[derive(Debug, Subcommand)]
pub enum Lock {
    /// Acquire a lock, or extend your own
    #[command(after_help = "Example:\n  omnikv lock acquire report worker-1 --duration 30s")]
    Acquire {
        name: String,
        locked_by: String,
        /// How long the lock is held, such as 30s or 5m
        #[arg(long, default_value = "1m", value_parser = duration, value_name = "TIME")]
        duration: Duration,
    },
    /// Release a lock
    #[command(after_help = "Example:\n  omnikv lock release report worker-1")]
    Release { name: String, locked_by: String },
    /// Show who holds a lock
    #[command(after_help = "Example:\n  omnikv lock status report")]
    Status { name: String },
}

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TaskStatus {
    Pending,
    Running,
    Completed,
    Failed,
    Cancelled,
}

#[derive(Debug, Subcommand)]
pub enum Task {
    /// Create a task; its payload comes from standard input, as JSON
    #[command(
        after_help = "Examples:\n  echo '{\"message\": \"hello\"}' | omnikv task new log\n  echo '{}' | omnikv task new report --after 5m --unique daily"
    )]
    New {
        /// What is to be done; `task run` knows log and echo
        name: String,
        /// The task's ID [default: a random one]
        #[arg(long)]
        id: Option<String>,
        /// Start after this time, such as 5m
        #[arg(long, value_name = "TIME", value_parser = duration)]
        after: Option<Duration>,
        /// How often it is tried again after a failure
        #[arg(long, value_name = "N")]
        max_retries: Option<u64>,
        /// How long an attempt may take
        #[arg(long, value_name = "TIME", value_parser = duration)]
        timeout: Option<Duration>,
        /// While an unfinished task has this text, no other is created
        #[arg(long, value_name = "TEXT")]
        unique: Option<String>,
        /// Higher goes first
        #[arg(long, value_name = "N", allow_negative_numbers = true)]
        priority: Option<i64>,
    },
    /// List tasks in the order of their creation
    #[command(after_help = "Examples:\n  omnikv task list\n  omnikv task list --status=pending --name=log")]
    List {
        #[command(flatten)]
        window: Window,
        /// Only tasks that stand so
        #[arg(long, value_enum)]
        status: Option<TaskStatus>,
        /// Only tasks of this name
        #[arg(long)]
        name: Option<String>,
    },
    /// Show a task
    #[command(after_help = "Example:\n  omnikv task get t1")]
    Get { id: String },
    /// Cancel a task that is not finished
    #[command(after_help = "Example:\n  omnikv task cancel t1")]
    Cancel { id: String },
    /// Work on the tasks named log and echo, which print their payload; Ctrl+C ends it
    #[command(after_help = "Example:\n  omnikv task run --poll-interval=5s --lock-duration=2m --end-after 1")]
    Run {
        /// The worker's name in its tasks
        #[arg(long, value_name = "ID")]
        runner_id: Option<String>,
        /// How often to look for tasks
        #[arg(long, default_value = "10s", value_parser = duration, value_name = "TIME")]
        poll_interval: Duration,
        /// How long a task is locked; the lock is extended while the task runs
        #[arg(long, default_value = "5m", value_parser = duration, value_name = "TIME")]
        lock_duration: Duration,
        /// End after this many tasks
        #[arg(long, value_name = "N")]
        end_after: Option<u64>,
    },
}

#[derive(Debug, Subcommand)]
pub enum Benchmark {
    /// Read N records out of X, by W workers
    #[command(after_help = "Example:\n  omnikv benchmark get 10 100 4")]
    Get {
        #[arg(default_value_t = 100)]
        x: u64,
        #[arg(default_value_t = 10_000)]
        n: u64,
        #[arg(default_value_t = 100)]
        w: usize,
    },
    /// Write N records, by W workers
    #[command(after_help = "Example:\n  omnikv benchmark put 100 4")]
    Put {
        #[arg(default_value_t = 30_000)]
        n: u64,
        #[arg(default_value_t = 100)]
        w: usize,
    },
    /// Patch one record N times, by W workers
    #[command(after_help = "Example:\n  omnikv benchmark patch 100 4")]
    Patch {
        #[arg(default_value_t = 1_000)]
        n: u64,
        #[arg(default_value_t = 4)]
        w: usize,
    },
    /// Write a record and read it, N times, by W workers
    #[command(after_help = "Example:\n  omnikv benchmark mixed 100 4")]
    Mixed {
        #[arg(default_value_t = 10_000)]
        n: u64,
        #[arg(default_value_t = 15)]
        w: usize,
    },
}

/// Where and for whom to serve.
#[derive(Args, Clone, Debug)]
pub struct Serve {
    /// The port for Upstash's REST protocol; 0 picks a free one [default: 8079, without --resp]
    #[arg(long, short)]
    pub port: Option<u16>,
    /// The port for Redis's protocol; 0 picks a free one
    #[arg(long, value_name = "PORT")]
    pub resp: Option<u16>,
    /// The password of Redis's protocol [default: OMNIKV_PASSWORD from the environment, else none; needed on an address
    /// that others reach]
    #[arg(long, requires = "resp")]
    pub password: Option<String>,
    /// The most clients of Redis's protocol at a time
    #[arg(long, value_name = "N", default_value_t = 10_000, requires = "resp")]
    pub max_clients: usize,
    /// Cut off clients of Redis's protocol that send nothing for so long; 0 for never
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration, requires = "resp")]
    pub idle: Duration,
    /// The address to listen on; 0.0.0.0 or :: accepts other machines
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    pub host: String,
    /// A token for full access [default: OMNIKV_TOKEN or UPSTASH_REDIS_REST_TOKEN from the environment, else a random
    /// one]
    #[arg(long)]
    pub token: Option<String>,
    /// A token for read-only access; repeatable [default: OMNIKV_READ_ONLY_TOKEN from the environment]
    #[arg(long, value_name = "TOKEN")]
    pub read_only_token: Vec<String>,
    /// An origin whose pages may send requests, such as http://localhost:3000; * for all; repeatable
    #[arg(long, value_name = "ORIGIN")]
    pub allow_origin: Vec<String>,
    /// Log each request to standard error, as a line of JSON without keys, values and tokens
    #[arg(long)]
    pub log: bool,
}

/// How data is moved.
#[derive(Args, Clone, Copy, Debug)]
pub struct Moving {
    /// Leave what the target already holds, even if it differs
    #[arg(long, conflicts_with = "overwrite")]
    pub keep: bool,
    /// Replace what the target already holds
    #[arg(long)]
    pub overwrite: bool,
    /// Only say what would be written
    #[arg(long)]
    pub dry_run: bool,
    /// How many keys are read and written at once
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub page: u64,
}
