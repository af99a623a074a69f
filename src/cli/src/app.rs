// One run: reads the arguments, finds the store, shows answers and failures. What a verb does is in verbs/.

use crate::Tool;
use crate::args::{self, Cli, Globals, Verb};
use crate::failure::{Failure, MISSING};
use crate::host::{Host, Stream};
use crate::show::{self, Look, Style};
use crate::tree::Tree;
use crate::{url, verbs, words};
use clap::FromArgMatches;
use omnikv::command::{Command, Effect};
use omnikv::gateway::{self, Gateway};
use omnikv::{Kind, Options, Store};
use std::ffi::OsString;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// The width of text where there is no terminal.
const WIDTH: usize = 80;

/// How a run has ended.
pub type Outcome = Result<u8, Failure>;

/// Runs the command line with these arguments, the first of which is the program's name. Returns the exit code.
pub async fn run(tool: Tool, arguments: Vec<OsString>, host: Arc<dyn Host>) -> u8 {
    let parsed = parse(tool, arguments, &*host);
    let outcome = match parsed {
        Ok(cli) => {
            let app = App::new(tool, cli.globals, Arc::clone(&host));
            let outcome = app.run(cli.verb).await;
            app.close().await;
            outcome
        }
        Err(error) => Err(error.into()),
    };
    let code = outcome.unwrap_or_else(|failure| tell(tool, &failure, &*host));
    match host.flush() {
        Err(error) => Failure::from(error).code().max(code),
        Ok(()) => code,
    }
}

/// Reads arguments.
pub fn parse(tool: Tool, arguments: Vec<OsString>, host: &dyn Host) -> Result<Cli, clap::Error> {
    let width = host.terminal(Stream::Out).or(host.terminal(Stream::Err)).unwrap_or(100);
    let matches = args::command(tool).term_width(width.min(100)).try_get_matches_from(arguments)?;
    Cli::from_arg_matches(&matches)
}

/// Prints why a run has failed; returns the exit code.
pub fn tell(tool: Tool, failure: &Failure, host: &dyn Host) -> u8 {
    let name = tool.name();
    let is_colourful = colours(host, Stream::Err);
    let look = Look { width: WIDTH, is_colourful, is_redis: false };
    let text = match failure {
        Failure::Arguments(error) => {
            let to = if error.use_stderr() { Stream::Err } else { Stream::Out };
            let text = error.render();
            let text = if colours(host, to) { text.ansi().to_string() } else { text.to_string() };
            // There is nobody left to tell if this fails.
            _ = host.write(to, text.as_bytes());
            return failure.code();
        }
        Failure::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => return failure.code(),
        Failure::Io(error) => error.to_string(),
        Failure::Usage(text) => text.clone(),
        Failure::Store(error) => {
            let applied = if error.is_maybe_applied() { " (it may have been done all the same)" } else { "" };
            // A server's own words may be part of it.
            let said = show::printable(error.to_string().as_bytes(), false);
            format!("{said}{applied} [{}]", error.kind())
        }
    };
    let hint = failure.hint(name).map(|hint| format!("\n{hint}")).unwrap_or_default();
    let text = format!("{} {text}{hint}\n", look.paint(Style::Bad, &format!("{name}:")));
    _ = host.write(Stream::Err, text.as_bytes());
    failure.code()
}

/// Whether a stream takes colours.
pub fn colours(host: &dyn Host, stream: Stream) -> bool {
    let is_set = |name| host.variable(name).is_some_and(|value| !value.is_empty());
    host.terminal(stream).is_some() && !is_set("NO_COLOR") && host.variable("TERM").as_deref() != Some("dumb")
}

fn gateway(store: Store) -> Result<Gateway, Failure> {
    Ok(Gateway::new(store, gateway::Options { open: true, ..gateway::Options::default() })?)
}

/// What a verb works with.
pub struct App {
    pub tool: Tool,
    pub globals: Globals,
    pub host: Arc<dyn Host>,
    /// What verbs read in place of standard input.
    pub input: Option<Arc<[u8]>>,
    /// Once it has been opened.
    store: Arc<Mutex<Option<Store>>>,
}

impl App {
    pub fn new(tool: Tool, globals: Globals, host: Arc<dyn Host>) -> App {
        App { tool, globals, host, input: None, store: Arc::default() }
    }

    /// The same, on the same store, with another form of output if one is given.
    pub fn with_output_of(&self, line: &Globals) -> App {
        let is_given = line.json || line.table || line.raw;
        let Globals { json, table, raw, .. } = if is_given { line } else { &self.globals };
        let globals = Globals {
            json: *json,
            table: *table,
            raw: *raw,
            quiet: self.globals.quiet || line.quiet,
            stdin: line.stdin,
            ..self.globals.clone()
        };
        App {
            globals,
            store: Arc::clone(&self.store),
            host: Arc::clone(&self.host),
            tool: self.tool,
            input: None,
        }
    }

    /// The name by which the program was called.
    pub fn tool_name(&self) -> &'static str {
        self.tool.name()
    }

    /// Runs a verb.
    pub async fn run(&self, verb: Verb) -> Outcome {
        verbs::run(self, verb).await
    }

    /// The URL and options of the store.
    pub fn place(&self) -> Result<(String, Options), Failure> {
        url::of(&self.globals, |name| self.host.variable(name))
    }

    /// The store, which is opened at its first use.
    pub async fn store(&self) -> Result<Store, Failure> {
        let opened = self.store.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(store) = opened {
            return Ok(store);
        }
        let (url, options) = self.place()?;
        let store = self.host.open(url, options).await?;
        *self.store.lock().unwrap_or_else(PoisonError::into_inner) = Some(store.clone());
        Ok(store)
    }

    /// Opens another store, with the same prefix.
    pub async fn open(&self, url: &str) -> Result<Store, Failure> {
        let options = Options::new().prefix(self.globals.namespace.clone().unwrap_or_default());
        Ok(self.host.open(url.to_owned(), options).await?)
    }

    /// Closes the store. The answers have been shown: nobody needs an error of this.
    pub async fn close(&self) {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(store) = store {
            _ = store.close().await;
        }
    }

    /// Runs a command and returns its answer.
    pub async fn answer(&self, command: Command) -> Result<Tree, Failure> {
        let reply = self.store().await?.execute(command.clone()).await?;
        Ok(Tree::of(&command, reply))
    }

    /// Runs a command and shows its answer: 1 if there is none, or if it is false.
    pub async fn execute(&self, command: Command) -> Outcome {
        self.execute_as(command, false).await
    }

    /// Runs one of Redis's commands, whose answer looks as in redis-cli.
    pub async fn execute_words(&self, words: &[Vec<u8>]) -> Outcome {
        match words::is_ours(words) {
            true => self.execute_as(words::parse(words, self.tool)?, true).await,
            false => self.execute_other(words).await,
        }
    }

    /// Runs a command that Redis's clients know and that is none of ours, such as PING or SETEX.
    async fn execute_other(&self, words: &[Vec<u8>]) -> Outcome {
        // To find out that there is no such command, no store is needed.
        let scratch = Store::connect("memory:", Options::new()).await?;
        let asked = gateway(scratch)?.run(&words[..words.len().min(1)]).await;
        if asked.is_err_and(|error| error.kind() == Kind::Unsupported) {
            let command = args::command(self.tool);
            let verbs: Vec<_> = command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
            return Err(words::unknown(words, self.tool, &verbs));
        }
        let tree = Tree::from(gateway(self.store().await?)?.run(words).await?);
        self.show_as(&tree, true)?;
        Ok(if tree.is_found() { 0 } else { MISSING })
    }

    async fn execute_as(&self, command: Command, is_redis: bool) -> Outcome {
        let is_write = command.effect() != Effect::Read;
        let is_exists = matches!(command, Command::Exists { .. });
        let tree = self.answer(command).await?;
        if !(is_write && self.globals.quiet) {
            self.show_as(&tree, is_redis)?;
        }
        let is_found = tree.is_found() && !(is_exists && tree == Tree::Number(0));
        Ok(if is_found { 0 } else { MISSING })
    }

    /// Whether answers are text for people.
    pub fn is_text(&self) -> bool {
        let Globals { json, table, raw, .. } = self.globals;
        table || !json && !raw && self.host.terminal(Stream::Out).is_some()
    }

    /// How text looks.
    pub fn look(&self, stream: Stream) -> Look {
        let width = self.host.terminal(stream).unwrap_or(WIDTH);
        Look { width, is_colourful: colours(&*self.host, stream), is_redis: false }
    }

    /// Shows an answer.
    pub fn show(&self, tree: &Tree) -> Result<(), Failure> {
        self.show_as(tree, false)
    }

    fn show_as(&self, tree: &Tree, is_redis: bool) -> Result<(), Failure> {
        let shown = if self.globals.raw {
            match tree {
                Tree::Nothing => Vec::new(),
                tree => show::raw(tree),
            }
        } else if self.is_text() {
            show::text(tree, Look { is_redis, ..self.look(Stream::Out) }).into_bytes()
        } else {
            [show::json(tree).as_bytes(), b"\n"].concat()
        };
        Ok(self.host.write(Stream::Out, &shown)?)
    }

    /// Shows one of many, at once.
    pub fn show_now(&self, tree: &Tree) -> Result<(), Failure> {
        match self.globals.raw {
            // A line each.
            true => self.host.write(Stream::Out, &show::raw(&Tree::List(vec![tree.clone()])))?,
            false => self.show(tree)?,
        }
        Ok(self.host.flush()?)
    }

    /// Says something to the user that is no data.
    pub fn say(&self, text: &str) -> Result<(), Failure> {
        if self.globals.quiet {
            return Ok(());
        }
        Ok(self.host.write(Stream::Err, format!("{text}\n").as_bytes())?)
    }

    /// All of standard input.
    pub fn read_all(&self, what: &str) -> Result<Vec<u8>, Failure> {
        if let Some(input) = &self.input {
            return Ok(input.to_vec());
        }
        if self.host.terminal(Stream::In).is_some() {
            self.say(&format!("Type {what}, then Ctrl+D."))?;
        }
        let mut all = Vec::new();
        let mut buffer = vec![0; 64 << 10];
        loop {
            match self.host.read(&mut buffer)? {
                0 => return Ok(all),
                count => all.extend_from_slice(&buffer[..count]),
            }
        }
    }
}
