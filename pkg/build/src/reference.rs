// The reference page, from the WIT's documentation and the signatures of the JavaScript and Rust APIs. It adds nothing
// about an operation itself: to correct the page, correct `wit/`.

use std::fmt::Write;

use wit_parser::{Function, Handle, Interface, PackageId, Resolve, Type, TypeDef, TypeDefKind};

use crate::names::{called, command_begun, command_named, command_of, in_wit};
use crate::sources::Method;

/// The path of the page.
pub const PATH: &str = "www/reference.md";

/// The introduction of the page.
const HEAD: &str = include_str!("reference.md");

const MORE: &str = "\n## more\n\nWhat JavaScript makes of the operations above, and Rust some of it. In Rust \
    `get_or_set` is no single flight: those who miss a key at the same moment each make a value, and all get the first; `update` \
    tries 64 times.\n";

/// In the order in which people learn them.
const INTERFACES: [&str; 17] = [
    "connection",
    "keyspace",
    "strings",
    "lists",
    "hashes",
    "sets",
    "zsets",
    "geo",
    "bitmaps",
    "hyperloglogs",
    "records",
    "changes",
    "consumers",
    "locks",
    "tasks",
    "batch",
    "types",
];

/// The text of the page.
pub fn page(resolve: &Resolve, package: PackageId, javascript: &[Method], rust: &[Method]) -> String {
    let interfaces =
        INTERFACES.map(|name| (name, &resolve.interfaces[resolve.packages[package].interfaces[name]]));
    let functions: Vec<String> = interfaces
        .iter()
        .flat_map(|(name, interface)| interface.functions.keys().map(|function| called(name, function)))
        .collect();
    let functions: Vec<&str> = functions.iter().map(String::as_str).collect();
    let javascript: Vec<Named> =
        javascript.iter().map(|method| (method, command_named(&method.name, &functions))).collect();
    // `get_or_set` is not a form of `get`: it has its own section, as in JavaScript.
    let more: Vec<String> = javascript
        .iter()
        .filter(|(_, command)| command.is_none())
        .map(|(method, _)| in_wit(&method.name))
        .collect();
    let rust: Vec<Named> = rust
        .iter()
        .map(|method| {
            let is_more = more.contains(&in_wit(&method.name));
            (method, command_begun(&method.name, &functions).filter(|_| !is_more))
        })
        .collect();

    let mut page = HEAD.to_owned();
    page.push_str("\n## Contents\n\n");
    for (name, interface) in interfaces {
        let commands = commands(name, interface).into_iter();
        let types = own_types(interface, resolve).into_iter().map(|(name, _)| name.to_owned());
        // Anchors of headings contain no full stops.
        let link = |name: String| format!("[`{name}`](#{})", name.replace('.', ""));
        let links: Vec<String> = commands.chain(types).map(link).collect();
        _ = writeln!(page, "- **[{name}](#{name})**: {}", links.join(" "));
    }
    page.push_str("- **[more](#more)**\n");
    for (name, interface) in interfaces {
        _ = writeln!(page, "\n## {name}\n\n{}", text(&interface.docs));
        for command in &commands(name, interface) {
            let is_shape = |function: &&Function| command_of(&called(name, &function.name)) == command;
            let shapes: Vec<&Function> = interface.functions.values().filter(is_shape).collect();
            operation(&mut page, command, &shapes, resolve);
            code(&mut page, "ts", &signatures(&javascript, |(_, of)| of == Some(command)));
            code(&mut page, "rust", &signatures(&rust, |(_, of)| of == Some(command)));
        }
        for (name, definition) in own_types(interface, resolve) {
            type_section(&mut page, name, definition, resolve);
        }
    }
    page.push_str(MORE);
    let others = javascript.iter().filter(|(method, of)| of.is_none() && !method.docs.contains("@internal"));
    for (method, _) in others {
        let docs = method.docs.split("\n@").next().unwrap_or_default().trim();
        _ = writeln!(page, "\n### {}\n\n{}\n", method.name, docs.replace("\nErrors: ", "\n**Errors**: "));
        code(&mut page, "ts", &method.signatures);
        code(&mut page, "rust", &signatures(&rust, |(other, _)| in_wit(&other.name) == in_wit(&method.name)));
    }
    page
}

/// A method, and the command that it is a form of.
type Named<'a> = (&'a Method, Option<&'a str>);

/// The signatures of some methods, without duplicates.
fn signatures(methods: &[Named], which: impl Fn(Named) -> bool) -> Vec<String> {
    let methods = methods.iter().filter(|named| which(**named));
    let mut signatures: Vec<String> =
        methods.flat_map(|(method, _)| method.signatures.iter().cloned()).collect();
    signatures.dedup();
    signatures
}

/// The commands of an interface, without duplicates.
fn commands(name: &str, interface: &Interface) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    for function in interface.functions.keys() {
        let command = command_of(&called(name, function)).to_owned();
        if !commands.contains(&command) {
            commands.push(command);
        }
    }
    commands
}

/// The types that an interface defines.
fn own_types<'a>(interface: &'a Interface, resolve: &'a Resolve) -> Vec<(&'a str, &'a TypeDef)> {
    let types = interface.types.iter().map(|(name, id)| (name.as_str(), &resolve.types[*id]));
    types.filter(|(_, definition)| !matches!(definition.kind, TypeDefKind::Type(Type::Id(_)))).collect()
}

fn text(docs: &wit_parser::Docs) -> &str {
    docs.contents.as_deref().unwrap_or_default().trim()
}

/// A command in all its forms: documentation, Redis's page, WIT signatures.
fn operation(page: &mut String, command: &str, shapes: &[&Function], resolve: &Resolve) {
    _ = writeln!(page, "\n### {command}\n");
    for function in shapes {
        let (text, redis) = text(&function.docs).split_once("Redis: ").unwrap_or((text(&function.docs), ""));
        let name = if shapes.len() > 1 { format!("`{}`: ", function.name) } else { String::new() };
        _ = writeln!(page, "{name}{}\n", text.trim().replace("\nErrors: ", "\n**Errors**: "));
        if !redis.is_empty() && function.name == shapes[shapes.len() - 1].name {
            let word = redis.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            let word = if redis.contains("/commands/") { word.to_uppercase() } else { word.to_owned() };
            _ = writeln!(page, "Redis: [{word}]({redis})\n");
        }
    }
    let signatures: Vec<String> = shapes.iter().map(|function| signature(function, resolve)).collect();
    code(page, "wit", &signatures);
}

fn code(page: &mut String, language: &str, lines: &[String]) {
    if !lines.is_empty() {
        _ = writeln!(page, "```{language}\n{}\n```", lines.join("\n"));
    }
}

/// A function's signature without the store and the error, which all functions have.
fn signature(function: &Function, resolve: &Resolve) -> String {
    let parameters = function.params.iter().filter(|parameter| parameter.name != "store");
    let parameters: Vec<String> = parameters
        .map(|parameter| format!("{}: {}", parameter.name, type_name(&parameter.ty, resolve)))
        .collect();
    let answer = match function.result.as_ref().map(|answer| resolved(answer, resolve)) {
        Some(TypeDefKind::Result(wit_parser::Result_ { ok: Some(ok), .. })) => {
            format!(" -> {}", type_name(ok, resolve))
        }
        _ => String::new(),
    };
    format!("{}: func({}){answer}", function.name, parameters.join(", "))
}

fn resolved<'a>(kind: &Type, resolve: &'a Resolve) -> &'a TypeDefKind {
    match kind {
        Type::Id(id) => &resolve.types[*id].kind,
        _ => &TypeDefKind::Unknown,
    }
}

/// A type in WIT's spelling.
fn type_name(kind: &Type, resolve: &Resolve) -> String {
    let Type::Id(id) = kind else { return format!("{kind:?}").to_lowercase() };
    let definition = &resolve.types[*id];
    if let Some(name) = &definition.name {
        return name.clone();
    }
    let name = |kind: &Type| type_name(kind, resolve);
    let optional = |kind: &Option<Type>| kind.as_ref().map_or("_".to_owned(), name);
    match &definition.kind {
        TypeDefKind::List(item) => format!("list<{}>", name(item)),
        TypeDefKind::Option(item) => format!("option<{}>", name(item)),
        TypeDefKind::Result(result) => format!("result<{}, {}>", optional(&result.ok), optional(&result.err)),
        TypeDefKind::Tuple(tuple) => {
            format!("tuple<{}>", tuple.types.iter().map(name).collect::<Vec<_>>().join(", "))
        }
        TypeDefKind::Handle(Handle::Own(id) | Handle::Borrow(id)) => type_name(&Type::Id(*id), resolve),
        kind => panic!("the reference has no words for {kind:?}"),
    }
}

/// A type: documentation, and a table of its fields or cases.
fn type_section(page: &mut String, name: &str, definition: &TypeDef, resolve: &Resolve) {
    let row = |name: &str, kind: Option<&Type>, docs: &wit_parser::Docs| {
        let kind = kind.map(|kind| format!("`{}`", type_name(kind, resolve))).unwrap_or_default();
        format!("| `{name}` | {kind} | {} |", text(docs).replace('\n', " "))
    };
    let (what, rows): (_, Vec<String>) = match &definition.kind {
        TypeDefKind::Record(record) => (
            "Record",
            record.fields.iter().map(|field| row(&field.name, Some(&field.ty), &field.docs)).collect(),
        ),
        TypeDefKind::Variant(variant) => (
            "Variant",
            variant.cases.iter().map(|case| row(&case.name, case.ty.as_ref(), &case.docs)).collect(),
        ),
        TypeDefKind::Enum(names) => {
            ("Enum", names.cases.iter().map(|case| row(&case.name, None, &case.docs)).collect())
        }
        TypeDefKind::List(_) => ("List", Vec::new()),
        _ => ("Resource", Vec::new()),
    };
    _ = writeln!(page, "\n### {name}\n\n_{what}._ {}", text(&definition.docs));
    if !rows.is_empty() {
        _ = writeln!(page, "\n| | | |\n| --- | --- | --- |\n{}", rows.join("\n"));
    }
}
