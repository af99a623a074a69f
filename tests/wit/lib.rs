//! The functions of `wit/` as a list that `macro_rules!` can read, so that tests call each operation without a list of
//! their own. No knowledge of what calls them.

use proc_macro::{TokenStream, TokenTree};
use std::fmt::Write;
use std::path::Path;
use wit_parser::{Function, Resolve, Type, TypeDefKind};

/// The interfaces whose functions are commands.
const FAMILIES: [&str; 9] =
    ["keyspace", "strings", "lists", "hashes", "sets", "zsets", "geo", "bitmaps", "hyperloglogs"];

/// `plain_operations!(callback)` calls the macro `callback` with every function of the families whose parameters are
/// plain, in the form
///
/// ```text
/// { "getbit" getbit (omnikv_kv_strings call_getbit) (key: string, offset: u64) }
/// { "hget" hget (omnikv_kv_hashes call_hget) (key: string, field: value) <T> }
/// ```
///
/// The first name is the WIT's, the second Rust's; those in parentheses are of the host's bindings. `<T>`: the result
/// contains values. Plain are `string`, `u64`, `s64`, `f64`, `value`, enums by their names, and `strings` and `values`, which
/// are lists. Functions with options or records are left out, and those named after `except`.
#[proc_macro]
pub fn plain_operations(input: TokenStream) -> TokenStream {
    let mut words = input.into_iter().filter_map(|token| match token {
        TokenTree::Ident(word) => Some(word.to_string()),
        _ => None,
    });
    let callback = words.next().expect("the name of a macro");
    let left_out: Vec<String> = words.skip(1).collect();

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
    let mut resolve = Resolve::new();
    let (package, files) = resolve.push_dir(&folder).expect("wit/ parses");
    let mut list = String::new();
    for family in FAMILIES {
        for function in resolve.interfaces[resolve.packages[package].interfaces[family]].functions.values() {
            let method = function.name.replace('-', "_");
            if left_out.contains(&method) {
                continue;
            }
            let Some(parameters) = plain_parameters(function, &resolve) else { continue };
            let generic = function.result.as_ref().is_some_and(|result| has_values(result, &resolve));
            let (name, generic) = (&function.name, if generic { "<T>" } else { "" });
            _ = writeln!(
                list,
                "{{ {name:?} {method} (omnikv_kv_{family} call_{method}) ({parameters}) {generic} }}"
            );
        }
    }
    // The compiler expands the macro again when one of the files has changed.
    let read: String = files.paths().map(|file| format!("include_bytes!({file:?}), ")).collect();
    format!("{callback}! {{ {list} }} const _: &[&[u8]] = &[{read}];").parse().expect("tokens")
}

/// The parameters after the store; `None` if one of them is not plain.
fn plain_parameters(function: &Function, resolve: &Resolve) -> Option<String> {
    let mut parameters = String::new();
    for parameter in function.params.iter().filter(|parameter| parameter.name != "store") {
        let name = parameter.name.replace('-', "_");
        _ = write!(parameters, "{name}: {}, ", plain(&parameter.ty, resolve)?);
    }
    Some(parameters)
}

fn plain(kind: &Type, resolve: &Resolve) -> Option<String> {
    match kind {
        Type::String | Type::U64 | Type::S64 | Type::F64 => Some(format!("{kind:?}").to_lowercase()),
        Type::Id(id) => match (&resolve.types[*id].kind, &resolve.types[*id].name) {
            // A type of another interface.
            (TypeDefKind::Type(other), _) => plain(other, resolve),
            (TypeDefKind::List(item), None) => match plain(item, resolve)?.as_str() {
                item @ ("string" | "value") => Some(format!("{item}s")),
                _ => None,
            },
            (TypeDefKind::Enum(_), Some(name)) => Some(name.replace('-', "_")),
            (TypeDefKind::Variant(_), Some(name)) if name == "value" => Some(name.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the type contains `bytes`.
fn has_values(kind: &Type, resolve: &Resolve) -> bool {
    let has = |kind: &Type| has_values(kind, resolve);
    let Type::Id(id) = kind else { return false };
    match &resolve.types[*id].kind {
        TypeDefKind::List(Type::U8) => true,
        TypeDefKind::List(item) | TypeDefKind::Option(item) | TypeDefKind::Type(item) => has(item),
        TypeDefKind::Tuple(tuple) => tuple.types.iter().any(has),
        TypeDefKind::Result(result) => result.ok.as_ref().is_some_and(has),
        _ => false,
    }
}
