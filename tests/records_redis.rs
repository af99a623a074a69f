// Records and what is built on them on a real redis-server: random commands compared with the engine, and two
// connections that meet.

#[path = "support/random_records.rs"]
mod random_records;
mod support;

use omnikv::backend::redis::{Link, Message, Redis, Speaker};
use omnikv::backend::tcp::{Access, Endpoint, Settings, Tcp};
use omnikv::backend::{Backend, BoxFuture};
use omnikv::command::{Command, Ending, Expiry, Reply};
use omnikv::dialect::Value;
use omnikv::engine::{Engine, Limits, Tick};
use omnikv::{Error, Result};
use pollster::block_on;
use random_records::{Commands, Pair};
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use support::redis::RedisServer;

const COMMANDS: usize = 6_000;

fn tcp(server: &RedisServer) -> Arc<dyn Link> {
    let place = Endpoint::Server { host: "127.0.0.1".into(), port: server.port(), access: Access::default() };
    Arc::new(Tcp::new(place, Settings { timeout: Duration::from_secs(10), retries: 5 }))
}

/// A link whose scripts see a clock and a chance that the test sets.
struct Steered {
    link: Arc<dyn Link>,
    steer: Arc<Mutex<Steer>>,
}

#[derive(Default)]
struct Steer {
    now: u64,
    /// What the last word of a script becomes.
    chance: Option<String>,
}

impl Steered {
    fn steered(&self, mut message: Message) -> Message {
        let steer = self.steer.lock().unwrap();
        for argv in message.commands.iter_mut().filter(|argv| argv[0] == b"EVAL") {
            let script = str::from_utf8(&argv[1]).unwrap();
            let time = format!("{{'{}', '{}'}}", steer.now / 1000, steer.now % 1000 * 1000);
            argv[1] = script.replace("redis.call('TIME')", &time).into_bytes();
            if let Some(chance) = &steer.chance {
                *argv.last_mut().unwrap() = chance.clone().into_bytes();
            }
        }
        message
    }
}

impl Link for Steered {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn speaker(&self) -> BoxFuture<'_, Result<Speaker>> {
        self.link.speaker()
    }

    fn pipeline(&self, message: Message) -> BoxFuture<'_, Result<Vec<Value>>> {
        self.link.pipeline(self.steered(message))
    }

    fn transaction(&self, message: Message) -> BoxFuture<'_, Result<Vec<Value>>> {
        self.link.transaction(self.steered(message))
    }
}

/// Both stores, the engine first.
struct Both {
    engine: Engine,
    redis: Redis,
    steer: Arc<Mutex<Steer>>,
}

type Replies = Vec<std::result::Result<Reply, (omnikv::Kind, String)>>;

fn shown(replies: Vec<Result<Reply>>) -> Replies {
    let error = |error: Error| (error.kind(), error.message().to_owned());
    replies.into_iter().map(|reply| reply.map_err(error)).collect()
}

impl Pair for Both {
    fn run(&mut self, command: &Command, now: u64) -> Result<Reply> {
        let ours = self.engine.apply(command, &Tick::at(now));
        *self.steer.lock().unwrap() = Steer { now, chance: self.chance(command, &ours, now) };
        let theirs = block_on(self.redis.execute(command));
        assert_eq!(shown(vec![theirs]), shown(vec![ours.clone()]), "{command:?}");
        ours
    }

    fn run_batch(&mut self, commands: &[Command], is_transaction: bool, now: u64) {
        let tick = Tick::at(now);
        *self.steer.lock().unwrap() = Steer { now, chance: None };
        // The engine's chance of a failed task cannot be told twice, and a transaction takes no patches.
        let is_comparable = |command: &&Command| {
            !(matches!(command, Command::TasksRelease { .. }) || is_transaction && is_patch(command))
        };
        let commands: &[Command] = &commands.iter().filter(is_comparable).cloned().collect::<Vec<_>>();
        let (ours, theirs) = if is_transaction {
            let ours = self.engine.apply_together(&[], commands, &tick);
            (ours, block_on(self.redis.transaction(&[], commands)))
        } else {
            (self.engine.apply_all(commands, &tick), block_on(self.redis.execute_all(commands)))
        };
        assert_eq!(shown(theirs.unwrap()), shown(ours), "{commands:?}");
    }
}

impl Both {
    /// The chance with which a failed task waits as long as the engine has chosen.
    fn chance(&mut self, command: &Command, reply: &Result<Reply>, now: u64) -> Option<String> {
        let Command::TasksRelease { id, ending: Ending::Failed, .. } = command else { return None };
        let Ok(Reply::Bytes(status)) = reply else { return None };
        if status != b"pending" {
            return None;
        }
        let get = Command::TasksGet { id: id.clone() };
        let Ok(Reply::List(task)) = self.engine.apply(&get, &Tick::at(now)) else { panic!("a task") };
        let number =
            |field: usize| str::from_utf8(task[field].as_ref().unwrap()).unwrap().parse::<u64>().unwrap();
        let wait = (60_000 << (number(9) - 1).min(10)).min(3_600_000);
        let jitter = (number(6) - now - wait) as f64;
        Some(((jitter + 0.5) / (wait / 4) as f64).to_string())
    }
}

fn is_patch(command: &Command) -> bool {
    match command {
        Command::RecordsMutate { mutations } => mutations.iter().any(is_patch),
        command => matches!(command, Command::RecordsPatch { .. }),
    }
}

#[test]
fn random_commands_have_the_engines_replies() {
    let server = RedisServer::start();
    let steer = Arc::new(Mutex::new(Steer::default()));
    let link = Arc::new(Steered { link: tcp(&server), steer: Arc::clone(&steer) });
    let seed = support::seed();
    let engine = Engine::new(Limits::default(), seed);
    let mut both = Both { engine, redis: Redis::new(link), steer };
    random_records::compare(&mut Commands::new(seed, 1_000_000), COMMANDS, &mut both);
}

#[test]
fn much_that_has_expired_is_removed_by_several_scripts() {
    let server = RedisServer::start();
    let redis = Redis::new(tcp(&server));
    let run = |command: &Command| block_on(redis.execute(command)).unwrap();
    let put = |n: usize| Command::RecordsPut {
        key: format!("{n:04}").into(),
        version: -1,
        value: b"1".to_vec(),
        kind: None,
        expiry: Expiry::After(60_000),
    };
    let parse = |words: &[&str]| Command::parse(words).unwrap();
    let count = parse(&["RECORDS.COUNT"]);
    run(&Command::RecordsMutate { mutations: (0..2_500).map(put).collect() });
    assert_eq!(run(&count), Reply::Int(2_500));

    let mut theirs = server.connect();
    let mut say = |line: &str| -> redis::Value {
        redis::Cmd::new().arg(line.split(' ').collect::<Vec<_>>()).query(&mut theirs).unwrap()
    };
    say("HSET {omnikv}:state ahead 60000");
    say("CONFIG RESETSTAT");
    // Two that remove a thousand each, and one that removes the rest and counts.
    assert_eq!(run(&count), Reply::Int(0));
    let stats = format!("{:?}", say("INFO commandstats"));
    assert!(stats.contains("cmdstat_evalsha:calls=3,") && !stats.contains("cmdstat_eval:"), "{stats}");
    assert_eq!(run(&parse(&["CHANGES.LATEST"])), Reply::Int(5_000));

    // In a transaction nothing else has happened before.
    run(&Command::RecordsMutate { mutations: (0..2_500).map(put).collect() });
    say("HSET {omnikv}:state ahead 120000");
    let commands = [parse(&["INCR", "n"]), count, put(7)];
    let replies = block_on(redis.transaction(&[("n".into(), None)], &commands)).unwrap();
    assert_eq!(replies[..2], [Ok(Reply::Int(1)), Ok(Reply::Int(0))]);
    let Ok(Reply::List(head)) = &replies[2] else { panic!("{replies:?}") };
    assert_eq!(head[1..3], [Some(b"1".to_vec()), Some(b"10001".to_vec())]);
}
