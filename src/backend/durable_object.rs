// Durable Objects as one store: finds the object for each key, and runs keyspace commands on all objects. An object is
// a gateway over cells in its own SQLite (`pkg/src/durable-object.ts`) and is used like any gateway. Of commands, only
// their keys matter here.

//! A store in Cloudflare's Durable Objects: `durable-object:BINDING`.
//!
//! Each object is strongly consistent and runs one command after the other, so every command and transaction is atomic.
//! Keys are distributed over `shards` objects by their hash slot, like in Redis: of a key that contains `{...}`, only
//! the part between the braces counts. With more than one object, the keys of a command or a transaction must be in one
//! slot. Records, changes, consumers, locks and tasks are all in the first object. Commands on all keys (`keys`, `scan`, `range`, `count`, `flush`, `stats`, ...) visit the objects one after the
//! other.

pub mod database;
mod together;

use super::redis::Redis;
use super::slot::{SLOTS, slot_of};
use super::upstash::{Settings, Upstash};
use super::{Backend, BoxFuture, Capabilities, Check, Stats};
use crate::command::{Access, Command, Key, Reply};
use crate::dialect::json::Encoding;
use crate::dialect::of_server;
use crate::error::{Error, Kind, Result};
use crate::host::network::Network;
use crate::options::Options;
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;

/// The store's name.
pub const NAME: &str = "durable-object";

/// The object that has all records, and everything built on them: they share one sequence.
const RECORDS: usize = 0;

/// The most objects of a store: keyspace commands visit each of them.
const MOST_SHARDS: u64 = 1_024;

/// The default timeout of an operation.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The default number of retries.
const RETRIES: u32 = 5;

/// Opens a handle on a store of `shards` objects. `network` sends a request to the object whose number is the first
/// label of the URL's host: `http://0.object/`. Anyone who can send requests through it has full access.
///
/// # Errors
///
/// `invalid-argument` if the number of objects is out of range; `unsupported` for options that only memory stores have.
pub fn open(network: &Network, shards: u64, options: &Options) -> Result<Arc<dyn Backend>> {
    Ok(Arc::new(of(network, shards, options)?))
}

fn of(network: &Network, shards: u64, options: &Options) -> Result<Shards> {
    if options.max_bytes.is_some() || options.max_keys.is_some() || options.eviction.is_some() {
        let message = "(maxBytes, maxKeys, eviction) are limits of memory: stores and only memory: has them";
        return Err(Error::new(Kind::Unsupported, message));
    }
    if !(1..=MOST_SHARDS).contains(&shards) {
        return Err(Error::invalid_argument("(shards) expects a number from 1 to 1024"));
    }
    let remote = &options.remote;
    let shard = |number| {
        let settings = Settings {
            endpoint: format!("http://{number}.object"),
            // Whoever has the binding has full access, and nobody else can reach the object.
            token: String::new(),
            timeout: remote.timeout.unwrap_or(TIMEOUT),
            retries: remote.retries.unwrap_or(RETRIES),
            automatic_pipelining: remote.automatic_pipelining.unwrap_or(true),
            encoding: Encoding::Base64,
        };
        let link = Upstash::new(settings, network.clone());
        Arc::new(Redis::new(Arc::new(link))) as Arc<dyn Backend>
    };
    Ok(Shards { shards: (0..shards).map(shard).collect() })
}

/// A handle on the objects of a store.
struct Shards {
    /// At least one.
    shards: Vec<Arc<dyn Backend>>,
}

/// Where a command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    One(usize),
    All,
}

impl Shards {
    fn shard(&self, number: usize) -> Result<&dyn Backend> {
        let shard = self.shards.get(number);
        shard.map(AsRef::as_ref).ok_or_else(|| Error::new(Kind::Internal, "looks for an object that is none"))
    }

    /// The object that has these keys.
    fn place<'k>(&self, keys: impl IntoIterator<Item = &'k Key>) -> Result<usize> {
        if self.shards.len() == 1 {
            return Ok(0);
        }
        let mut keys = keys.into_iter().map(|key| slot_of(key.as_bytes()));
        let Some(first) = keys.next() else { return Ok(0) };
        if keys.any(|slot| slot != first) {
            return Err(of_server("CROSSSLOT"));
        }
        Ok(usize::from(first) * self.shards.len() / usize::from(SLOTS))
    }

    fn target(&self, command: &Command) -> Result<Target> {
        match command.access() {
            Access::Keys(keys) => self.place(keys).map(Target::One),
            Access::Keyspace if self.shards.len() == 1 => Ok(Target::One(0)),
            Access::Keyspace => Ok(Target::All),
            Access::Records => Ok(Target::One(RECORDS)),
        }
    }

    async fn run(&self, command: &Command) -> Result<Reply> {
        match self.target(command)? {
            Target::One(number) => self.shard(number)?.execute(command).await,
            Target::All => together::run(&self.shards, command).await,
        }
    }

    /// Runs commands in order. Those between two keyspace commands run concurrently, in one round trip per object.
    async fn run_all(&self, commands: &[Command]) -> Result<Vec<Result<Reply>>> {
        let targets: Vec<_> = commands.iter().map(|command| self.target(command)).collect();
        let mut replies = Vec::with_capacity(commands.len());
        let mut rest: Vec<_> = commands.iter().zip(targets).collect();
        while !rest.is_empty() {
            let count = rest.iter().take_while(|(_, target)| *target != Ok(Target::All)).count();
            let after = rest.split_off(count.max(1));
            if let [(command, Ok(Target::All))] = rest.as_slice() {
                replies.push(self.run(command).await);
            } else {
                replies.extend(self.run_apart(rest).await?);
            }
            rest = after;
        }
        Ok(replies)
    }

    /// Runs commands that each belong to one object.
    async fn run_apart(&self, commands: Vec<(&Command, Result<Target>)>) -> Result<Vec<Result<Reply>>> {
        let mut trips: Vec<Vec<Command>> = vec![Vec::new(); self.shards.len()];
        let mut places = Vec::with_capacity(commands.len());
        for (command, target) in commands {
            places.push(match target {
                Ok(Target::One(number)) => {
                    if let Some(trip) = trips.get_mut(number) {
                        trip.push(command.clone());
                    }
                    Ok(number)
                }
                Ok(Target::All) => Err(Error::new(Kind::Internal, "takes a command on all keys for one")),
                Err(error) => Err(error),
            });
        }
        let sent = self.shards.iter().zip(&trips).map(async |(shard, trip)| match trip.is_empty() {
            true => Ok(Vec::new()),
            false => shard.execute_all(trip).await,
        });
        let mut answers = Vec::with_capacity(trips.len());
        for (answer, trip) in join_all(sent).await.into_iter().zip(&trips) {
            // If one object fails, the others' answers still count.
            let answer = answer.unwrap_or_else(|error| vec![Err(error); trip.len()]);
            answers.push(answer.into_iter());
        }
        let missing = || Err(Error::new(Kind::Internal, "got fewer replies than commands"));
        let reply =
            |place: Result<usize>| answers.get_mut(place?).and_then(Iterator::next).unwrap_or_else(missing);
        Ok(places.into_iter().map(reply).collect())
    }

    async fn run_transaction(&self, checks: &[Check], commands: &[Command]) -> Result<Vec<Result<Reply>>> {
        let mut keys: Vec<&Key> = checks.iter().map(|(key, _)| key).collect();
        let mut has_records = false;
        for command in commands {
            match command.access() {
                Access::Keys(more) => keys.extend(more),
                Access::Keyspace if self.shards.len() == 1 => {}
                Access::Records => has_records = true,
                Access::Keyspace => {
                    let message = ["cannot be part of a transaction: run ", command.name(), " by itself"];
                    return Err(Error::new(Kind::Unsupported, message.concat()));
                }
            }
        }
        let place = self.place(keys)?;
        if has_records && place != RECORDS {
            let message = "(transaction) changes records, which are in the first object, and keys of another object: \
                           with one object (shards: 1) they can be together";
            return Err(Error::new(Kind::Unsupported, message));
        }
        self.shard(place)?.transaction(checks, commands).await
    }
}

impl Backend for Shards {
    fn name(&self) -> &'static str {
        NAME
    }

    fn execute<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Reply>> {
        Box::pin(self.run(command))
    }

    fn execute_all<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(self.run_all(commands))
    }

    fn transaction<'a>(
        &'a self,
        checks: &'a [Check],
        commands: &'a [Command],
    ) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(self.run_transaction(checks, commands))
    }

    fn stats<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Stats>> {
        Box::pin(together::stats(&self.shards, prefix))
    }

    fn capabilities(&self) -> Capabilities {
        database::CAPABILITIES
    }

    fn another(&self) -> Result<Arc<dyn Backend>> {
        let shards = self.shards.iter().map(|shard| shard.another()).collect::<Result<_>>()?;
        Ok(Arc::new(Shards { shards }))
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            let closed = join_all(self.shards.iter().map(|shard| shard.close())).await;
            closed.into_iter().collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::network::{Http, Request, Response, Timer};

    /// Never called: these tests only look at where commands would go.
    struct Nowhere;

    impl Http for Nowhere {
        fn send(&self, _: Request) -> BoxFuture<'static, Result<Response>> {
            Box::pin(async { Err(Error::new(Kind::Unavailable, "(server) cannot be reached")) })
        }
    }

    impl Timer for Nowhere {
        fn now_ms(&self) -> u64 {
            0
        }

        fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
            Box::pin(async {})
        }

        fn spawn(&self, work: BoxFuture<'static, ()>) {
            pollster::block_on(work);
        }
    }

    fn shards(count: u64) -> Result<Shards> {
        let network = Network { http: Arc::new(Nowhere), timer: Arc::new(Nowhere), sockets: None };
        of(&network, count, &Options::default())
    }

    #[test]
    fn keys_with_the_same_tag_are_in_one_object() {
        let many = shards(16).unwrap();
        let read = |keys: [&str; 2]| Command::MGet { keys: keys.map(Key::from).into() };
        let Ok(Target::One(place)) = many.target(&read(["{user:1}:name", "{user:1}:age"])) else { panic!() };
        assert_eq!(many.place([&Key::from("user:1")]), Ok(place));
        let error = many.target(&read(["a", "b"])).unwrap_err();
        assert!(error.kind() == Kind::Unsupported && error.message().contains("{tag}"), "{error}");
        // A single object has all keys.
        assert_eq!(shards(1).unwrap().target(&read(["a", "b"])), Ok(Target::One(0)));
    }

    #[test]
    fn records_are_in_the_first_object() {
        let many = shards(16).unwrap();
        let read = Command::RecordsGet { key: "a".into() };
        assert_eq!(many.target(&read), Ok(Target::One(0)));
        let number = (0..).find(|number| many.place([&Key(format!("key:{number}"))]) != Ok(0)).unwrap();
        let elsewhere = Command::Get { key: Key(format!("key:{number}")) };
        let error = pollster::block_on(many.transaction(&[], &[read, elsewhere])).unwrap_err();
        assert!(error.kind() == Kind::Unsupported && error.message().contains("shards"), "{error}");
    }

    #[test]
    fn every_object_has_keys() {
        let many = shards(7).unwrap();
        let mut found = [0; 7];
        for number in 0..7_000 {
            found[many.place([&Key(format!("key:{number}"))]).unwrap()] += 1;
        }
        assert!(found.iter().all(|count| (700..1300).contains(count)), "{found:?}");
    }

    #[test]
    fn the_number_of_objects_is_limited() {
        for count in [0, 1025] {
            assert_eq!(shards(count).err().map(|error| error.kind()), Some(Kind::InvalidArgument));
        }
    }
}
