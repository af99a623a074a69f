// The commands that an HTTP request holds: in its path and query, or in its body. It must not know what they mean.

use super::Request;
use crate::command::Bytes;
use crate::dialect::json;
use crate::error::{Error, Result};
use percent_encoding::percent_decode;
use serde_json::Value as Json;

/// What a request asks for. Each command is its words.
pub(super) enum Asked {
    One(Vec<Bytes>),
    Pipeline(Vec<Vec<Bytes>>),
    Transaction(Vec<Vec<Bytes>>),
    /// A place that takes another method.
    Elsewhere,
}

impl Asked {
    pub fn read(request: &Request) -> Result<Asked> {
        let has_body = matches!(request.method.as_str(), "POST" | "PUT");
        let path = request.path.strip_prefix('/').unwrap_or(&request.path);
        Ok(match path.strip_suffix('/').unwrap_or(path) {
            "" if has_body => Asked::One(json::read_command(&parse(&request.body)?)?),
            "pipeline" if has_body => Asked::Pipeline(many(&request.body)?),
            "multi-exec" if has_body => Asked::Transaction(many(&request.body)?),
            "pipeline" | "multi-exec" => Asked::Elsewhere,
            _ => Asked::One(in_path(path, request)),
        })
    }
}

fn parse(body: &[u8]) -> Result<Json> {
    serde_json::from_slice(body)
        .map_err(|_| Error::invalid_argument("(body) expects JSON: an array of a command's words"))
}

fn many(body: &[u8]) -> Result<Vec<Vec<Bytes>>> {
    let Json::Array(commands) = parse(body)? else {
        return Err(Error::invalid_argument(
            "(body) expects an array of commands, each an array of its words",
        ));
    };
    commands.iter().map(json::read_command).collect()
}

/// `/set/key/value?EX=100`; a body, as it is, is the argument after those of the path.
fn in_path(path: &str, request: &Request) -> Vec<Bytes> {
    let mut words: Vec<Bytes> = match path {
        "" => Vec::new(),
        path => path.split('/').map(|word| percent_decode(word.as_bytes()).collect()).collect(),
    };
    if !request.body.is_empty() {
        words.push(request.body.clone());
    }
    for (name, value) in pairs(&request.query).filter(|(name, _)| name != b"_token") {
        words.push(name);
        words.extend(Some(value).filter(|value| !value.is_empty()));
    }
    words
}

/// The token that a query holds.
pub(super) fn token(query: &str) -> Option<Bytes> {
    pairs(query).find(|(name, _)| name == b"_token").map(|(_, value)| value)
}

fn pairs(query: &str) -> impl Iterator<Item = (Bytes, Bytes)> {
    let decoded = |text: &str| percent_decode(text.replace('+', " ").as_bytes()).collect();
    query.split('&').filter(|pair| !pair.is_empty()).map(move |pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    })
}
