// Every example in the help of every verb runs, on a store that holds what they speak of.

mod support;

use omnikv_cli::{Tool, command};
use support::Place;

/// The examples of a command and its subcommands.
fn examples(command: &clap::Command, path: &str, found: &mut Vec<(String, String)>) {
    let name = [path, command.get_name()].join(" ").trim().to_owned();
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let lines = help.lines().filter(|line| line.starts_with("  ") && line.contains("omnikv "));
    let before = found.len();
    found.extend(lines.map(|line| (name.clone(), line.trim().to_owned())));
    assert!(found.len() > before, "{name} has no example");
    for verb in command.get_subcommands() {
        examples(verb, &name, found);
    }
}

#[test]
fn the_examples_in_the_help_run() {
    let mut found = Vec::new();
    examples(&command(Tool::Omnikv), "", &mut found);
    assert!(found.len() > 50, "{}", found.len());
    let filled = Place::new();
    for line in [
        "echo '{\"name\": \"Alice\", \"age\": 30}' | omnikv put person:alice --of-type Person",
        "echo '{\"hello\": \"world\"}' | omnikv put greeting",
        "omnikv lock acquire report worker-1",
        "omnikv consumer commit mailer 1",
        "echo '{\"message\": \"hello\"}' | omnikv task new log --id t1",
    ] {
        filled.ok(line);
    }
    for (name, line) in found {
        let kv = Place::new();
        for file in std::fs::read_dir(filled.path()).expect("a folder") {
            let file = file.expect("a file");
            std::fs::copy(file.path(), kv.path().join(file.file_name())).expect("a copy");
        }
        let ran = kv.run(&line);
        assert_eq!(ran.code, 0, "{name}: {line}: {}", ran.err);
    }
}
