// The connected clients, as `CLIENT LIST` shows them and `CLIENT KILL` ends them. No commands are run here.

use crate::host::bell::Bell;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// One connection, as others see it.
pub(super) struct Client {
    pub id: u64,
    /// The addresses of both ends.
    pub peer: String,
    pub local: String,
    /// When it connected, in milliseconds since 1970.
    pub since_ms: u64,
    pub facts: Mutex<Facts>,
    is_killed: AtomicBool,
    /// Rings when it is killed.
    pub bell: Bell,
}

/// What a client says of itself, and what it did last.
#[derive(Clone, Default)]
pub(super) struct Facts {
    pub name: String,
    pub library: String,
    pub library_version: String,
    pub last_ms: u64,
    pub last_command: String,
    pub is_new: bool,
    /// How many commands its transaction has; nothing outside of one.
    pub queued: Option<usize>,
    pub watched: usize,
    pub is_no_evict: bool,
}

impl Client {
    pub fn facts<R>(&self, use_them: impl FnOnce(&mut Facts) -> R) -> R {
        use_them(&mut self.facts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn is_killed(&self) -> bool {
        self.is_killed.load(Ordering::Acquire)
    }

    pub fn kill(&self) {
        self.is_killed.store(true, Ordering::Release);
        self.bell.ring();
    }

    /// The client's line in `CLIENT LIST`.
    pub fn line(&self, now_ms: u64) -> String {
        let facts = self.facts(|facts| facts.clone());
        let seconds = |since: u64| now_ms.saturating_sub(since) / 1000;
        let multi = facts.queued.map_or(-1, |count| count as i64);
        let flags = match (facts.queued.is_some(), facts.is_no_evict) {
            (true, false) => "x",
            (true, true) => "xe",
            (false, true) => "e",
            (false, false) => "N",
        };
        let mut line = String::new();
        // Writing to memory cannot fail.
        _ = write!(
            line,
            "id={} addr={} laddr={} fd=-1 name={} age={} idle={} flags={flags} db=0 sub=0 psub=0 ssub=0 multi={multi} \
             watch={} qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 tot-mem=0 events=r cmd={} \
             user=default redir=-1 resp={} lib-name={} lib-ver={}",
            self.id,
            self.peer,
            self.local,
            facts.name,
            seconds(self.since_ms),
            seconds(facts.last_ms),
            facts.watched,
            facts.last_command,
            if facts.is_new { 3 } else { 2 },
            facts.library,
            facts.library_version,
        );
        line
    }
}

/// All clients.
#[derive(Default)]
pub(super) struct Clients {
    all: Mutex<BTreeMap<u64, Arc<Client>>>,
    last: AtomicU64,
}

impl Clients {
    pub fn join(&self, peer: String, local: String, now_ms: u64) -> Arc<Client> {
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let facts = Mutex::new(Facts { last_ms: now_ms, last_command: "NULL".into(), ..Facts::default() });
        let (is_killed, bell) = (AtomicBool::new(false), Bell::default());
        let client = Arc::new(Client { id, peer, local, since_ms: now_ms, facts, is_killed, bell });
        self.with(|all| all.insert(id, Arc::clone(&client)));
        client
    }

    pub fn leave(&self, client: &Client) {
        self.with(|all| all.remove(&client.id));
    }

    pub fn all(&self) -> Vec<Arc<Client>> {
        self.with(|all| all.values().cloned().collect())
    }

    pub fn count(&self) -> usize {
        self.with(|all| all.len())
    }

    /// How many have connected so far.
    pub fn total(&self) -> u64 {
        self.last.load(Ordering::Relaxed)
    }

    fn with<R>(&self, run: impl FnOnce(&mut BTreeMap<u64, Arc<Client>>) -> R) -> R {
        run(&mut self.all.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
