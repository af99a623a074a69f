// Encodes replies for JavaScript: a tag byte, then the content; integers are little-endian, text and bytes follow their
// length. Allocations must be able to fail: a reply can be as large as the store.

use omnikv::command::Reply;
use omnikv::error::{Error, Kind, Result};

use super::request::ABSENT;

const NIL: u8 = 0;
const OK: u8 = 1;
const INT: u8 = 2;
const BYTES: u8 = 3;
const LIST: u8 = 4;
const INTS: u8 = 5;
const PAGE: u8 = 6;
const ERROR: u8 = 7;
const BATCH: u8 = 8;

/// Writes the reply or the error of one command.
pub fn write(result: &Result<Reply>, out: &mut Vec<u8>) -> Result<()> {
    let reply = match result {
        Ok(reply) => reply,
        Err(error) => {
            write_error(error, out);
            return Ok(());
        }
    };
    let size =
        size(reply).ok_or_else(|| Error::new(Kind::Internal, "has a reply of a shape that has no tag"))?;
    out.try_reserve(size)
        .map_err(|_| Error::new(Kind::OutOfMemory, "has a reply that does not fit into the memory left"))?;
    match reply {
        Reply::Nil => out.push(NIL),
        Reply::Ok => out.push(OK),
        Reply::Int(number) => {
            out.push(INT);
            out.extend_from_slice(&number.to_le_bytes());
        }
        Reply::Bytes(bytes) => {
            out.push(BYTES);
            write_bytes(bytes, out);
        }
        Reply::List(items) => {
            out.push(LIST);
            write_number(items.len(), out);
            for item in items {
                match item {
                    Some(bytes) => write_bytes(bytes, out),
                    None => out.extend_from_slice(&ABSENT.to_le_bytes()),
                }
            }
        }
        Reply::Ints(numbers) => {
            out.push(INTS);
            write_number(numbers.len(), out);
            for number in numbers {
                out.extend_from_slice(&number.to_le_bytes());
            }
        }
        Reply::Page(cursor, items) => {
            out.push(PAGE);
            write_bytes(cursor.as_bytes(), out);
            write_number(items.len(), out);
            for item in items {
                write_bytes(item, out);
            }
        }
        // `size` knows no other shape.
        _ => {}
    }
    Ok(())
}

/// Writes the results of a batch.
pub fn write_all(results: &[Result<Reply>], out: &mut Vec<u8>) -> Result<()> {
    out.push(BATCH);
    write_number(results.len(), out);
    results.iter().try_for_each(|result| write(result, out))
}

/// Writes an error; the caller knows its operation.
pub fn write_error(error: &Error, out: &mut Vec<u8>) {
    let cause = kept(error);
    let flags = [error.is_retryable(), error.is_maybe_applied(), cause.is_some()];
    out.push(ERROR);
    out.push(flags.into_iter().rev().fold(0, |bits, flag| bits << 1 | u8::from(flag)));
    for text in [error.kind().code(), error.backend(), error.message()] {
        write_bytes(text.as_bytes(), out);
    }
    if let Some(number) = cause {
        out.extend_from_slice(&number.to_le_bytes());
    }
}

/// An error of the platform that JavaScript keeps under this number.
#[derive(Debug)]
pub struct Kept(pub u32);

impl std::fmt::Display for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an error of the platform's")
    }
}

impl std::error::Error for Kept {}

/// The number under which JavaScript keeps an error's cause.
pub fn kept(error: &Error) -> Option<u32> {
    std::error::Error::source(error)?.downcast_ref::<Kept>().map(|kept| kept.0)
}

/// No length in a wasm memory exceeds a u32.
fn write_number(number: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&(number as u32).to_le_bytes());
}

fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_number(bytes.len(), out);
    out.extend_from_slice(bytes);
}

/// How many bytes a reply takes; nothing where its shape has no tag here.
fn size(reply: &Reply) -> Option<usize> {
    let head = 1 + 4;
    Some(match reply {
        Reply::Nil | Reply::Ok => head,
        Reply::Int(_) => head + 8,
        Reply::Bytes(bytes) => head + bytes.len(),
        Reply::List(items) => {
            head + items.iter().map(|item| 4 + item.as_ref().map_or(0, Vec::len)).sum::<usize>()
        }
        Reply::Ints(numbers) => head + 8 * numbers.len(),
        Reply::Page(cursor, items) => {
            head + 4 + cursor.len() + items.iter().map(|item| 4 + item.len()).sum::<usize>()
        }
        _ => return None,
    })
}

/// Reads what [`write`] has written; `None` if it is malformed.
pub fn read(bytes: &[u8]) -> Option<Result<Reply>> {
    let (&tag, rest) = bytes.split_first()?;
    let mut rest = Rest(rest);
    Some(match tag {
        NIL => Ok(Reply::Nil),
        OK => Ok(Reply::Ok),
        INT => Ok(Reply::Int(rest.int()?)),
        BYTES => Ok(Reply::Bytes(rest.bytes()?.to_vec())),
        LIST => {
            let item = |rest: &mut Rest<'_>| rest.optional().map(|item| item.map(<[u8]>::to_vec));
            Ok(Reply::List(rest.many(item)?))
        }
        INTS => Ok(Reply::Ints(rest.many(Rest::int)?)),
        PAGE => {
            let cursor = rest.text()?;
            Ok(Reply::Page(cursor, rest.many(|rest| rest.bytes().map(<[u8]>::to_vec))?))
        }
        ERROR => {
            let flags = *rest.take(1)?.first()?;
            let kind = Kind::from_code(&rest.text()?)?;
            rest.bytes()?;
            let error = Error::from_message(kind, &rest.text()?);
            Err(if flags & 2 == 0 { error } else { error.maybe_applied() })
        }
        _ => return None,
    })
}

/// The unread rest.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn int(&mut self) -> Option<i64> {
        Some(i64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    fn optional(&mut self) -> Option<Option<&'a [u8]>> {
        match self.number()? {
            ABSENT => Some(None),
            length => self.take(usize::try_from(length).ok()?).map(Some),
        }
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        self.optional()?
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }

    fn many<T>(&mut self, item: impl Fn(&mut Rest<'a>) -> Option<T>) -> Option<Vec<T>> {
        (0..self.number()?).map(|_| item(self)).collect()
    }
}
