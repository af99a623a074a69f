// Answers as bytes, in both versions of Redis's protocol. What an answer means does not matter here, only its form.

use crate::command::{Command, Shape};
use crate::dialect::Value;
use crate::dialect::aliases::Wording;

/// A version of the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Version {
    /// RESP2.
    #[default]
    Two,
    /// RESP3, after `HELLO 3`.
    Three,
}

/// What RESP3 says of an answer beyond its values, and which of RESP2's two nulls it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Form {
    /// As the value is.
    #[default]
    Plain,
    /// A short text of the protocol itself.
    Status,
    /// A list, which may be null.
    List,
    /// Names, each with a value.
    Map,
    /// Names, each with a map.
    Maps,
    /// A list in which each value occurs once.
    Set,
    /// A number that may have a fraction.
    Double,
    /// Such numbers.
    Doubles,
    /// Two values each: nested pairs.
    Pairs,
    /// A member with its score, if any.
    OneScored,
    /// Members with their scores: nested pairs.
    Scored,
    /// A key, and members with their scores.
    KeyAndScored,
    /// A rank and a score.
    RankAndScore,
    /// A longitude and a latitude, or nothing.
    Coordinates,
    /// Coordinates of each.
    Places,
    /// Members with their details, of which the coordinates are a list.
    Found,
    /// A text for people.
    Text,
}

impl Form {
    /// The form of the reply to a command.
    pub fn of(command: &Command, wording: &Wording) -> Form {
        match wording {
            Wording::Places => return Form::Places,
            Wording::Found(_) => return Form::Found,
            Wording::Plain | Wording::KeyAndTexts | Wording::KeyAndScored | Wording::RankAndScore => {}
            _ => return Form::Plain,
        }
        match (command.reply(), command) {
            (_, Command::Type { .. }) => Form::Status,
            (_, Command::SMembers { .. } | Command::SInter { .. } | Command::SUnion { .. }) => Form::Set,
            (_, Command::SDiff { .. } | Command::SPop { count: Some(_), .. }) => Form::Set,
            (_, Command::HRandField { with_values: true, .. }) => Form::Pairs,
            (_, Command::LPop { count: Some(_), .. } | Command::RPop { count: Some(_), .. }) => Form::List,
            (_, Command::ZPopMin { count: None, .. } | Command::ZPopMax { count: None, .. }) => {
                Form::OneScored
            }
            (Shape::Pairs, _) => Form::Map,
            (Shape::Score, _) => Form::Double,
            (Shape::Scores, _) => Form::Doubles,
            (Shape::Scored, _) => Form::Scored,
            (Shape::KeyAndScored, _) => Form::KeyAndScored,
            (Shape::KeyAndTexts, _) => Form::List,
            (Shape::RankAndScore, _) => Form::RankAndScore,
            _ => Form::Plain,
        }
    }
}

const END: &[u8] = b"\r\n";

/// Appends the head of a value: its kind, and a number.
pub(super) fn head(kind: u8, number: i64, out: &mut Vec<u8>) {
    out.push(kind);
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut left = number.unsigned_abs();
    loop {
        at -= 1;
        if let Some(digit) = digits.get_mut(at) {
            *digit = b'0' + (left % 10) as u8;
        }
        left /= 10;
        if left == 0 {
            break;
        }
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(digits.get(at..).unwrap_or_default());
    out.extend_from_slice(END);
}

fn length(kind: u8, length: usize, out: &mut Vec<u8>) {
    head(kind, i64::try_from(length).unwrap_or(i64::MAX), out);
}

pub(super) fn bulk(bytes: &[u8], out: &mut Vec<u8>) {
    length(b'$', bytes.len(), out);
    out.extend_from_slice(bytes);
    out.extend_from_slice(END);
}

/// A line has no line breaks.
fn line(kind: u8, text: &str, out: &mut Vec<u8>) {
    out.push(kind);
    out.extend(text.bytes().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }));
    out.extend_from_slice(END);
}

/// Appends an answer.
pub(super) fn write(value: &Value, form: Form, version: Version, out: &mut Vec<u8>) {
    match (value, version) {
        (Value::Nil, Version::Three) => out.extend_from_slice(b"_\r\n"),
        (Value::Nil, Version::Two) => out.extend_from_slice(match form {
            Form::List | Form::Scored | Form::KeyAndScored | Form::RankAndScore | Form::Coordinates => {
                b"*-1\r\n"
            }
            _ => b"$-1\r\n",
        }),
        (Value::Status(text), _) => line(b'+', text, out),
        (Value::Error(text), _) => line(b'-', text, out),
        (Value::Int(number), _) => head(b':', *number, out),
        (Value::Bytes(bytes), Version::Three) if form == Form::Double => {
            out.push(b',');
            out.extend_from_slice(bytes);
            out.extend_from_slice(END);
        }
        (Value::Bytes(bytes), Version::Three) if form == Form::Text => {
            length(b'=', bytes.len() + 4, out);
            out.extend_from_slice(b"txt:");
            out.extend_from_slice(bytes);
            out.extend_from_slice(END);
        }
        (Value::Bytes(bytes), _) if form == Form::Status => {
            line(b'+', &String::from_utf8_lossy(bytes), out);
        }
        (Value::Bytes(bytes), _) => bulk(bytes, out),
        (Value::Array(items), version) => list(items, form, version, out),
    }
}

fn list(items: &[Value], form: Form, version: Version, out: &mut Vec<u8>) {
    let each = |items: &[Value], forms: &[Form], out: &mut Vec<u8>| {
        for (item, form) in items.iter().zip(forms.iter().cycle()) {
            write(item, *form, version, out);
        }
    };
    let is_nested = version == Version::Three;
    match form {
        Form::Map | Form::Maps if is_nested => {
            length(b'%', items.len() / 2, out);
            let value = if form == Form::Maps { Form::Map } else { Form::Plain };
            for (at, item) in items.iter().enumerate() {
                write(item, if at % 2 == 0 { Form::Plain } else { value }, version, out);
            }
        }
        Form::Pairs | Form::Scored if is_nested => {
            length(b'*', items.len() / 2, out);
            let second = if form == Form::Scored { Form::Double } else { Form::Plain };
            for pair in items.chunks(2) {
                length(b'*', pair.len(), out);
                for (item, form) in pair.iter().zip([Form::Plain, second]) {
                    write(item, form, version, out);
                }
            }
        }
        Form::KeyAndScored => {
            length(b'*', items.len(), out);
            for item in items {
                match item {
                    Value::Array(pairs) => {
                        length(b'*', pairs.len(), out);
                        pairs.iter().for_each(|pair| write(pair, Form::OneScored, version, out));
                    }
                    key => write(key, Form::Plain, version, out),
                }
            }
        }
        _ => {
            length(if form == Form::Set && is_nested { b'~' } else { b'*' }, items.len(), out);
            let forms: &[Form] = match form {
                Form::Doubles | Form::Coordinates => &[Form::Double],
                Form::Places => &[Form::Coordinates],
                Form::Found => &[Form::Places],
                Form::OneScored | Form::RankAndScore => &[Form::Plain, Form::Double],
                _ => &[Form::Plain],
            };
            each(items, forms, out);
        }
    }
}
