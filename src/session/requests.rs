// The bytes of a client, and the commands in them: lists of bulk strings, or lines that a person types. What the words
// mean is not known here.

// The codec of redis-protocol reads answers. A server reads only commands, refuses the rest in Redis's words, and goes on
// where it stopped when a command arrives in pieces.

use std::ops::Range;

/// The longest line: of a length, or of a command that a person types.
const MAX_LINE: usize = 64 << 10;

/// The most words of one command.
const MAX_WORDS: usize = 1 << 20;

/// What a client may send before it has said the password.
const STRANGERS_WORDS: i64 = 10;
const STRANGERS_BYTES: i64 = 16 << 10;

/// What a client may send.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// The longest word.
    pub word: usize,
    /// The most bytes of one command.
    pub command: usize,
}

/// One command.
pub(super) struct Words(Vec<Word>);

enum Word {
    /// Its place in the received bytes.
    At(Range<usize>),
    /// A word of a typed line, in which there may be quotes.
    Typed(Vec<u8>),
}

/// Received bytes.
#[derive(Default)]
pub(super) struct Requests {
    bytes: Vec<u8>,
    /// Where the unread bytes begin.
    at: usize,
    /// The words still to come of a command that has not wholly arrived, and the length of the next one.
    left: usize,
    length: Option<usize>,
    words: Vec<Word>,
    /// Where that command begins.
    begin: usize,
    /// Whether the bytes are no commands: nothing after them is read.
    is_broken: bool,
}

/// Why the bytes are no command; Redis's text.
type Broken = String;

impl Requests {
    /// Where received bytes are added.
    pub fn bytes(&mut self) -> &mut Vec<u8> {
        // What was read is dropped; a command that has not wholly arrived stays.
        let done = if self.left == 0 { self.at } else { self.begin };
        if done > 0 {
            self.bytes.drain(..done);
            self.at -= done;
            self.begin = 0;
            for word in &mut self.words {
                if let Word::At(range) = word {
                    *range = range.start - done..range.end - done;
                }
            }
        }
        // What one large command took is given back.
        if self.bytes.is_empty() && self.bytes.capacity() > MAX_LINE {
            self.bytes.shrink_to(MAX_LINE);
        }
        &mut self.bytes
    }

    /// The next command that has arrived.
    ///
    /// # Errors
    ///
    /// If these bytes are no command; there are no more commands then.
    pub fn next(&mut self, bounds: Bounds, is_stranger: bool) -> Result<Option<Words>, Broken> {
        if self.is_broken {
            return Ok(None);
        }
        let next = self.read(bounds, is_stranger);
        self.is_broken = next.is_err();
        next
    }

    /// The words of a command, as long as no bytes are added.
    pub fn words<'a>(&'a self, words: &'a Words) -> Vec<&'a [u8]> {
        let word = |word: &'a Word| match word {
            Word::At(range) => self.bytes.get(range.clone()).unwrap_or_default(),
            Word::Typed(word) => word,
        };
        words.0.iter().map(word).collect()
    }

    fn read(&mut self, bounds: Bounds, is_stranger: bool) -> Result<Option<Words>, Broken> {
        while self.left == 0 {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            self.begin = self.at;
            match rest.first() {
                None => return Ok(None),
                Some(b'*') => {
                    let Some(line) = self.line("mbulk")? else { return Ok(None) };
                    let count = number(line.clone(), &self.bytes).filter(|n| *n <= MAX_WORDS as i64);
                    let count = count.ok_or("invalid multibulk length")?;
                    if is_stranger && count > STRANGERS_WORDS {
                        return Err("unauthenticated multibulk length".into());
                    }
                    self.at = line.end + 2;
                    self.left = usize::try_from(count).unwrap_or(0);
                }
                Some(_) => match self.typed()? {
                    Some(words) if words.is_empty() => {}
                    Some(words) => return Ok(Some(Words(words))),
                    None => return Ok(None),
                },
            }
        }
        while self.left > 0 {
            if !self.word(bounds, is_stranger)? {
                return Ok(None);
            }
        }
        Ok(Some(Words(std::mem::take(&mut self.words))))
    }

    /// Reads a word; whether it has arrived.
    fn word(&mut self, bounds: Bounds, is_stranger: bool) -> Result<bool, Broken> {
        let length = match self.length {
            Some(length) => length,
            None => {
                let Some(line) = self.line("bulk")? else { return Ok(false) };
                match self.bytes.get(self.at) {
                    Some(b'$') => {}
                    other => {
                        let other = char::from(other.copied().unwrap_or_default());
                        return Err(format!("expected '$', got '{other}'"));
                    }
                }
                let length = number(line.clone(), &self.bytes).and_then(|n| usize::try_from(n).ok());
                let length = length.filter(|n| *n <= bounds.word).ok_or("invalid bulk length")?;
                if is_stranger && length as i64 > STRANGERS_BYTES {
                    return Err("unauthenticated bulk length".into());
                }
                self.at = line.end + 2;
                if self.at.saturating_sub(self.begin).saturating_add(length) > bounds.command {
                    return Err("too large command".into());
                }
                self.length = Some(length);
                length
            }
        };
        if self.bytes.len().saturating_sub(self.at) < length + 2 {
            return Ok(false);
        }
        self.words.push(Word::At(self.at..self.at + length));
        self.at += length + 2;
        self.length = None;
        self.left -= 1;
        Ok(true)
    }

    /// Where the number after the next byte is, if its line has arrived.
    fn line(&self, what: &str) -> Result<Option<Range<usize>>, Broken> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        match rest.iter().take(MAX_LINE).position(|byte| *byte == b'\r') {
            // The end of the line has two bytes.
            Some(end) if end + 1 < rest.len() => Ok(Some(self.at + 1..self.at + end)),
            None if rest.len() >= MAX_LINE => Err(format!("too big {what} count string")),
            _ => Ok(None),
        }
    }

    /// The words of a line that a person types, if it has arrived.
    fn typed(&mut self) -> Result<Option<Vec<Word>>, Broken> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some(end) = rest.iter().take(MAX_LINE).position(|byte| *byte == b'\n') else {
            return if rest.len() >= MAX_LINE { Err("too big inline request".into()) } else { Ok(None) };
        };
        let line = rest.get(..end).unwrap_or_default();
        let words = split(line.strip_suffix(b"\r").unwrap_or(line)).ok_or("unbalanced quotes in request")?;
        self.at += end + 1;
        Ok(Some(words.into_iter().map(Word::Typed).collect()))
    }
}

fn number(range: Range<usize>, bytes: &[u8]) -> Option<i64> {
    crate::integer::parse(bytes.get(range)?)
}

/// Splits a line at spaces, with quotes as in Redis; nothing if a quote is not closed.
fn split(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut words = Vec::new();
    let mut rest = line.iter().copied().peekable();
    loop {
        while rest.next_if(u8::is_ascii_whitespace).is_some() {}
        if rest.peek().is_none() {
            return Some(words);
        }
        let mut word = Vec::new();
        while let Some(byte) = rest.next_if(|byte| !byte.is_ascii_whitespace()) {
            match byte {
                b'"' => {
                    loop {
                        match rest.next()? {
                            b'"' => break,
                            b'\\' => word.push(escaped(&mut rest)?),
                            byte => word.push(byte),
                        }
                    }
                    // A quote ends the word.
                    rest.peek().is_none_or(u8::is_ascii_whitespace).then_some(())?;
                }
                b'\'' => {
                    loop {
                        match rest.next()? {
                            b'\'' => break,
                            b'\\' if rest.next_if_eq(&b'\'').is_some() => word.push(b'\''),
                            byte => word.push(byte),
                        }
                    }
                    rest.peek().is_none_or(u8::is_ascii_whitespace).then_some(())?;
                }
                byte => word.push(byte),
            }
        }
        words.push(word);
    }
}

/// The byte that a backslash in double quotes and what follows it stand for.
fn escaped(rest: &mut (impl Iterator<Item = u8> + Clone)) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    Some(match rest.next()? {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'a' => 7,
        b'x' => {
            let mut ahead = rest.clone();
            let digits = ahead.next().and_then(digit).zip(ahead.next().and_then(digit));
            match digits.and_then(|(high, low)| u8::try_from(high * 16 + low).ok()) {
                Some(byte) => {
                    *rest = ahead;
                    byte
                }
                None => b'x',
            }
        }
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { word: 1000, command: 2000 };

    fn all(bytes: &[u8], step: usize) -> Result<Vec<Vec<Vec<u8>>>, Broken> {
        let mut requests = Requests::default();
        let mut found = Vec::new();
        for part in bytes.chunks(step) {
            requests.bytes().extend_from_slice(part);
            while let Some(words) = requests.next(BOUNDS, false)? {
                found.push(requests.words(&words).into_iter().map(<[u8]>::to_vec).collect());
            }
        }
        Ok(found)
    }

    #[test]
    fn commands_split_at_any_byte_are_read() {
        let bytes =
            b"*2\r\n$3\r\nGET\r\n$4\r\na\r\nb\r\n*0\r\n\r\n*-1\r\nset k 'it''s'\r\n*1\r\n$0\r\n\r\nPING\n";
        let (whole, quoted) = bytes.split_at(24 + 4);
        for step in 1..=whole.len() {
            assert_eq!(all(whole, step).unwrap(), [[b"GET".to_vec(), b"a\r\nb".to_vec()]]);
        }
        assert_eq!(all(quoted, 3), Err("unbalanced quotes in request".into()));
        let typed = b"  set \"a b\\x41\\n\" 'c\\'d'\t\r\nPING\n";
        let words = [&b"set"[..], b"a bA\n", b"c'd"].map(<[u8]>::to_vec);
        assert_eq!(all(typed, 5).unwrap(), [words.to_vec(), vec![b"PING".to_vec()]]);
    }

    #[test]
    fn what_is_no_command_is_refused_once() {
        for (bytes, text) in [
            (&b"*x\r\n"[..], "invalid multibulk length"),
            (b"*1048577\r\n", "invalid multibulk length"),
            (b"*1\r\n:1\r\n", "expected '$', got ':'"),
            (b"*1\r\n$-1\r\n", "invalid bulk length"),
            (b"*1\r\n$1001\r\n", "invalid bulk length"),
            (b"*3\r\n$1000\r\n", "expected more"),
        ] {
            let refused = all(bytes, bytes.len());
            match text {
                "expected more" => assert_eq!(refused, Ok(Vec::new())),
                text => assert_eq!(refused, Err(text.into())),
            }
        }
        let mut large = b"*3\r\n".to_vec();
        for _ in 0..2 {
            large.extend_from_slice(b"$1000\r\n");
            large.resize(large.len() + 1000, b'x');
            large.extend_from_slice(b"\r\n");
        }
        assert_eq!(all(&large, 7), Err("too large command".into()));
        assert_eq!(all(&[b'*'; MAX_LINE], MAX_LINE), Err("too big mbulk count string".into()));
        assert_eq!(all(&[b'x'; MAX_LINE], MAX_LINE), Err("too big inline request".into()));
    }
}
