// Scores of sorted sets as text: read as Redis reads a double, printed in the shortest form that reads back as the same
// number.

/// Parses a score: a decimal number, with an exponent if need be, or an infinity. A number that is too large or too
/// small for 64 bits is not a score.
pub(crate) fn parse(text: &[u8]) -> Option<f64> {
    let score = parse_bound(text)?;
    let digits = text.split(|byte| matches!(byte, b'e' | b'E')).next().unwrap_or_default();
    let is_nonzero = digits.iter().any(|byte| matches!(byte, b'1'..=b'9'));
    let has_digits = text.iter().any(u8::is_ascii_digit);
    match score {
        0.0 if is_nonzero => None,
        _ if score.is_infinite() && has_digits => None,
        _ => Some(score),
    }
}

/// Parses a bound of a range of scores, where what is too large counts as infinite and what is too small as zero.
pub(crate) fn parse_bound(text: &[u8]) -> Option<f64> {
    let unsigned = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    if unsigned.eq_ignore_ascii_case(b"inf") || unsigned.eq_ignore_ascii_case(b"infinity") {
        return Some(if text.starts_with(b"-") { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    let text = str::from_utf8(text).ok().filter(|_| is_decimal(unsigned))?;
    Some(unsigned_zero(number::parse(text)))
}

/// Whether this is a decimal number without a sign: digits, perhaps with a point, and perhaps an exponent.
fn is_decimal(text: &[u8]) -> bool {
    let are_digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
    let mut parts = text.splitn(2, |byte| matches!(byte, b'e' | b'E'));
    let mantissa = parts.next().unwrap_or_default();
    let mut halves = mantissa.splitn(2, |byte| *byte == b'.');
    let (whole, fraction) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
    let has_exponent = parts.next().is_none_or(|exponent| {
        let digits = exponent.strip_prefix(b"-").or_else(|| exponent.strip_prefix(b"+")).unwrap_or(exponent);
        !digits.is_empty() && are_digits(digits)
    });
    has_exponent && are_digits(whole) && are_digits(fraction) && !(whole.is_empty() && fraction.is_empty())
}

/// Zero has no sign here. In Redis it depends on how a sorted set is stored.
pub(crate) fn unsigned_zero(score: f64) -> f64 {
    score + 0.0
}

/// Prints a score: `3.1`, `1e+21`, `inf`, `-inf`.
pub(crate) fn print(score: f64) -> String {
    match score {
        f64::INFINITY => "inf".to_owned(),
        f64::NEG_INFINITY => "-inf".to_owned(),
        _ => number::print(unsigned_zero(score)),
    }
}

/// Numbers and their text.
#[cfg(not(all(target_arch = "wasm32", feature = "js-numbers")))]
mod number {
    /// Parses a decimal number.
    pub fn parse(text: &str) -> f64 {
        text.parse().unwrap_or_default()
    }

    pub fn print(number: f64) -> String {
        ryu_js::Buffer::new().format(number).to_owned()
    }
}

/// The same by JavaScript, which needs no tables for it: they would be a sixth of the memory store's module.
#[cfg(all(target_arch = "wasm32", feature = "js-numbers"))]
mod number {
    use js_sys::Number;

    pub fn parse(text: &str) -> f64 {
        Number::parse_float(text)
    }

    pub fn print(number: f64) -> String {
        Number::from(number).to_string_with_radix(10).map(String::from).unwrap_or_default()
    }
}

#[cfg(feature = "cells")]
pub(crate) use json::Score;

/// Scores in JSON.
#[cfg(feature = "cells")]
mod json {
    use serde::de::{Deserializer, Error, Visitor};
    use serde::{Deserialize, Serialize, Serializer};
    use serde_json::value::RawValue;
    use std::fmt;

    /// A number, or the text of one that JSON cannot say.
    pub(crate) struct Score(pub f64);

    impl Serialize for Score {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let text = super::print(self.0);
            match RawValue::from_string(text) {
                Ok(number) => number.serialize(serializer),
                Err(_) => serializer.serialize_str(&super::print(self.0)),
            }
        }
    }

    impl<'de> Deserialize<'de> for Score {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Score, D::Error> {
            struct Reader;
            impl Visitor<'_> for Reader {
                type Value = Score;

                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("a number, \"inf\" or \"-inf\"")
                }

                fn visit_f64<E>(self, number: f64) -> Result<Score, E> {
                    Ok(Score(number))
                }

                fn visit_i64<E>(self, number: i64) -> Result<Score, E> {
                    Ok(Score(number as f64))
                }

                fn visit_u64<E>(self, number: u64) -> Result<Score, E> {
                    Ok(Score(number as f64))
                }

                fn visit_str<E: Error>(self, text: &str) -> Result<Score, E> {
                    super::parse(text.as_bytes()).map(Score).ok_or_else(|| E::custom("expects a score"))
                }
            }
            deserializer.deserialize_any(Reader)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_parsed_as_in_redis() {
        for (text, score) in [
            ("1", 1.0),
            ("-1.5e3", -1500.0),
            ("+.5", 0.5),
            ("5.", 5.0),
            ("0e9", 0.0),
            ("inf", f64::INFINITY),
            ("+INF", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
        ] {
            assert_eq!(parse(text.as_bytes()), Some(score), "{text}");
        }
        for text in ["", "x", "1x", " 1", "1 ", ".", "1e", "nan", "-nan", "1e400", "1e-400", "--1", "0x10"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse_bound(b"-1e400"), Some(f64::NEG_INFINITY));
        assert_eq!(parse_bound(b"1e-400"), Some(0.0));
        assert_eq!(parse_bound(b"nan"), None);
    }

    #[test]
    fn scores_are_printed_shortest() {
        assert_eq!(parse(b"-0").map(f64::to_bits), Some(0));
        assert_eq!(print(-0.0), "0");
        for text in ["0", "3.1", "-17", "0.1", "1e+21", "1e-7", "inf", "-inf", "9007199254740993"] {
            let score = parse(text.as_bytes()).unwrap();
            let printed = print(score);
            assert_eq!(parse(printed.as_bytes()).map(f64::to_bits), Some(score.to_bits()), "{text}");
            assert!(text == printed || text == "9007199254740993", "{text} {printed}");
        }
    }
}
