// The names of one operation in WIT, `Command`, JavaScript and Rust. What operations do does not matter here.

/// WIT has no overloads and no optional arguments: each of these functions is one form of a command. And `type` is a
/// name that bindings have trouble with.
pub const SPLIT: [(&str, &str); 28] = [
    ("key-type", "type"),
    ("get-bytes", "get"),
    ("set-and-get", "set"),
    ("lpop-count", "lpop"),
    ("rpop-count", "rpop"),
    ("lpos-all", "lpos"),
    ("hset-many", "hset"),
    ("hrandfield-count", "hrandfield"),
    ("hrandfield-with-values", "hrandfield"),
    ("spop-count", "spop"),
    ("srandmember-count", "srandmember"),
    ("zadd-incr", "zadd"),
    ("zrank-with-score", "zrank"),
    ("zrevrank-with-score", "zrevrank"),
    ("zrange-with-scores", "zrange"),
    ("zpopmin-count", "zpopmin"),
    ("zpopmax-count", "zpopmax"),
    ("zrandmember-count", "zrandmember"),
    ("zrandmember-with-scores", "zrandmember"),
    ("zunion-with-scores", "zunion"),
    ("zinter-with-scores", "zinter"),
    ("zdiff-with-scores", "zdiff"),
    ("geosearch-with-details", "geosearch"),
    ("records.get-prefix", "records.list"),
    ("records.get-range", "records.list"),
    ("records.get-type", "records.list"),
    ("records.count-prefix", "records.count"),
    ("records.count-range", "records.count"),
];

/// The interfaces whose functions are called with the interface's name in other languages too: `records.put`.
pub const ON_RECORDS: [&str; 5] = ["records", "changes", "consumers", "locks", "tasks"];

/// A function's full name.
pub fn called(interface: &str, function: &str) -> String {
    if ON_RECORDS.contains(&interface) { [interface, ".", function].concat() } else { function.to_owned() }
}

/// Rust methods whose name differs from the WIT function's or the JavaScript method's.
const OTHERWISE: [(&str, &str); 6] = [
    ("type-of", "type"),
    ("multi", "transaction"),
    ("scan-iter", "scan-iterator"),
    ("hscan-iter", "hscan-iterator"),
    ("sscan-iter", "sscan-iterator"),
    ("zscan-iter", "zscan-iterator"),
];

/// The command of a WIT function.
pub fn command_of(function: &str) -> &str {
    SPLIT.iter().find(|(split, _)| *split == function).map_or(function, |(_, command)| command)
}

/// The command (or other function of a store) with the name of a method: `compareAndSet` is `compare-and-set`.
pub fn command_named<'a>(method: &str, functions: &[&'a str]) -> Option<&'a str> {
    let name = in_wit(method);
    let mut names = functions.iter().flat_map(|function| [*function, command_of(function)]);
    names.find(|function| *function == name).map(command_of)
}

/// The command that a method is a form of: `hset_many` of `hset`, `set_json` of `set`.
pub fn command_begun<'a>(method: &str, functions: &[&'a str]) -> Option<&'a str> {
    let name = in_wit(method);
    let beginnings =
        (1..=name.len()).rev().filter(|end| name[*end..].is_empty() || name[*end..].starts_with('-'));
    beginnings.map(|end| &name[..end]).find_map(|beginning| command_named(beginning, functions))
}

/// `compareAndSet` and `compare_and_set` in WIT's spelling.
pub fn in_wit(method: &str) -> String {
    let name = method.chars().fold(String::new(), |name, c| match c {
        '_' => name + "-",
        'A'..='Z' => name + "-" + &c.to_lowercase().to_string(),
        _ => name + &c.to_string(),
    });
    OTHERWISE.iter().find(|(other, _)| *other == name).map_or(name, |(_, function)| (*function).to_owned())
}
