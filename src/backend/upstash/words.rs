// Commands as JSON for a server. JSON only carries text; other bytes are sent in another way.

use crate::backend::redis::{Argv, Speaker};
use crate::dialect::json::write_commands;
use std::borrow::Cow;

/// Converts hexadecimal digits to words.
const DECODE: &str = include_str!("binary.lua");

/// Runs a command. Lua's numbers are doubles, so the result of `HINCRBY` is read as text.
const RUN: &str = "local answer = redis.pcall(unpack(ARGV))
if ARGV[1] == 'HINCRBY' and type(answer) == 'number' then return redis.call('HGET', ARGV[2], ARGV[3]) end
return answer";

/// Encodes commands for this kind of server: one, or an array of several.
pub(super) fn write(commands: &[&Argv], are_many: bool, speaker: Speaker) -> Vec<u8> {
    let words: Vec<Cow<'_, Argv>> = commands
        .iter()
        .map(|argv| match speaker == Speaker::Omnikv || are_text(argv) {
            true => Cow::Borrowed(*argv),
            false => Cow::Owned(in_digits(argv)),
        })
        .collect();
    write_commands(words.iter().map(|argv| argv.as_slice()), are_many)
}

/// Whether every server can read them from JSON.
pub(super) fn are_text(argv: &Argv) -> bool {
    argv.iter().all(|word| str::from_utf8(word).is_ok())
}

/// A script that receives the words as hexadecimal digits: one of Redis's commands, or a script with its arguments.
fn in_digits(argv: &Argv) -> Argv {
    let digits =
        |word: &Vec<u8>| word.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes();
    let (mut words, arguments) = match argv.as_slice() {
        [eval, script, count, rest @ ..] if eval.eq_ignore_ascii_case(b"EVAL") => {
            let keys = str::from_utf8(count).ok().and_then(|count| count.parse().ok()).unwrap_or(0);
            let (keys, arguments) = rest.split_at(rest.len().min(keys));
            let script = [DECODE.as_bytes(), script].concat();
            let mut words = vec![b"EVAL".to_vec(), script, count.clone()];
            words.extend_from_slice(keys);
            (words, arguments)
        }
        all => (vec![b"EVAL".to_vec(), [DECODE, RUN].concat().into_bytes(), b"0".to_vec()], all),
    };
    words.extend(arguments.iter().map(digits));
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};

    fn written(argv: &Argv, speaker: Speaker) -> Json {
        serde_json::from_slice(&write(&[argv], false, speaker)).unwrap()
    }

    #[test]
    fn text_is_sent_unchanged() {
        let argv = vec![b"SET".to_vec(), b"k".to_vec(), "Zoë".into()];
        assert_eq!(written(&argv, Speaker::Redis), json!(["SET", "k", "Zoë"]));
    }

    #[test]
    fn bytes_are_sent_as_digits_except_in_script_keys() {
        let set = vec![b"SET".to_vec(), b"k".to_vec(), vec![0xff, 0x0a]];
        let json = written(&set, Speaker::Redis);
        assert_eq!((&json[0], &json[2], &json[5]), (&json!("EVAL"), &json!("0"), &json!("ff0a")));
        let eval = vec![b"EVAL".to_vec(), b"return 1".to_vec(), b"1".to_vec(), b"k".to_vec(), vec![0xff]];
        let json = written(&eval, Speaker::Redis);
        assert_eq!((&json[2], &json[3], &json[4]), (&json!("1"), &json!("k"), &json!("ff")));
        assert_eq!(written(&set, Speaker::Omnikv)[2], json!({ "base64": "/wo=" }));
    }
}
