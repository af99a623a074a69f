// What links that speak to a server itself share: `MULTI` and `EXEC` around commands, and answers that mean "not yet". It must
// not send anything.

use super::Argv;
use crate::dialect::{Value, of_server};
use crate::error::{Error, Kind, Result};

/// Whether the server says that it runs nothing yet, or nothing now.
pub(in crate::backend) fn is_not_yet(answer: &Value) -> bool {
    const CODES: [&str; 4] = ["LOADING ", "TRYAGAIN ", "CLUSTERDOWN ", "MASTERDOWN "];
    matches!(answer, Value::Error(text) if CODES.iter().any(|code| text.starts_with(code)))
}

pub(in crate::backend) fn not_yet() -> Error {
    Error::new(Kind::Unavailable, "(server) does not take commands yet")
}

/// The words of commands with no other in between.
pub(in crate::backend) fn whole(commands: Vec<Argv>) -> Vec<Argv> {
    let mut words = vec![vec![b"MULTI".to_vec()]];
    words.extend(commands);
    words.push(vec![b"EXEC".to_vec()]);
    words
}

/// What the server answered to the commands inside.
pub(in crate::backend) fn of_whole(mut answers: Vec<Value>) -> Result<Vec<Value>> {
    let last = answers.pop();
    if let Some(Value::Array(answers)) = last {
        return Ok(answers);
    }
    // Of what refuses the whole the first reason says most.
    let refused = answers.into_iter().chain(last).find_map(|answer| match answer {
        Value::Error(text) => Some(text),
        _ => None,
    });
    Err(of_server(&refused.unwrap_or_default()))
}
