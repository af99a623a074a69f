// A tree as text for people: values, documents with colours, numbered lists, and tables.

use super::table::table;
use super::{Look, Style, printable};
use crate::time;
use crate::tree::Tree;
use serde_json::Value;

/// The tree as text, with a line break at its end.
pub fn text(tree: &Tree, look: Look) -> String {
    let mut shown = block(tree, look);
    if !shown.ends_with('\n') {
        shown.push('\n');
    }
    shown
}

fn block(tree: &Tree, look: Look) -> String {
    match tree {
        Tree::List(items) if items.is_empty() => look.paint(Style::Faint, "(none)"),
        Tree::Pairs(pairs) | Tree::Scored(pairs) if pairs.is_empty() => look.paint(Style::Faint, "(none)"),
        Tree::List(items) if items.iter().any(|item| matches!(item, Tree::Fields(_))) => table(items, look),
        Tree::List(items) if look.is_redis => numbered(items, look),
        Tree::List(items) => items.iter().map(|item| scalar(item, look)).collect::<Vec<_>>().join("\n"),
        Tree::Fields(fields) => vertical(fields.iter().map(|(name, tree)| ((*name).to_owned(), tree)), look),
        Tree::Pairs(pairs) | Tree::Scored(pairs) => {
            vertical(pairs.iter().map(|(name, tree)| (printable(name, look.is_redis), tree)), look)
        }
        other => scalar(other, look),
    }
}

/// A value on one line; a document on several.
pub(super) fn scalar(tree: &Tree, look: Look) -> String {
    match tree {
        Tree::Nothing if look.is_redis => look.paint(Style::Faint, "(nil)"),
        Tree::Nothing => look.paint(Style::Faint, "–"),
        Tree::Flag(flag) if look.is_redis => integer(i64::from(*flag), look),
        Tree::Flag(flag) => (if *flag { "yes" } else { "no" }).to_owned(),
        Tree::Number(number) if look.is_redis => integer(*number, look),
        Tree::Number(number) => look.paint(Style::Number, &number.to_string()),
        Tree::Time(milliseconds) => time::moment(*milliseconds),
        // It may come from a server.
        Tree::Word(word) => printable(word.as_bytes(), false),
        Tree::Bytes(bytes) if look.is_redis => look.paint(Style::String, &printable(bytes, true)),
        Tree::Bytes(bytes) => printable(bytes, false),
        Tree::Json(json) => document(json, look),
        Tree::List(_) | Tree::Fields(_) | Tree::Pairs(_) | Tree::Scored(_) => block(tree, look),
    }
}

fn integer(number: i64, look: Look) -> String {
    format!("{} {}", look.paint(Style::Faint, "(integer)"), look.paint(Style::Number, &number.to_string()))
}

fn numbered(items: &[Tree], look: Look) -> String {
    let width = items.len().to_string().len();
    let lines = items.iter().enumerate().map(|(index, item)| {
        let number = look.paint(Style::Faint, &format!("{:>width$})", index + 1));
        format!("{number} {}", indented(&scalar(item, look), width + 2))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Names and values, one under the other.
fn vertical<'a>(rows: impl Iterator<Item = (String, &'a Tree)>, look: Look) -> String {
    let rows: Vec<_> = rows.collect();
    // A long name does not push all values aside.
    let most = (look.width / 2).max(8);
    let width = rows.iter().map(|(name, _)| name.chars().count()).filter(|width| *width <= most).max();
    let width = width.unwrap_or(0);
    let lines = rows.iter().map(|(name, tree)| {
        let padding = " ".repeat(width.saturating_sub(name.chars().count()));
        let value = indented(&scalar(tree, look), width + 2);
        format!("{}{padding}  {value}", look.paint(Style::Name, name))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The lines after the first one, moved to the right.
fn indented(text: &str, by: usize) -> String {
    text.replace('\n', &format!("\n{}", " ".repeat(by)))
}

/// A document over several lines, with the order of its members and the text of its numbers.
fn document(json: &str, look: Look) -> String {
    let is_valid = serde_json::from_str::<&serde_json::value::RawValue>(json).is_ok();
    if !is_valid || serde_json::from_str::<Value>(json).is_ok_and(|value| is_short(&value)) {
        return highlighted(json.trim(), look, false);
    }
    highlighted(json.trim(), look, true)
}

fn is_short(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => true,
    }
}

/// Valid JSON in colours, over several lines or on one. It goes through the text, so that nothing of it changes.
pub(super) fn highlighted(json: &str, look: Look, breaks: bool) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let mut rest = json;
    let line = |out: &mut String, depth: usize| {
        if breaks {
            out.push('\n');
            out.push_str(&"  ".repeat(depth));
        }
    };
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '"' => string_length(rest),
            '{' | '}' | '[' | ']' | ',' | ':' => 1,
            c if c.is_whitespace() => c.len_utf8(),
            _ => rest.find(|c: char| ",]}".contains(c) || c.is_whitespace()).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        match c {
            '{' | '[' => {
                let close = rest.trim_start().chars().next();
                out.push(c);
                if matches!(close, Some('}' | ']')) {
                    continue;
                }
                depth += 1;
                line(&mut out, depth);
            }
            '}' | ']' => {
                if !out.ends_with(['{', '[']) {
                    depth = depth.saturating_sub(1);
                    line(&mut out, depth);
                }
                out.push(c);
            }
            ',' => {
                out.push(',');
                line(&mut out, depth);
                if !breaks {
                    out.push(' ');
                }
            }
            ':' => out.push_str(": "),
            '"' => {
                let is_name = rest.trim_start().starts_with(':');
                let style = if is_name { Style::Name } else { Style::String };
                // JSON's own escapes leave the controls of C1 and of direction.
                out.push_str(&look.paint(style, &printable(token.as_bytes(), false)));
            }
            c if c.is_whitespace() => {}
            'n' => out.push_str(&look.paint(Style::Faint, token)),
            _ => out.push_str(&look.paint(Style::Number, token)),
        }
    }
    out
}

/// The length of the JSON string at the beginning.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Look = Look { width: 80, is_colourful: false, is_redis: false };

    #[test]
    fn documents_keep_their_text() {
        let shown = highlighted(r#"{"b":[1.50,"a,]\"",{}],"a" : null}"#, PLAIN, true);
        assert_eq!(shown, "{\n  \"b\": [\n    1.50,\n    \"a,]\\\"\",\n    {}\n  ],\n  \"a\": null\n}");
        assert_eq!(highlighted("[1,\n2]", PLAIN, false), "[1, 2]");
    }

    #[test]
    fn replies_look_as_in_redis_cli() {
        let look = Look { is_redis: true, ..PLAIN };
        for (tree, shown) in [
            (Tree::Nothing, "(nil)\n"),
            (Tree::Flag(true), "(integer) 1\n"),
            (Tree::text("a\n"), "\"a\\n\"\n"),
            (Tree::List(vec![Tree::text("a"), Tree::Nothing]), "1) \"a\"\n2) (nil)\n"),
            (Tree::List(vec![]), "(none)\n"),
        ] {
            assert_eq!(text(&tree, look), shown);
        }
    }
}
