// The grammar: every verb with its arguments, help and examples. What a verb does is in verbs/. The examples in the help
// run as tests.

mod verbs;

pub use verbs::*;

use crate::Tool;
use crate::failure::CODES;
use crate::words;
use clap::{Args, Command, CommandFactory, Parser, ValueEnum};

/// The databases that a-h/kv knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StoreType {
    Sqlite,
    Rqlite,
    Postgres,
}

/// The command line.
#[derive(Debug, Parser)]
#[command(
    version,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
    infer_long_args = true,
    max_term_width = 100
)]
pub struct Cli {
    #[command(flatten)]
    pub globals: Globals,
    #[command(subcommand)]
    pub verb: Verb,
}

/// What every verb takes.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Store and output")]
pub struct Globals {
    /// The store: sqlite:FILE, redis://.., memory:, upstash://.., postgres://.. [default: OMNIKV_URL or
    /// REDIS_URL from the environment, else sqlite:data.db]
    #[arg(long, global = true, value_name = "URL", conflicts_with_all = ["store_type", "connection"])]
    pub url: Option<String>,
    /// The kind of database that --connection is for
    #[arg(long = "type", global = true, value_name = "TYPE")]
    pub store_type: Option<StoreType>,
    /// The database as kv names it, such as file:data.db?mode=rwc
    #[arg(long, global = true, value_name = "STRING")]
    pub connection: Option<String>,
    /// A namespace: only keys that begin with PREFIX and a colon are seen
    #[arg(long = "prefix", global = true, value_name = "PREFIX")]
    pub namespace: Option<String>,
    /// JSON, which is the default when the output is no terminal
    #[arg(long, global = true, conflicts_with_all = ["table", "raw"])]
    pub json: bool,
    /// Text and tables, which is the default on a terminal
    #[arg(long, global = true, conflicts_with = "raw")]
    pub table: bool,
    /// The bytes of values, and nothing else
    #[arg(long, global = true)]
    pub raw: bool,
    /// No messages, and no answers to writes
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// For Redis's commands: takes the last argument from standard input, byte for byte
    #[arg(long, short = 'x')]
    pub stdin: bool,
}

const ABOUT: &str = "One key-value API with Redis semantics, on the command line.\n\n\
    Records (JSON documents with versions) have lower-case verbs: omnikv put, omnikv get key. Redis's commands work on \
    plain keys: in capitals always (omnikv SET k v EX 60), in lower case where no verb has the name (omnikv hset h f v), \
    and after `redis` (omnikv redis get k). Options come before a command of Redis.";

const OF_KV: &str =
    "A key-value store on SQLite, rqlite or Postgres: records, their changes, locks and tasks.";

const EXAMPLES: &str = "\
Examples:
  echo '{\"hello\": \"world\"}' | omnikv put greeting
  omnikv get key greeting
  omnikv SET session:1 Alice EX 60
  omnikv --url memory: INCR views";

/// The definition for one of the tools: help, completions and manual pages are made of it.
pub fn command(tool: Tool) -> Command {
    let command = Cli::command().name(tool.name()).bin_name(tool.name());
    match tool {
        Tool::Omnikv => {
            let after = format!(
                "{EXAMPLES}\n\n{CODES}\n\nNO_COLOR turns colours off. `omnikv redis` lists Redis's commands."
            );
            command.about("One key-value API with Redis semantics").long_about(ABOUT).after_help(after)
        }
        Tool::Kv => {
            let ours = verbs::OURS
                .iter()
                .fold(command, |command, name| command.mut_subcommand(*name, |verb| verb.hide(true)));
            ours.about(OF_KV).long_about(OF_KV).after_help(CODES)
        }
    }
}

/// The same with a subcommand for each of Redis's commands, for completions.
pub fn with_words(tool: Tool) -> Command {
    let command = command(tool);
    if tool == Tool::Kv {
        return command;
    }
    let known: Vec<String> = command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    words::all().fold(command, |command, (word, summary)| {
        let lower = word.to_ascii_lowercase();
        let command = match known.contains(&lower) || word.contains('.') {
            true => command,
            false => command.subcommand(Command::new(lower).about(summary.clone())),
        };
        command.subcommand(Command::new(word).about(summary))
    })
}
