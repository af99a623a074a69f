// Random commands on records and what is built on them, and how they run on two stores that must give the same replies.
#![allow(dead_code, reason = "no test uses all of it")]

use fastrand::Rng;
use omnikv::Result;
use omnikv::command::{Bytes, Command, Ending, Expiry, Key, Reply, TaskState, TaskStatus};

/// How many commands run before the stores are emptied.
const ROUND: usize = 500;

/// A store and its model, which are compared after every command.
pub trait Pair {
    /// Runs a command at this time.
    fn run(&mut self, command: &Command, now: u64) -> Result<Reply>;

    /// Runs commands in one batch at this time.
    fn run_batch(&mut self, commands: &[Command], is_transaction: bool, now: u64);
}

/// Runs so many random commands, alone and in batches, while time goes on.
pub fn compare(commands: &mut Commands, count: usize, pair: &mut impl Pair) {
    let mut held: Vec<(Key, u64)> = Vec::new();
    for number in 0..count {
        let any = &mut commands.rng;
        if any.u8(..5) == 0 {
            commands.now += if any.u8(..200) == 0 { 4_500_000 } else { any.u64(..60) };
        }
        let now = commands.now;
        if number % ROUND == 0 {
            pair.run(&Command::Flush { prefix: String::new() }, now).unwrap();
        }
        if commands.rng.u8(..100) == 0 {
            let prefix = commands.rng.choice(["a", "A", "k", "x", "1"]).unwrap().to_owned();
            pair.run(&Command::Flush { prefix }, now).unwrap();
        }
        if commands.rng.u8(..20) == 0 {
            let is_transaction = commands.rng.bool();
            let count = commands.rng.usize(1..5);
            let batch: Vec<Command> = std::iter::repeat_with(|| commands.command()).take(count).collect();
            pair.run_batch(&batch, is_transaction, now);
        }
        if let Reply::Int(latest) = pair.run(&Command::ChangesLatest {}, now).unwrap() {
            commands.drawn = commands.drawn.max(u64::try_from(latest).unwrap());
        }
        let mut command = commands.command();
        // Few guessed tokens would be valid.
        if let Some((held_id, held_token)) = held.pop().filter(|_| commands.rng.u8(..4) > 0)
            && let Command::TasksRelease { id, token, .. } | Command::TasksHeartbeat { id, token, .. } =
                &mut command
        {
            (*id, *token) = (held_id, held_token);
        }
        let reply = pair.run(&command, now);
        if let (Command::TasksLock { .. }, Ok(Reply::List(task))) = (&command, reply) {
            let text = |field: usize| String::from_utf8(task[field].clone().unwrap()).unwrap();
            held.push((Key(text(0)), text(15).parse().unwrap()));
        }
    }
}

pub struct Commands {
    pub rng: Rng,
    pub now: u64,
    /// The last token that was issued.
    pub drawn: u64,
}

const VALUES: [&str; 9] = [
    "1",
    "\"text\"",
    "null",
    "[1,{\"a\":null}]",
    "{}",
    "{\"a\":1,\"b\":{\"c\":2,\"d\":3}}",
    "{\"b\":{\"c\":null,\"e\":[4]}}",
    "{\"a\":null,\"f\":{\"g\":null}}",
    "{\"a\"",
];

impl Commands {
    pub fn new(seed: u64, now: u64) -> Commands {
        Commands { rng: Rng::with_seed(seed), now, drawn: 0 }
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.rng.usize(..from.len())]
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.rng.bool().then(|| make(self))
    }

    /// A text whose byte order differs from its UTF-16 order, or that would be a pattern elsewhere.
    fn text(&mut self) -> String {
        let length = self.rng.usize(..=2);
        (0..length).map(|_| self.pick(&['a', 'A', '%', '_', '\u{ff5e}', '\u{10ffff}'])).collect()
    }

    fn key(&mut self) -> Key {
        Key(self.text() + self.pick(&["k", "l", ""]) + "k")
    }

    fn kind(&mut self) -> Option<String> {
        self.maybe(|any| any.pick(&["Person", "Order"]).to_owned())
    }

    fn value(&mut self) -> Bytes {
        self.pick(&VALUES).into()
    }

    fn expiry(&mut self) -> Expiry {
        match self.rng.u8(..10) {
            0..=4 => Expiry::Unstated,
            5 => Expiry::Keep,
            6 => Expiry::Never,
            7 => Expiry::At(self.now + self.rng.u64(..200) - 50),
            _ => Expiry::After(self.rng.u64(1..200)),
        }
    }

    fn due(&mut self) -> Expiry {
        match self.rng.u8(..3) {
            0 => Expiry::Unstated,
            1 => Expiry::At(self.now + self.rng.u64(..200) - 50),
            _ => Expiry::After(self.rng.u64(1..200)),
        }
    }

    fn version(&mut self) -> i64 {
        self.pick(&[-2, -1, -1, -1, -1, -1, -1, -1, 0, 0, 1, 1, 2, 3])
    }

    fn small(&mut self) -> Option<u64> {
        self.maybe(|any| any.rng.u64(..4))
    }

    fn seq(&mut self) -> u64 {
        self.drawn.saturating_sub(self.rng.u64(..20))
    }

    fn owner(&mut self) -> String {
        self.pick(&["me", "you"]).to_owned()
    }

    fn name(&mut self) -> Key {
        Key(self.pick(&["x", "y", "z"]).to_owned())
    }

    fn id(&mut self) -> Key {
        match self.rng.bool() {
            true => self.name(),
            false => Key(self.seq().to_string()),
        }
    }

    fn mutation(&mut self) -> Command {
        match self.rng.u8(..10) {
            0..=2 => Command::RecordsPut {
                key: self.key(),
                version: self.version(),
                value: self.value(),
                kind: self.kind(),
                expiry: self.expiry(),
            },
            3 | 4 => Command::RecordsPatch {
                key: self.key(),
                version: self.version(),
                value: self.value(),
                kind: self.kind(),
                expiry: self.expiry(),
            },
            5 => Command::RecordsDelete { keys: vec![self.key(), self.key()] },
            6 if self.rng.bool() => Command::RecordsDeletePrefix {
                prefix: self.text() + "k",
                offset: self.small(),
                limit: self.small(),
            },
            6 => Command::RecordsDeleteRange {
                start: self.text(),
                end: self.text(),
                offset: self.small(),
                limit: self.small(),
            },
            7 => Command::RecordsRestore {
                key: self.key(),
                version: self.rng.u64(1..4),
                created: self.rng.u64(..5),
                updated: self.rng.u64(..5),
                value: self.value(),
                kind: self.kind(),
                expiry: self.due(),
            },
            8 => self.restored_task(),
            _ => Command::TasksCreate {
                name: self.name(),
                payload: self.value(),
                id: self.maybe(Self::name),
                due: self.due(),
                max_retries: self.small(),
                timeout: self.small(),
                unique: self.maybe(Self::name),
                priority: self.maybe(|any| any.rng.i64(-1..=1)),
                prefix: self.maybe(Self::text),
            },
        }
    }

    fn restored_task(&mut self) -> Command {
        use TaskStatus::{Cancelled, Completed, Failed, Pending, Running};
        let now = self.now;
        let moment = |any: &mut Self| now + any.rng.u64(..200) - 100;
        Command::TasksRestore {
            id: self.id(),
            name: self.name(),
            status: self.pick(&[Pending, Running, Completed, Failed, Cancelled]),
            payload: self.value(),
            unique: self.maybe(Self::name),
            state: Box::new(TaskState {
                created: self.maybe(moment),
                due: self.maybe(moment),
                started: self.maybe(moment),
                ended: self.maybe(moment),
                tries: self.small(),
                max_retries: self.small(),
                timeout: self.small(),
                until: self.maybe(moment),
                priority: self.maybe(|any| any.rng.i64(-1..=1)),
                error: self.maybe(|_| "it broke".to_owned()),
                worker: self.maybe(Self::owner),
            }),
        }
    }

    pub fn command(&mut self) -> Command {
        match self.rng.u8(..42) {
            0..=11 => self.mutation(),
            12 | 13 => {
                let count = self.rng.usize(..4);
                Command::RecordsMutate { mutations: (0..count).map(|_| self.mutation()).collect() }
            }
            14 => Command::RecordsDeletePrefix { prefix: "*".into(), offset: None, limit: self.small() },
            15 => Command::RecordsGet { key: self.key() },
            16 => Command::RecordsGetMany { keys: vec![self.key(), self.key(), self.key()] },
            17 | 18 => Command::RecordsList {
                prefix: self.maybe(Self::text),
                start: self.maybe(Self::text),
                end: self.maybe(Self::text),
                after: self.maybe(|any| any.key().0),
                kind: self.kind(),
                offset: self.small(),
                limit: self.small(),
            },
            19 => Command::RecordsCount {
                prefix: self.maybe(Self::text),
                start: self.maybe(Self::text),
                end: self.maybe(Self::text),
                kind: self.kind(),
            },
            20 | 21 => Command::ChangesRead {
                from: self.maybe(Self::seq),
                limit: self.small(),
                kind: self.kind(),
                prefix: self.maybe(Self::text),
            },
            22 => Command::ChangesLatest {},
            23 => Command::ChangesTrim { seq: self.seq(), prefix: self.maybe(Self::text) },
            24 => Command::ConsumersClaim {
                name: self.name(),
                owner: self.owner(),
                milliseconds: self.rng.u64(1..100),
            },
            25 => Command::ConsumersRelease { name: self.name(), owner: self.owner() },
            26 => Command::ConsumersCommit {
                name: self.name(),
                seq: self.seq(),
                token: self.maybe(|any| any.seq()),
            },
            27 => Command::ConsumersStatus { name: self.name() },
            28 => Command::ConsumersDelete { name: self.name() },
            29 => Command::LocksAcquire {
                name: self.name(),
                owner: self.owner(),
                milliseconds: self.rng.u64(1..100),
            },
            30 => Command::LocksRelease { name: self.name(), owner: self.owner() },
            31 => Command::LocksStatus { name: self.name() },
            32 => Command::TasksGet { id: self.id() },
            33 => Command::TasksList {
                status: self.maybe(|any| {
                    use TaskStatus::{Cancelled, Completed, Failed, Pending, Running};
                    any.pick(&[Pending, Running, Completed, Failed, Cancelled])
                }),
                name: self.maybe(Self::name),
                offset: self.small(),
                limit: self.small(),
                prefix: self.maybe(Self::text),
            },
            34 if self.rng.bool() => Command::TasksCancel { id: self.id() },
            34 | 35 => Command::TasksLock {
                worker: self.owner(),
                milliseconds: self.rng.u64(1..200),
                names: vec![self.name(), self.name()],
            },
            36 => Command::TasksHeartbeat {
                id: self.id(),
                token: self.seq(),
                milliseconds: self.rng.u64(1..200),
            },
            37 => Command::TasksRelease {
                id: self.id(),
                token: self.seq(),
                ending: self.pick(&[Ending::Completed, Ending::Failed]),
                error: self.maybe(|_| "it broke".to_owned()),
            },
            40 => Command::ChangesAdvance { seq: self.drawn + self.rng.u64(..6) - self.drawn.min(3) },
            41 => Command::ConsumersList { prefix: self.maybe(Self::text) },
            38 => Command::TasksRequeue { id: self.id(), due: self.due() },
            _ => Command::TasksTrim {
                before: self.now - self.rng.u64(..5_000),
                prefix: self.maybe(Self::text),
            },
        }
    }
}
