// The methods of the JavaScript and Rust APIs, with their documentation, read from the sources. This reads formatted
// sources line by line; it is not a parser, and should not have to be one.

use std::io;
use std::path::Path;

/// A method or function as declared in its source.
pub struct Method {
    pub name: String,
    /// The text of its doc comment.
    pub docs: String,
    /// Its signature on one line, or one for each overload.
    pub signatures: Vec<String>,
}

/// The content of a line.
enum Line<'a> {
    /// A line of documentation.
    Docs(&'a str),
    /// The beginning of a signature.
    Signature(&'a str),
    Other,
}

/// The files of operations in both languages.
const FAMILIES: [&str; 9] =
    ["keyspace", "strings", "lists", "hashes", "sets", "zsets", "geo", "bitmaps", "hyperloglogs"];

/// The files of families whose methods are on a value of their own: `records.put`. Their types have the family's name.
const ON_RECORDS: [&str; 5] = ["records", "changes", "consumers", "locks", "tasks"];

/// The methods of the JavaScript API.
pub fn javascript(root: &Path) -> io::Result<Vec<Method>> {
    read(
        &root.join("pkg/src"),
        &[
            "api/connect.ts",
            "api/handle.ts",
            "api/patterns.ts",
            "api/global-store.ts",
            "api/stores.ts",
            "api/environment.ts",
            "gateway.ts",
        ],
        "ts",
        |line| {
            let text = line.trim_start();
            if let Some(docs) = ["/**", "*/", "*"].iter().find_map(|mark| text.strip_prefix(mark)) {
                return Line::Docs(docs.trim_end_matches("*/").trim());
            }
            if let Some(function) = line.strip_prefix("export ") {
                let function = function.strip_prefix("async ").unwrap_or(function);
                return function.strip_prefix("function ").map_or(Line::Other, Line::Signature);
            }
            match line.strip_prefix("  ") {
                Some(member) if member.starts_with(|c: char| c.is_ascii_lowercase()) => {
                    Line::Signature(member)
                }
                _ => Line::Other,
            }
        },
    )
}

/// The methods of the Rust API.
pub fn rust(root: &Path) -> io::Result<Vec<Method>> {
    read(&root.join("src"), &["store.rs", "store/patterns.rs", "scans.rs", "batch.rs"], "rs", |line| {
        let Some(item) = line.strip_prefix("    ") else { return Line::Other };
        if let Some(docs) = item.strip_prefix("///") {
            return Line::Docs(docs.trim());
        }
        let item = item.strip_prefix("pub ").unwrap_or(item);
        item.strip_prefix("async ").unwrap_or(item).strip_prefix("fn ").map_or(Line::Other, Line::Signature)
    })
}

fn read(
    folder: &Path,
    others: &[&str],
    extension: &str,
    recognise: impl Fn(&str) -> Line<'_>,
) -> io::Result<Vec<Method>> {
    let families = FAMILIES.map(|name| format!("operations/{name}.{extension}"));
    let mut methods = Vec::new();
    for file in families.iter().map(String::as_str).chain(others.iter().copied()) {
        collect(&std::fs::read_to_string(folder.join(file))?, &recognise, &mut methods);
    }
    for family in ON_RECORDS {
        let source = std::fs::read_to_string(folder.join(format!("operations/{family}.{extension}")))?;
        let mut own = Vec::new();
        collect(block_of(family, &source), &recognise, &mut own);
        methods.extend(own.into_iter().map(|method| {
            let name = format!("{family}.{}", method.name);
            Method { name, ..method }
        }));
    }
    Ok(methods)
}

/// The block of the type or implementation that contains a family's methods.
fn block_of<'a>(family: &str, source: &'a str) -> &'a str {
    let name = format!("{}{}<", family[..1].to_uppercase(), &family[1..]);
    let is_begin = |line: &&str| {
        (line.starts_with("export interface ") || line.starts_with("impl<")) && line.contains(&name)
    };
    let Some(begin) = source.lines().find(is_begin).and_then(|line| source.find(line)) else { return "" };
    let block = &source[begin..];
    &block[..block.find("\n}\n").unwrap_or(block.len())]
}

fn collect(source: &str, recognise: impl Fn(&str) -> Line<'_>, methods: &mut Vec<Method>) {
    let mut docs = String::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        match recognise(line) {
            Line::Docs(text) => docs = docs + text + "\n",
            Line::Signature(begin) => {
                let mut signature = begin.to_owned();
                while !signature.ends_with([';', '{']) {
                    let Some(next) = lines.next() else { return };
                    signature = signature + " " + next.trim();
                }
                declare(&signature, std::mem::take(&mut docs), methods);
            }
            Line::Other => docs.clear(),
        }
    }
}

/// Adds a signature to its method; an implementation's only counts if there are no overloads.
fn declare(signature: &str, docs: String, methods: &mut Vec<Method>) {
    let Some((name, _)) = signature.split_once(['(', '<']) else { return };
    let known = methods.last().is_some_and(|method| method.name == name);
    if !known && docs.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return;
    }
    if !known {
        methods.push(Method { name: name.to_owned(), docs, signatures: Vec::new() });
    }
    let Some(method) = methods.last_mut() else { return };
    if method.signatures.is_empty() || signature.ends_with(';') {
        method.signatures.push(tidy(signature));
    }
}

/// A signature without what all signatures have.
fn tidy(signature: &str) -> String {
    let signature = signature.split(" where ").next().unwrap_or_default();
    let mut text = signature.trim_end_matches([';', '{', ' ']).to_owned();
    for (noise, plain) in [
        ("( ", "("),
        (", )", ")"),
        (" | undefined", ""),
        ("readonly ", ""),
        ("<M, ", "<"),
        ("<M>", ""),
        ("&self, ", ""),
        ("&self", ""),
        ("Self::Output<", "Output<"),
        ("'static, ", ""),
    ] {
        text = text.replace(noise, plain);
    }
    // The return type is inside the type that says how it is returned: a promise or a result.
    for answer in [": Ret<", "-> Output<", "-> Result<", ": Promise<"] {
        if let Some((before, after)) = text.split_once(answer) {
            let sign = answer.split_inclusive(' ').next().unwrap_or_default();
            text = format!("{before}{sign}{}", after.strip_suffix('>').unwrap_or(after));
            break;
        }
    }
    text.trim_end_matches(" -> ()").to_owned()
}
