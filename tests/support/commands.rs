// Random commands of every operation, with every option, over an alphabet small enough that they share keys, fields and
// values, or as wide as the types allow.

#[path = "bit_words.rs"]
mod bit_words;

use fastrand::Rng;
use omnikv::command::{Arg, ArgKind, Bytes, Command, Expiry, Key, Row, Shape, ValueType};

/// The values that arguments are chosen from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// A few keys, fields and values; deadlines are 5 s after a multiple of 10 s.
    Small,
    /// Anything with a text form.
    Wide,
}

/// The names of the commands on plain keys: all except those on records.
#[allow(dead_code, reason = "not every test draws from them")]
pub fn plain_names() -> Vec<&'static str> {
    Command::TABLE.iter().filter(|row| !row.is_on_records()).map(|row| row.name).collect()
}

pub struct Commands {
    pub rng: Rng,
    pub alphabet: Alphabet,
    /// Absolute times are chosen around this one.
    pub now_ms: u64,
}

const MUTATIONS: [&str; 6] = [
    "records.put",
    "records.patch",
    "records.delete",
    "records.delete-prefix",
    "records.delete-range",
    "tasks.create",
];
const LETTERS: [char; 5] = ['s', 'l', 'h', 't', 'z'];
/// HyperLogLogs.
const SKETCH: char = 'p';
/// Sorted sets in which all scores are equal: only those have ranges of members.
const EQUAL: char = 'y';
const SCORES: [&str; 16] = [
    "0",
    "1",
    "2",
    "-1",
    "3.5",
    "0.1",
    "0.2",
    "-0",
    "1e3",
    "1e21",
    "123456789",
    "inf",
    "-inf",
    "2",
    "1",
    "7",
];
const SCORE_BOUNDS: [&str; 14] =
    ["-inf", "+inf", "0", "1", "(1", "2", "(2", "(-inf", "(inf", "3.5", "-1", "(0.1", "1e400", "x"];
const LEX_BOUNDS: [&str; 12] = ["-", "+", "[a", "(a", "[b", "(b", "[c", "(c", "[", "(", "[x", "a"];
const FIELDS: [&[u8]; 7] = [b"f", b"g", b"h", b"name", b"10", b"", b"\xff\0"];
const VALUES: [&[u8]; 12] = [
    b"a",
    b"b",
    b"c",
    b"",
    b"0",
    b"7",
    b"-12",
    b"3.5",
    b"9223372036854775800",
    b"a\r\nb",
    b"\xff\0\xfe",
    b" 1",
];
const PATTERNS: [&str; 9] = ["*", "s*", "?1", "[lh]?", "[^s]*", "*1*", "s1", "", "\\s1"];
const DOCUMENTS: [&str; 8] =
    ["1", "null", "{}", "{\"a\":1}", "{\"a\":null,\"b\":{\"c\":[2]}}", "[1.50]", "{\"b\":{\"c\":null}}", "{"];
const FLOATS: [&str; 9] = ["0.5", "-1.25", "3", "0.1", "1e3", "1e-3", "-0", "abc", "1e400"];

impl Commands {
    fn wide(&self) -> bool {
        self.alphabet == Alphabet::Wide
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.rng.usize(..from.len())]
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.rng.usize(..n) == 0
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.rng.bool().then(|| make(self))
    }

    fn many<T>(&mut self, at_least: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let most = if self.one_in(30) { 40 } else { 4 };
        (0..self.rng.usize(at_least..=most)).map(|_| make(self)).collect()
    }

    fn text(&mut self) -> String {
        self.many(0, |any| any.rng.char(..)).into_iter().collect()
    }

    fn any_bytes(&mut self) -> Bytes {
        self.many(0, |any| any.rng.u8(..))
    }

    /// A key that usually holds the type of this letter: `s`tring, `l`ist, `h`ash, `t` for set or `z` for sorted set.
    fn key(&mut self, letter: char) -> Key {
        if self.wide() {
            return Key(self.text());
        }
        // What string commands leave of a HyperLogLog may be damaged, and Redis then adds some members before it fails.
        let letter = if letter != SKETCH && self.one_in(8) { self.pick(&LETTERS) } else { letter };
        Key(format!("{letter}{}", self.rng.u8(0..4)))
    }

    fn bytes(&mut self, of: &[&[u8]]) -> Bytes {
        if self.wide() {
            return self.any_bytes();
        }
        match self.rng.usize(..20) {
            0 => self.rng.u16(..500).to_string().into_bytes(),
            1 => vec![b'x'; self.rng.usize(60..70)],
            _ => self.pick(of).to_vec(),
        }
    }

    fn field(&mut self) -> Bytes {
        self.bytes(&FIELDS)
    }

    fn value(&mut self) -> Bytes {
        self.bytes(&VALUES)
    }

    /// Usually near zero, sometimes at the end of the range.
    fn integer(&mut self) -> i64 {
        match self.rng.usize(..20) {
            0 => self.rng.i64(..),
            1 => self.pick(&[i64::MAX, i64::MIN, i64::MAX - 1, i64::MIN + 1]),
            _ => self.rng.i64(-6..=6),
        }
    }

    fn natural(&mut self) -> u64 {
        if self.wide() { self.rng.u64(..=i64::MAX as u64) } else { self.rng.u64(..8) }
    }

    fn positive(&mut self) -> u64 {
        self.natural().max(1)
    }

    /// A count; a negative one allows repeats.
    fn signed_count(&mut self) -> i64 {
        if self.wide() { self.rng.i64(..) } else { self.rng.i64(-6..=6) }
    }

    fn float(&mut self) -> String {
        if self.wide() { self.text() } else { self.pick(&FLOATS).to_owned() }
    }

    fn score(&mut self) -> Bytes {
        self.pick(&SCORES).into()
    }

    /// A longitude and a latitude: near some towns, anywhere, or at the edge of the map.
    fn place(&mut self) -> [Bytes; 2] {
        let (longitude, latitude) = match self.rng.usize(..8) {
            0 => (
                self.pick(&[-180.0, 180.0, 0.0, 179.9999, -179.9999]),
                self.pick(&[-85.05112878, 85.05112878, 0.0]),
            ),
            1 => (self.rng.f64() * 360.0 - 180.0, self.rng.f64() * 170.0 - 85.0),
            2 => self.pick(&[(13.361389, 38.115556), (15.087269, 37.502669), (-0.1278, 51.5074)]),
            _ => {
                let (longitude, latitude) = self.pick(&[
                    (13.4, 52.5),
                    (13.4, -52.5),
                    (179.99, 10.0),
                    (-179.99, 10.0),
                    (20.0, 84.9),
                    (0.0, 0.0),
                ]);
                (longitude + self.rng.f64() * 0.02 - 0.01, latitude + self.rng.f64() * 0.02 - 0.01)
            }
        };
        [longitude, latitude].map(|degrees| format!("{degrees:.8}").into_bytes())
    }

    fn unit(&mut self) -> Bytes {
        self.pick(&["m", "km", "ft", "mi", "KM"]).into()
    }

    fn length(&mut self) -> Bytes {
        match self.rng.usize(..6) {
            0 => self.pick(&["0", "1", "0.5", "1e9", "inf", "20000", "5000"]).into(),
            1 => format!("{:.3}", self.rng.f64() * 10_000.0).into_bytes(),
            2 => format!("{:.3}", self.rng.f64() * 3.0).into_bytes(),
            _ => format!("{:.3}", self.rng.f64() * 500.0).into_bytes(),
        }
    }

    /// A bound of `zrange` and its kin.
    fn bound(&mut self, by: &str) -> Bytes {
        match by {
            "BYSCORE" => self.pick(&SCORE_BOUNDS).into(),
            "BYLEX" => self.pick(&LEX_BOUNDS).into(),
            _ if self.one_in(30) => b"x".to_vec(),
            _ => self.rng.i64(-6..=6).to_string().into_bytes(),
        }
    }

    fn pattern(&mut self) -> String {
        if self.wide() { self.text() } else { self.pick(&PATTERNS).to_owned() }
    }

    fn cursor(&mut self) -> String {
        if self.wide() {
            self.text()
        } else if self.one_in(10) {
            "nowhere".to_owned()
        } else {
            "0".to_owned()
        }
    }

    fn item_pattern(&mut self) -> Option<Bytes> {
        self.maybe(|some| match some.wide() {
            true => some.any_bytes(),
            false => some.pick(&["*", "?", "[a-c]", "*a*", "1*", "**"]).as_bytes().to_vec(),
        })
    }

    /// A delay in milliseconds, 5 s after a multiple of 10 s.
    fn wait(&mut self) -> u64 {
        self.rng.u64(..4) * 10_000 + 5000
    }

    /// A time this far from now, sometimes in the past.
    fn moment(&mut self, wait: u64) -> u64 {
        if self.one_in(6) { self.now_ms - wait } else { self.now_ms + wait }
    }

    /// An argument of the expire family, in milliseconds or (`unit` is 1000) seconds.
    fn deadline(&mut self, unit: u64, from: u64) -> i64 {
        if self.wide() {
            return self.rng.i64(..);
        }
        if self.one_in(10) {
            return self.pick(&[0, -1, i64::MIN, i64::MAX, i64::MAX / 1000, i64::MIN / 1000]);
        }
        let wait = (self.wait() / unit).cast_signed();
        let from = (from / unit).cast_signed();
        if self.one_in(10) { from - wait } else { from + wait }
    }

    /// A random command of this operation.
    pub fn command(&mut self, name: &str) -> Command {
        let row = Command::TABLE.iter().find(|row| row.name == name).expect("a command of the table");
        let words = self.words(row);
        let mut command = Command::parse(&words).unwrap_or_else(|error| panic!("{words:?}: {error}"));
        // Set what the command's own words cannot express.
        match &mut command {
            Command::GetSet { expiry, .. } if !self.wide() => *expiry = self.expiry(),
            Command::MSet { expiry, .. } | Command::MSetNx { expiry, .. } if self.wide() => {
                *expiry = self.expiry()
            }
            Command::RandomKey { prefix } if self.wide() => *prefix = self.text(),
            _ => {}
        }
        command
    }

    /// The words of a command: everything that its row allows.
    pub fn words(&mut self, row: &Row) -> Vec<Bytes> {
        let mut words = self.words_of(row);
        if row.name.starts_with("geosearch") {
            let at = |word: &[u8]| words.iter().position(|known| known == word);
            match (at(b"COUNT"), at(b"ANY")) {
                (None, Some(any)) => drop(words.remove(any)),
                // Which of the members that are equally far are the last cannot be compared.
                (Some(_), None) if row.name == "geosearchstore" => words.push(b"ANY".to_vec()),
                _ => {}
            }
            let is_sorted =
                words.iter().any(|word| [&b"ASC"[..], b"DESC", b"COUNT"].contains(&word.as_slice()));
            if row.name == "geosearch" && is_sorted && !words.contains(&b"WITHDIST".to_vec()) {
                words.push(b"WITHDIST".to_vec());
            }
        }
        if row.family == "zsets" && !self.wide() {
            self.adapt(row.name, &mut words);
        }
        // Of several keys it is malformed.
        if row.name == "bitop" && words[1] == b"NOT" {
            words.truncate(4);
        }
        if let Some(at) = words.iter().position(|word| row.name == "zadd" && word == b"INCR") {
            words.truncate(at + 3);
        }
        words
    }

    /// Ranges of members are only defined where all scores are equal: those sets have keys of their own, which no
    /// command gives another score.
    fn adapt(&mut self, name: &str, words: &mut [Bytes]) {
        let is_lex =
            words.iter().any(|word| word == b"BYLEX") || name.ends_with("lex") || name == "zlexcount";
        let key = usize::from(name == "zrangestore") + 1;
        let keeps_scores = matches!(
            name,
            "zscore"
                | "zmscore"
                | "zcard"
                | "zrank"
                | "zrevrank"
                | "zrange"
                | "zcount"
                | "zrem"
                | "zpopmin"
                | "zpopmax"
                | "zremrangebyrank"
                | "zremrangebyscore"
                | "zrandmember"
                | "zscan"
        );
        if is_lex || (keeps_scores && self.one_in(6)) || (name == "zadd" && self.one_in(3)) {
            words[key] = format!("{EQUAL}{}", self.rng.u8(0..3)).into_bytes();
        }
        if name == "zadd" && words[1].starts_with(b"y") {
            let options =
                words[2..].iter().take_while(|word| word.iter().all(u8::is_ascii_uppercase)).count();
            words[2 + options..].iter_mut().step_by(2).for_each(|score| *score = b"0".to_vec());
        }
    }

    fn words_of(&mut self, row: &Row) -> Vec<Bytes> {
        let by = if row.name.starts_with("zrange") {
            self.pick(&["", "BYSCORE", "BYLEX"])
        } else if row.name.ends_with("lex") || row.name == "zlexcount" {
            "BYLEX"
        } else {
            "BYSCORE"
        };
        let mut words = vec![row.word().into_bytes()];
        for arg in row.args.iter().filter(|arg| !arg.is_unsaid) {
            let is_left_out = match arg.kind {
                ArgKind::OptionalInteger | ArgKind::OptionalNatural | ArgKind::BitRange => self.rng.bool(),
                ArgKind::Origin | ArgKind::Area => false,
                _ if arg.name == "by" && row.name.starts_with("zrange") => by.is_empty(),
                ArgKind::Limit if by.is_empty() => !self.one_in(20),
                ArgKind::Flag if by == "BYLEX" && arg.name == "with_scores" => !self.one_in(20),
                _ => arg.is_option && self.rng.bool(),
            };
            if !is_left_out
                && matches!(arg.name, "start" | "stop" | "min" | "max")
                && arg.kind == ArgKind::Bytes
            {
                words.push(self.bound(by));
            } else if !is_left_out && arg.name == "by" && arg.kind == ArgKind::Choice {
                words.push(by.into());
            } else if !is_left_out && arg.kind == ArgKind::Weights {
                let keys =
                    words.iter().filter_map(|word| str::from_utf8(word).ok()?.parse::<usize>().ok()).next();
                words.push(b"WEIGHTS".to_vec());
                let weights: Vec<Bytes> = (0..keys.unwrap_or(0)).map(|_| self.score()).collect();
                words.extend(weights);
            } else if !is_left_out {
                let said = self.argument(row, arg);
                words.extend(said);
            } else if !arg.is_option {
                // An option cannot follow an omitted argument: `HRANDFIELD h WITHVALUES` is invalid.
                break;
            }
        }
        words
    }

    fn argument(&mut self, row: &Row, arg: &Arg) -> Vec<Bytes> {
        let number = |number: i64| number.to_string().into_bytes();
        let letter = match row.family {
            "strings" | "bitmaps" => 's',
            "hyperloglogs" => SKETCH,
            "keyspace" if !matches!(row.name, "rename" | "renamenx" | "copy") && self.one_in(6) => SKETCH,
            "lists" => 'l',
            "hashes" => 'h',
            "sets" => 't',
            "zsets" if row.name.ends_with("card") || row.name.ends_with("store") => {
                self.pick(&['z', 'z', 't'])
            }
            "zsets" => 'z',
            "geo" => 'g',
            _ => self.pick(&LETTERS),
        };
        let item = |any: &mut Self| if arg.name.starts_with("field") { any.field() } else { any.value() };
        let key = |any: &mut Self| any.key(letter).0.into_bytes();
        let one = match arg.kind {
            ArgKind::Key => key(self),
            ArgKind::Bytes if row.is_on_records() => self.document(),
            ArgKind::Bytes => item(self),
            ArgKind::Text => match arg.name {
                "cursor" => self.cursor(),
                "pattern" if row.family == "keyspace" => self.pattern(),
                "pattern" => return named(arg, self.item_pattern()),
                "by" => self.float(),
                "status" => self.pick(&["pending", "running", "completed", "failed", "cancelled"]).to_owned(),
                _ if row.is_on_records() => self.record_text(),
                _ => self.text(),
            }
            .into_bytes(),
            ArgKind::Integer | ArgKind::OptionalInteger => number(match arg.name {
                "seconds" => self.deadline(1000, if row.name == "expire" { 0 } else { self.now_ms }),
                "milliseconds" => self.deadline(1, if row.name == "pexpire" { 0 } else { self.now_ms }),
                // The minimum integer overflows in Redis 7.0 and is an error in later versions.
                "rank" => self.integer().max(-i64::MAX),
                "count" if row.reply == Shape::OneOrMany => self.signed_count(),
                "version" if !self.wide() => self.rng.i64(-1..=3),
                _ => self.integer(),
            }),
            ArgKind::Natural if row.family == "bitmaps" && arg.name == "bit" => number(self.rng.i64(0..2)),
            ArgKind::Natural if row.family == "bitmaps" && !self.wide() => {
                number(self.bit_offset().cast_signed())
            }
            ArgKind::BitRange => return self.bit_range(row.name == "bitpos"),
            ArgKind::BitFields => return self.bit_fields(),
            ArgKind::Values if row.family == "hyperloglogs" => return self.many_members(),
            ArgKind::Natural | ArgKind::OptionalNatural => {
                number(if arg.is_positive { self.positive() } else { self.natural() }.cast_signed())
            }
            ArgKind::Commands => {
                let mutations = self.many(0, |any| {
                    let name = any.pick(&MUTATIONS);
                    let words = any.command(name).to_argv();
                    std::iter::once(number(words.len() as i64)).chain(words).collect::<Vec<_>>()
                });
                return mutations.into_iter().flatten().collect();
            }
            ArgKind::Choice => {
                let mut choices: Vec<&str> = arg.words.split('|').collect();
                if row.name == "bitop" && !self.wide() {
                    // Redis has the others since version 8.2.
                    choices.truncate(4);
                }
                let chosen = self.pick(&choices).as_bytes().to_vec();
                if chosen == b"LT" && self.rng.bool() {
                    return vec![b"XX".to_vec(), chosen];
                }
                return vec![chosen];
            }
            ArgKind::Flag => return vec![arg.words.as_bytes().to_vec()],
            ArgKind::ValueType => self.pick(&ValueType::NAMES).as_bytes().to_vec(),
            ArgKind::Score => self.score(),
            ArgKind::Aggregate => self.pick(&["SUM", "MIN", "MAX"]).as_bytes().to_vec(),
            ArgKind::Limit => {
                let limit = [self.rng.i64(-1..=3), self.rng.i64(-1..=4)].map(number);
                return std::iter::once(b"LIMIT".to_vec()).chain(limit).collect();
            }
            ArgKind::Scores => {
                let members = self.many(1, |some| [some.score(), some.value()]);
                return members.into_iter().flatten().collect();
            }
            ArgKind::TaskState => {
                let said = arg.words.split('|').filter(|_| self.rng.bool()).collect::<Vec<_>>();
                let said = said.into_iter().flat_map(|word| {
                    let value = match word {
                        "ERROR" | "WORKER" => self.record_text().into_bytes(),
                        "PRIORITY" => number(self.integer()),
                        _ => number(self.natural().cast_signed()),
                    };
                    [word.as_bytes().to_vec(), value]
                });
                return said.collect();
            }
            ArgKind::Places => {
                let members = self.many(1, |some| {
                    let [longitude, latitude] = some.place();
                    [longitude, latitude, some.value()]
                });
                return members.into_iter().flatten().collect();
            }
            ArgKind::Unit => return self.maybe(Self::unit).into_iter().collect(),
            ArgKind::Origin => {
                return match self.rng.usize(..3) {
                    0 => vec![b"FROMMEMBER".to_vec(), self.value()],
                    _ => std::iter::once(b"FROMLONLAT".to_vec()).chain(self.place()).collect(),
                };
            }
            ArgKind::Area => {
                let unit = self.unit();
                return match self.rng.bool() {
                    true => vec![b"BYRADIUS".to_vec(), self.length(), unit],
                    false => vec![b"BYBOX".to_vec(), self.length(), self.length(), unit],
                };
            }
            ArgKind::Expiry => return self.expiry_words(arg.words),
            ArgKind::Keys | ArgKind::Values | ArgKind::Entries | ArgKind::Fields => {
                let least = usize::from(!arg.may_be_empty);
                let items = self.many(least, |some| match arg.kind {
                    ArgKind::Keys => vec![key(some)],
                    ArgKind::Values => vec![item(some)],
                    ArgKind::Entries => vec![key(some), some.value()],
                    _ => vec![some.field(), some.value()],
                });
                let count = arg.is_counted.then(|| number(items.len() as i64));
                return count.into_iter().chain(items.into_iter().flatten()).collect();
            }
            _ => panic!("no generator for {arg:?}: add it here"),
        };
        named(arg, Some(one))
    }

    fn document(&mut self) -> Bytes {
        if self.wide() { self.any_bytes() } else { self.pick(&DOCUMENTS).as_bytes().to_vec() }
    }

    /// A bound, a prefix, an owner or a type, from a small set so that they match often.
    fn record_text(&mut self) -> String {
        if self.wide() { self.text() } else { self.pick(&["", "*", "s", "s1", "l", "t2", "z"]).to_owned() }
    }

    fn expiry_words(&mut self, words: &str) -> Vec<Bytes> {
        let choices: Vec<&str> = words.split('|').collect();
        let word = self.pick(&choices);
        let time = if self.wide() { self.positive() } else { self.wait() };
        let time = match word {
            "KEEPTTL" | "PERSIST" => return vec![word.as_bytes().to_vec()],
            "PX" => time,
            "EX" => (time / 1000).max(1),
            _ if self.wide() => (time / 1000).max(1),
            "PXAT" => self.moment(time),
            _ => self.moment(time) / 1000,
        };
        vec![word.as_bytes().to_vec(), time.to_string().into_bytes()]
    }

    fn expiry(&mut self) -> Expiry {
        let time = if self.wide() { self.positive() } else { self.wait() };
        match self.rng.usize(..6) {
            0 => Expiry::Never,
            1 | 2 => Expiry::After(time),
            3 if self.wide() => Expiry::At(time),
            3 => Expiry::At(self.moment(time)),
            4 => Expiry::Keep,
            _ => Expiry::Unstated,
        }
    }
}

/// An argument, after its word if it is an option.
fn named(arg: &Arg, value: Option<Bytes>) -> Vec<Bytes> {
    let word = (arg.is_option && value.is_some()).then(|| arg.words.as_bytes().to_vec());
    word.into_iter().chain(value).collect()
}
