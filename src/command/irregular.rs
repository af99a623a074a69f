// The few commands whose words do not follow from their row: what Redis's command of that name cannot express is
// expressed with another command.

use super::args::{Args, is};
use super::argument::{Argument, Item, OptionArgument};
use super::bits::{print_open_range, read_open_range};
use super::table::{CONDITION, EXPIRY, PAIRS, RANGE, SCORES};
use super::words::{Speaker, Words};
use super::zsets::read_zadd;
use super::{Bytes, Command, Expiry, Key};
use crate::error::Form;

/// `RANDOMKEY`, and ours: `RANDOMKEY PREFIX prefix`.
pub(super) mod randomkey {
    use super::*;

    pub fn read(args: &mut Args) -> Command {
        let prefix =
            if args.left() == 2 && args.skip("PREFIX") { args.text("prefix") } else { String::new() };
        Command::RandomKey { prefix }
    }

    pub fn print(command: &Command, words: Words) -> Words {
        match command {
            Command::RandomKey { prefix } if !prefix.is_empty() => {
                words.word("PREFIX").word(prefix).not_for_redis()
            }
            _ => words,
        }
    }
}

/// `FLUSH prefix`: ours. Without a prefix it is `FLUSHDB`.
pub(super) mod flush {
    use super::*;

    pub fn read(args: &mut Args) -> Command {
        Command::Flush { prefix: args.text("prefix") }
    }

    pub fn print(command: &Command, words: Words) -> Words {
        match command {
            Command::Flush { prefix } if prefix.is_empty() && words.speaker() == Speaker::Redis => {
                words.instead("FLUSHDB", true)
            }
            Command::Flush { prefix } => words.word(prefix),
            _ => words,
        }
    }
}

/// `GETSET key value`; with an expiry, the equivalent `SET key value GET ..`.
pub(super) mod getset {
    use super::*;

    pub fn read(args: &mut Args) -> Command {
        Command::GetSet { key: args.key(), value: args.bytes("value"), expiry: Expiry::Unstated }
    }

    pub fn print(command: &Command, words: Words) -> Words {
        let Command::GetSet { key, value, expiry } = command else { return words };
        match expiry {
            Expiry::Unstated => words.word(key.as_bytes()).word(value),
            _ => {
                expiry.print(words.instead("SET", true).word(key.as_bytes()).word(value).word("GET"), &EXPIRY)
            }
        }
    }
}

/// `MSET key value ...`; with an expiry, `MSETEX n key value ... [NX] [expiry]` of Redis 8.
pub(super) mod mset {
    use super::*;

    pub fn read(args: &mut Args) -> Command {
        Command::MSet { pairs: Vec::read(args, &PAIRS), expiry: Expiry::Unstated }
    }

    pub fn print(command: &Command, words: Words) -> Words {
        let Command::MSet { pairs, expiry } = command else { return words };
        print_pairs(words, pairs, *expiry, false)
    }
}

/// `MSETNX key value ...`; with an expiry, like [`mset`].
pub(super) mod msetnx {
    use super::*;

    pub fn read(args: &mut Args) -> Command {
        Command::MSetNx { pairs: Vec::read(args, &PAIRS), expiry: Expiry::Unstated }
    }

    pub fn print(command: &Command, words: Words) -> Words {
        let Command::MSetNx { pairs, expiry } = command else { return words };
        print_pairs(words, pairs, *expiry, true)
    }
}

/// `ZADD key [NX|XX] [GT|LT] [CH] [INCR] score member ...`: the options precede the scores.
pub(super) mod zadd {
    use super::*;

    pub fn read(args: &mut Args) -> Command {
        read_zadd(args)
    }

    pub fn print(command: &Command, words: Words) -> Words {
        let Command::ZAdd { key, condition, changed, increment, members } = command else { return words };
        let mut words = condition.print(words.word(key.as_bytes()), &CONDITION);
        for (is_given, word) in [(changed, "CH"), (increment, "INCR")] {
            if *is_given {
                words = words.word(word);
            }
        }
        members.print(words, &SCORES)
    }
}

/// `GEOADD key [NX|XX] [CH] longitude latitude member ...`: the options precede the places.
pub(super) mod geoadd {
    pub(in crate::command) use crate::command::geo::{print_geoadd as print, read_geoadd as read};
}

/// `GEOSEARCH key FROMMEMBER member|FROMLONLAT longitude latitude BYRADIUS radius unit|BYBOX width height unit ...`: two
/// arguments that must be there are among the options.
pub(super) mod geosearch {
    pub(in crate::command) use crate::command::geo::{print_search as print, read_geosearch as read};
}

/// The same after two keys.
pub(super) mod geosearchstore {
    pub(in crate::command) use crate::command::geo::{print_search as print, read_geosearchstore as read};
}

/// `BITPOS key bit [start [end [BYTE|BIT]]]`: only with an end there is a unit.
pub(super) mod bitpos {
    use super::*;

    pub fn read(args: &mut Args) -> Command {
        let (key, bit) = (args.key(), args.natural("bit"));
        if bit > 1 {
            args.expects("bit", Form::OneOf("0 or 1".to_owned()));
        }
        Command::BitPos { key, bit, range: read_open_range(args, &RANGE) }
    }

    pub fn print(command: &Command, words: Words) -> Words {
        let Command::BitPos { key, bit, range } = command else { return words };
        let words = words.word(key.as_bytes()).number(bit);
        range.iter().fold(words, |words, range| print_open_range(words, *range, &RANGE))
    }
}

fn print_pairs(words: Words, pairs: &[(Key, Bytes)], expiry: Expiry, only_missing: bool) -> Words {
    let all = |words| pairs.iter().fold(words, |words, pair| pair.print_item(words));
    match (expiry, words.speaker()) {
        _ if pairs.is_empty() => words.not_for_redis(),
        (Expiry::Unstated, _) | (Expiry::Never, Speaker::Redis) => all(words),
        _ => {
            // Redis has it since version 8.
            let words = all(words.instead("MSETEX", false).number(pairs.len()));
            expiry.print(if only_missing { words.word("NX") } else { words }, &EXPIRY)
        }
    }
}

/// Reads the arguments of `MSETEX`.
pub(super) fn read_msetex(args: &mut Args) -> Command {
    let count = args.positive("numkeys");
    let pairs = args.counted(count, |args| Item::read_item(args, &PAIRS));
    let (mut only_missing, mut reading) = (false, Default::default());
    while let Some(word) = args.next_option() {
        if is(word, "NX") {
            only_missing = true;
        } else if !Expiry::take(&mut reading, word, args, &EXPIRY) {
            args.refuse_option("NX, EX, PX, EXAT, PXAT, KEEPTTL or PERSIST".to_owned(), word);
        }
    }
    let expiry = Expiry::finish(reading);
    if only_missing { Command::MSetNx { pairs, expiry } } else { Command::MSet { pairs, expiry } }
}
