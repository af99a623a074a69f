// Lines that a user types: with an editor on a terminal, plain from a pipe.

use crate::host::{Edited, Editor};
use crate::shell::Assist;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Helper};
use std::borrow::Cow;
use std::io::{self, BufRead};
use std::path::PathBuf;
use std::sync::Arc;

/// How many lines the history keeps.
const HISTORY: usize = 10_000;

/// A terminal.
pub struct Terminal {
    editor: rustyline::Editor<Assisted, DefaultHistory>,
    history: Option<PathBuf>,
}

struct Assisted(Arc<Assist>);

impl Terminal {
    pub fn new(assist: Arc<Assist>) -> io::Result<Terminal> {
        let config = Config::builder()
            .max_history_size(HISTORY)
            .and_then(|config| config.history_ignore_dups(true))
            .map_err(error_of)?
            // A line that should not be kept begins with a space.
            .history_ignore_space(true)
            .completion_type(CompletionType::List)
            .build();
        let mut editor = rustyline::Editor::with_config(config).map_err(error_of)?;
        editor.set_helper(Some(Assisted(assist)));
        let history = history();
        if let Some(file) = &history {
            // There is none the first time.
            _ = editor.load_history(file);
        }
        Ok(Terminal { editor, history })
    }
}

/// The file named by OMNIKV_HISTORY, or one in the home folder; none if the variable is empty.
fn history() -> Option<PathBuf> {
    match std::env::var_os("OMNIKV_HISTORY") {
        Some(file) if file.is_empty() => None,
        Some(file) => Some(file.into()),
        None => std::env::home_dir().map(|home| home.join(".omnikv_history")),
    }
}

impl Editor for Terminal {
    fn read(&mut self, prompt: &str) -> io::Result<Edited> {
        match self.editor.readline(prompt) {
            Ok(line) => {
                // A URL may hold a password.
                if !line.trim_start().starts_with("\\c")
                    && self.editor.add_history_entry(&line).map_err(error_of)?
                    && let Some(file) = &self.history
                {
                    // A folder that cannot be written to is no reason to end.
                    _ = self.editor.append_history(file);
                }
                Ok(Edited::Line(line))
            }
            Err(ReadlineError::Interrupted) => Ok(Edited::Cancelled),
            Err(ReadlineError::Eof) => Ok(Edited::End),
            Err(error) => Err(error_of(error)),
        }
    }
}

fn error_of(error: ReadlineError) -> io::Error {
    match error {
        ReadlineError::Io(error) => error,
        other => io::Error::other(other),
    }
}

impl Helper for Assisted {}

impl Completer for Assisted {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _: &Context) -> rustyline::Result<(usize, Vec<String>)> {
        // The store works on threads of its own, so this one can wait for it.
        Ok(pollster::block_on(self.0.complete(line.get(..at).unwrap_or(line))))
    }
}

impl Hinter for Assisted {
    type Hint = String;

    fn hint(&self, line: &str, at: usize, _: &Context) -> Option<String> {
        if at < line.len() { None } else { self.0.hint(line) }
    }
}

impl Highlighter for Assisted {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        match std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
            true => hint.into(),
            false => format!("\x1b[2m{hint}\x1b[0m").into(),
        }
    }
}

impl Validator for Assisted {
    fn validate(&self, context: &mut ValidationContext) -> rustyline::Result<ValidationResult> {
        Ok(match self.0.is_whole(context.input()) {
            true => ValidationResult::Valid(None),
            false => ValidationResult::Incomplete,
        })
    }
}

/// A pipe or a file.
pub struct Piped {
    assist: Arc<Assist>,
}

impl Piped {
    pub fn new(assist: Arc<Assist>) -> Piped {
        Piped { assist }
    }
}

impl Editor for Piped {
    fn read(&mut self, _: &str) -> io::Result<Edited> {
        let mut text = String::new();
        loop {
            let is_end = io::stdin().lock().read_line(&mut text)? == 0;
            if is_end && text.is_empty() {
                return Ok(Edited::End);
            }
            let line = text.trim_end_matches(['\n', '\r']);
            if is_end || self.assist.is_whole(line) {
                return Ok(Edited::Line(line.to_owned()));
            }
        }
    }
}
