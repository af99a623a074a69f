// Long collections: the head that stands in their entry, which part an element is in, and which parts commands touch. How
// elements are shared out when a collection is written is in `long/split.rs`.
//
// A hash, a set and a sorted set have an element in the part that covers a hash of its name: so a command that names
// elements needs their parts only, and no list of parts exists that would have to be written. A list has numbered
// elements, some of them below zero after pushes at the left, and a part for each row of so many numbers.

mod split;

use super::codec;
use super::run::Plan;
use super::{Cell, CellStore, Cells, Loaded, NAMES, Part, Which};
use crate::command::{Bytes, Command, Key, Reply, Side, ValueType};
use crate::engine::{Absent, Content, Engine, Held, Keyed, Tick};
use crate::error::{Error, Result};
use crate::integer;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::atomic::Ordering;

/// Hashes of names are below this: exact as doubles, and in a cursor together with the bit that marks it.
const HASHES: u64 = 1 << 52;

/// The most parts that are loaded when their number is not known.
const ALL: u64 = 1 << 53;

/// From how many elements on a collection is long, by default. So is one of fewer elements that has 128 bytes for each
/// of these.
pub(super) const LONG_FROM: usize = 128;

/// The value of the entry of a long collection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    /// How many elements it has.
    length: u64,
    /// Makes hashes of names unpredictable; below [`HASHES`]. Not for a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    /// For a list: the number of the first element.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first: Option<i64>,
    /// For a list: how many numbers a part has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    width: Option<i64>,
}

/// A long collection of which some parts are loaded.
pub(super) struct Long {
    kind: ValueType,
    head: Head,
    parts: BTreeMap<i64, Bytes>,
    /// Whether these are all parts.
    has_all: bool,
    absent: Absent,
}

/// The long collections that a run of commands meets; an error is that of a collection which omnikv did not write.
pub(super) type Longs = BTreeMap<Key, Result<Long>>;

impl Head {
    fn parse(cell: &Cell) -> Result<Head> {
        serde_json::from_slice(&cell.value)
            .ok()
            .filter(|head: &Head| match cell.kind {
                ValueType::String => false,
                ValueType::List => head.width.is_some_and(|width| width > 0) && head.first.is_some(),
                ValueType::Hash | ValueType::Set | ValueType::SortedSet => head.seed.is_some(),
            })
            .ok_or_else(|| codec::unreadable(cell.kind))
    }

    fn encode(&self) -> Bytes {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The number that decides which part an element is in.
    fn hash(&self, name: &[u8]) -> i64 {
        // FNV-1a, then the last steps of MurmurHash3, which spread what FNV leaves close together.
        let start = 0xcbf2_9ce4_8422_2325 ^ self.seed.unwrap_or(0).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let each = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        let mut hash = name.iter().fold(start, each);
        for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
            hash = (hash ^ hash >> 33).wrapping_mul(factor);
        }
        i64::try_from(hash % HASHES).unwrap_or(0)
    }

    /// The number of an element's part, by the element's number.
    fn part_of(&self, number: i64) -> i64 {
        number.div_euclid(self.width.unwrap_or(1))
    }

    /// The parts of elements of a list, by their indexes.
    fn span(&self, indexes: Range<u64>) -> Which {
        let first = self.first.unwrap_or(0);
        let part = |index: u64| self.part_of(first.saturating_add_unsigned(index));
        Which::Span { from: part(indexes.start), to: part(indexes.end.saturating_sub(1)), limit: ALL }
    }
}

/// What commands touch of a long collection.
#[derive(Default)]
struct Needs {
    all: bool,
    /// Hashes of names.
    hashes: BTreeSet<i64>,
    /// How many elements at each end of a list.
    front: u64,
    back: u64,
    /// For a scan that is alone: from which hash on, and how many parts.
    scan: Option<(i64, u64)>,
}

impl Needs {
    fn of(head: &Head, kind: ValueType, key: &Key, commands: &[&Command], part_elements: usize) -> Needs {
        let is_on_key = |command: &&&Command| super::run::keys_of(command).contains(&key);
        let touching: Vec<&&Command> = commands.iter().filter(is_on_key).collect();
        let mut needs = Needs::default();
        for command in &touching {
            needs.add(head, kind, key, command, touching.len() == 1, part_elements);
        }
        needs.all |= needs.front.saturating_add(needs.back) >= head.length && kind == ValueType::List;
        needs
    }

    fn add(
        &mut self,
        head: &Head,
        kind: ValueType,
        key: &Key,
        command: &Command,
        is_alone: bool,
        part_elements: usize,
    ) {
        if let Some((of, names)) = named(command) {
            // Otherwise the type is wrong, whatever is in the collection.
            if of == kind {
                self.hashes.extend(names.into_iter().map(|name| head.hash(name)));
            }
            return;
        }
        if let Some((of, cursor, count)) = scan(command) {
            match (of == kind, is_alone) {
                (false, _) => {}
                (true, false) => self.all = true,
                (true, true) => self.scan = Some((hash_of_cursor(cursor), pages(count, part_elements) + 1)),
            }
            return;
        }
        match command {
            Command::LPush { .. } | Command::LPushX { .. } => self.end(Side::Left, 0),
            Command::RPush { .. } | Command::RPushX { .. } => self.end(Side::Right, 0),
            Command::LPop { count, .. } => self.end(Side::Left, count.unwrap_or(1)),
            Command::RPop { count, .. } => self.end(Side::Right, count.unwrap_or(1)),
            Command::LMPop { side, count, .. } => self.end(*side, count.unwrap_or(1)),
            Command::LMove { key: from, to, from_side, to_side } => {
                if from == key {
                    self.end(*from_side, 1);
                }
                if to == key {
                    self.end(*to_side, 0);
                }
            }
            Command::LIndex { index, .. } | Command::LSet { index, .. } => {
                self.range(head, *index, *index, is_alone);
            }
            Command::LRange { start, stop, .. } => self.range(head, *start, *stop, is_alone),
            command if touches_no_element(command) => {}
            _ => self.all = true,
        }
    }

    /// Needs so many elements more at an end, and at least the last one's part.
    fn end(&mut self, side: Side, count: u64) {
        let end = if side == Side::Left { &mut self.front } else { &mut self.back };
        *end = end.saturating_add(count).max(1);
    }

    /// Needs elements of a list, from the end that is closer.
    fn range(&mut self, head: &Head, start: i64, stop: i64, is_alone: bool) {
        if is_alone {
            let length = usize::try_from(head.length).unwrap_or(usize::MAX);
            let span = crate::engine::span(length, start, stop);
            let (to_start, to_end) = (length.saturating_sub(span.start) as u64, span.end as u64);
            match span.is_empty() {
                true => {}
                false if to_end <= to_start => self.front = to_end,
                false => self.back = to_start,
            }
            return;
        }
        // Other commands move elements: count from the end that the command counts from.
        match (start >= 0, stop >= 0) {
            (true, true) => self.end(Side::Left, stop.unsigned_abs().saturating_add(1)),
            (false, false) => self.end(Side::Right, start.unsigned_abs()),
            _ => self.all = true,
        }
    }

    /// What to load.
    fn which(&self, head: &Head) -> Vec<Which> {
        if self.all {
            return vec![Which::Span { from: *NAMES.start(), to: *NAMES.end(), limit: ALL }];
        }
        let mut which = Vec::new();
        if let Some((from, limit)) = self.scan {
            which.push(Which::Span { from, to: *NAMES.end(), limit });
        }
        if !self.hashes.is_empty() {
            which.push(Which::Covering(self.hashes.iter().copied().collect()));
        }
        if self.front > 0 {
            which.push(head.span(0..self.front));
        }
        if self.back > 0 {
            which.push(head.span(head.length.saturating_sub(self.back)..head.length));
        }
        which
    }
}

/// The elements that a command names, and the type that it is for; it touches no others of its key.
fn named(command: &Command) -> Option<(ValueType, Vec<&[u8]>)> {
    fn all(names: &[Bytes]) -> Vec<&[u8]> {
        names.iter().map(Vec::as_slice).collect()
    }
    Some(match command {
        Command::HSet { pairs, .. } => {
            (ValueType::Hash, pairs.iter().map(|(field, _)| field.as_slice()).collect())
        }
        Command::HGet { field, .. }
        | Command::HExists { field, .. }
        | Command::HStrLen { field, .. }
        | Command::HIncrBy { field, .. }
        | Command::HIncrByFloat { field, .. }
        | Command::HSetNx { field, .. } => (ValueType::Hash, vec![field.as_slice()]),
        Command::HMGet { fields, .. } | Command::HDel { fields, .. } => (ValueType::Hash, all(fields)),
        Command::SAdd { members, .. }
        | Command::SRem { members, .. }
        | Command::SMIsMember { members, .. } => (ValueType::Set, all(members)),
        Command::SIsMember { member, .. } | Command::SMove { member, .. } => {
            (ValueType::Set, vec![member.as_slice()])
        }
        Command::ZAdd { members, .. } => {
            (ValueType::SortedSet, members.iter().map(|(_, member)| member.as_slice()).collect())
        }
        Command::ZIncrBy { member, .. } | Command::ZScore { member, .. } => {
            (ValueType::SortedSet, vec![member.as_slice()])
        }
        Command::ZMScore { members, .. } | Command::ZRem { members, .. } => {
            (ValueType::SortedSet, all(members))
        }
        _ => return None,
    })
}

/// The type, the cursor and the count of a scan of a collection.
fn scan(command: &Command) -> Option<(ValueType, &str, Option<u64>)> {
    match command {
        Command::HScan { cursor, count, .. } => Some((ValueType::Hash, cursor, *count)),
        Command::SScan { cursor, count, .. } => Some((ValueType::Set, cursor, *count)),
        Command::ZScan { cursor, count, .. } => Some((ValueType::SortedSet, cursor, *count)),
        _ => None,
    }
}

/// Whether a command needs of a collection no more than its type, its length and its deadline, or removes it.
fn touches_no_element(command: &Command) -> bool {
    // These replace a collection, or do not take one.
    command.row().family == "strings"
        || matches!(
            command,
            Command::Del { .. }
                | Command::Exists { .. }
                | Command::Type { .. }
                | Command::Touch { .. }
                | Command::Expire { .. }
                | Command::PExpire { .. }
                | Command::ExpireAt { .. }
                | Command::PExpireAt { .. }
                | Command::ExpireTime { .. }
                | Command::PExpireTime { .. }
                | Command::Ttl { .. }
                | Command::PTtl { .. }
                | Command::Persist { .. }
                | Command::LLen { .. }
                | Command::HLen { .. }
                | Command::SCard { .. }
                | Command::ZCard { .. }
        )
}

/// The hash from which a scan goes on. A cursor that a short form of the collection gave begins again.
fn hash_of_cursor(cursor: &str) -> i64 {
    let number = integer::parse_digits(cursor.as_bytes()).and_then(|number| number.checked_sub(HASHES));
    number.and_then(|hash| i64::try_from(hash).ok()).filter(|hash| hash.unsigned_abs() < HASHES).unwrap_or(0)
}

/// How many parts a page takes.
fn pages(count: Option<u64>, part_elements: usize) -> u64 {
    count.unwrap_or(10).div_ceil(part_elements as u64).clamp(1, ALL / 2)
}

impl Long {
    fn new(kind: ValueType, head: Head, needs: &Needs, loaded: Vec<Part>) -> Result<Long> {
        let parts = loaded.into_iter().map(|Part { name, value }| (name, value)).collect();
        Ok(Long { kind, head, parts, has_all: needs.all, absent: Absent::default() })
    }

    /// The elements of the loaded parts, and how many others there are.
    pub(super) fn content(&mut self) -> Result<(Content, Absent)> {
        let first_part = self.head.part_of(self.head.first.unwrap_or(0));
        let (mut content, mut before_gap, mut next) = (codec::nothing(self.kind), 0, first_part);
        for (name, value) in &self.parts {
            let count = codec::append(&mut content, codec::decode(self.kind, value.clone())?);
            if *name == next {
                before_gap += i64::try_from(count).unwrap_or(0);
                next += 1;
            }
        }
        let count = codec::count(&content);
        let absent = usize::try_from(self.head.length).ok().and_then(|length| length.checked_sub(count));
        let absent = absent.filter(|absent| *absent == 0 || !self.has_all);
        let count = absent.ok_or_else(|| codec::unreadable(self.kind))?;
        self.has_all |= count == 0;
        self.absent = Absent { count, before_gap };
        Ok((content, self.absent))
    }

    /// From which hash to which other one a page reaches; to the end if there is none.
    fn window(&self, from: i64, parts: u64) -> (i64, Option<i64>) {
        let start = self.parts.range(..=from).next_back().map_or(from, |(name, _)| *name);
        let next = usize::try_from(parts).ok().and_then(|parts| self.parts.range(start..).nth(parts));
        (from, next.map(|(name, _)| *name))
    }
}

impl Cells {
    /// Loads what the commands touch of the long collections among the loaded entries; `None` if others have changed
    /// one of them meanwhile.
    pub(super) async fn load_long(
        &self,
        store: &dyn CellStore,
        plan: &Plan<'_>,
        loaded: &Loaded,
        commands: &[&Command],
    ) -> Result<Option<Longs>> {
        let (mut longs, mut asked, mut waiting) = (Longs::new(), Vec::new(), Vec::new());
        for (key, cell) in plan.load.iter().zip(&loaded.cells) {
            let Some(cell) = cell.as_ref().filter(|cell| cell.is_long) else { continue };
            let head = match (Head::parse(cell), store.parts()) {
                (Ok(head), Some(_)) => head,
                (head, _) => {
                    let error = head.err().unwrap_or_else(|| codec::unreadable(cell.kind));
                    longs.insert(key.clone(), Err(error));
                    continue;
                }
            };
            let mut needs = Needs::of(&head, cell.kind, key, commands, self.part_elements());
            needs.all |= plan.loads_all;
            plan.has_loaded_part.fetch_or(!needs.all, Ordering::Relaxed);
            let which = needs.which(&head);
            if which.is_empty() {
                longs.insert(key.clone(), Long::new(cell.kind, head, &needs, Vec::new()));
                continue;
            }
            asked.push((key.clone(), which));
            waiting.push((cell, head, needs));
        }
        let Some(store) = store.parts().filter(|_| !asked.is_empty()) else { return Ok(Some(longs)) };
        let found = store.load(&asked).await?;
        let entries = found.entries.cells.into_iter().zip(found.parts);
        for (((key, _), (cell, head, needs)), (now, parts)) in asked.into_iter().zip(waiting).zip(entries) {
            if now.is_none_or(|now| now.version != cell.version) {
                return Ok(None);
            }
            longs.insert(key, Long::new(cell.kind, head, &needs, parts));
        }
        Ok(Some(longs))
    }

    /// How many elements a part has at most.
    pub(super) fn part_elements(&self) -> usize {
        (self.long_from / 2).max(1)
    }

    /// A page of a long collection, as the engine would say it; `None` if this command is nothing of that kind.
    pub(super) fn scan_long(
        &self,
        command: &Command,
        longs: &Longs,
        engine: &mut Engine,
        tick: &Tick,
    ) -> Option<Result<Reply>> {
        let (kind, cursor, count) = scan(command)?;
        let key = super::run::keys_of(command).first().copied()?;
        let Some(Ok(long)) = longs.get(key) else { return None };
        integer::parse_digits(cursor.as_bytes()).filter(|_| count != Some(0))?;
        let (from, to) = long.window(hash_of_cursor(cursor), pages(count, self.part_elements()));
        let is_in = |name: &[u8]| {
            let hash = long.head.hash(name);
            hash >= from && to.is_none_or(|to| hash < to)
        };
        let held = match engine.export(key.as_bytes(), tick) {
            Ok(held) => held?.0,
            Err(error) => return Some(Err(error)),
        };
        let window = match held {
            held if held.kind() != kind => return None,
            Held::Hash(hash) => {
                let fields = hash.fields.iter().filter(|field| is_in(field.key()));
                Content::Hash(fields.map(|field| (field.name.clone(), field.value.clone())).collect())
            }
            Held::Set(set) => Content::Set(set.members.iter().filter(|name| is_in(name)).cloned().collect()),
            Held::SortedSet(set) => {
                let members = set.members.iter().filter(|member| is_in(member.key()));
                Content::SortedSet(members.map(|member| (member.name.clone(), member.score)).collect())
            }
            Held::String(_) | Held::List(_) => return None,
        };
        let mut page = Engine::new(crate::engine::Limits::default(), 0);
        page.import(key.as_bytes(), window, None);
        let next = to.map_or(0, |to| HASHES.saturating_add(to.unsigned_abs()));
        Some(match page.apply(&whole_scan(command), tick) {
            Ok(Reply::Page(_, items)) => Ok(Reply::Page(next.to_string(), items)),
            other => other,
        })
    }
}

/// The scan that gives everything at once.
fn whole_scan(command: &Command) -> Command {
    let mut command = command.clone();
    if let Command::HScan { cursor, count, .. }
    | Command::SScan { cursor, count, .. }
    | Command::ZScan { cursor, count, .. } = &mut command
    {
        (*cursor, *count) = ("0".to_owned(), Some(u64::MAX));
    }
    command
}

/// The scan from the start, if its cursor is that of a long collection: the collection is short now.
pub(super) fn scan_again(command: &Command) -> Option<Command> {
    let (_, cursor, _) = scan(command)?;
    integer::parse_digits(cursor.as_bytes()).filter(|number| *number >= HASHES)?;
    let mut command = command.clone();
    if let Command::HScan { cursor, .. } | Command::SScan { cursor, .. } | Command::ZScan { cursor, .. } =
        &mut command
    {
        "0".clone_into(cursor);
    }
    Some(command)
}

fn too_large(kind: ValueType, bytes: usize, most: u64) -> Error {
    let message = format!("would make a {} of {bytes} bytes; this store takes at most {most}", kind.name());
    Error::new(crate::error::Kind::TooLarge, message)
}

/// Checks that a value fits.
pub(super) fn check_size(kind: ValueType, bytes: &[u8], most: u64) -> Result<()> {
    match bytes.len() as u64 <= most {
        true => Ok(()),
        false => Err(too_large(kind, bytes.len(), most)),
    }
}
