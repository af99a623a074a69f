// Shared by links with a direct connection to a server: `MULTI` and `EXEC` around commands, and answers that mean "not
// yet". Sends nothing.

use super::Argv;
use crate::dialect::{Value, of_server};
use crate::error::Kind;
use crate::error::{Error, Result};

/// Error codes of a server that cannot run commands yet or at the moment, or where another server takes writes.
const NOT_NOW: [&str; 7] =
    ["LOADING", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "MISCONF", "NOREPLICAS", READ_ONLY];

/// The error code of a server that has become a replica.
const READ_ONLY: &str = "READONLY";

fn code(answer: &Value) -> &str {
    match answer {
        Value::Error(text) => text.split(' ').next().unwrap_or_default(),
        _ => "",
    }
}

/// Why the server has run nothing of a message, if all of it may be sent again later.
pub(in crate::backend) fn not_now(answers: &[Value]) -> Option<Error> {
    let says = |answer: &&Value| NOT_NOW.contains(&code(answer));
    let first = answers.iter().find(says)?;
    // If `EXEC` ran nothing, the other commands were only queued.
    let runs_nothing = answers.iter().all(|answer| says(&answer)) || code(answers.last()?) == "EXECABORT";
    match first {
        Value::Error(text) if runs_nothing => Some(of_server(text)),
        _ => None,
    }
}

/// The error if a cluster has run nothing but redirections.
pub(in crate::backend) fn not_yet() -> Error {
    Error::new(Kind::Unavailable, "(server) does not accept commands yet")
}

/// Whether the server has become a replica: another connection may reach the one that takes writes.
pub(in crate::backend) fn is_read_only(answer: &Value) -> bool {
    code(answer) == READ_ONLY
}

/// The words of commands as a transaction.
pub(in crate::backend) fn transaction(commands: Vec<Argv>) -> Vec<Argv> {
    let mut words = vec![vec![b"MULTI".to_vec()]];
    words.extend(commands);
    words.push(vec![b"EXEC".to_vec()]);
    words
}

/// The server's answers to the commands inside the transaction.
pub(in crate::backend) fn of_transaction(mut answers: Vec<Value>) -> Result<Vec<Value>> {
    let last = answers.pop();
    if let Some(Value::Array(answers)) = last {
        return Ok(answers);
    }
    // If the transaction was rejected, the first error says most.
    let refused = answers.into_iter().chain(last).find_map(|answer| match answer {
        Value::Error(text) => Some(text),
        _ => None,
    });
    Err(of_server(&refused.unwrap_or_default()))
}
