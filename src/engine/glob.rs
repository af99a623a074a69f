// Glob patterns as Redis matches them. For every pattern, the time is bounded by pattern length times text length.

/// Whether `pattern` matches the whole `text`: `*` matches any bytes, `?` one byte, `[abc]`, `[a-z]` and `[^a]` one
/// byte of a class, `\x` a literal x.
///
/// It agrees with Redis in the odd cases too: a class without `]` ends with the pattern, `[z-a]` is `[a-z]`, a
/// backslash at the very end is literal, range bounds compare as signed bytes, and of all patterns made only of stars,
/// only `*` itself matches the empty text.
pub(crate) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    if text.is_empty() {
        return pattern.is_empty() || pattern == b"*";
    }
    let (mut pattern, mut text) = (pattern, text);
    // The rest of the pattern after the last star, and the text position where it was last tried. Backtracking to an
    // earlier star is never needed: whatever it could consume, the last one can.
    let mut last_star: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', rest @ ..] = pattern {
            if rest.is_empty() {
                return true;
            }
            pattern = rest;
            last_star = Some((rest, text));
            continue;
        }
        let Some((&byte, after)) = text.split_first() else {
            return pattern.is_empty();
        };
        if let Some(rest) = match_one(pattern, byte) {
            (pattern, text) = (rest, after);
        } else if let Some((rest, [_, later @ ..])) = last_star {
            last_star = Some((rest, later));
            (pattern, text) = (rest, later);
        } else {
            return false;
        }
    }
}

/// The literal prefix of every match: the pattern up to its first `*`, `?` or `[`.
pub(crate) fn literal_prefix(pattern: &[u8]) -> Vec<u8> {
    let mut prefix = Vec::new();
    let mut pattern = pattern;
    while let [b'\\', literal, rest @ ..] | [literal, rest @ ..] = pattern {
        if matches!(pattern, [b'*' | b'?' | b'[', ..]) {
            break;
        }
        prefix.push(*literal);
        pattern = rest;
    }
    prefix
}

/// The pattern that matches exactly this text.
pub(crate) fn escape(literal: &str) -> String {
    let mut pattern = String::with_capacity(literal.len());
    for character in literal.chars() {
        if matches!(character, '*' | '?' | '[' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

/// If the pattern's first element (not a star) matches the byte, returns the rest of the pattern.
fn match_one(pattern: &[u8], byte: u8) -> Option<&[u8]> {
    match pattern {
        [] => None,
        [b'?', rest @ ..] => Some(rest),
        [b'[', class @ ..] => match_class(class, byte),
        [b'\\', literal, rest @ ..] | [literal, rest @ ..] => (*literal == byte).then_some(rest),
    }
}

/// If the class matches the byte, returns the rest of the pattern. `class` begins after the opening bracket.
fn match_class(class: &[u8], byte: u8) -> Option<&[u8]> {
    let (negated, mut class) = match class {
        [b'^', rest @ ..] => (true, rest),
        _ => (false, class),
    };
    let mut found = false;
    loop {
        match class {
            [] => break,
            [b'\\', literal, rest @ ..] => {
                found |= *literal == byte;
                class = rest;
            }
            [b']', rest @ ..] => {
                class = rest;
                break;
            }
            // `to` may be the bracket that seems to close the class.
            [from, b'-', to, rest @ ..] => {
                let (from, to, byte) = (from.cast_signed(), to.cast_signed(), byte.cast_signed());
                found |= (from.min(to)..=from.max(to)).contains(&byte);
                class = rest;
            }
            [literal, rest @ ..] => {
                found |= *literal == byte;
                class = rest;
            }
        }
    }
    (found != negated).then_some(class)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        super::matches(pattern.as_bytes(), text.as_bytes())
    }

    #[test]
    fn documented_forms() {
        for (pattern, yes, no) in [
            ("h?llo", "hallo", "hllo"),
            ("h*llo", "heeeello", "hell"),
            ("h[ae]llo", "hello", "hillo"),
            ("h[^e]llo", "hallo", "hello"),
            ("h[a-b]llo", "hbllo", "hcllo"),
            ("h[b-a]llo", "hallo", "hcllo"),
            (r"h\*llo", "h*llo", "hello"),
            (r"[\]]x", "]x", r"\x"),
            ("*a*b*", "xaxbx", "xbxax"),
        ] {
            assert!(matches(pattern, yes), "{pattern} {yes}");
            assert!(!matches(pattern, no), "{pattern} {no}");
        }
    }

    #[test]
    fn odd_cases() {
        assert!(matches("[abc", "b"), "an unterminated class");
        assert!(matches("[^", "x"), "an unterminated, negated, empty class");
        assert!(!matches("[]", "]"), "an empty class");
        assert!(matches("[a-]", "^"), "a range up to the bracket");
        assert!(matches(r"a\", r"a\"), "a backslash at the end");
        assert!(matches("*", "") && matches("", "") && !matches("**", "") && !matches("?", ""));
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        let pattern = "a*".repeat(200) + "b";
        assert!(!matches(&pattern, &"a".repeat(5000)));
    }

    #[test]
    fn an_escaped_text_only_matches_itself() {
        let text = r"a*b?[c-d]\e";
        assert_eq!(literal_prefix(escape(text).as_bytes()), text.as_bytes());
        assert!(matches(&escape(text), text) && !matches(&escape("a*"), "ab"));
    }

    #[test]
    fn the_literal_prefix_is_unescaped() {
        for (pattern, prefix) in [
            ("user:*", "user:"),
            ("plain", "plain"),
            (r"a\*b?c", "a*b"),
            ("[a]", ""),
            (r"a\", r"a\"),
            ("", ""),
        ] {
            assert_eq!(literal_prefix(pattern.as_bytes()), prefix.as_bytes(), "{pattern}");
        }
    }
}
