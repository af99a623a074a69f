// Which server of a cluster a command is for, and what answers say about that. Sends nothing.

use crate::backend::redis::Argv;
use crate::backend::slot::slot_of;
use crate::command::Command;
use crate::dialect::Value;
use crate::error::{Error, Kind, Result};

/// A server's host and port.
pub type Address = (String, u16);

/// Which server has which slots.
pub(super) struct Slots {
    /// Ordered by first slot; the order stays when another server takes over.
    masters: Vec<Address>,
    /// The first and the last slot of each range, and its master's index.
    ranges: Vec<(u16, u16, usize)>,
}

impl Slots {
    /// Parses the answer to `CLUSTER SLOTS`. A server without a known host has the address that was asked.
    pub fn read(answer: Value, asked: &str) -> Result<Slots> {
        let Value::Array(rows) = answer else { return Err(unexpected()) };
        let mut rows = rows.into_iter().map(|row| range(row, asked)).collect::<Option<Vec<_>>>();
        let rows = rows.as_mut().ok_or_else(unexpected)?;
        rows.sort();
        let mut slots = Slots { masters: Vec::new(), ranges: Vec::new() };
        for (first, last, address) in rows.drain(..) {
            let known = slots.masters.iter().position(|master| *master == address);
            let master = known.unwrap_or_else(|| {
                slots.masters.push(address);
                slots.masters.len() - 1
            });
            slots.ranges.push((first, last, master));
        }
        Ok(slots)
    }

    pub fn masters(&self) -> &[Address] {
        &self.masters
    }

    /// The master of the slot of the command's key.
    pub fn master_of(&self, command: &Argv) -> Result<&Address> {
        let slot = key(command).map_or(0, slot_of);
        let range = self.ranges.iter().find(|(first, last, _)| (*first..=*last).contains(&slot));
        let master = range.and_then(|(.., master)| self.masters.get(*master));
        master.ok_or_else(|| Error::new(Kind::Unavailable, "(server) has no cluster node for the key's slot"))
    }
}

fn range(row: Value, asked: &str) -> Option<(u16, u16, Address)> {
    let Value::Array(row) = row else { return None };
    let mut row = row.into_iter();
    let mut number = || match row.next() {
        Some(Value::Int(number)) => u16::try_from(number).ok(),
        _ => None,
    };
    let (first, last) = (number()?, number()?);
    let Some(Value::Array(master)) = row.next() else { return None };
    let mut master = master.into_iter();
    let host = match master.next()? {
        Value::Bytes(host) if !host.is_empty() => String::from_utf8(host).ok()?,
        _ => asked.to_owned(),
    };
    let Some(Value::Int(port)) = master.next() else { return None };
    Some((first, last, (host, u16::try_from(port).ok()?)))
}

fn unexpected() -> Error {
    Error::new(Kind::Internal, "(server) does not say which node has which slots")
}

pub(super) fn name(command: &Argv) -> String {
    command.first().map(|name| String::from_utf8_lossy(name).to_ascii_uppercase()).unwrap_or_default()
}

/// The command's first key, if any.
pub(super) fn key(command: &Argv) -> Option<&[u8]> {
    let name = name(command);
    let at = match name.as_str() {
        // Commands that our links send beside those of the table.
        "EVAL" | "EVALSHA" => Some(3),
        "XREAD" => Some(command.iter().position(|word| word == b"STREAMS")? + 1),
        _ => Command::TABLE.iter().find(|row| row.word() == name)?.first_key(),
    };
    command.get(at?).map(Vec::as_slice)
}

/// Checks that a transaction's keys share a slot, as a cluster requires.
pub(super) fn must_share_a_slot(commands: &[Argv]) -> Result<()> {
    let mut slots = commands.iter().map(|command| key(command).map(slot_of));
    let first = slots.next().flatten();
    match first.is_some() && slots.all(|slot| slot == first) {
        true => Ok(()),
        false => Err(crate::dialect::of_server("CROSSSLOT")),
    }
}

/// Where the answer redirects to, and whether the slot is still being moved there.
pub(super) fn redirection(answer: &Value) -> Option<(Address, bool)> {
    let Value::Error(text) = answer else { return None };
    let mut words = text.split(' ');
    let asking = match words.next()? {
        "MOVED" => false,
        "ASK" => true,
        _ => return None,
    };
    let (host, port) = words.nth(1)?.rsplit_once(':')?;
    Some(((host.to_owned(), port.parse().ok()?), asking))
}

/// Combines the answers of all masters.
pub(super) fn together(command: &Argv, answers: Vec<Value>) -> Result<Value> {
    if let Some(error) = answers.iter().find(|answer| matches!(answer, Value::Error(_))) {
        return Ok(error.clone());
    }
    Ok(match name(command).as_str() {
        "KEYS" => {
            let items = |answer| if let Value::Array(items) = answer { items } else { Vec::new() };
            Value::Array(answers.into_iter().flat_map(items).collect())
        }
        "INFO" => Value::Array(answers),
        "RANDOMKEY" => {
            let mut found: Vec<_> = answers.into_iter().filter(|answer| *answer != Value::Nil).collect();
            let chosen = crate::host::random::seed()? % found.len().max(1) as u64;
            if found.is_empty() { Value::Nil } else { found.swap_remove(chosen as usize) }
        }
        "FLUSHDB" | "PING" => answers.into_iter().next().unwrap_or(Value::Nil),
        name => {
            return Err(Error::new(Kind::Internal, format!("cannot combine the answers of nodes to {name}")));
        }
    })
}

/// The position of a scan over all masters: the master's number and its own cursor.
pub(super) struct ScanPlace {
    pub master: usize,
    cursor: String,
}

impl ScanPlace {
    /// Parses the command's cursor. An invalid one is left for the server to reject.
    pub fn read(command: &Argv) -> ScanPlace {
        let text =
            command.get(1).map(|cursor| String::from_utf8_lossy(cursor).into_owned()).unwrap_or_default();
        let parts = text.split_once('-').and_then(|(master, cursor)| Some((master.parse().ok()?, cursor)));
        match parts {
            Some((master, cursor)) => ScanPlace { master, cursor: cursor.to_owned() },
            None => ScanPlace { master: 0, cursor: text },
        }
    }

    /// The words for the master.
    pub fn words(&self, command: &Argv) -> Argv {
        let mut words = command.clone();
        if let Some(cursor) = words.get_mut(1) {
            *cursor = self.cursor.clone().into_bytes();
        }
        words
    }

    /// The master's page, with the cursor for the whole cluster.
    pub fn next(&self, answer: Value, masters: usize) -> Value {
        let Value::Array(mut page) = answer else { return answer };
        if let Some(Value::Bytes(cursor)) = page.first_mut() {
            let next = match (cursor.as_slice(), self.master + 1) {
                (b"0", next) if next >= masters => "0".to_owned(),
                (b"0", next) => format!("{next}-0"),
                (cursor, _) => format!("{}-{}", self.master, String::from_utf8_lossy(cursor)),
            };
            *cursor = next.into_bytes();
        }
        Value::Array(page)
    }
}

pub(super) fn last_page() -> Value {
    Value::Array(vec![Value::Bytes(b"0".to_vec()), Value::Array(Vec::new())])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Argv {
        line.split(' ').map(|word| word.as_bytes().to_vec()).collect()
    }

    /// The slots are those of Redis's own examples.
    #[test]
    fn keys_and_their_slots() {
        assert_eq!(
            (slot_of(b"somekey"), slot_of(b"foo{hash_tag}"), slot_of(b"bar{hash_tag}")),
            (11058, 2515, 2515)
        );
        assert_eq!(slot_of(b"foo{}{bar}"), 8363);
        assert_eq!(slot_of(b"foo{{bar}}zap"), 4015);
        assert_eq!(key(&words("EVAL script 1 k arg")), Some(&b"k"[..]));
        assert_eq!(key(&words("XREAD COUNT 1 BLOCK 9 STREAMS k 0-0")), Some(&b"k"[..]));
        assert_eq!((key(&words("sintercard 2 a b")), key(&words("KEYS *"))), (Some(&b"a"[..]), None));
        assert_eq!((key(&words("mset a 1")), key(&words("info"))), (Some(&b"a"[..]), None));
        assert!(must_share_a_slot(&[words("GET {a}1"), words("SET {a}2 v")]).is_ok());
        assert!(must_share_a_slot(&[words("GET a"), words("GET b")]).is_err());
    }

    #[test]
    fn a_scan_visits_every_master() {
        let page = |cursor: &str| Value::Array(vec![Value::Bytes(cursor.into()), Value::Array(vec![])]);
        for (asked, master, sent, answered, next) in [
            ("0", 0, "0", "17", "0-17"),
            ("0-17", 0, "17", "0", "1-0"),
            ("1-0", 1, "0", "0", "0"),
            ("x", 0, "x", "0", "1-0"),
        ] {
            let scan = words(&format!("SCAN {asked}"));
            let place = ScanPlace::read(&scan);
            assert_eq!((place.master, place.words(&scan)), (master, words(&format!("SCAN {sent}"))));
            assert_eq!(place.next(page(answered), 2), page(next));
        }
    }

    #[test]
    fn redirections() {
        let error = |text: &str| Value::Error(text.into());
        let there = ("127.0.0.1".to_owned(), 6381);
        assert_eq!(redirection(&error("MOVED 3999 127.0.0.1:6381")), Some((there.clone(), false)));
        assert_eq!(redirection(&error("ASK 3999 127.0.0.1:6381")), Some((there, true)));
        assert_eq!(redirection(&error("ERR MOVED")), None);
    }
}
