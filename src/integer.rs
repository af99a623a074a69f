// Integers as text, parsed exactly as Redis does.

/// Parses an integer: no sign except `-`, no leading zero, no space.
pub(crate) fn parse(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let is_negative = digits.len() < text.len();
    match digits {
        [b'0'] => (!is_negative).then_some(0),
        [b'1'..=b'9', ..] if is_negative => 0_i64.checked_sub_unsigned(parse_digits(digits)?),
        [b'1'..=b'9', ..] => i64::try_from(parse_digits(digits)?).ok(),
        _ => None,
    }
}

/// Parses 1 to 19 digits: that many always fit.
pub(crate) fn parse_digits(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 19 {
        return None;
    }
    let mut number = 0_u64;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit.wrapping_sub(b'0')));
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn integers_are_parsed_as_strictly_as_in_redis() {
        for (text, number) in [
            ("0", 0),
            ("-1", -1),
            ("120", 120),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(parse(text.as_bytes()), Some(number), "{text:?}");
        }
        for text in [
            "",
            "-",
            "-0",
            "+1",
            "01",
            "--1",
            " 1",
            "1 ",
            "1\0",
            "1.0",
            "1e3",
            "0x1",
            "9223372036854775808",
            "-9223372036854775809",
            "99999999999999999999",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text:?}");
        }
    }
}
