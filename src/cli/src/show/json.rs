// A tree as JSON on one line.

use crate::tree::Tree;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// The tree in JSON. Bytes that are not UTF-8 are `{"base64":".."}`; a user's names that are none make an array of pairs
/// of what would be an object.
pub fn json(tree: &Tree) -> String {
    let mut out = String::new();
    write(tree, &mut out);
    out
}

fn write(tree: &Tree, out: &mut String) {
    match tree {
        Tree::Nothing => out.push_str("null"),
        Tree::Flag(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Tree::Number(number) => out.push_str(&number.to_string()),
        Tree::Time(milliseconds) => out.push_str(&milliseconds.to_string()),
        Tree::Word(word) => string(word, out),
        Tree::Bytes(bytes) => text(bytes, out),
        // It was written by somebody: line breaks in JSON are never inside strings.
        Tree::Json(json) => out.push_str(&json.replace(['\n', '\r'], " ")),
        Tree::List(items) => {
            out.push('[');
            separated(items, out, write);
            out.push(']');
        }
        Tree::Fields(fields) => {
            out.push('{');
            separated(fields, out, |(name, tree), out| {
                string(name, out);
                out.push(':');
                write(tree, out);
            });
            out.push('}');
        }
        Tree::Pairs(pairs) if pairs.iter().all(|(name, _)| str::from_utf8(name).is_ok()) => {
            out.push('{');
            separated(pairs, out, |(name, tree), out| {
                text(name, out);
                out.push(':');
                write(tree, out);
            });
            out.push('}');
        }
        Tree::Pairs(pairs) | Tree::Scored(pairs) => {
            out.push('[');
            separated(pairs, out, |(name, tree), out| {
                out.push('[');
                text(name, out);
                out.push(',');
                write(tree, out);
                out.push(']');
            });
            out.push(']');
        }
    }
}

fn separated<T>(items: &[T], out: &mut String, each: impl Fn(&T, &mut String)) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        each(item, out);
    }
}

fn text(bytes: &[u8], out: &mut String) {
    match str::from_utf8(bytes) {
        Ok(text) => string(text, out),
        Err(_) => {
            out.push_str(r#"{"base64":""#);
            out.push_str(&BASE64_STANDARD.encode(bytes));
            out.push_str(r#""}"#);
        }
    }
}

fn string(text: &str, out: &mut String) {
    // Text always has a JSON form.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_exact() {
        let tree = Tree::Fields(vec![
            ("a", Tree::text("x\"y\n")),
            ("b", Tree::Bytes(vec![0xff])),
            ("c", Tree::Json("{ \"n\":\n1.50 }".into())),
            ("d", Tree::Pairs(vec![(b"k".to_vec(), Tree::Number(i64::MAX))])),
            ("e", Tree::Pairs(vec![(vec![0xfe], Tree::Nothing)])),
        ]);
        let shown = r#"{"a":"x\"y\n","b":{"base64":"/w=="},"c":{ "n": 1.50 },"d":{"k":9223372036854775807},"e":[[{"base64":"/g=="},null]]}"#;
        assert_eq!(json(&tree), shown);
    }
}
