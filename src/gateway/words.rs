// The commands in an HTTP request: in its path and query, or in its body. Their meaning does not matter here.

use super::Request;
use crate::command::Bytes;
use crate::dialect::json;
use crate::error::Result;
use percent_encoding::percent_decode;

/// What a request asks for. Each command is a list of words.
pub(super) enum Asked {
    One(Vec<Bytes>),
    Pipeline(Vec<Vec<Bytes>>),
    Transaction(Vec<Vec<Bytes>>),
    /// This path needs another method.
    Elsewhere,
}

impl Asked {
    pub fn read(request: &Request) -> Result<Asked> {
        let has_body = matches!(request.method.as_str(), "POST" | "PUT");
        let path = request.path.strip_prefix('/').unwrap_or(&request.path);
        Ok(match path.strip_suffix('/').unwrap_or(path) {
            "" if has_body => Asked::One(json::read_command(&request.body)?),
            "pipeline" if has_body => Asked::Pipeline(json::read_commands(&request.body)?),
            "multi-exec" if has_body => Asked::Transaction(json::read_commands(&request.body)?),
            "pipeline" | "multi-exec" => Asked::Elsewhere,
            _ => Asked::One(in_path(path, request)),
        })
    }
}

/// `/set/key/value?EX=100`; a body becomes one more argument, unchanged.
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

/// The token in the query.
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
