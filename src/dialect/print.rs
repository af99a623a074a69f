// Command -> argv: the canonical words of each command, and those for a Redis server.

use crate::command::{Bytes, Command, ExpireCondition, Expiry, Key, SetCondition, Side};

impl Command {
    /// The command as words, such that [`Command::parse`] gives it back; a `get-set` that says when the value expires
    /// becomes the `SET key value GET ..` that does the same.
    pub fn to_argv(&self) -> Vec<Bytes> {
        print(self, Speaker::Ourselves).argv
    }

    /// The words that make a Redis 7 server do this, or nothing where it has no single command with this effect and
    /// this answer.
    ///
    /// They differ from [`to_argv`](Command::to_argv) in that `PERSIST` is left out where Redis does not take it:
    /// what `SET` writes never expires there unless it says so.
    pub fn to_redis(&self) -> Option<Vec<Bytes>> {
        let words = print(self, Speaker::Redis);
        words.in_redis.then_some(words.argv)
    }

    /// Whether a Redis 7 server has one command with this effect and this answer.
    pub fn in_redis(&self) -> bool {
        print(self, Speaker::Redis).in_redis
    }
}

/// For whom the words are meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Speaker {
    Ourselves,
    Redis,
}

/// The words printed so far.
struct Words {
    argv: Vec<Bytes>,
    speaker: Speaker,
    in_redis: bool,
}

impl Words {
    fn start(word: &str, speaker: Speaker) -> Words {
        Words { argv: vec![word.as_bytes().to_vec()], speaker, in_redis: true }
    }

    /// Marks what a Redis server does not understand.
    fn ours(mut self) -> Words {
        self.in_redis = false;
        self
    }

    fn word(mut self, word: impl AsRef<[u8]>) -> Words {
        self.argv.push(word.as_ref().to_vec());
        self
    }

    fn number(self, number: impl ToString) -> Words {
        self.word(number.to_string())
    }

    fn key(self, key: &Key) -> Words {
        self.word(key.as_bytes())
    }

    /// Each item in its words. Redis wants at least one wherever there may be many.
    fn each<T>(self, items: &[T], print: impl FnMut(Words, &T) -> Words) -> Words {
        let words = if items.is_empty() { self.ours() } else { self };
        items.iter().fold(words, print)
    }

    fn keys(self, keys: &[Key]) -> Words {
        self.each(keys, Words::key)
    }

    fn values(self, values: &[Bytes]) -> Words {
        self.each(values, |words, value| words.word(value))
    }

    fn entries(self, pairs: &[(Key, Bytes)]) -> Words {
        self.each(pairs, |words, (key, value)| words.key(key).word(value))
    }

    fn flag(self, word: &str, set: bool) -> Words {
        if set { self.word(word) } else { self }
    }

    fn option(self, word: &str, value: Option<impl AsRef<[u8]>>) -> Words {
        match value {
            Some(value) => self.word(word).word(value),
            None => self,
        }
    }

    fn option_number(self, word: &str, number: Option<impl ToString>) -> Words {
        self.option(word, number.map(|number| number.to_string()))
    }

    /// A count that is an argument of its own.
    fn last_number(self, number: Option<impl ToString>) -> Words {
        match number {
            Some(number) => self.number(number),
            None => self,
        }
    }

    fn expiry(self, expiry: Expiry) -> Words {
        match expiry {
            Expiry::Unstated => self,
            Expiry::Never if self.speaker == Speaker::Redis => self,
            Expiry::Never => self.word("PERSIST"),
            Expiry::After(milliseconds) => self.word("PX").number(milliseconds),
            Expiry::At(milliseconds) => self.word("PXAT").number(milliseconds),
            Expiry::Keep => self.word("KEEPTTL"),
        }
    }

    fn condition(self, condition: Option<ExpireCondition>) -> Words {
        match condition {
            None => self,
            Some(ExpireCondition::None) => self.word("NX"),
            Some(ExpireCondition::Some) => self.word("XX"),
            Some(ExpireCondition::Later) => self.word("GT"),
            Some(ExpireCondition::Earlier) => self.word("LT"),
        }
    }

    fn side(self, side: Side) -> Words {
        match side {
            Side::Left => self.word("LEFT"),
            Side::Right => self.word("RIGHT"),
        }
    }
}

fn print(command: &Command, speaker: Speaker) -> Words {
    let words = Words::start(&command.name().replace('-', "").to_ascii_uppercase(), speaker);
    match command {
        Command::Del { keys }
        | Command::Exists { keys }
        | Command::Touch { keys }
        | Command::MGet { keys }
        | Command::SInter { keys }
        | Command::SUnion { keys }
        | Command::SDiff { keys } => words.keys(keys),

        Command::Type { key }
        | Command::ExpireTime { key }
        | Command::PExpireTime { key }
        | Command::Ttl { key }
        | Command::PTtl { key }
        | Command::Persist { key }
        | Command::Get { key }
        | Command::StrLen { key }
        | Command::GetDel { key }
        | Command::Incr { key }
        | Command::Decr { key }
        | Command::LLen { key }
        | Command::HGetAll { key }
        | Command::HLen { key }
        | Command::HKeys { key }
        | Command::HVals { key }
        | Command::SMembers { key }
        | Command::SCard { key } => words.key(key),

        // The keyspace.
        Command::Keys { pattern } => words.word(pattern),
        Command::Scan { cursor, pattern, count, kind } => words
            .word(cursor)
            .option("MATCH", pattern.as_ref())
            .option_number("COUNT", *count)
            .option("TYPE", kind.map(|kind| kind.name())),
        Command::Rename { key, to } | Command::RenameNx { key, to } => words.key(key).key(to),
        Command::Copy { key, to, replace } => words.key(key).key(to).flag("REPLACE", *replace),
        Command::RandomKey { prefix } if prefix.is_empty() => words,
        Command::RandomKey { prefix } => words.word(prefix).ours(),
        Command::Expire { key, seconds: time, condition }
        | Command::PExpire { key, milliseconds: time, condition }
        | Command::ExpireAt { key, seconds: time, condition }
        | Command::PExpireAt { key, milliseconds: time, condition } => {
            words.key(key).number(time).condition(*condition)
        }
        Command::Range { start, end, limit, reverse } => words
            .word(start)
            .option("END", end.as_ref())
            .option_number("LIMIT", *limit)
            .flag("REVERSE", *reverse)
            .ours(),
        Command::Count { start, end } | Command::DeleteRange { start, end } => {
            words.word(start).option("END", end.as_ref()).ours()
        }
        Command::Flush { prefix } if prefix.is_empty() && speaker == Speaker::Redis => {
            Words::start("FLUSHDB", speaker)
        }
        Command::Flush { prefix } => words.word(prefix).ours(),

        // Strings.
        Command::Set { key, value, expiry, condition, get } => {
            let words = words.key(key).word(value);
            let words = match condition {
                None => words,
                Some(SetCondition::Missing) => words.word("NX"),
                Some(SetCondition::Present) => words.word("XX"),
            };
            words.flag("GET", *get).expiry(*expiry)
        }
        Command::Append { key, value } => words.key(key).word(value),
        Command::GetRange { key, start, end } => words.key(key).number(start).number(end),
        Command::SetRange { key, offset, value } => words.key(key).number(offset).word(value),
        Command::GetSet { key, value, expiry: Expiry::Unstated } => words.key(key).word(value),
        Command::GetSet { key, value, expiry } => {
            Words::start("SET", speaker).key(key).word(value).word("GET").expiry(*expiry)
        }
        Command::GetEx { key, expiry } => match expiry {
            Expiry::Never => words.key(key).word("PERSIST"),
            // What GETEX does unless told otherwise.
            Expiry::Keep => words.key(key),
            Expiry::Unstated | Expiry::After(_) | Expiry::At(_) => words.key(key).expiry(*expiry),
        },
        Command::IncrBy { key, by } | Command::DecrBy { key, by } => words.key(key).number(by),
        Command::IncrByFloat { key, by } => words.key(key).word(by),
        Command::MSet { pairs, expiry } | Command::MSetNx { pairs, expiry } => match (expiry, speaker) {
            (Expiry::Unstated, _) | (Expiry::Never, Speaker::Redis) => words.entries(pairs),
            _ => Words::start("MSETEX", speaker)
                .number(pairs.len())
                .entries(pairs)
                .flag("NX", matches!(command, Command::MSetNx { .. }))
                .expiry(*expiry)
                .ours(),
        },
        Command::CompareAndSet { key, expected, value, expiry } => {
            words.key(key).word(value).option("EXPECT", expected.as_ref()).expiry(*expiry).ours()
        }
        Command::CompareAndDelete { key, expected } => words.key(key).word(expected).ours(),

        // Lists.
        Command::LPush { key, values }
        | Command::RPush { key, values }
        | Command::LPushX { key, values }
        | Command::RPushX { key, values } => words.key(key).values(values),
        Command::LPop { key, count } | Command::RPop { key, count } | Command::SPop { key, count } => {
            words.key(key).last_number(*count)
        }
        Command::LRange { key, start, stop } | Command::LTrim { key, start, stop } => {
            words.key(key).number(start).number(stop)
        }
        Command::LIndex { key, index } => words.key(key).number(index),
        Command::LPos { key, value, rank, count, max_len } => words
            .key(key)
            .word(value)
            .option_number("RANK", *rank)
            .option_number("COUNT", *count)
            .option_number("MAXLEN", *max_len),
        Command::LSet { key, index: number, value } | Command::LRem { key, count: number, value } => {
            words.key(key).number(number).word(value)
        }
        Command::LInsert { key, before, pivot, value } => {
            words.key(key).word(if *before { "BEFORE" } else { "AFTER" }).word(pivot).word(value)
        }
        Command::LMove { key, to, from_side, to_side } => {
            words.key(key).key(to).side(*from_side).side(*to_side)
        }

        // Hashes.
        Command::HSet { key, pairs } => {
            words.key(key).each(pairs, |words, (field, value)| words.word(field).word(value))
        }
        Command::HGet { key, field } | Command::HExists { key, field } | Command::HStrLen { key, field } => {
            words.key(key).word(field)
        }
        Command::HMGet { key, fields } | Command::HDel { key, fields } => words.key(key).values(fields),
        Command::HIncrBy { key, field, by } => words.key(key).word(field).number(by),
        Command::HIncrByFloat { key, field, by } => words.key(key).word(field).word(by),
        Command::HSetNx { key, field, value } => words.key(key).word(field).word(value),
        Command::HRandField { key, count, with_values } => {
            words.key(key).last_number(*count).flag("WITHVALUES", *with_values && count.is_some())
        }
        Command::HScan { key, cursor, pattern, count } | Command::SScan { key, cursor, pattern, count } => {
            words.key(key).word(cursor).option("MATCH", pattern.as_ref()).option_number("COUNT", *count)
        }

        // Sets.
        Command::SAdd { key, members }
        | Command::SRem { key, members }
        | Command::SMIsMember { key, members } => words.key(key).values(members),
        Command::SIsMember { key, member } => words.key(key).word(member),
        Command::SRandMember { key, count } => words.key(key).last_number(*count),
        Command::SMove { key, to, member } => words.key(key).key(to).word(member),
        Command::SInterStore { to, keys }
        | Command::SUnionStore { to, keys }
        | Command::SDiffStore { to, keys } => words.key(to).keys(keys),
        Command::SInterCard { keys, limit } => {
            words.number(keys.len()).keys(keys).option_number("LIMIT", *limit)
        }
    }
}
