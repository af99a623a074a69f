// The contract: WIT, `Command` and the table of errors name the same things, and WIT documents all of them.

#[path = "../pkg/build/src/names.rs"]
mod names;
#[path = "../pkg/build/src/reference.rs"]
mod reference;
#[path = "../pkg/build/src/sources.rs"]
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use names::{ON_RECORDS, called, command_begun, command_of};
use omnikv::command::Command;
use omnikv::error::Kind;
use wit_parser::{Docs, FunctionKind, Interface, PackageId, Resolve, TypeDef, TypeDefKind};

/// The interfaces whose functions are commands.
const FAMILIES: [&str; 9] =
    ["keyspace", "strings", "lists", "hashes", "sets", "zsets", "geo", "bitmaps", "hyperloglogs"];

/// Functions of `connection` and `batch` that are not commands.
const OTHERS: [&str; 6] = ["connect", "close", "capabilities", "stats", "pipeline", "transaction"];

fn contract() -> (Resolve, PackageId) {
    let mut resolve = Resolve::new();
    let (package, _) =
        resolve.push_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("wit")).expect("wit/ parses");
    (resolve, package)
}

fn interfaces(resolve: &Resolve, package: PackageId) -> BTreeMap<&str, &Interface> {
    let names = &resolve.packages[package].interfaces;
    names.iter().map(|(name, id)| (name.as_str(), &resolve.interfaces[*id])).collect()
}

#[test]
fn commands_and_wit_functions_match() {
    let (resolve, package) = contract();
    let interfaces = interfaces(&resolve, package);
    let functions = |name: &&str| {
        interfaces[*name].functions.keys().map(|function| called(name, function)).collect::<Vec<_>>()
    };

    let functions_of_commands: Vec<String> =
        FAMILIES.iter().chain(&ON_RECORDS).flat_map(functions).chain(["flush".to_owned()]).collect();
    let commands: BTreeSet<&str> = functions_of_commands.iter().map(|name| command_of(name)).collect();
    assert_eq!(commands, Command::NAMES.iter().copied().collect(), "WIT on the left, Command on the right");

    let others: BTreeSet<String> = ["connection", "batch"].iter().flat_map(functions).collect();
    assert_eq!(others, OTHERS.into_iter().chain(["flush"]).map(str::to_owned).collect());
}

#[test]
fn error_kinds_match_the_wit_enum() {
    let (resolve, package) = contract();
    let id = interfaces(&resolve, package)["types"].types["error-kind"];
    let TypeDefKind::Enum(kinds) = &resolve.types[id].kind else { panic!("error-kind is an enum") };
    let cases: Vec<&str> = kinds.cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(cases, Kind::all().map(Kind::code).collect::<Vec<_>>());
}

#[test]
fn the_connection_is_the_first_parameter() {
    let (resolve, package) = contract();
    for (interface, name, function) in functions(&resolve, package) {
        assert_eq!(function.kind, FunctionKind::Freestanding, "{interface}.{name}");
        let first = function.params.first().map(|param| param.name.as_str());
        assert!(name == "connect" || first == Some("store"), "{interface}.{name} takes {first:?} first");
    }
}

#[test]
fn everything_is_documented() {
    let (resolve, package) = contract();
    let mut missing = Vec::new();
    let mut check = |name: String, docs: &Docs| {
        if docs.contents.as_deref().is_none_or(|text| text.trim().is_empty()) {
            missing.push(name);
        }
    };
    for (name, interface) in interfaces(&resolve, package) {
        check(name.to_owned(), &interface.docs);
        for (function_name, function) in &interface.functions {
            check(format!("{name}.{function_name}"), &function.docs);
        }
        for (type_name, id) in &interface.types {
            let definition = &resolve.types[*id];
            // A type imported from another interface is documented there.
            if !matches!(definition.kind, TypeDefKind::Type(wit_parser::Type::Id(_))) {
                check(format!("{name}.{type_name}"), &definition.docs);
                parts(definition).for_each(|(part, docs)| check(format!("{name}.{type_name}.{part}"), docs));
            }
        }
    }
    for (name, world) in &resolve.packages[package].worlds {
        check(name.clone(), &resolve.worlds[*world].docs);
    }
    assert!(missing.is_empty(), "without documentation: {missing:#?}");
}

#[test]
fn every_redis_command_links_its_page() {
    /// Operations that Redis lacks.
    const OURS: [&str; 5] = ["range", "count", "delete-range", "compare-and-set", "compare-and-delete"];
    let (resolve, package) = contract();
    for (interface, name, function) in functions(&resolve, package) {
        if !FAMILIES.contains(&interface) && name != "flush" {
            continue;
        }
        let docs = function.docs.contents.as_deref().unwrap_or_default();
        let page =
            docs.lines().find_map(|line| line.strip_prefix("Redis: https://redis.io/docs/latest/commands/"));
        let expected = match command_of(name) {
            "flush" => Some("flushdb/".to_owned()),
            command if OURS.contains(&command) => None,
            command => Some(format!("{}/", command.replace('-', ""))),
        };
        assert_eq!(page, expected.as_deref(), "{interface}.{name}");
    }
}

fn functions(resolve: &Resolve, package: PackageId) -> Vec<(&str, &str, &wit_parser::Function)> {
    let all = interfaces(resolve, package).into_iter();
    all.flat_map(|(name, interface)| interface.functions.iter().map(move |(key, f)| (name, key.as_str(), f)))
        .collect()
}

/// The fields or cases of a type.
fn parts(definition: &TypeDef) -> Box<dyn Iterator<Item = (&str, &Docs)> + '_> {
    match &definition.kind {
        TypeDefKind::Record(record) => Box::new(record.fields.iter().map(|f| (f.name.as_str(), &f.docs))),
        TypeDefKind::Variant(variant) => Box::new(variant.cases.iter().map(|c| (c.name.as_str(), &c.docs))),
        TypeDefKind::Enum(kinds) => Box::new(kinds.cases.iter().map(|c| (c.name.as_str(), &c.docs))),
        _ => Box::new(std::iter::empty()),
    }
}

/// `compare-and-set` as JavaScript spells it.
fn camel_case(name: &str) -> String {
    let mut words = name.split('-');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn javascript_has_a_method_for_every_command() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let methods = sources::javascript(root).expect("pkg/src");
    for name in Command::NAMES.iter().map(|name| camel_case(name)) {
        assert!(methods.iter().any(|method| method.name == name), "pkg/src/operations has no {name}");
    }
}

#[test]
fn rust_has_a_method_for_every_command() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let methods = sources::rust(root).expect("src");
    let covered: BTreeSet<&str> =
        methods.iter().filter_map(|method| command_begun(&method.name, Command::NAMES)).collect();
    assert_eq!(covered, Command::NAMES.iter().copied().collect(), "src/operations on the left");
}

#[test]
fn every_command_has_a_conformance_case() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let files =
        std::fs::read_dir(folder).expect("tests/conformance").map(|file| file.expect("a file").path());
    let cases: String = files.filter_map(|path| std::fs::read_to_string(path).ok()).collect();
    // A long call stands on several lines.
    let cases: String = cases.split_whitespace().collect();
    for name in Command::NAMES {
        assert!(cases.contains(&format!("[\"{name}\"")), "no case calls {name}");
    }
}

/// The library's modules: each imports only from those before it.
const MODULES: [&str; 25] = [
    "error",
    "integer",
    "angles",
    "score",
    "location",
    "command",
    "host",
    "value",
    "reply",
    "engine",
    "dialect",
    "operations",
    "options",
    "backend",
    "scope",
    "registry",
    "store",
    "records",
    "scans",
    "batch",
    "copy",
    "environment",
    "gateway",
    "session",
    "worker",
];

#[test]
fn imports_go_one_way() {
    let rank = |name: &str| {
        MODULES
            .iter()
            .position(|module| *module == name)
            .unwrap_or_else(|| panic!("{name} is in no order yet"))
    };
    let mut wrong = Vec::new();
    let mut imports = 0;
    for (file, source) in rust_sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let module = file.split(['/', '.']).next().unwrap_or_default();
        if matches!(module, "lib" | "binding" | "cli") {
            continue;
        }
        let code = source.split("\nmod tests {").next().unwrap_or_default().lines();
        let code = code.filter(|line| !line.trim_start().starts_with("//"));
        for name in code.flat_map(|line| line.split("crate::").skip(1)) {
            let name =
                name.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
            if name != module && rank(name) >= rank(module) {
                wrong.push(format!("src/{file} imports {name}"));
            }
            imports += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(imports > 300, "the sources have been read: {imports}");
}

/// The Rust files in a folder, by their paths in it.
fn rust_sources(folder: &Path) -> Vec<(String, String)> {
    let mut sources = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("a file").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name =
                    path.strip_prefix(folder).expect("in the folder").to_string_lossy().replace('\\', "/");
                sources.push((name, std::fs::read_to_string(&path).expect("text")));
            }
        }
    }
    sources
}

#[test]
fn summaries_are_first_sentences_of_the_wit() {
    let (resolve, package) = contract();
    let documented: BTreeMap<String, String> = functions(&resolve, package)
        .into_iter()
        .map(|(interface, name, function)| {
            let name = called(interface, if name == "key-type" { "type" } else { name });
            (name, first_sentence(function.docs.contents.as_deref().unwrap_or_default()))
        })
        .collect();
    for row in Command::TABLE {
        let summary = first_sentence(&row.summary());
        assert_eq!(documented.get(row.name), Some(&summary), "{}", row.name);
        assert!(row.summary().ends_with('.'), "{}: {summary}", row.name);
    }
}

#[test]
fn the_reference_is_up_to_date() {
    let (resolve, package) = contract();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let javascript = sources::javascript(root).expect("pkg/src");
    let rust = sources::rust(root).expect("src");
    let page = reference::page(&resolve, package, &javascript, &rust);
    // Not assert_eq!: printing two pages in one line helps nobody.
    assert!(page == read(reference::PATH), "{}: cargo run -p omnikv-build -- reference", reference::PATH);
}

#[test]
fn javascript_docs_match_the_wit() {
    let (resolve, package) = contract();
    let methods = sources::javascript(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("pkg/src");
    let mut different = Vec::new();
    for (interface, name, function) in functions(&resolve, package) {
        let name = called(interface, name);
        let method_name = camel_case(if name == "key-type" { "type" } else { &name });
        // Skip what JavaScript merges into another method; batches work differently there.
        let method = methods.iter().find(|method| method.name == method_name && interface != "batch");
        let Some(method) = method else { continue };
        let wit = first_sentence(function.docs.contents.as_deref().unwrap_or_default());
        let javascript = first_sentence(&method.docs);
        if wit != javascript {
            different.push(format!("{interface}, {name}\n  WIT: {wit}\n  JS:  {javascript}"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// The first sentence of a doc comment, in JavaScript's terms.
fn first_sentence(docs: &str) -> String {
    let paragraph = docs.trim().split("\n\n").next().unwrap_or_default().replace('\n', " ");
    let sentence = paragraph.split(". ").next().unwrap_or_default().trim_end_matches('.');
    [("`null`", "nothing"), ("`\"none\"`", "nothing"), ("`content`", "`value`"), ("many`", "count`")]
        .iter()
        .fold(sentence.to_owned(), |text, (javascript, wit)| text.replace(javascript, wit))
}

#[test]
fn the_migration_table_is_valid() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let apis = [sources::javascript(root).expect("pkg/src"), sources::rust(root).expect("src")];
    let page = read("www/seeds.md").replace("\\|", "or");
    let rows = page.lines().filter(|line| line.starts_with("| "));
    let mut calls = 0;
    for cells in rows.map(|row| row.split(" | ").skip(1).collect::<Vec<_>>()) {
        for (cell, methods) in cells.iter().zip(&apis) {
            for call in cell.split("`kv.").skip(1) {
                let name = call.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.').next();
                assert!(methods.iter().any(|method| Some(&*method.name) == name), "there is no kv.{call}");
                calls += 1;
            }
        }
    }
    assert!(calls > 100, "the tables have been read: {calls}");
}
