// Decimal numbers as text, and their exact addition for `incrbyfloat`. No binary floating point.

use crate::integer;

// Like Redis: longer texts are not numbers, nor are exponents beyond those of an 80-bit float.
const MAX_TEXT: usize = 5 * 1024;
const MAX_EXPONENT: i32 = 4932;
/// Redis prints at most this many digits after the point.
const MAX_FRACTION: usize = 17;

/// A decimal number: its sign, and its digits before and after the point (each 0 to 9, most significant first).
struct Decimal {
    negative: bool,
    whole: Vec<u8>,
    fraction: Vec<u8>,
}

/// Adds two decimal texts exactly, rounds to 17 digits after the point and prints without exponent or trailing zeros;
/// `None` if a text is not a number.
pub(crate) fn add_decimals(a: &[u8], b: &[u8]) -> Option<String> {
    Some(Decimal::parse(a)?.plus(Decimal::parse(b)?).print())
}

/// Whether [`add_decimals`] accepts this text.
pub(crate) fn is_decimal(text: &[u8]) -> bool {
    Decimal::parse(text).is_some()
}

impl Decimal {
    fn parse(text: &[u8]) -> Option<Decimal> {
        if text.len() >= MAX_TEXT {
            return None;
        }
        let (negative, text) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        let mut parts = text.splitn(2, |byte| matches!(byte, b'e' | b'E'));
        let mantissa = parts.next()?;
        let exponent: i32 = match parts.next() {
            Some(exponent) => parse_exponent(exponent)?,
            None => 0,
        };
        let mut halves = mantissa.splitn(2, |byte| *byte == b'.');
        let whole = halves.next()?;
        let fraction = halves.next().unwrap_or_default();
        if whole.is_empty() && fraction.is_empty() || exponent.unsigned_abs() > MAX_EXPONENT.unsigned_abs() {
            return None;
        }
        let mut digits = Vec::with_capacity(mantissa.len());
        for byte in whole.iter().chain(fraction) {
            digits.push(byte.is_ascii_digit().then(|| byte.wrapping_sub(b'0'))?);
        }
        // The point belongs after `point` digits; pad with zeros on either side.
        let point = i32::try_from(whole.len()).ok()?.checked_add(exponent)?;
        let mut number = Decimal { negative, whole: Vec::new(), fraction: Vec::new() };
        if let Ok(point) = usize::try_from(point) {
            let zeros = point.saturating_sub(digits.len());
            digits.resize(digits.len().saturating_add(zeros), 0);
            number.fraction = digits.split_off(point.min(digits.len()));
            number.whole = digits;
        } else {
            number.fraction = vec![0; point.unsigned_abs() as usize];
            number.fraction.append(&mut digits);
        }
        Some(number)
    }

    fn plus(self, other: Decimal) -> Decimal {
        let (a, b) = (self.aligned_with(&other), other.aligned_with(&self));
        let fraction = self.fraction.len().max(other.fraction.len());
        let (negative, mut digits) = if self.negative == other.negative {
            (self.negative, combine(&a, &b, 1))
        } else if a >= b {
            (self.negative, combine(&a, &b, -1))
        } else {
            (other.negative, combine(&b, &a, -1))
        };
        let fraction = digits.split_off(digits.len().saturating_sub(fraction));
        Decimal { negative, whole: digits, fraction }
    }

    /// All digits, zero-padded to line up with those of the other number, with one zero in front for a carry.
    fn aligned_with(&self, other: &Decimal) -> Vec<u8> {
        let before = other.whole.len().saturating_sub(self.whole.len()).saturating_add(1);
        let after = other.fraction.len().saturating_sub(self.fraction.len());
        let mut digits = vec![0; before];
        digits.extend(self.whole.iter().chain(&self.fraction));
        digits.resize(digits.len().saturating_add(after), 0);
        digits
    }

    fn print(mut self) -> String {
        if self.fraction.get(MAX_FRACTION).is_some_and(|digit| *digit >= 5) {
            self.fraction.truncate(MAX_FRACTION);
            let mut unit = vec![0; MAX_FRACTION];
            unit.pop();
            unit.push(1);
            self = self.away_from_zero(unit);
        }
        self.fraction.truncate(MAX_FRACTION);
        while self.fraction.last() == Some(&0) {
            self.fraction.pop();
        }
        let leading = self.whole.iter().take_while(|digit| **digit == 0).count();
        let whole = self.whole.iter().skip(leading);
        let mut text = String::new();
        if self.negative && (whole.len() > 0 || !self.fraction.is_empty()) {
            text.push('-');
        }
        if whole.len() == 0 {
            text.push('0');
        }
        text.extend(whole.map(|digit| char::from(digit.wrapping_add(b'0'))));
        if !self.fraction.is_empty() {
            text.push('.');
            text.extend(self.fraction.iter().map(|digit| char::from(digit.wrapping_add(b'0'))));
        }
        text
    }

    fn away_from_zero(self, fraction: Vec<u8>) -> Decimal {
        let negative = self.negative;
        self.plus(Decimal { negative, whole: Vec::new(), fraction })
    }
}

/// Parses an exponent: an optional sign, then digits; leading zeros are allowed.
fn parse_exponent(text: &[u8]) -> Option<i32> {
    let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    let exponent = i32::try_from(integer::parse_digits(digits)?).ok()?;
    Some(if text.starts_with(b"-") { exponent.wrapping_neg() } else { exponent })
}

/// `a + sign * b`, digit by digit. The digits are aligned, and `a` is not smaller than `b`.
fn combine(a: &[u8], b: &[u8], sign: i8) -> Vec<u8> {
    let mut carry = 0_i8;
    let mut digits: Vec<u8> = a
        .iter()
        .zip(b)
        .rev()
        .map(|(a, b)| {
            let sum = (*a as i8).wrapping_add(sign.wrapping_mul(*b as i8)).wrapping_add(carry);
            carry = sum.div_euclid(10);
            sum.rem_euclid(10) as u8
        })
        .collect();
    digits.reverse();
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(a: &str, b: &str) -> Option<String> {
        add_decimals(a.as_bytes(), b.as_bytes())
    }

    #[test]
    fn decimals_add_exactly() {
        for (a, b, sum) in [
            ("0.1", "0.2", "0.3"),
            ("10.50", "0.1", "10.6"),
            ("5.0e3", "200", "5200"),
            ("3", "-3.5", "-0.5"),
            ("-3", "3", "0"),
            ("-0.5", "0.25", "-0.25"),
            ("1e3", "1e-3", "1000.001"),
            ("99.9", ".1", "100"),
            ("12345.678", "0.1", "12345.778"),
            ("0", "1e-18", "0"),
            ("0", "5e-18", "0.00000000000000001"),
            ("0.99999999999999999", "9e-18", "1"),
            ("-1", "1e-17", "-0.99999999999999999"),
            ("1e30", "1", "1000000000000000000000000000001"),
        ] {
            assert_eq!(add(a, b).as_deref(), Some(sum), "{a} + {b}");
            assert_eq!(add(b, a).as_deref(), Some(sum), "{b} + {a}");
        }
    }

    #[test]
    fn malformed_numbers_are_rejected() {
        for text in ["", "x", "1x", " 1", "1 ", ".", "1e", "1e5000", "nan", "inf", "0x10", "1.2.3", "--1"] {
            assert_eq!(add(text, "1"), None, "{text:?}");
        }
    }
}
