// A handle's view of a store: its prefix, its default TTL, its limits. Every command is checked and moved into the
// namespace here, once, for all bindings and backends. What a command does to the store does not matter here.

use crate::backend::Backend;
use crate::command::{
    ArgKind, BitFieldOperation, Bytes, Command, Expiry, Inspect, Key, Origin, Reply, Shape,
};
use crate::engine::{MAX_VALUE_BYTES, glob};
use crate::error::{Error, Form, Kind, Reason, Result};
use crate::options::Options;
use std::time::Duration;

/// The longest key that every store accepts, in bytes of UTF-8 including the prefix.
pub(crate) const PORTABLE_KEY_BYTES: usize = 512;

/// The longest number at the end of a generated ID.
const GENERATED_BYTES: usize = 20;

/// What a handle adds to each command and removes from each reply.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    /// Empty, or ending in a colon.
    prefix: String,
    default_expiry: Expiry,
    max_key_bytes: usize,
}

/// Where a reply contains key names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// Nowhere.
    None,
    /// Every item is a key.
    All,
    /// The first item is a key.
    First,
    /// Of each group of this many items, those at these positions.
    Of(usize, &'static [usize]),
}

impl Names {
    /// Where the reply to this command contains key names.
    pub(crate) fn in_reply_to(command: &Command) -> Names {
        match command.reply() {
            Shape::Key | Shape::Keys | Shape::KeysPage => Names::All,
            Shape::KeyAndTexts | Shape::KeyAndScored => Names::First,
            Shape::KeyPairs => Names::Of(2, &[0]),
            Shape::Head => Names::Of(7, &[0]),
            Shape::Record | Shape::Records => Names::Of(8, &[0]),
            Shape::Changes => Names::Of(11, &[3]),
            Shape::Task | Shape::Tasks => Names::Of(17, &[0, 1, 2]),
            Shape::Done
            | Shape::Flag
            | Shape::Number
            | Shape::NumberOrNothing
            | Shape::Text
            | Shape::Decimal
            | Shape::Texts
            | Shape::OneOrMany
            | Shape::Pairs
            | Shape::Flags
            | Shape::Numbers
            | Shape::NumbersOrNothing
            | Shape::Positions
            | Shape::Page
            | Shape::PairsPage
            | Shape::Score
            | Shape::Scores
            | Shape::Scored
            | Shape::RankAndScore
            | Shape::ScoredPage
            | Shape::Places
            | Shape::Found
            | Shape::Fields => Names::None,
        }
    }
}

impl Scope {
    /// The scope of a handle on this backend; `invalid-argument` when it cannot take such long keys.
    pub(crate) fn of(options: &Options, backend: &dyn Backend) -> Result<Scope> {
        let most = backend.capabilities().max_key_bytes;
        let portable = usize::try_from(most).map_or(PORTABLE_KEY_BYTES, |most| most.min(PORTABLE_KEY_BYTES));
        let max_key_bytes = options.max_key_bytes.unwrap_or(portable);
        let scope = Scope::new(&options.prefix, options.default_ttl, Some(max_key_bytes));
        if scope.max_key_bytes() as u64 > most {
            let message = ["(maxKeyBytes) expects at most ", &most.to_string(), " for this store"].concat();
            return Err(Error::invalid_argument(message));
        }
        Ok(scope)
    }

    /// A prefix `myapp` or `myapp:` puts `myapp:` before every key.
    pub(crate) fn new(prefix: &str, default_ttl: Option<Duration>, max_key_bytes: Option<usize>) -> Scope {
        let bare = Scope {
            prefix: String::new(),
            default_expiry: default_ttl.map_or(Expiry::Unstated, Expiry::from),
            max_key_bytes: max_key_bytes.unwrap_or(PORTABLE_KEY_BYTES),
        };
        bare.within(prefix)
    }

    /// The same scope with another prefix appended to this one's.
    pub(crate) fn within(&self, prefix: &str) -> Scope {
        let colon = if prefix.is_empty() || prefix.ends_with(':') { "" } else { ":" };
        Scope { prefix: [&self.prefix, prefix, colon].concat(), ..self.clone() }
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The expiry of a string that is written without a word on it.
    pub(crate) fn default_expiry(&self) -> Expiry {
        self.default_expiry
    }

    pub(crate) fn max_key_bytes(&self) -> usize {
        self.max_key_bytes
    }

    /// Checks the command, moves it into the namespace and applies the default TTL if the caller specified none.
    pub(crate) fn prepare(&self, mut command: Command) -> Result<Command> {
        match self.prepare_in_place(&mut command) {
            Ok(()) => Ok(command),
            Err(error) => Err(error.in_op(command.name())),
        }
    }

    fn prepare_in_place(&self, command: &mut Command) -> Result<()> {
        check_counts(command)?;
        let mut check = Check { scope: self, refused: None };
        command.inspect(&mut check);
        check.refused.map_or(Ok(()), Err)?;
        self.complete(command)?;
        Ok(())
    }

    /// Applies the default TTL if the caller specified none, and restricts keyspace commands to the prefix.
    fn complete(&self, command: &mut Command) -> Result<()> {
        match command {
            Command::Set { expiry, .. }
            | Command::GetSet { expiry, .. }
            | Command::MSet { expiry, .. }
            | Command::MSetNx { expiry, .. }
            | Command::RecordsPut { expiry, .. }
                if *expiry == Expiry::Unstated =>
            {
                *expiry = self.default_expiry;
            }
            Command::RecordsDeletePrefix { prefix, .. } if prefix.is_empty() => {
                let message = "(prefix) expects a non-empty string: \"*\" stands for every record";
                return Err(Error::invalid_argument(message));
            }
            Command::TasksCreate { id: None, .. } => self.check_generated_id()?,
            Command::RecordsRestore { version: 0, .. } => {
                return Err(Error::invalid_argument("(version) expects at least 1, got 0"));
            }
            Command::RecordsRestore { version, created, updated, .. } => {
                let numbers = [("version", *version), ("created", *created), ("updated", *updated)];
                numbers.into_iter().try_for_each(|(name, number)| check_exact(name, number))?;
            }
            Command::TasksRestore { state, .. } => {
                let numbers = [
                    ("created", state.created),
                    ("due", state.due),
                    ("started", state.started),
                    ("ended", state.ended),
                    ("tries", state.tries),
                    ("until", state.until),
                ];
                numbers.into_iter().try_for_each(|(name, number)| check_exact(name, number.unwrap_or(0)))?;
            }
            Command::ChangesAdvance { seq } => check_exact("seq", *seq)?,
            Command::RecordsMutate { mutations } => {
                return mutations.iter_mut().try_for_each(|mutation| self.complete(mutation));
            }
            _ => {}
        }
        if !self.prefix.is_empty() {
            self.confine(command);
        }
        Ok(())
    }

    /// Checks a key and prepends the prefix.
    pub(crate) fn qualify(&self, key: &mut Key) -> Result<()> {
        if key.0.is_empty() {
            return Err(Error::invalid_argument("(key) expects a non-empty string"));
        }
        let length = self.prefix.len().saturating_add(key.0.len());
        if length > self.max_key_bytes {
            let (most, length) = ((self.max_key_bytes as u64).to_string(), (length as u64).to_string());
            let message = [
                "(key) expects at most ",
                &most,
                " bytes with the prefix, got ",
                &length,
                "; maxKeyBytes sets the limit",
            ];
            return Err(Error::new(Kind::TooLarge, message.concat()));
        }
        if !self.prefix.is_empty() {
            key.0.insert_str(0, &self.prefix);
        }
        Ok(())
    }

    /// Checks that an ID of the prefix and a number is one that can be asked for.
    fn check_generated_id(&self) -> Result<()> {
        if self.prefix.len().saturating_add(GENERATED_BYTES) <= self.max_key_bytes {
            return Ok(());
        }
        let message =
            "(id) is missing, and the prefix leaves no room for a generated one; maxKeyBytes sets the limit";
        Err(Error::new(Kind::TooLarge, message))
    }

    /// Restricts a keyspace command to the prefix. Between two bounds that begin with the prefix, all keys begin with
    /// it.
    fn confine(&self, command: &mut Command) {
        match command {
            Command::Keys { pattern } => self.confine_pattern(pattern),
            Command::Scan { pattern, .. } => {
                self.confine_pattern(pattern.get_or_insert_with(|| "*".to_owned()));
            }
            Command::RandomKey { prefix } | Command::Flush { prefix } => prefix.insert_str(0, &self.prefix),
            Command::Range { start, end, after, .. } => {
                start.insert_str(0, &self.prefix);
                for bound in [end, after].into_iter().flatten() {
                    bound.insert_str(0, &self.prefix);
                }
            }
            Command::Count { start, end } | Command::DeleteRange { start, end } => {
                start.insert_str(0, &self.prefix);
                if let Some(end) = end {
                    end.insert_str(0, &self.prefix);
                }
            }
            Command::RecordsList { prefix, start, end, after, .. } => {
                self.confine_prefix(prefix);
                [start, end, after].into_iter().flatten().for_each(|key| key.insert_str(0, &self.prefix));
            }
            Command::RecordsCount { prefix, start, end, .. } => {
                self.confine_prefix(prefix);
                [start, end].into_iter().flatten().for_each(|key| key.insert_str(0, &self.prefix));
            }
            Command::RecordsDeletePrefix { prefix, .. } if prefix == "*" => prefix.clone_from(&self.prefix),
            Command::RecordsDeletePrefix { prefix, .. } => prefix.insert_str(0, &self.prefix),
            Command::RecordsDeleteRange { start, end, .. } => {
                start.insert_str(0, &self.prefix);
                end.insert_str(0, &self.prefix);
            }
            Command::ChangesRead { prefix, .. }
            | Command::ChangesTrim { prefix, .. }
            | Command::ConsumersList { prefix }
            | Command::TasksCreate { prefix, .. }
            | Command::TasksList { prefix, .. }
            | Command::TasksTrim { prefix, .. } => self.confine_prefix(prefix),
            _ => {}
        }
    }

    fn confine_prefix(&self, prefix: &mut Option<String>) {
        prefix.get_or_insert_default().insert_str(0, &self.prefix);
    }

    fn confine_pattern(&self, pattern: &mut String) {
        pattern.insert_str(0, &glob::escape(&self.prefix));
    }

    /// An error with the key as the caller knows it.
    pub(crate) fn name_key(&self, error: Error, command: &mut Command) -> Error {
        let key = match error.kind() {
            Kind::WrongType => only_key(command),
            _ => None,
        };
        error.about(key.as_deref(), &self.prefix)
    }

    /// Removes the prefix from the names in a reply.
    pub(crate) fn reveal(&self, names: Names, mut reply: Reply) -> Reply {
        if self.prefix.is_empty() {
            return reply;
        }
        let (width, places): (_, &[usize]) = match names {
            Names::None => return reply,
            Names::All => (1, &[0]),
            Names::First => (usize::MAX, &[0]),
            Names::Of(width, places) => (width, places),
        };
        match &mut reply {
            Reply::Bytes(key) => self.strip(key),
            Reply::List(items) => {
                for items in items.chunks_mut(width) {
                    for place in places {
                        if let Some(Some(key)) = items.get_mut(*place) {
                            self.strip(key);
                        }
                    }
                }
            }
            Reply::Page(_, keys) => keys.iter_mut().for_each(|key| self.strip(key)),
            Reply::Nil | Reply::Ok | Reply::Int(_) | Reply::Ints(_) => {}
        }
        reply
    }

    fn strip(&self, key: &mut Bytes) {
        if key.starts_with(self.prefix.as_bytes()) {
            key.drain(..self.prefix.len());
        }
    }
}

/// Refuses a number that the store would keep and JavaScript cannot hold.
fn check_exact(name: &str, number: u64) -> Result<()> {
    if number < 1 << 53 {
        return Ok(());
    }
    let message = ["(", name, ") expects at most 9007199254740991, got ", &number.to_string()].concat();
    Err(Error::invalid_argument(message))
}

/// The key of a command with only one.
fn only_key(command: &mut Command) -> Option<String> {
    struct Keys(Vec<String>);
    impl Inspect for Keys {
        fn key(&mut self, key: &mut Key) {
            self.0.push(key.0.clone());
        }
        fn bytes(&mut self, _: &Bytes) {}
        fn expiry(&mut self, _: Expiry) {}
    }
    let mut keys = Keys(Vec::new());
    command.inspect(&mut keys);
    if keys.0.len() == 1 { keys.0.pop() } else { None }
}

/// Checks what a command carries, and prepends the prefix to its keys.
struct Check<'a> {
    scope: &'a Scope,
    /// The first error.
    refused: Option<Error>,
}

impl Check<'_> {
    fn note(&mut self, checked: Result<()>) {
        if let Err(error) = checked {
            self.refused.get_or_insert(error);
        }
    }
}

impl Inspect for Check<'_> {
    #[inline(never)]
    fn key(&mut self, key: &mut Key) {
        self.note(self.scope.qualify(key));
    }

    #[inline(never)]
    fn bytes(&mut self, bytes: &Bytes) {
        if bytes.len() > MAX_VALUE_BYTES {
            self.note(Err(Error::new(Kind::TooLarge, "(value) expects at most 134217728 bytes")));
        }
    }

    #[inline(never)]
    fn expiry(&mut self, expiry: Expiry) {
        self.note(check_expiry(expiry));
    }

    #[inline(never)]
    fn score(&mut self, score: f64) {
        if score.is_nan() {
            self.note(Err(Error::because(Reason::Malformed("score", Form::Score))));
        }
    }
}

fn check_expiry(expiry: Expiry) -> Result<()> {
    match expiry {
        Expiry::After(milliseconds) if milliseconds == 0 || i64::try_from(milliseconds).is_err() => {
            Err(Error::invalid_argument("(ttl) expects a positive time that ends before the year 292278994"))
        }
        Expiry::At(moment) if moment == 0 || i64::try_from(moment).is_err() => Err(Error::invalid_argument(
            "(expireAt) expects a moment after 1970 and before the year 292278994",
        )),
        _ => Ok(()),
    }
}

/// Reading or removing an empty list is fine; writing one is an error, and so is set algebra without sets.
fn check_counts(command: &Command) -> Result<()> {
    match command {
        Command::ZUnion { keys, weights: Some(weights), .. }
        | Command::ZInter { keys, weights: Some(weights), .. }
        | Command::ZUnionStore { keys, weights: Some(weights), .. }
        | Command::ZInterStore { keys, weights: Some(weights), .. }
            if weights.0.len() != keys.len() =>
        {
            return Err(Error::invalid_argument("(weights) expects a number for each key"));
        }
        Command::ZAdd { increment: true, members, .. } if members.len() > 1 => {
            return Err(Error::because(Reason::Malformed("members", Form::One)));
        }
        Command::GeoAdd { members, .. } => members.iter().try_for_each(|(place, _)| place.check())?,
        Command::GeoSearch { from, by, count, any, .. }
        | Command::GeoSearchStore { from, by, count, any, .. } => {
            if let Origin::At(coordinates) = from {
                coordinates.check()?;
            }
            by.check()?;
            if *count == Some(0) {
                return Err(Error::because(Reason::Malformed("count", Form::Positive)));
            }
            if *any && count.is_none() {
                return Err(Error::because(Reason::Malformed("any", Form::OnlyWithCount)));
            }
        }
        Command::BitOp { operation, keys, .. } => operation.check(keys.len())?,
        Command::BitPos { bit: 2.., .. } => {
            return Err(Error::because(Reason::Malformed("bit", Form::OneOf("0 or 1".into()))));
        }
        Command::BitField { operations, .. } => {
            for part in operations {
                if let BitFieldOperation::Get(field)
                | BitFieldOperation::Set(field, _)
                | BitFieldOperation::IncrBy(field, _) = part
                {
                    field.check()?;
                }
            }
        }
        _ => {}
    }
    match command.empty_list() {
        Some(arg) if arg.at_least_one => Err(Error::because(match arg.kind {
            ArgKind::Keys if arg.name == "names" => Reason::Empty("names", "name"),
            ArgKind::Keys => Reason::Empty("keys", "key"),
            ArgKind::Entries => Reason::Empty("entries", "entry"),
            ArgKind::Fields => Reason::Empty("fields", "field"),
            ArgKind::Scores | ArgKind::Places => Reason::Empty("members", "member"),
            _ if arg.name == "members" => Reason::Empty("members", "member"),
            _ => Reason::Empty("values", "value"),
        })),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(prefix: &str) -> Scope {
        Scope::new(prefix, Some(Duration::from_secs(60)), None)
    }

    fn get(key: &str) -> Command {
        Command::Get { key: key.into() }
    }

    #[test]
    fn a_prefix_ends_in_one_colon() {
        assert_eq!(scope("").prefix(), "");
        assert_eq!(scope("myapp").prefix(), "myapp:");
        assert_eq!(scope("myapp:").prefix(), "myapp:");
        assert_eq!(scope("my").prepare(get("k")), Ok(get("my:k")));
    }

    /// A command that an arm of `confine` is missing for would work on the whole store.
    #[test]
    fn whatever_names_no_keys_is_confined_to_the_prefix() {
        for row in Command::TABLE.iter().filter(|row| row.is_on_keyspace()) {
            // Sequence numbers are the store's, and the parts of a transaction are confined one by one.
            if ["changes.latest", "records.mutate"].contains(&row.name) {
                continue;
            }
            let positional = row.args.iter().filter(|arg| !arg.is_option && !arg.is_unsaid);
            let words = positional.map(|arg| match arg.kind {
                ArgKind::Text => "a",
                _ => "1",
            });
            let command = Command::parse(&[row.name].into_iter().chain(words).collect::<Vec<_>>()).unwrap();
            let prepared = scope("p").prepare(command).unwrap().to_argv();
            assert!(prepared.iter().any(|word| word.starts_with(b"p:")), "{prepared:?}");
        }
    }

    #[test]
    fn key_lengths_include_the_prefix() {
        let error = scope("p").prepare(get("")).unwrap_err();
        assert_eq!((error.kind(), error.op()), (Kind::InvalidArgument, "get"));
        assert!(scope("p").prepare(get(&"x".repeat(510))).is_ok());
        assert_eq!(scope("p").prepare(get(&"x".repeat(511))).unwrap_err().kind(), Kind::TooLarge);
    }

    #[test]
    fn a_prefix_is_literal_in_patterns() {
        let prepared = scope("a*").prepare(Command::Keys { pattern: "?".into() });
        assert_eq!(prepared, Ok(Command::Keys { pattern: "a\\*:?".into() }));
        let scan = |pattern: Option<&str>| Command::Scan {
            cursor: "0".into(),
            pattern: pattern.map(str::to_owned),
            count: None,
            kind: None,
        };
        assert_eq!(scope("a").prepare(scan(None)), Ok(scan(Some("a:*"))));
        assert_eq!(scope("").prepare(scan(None)), Ok(scan(None)));
    }

    #[test]
    fn the_default_ttl_only_applies_without_an_expiry() {
        let set = |expiry| Command::Set {
            key: "k".into(),
            value: b"v".to_vec(),
            expiry,
            condition: None,
            get: false,
        };
        for (stated, effective) in [
            (Expiry::Unstated, Expiry::After(60_000)),
            (Expiry::Never, Expiry::Never),
            (Expiry::Keep, Expiry::Keep),
            (Expiry::After(5), Expiry::After(5)),
        ] {
            assert_eq!(scope("").prepare(set(stated)), Ok(set(effective)));
        }
        let getex = Command::GetEx { key: "k".into(), expiry: Expiry::Unstated };
        assert_eq!(scope("").prepare(getex.clone()), Ok(getex));
        assert_eq!(scope("").prepare(set(Expiry::After(0))).unwrap_err().kind(), Kind::InvalidArgument);
    }

    #[test]
    fn empty_lists_can_be_read_but_not_written() {
        let error = scope("").prepare(Command::LPush { key: "q".into(), values: vec![] }).unwrap_err();
        assert_eq!(error.to_string(), "lpush (values) expects at least one value");
        assert!(scope("").prepare(Command::MGet { keys: vec![] }).is_ok());
        assert!(scope("").prepare(Command::SInter { keys: vec![] }).is_err());
    }

    #[test]
    fn the_prefix_is_removed_from_names_in_replies() {
        let item = |text: &str| Some(text.as_bytes().to_vec());
        let reply = Reply::List(vec![item("p:a"), item("p:b")]);
        let scope = scope("p");
        assert_eq!(scope.reveal(Names::None, reply.clone()), reply);
        assert_eq!(scope.reveal(Names::All, reply.clone()), Reply::List(vec![item("a"), item("b")]));
        assert_eq!(scope.reveal(Names::Of(2, &[0]), reply), Reply::List(vec![item("a"), item("p:b")]));
    }
}
