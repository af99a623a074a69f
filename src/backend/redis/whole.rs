// Shared by links with a direct connection to a server: `MULTI` and `EXEC` around commands, and answers that mean "not
// yet". Sends nothing.

use super::Argv;
use crate::dialect::{Value, of_server};
use crate::error::{Error, Kind, Result};

/// Whether the server says that it cannot run commands yet, or at the moment.
pub(in crate::backend) fn is_not_yet(answer: &Value) -> bool {
    const CODES: [&str; 4] = ["LOADING ", "TRYAGAIN ", "CLUSTERDOWN ", "MASTERDOWN "];
    matches!(answer, Value::Error(text) if CODES.iter().any(|code| text.starts_with(code)))
}

pub(in crate::backend) fn not_yet() -> Error {
    Error::new(Kind::Unavailable, "(server) does not take commands yet")
}

/// The words of commands as a transaction.
pub(in crate::backend) fn whole(commands: Vec<Argv>) -> Vec<Argv> {
    let mut words = vec![vec![b"MULTI".to_vec()]];
    words.extend(commands);
    words.push(vec![b"EXEC".to_vec()]);
    words
}

/// The server's answers to the commands inside the transaction.
pub(in crate::backend) fn of_whole(mut answers: Vec<Value>) -> Result<Vec<Value>> {
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
