// A range of the keyspace in byte order. No knowledge of commands or stores.

use crate::engine::after_prefix;

/// A range of the keyspace, and the direction of iteration. Keys compare as UTF-8 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// A common prefix of all keys in the span, for stores that list by prefix.
    pub prefix: String,
    /// The first key of the range, inclusive.
    pub start: String,
    /// The end of the range, exclusive; `None` means the end of the keyspace.
    pub end: Option<String>,
    /// Whether to iterate from the end.
    pub reverse: bool,
}

impl Span {
    /// The keys that begin with a prefix.
    pub(crate) fn under(prefix: &str) -> Span {
        Span { prefix: prefix.into(), start: prefix.into(), end: after_prefix(prefix), reverse: false }
    }

    /// The keys from `start` to `end`, exclusive; without `end`, those that begin with `start`.
    pub(crate) fn between(start: &str, end: Option<&str>) -> Span {
        let Some(end) = end else { return Span::under(start) };
        let alike = start.chars().zip(end.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a);
        Span { prefix: alike.collect(), start: start.into(), end: Some(end.into()), reverse: false }
    }

    /// Leaves out what comes before this key on the way, and the key.
    pub(crate) fn go_on_after(&mut self, after: &str) {
        if self.reverse {
            if self.end.as_deref().is_none_or(|end| after < end) {
                self.end = Some(after.to_owned());
            }
        } else if after >= self.start.as_str() {
            self.start = [after, "\0"].concat();
        }
    }

    /// Whether no key can be in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.end.as_ref().is_some_and(|end| *end <= self.start)
    }

    /// Whether the key is in the span.
    pub fn contains(&self, key: &str) -> bool {
        key >= self.start.as_str() && self.end.as_ref().is_none_or(|end| key < end.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_knows_the_common_prefix_of_its_keys() {
        let span = Span::between("user:1", Some("user:5"));
        assert_eq!(span.prefix, "user:");
        assert!(span.contains("user:1") && span.contains("user:49"));
        assert!(!span.contains("user:5") && !span.contains("user:"));
        assert!(Span::between("b", Some("a")).is_empty() && Span::between("b", Some("b")).is_empty());
        assert!(Span::under("p:").contains("p:\u{10ffff}") && !Span::under("p:").contains("p;"));
        assert!(Span::under("").contains("anything"));
    }
}
