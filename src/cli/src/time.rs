// Times as people write and read them.

use chrono::DateTime;
use std::time::Duration;

/// Reads a time such as `10s`, `5m`, `1h30m`, `500ms` or `2d`; a bare number is seconds.
pub fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || "expects a time such as 500ms, 10s, 5m, 1h30m or 2d".to_owned();
    let mut rest = text.trim();
    let mut total = 0.0;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let number: f64 = number.parse().map_err(|_| wrong())?;
        let letters = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        total += number
            * match unit {
                "ms" => 0.001,
                "s" | "" => 1.0,
                "m" => 60.0,
                "h" => 3_600.0,
                "d" => 86_400.0,
                _ => return Err(wrong()),
            };
        rest = after;
    }
    Duration::try_from_secs_f64(total).map_err(|_| wrong())
}

/// The duration in milliseconds, of which there is at least one.
pub fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}

/// A moment in milliseconds since 1970, in UTC.
pub fn moment(milliseconds: u64) -> String {
    let moment = i64::try_from(milliseconds).ok().and_then(DateTime::from_timestamp_millis);
    moment.map_or_else(|| milliseconds.to_string(), |moment| moment.format("%Y-%m-%d %H:%M:%S").to_string())
}

/// A time left, in one or two units: `45s`, `3m20s`, `2h5m`.
pub fn left(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds @ 60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        seconds => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// A latency in a unit that fits.
pub fn latency(time: Duration) -> String {
    match time.as_micros() {
        micros @ 0..1_000 => format!("{micros} µs"),
        micros @ 1_000..1_000_000 => format!("{}.{} ms", micros / 1_000, micros / 100 % 10),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        for (text, milliseconds) in [
            ("10s", 10_000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("500ms", 500),
            ("1.5s", 1_500),
            ("7", 7_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "s", "5 m", "-5s", "5x", "1.2.3s", "1e400d"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_shown() {
        assert_eq!(moment(1_785_000_000_123), "2026-07-25 17:20:00");
        assert_eq!(left(Duration::from_secs(200)), "3m20s");
        assert_eq!(latency(Duration::from_micros(1_540)), "1.5 ms");
    }
}
