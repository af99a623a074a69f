// memcached's meta protocol: requests to bytes, bytes to answers, and the greeting. No knowledge of commands or deadlines.

use crate::backend::wire::{Incoming, Protocol, hear};
use crate::command::{Bytes, Key};
use crate::dialect::Value;
use crate::error::{Error, Kind, Result};
use crate::host::BoxFuture;
use crate::host::socket::{Address, Socket};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::fmt;

/// The longest name in a request.
const LONGEST_NAME: usize = 250;

/// The longest line of a server; that before a value is much shorter.
const LONGEST_LINE: usize = 8 << 10;

/// The longest value of a server: it can be told to take up to this.
const LONGEST_VALUE: usize = 1 << 30;

/// An item as the server returns it.
pub(super) struct Item {
    pub value: Bytes,
    pub version: u64,
    pub flags: u32,
    /// `None` if it does not expire.
    pub seconds_left: Option<u64>,
}

/// What a server answers.
pub(super) enum Answer {
    Item(Item),
    Done,
    /// There is no such item.
    Missing,
    /// The item is not the one that was expected.
    Changed,
}

/// A key as a request has it: as it is, or as base64 if it would break the line up.
fn name(key: &Key) -> Result<(String, &'static str)> {
    let text = key.as_str();
    if text.bytes().all(|byte| byte > b' ' && byte != 0x7f) && text.len() <= LONGEST_NAME {
        return Ok((text.to_owned(), ""));
    }
    let encoded = BASE64_STANDARD.encode(text);
    if encoded.len() > LONGEST_NAME {
        let message = "(key) expects at most 250 bytes with the prefix on memcached, 186 if it has spaces or control characters";
        return Err(Error::new(Kind::TooLarge, message));
    }
    Ok((encoded, " b"))
}

/// Appends a request for an item.
pub(super) fn get(key: &Key, bytes: &mut Vec<u8>) -> Result<()> {
    let (name, form) = name(key)?;
    bytes.extend_from_slice(format!("mg {name}{form} v c t f\r\n").as_bytes());
    Ok(())
}

/// Appends a request to store an item: over anything, or if it still has this version, or if it is still missing.
pub(super) fn set(
    key: &Key,
    value: &[u8],
    expected: Option<Option<u64>>,
    flags: u32,
    exptime: u64,
    bytes: &mut Vec<u8>,
) -> Result<()> {
    let (name, form) = name(key)?;
    let check = match expected {
        None => String::new(),
        Some(None) => " ME".to_owned(),
        Some(Some(version)) => format!(" C{version}"),
    };
    let head = format!("ms {name} {}{form}{check} F{flags} T{exptime}\r\n", value.len());
    bytes.extend_from_slice(head.as_bytes());
    bytes.extend_from_slice(value);
    bytes.extend_from_slice(b"\r\n");
    Ok(())
}

/// Appends a request to remove an item, if it still has this version.
pub(super) fn delete(key: &Key, version: Option<u64>, bytes: &mut Vec<u8>) -> Result<()> {
    let (name, form) = name(key)?;
    let check = version.map(|version| format!(" C{version}")).unwrap_or_default();
    bytes.extend_from_slice(format!("md {name}{form}{check}\r\n").as_bytes());
    Ok(())
}

/// Reads an answer.
pub(super) fn read(value: Value) -> Result<Answer> {
    match value {
        Value::Array(parts) => item(parts).map(Answer::Item).ok_or_else(unexpected),
        Value::Status(line) => match line.split(' ').next().unwrap_or_default() {
            "HD" | "OK" => Ok(Answer::Done),
            "EN" | "NF" => Ok(Answer::Missing),
            "EX" | "NS" => Ok(Answer::Changed),
            _ => Err(refused(&line)),
        },
        _ => Err(unexpected()),
    }
}

fn item(parts: Vec<Value>) -> Option<Item> {
    let [Value::Status(line), Value::Bytes(value)] = <[Value; 2]>::try_from(parts).ok()? else { return None };
    let mut item = Item { value, version: 0, flags: 0, seconds_left: None };
    for word in line.split(' ').skip(2) {
        match word.split_at_checked(1)? {
            ("c", number) => item.version = number.parse().ok()?,
            ("f", number) => item.flags = number.parse().ok()?,
            ("t", "-1") => {}
            ("t", number) => item.seconds_left = Some(number.parse().ok()?),
            _ => {}
        }
    }
    Some(item)
}

/// The error in a line of the server.
fn refused(line: &str) -> Error {
    match line {
        "SERVER_ERROR object too large for cache" => {
            Error::new(Kind::TooLarge, "(value) is larger than the server's item size (-I)")
        }
        "CLIENT_ERROR unauthenticated" => Error::new(
            Kind::PermissionDenied,
            "(server) needs a user and a password: memcached://user:password@host",
        ),
        "CLIENT_ERROR authentication failure" => {
            Error::new(Kind::PermissionDenied, "(user, password) were rejected by the server")
        }
        "ERROR" => {
            Error::new(Kind::Unsupported, "(server) does not know the meta commands: they need memcached 1.6")
        }
        line if line.starts_with("SERVER_ERROR out of memory") => {
            Error::new(Kind::OutOfMemory, "(server) has no memory for the value")
        }
        line if line.starts_with("SERVER_ERROR") => {
            Error::new(Kind::Unavailable, "(server) failed with an error of its own").maybe_applied()
        }
        _ => unexpected(),
    }
}

pub(super) fn unexpected() -> Error {
    Error::new(Kind::Internal, "(server) sent an answer that the request cannot have")
}

/// What a server is told at the beginning of a connection.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Hello {
    /// A user and a password, of a server that was started with `-Y`.
    pub login: Option<(String, String)>,
}

/// Hides secrets.
impl fmt::Debug for Hello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hello").finish_non_exhaustive()
    }
}

impl Protocol for Hello {
    fn greet<'a>(
        &'a self,
        socket: &'a dyn Socket,
        address: &'a Address,
    ) -> BoxFuture<'a, Result<Box<dyn Incoming>>> {
        Box::pin(async move {
            let mut lines = Lines::default();
            if let Some((user, password)) = &self.login {
                let login = format!("{user} {password}");
                let request = format!("set auth 0 0 {}\r\n{login}\r\n", login.len());
                expect("STORED", socket, &mut lines, address, request).await?;
            }
            // Nothing, which only a server of the meta protocol answers.
            expect("MN", socket, &mut lines, address, "mn\r\n".to_owned()).await?;
            Ok(Box::new(lines) as Box<dyn Incoming>)
        })
    }
}

async fn expect(
    answer: &str,
    socket: &dyn Socket,
    lines: &mut Lines,
    address: &Address,
    request: String,
) -> Result<()> {
    socket.write(request.into_bytes()).await?;
    match hear(socket, lines, address).await? {
        Value::Status(line) if line == answer => Ok(()),
        Value::Status(line) if line == "ERROR" || line.contains("_ERROR ") => Err(refused(&line)),
        _ => Err(garbled()),
    }
}

/// Received bytes, and the answers in them: a line, or a line and a value.
#[derive(Default)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    /// How many of the bytes have been read.
    at: usize,
}

impl Incoming for Lines {
    fn add(&mut self, bytes: &[u8]) {
        // Read bytes are dropped occasionally, not after each answer.
        if self.at > self.bytes.len() / 2 {
            self.bytes.drain(..self.at);
            self.at = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    fn next(&mut self) -> Result<Option<Value>> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let head = rest.get(..LONGEST_LINE).unwrap_or(rest);
        let Some(end) = head.windows(2).position(|pair| pair == b"\r\n") else {
            return if head.len() == LONGEST_LINE { Err(garbled()) } else { Ok(None) };
        };
        let line = String::from_utf8_lossy(head.get(..end).unwrap_or_default()).into_owned();
        let begin = end + 2;
        let Some(told) = line.strip_prefix("VA ") else {
            self.at += begin;
            return Ok(Some(Value::Status(line)));
        };
        let length = told.split(' ').next().and_then(|digits| digits.parse::<usize>().ok());
        let length = length.filter(|length| *length <= LONGEST_VALUE).ok_or_else(garbled)?;
        match rest.get(begin..begin + length + 2) {
            None => Ok(None),
            Some(value) => {
                let value = value.strip_suffix(b"\r\n").ok_or_else(garbled)?.to_vec();
                self.at += begin + length + 2;
                Ok(Some(Value::Array(vec![Value::Status(line), Value::Bytes(value)])))
            }
        }
    }
}

fn garbled() -> Error {
    Error::new(Kind::Unavailable, "(server) does not speak memcached's protocol")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_in_any_pieces() {
        let bytes = b"HD c7\r\nVA 4 c8 t-1 f9\r\na\r\nb\r\nEN\r\nVA 0 c1 t5 f0\r\n\r\nSERVER_ERROR object too large for cache\r\n";
        for size in 1..bytes.len() {
            let mut lines = Lines::default();
            let mut values = Vec::new();
            for piece in bytes.chunks(size) {
                lines.add(piece);
                while let Some(value) = lines.next().unwrap() {
                    values.push(read(value));
                }
            }
            let mut values = values.into_iter();
            let mut next = || values.next().unwrap();
            assert!(matches!(next(), Ok(Answer::Done)));
            let Ok(Answer::Item(item)) = next() else { panic!("an item") };
            assert_eq!(
                (&*item.value, item.version, item.flags, item.seconds_left),
                (&b"a\r\nb"[..], 8, 9, None)
            );
            assert!(matches!(next(), Ok(Answer::Missing)));
            let Ok(Answer::Item(item)) = next() else { panic!("an item") };
            assert_eq!((item.value.len(), item.seconds_left), (0, Some(5)));
            assert_eq!(next().err().unwrap().kind(), Kind::TooLarge);
            assert!(values.next().is_none());
        }
    }

    #[test]
    fn another_protocol_is_noticed() {
        for bytes in [&b"VA x\r\n"[..], b"VA 1 c1\r\nabc", &[b'x'; LONGEST_LINE]] {
            let mut lines = Lines::default();
            lines.add(bytes);
            assert!(lines.next().is_err());
        }
    }

    #[test]
    fn keys_that_break_a_line_up_travel_as_base64() {
        let request = |key: &str| {
            let mut bytes = Vec::new();
            get(&key.into(), &mut bytes).map(|()| String::from_utf8(bytes).unwrap())
        };
        assert_eq!(request("schlüssel:1").unwrap(), "mg schlüssel:1 v c t f\r\n");
        assert_eq!(request("a b").unwrap(), "mg YSBi b v c t f\r\n");
        assert_eq!(request("a\r\nmn").unwrap(), "mg YQ0KbW4= b v c t f\r\n");
        assert!(request(&"k".repeat(250)).is_ok() && request(&" ".repeat(186)).is_ok());
        for key in ["k".repeat(251), " ".repeat(187)] {
            assert_eq!(request(&key).unwrap_err().kind(), Kind::TooLarge);
        }
    }
}
