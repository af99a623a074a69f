// The commands that have options, and the options that several commands share.

use super::args::{Args, ExpiryOption, is};
use crate::command::{Bytes, Command, ExpireCondition, SetCondition, Side, ValueType};
use crate::error::{Error, Kind};

pub(super) fn read_set(args: &mut Args) -> Command {
    let (key, value) = args.entry();
    let (mut condition, mut get, mut option) = (None, false, ExpiryOption::default());
    while let Some(word) = args.next() {
        if is(word, "GET") {
            get = true;
        } else if !option.read(word, args) {
            let wanted = if is(word, "NX") {
                SetCondition::Missing
            } else if is(word, "XX") {
                SetCondition::Present
            } else {
                args.expects("options", "NX, XX, GET, EX, PX, EXAT, PXAT, KEEPTTL or PERSIST");
                break;
            };
            if condition.is_some_and(|other| other != wanted) {
                args.expects("options", "only one of NX and XX");
            }
            condition = Some(wanted);
        }
    }
    Command::Set { key, value, expiry: option.expiry, condition, get }
}

pub(super) fn read_mset_ex(args: &mut Args) -> Command {
    let count = args.positive("numkeys");
    let pairs = args.counted(count, Args::entry);
    let (mut only_missing, mut option) = (false, ExpiryOption::default());
    while let Some(word) = args.next() {
        if is(word, "NX") {
            only_missing = true;
        } else if !option.read(word, args) {
            args.expects("options", "NX, EX, PX, EXAT, PXAT, KEEPTTL or PERSIST");
        }
    }
    let expiry = option.expiry;
    if only_missing { Command::MSetNx { pairs, expiry } } else { Command::MSet { pairs, expiry } }
}

/// The conditions of EXPIRE. Redis takes XX beside GT or LT: GT alone implies it, LT with it has no command of ours.
pub(super) fn read_expire_condition(args: &mut Args) -> Option<ExpireCondition> {
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
            args.expects("options", "NX, XX, GT or LT");
            break;
        };
        if condition.is_some_and(|other| other != wanted) {
            let with_nx = wanted == ExpireCondition::None || condition == Some(ExpireCondition::None);
            let form = if with_nx { "only one of NX and XX, GT, LT" } else { "only one of GT and LT" };
            args.expects("options", form);
        }
        condition = Some(wanted);
    }
    if !only_with_deadline {
        return condition;
    }
    match condition {
        None => return Some(ExpireCondition::Some),
        Some(ExpireCondition::None) => args.expects("options", "only one of NX and XX"),
        Some(ExpireCondition::Earlier) => {
            args.refuse_with(Error::new(
                Kind::Unsupported,
                "cannot combine XX and LT: ask for the TTL first",
            ));
        }
        Some(ExpireCondition::Later | ExpireCondition::Some) => {}
    }
    condition
}

/// The options that all scans have.
#[derive(Default)]
pub(super) struct PageOptions {
    pub pattern: Option<Bytes>,
    pub count: Option<u64>,
}

impl PageOptions {
    /// Takes `word` and its argument if it is an option of every scan.
    fn read(&mut self, word: &[u8], args: &mut Args) -> bool {
        if is(word, "MATCH") {
            self.pattern = Some(args.bytes("match"));
        } else if is(word, "COUNT") {
            self.count = Some(args.positive("count"));
        } else {
            return false;
        }
        true
    }

    pub fn read_all(args: &mut Args) -> PageOptions {
        let mut page = PageOptions::default();
        while let Some(word) = args.next() {
            if !page.read(word, args) {
                args.expects("options", "MATCH or COUNT");
            }
        }
        page
    }
}

pub(super) fn read_scan(args: &mut Args) -> Command {
    let (cursor, mut page, mut kind) = (args.text("cursor"), PageOptions::default(), None);
    while let Some(word) = args.next() {
        if is(word, "TYPE") {
            kind = ValueType::from_name(&args.text("type"));
            if kind.is_none() {
                args.expects("type", "string, list, hash or set");
            }
        } else if !page.read(word, args) {
            args.expects("options", "MATCH, COUNT or TYPE");
        }
    }
    let pattern = page.pattern.map(String::from_utf8).transpose().unwrap_or_else(|_| {
        args.expects("match", "valid UTF-8");
        None
    });
    Command::Scan { cursor, pattern, count: page.count, kind }
}

pub(super) fn read_range(args: &mut Args) -> Command {
    let (start, mut end, mut limit, mut reverse) = (args.text("start"), None, None, false);
    while let Some(word) = args.next() {
        if is(word, "END") {
            end = Some(args.text("end"));
        } else if is(word, "LIMIT") {
            limit = Some(args.natural("limit"));
        } else if is(word, "REVERSE") {
            reverse = true;
        } else {
            args.expects("options", "END, LIMIT or REVERSE");
        }
    }
    Command::Range { start, end, limit, reverse }
}

pub(super) fn read_end(args: &mut Args) -> Option<String> {
    let word = args.next()?;
    if is(word, "END") {
        return Some(args.text("end"));
    }
    args.expects("options", "END");
    None
}

pub(super) fn read_lpos(args: &mut Args) -> Command {
    let (key, value) = args.entry();
    let (mut rank, mut count, mut max_len) = (None, None, None);
    while let Some(word) = args.next() {
        if is(word, "RANK") {
            rank = Some(args.integer("rank"));
        } else if is(word, "COUNT") {
            count = Some(args.natural("count"));
        } else if is(word, "MAXLEN") {
            max_len = Some(args.natural("max-len"));
        } else {
            args.expects("options", "RANK, COUNT or MAXLEN");
        }
    }
    Command::LPos { key, value, rank, count, max_len }
}

pub(super) fn read_side(args: &mut Args, what: &str) -> Side {
    if read_either(args, what, "LEFT", "RIGHT") { Side::Left } else { Side::Right }
}

/// Whether the next argument is the first of two words.
pub(super) fn read_either(args: &mut Args, what: &str, yes: &str, no: &str) -> bool {
    match args.next() {
        Some(word) if is(word, yes) => true,
        Some(word) if is(word, no) => false,
        _ => {
            args.refuse(&["(", what, ") expects ", yes, " or ", no]);
            false
        }
    }
}

/// Takes the next argument, which must be this word.
pub(super) fn read_flag(args: &mut Args, flag: &str) -> bool {
    let is_set = args.next().is_some_and(|option| is(option, flag));
    if !is_set {
        args.expects("options", flag);
    }
    is_set
}
