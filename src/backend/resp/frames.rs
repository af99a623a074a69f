// Redis's wire protocol, both versions: words to bytes, and bytes to answers with the redis-protocol codec. No
// knowledge of commands or connections.

use crate::backend::redis::Argv;
use crate::backend::wire::Incoming;
use crate::dialect::Value;
use crate::error::{Error, Kind, Result};
use redis_protocol::{resp2, resp3};

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// RESP2, which every server understands.
    Two,
    /// RESP3, after `HELLO 3`.
    Three,
}

const END: &[u8] = b"\r\n";

/// Appends a command; both versions encode it in the same way.
pub(super) fn write(command: &Argv, bytes: &mut Vec<u8>) {
    write_length(b'*', command.len(), bytes);
    for word in command {
        write_length(b'$', word.len(), bytes);
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(END);
    }
}

fn write_length(kind: u8, length: usize, bytes: &mut Vec<u8>) {
    bytes.push(kind);
    bytes.extend_from_slice(length.to_string().as_bytes());
    bytes.extend_from_slice(END);
}

/// Received bytes, and the answers in them. Push messages are skipped.
pub(super) struct Answers {
    version: Version,
    bytes: Vec<u8>,
    /// How many of the bytes have been read.
    at: usize,
}

impl Answers {
    pub fn new() -> Answers {
        Answers { version: Version::Three, bytes: Vec::new(), at: 0 }
    }

    /// Switches to this version for everything that follows.
    pub fn speak(&mut self, version: Version) {
        self.version = version;
    }
}

impl Incoming for Answers {
    fn add(&mut self, bytes: &[u8]) {
        // Read bytes are dropped occasionally, not after each answer.
        if self.at > self.bytes.len() / 2 {
            self.bytes.drain(..self.at);
            self.at = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    fn next(&mut self) -> Result<Option<Value>> {
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(None);
            }
            let read = match self.version {
                Version::Two => resp2::decode::decode_range(rest)
                    .map(|read| read.map(|(frame, length)| (Some(old_value(frame, rest)), length))),
                Version::Three => resp3::decode::complete::decode_range(rest)
                    .map(|read| read.map(|(frame, length)| (value(frame, rest), length))),
            };
            let Some((value, length)) = read.map_err(|_| garbled())? else { return Ok(None) };
            self.at += length;
            if value.is_some() {
                return Ok(value);
            }
        }
    }
}

fn garbled() -> Error {
    Error::new(Kind::Unavailable, "(server) does not speak Redis's protocol")
}

/// The bytes of this part.
fn part(bytes: &[u8], (start, end): (usize, usize)) -> &[u8] {
    bytes.get(start..end).unwrap_or_default()
}

fn text(bytes: &[u8], range: (usize, usize)) -> String {
    String::from_utf8_lossy(part(bytes, range)).into_owned()
}

fn values(frames: impl IntoIterator<Item = resp3::types::RangeFrame>, bytes: &[u8]) -> Value {
    Value::Array(frames.into_iter().filter_map(|frame| value(frame, bytes)).collect())
}

/// Converts a frame whose parts refer to the bytes; `None` for a push message.
fn value(frame: resp3::types::RangeFrame, bytes: &[u8]) -> Option<Value> {
    use resp3::types::RangeFrame;
    Some(match frame {
        RangeFrame::BlobString { data, .. }
        | RangeFrame::VerbatimString { data, .. }
        | RangeFrame::BigNumber { data, .. }
        | RangeFrame::ChunkedString(data) => Value::Bytes(part(bytes, data).to_vec()),
        RangeFrame::BlobError { data, .. } | RangeFrame::SimpleError { data, .. } => {
            Value::Error(text(bytes, data))
        }
        RangeFrame::SimpleString { data, .. } => Value::Status(text(bytes, data)),
        RangeFrame::Boolean { data, .. } => Value::Int(data.into()),
        RangeFrame::Null => Value::Nil,
        RangeFrame::Number { data, .. } => Value::Int(data),
        RangeFrame::Double { data, .. } => {
            Value::Bytes(ryu_js::Buffer::new().format(data).as_bytes().to_vec())
        }
        RangeFrame::Array { data, .. } => values(data, bytes),
        RangeFrame::Set { data, .. } => values(data, bytes),
        RangeFrame::Map { data, .. } => {
            values(data.into_iter().flat_map(|(name, value)| [name, value]), bytes)
        }
        RangeFrame::Push { .. } | RangeFrame::Hello { .. } => return None,
    })
}

fn old_value(frame: resp2::types::RangeFrame, bytes: &[u8]) -> Value {
    use resp2::types::RangeFrame;
    match frame {
        RangeFrame::SimpleString(data) => Value::Status(text(bytes, data)),
        RangeFrame::Error(data) => Value::Error(text(bytes, data)),
        RangeFrame::Integer(number) => Value::Int(number),
        RangeFrame::BulkString(data) => Value::Bytes(part(bytes, data).to_vec()),
        RangeFrame::Array(items) => {
            Value::Array(items.into_iter().map(|item| old_value(item, bytes)).collect())
        }
        RangeFrame::Null => Value::Nil,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(version: Version, bytes: &[u8], step: usize) -> Vec<Value> {
        let mut incoming = Answers::new();
        incoming.speak(version);
        let mut found = Vec::new();
        for part in bytes.chunks(step) {
            incoming.add(part);
            while let Some(value) = incoming.next().unwrap() {
                found.push(value);
            }
        }
        found
    }

    #[test]
    fn commands_are_encoded() {
        let mut bytes = Vec::new();
        write(&vec![b"GET".to_vec(), vec![0xff]], &mut bytes);
        assert_eq!(bytes, b"*2\r\n$3\r\nGET\r\n$1\r\n\xff\r\n");
    }

    #[test]
    fn answers_split_at_any_byte_are_decoded() {
        let bytes = b"$2\r\na\r\r\n>2\r\n+invalidate\r\n_\r\n:-7\r\n_\r\n%1\r\n+f\r\n$1\r\nv\r\n-ERR no\r\n=7\r\ntxt:a:1\r\n*0\r\n";
        for step in 1..bytes.len() {
            let found = all(Version::Three, bytes, step);
            let [text, number, nil, map, error, verbatim, empty] = <[Value; 7]>::try_from(found).unwrap();
            assert_eq!((text, number, nil), (Value::Bytes(b"a\r".to_vec()), Value::Int(-7), Value::Nil));
            assert_eq!(map, Value::Array(vec![Value::Status("f".into()), Value::Bytes(b"v".to_vec())]));
            assert_eq!((error, verbatim), (Value::Error("ERR no".into()), Value::Bytes(b"a:1".to_vec())));
            assert_eq!(empty, Value::Array(vec![]));
        }
        let old = all(Version::Two, b"$-1\r\n*-1\r\n*2\r\n:1\r\n$-1\r\n", 3);
        let pair = Value::Array(vec![Value::Int(1), Value::Nil]);
        assert_eq!(old, [Value::Nil, Value::Nil, pair]);
    }
}
