// Commands as the JSON that a server takes. JSON carries text only; what is not text takes another way.

use crate::backend::redis::{Argv, Speaker};
use crate::dialect::json::{write_any_command, write_command};
use serde_json::{Value as Json, json};

/// Makes words of hexadecimal digits.
const DECODE: &str = include_str!("binary.lua");

/// Runs the command that the words are. Lua's numbers are doubles: the sum of a hash's number is read as text.
const RUN: &str = "local answer = redis.pcall(unpack(ARGV))
if ARGV[1] == 'HINCRBY' and type(answer) == 'number' then return redis.call('HGET', ARGV[2], ARGV[3]) end
return answer";

/// A command's words as a server of this kind takes them.
pub(super) fn write(argv: &Argv, speaker: Speaker) -> Json {
    match write_command(argv) {
        Some(json) => json,
        None if speaker == Speaker::Omnikv => write_any_command(argv),
        None => in_digits(argv),
    }
}

/// Whether they can be written for everybody.
pub(super) fn are_text(argv: &Argv) -> bool {
    argv.iter().all(|word| str::from_utf8(word).is_ok())
}

/// A script that is told the words in digits: Redis's own commands, or a script with its arguments.
fn in_digits(argv: &Argv) -> Json {
    let text = |word: &[u8]| String::from_utf8_lossy(word).into_owned();
    let digits = |word: &Vec<u8>| word.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (mut words, arguments) = match argv.as_slice() {
        [eval, script, count, rest @ ..] if eval.eq_ignore_ascii_case(b"EVAL") => {
            let keys = text(count).parse().unwrap_or(0).min(rest.len());
            let (keys, arguments) = rest.split_at(keys);
            let mut words = vec!["EVAL".to_owned(), format!("{DECODE}{}", text(script)), text(count)];
            words.extend(keys.iter().map(|key| text(key)));
            (words, arguments)
        }
        all => (vec!["EVAL".to_owned(), format!("{DECODE}{RUN}"), "0".to_owned()], all),
    };
    words.extend(arguments.iter().map(digits));
    json!(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_as_it_is() {
        let argv = vec![b"SET".to_vec(), b"k".to_vec(), "Zoë".into()];
        assert_eq!(write(&argv, Speaker::Redis), json!(["SET", "k", "Zoë"]));
    }

    #[test]
    fn bytes_go_in_digits_and_keys_of_scripts_do_not() {
        let set = vec![b"SET".to_vec(), b"k".to_vec(), vec![0xff, 0x0a]];
        let json = write(&set, Speaker::Redis);
        assert_eq!((&json[0], &json[2], &json[5]), (&json!("EVAL"), &json!("0"), &json!("ff0a")));
        let eval = vec![b"EVAL".to_vec(), b"return 1".to_vec(), b"1".to_vec(), b"k".to_vec(), vec![0xff]];
        let json = write(&eval, Speaker::Redis);
        assert_eq!((&json[2], &json[3], &json[4]), (&json!("1"), &json!("k"), &json!("ff")));
        assert_eq!(write(&set, Speaker::Omnikv)[2], json!({ "base64": "/wo=" }));
    }
}
