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
    let score: f64 = str::from_utf8(text).ok()?.parse().ok()?;
    (!score.is_nan()).then_some(unsigned_zero(score))
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
        // It prints -0 as 0.
        _ => ryu_js::Buffer::new().format(score).to_owned(),
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
