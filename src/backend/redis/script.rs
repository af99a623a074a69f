// What Redis has no command for, as one Lua script (script.lua): compare-and-set, compare-and-delete, several keys with
// a deadline, transactions with checks. How words travel does not matter here.

use super::link::{Argv, Link};
use super::{message, single};
use crate::backend::Check;
use crate::command::{Access, Command, Reply};
use crate::dialect::Value;
use crate::error::{Error, Kind, Result};

const SCRIPT: &str = include_str!("script.lua");

/// The script's SHA-1, which identifies it on a server that has run it before.
const HASH: &str = "dd7aa17282dfcde21deb630f026ba22720f4bdda";

/// The most words of one Redis command that fit on Lua's stack.
const MOST_WORDS: usize = 7_000;

/// Runs commands atomically, if every checked key still holds its value.
pub(super) async fn run(
    link: &dyn Link,
    checks: &[Check],
    commands: &[Command],
) -> Result<Vec<Result<Reply>>> {
    let argv = eval(checks, commands)?;
    if link.keeps_scripts() {
        let answer = single(link, message(checks, commands, vec![by_hash(&argv)])).await?;
        if !matches!(&answer, Value::Error(text) if text.starts_with("NOSCRIPT")) {
            return read(commands, answer);
        }
    }
    read(commands, single(link, message(checks, commands, vec![argv])).await?)
}

fn by_hash(eval: &Argv) -> Argv {
    let mut argv = vec![b"EVALSHA".to_vec(), HASH.as_bytes().to_vec()];
    argv.extend(eval.iter().skip(2).cloned());
    argv
}

/// The words that run the script.
fn eval(checks: &[Check], commands: &[Command]) -> Result<Argv> {
    let mut keys: Vec<&[u8]> = checks.iter().map(|(key, _)| key.as_bytes()).collect();
    let mut words: Argv = vec![number(checks.len())];
    for (_, expected) in checks {
        match expected {
            Some(value) => words.extend([b"1".to_vec(), value.clone()]),
            None => words.push(b"0".to_vec()),
        }
    }
    for command in commands {
        if let Access::Keys(touched) = command.access() {
            keys.extend(touched.into_iter().map(|key| key.as_bytes()));
        }
        let argv = match command.to_redis() {
            Some(argv) if argv.len() > MOST_WORDS => {
                let message = format!(
                    "(arguments) expects at most {MOST_WORDS} words in a command of a checked transaction"
                );
                return Err(Error::new(Kind::TooLarge, message));
            }
            Some(argv) => argv,
            None => command.to_argv(),
        };
        words.push(number(argv.len()));
        words.extend(argv);
    }
    let mut argv = vec![b"EVAL".to_vec(), SCRIPT.as_bytes().to_vec(), number(keys.len())];
    argv.extend(keys.into_iter().map(<[u8]>::to_vec));
    argv.append(&mut words);
    Ok(argv)
}

fn number(number: usize) -> Vec<u8> {
    number.to_string().into_bytes()
}

/// The commands' replies in the script's answer.
fn read(commands: &[Command], answer: Value) -> Result<Vec<Result<Reply>>> {
    let answers = match answer {
        Value::Array(answers) if answers.len() == commands.len() => answers,
        Value::Nil => {
            return Err(Error::new(Kind::Conflict, "(checks) no longer hold: nothing was run"));
        }
        Value::Error(text) => return Err(crate::dialect::of_server(&text)),
        _ => return Err(unexpected()),
    };
    commands.iter().zip(answers).map(|(command, answer)| Ok(unwrap(answer)?.into_reply(command))).collect()
}

/// Unwraps a pair of a success flag and an answer.
fn unwrap(pair: Value) -> Result<Value> {
    let Value::Array(pair) = pair else { return Err(unexpected()) };
    // Lua cuts a list off at its first nil.
    let mut pair = pair.into_iter();
    match (pair.next(), pair.next().unwrap_or(Value::Nil)) {
        (Some(Value::Int(1)), answer) => Ok(answer),
        (Some(Value::Int(0)), Value::Bytes(text)) => {
            Ok(Value::Error(String::from_utf8_lossy(&text).into_owned()))
        }
        _ => Err(unexpected()),
    }
}

fn unexpected() -> Error {
    Error::new(Kind::Internal, "(server) gave an answer that the script does not give")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_matches_the_script() {
        assert_eq!(sha1_smol::Sha1::from(SCRIPT).digest().to_string(), HASH);
    }
}
