// What the shell suggests while a line is typed: commands, options and keys. It runs commands that only read.

use super::split::{Unsplit, split};
use crate::Tool;
use crate::args;
use crate::words;
use omnikv::Store;
use omnikv::command::{ArgKind, Command, Reply, Row};
use std::sync::{Mutex, PoisonError};

/// The words of the shell itself.
pub const OWN: [&str; 7] = ["help", "exit", "quit", "\\connect", "\\prefix", "\\timing", "\\q"];

/// How many keys are suggested.
const MOST_KEYS: u64 = 100;

/// Suggests.
pub struct Assist {
    verbs: clap::Command,
    /// The store that keys are looked up in.
    store: Mutex<Option<Store>>,
}

impl Assist {
    pub fn new(tool: Tool) -> Assist {
        let mut verbs = args::command(tool);
        verbs.build();
        Assist { verbs, store: Mutex::default() }
    }

    pub fn look_up_in(&self, store: Option<Store>) {
        *self.store.lock().unwrap_or_else(PoisonError::into_inner) = store;
    }

    /// Whether the line is whole, so that it can be run.
    pub fn is_whole(&self, line: &str) -> bool {
        split(line) != Err(Unsplit::Open)
    }

    /// What is still to be typed of a command, once its name is there.
    pub fn hint(&self, line: &str) -> Option<String> {
        let word =
            line.strip_suffix(' ').filter(|word| !word.is_empty() && !word.contains(char::is_whitespace))?;
        if self.verbs.find_subcommand(word).is_some() {
            return None;
        }
        let synopsis = words::synopsis(words::row(word)?);
        synopsis.split_once(' ').map(|(_, arguments)| arguments.to_owned())
    }

    /// Where the word before the cursor begins, and what it could become.
    pub async fn complete(&self, before: &str) -> (usize, Vec<String>) {
        let start = before.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let (head, begun) = before.split_at(start);
        let typed: Vec<&str> = head.split_whitespace().collect();
        let found = match typed.split_first() {
            None => self.commands(begun),
            Some((&"help", _)) => self.commands(begun),
            Some((&first, rest)) => match self.verbs.find_subcommand(first) {
                Some(verb) => self.of_verb(verb, rest, begun).await,
                None => match words::row(first) {
                    Some(row) => self.of_word(row, rest.len(), begun).await,
                    None => Vec::new(),
                },
            },
        };
        (start, found)
    }

    fn commands(&self, begun: &str) -> Vec<String> {
        let verbs = self.verbs.get_subcommands().filter(|verb| !verb.is_hide_set());
        let verbs = verbs.map(|verb| verb.get_name().to_owned());
        let is_capital = begun.chars().any(char::is_uppercase);
        let lower = |word: String| if is_capital { word } else { word.to_ascii_lowercase() };
        let words = words::all().map(|(word, _)| lower(word));
        let words = words.filter(|word| is_capital || self.verbs.find_subcommand(word).is_none());
        let mut found: Vec<String> = verbs.chain(words).chain(OWN.map(str::to_owned)).collect();
        found.retain(|word| word.starts_with(begun));
        found.sort_unstable();
        found
    }

    async fn of_verb(&self, verb: &clap::Command, rest: &[&str], begun: &str) -> Vec<String> {
        if let Some((next, rest)) = rest.split_first()
            && let Some(verb) = verb.find_subcommand(next)
        {
            return Box::pin(self.of_verb(verb, rest, begun)).await;
        }
        let options = verb.get_opts().chain(verb.get_arguments().filter(|arg| arg.get_num_args().is_none()));
        let options = options.filter_map(|arg| arg.get_long()).map(|name| format!("--{name}"));
        let verbs = verb.get_subcommands().map(|verb| verb.get_name().to_owned());
        let mut found: Vec<String> = if begun.starts_with('-') { options.collect() } else { verbs.collect() };
        found.retain(|word| word.starts_with(begun));
        let takes_key = matches!(verb.get_name(), "key" | "put" | "patch" | "delete" | "prefix");
        if found.is_empty() && takes_key && !begun.starts_with('-') {
            return self.record_keys(begun).await;
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    async fn of_word(&self, row: &Row, at: usize, begun: &str) -> Vec<String> {
        let positional = row.args.iter().filter(|arg| !arg.is_option && !arg.is_unsaid);
        let kinds: Vec<ArgKind> = positional.map(|arg| arg.kind).collect();
        let kind = match kinds.get(at).or(kinds.last()) {
            Some(ArgKind::Keys) => ArgKind::Key,
            Some(ArgKind::Entries) if at.is_multiple_of(2) => ArgKind::Key,
            Some(kind) if at < kinds.len() => *kind,
            _ => ArgKind::Flag,
        };
        let choices = |words: &str| words.split('|').map(str::to_owned).collect::<Vec<_>>();
        match kind {
            ArgKind::Key if row.is_on_records() => self.record_keys(begun).await,
            ArgKind::Key => self.keys(begun).await,
            ArgKind::Flag => {
                let options = row.args.iter().filter(|arg| arg.is_option);
                let mut found: Vec<String> = options.flat_map(|arg| choices(arg.words)).collect();
                found.retain(|word| word.starts_with(&begun.to_uppercase()));
                found
            }
            _ => Vec::new(),
        }
    }

    async fn keys(&self, begun: &str) -> Vec<String> {
        let is_ordered = self.store().is_some_and(|store| store.capabilities().ordered);
        let command = match is_ordered {
            true => Command::Range {
                start: begun.to_owned(),
                end: None,
                after: None,
                limit: Some(MOST_KEYS),
                reverse: false,
                keys_only: true,
            },
            // One page: a look at all keys could take long.
            false => Command::Scan {
                cursor: "0".to_owned(),
                pattern: Some(format!("{}*", escaped(begun))),
                count: Some(1_000),
                kind: None,
            },
        };
        let items = match self.ask(command).await {
            Some(Reply::List(items)) => items.into_iter().step_by(2).flatten().collect(),
            Some(Reply::Page(_, keys)) => keys,
            _ => Vec::new(),
        };
        names(items, begun)
    }

    async fn record_keys(&self, begun: &str) -> Vec<String> {
        let command = Command::RecordsList {
            prefix: Some(begun.to_owned()),
            start: None,
            end: None,
            after: None,
            kind: None,
            offset: None,
            limit: Some(MOST_KEYS),
        };
        match self.ask(command).await {
            Some(Reply::List(items)) => names(items.into_iter().step_by(8).flatten().collect(), begun),
            _ => Vec::new(),
        }
    }

    fn store(&self) -> Option<Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// An answer, if there is a store that gives one.
    async fn ask(&self, command: Command) -> Option<Reply> {
        self.store()?.execute(command).await.ok()
    }
}

/// Names that need no quotes.
fn names(items: Vec<Vec<u8>>, begun: &str) -> Vec<String> {
    let names = items.into_iter().filter_map(|key| String::from_utf8(key).ok());
    let is_plain = |name: &String| {
        name.starts_with(begun)
            && !name.contains(|c: char| c.is_whitespace() || c.is_control() || "\"'".contains(c))
    };
    let mut names: Vec<String> = names.filter(is_plain).collect();
    names.sort_unstable();
    names
}

/// A text as a pattern that only it matches.
fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| "*?[]\\^-".contains(c).then_some('\\').into_iter().chain([c])).collect()
}
