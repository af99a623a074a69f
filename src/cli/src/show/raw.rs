// A tree as bytes, for scripts: a single value as it is, everything else one value a line.

use crate::tree::Tree;

/// The tree's bytes. Of a record its value, of a task its payload.
pub fn raw(tree: &Tree) -> Vec<u8> {
    match tree {
        Tree::Bytes(bytes) => bytes.clone(),
        Tree::Json(json) => json.clone().into_bytes(),
        Tree::Fields(_) => match value(tree) {
            Some(value) => raw(value),
            None => lines(tree),
        },
        _ => lines(tree),
    }
}

fn lines(tree: &Tree) -> Vec<u8> {
    let mut out = Vec::new();
    line(tree, &mut out);
    out
}

fn line(tree: &Tree, out: &mut Vec<u8>) {
    match tree {
        Tree::Nothing => out.push(b'\n'),
        Tree::List(items) => items.iter().for_each(|item| line(item, out)),
        Tree::Pairs(pairs) | Tree::Scored(pairs) => {
            for (name, tree) in pairs {
                out.extend_from_slice(name);
                out.push(b'\n');
                line(tree, out);
            }
        }
        Tree::Fields(fields) => match value(tree) {
            Some(value) => line(value, out),
            None => fields.iter().for_each(|(_, tree)| line(tree, out)),
        },
        Tree::Flag(flag) => out.extend_from_slice(if *flag { b"1\n" } else { b"0\n" }),
        Tree::Number(number) => out.extend_from_slice(format!("{number}\n").as_bytes()),
        Tree::Time(milliseconds) => out.extend_from_slice(format!("{milliseconds}\n").as_bytes()),
        Tree::Word(word) => out.extend_from_slice(format!("{word}\n").as_bytes()),
        Tree::Bytes(bytes) => {
            out.extend_from_slice(bytes);
            out.push(b'\n');
        }
        Tree::Json(json) => {
            out.extend_from_slice(json.replace(['\n', '\r'], " ").as_bytes());
            out.push(b'\n');
        }
    }
}

/// What a row is about.
fn value(tree: &Tree) -> Option<&Tree> {
    tree.member("value").or_else(|| tree.member("payload")).or_else(|| value(tree.member("record")?))
}
