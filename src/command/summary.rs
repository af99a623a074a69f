// What each command does, in one sentence: the first of its documentation in the WIT. No text is written here.

use super::row::Row;

/// The WIT interface of a family, and its text.
const INTERFACES: [(&str, &str); 14] = [
    ("keyspace", include_str!("../../wit/keyspace.wit")),
    ("strings", include_str!("../../wit/strings.wit")),
    ("lists", include_str!("../../wit/lists.wit")),
    ("hashes", include_str!("../../wit/hashes.wit")),
    ("sets", include_str!("../../wit/sets.wit")),
    ("zsets", include_str!("../../wit/zsets.wit")),
    ("geo", include_str!("../../wit/geo.wit")),
    ("bitmaps", include_str!("../../wit/bitmaps.wit")),
    ("hyperloglogs", include_str!("../../wit/hyperloglogs.wit")),
    ("records", include_str!("../../wit/records.wit")),
    ("changes", include_str!("../../wit/changes.wit")),
    ("consumers", include_str!("../../wit/consumers.wit")),
    ("locks", include_str!("../../wit/locks.wit")),
    ("tasks", include_str!("../../wit/tasks.wit")),
];

impl Row {
    /// What the command does, in one sentence. It reads the text of the WIT, which is only part of programs that ask.
    pub fn summary(&self) -> String {
        let function = match self.name {
            // Bindings have trouble with a function of this name.
            "type" => "key-type",
            name => name.rsplit('.').next().unwrap_or_default(),
        };
        let wit = match self.name {
            "flush" => include_str!("../../wit/connection.wit"),
            _ => INTERFACES.iter().find(|(name, _)| *name == self.family).map_or("", |(_, text)| text),
        };
        let is_function = |line: &&str| {
            let line = line.trim_start().trim_start_matches('%');
            line.strip_prefix(function).is_some_and(|rest| rest.starts_with(": func("))
        };
        let before: Vec<&str> = wit.lines().take_while(|line| !is_function(line)).collect();
        let docs = before.iter().rev().map_while(|line| line.trim_start().strip_prefix("///"));
        let docs: Vec<&str> = docs.map(str::trim).collect();
        let first: Vec<&str> = docs.into_iter().rev().take_while(|line| !line.is_empty()).collect();
        let paragraph = first.join(" ");
        match paragraph.split_once(". ") {
            Some((sentence, _)) => [sentence, "."].concat(),
            None => paragraph,
        }
    }
}
