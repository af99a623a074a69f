// A Redis Cluster: each command goes to the server that has its key's slot, and follows the slot when it moves.
// Keyspace commands go to every master. Of commands, only their keys matter here; how they travel to a server does not.

//! A link to the servers of a Redis Cluster, over links to each of them.

mod slots;

use crate::backend::redis::transaction::{not_now, not_yet, of_transaction, transaction};
use crate::backend::redis::{Argv, LONGEST, Lease, Link, Message, Repeat, Speaker, Watchers};
use crate::backend::retry::Attempts;
use crate::dialect::Value;
use crate::error::{Error, Kind, Result};
use crate::host::network::Timer;
use crate::host::{BoxFuture, MaybeSend};
use futures_util::future::join_all;
pub use slots::Address;
use slots::Slots;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many redirections a command follows before it waits.
const MOST_REDIRECTIONS: u32 = 5;

/// A connection to one server of a cluster.
pub trait Node: MaybeSend {
    /// Sends the words once, and returns their answers.
    ///
    /// # Errors
    ///
    /// Marked `maybe-applied` unless the server has certainly run nothing.
    fn attempt<'a>(&'a self, words: Vec<Argv>, left: Duration) -> BoxFuture<'a, Result<Vec<Value>>>;
}

/// Makes connections to the servers of a cluster.
pub trait Nodes: MaybeSend {
    /// A connection that opens on first use, and takes at most this long for it.
    fn at(&self, address: &Address, timeout: Duration) -> Arc<dyn Node>;
}

/// Timeout and retries.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The timeout of an operation, including all retries.
    pub timeout: Duration,
    /// How many times a failed message is retried if it may be repeated.
    pub retries: u32,
}

/// A connection to the servers of a cluster.
pub struct Cluster {
    /// The servers in the URL.
    seeds: Vec<Address>,
    servers: Arc<dyn Nodes>,
    settings: Settings,
    timer: Arc<dyn Timer>,
    state: Mutex<State>,
    watchers: Watchers,
}

#[derive(Default)]
struct State {
    nodes: HashMap<Address, Arc<dyn Node>>,
    /// Which server has which slots; `None` if unknown.
    slots: Option<Arc<Slots>>,
}

/// Where a command goes.
#[derive(Clone, PartialEq)]
struct Target {
    address: Address,
    /// Whether the slot is still being moved there (`ASK`).
    asking: bool,
}

impl Cluster {
    /// Creates a link. Sends nothing yet.
    pub fn new(
        seeds: Vec<Address>,
        servers: Arc<dyn Nodes>,
        settings: Settings,
        timer: Arc<dyn Timer>,
    ) -> Cluster {
        Cluster { seeds, servers, settings, timer, state: Mutex::default(), watchers: Watchers::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the attempts of one operation.
    fn attempts(&self) -> Attempts<'_> {
        Attempts::new(self.settings.timeout, self.settings.retries, &*self.timer)
    }

    fn node(&self, address: &Address) -> Arc<dyn Node> {
        let make = || self.servers.at(address, self.settings.timeout);
        Arc::clone(self.state().nodes.entry(address.clone()).or_insert_with(make))
    }

    /// Which server has which slots, asking servers if it is unknown.
    async fn slots(&self, left: Duration) -> Result<Arc<Slots>> {
        let (known, others) = {
            let state = self.state();
            (state.slots.clone(), state.nodes.keys().cloned().collect::<Vec<_>>())
        };
        if let Some(slots) = known {
            return Ok(slots);
        }
        let words = vec![vec![b"CLUSTER".to_vec(), b"SLOTS".to_vec()]];
        let mut failed =
            Error::new(Kind::Unavailable, "(server) cannot be reached: none of those that the URL names");
        for address in others.iter().chain(self.seeds.iter().filter(|seed| !others.contains(seed))) {
            // A server that does not answer must not use up all the time.
            match self.node(address).attempt(words.clone(), left / 3).await {
                Ok(answers) => match answers.into_iter().next() {
                    Some(Value::Error(text)) => failed = crate::dialect::of_server(&text),
                    answer => {
                        let slots = Arc::new(Slots::read(answer.unwrap_or(Value::Nil), &address.0)?);
                        let mut state = self.state();
                        state.nodes.retain(|address, _| slots.masters().contains(address));
                        state.slots = Some(Arc::clone(&slots));
                        return Ok(slots);
                    }
                },
                Err(error) => failed = error.not_applied(),
            }
        }
        Err(failed)
    }

    /// Forgets the slots, so that they are requested again.
    fn forget_slots(&self) {
        self.state().slots = None;
    }

    /// Runs commands with keys: those for the same server are sent together, in order.
    async fn run_keyed(&self, commands: &[Argv], repeat: Repeat) -> Result<Vec<Value>> {
        let mut attempts = self.attempts();
        let mut redirections = 0;
        let mut answers: Vec<Option<Value>> = vec![None; commands.len()];
        let mut redirected: HashMap<usize, Target> = HashMap::new();
        loop {
            let tried = self.try_keyed(commands, &mut answers, &mut redirected, attempts.left()).await;
            let missing = answers.iter().filter(|answer| answer.is_none()).count();
            let error = match tried {
                Ok(()) if missing == 0 => return Ok(answers.into_iter().flatten().collect()),
                Ok(()) if redirections < MOST_REDIRECTIONS && !redirected.is_empty() => {
                    redirections += 1;
                    continue;
                }
                Ok(()) => not_yet(),
                Err(error) => error,
            };
            match attempts.after(error, repeat) {
                Ok(pause) => self.timer.sleep(pause).await,
                // Some commands may have been applied although not all were.
                Err(error) if missing < commands.len() && repeat != Repeat::Harmless => {
                    return Err(error.maybe_applied());
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Sends all commands without an answer, once. Records redirections.
    async fn try_keyed(
        &self,
        commands: &[Argv],
        answers: &mut [Option<Value>],
        redirected: &mut HashMap<usize, Target>,
        left: Duration,
    ) -> Result<()> {
        let slots = self.slots(left).await?;
        let mut groups: Vec<(Target, Vec<usize>)> = Vec::new();
        for (index, command) in commands.iter().enumerate().filter(|(index, _)| answers[*index].is_none()) {
            let target = match redirected.remove(&index) {
                Some(target) => target,
                None => Target { address: slots.master_of(command)?.clone(), asking: false },
            };
            match groups.iter_mut().find(|(known, _)| *known == target) {
                Some((_, indexes)) => indexes.push(index),
                None => groups.push((target, vec![index])),
            }
        }
        let sent = groups.iter().map(|(target, indexes)| self.send(target, commands, indexes, left));
        let mut failed: Option<Error> = None;
        for ((target, indexes), sent) in groups.iter().zip(join_all(sent).await) {
            match sent {
                Ok(values) => {
                    for (index, value) in indexes.iter().zip(values) {
                        match slots::redirection(&value) {
                            Some(((host, port), asking)) => {
                                // Without a host name, it is the server that answered.
                                let host = if host.is_empty() { target.address.0.clone() } else { host };
                                if !asking {
                                    self.forget_slots();
                                }
                                redirected.insert(*index, Target { address: (host, port), asking });
                            }
                            None => match not_now(std::slice::from_ref(&value)) {
                                Some(error) => {
                                    self.forget_slots();
                                    failed.get_or_insert(error);
                                }
                                None => answers[*index] = Some(value),
                            },
                        }
                    }
                }
                Err(error) => {
                    self.forget_slots();
                    if !failed.as_ref().is_some_and(Error::is_maybe_applied) {
                        failed = Some(error);
                    }
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn send(
        &self,
        target: &Target,
        commands: &[Argv],
        indexes: &[usize],
        left: Duration,
    ) -> Result<Vec<Value>> {
        let mut words = Vec::with_capacity(indexes.len());
        for index in indexes {
            if target.asking {
                words.push(vec![b"ASKING".to_vec()]);
            }
            words.push(commands[*index].clone());
        }
        let answers = self.node(&target.address).attempt(words, left).await?;
        let step = if target.asking { 2 } else { 1 };
        Ok(answers.into_iter().skip(step - 1).step_by(step).collect())
    }

    /// Runs a keyspace command.
    async fn run_everywhere(&self, command: &Argv, repeat: Repeat) -> Result<Value> {
        if slots::name(command) == "SCAN" {
            return self.scan(command).await;
        }
        let mut attempts = self.attempts();
        loop {
            match self.try_everywhere(command, attempts.left()).await {
                Ok(answers) => return slots::together(command, answers),
                Err(error) => self.timer.sleep(attempts.after(error, repeat)?).await,
            }
        }
    }

    async fn try_everywhere(&self, command: &Argv, left: Duration) -> Result<Vec<Value>> {
        let slots = self.slots(left).await?;
        let send = async |address: &Address| self.node(address).attempt(vec![command.clone()], left).await;
        let sent = join_all(slots.masters().iter().map(send)).await;
        let answers = sent.into_iter().collect::<Result<Vec<_>>>().inspect_err(|_| self.forget_slots())?;
        Ok(answers.into_iter().flatten().collect())
    }

    /// A page of one master's keys; the cursor contains the master's number.
    async fn scan(&self, command: &Argv) -> Result<Value> {
        let mut attempts = self.attempts();
        let place = slots::ScanPlace::read(command);
        loop {
            match self.try_scan(command, &place, attempts.left()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => self.timer.sleep(attempts.after(error, Repeat::Harmless)?).await,
            }
        }
    }

    async fn try_scan(&self, command: &Argv, place: &slots::ScanPlace, left: Duration) -> Result<Value> {
        let slots = self.slots(left).await?;
        let Some(address) = slots.masters().get(place.master) else { return Ok(slots::last_page()) };
        let words = vec![place.words(command)];
        let answers = self.node(address).attempt(words, left).await.inspect_err(|_| self.forget_slots())?;
        let answer = answers.into_iter().next().unwrap_or(Value::Nil);
        if let Some(error) = not_now(std::slice::from_ref(&answer)) {
            return Err(error);
        }
        Ok(place.next(answer, slots.masters().len()))
    }

    async fn run(&self, message: Message) -> Result<Vec<Value>> {
        let mut answers = Vec::with_capacity(message.commands.len());
        let mut rest = message.commands.as_slice();
        while !rest.is_empty() {
            let keyed = rest.iter().position(|command| slots::key(command).is_none()).unwrap_or(rest.len());
            let (now, later) = rest.split_at(keyed);
            answers.extend(self.run_keyed(now, message.repeat).await?);
            rest = later;
            if let Some((command, later)) = later.split_first() {
                answers.push(self.run_everywhere(command, message.repeat).await?);
                rest = later;
            }
        }
        Ok(answers)
    }

    async fn run_whole(&self, message: Message) -> Result<Vec<Value>> {
        let Some(first) = message.commands.first().cloned() else { return Ok(Vec::new()) };
        slots::must_share_a_slot(&message.commands)?;
        let words = transaction(message.commands);
        let mut attempts = self.attempts();
        loop {
            let tried = self.try_whole(&first, &words, attempts.left()).await;
            match tried {
                Ok(answers) => return of_transaction(answers),
                Err(error) => self.timer.sleep(attempts.after(error, message.repeat)?).await,
            }
        }
    }

    async fn try_whole(&self, first: &Argv, words: &[Argv], left: Duration) -> Result<Vec<Value>> {
        let slots = self.slots(left).await?;
        let node = self.node(slots.master_of(first)?);
        let answers = node.attempt(words.to_vec(), left).await.inspect_err(|_| self.forget_slots())?;
        // A command that could not even be queued makes the whole transaction fail.
        let queued = answers.split_last().map_or(&[][..], |(_, queued)| queued);
        let is_elsewhere = queued.iter().any(|answer| slots::redirection(answer).is_some());
        match not_now(&answers).or_else(|| is_elsewhere.then(not_yet)) {
            Some(error) => {
                self.forget_slots();
                Err(error)
            }
            None => Ok(answers),
        }
    }
}

impl Link for Cluster {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn speaker(&self) -> BoxFuture<'_, Result<Speaker>> {
        Box::pin(std::future::ready(Ok(Speaker::Redis)))
    }

    fn pipeline(&self, message: Message) -> BoxFuture<'_, Result<Vec<Value>>> {
        Box::pin(self.run(message))
    }

    fn transaction(&self, message: Message) -> BoxFuture<'_, Result<Vec<Value>>> {
        Box::pin(self.run_whole(message))
    }

    fn keeps_scripts(&self) -> bool {
        true
    }

    fn is_one_place(&self) -> bool {
        false
    }

    fn watch(&self) -> Option<Arc<Lease>> {
        Some(self.watchers.join(&self.timer, || {
            let settings = Settings { timeout: self.settings.timeout.saturating_add(LONGEST), retries: 0 };
            let (servers, timer) = (Arc::clone(&self.servers), Arc::clone(&self.timer));
            Arc::new(Cluster::new(self.seeds.clone(), servers, settings, timer))
        }))
    }
}
