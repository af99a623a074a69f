// How trees look: as JSON, as raw bytes, or as text for people. Where they go is not known here.

mod json;
mod raw;
mod table;
mod text;

pub use json::json;
pub use raw::raw;
pub use text::text;

/// How text for people looks.
#[derive(Clone, Copy)]
pub struct Look {
    /// The columns of the terminal.
    pub width: usize,
    pub is_colourful: bool,
    /// As redis-cli shows replies: `(integer) 1`, quoted strings, numbered lists.
    pub is_redis: bool,
}

impl Look {
    pub fn paint(self, style: Style, text: &str) -> String {
        match self.is_colourful && !text.is_empty() {
            true => format!("\x1b[{}m{text}\x1b[0m", style.code()),
            false => text.to_owned(),
        }
    }
}

/// What text is.
#[derive(Clone, Copy)]
pub enum Style {
    Heading,
    Name,
    String,
    Number,
    Faint,
    Bad,
    Good,
}

impl Style {
    /// The colours can be read on light and on dark.
    fn code(self) -> &'static str {
        match self {
            Style::Heading => "1",
            Style::Name => "36",
            Style::String | Style::Good => "32",
            Style::Number => "35",
            Style::Faint => "2",
            Style::Bad => "31",
        }
    }
}

/// A user's bytes for a terminal, which nothing in them can control. With quotes as a string of redis-cli's.
pub fn printable(bytes: &[u8], is_quoted: bool) -> String {
    let mut shown = String::with_capacity(bytes.len() + 2);
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\n' => shown.push_str("\\n"),
                '\r' => shown.push_str("\\r"),
                '\t' => shown.push_str("\\t"),
                '"' | '\\' if is_quoted => shown.extend(['\\', c]),
                c if c.is_control() || is_direction(c) => shown.extend(c.escape_unicode()),
                c => shown.push(c),
            }
        }
        for byte in chunk.invalid() {
            shown.push_str(&format!("\\x{byte:02x}"));
        }
    }
    if is_quoted { format!("\"{shown}\"") } else { shown }
}

/// Whether a character changes the direction of the text after it.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_value_controls_the_terminal() {
        for (bytes, shown) in [
            (&b"plain \xc3\xa4"[..], "plain ä"),
            (b"a\x1b[31mb\n", "a\\u{1b}[31mb\\n"),
            (b"\xff\xfea", "\\xff\\xfea"),
            ("a\u{202e}b".as_bytes(), "a\\u{202e}b"),
        ] {
            assert_eq!(printable(bytes, false), shown);
        }
        assert_eq!(printable(b"say \"hi\"\\", true), r#""say \"hi\"\\""#);
    }
}
