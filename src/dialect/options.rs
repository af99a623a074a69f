// The commands that have options, and the options that several commands share.

use super::args::{Args, ExpiryOption, expects, is};
use crate::command::{Bytes, Command, ExpireCondition, SetCondition, Side, ValueType};
use crate::error::{Error, Kind, Result};

pub(super) fn read_set<A: AsRef<[u8]>>(args: &mut Args<A>) -> Result<Command> {
    let (key, value) = (args.key()?, args.bytes("value")?);
    let (mut condition, mut get, mut option) = (None, false, ExpiryOption::default());
    while let Some(word) = args.next() {
        if is(word, "GET") {
            get = true;
        } else if !option.read(word, args)? {
            let wanted = if is(word, "NX") {
                SetCondition::Missing
            } else if is(word, "XX") {
                SetCondition::Present
            } else {
                return Err(expects("options", "NX, XX, GET, EX, PX, EXAT, PXAT, KEEPTTL or PERSIST"));
            };
            if condition.is_some_and(|other| other != wanted) {
                return Err(expects("options", "only one of NX and XX"));
            }
            condition = Some(wanted);
        }
    }
    Ok(Command::Set { key, value, expiry: option.expiry, condition, get })
}

pub(super) fn read_mset_ex<A: AsRef<[u8]>>(args: &mut Args<A>) -> Result<Command> {
    let count = args.positive("numkeys")?;
    let pairs = args.counted(count, |args| Ok((args.key()?, args.bytes("value")?)))?;
    let (mut only_missing, mut option) = (false, ExpiryOption::default());
    while let Some(word) = args.next() {
        if is(word, "NX") {
            only_missing = true;
        } else if !option.read(word, args)? {
            return Err(expects("options", "NX, EX, PX, EXAT, PXAT, KEEPTTL or PERSIST"));
        }
    }
    let expiry = option.expiry;
    Ok(if only_missing { Command::MSetNx { pairs, expiry } } else { Command::MSet { pairs, expiry } })
}

/// The conditions of EXPIRE. Redis takes XX beside GT or LT: GT alone implies it, LT with it has no command of ours.
pub(super) fn read_expire_condition<A: AsRef<[u8]>>(args: &mut Args<A>) -> Result<Option<ExpireCondition>> {
    let (mut condition, mut only_with_deadline) = (None, false);
    while let Some(word) = args.next() {
        let wanted = if is(word, "NX") {
            ExpireCondition::None
        } else if is(word, "XX") {
            only_with_deadline = true;
            continue;
        } else if is(word, "GT") {
            ExpireCondition::Later
        } else if is(word, "LT") {
            ExpireCondition::Earlier
        } else {
            return Err(expects("options", "NX, XX, GT or LT"));
        };
        if condition.is_some_and(|other| other != wanted) {
            return Err(expects("options", "only one of NX, GT and LT"));
        }
        condition = Some(wanted);
    }
    match condition {
        _ if !only_with_deadline => Ok(condition),
        None => Ok(Some(ExpireCondition::Some)),
        Some(ExpireCondition::None) => Err(expects("options", "only one of NX and XX")),
        Some(ExpireCondition::Earlier) => {
            Err(Error::new(Kind::Unsupported, "cannot combine XX and LT: ask for the TTL first"))
        }
        later => Ok(later),
    }
}

/// The options that all scans have.
#[derive(Default)]
pub(super) struct PageOptions {
    pub pattern: Option<Bytes>,
    pub count: Option<u64>,
}

impl PageOptions {
    /// Takes `word` and its argument if it is an option of every scan.
    fn read<A: AsRef<[u8]>>(&mut self, word: &[u8], args: &mut Args<A>) -> Result<bool> {
        if is(word, "MATCH") {
            self.pattern = Some(args.bytes("match")?);
        } else if is(word, "COUNT") {
            self.count = Some(args.positive("count")?);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    pub fn read_all<A: AsRef<[u8]>>(args: &mut Args<A>) -> Result<PageOptions> {
        let mut page = PageOptions::default();
        while let Some(word) = args.next() {
            if !page.read(word, args)? {
                return Err(expects("options", "MATCH or COUNT"));
            }
        }
        Ok(page)
    }
}

pub(super) fn read_scan<A: AsRef<[u8]>>(args: &mut Args<A>) -> Result<Command> {
    let (cursor, mut page, mut kind) = (args.text("cursor")?, PageOptions::default(), None);
    while let Some(word) = args.next() {
        if is(word, "TYPE") {
            kind = ValueType::from_name(&args.text("type")?);
            if kind.is_none() {
                return Err(expects("type", "string, list, hash or set"));
            }
        } else if !page.read(word, args)? {
            return Err(expects("options", "MATCH, COUNT or TYPE"));
        }
    }
    let Ok(pattern) = page.pattern.map(String::from_utf8).transpose() else {
        return Err(expects("match", "valid UTF-8"));
    };
    Ok(Command::Scan { cursor, pattern, count: page.count, kind })
}

pub(super) fn read_range<A: AsRef<[u8]>>(args: &mut Args<A>) -> Result<Command> {
    let (start, mut end, mut limit, mut reverse) = (args.text("start")?, None, None, false);
    while let Some(word) = args.next() {
        if is(word, "END") {
            end = Some(args.text("end")?);
        } else if is(word, "LIMIT") {
            limit = Some(args.natural("limit")?);
        } else if is(word, "REVERSE") {
            reverse = true;
        } else {
            return Err(expects("options", "END, LIMIT or REVERSE"));
        }
    }
    Ok(Command::Range { start, end, limit, reverse })
}

pub(super) fn read_end<A: AsRef<[u8]>>(args: &mut Args<A>) -> Result<Option<String>> {
    match args.next() {
        None => Ok(None),
        Some(word) if is(word, "END") => args.text("end").map(Some),
        Some(_) => Err(expects("options", "END")),
    }
}

pub(super) fn read_lpos<A: AsRef<[u8]>>(args: &mut Args<A>) -> Result<Command> {
    let (key, value) = (args.key()?, args.bytes("value")?);
    let (mut rank, mut count, mut max_len) = (None, None, None);
    while let Some(word) = args.next() {
        if is(word, "RANK") {
            rank = Some(args.integer("rank")?);
        } else if is(word, "COUNT") {
            count = Some(args.natural("count")?);
        } else if is(word, "MAXLEN") {
            max_len = Some(args.natural("max-len")?);
        } else {
            return Err(expects("options", "RANK, COUNT or MAXLEN"));
        }
    }
    Ok(Command::LPos { key, value, rank, count, max_len })
}

pub(super) fn read_side<A: AsRef<[u8]>>(args: &mut Args<A>, what: &str) -> Result<Side> {
    Ok(if read_either(args, what, "LEFT", "RIGHT")? { Side::Left } else { Side::Right })
}

/// Whether the next argument is the first of two words.
pub(super) fn read_either<A: AsRef<[u8]>>(
    args: &mut Args<A>,
    what: &str,
    yes: &str,
    no: &str,
) -> Result<bool> {
    match args.next() {
        Some(word) if is(word, yes) => Ok(true),
        Some(word) if is(word, no) => Ok(false),
        _ => Err(expects(what, &format!("{yes} or {no}"))),
    }
}
