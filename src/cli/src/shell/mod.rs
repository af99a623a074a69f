// The shell: reads lines and runs each as a command line of its own, on one open store. What a line edits like is the
// host's.

mod assist;
mod split;

pub use assist::Assist;

use crate::app::{self, App, Outcome};
use crate::args::{Globals, Verb};
use crate::failure::{Failure, USAGE};
use crate::host::{Edited, Stream};
use crate::show::Style;
use crate::time::latency;
use crate::{url, words};
use futures_util::future::{Either, select};
use omnikv::command::Command;
use split::{Unsplit, split};
use std::ffi::OsString;
use std::pin::pin;
use std::sync::Arc;

const HELP: &str = "\
  GET k, SET k v EX 60      commands of Redis, on plain keys
  put k {\"a\": 1}, get key k  verbs on records; JSON may go on over several lines
  help, help SET            this, or what a command does
  \\connect URL              open another store
  \\prefix P                 a namespace; without P none
  \\timing                   show how long commands take, or not
  exit                      or Ctrl+D
Tab completes commands, options and keys.
";

/// Whether the shell goes on.
enum Next {
    Line,
    End,
}

struct Shell<'a> {
    app: &'a App,
    /// The app that the lines run in: with another URL or prefix after `\connect` and `\prefix`.
    current: App,
    assist: Arc<Assist>,
    shows_time: bool,
    /// The exit code of the last line.
    code: u8,
}

pub async fn run(app: &App) -> Outcome {
    let assist = Arc::new(Assist::new(app.tool));
    let is_terminal = app.host.terminal(Stream::In).is_some();
    let current = App::new(app.tool, app.globals.clone(), Arc::clone(&app.host));
    let mut shell = Shell { app, current, assist, shows_time: is_terminal, code: 0 };
    shell.greet(is_terminal).await?;
    let mut editor = app.host.editor(Arc::clone(&shell.assist))?;
    loop {
        let prompt = shell.prompt();
        match editor.read(&prompt)? {
            Edited::Line(line) => {
                let begun = app.host.elapsed();
                match shell.line(&line).await {
                    Ok(Next::Line) => {}
                    Ok(Next::End) => break,
                    Err(failure) => shell.code = app::tell(app.tool, &failure, &*app.host),
                }
                if shell.shows_time && !line.trim().is_empty() && !line.trim().starts_with('\\') {
                    let took = latency(app.host.elapsed().saturating_sub(begun));
                    app.say(&app.look(Stream::Err).paint(Style::Faint, &format!("({took})")))?;
                }
                app.host.flush()?;
            }
            Edited::Cancelled => {}
            Edited::End => break,
        }
    }
    shell.current.close().await;
    // On a terminal the user has seen what failed.
    Ok(if is_terminal { 0 } else { shell.code })
}

impl Shell<'_> {
    async fn greet(&mut self, is_terminal: bool) -> Result<(), Failure> {
        let opened = self.current.store().await;
        self.assist.look_up_in(opened.as_ref().ok().cloned());
        match opened {
            Err(failure) if !is_terminal => return Err(failure),
            Err(failure) => _ = app::tell(self.app.tool, &failure, &*self.app.host),
            Ok(_) if is_terminal => {
                let (place, _) = self.current.place()?;
                self.app.say(&format!(
                    "omnikv {} on {}. Try help.",
                    env!("CARGO_PKG_VERSION"),
                    url::shown(&place)
                ))?;
            }
            Ok(_) => {}
        }
        Ok(())
    }

    fn prompt(&self) -> String {
        let place = self.current.place().map_or(String::new(), |(place, _)| url::shown(&place));
        match &self.current.globals.namespace {
            Some(prefix) if !prefix.is_empty() => format!("{place} {prefix}> "),
            _ => format!("{place}> "),
        }
    }

    async fn line(&mut self, line: &str) -> Result<Next, Failure> {
        let mut line = split(line).map_err(|unsplit| match unsplit {
            Unsplit::Open => Failure::usage("a quote or a bracket is not closed"),
            Unsplit::Glued => Failure::usage("expects a space behind a quote or a bracket"),
        })?;
        let first = line.words.first().map(|word| String::from_utf8_lossy(word).into_owned());
        let second = line.words.get(1).map(|word| String::from_utf8_lossy(word).into_owned());
        match first.as_deref() {
            None => {}
            Some("exit" | "quit" | "\\q") => return Ok(Next::End),
            Some("help" | "\\?") => self.help(second.as_deref())?,
            Some("\\timing") => {
                self.shows_time = !self.shows_time;
                self.app.say(if self.shows_time { "Times are shown." } else { "Times are not shown." })?;
            }
            Some("\\prefix") => {
                self.reopen(Globals { namespace: second, ..self.current.globals.clone() }).await?
            }
            Some("\\connect" | "\\c") => {
                let url = second
                    .ok_or_else(|| Failure::usage("\\connect expects a URL, such as sqlite:data.db"))?;
                let (store_type, connection) = (None, None);
                let globals =
                    Globals { url: Some(url), store_type, connection, ..self.current.globals.clone() };
                self.reopen(globals).await?;
            }
            Some(word) => {
                // What a verb reads from standard input is the JSON at the end of the line.
                let input = match word {
                    "put" | "patch" | "task" => line.json.take(),
                    _ => None,
                };
                if input.is_some() {
                    line.words.pop();
                }
                self.code = self.execute(line.words, input).await?;
            }
        }
        Ok(Next::Line)
    }

    fn help(&self, word: Option<&str>) -> Result<(), Failure> {
        let text = match word {
            None => HELP.to_owned(),
            Some(word) => match words::row(word) {
                Some(row) => words::help(row),
                None => {
                    let arguments = [self.app.tool_name(), word, "--help"].map(OsString::from).to_vec();
                    // Help comes as clap's error.
                    return match app::parse(self.app.tool, arguments, &*self.app.host) {
                        Err(error) if !error.use_stderr() => Err(error.into()),
                        _ => Err(Failure::usage(format!("there is no command {word:?}: Tab lists them"))),
                    };
                }
            },
        };
        Ok(self.app.host.write(Stream::Out, text.as_bytes())?)
    }

    /// Goes on with another store or prefix, if it can be opened.
    async fn reopen(&mut self, globals: Globals) -> Result<(), Failure> {
        let next = App::new(self.app.tool, globals, Arc::clone(&self.app.host));
        let store = next.store().await?;
        // Many stores are only reached by the first command.
        store.execute(Command::Exists { keys: vec!["omnikv-shell".into()] }).await?;
        self.assist.look_up_in(Some(store));
        self.current.close().await;
        self.current = next;
        Ok(())
    }

    async fn execute(&self, words: Vec<Vec<u8>>, input: Option<Vec<u8>>) -> Outcome {
        let arguments = words.iter().map(|word| argument(word)).collect::<Option<Vec<_>>>();
        // A word that is no text can only belong to a command of Redis.
        let Some(arguments) = arguments else { return self.current.execute_words(&words).await };
        let arguments = [OsString::from(self.app.tool_name())].into_iter().chain(arguments).collect();
        let cli = app::parse(self.app.tool, arguments, &*self.app.host)?;
        let is_elsewhere =
            cli.globals.url.is_some() || cli.globals.connection.is_some() || cli.globals.namespace.is_some();
        let mut line = if is_elsewhere {
            App::new(self.app.tool, cli.globals.clone(), Arc::clone(&self.app.host))
        } else {
            self.current.with_output_of(&cli.globals)
        };
        line.input = input.map(Into::into);
        let ends_itself = matches!(
            cli.verb,
            Verb::Consumer(_) | Verb::Task(_) | Verb::Benchmark(_) | Verb::Copy { .. } | Verb::Watch { .. }
        );
        if matches!(cli.verb, Verb::Shell) {
            return Err(Failure::usage("this is the shell"));
        }
        let outcome = if ends_itself {
            line.run(cli.verb).await
        } else {
            match select(pin!(line.run(cli.verb)), self.app.host.interrupted()).await {
                Either::Left((outcome, _)) => outcome,
                Either::Right(_) => {
                    self.app.say("Interrupted.")?;
                    Ok(USAGE)
                }
            }
        };
        if is_elsewhere {
            line.close().await;
        }
        outcome
    }
}

/// A word as an argument, if it is text.
fn argument(word: &[u8]) -> Option<OsString> {
    str::from_utf8(word).ok().map(OsString::from)
}
