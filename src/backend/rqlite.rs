// A store in rqlite, SQLite replicated by Raft, over its HTTP API: sends statements to a node, and to another one if that
// fails. No knowledge of cells and commands.

//! A store in an [rqlite](https://rqlite.io) cluster: `rqlite://user:password@host:4001`, or `rqlites://` for HTTPS.
//!
//! Any node can be asked: it passes requests on to the leader. Several hosts, separated by commas, are tried in turn. While
//! the cluster elects a leader, requests wait for it, up to the timeout.
//!
//! By default (`level=weak`) the leader answers reads. `level=linearizable` also makes sure that it still is the leader;
//! with `level=none` any node answers from its own data, which may be old: `freshness` limits how old, in seconds.

mod wire;

use super::cells::{Cells, Database, Failure as Sqlite, Row, SqlCells, Statement, failure};
use super::retry::{Attempts, Failure};
use super::{BoxFuture, Capabilities};
use crate::error::{Error, Kind, Result};
use crate::host::network::{Network, Request, Response};
use crate::options::Options;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::fmt;
use std::future::ready;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use wire::Answer;

/// The store's name.
const NAME: &str = "rqlite";

/// The longest key and value. They travel as JSON, in twice as many bytes, and stay in the Raft log for a while.
const MAX_BYTES: u64 = 16 << 20;

/// How many times nodes may name another one as the leader before the request counts as failed.
const REDIRECTS: u32 = 4;

/// What a read is promised: <https://rqlite.io/docs/api/read-consistency/>.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// Any node answers from its own data.
    None,
    /// The leader answers. A node that has just been replaced as the leader may not know it yet.
    #[default]
    Weak,
    /// The leader answers after a majority has confirmed that it is.
    Linearizable,
    /// The read takes part in the Raft log.
    Strong,
    /// `Weak` on voting nodes, `None` on read-only nodes.
    Auto,
}

impl Level {
    /// rqlite's word.
    pub fn name(self) -> &'static str {
        match self {
            Level::None => "none",
            Level::Weak => "weak",
            Level::Linearizable => "linearizable",
            Level::Strong => "strong",
            Level::Auto => "auto",
        }
    }

    /// Whether the node that was asked may answer by itself.
    fn is_local(self) -> bool {
        matches!(self, Level::None | Level::Auto)
    }
}

/// Where and how to send statements.
#[derive(Clone)]
pub struct Settings {
    /// The URLs of the nodes, without trailing slashes; at least one.
    pub hosts: Vec<String>,
    /// User and password, if the nodes ask for them.
    pub credentials: Option<(String, String)>,
    /// What reads are promised.
    pub level: Level,
    /// How old data may be with [`Level::None`].
    pub freshness: Option<Duration>,
    /// Whether nodes name the leader instead of passing requests on. It must be reachable by the address that they know.
    pub redirect: bool,
    /// The timeout of an operation, including all retries.
    pub timeout: Duration,
    /// How many times a failed request is retried if it may be repeated. Waiting for a leader does not count.
    pub retries: u32,
}

/// Hides the password.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

/// Opens a store. Nothing is sent yet; the first statement that misses the tables creates them.
///
/// # Errors
///
/// `unsupported` for options that only memory stores have.
pub fn open(settings: Settings, network: Network, options: &Options) -> Result<Cells> {
    let pause = Arc::new(network.clone());
    Ok(Cells::new(Arc::new(SqlCells::new(Rqlite::new(settings, network))), options)?.with_pause(pause))
}

/// A cluster.
struct Rqlite {
    settings: Settings,
    network: Network,
    /// The header with the credentials.
    authorization: Option<String>,
    route: Mutex<Route>,
    /// Whether somebody else has written meanwhile: then the next read asks the leader.
    is_overtaken: AtomicBool,
}

/// Which node to ask.
#[derive(Default)]
struct Route {
    /// The number of a host.
    host: usize,
    /// The URL of the leader, if a node has named it.
    leader: Option<String>,
}

/// A request to send.
struct Ask<'a> {
    /// With its query.
    path: String,
    body: Vec<u8>,
    statements: &'a [Statement],
    writes: bool,
    /// Whether only the leader can answer.
    for_leader: bool,
    /// Whether running it twice is the same as running it once.
    is_repeatable: bool,
}

/// Why a node has given no answer.
enum Trouble {
    /// The leader is at this URL.
    Elsewhere(String),
    /// Nothing was sent.
    Unreachable(Error),
    /// Nothing was run, and a node may do so soon.
    NotYet,
    /// Nothing was run, and trying again will not help.
    Refused(Error),
    /// The request may have been run.
    InDoubt(Failure),
}

impl Rqlite {
    fn new(settings: Settings, network: Network) -> Rqlite {
        let authorization = settings.credentials.as_ref().map(|(user, password)| {
            let pair = [user, ":", password].concat();
            ["Basic ", &BASE64_STANDARD.encode(pair)].concat()
        });
        Rqlite {
            settings,
            network,
            authorization,
            route: Mutex::default(),
            is_overtaken: AtomicBool::new(false),
        }
    }

    fn route(&self) -> MutexGuard<'_, Route> {
        self.route.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The URL of the node to ask.
    fn node(&self, for_leader: bool) -> String {
        let route = self.route();
        let hosts = &self.settings.hosts;
        let leader = route.leader.clone().filter(|_| for_leader);
        leader.or_else(|| hosts.get(route.host % hosts.len().max(1)).cloned()).unwrap_or_default()
    }

    /// Asks another node next time, unless somebody else has moved on already.
    fn leave(&self, node: &str) {
        let mut route = self.route();
        if route.leader.as_deref() == Some(node) {
            route.leader = None;
        } else if self.settings.hosts.get(route.host).is_some_and(|host| host == node) {
            route.host = (route.host + 1) % self.settings.hosts.len().max(1);
        }
    }

    fn ask<'a>(&self, statements: &'a [Statement], writes: bool) -> Ask<'a> {
        let level = match self.settings.level {
            level if level.is_local() && self.is_overtaken.load(Ordering::Relaxed) => Level::Weak,
            level => level,
        };
        let mut path = match writes {
            true => writing_path(statements).to_owned(),
            false => format!("/db/query?transaction&noparse&level={}", level.name()),
        };
        if let (Some(freshness), false, true) = (self.settings.freshness, writes, level.is_local()) {
            path.push_str(&format!("&freshness={}ms&freshness_strict", freshness.as_millis()));
        }
        if self.settings.redirect {
            path.push_str("&redirect");
        }
        Ask {
            path,
            body: wire::write(statements),
            statements,
            writes,
            for_leader: writes || !level.is_local(),
            is_repeatable: !writes || statements.iter().all(failure::is_repeatable),
        }
    }

    /// Runs statements on any node that answers.
    async fn run(&self, ask: Ask<'_>) -> Result<Vec<Vec<Row>>, Sent> {
        let settings = &self.settings;
        let mut attempts = Attempts::new(settings.timeout, settings.retries, &*self.network.timer);
        let (mut unreachable, mut redirects, mut in_doubt) = (1, 0, false);
        loop {
            let node = self.node(ask.for_leader);
            let left = attempts.left();
            // A node that does not answer leaves time for another one.
            let is_one_of_many = ask.is_repeatable && settings.hosts.len() > 1;
            let timeout = if is_one_of_many { left.min(settings.timeout / 3) } else { left };
            let trouble = match self.send(&node, &ask, timeout).await {
                Ok(Ok(rows)) => return Ok(rows),
                Ok(Err(failure)) => return Err(Sent::Failed(failure)),
                Err(trouble) => trouble,
            };
            let (pause, error) = match trouble {
                Trouble::Elsewhere(leader) if redirects < REDIRECTS => {
                    redirects += 1;
                    self.route().leader = Some(leader);
                    continue;
                }
                Trouble::Elsewhere(_) | Trouble::NotYet => {
                    self.leave(&node);
                    (attempts.wait(), no_leader())
                }
                Trouble::Unreachable(error) => {
                    self.leave(&node);
                    if unreachable < settings.hosts.len() {
                        unreachable += 1;
                        continue;
                    }
                    unreachable = 1;
                    (attempts.pause(&Failure::of(error.clone(), false)), error)
                }
                Trouble::InDoubt(failure) => {
                    self.leave(&node);
                    in_doubt = true;
                    let pause = if ask.is_repeatable { attempts.pause(&failure) } else { None };
                    (pause, failure.error)
                }
                Trouble::Refused(error) => (None, error),
            };
            match pause {
                Some(pause) => self.network.timer.sleep(pause).await,
                None if in_doubt && ask.writes => {
                    return Err(Sent::Error(error.maybe_applied()));
                }
                None => return Err(Sent::Error(error.not_applied())),
            }
        }
    }

    async fn send(
        &self,
        node: &str,
        ask: &Ask<'_>,
        timeout: Duration,
    ) -> Result<Result<Vec<Vec<Row>>, Sqlite>, Trouble> {
        let mut headers = vec![("content-type", "application/json".to_owned())];
        headers.extend(self.authorization.clone().map(|credentials| ("authorization", credentials)));
        let request = Request {
            method: "POST",
            url: [node, &ask.path].concat(),
            headers,
            body: ask.body.clone(),
            looks_at: &["location"],
            timeout: Some(timeout),
        };
        let response = self.network.http.send(request).await.map_err(|error| match error.kind() {
            Kind::Unavailable if !error.is_maybe_applied() => Trouble::Unreachable(error),
            Kind::Unavailable | Kind::Timeout => Trouble::InDoubt(error.into()),
            _ => Trouble::Refused(error),
        })?;
        let response = checked(response)?;
        match wire::read(&response.body, ask.statements.len()) {
            Some(Answer::Rows(rows)) => Ok(Ok(rows)),
            Some(Answer::Failed(message)) => Ok(Err(Sqlite::of(&message))),
            Some(Answer::Refused(message)) if was_not_run(&message) => Err(Trouble::NotYet),
            Some(Answer::Refused(_)) => Err(Trouble::InDoubt(Failure::of(failed(), true))),
            None => Err(Trouble::InDoubt(Failure::of(garbled(), true))),
        }
    }

    async fn run_batch(&self, statements: &[Statement], writes: bool) -> Result<Option<Vec<Vec<Row>>>> {
        let mut sent = self.run(self.ask(statements, writes)).await;
        if matches!(sent, Err(Sent::Failed(Sqlite::NoTables))) {
            self.run(self.ask(&failure::schema(), true)).await.map_err(Sent::error)?;
            sent = self.run(self.ask(statements, writes)).await;
        }
        let is_conflict = matches!(sent, Err(Sent::Failed(Sqlite::Conflict)));
        if writes {
            self.is_overtaken.store(is_conflict, Ordering::Relaxed);
        }
        match sent {
            Ok(rows) => Ok(Some(rows)),
            Err(_) if is_conflict => Ok(None),
            Err(failure) => Err(failure.error()),
        }
    }
}

/// Why statements have no rows.
enum Sent {
    /// SQLite refused them.
    Failed(Sqlite),
    /// They got no answer.
    Error(Error),
}

impl Sent {
    fn error(self) -> Error {
        match self {
            Sent::Failed(failure) => failure.error().unwrap_or_else(garbled),
            Sent::Error(error) => error,
        }
    }
}

/// Where statements go that write. rqlite need not parse them, because there is nothing to rewrite such as the time; but it
/// must, to find the rows of `RETURNING`.
fn writing_path(statements: &[Statement]) -> &'static str {
    let any = |has: fn(&str) -> bool| statements.iter().any(|statement| has(statement.text));
    if any(|text| text.contains(" RETURNING ")) {
        "/db/request?transaction&norwtime"
    } else if any(|text| text.starts_with("SELECT") || text.starts_with("WITH")) {
        "/db/request?transaction&noparse"
    } else {
        "/db/execute?transaction&noparse"
    }
}

/// Returns the response if it contains an answer.
fn checked(response: Response) -> Result<Response, Trouble> {
    let text = String::from_utf8_lossy(&response.body).to_ascii_lowercase();
    let refused = |kind, message| Err(Trouble::Refused(Error::new(kind, message)));
    match response.status {
        200..=299 => Ok(response),
        301 | 302 | 307 | 308 => match response.header("location").and_then(origin) {
            Some(leader) => Err(Trouble::Elsewhere(leader)),
            None => refused(Kind::Unsupported, "(url) leads to a server that sends elsewhere"),
        },
        401 | 403 => refused(Kind::PermissionDenied, "(password) was refused by the server for this user"),
        413 => refused(Kind::TooLarge, "(value) is larger than the server takes"),
        400..500 => refused(Kind::Unsupported, "(url) leads to a server that is not rqlite 8.31 or newer"),
        503 => Err(Trouble::NotYet),
        _ if was_not_run(&text) => Err(Trouble::NotYet),
        _ => Err(Trouble::InDoubt(Failure::of(failed(), true))),
    }
}

/// The scheme and host of a URL.
fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
    let host = rest.split(['/', '?']).next().filter(|host| !host.is_empty())?;
    Some([scheme, "://", host].concat())
}

/// Whether a node's message says that the statements have not been run, because the cluster was not ready, or because
/// the node could not reach the leader.
fn was_not_run(message: &str) -> bool {
    let message = message.trim();
    let whole = [
        "not leader",
        "leader not found",
        "leadership transfer in progress",
        "stale read",
        "store not open",
        "store not ready",
        "timed out enqueuing operation",
        "timeout waiting for fsm",
    ];
    whole.contains(&message) || (message.contains("remote node at") && message.contains("connection refused"))
}

fn no_leader() -> Error {
    Error::new(Kind::Unavailable, "(server) has no leader: most of the cluster's nodes must be running")
}

fn failed() -> Error {
    Error::new(Kind::Unavailable, "(server) has failed to answer")
}

fn garbled() -> Error {
    Error::new(Kind::Unavailable, "(server) does not reply like rqlite")
}

impl Database for Rqlite {
    fn name(&self) -> &'static str {
        NAME
    }

    fn batch(
        &self,
        statements: Vec<Statement>,
        writes: bool,
    ) -> BoxFuture<'_, Result<Option<Vec<Vec<Row>>>>> {
        Box::pin(async move { self.run_batch(&statements, writes).await })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            atomic: true,
            ordered: true,
            exact_counts: true,
            ttl_minimum_ms: 1,
            max_key_bytes: MAX_BYTES,
            max_value_bytes: MAX_BYTES,
            records: true,
            consistency: if self.settings.level.is_local() { "eventual" } else { "strong" },
        }
    }

    fn combines(&self) -> bool {
        true
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(ready(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_certainly_not_run_is_known() {
        for message in ["not leader", "leader not found\n", "stale read"] {
            assert!(was_not_run(message), "{message}");
        }
        let refused = "node failed to process execute on remote node at 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused";
        assert!(was_not_run(refused));
        for message in ["leadership lost while committing log", "remote node at a:1: EOF", ""] {
            assert!(!was_not_run(message), "{message}");
        }
    }

    #[test]
    fn a_leader_is_an_origin() {
        assert_eq!(origin("http://a:4001/db/execute?transaction&redirect").as_deref(), Some("http://a:4001"));
        assert_eq!(origin("https://[::1]:4001?x").as_deref(), Some("https://[::1]:4001"));
        assert_eq!(origin("ftp://a"), None);
        assert_eq!(origin("/db/execute"), None);
    }
}
