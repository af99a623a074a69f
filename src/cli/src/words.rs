// Redis's words: which there are, how they are read, and their help, all from the table of commands.

use crate::Tool;
use crate::failure::Failure;
use omnikv::Kind;
use omnikv::command::{Arg, ArgKind, Command, Row};

/// All words with what they do.
pub fn all() -> impl Iterator<Item = (String, String)> {
    Command::TABLE.iter().map(|row| (row.word(), row.summary()))
}

fn first(words: &[Vec<u8>]) -> String {
    String::from_utf8_lossy(words.first().map_or(&[][..], Vec::as_slice)).into_owned()
}

/// Whether the table has the command.
pub fn is_ours(words: &[Vec<u8>]) -> bool {
    // It stands for MSET.
    row(&first(words)).is_some() || first(words).eq_ignore_ascii_case("MSETEX")
}

/// Reads a command of the table.
pub fn parse(words: &[Vec<u8>], tool: Tool) -> Result<Command, Failure> {
    let word = first(words);
    Command::parse(words).map_err(|error| {
        let name = tool.name();
        match row(&word) {
            Some(row) if error.kind() == Kind::InvalidArgument => {
                let is_option = words.iter().skip(1).any(|word| OPTIONS.contains(&word.as_slice()));
                let order = match is_option {
                    true => format!("\nOptions come before the command: {name} --json {word} ..."),
                    false => String::new(),
                };
                Failure::Usage(format!("{error}\nUsage: {name} {}{order}", synopsis(row)))
            }
            _ => Failure::Store(error),
        }
    })
}

/// Options that are often written behind the command.
const OPTIONS: [&[u8]; 6] = [b"--json", b"--raw", b"--table", b"--quiet", b"--url", b"--prefix"];

/// The row with this word, ignoring case and hyphens.
pub fn row(word: &str) -> Option<&'static Row> {
    let plain = word.replace('-', "");
    Command::TABLE.iter().find(|row| row.word().eq_ignore_ascii_case(&plain))
}

/// The failure of a command that nobody has. `verbs` are the other words that could have been meant.
pub fn unknown(words: &[Vec<u8>], tool: Tool, verbs: &[String]) -> Failure {
    let word = &first(words);
    let known = verbs.iter().cloned().chain(Command::TABLE.iter().map(Row::word));
    let near = known.map(|known| (distance(&word.to_lowercase(), &known.to_lowercase()), known));
    // Of equally near ones the first: a verb.
    let near = near.min_by_key(|(distance, _)| *distance);
    let name = tool.name();
    // What is no word may be a secret.
    let is_word = word.len() <= 24 && word.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    let shown = if is_word { format!(" {word:?}") } else { " of that name".to_owned() };
    let advice = match near {
        Some((0..=2, near)) if is_word => format!("did you mean {near}?"),
        _ => format!("{name} --help lists them all"),
    };
    Failure::Usage(format!("there is no command{shown}: {advice}"))
}

/// How many letters must be inserted, removed or replaced to make one word of the other.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in to.chars().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

/// The command and its arguments: `SET key value [NX|XX] [GET] [EX|PX|.. time]`.
pub fn synopsis(row: &Row) -> String {
    let arguments = row.args.iter().filter(|arg| !arg.is_unsaid).map(argument);
    [row.word()].into_iter().chain(arguments).collect::<Vec<_>>().join(" ")
}

fn argument(arg: &Arg) -> String {
    let name = arg.name.replace('_', "-");
    let one = name.strip_suffix('s').unwrap_or(&name);
    let counted = if arg.is_counted { "count " } else { "" };
    let text = match arg.kind {
        ArgKind::Keys | ArgKind::Values => format!("{counted}{one} [{one} ...]"),
        ArgKind::Entries => "key value [key value ...]".to_owned(),
        ArgKind::Fields => "field value [field value ...]".to_owned(),
        ArgKind::Scores => "score member [score member ...]".to_owned(),
        ArgKind::Places => "longitude latitude member [longitude latitude member ...]".to_owned(),
        ArgKind::Unit => "[M|KM|FT|MI]".to_owned(),
        ArgKind::Origin => return "FROMMEMBER member|FROMLONLAT longitude latitude".to_owned(),
        ArgKind::Area => return "BYRADIUS radius unit|BYBOX width height unit".to_owned(),
        ArgKind::Weights => "WEIGHTS weight [weight ...]".to_owned(),
        ArgKind::Aggregate => "AGGREGATE SUM|MIN|MAX".to_owned(),
        ArgKind::BitRange => "[start end [BYTE|BIT]]".to_owned(),
        ArgKind::BitFields => {
            "[GET type offset | SET type offset value | INCRBY type offset by | OVERFLOW WRAP|SAT|FAIL ...]"
                .to_owned()
        }
        ArgKind::Limit => "LIMIT offset count".to_owned(),
        ArgKind::OptionalInteger | ArgKind::OptionalNatural if !arg.is_option => format!("[{name}]"),
        ArgKind::Flag => arg.words.to_owned(),
        ArgKind::Choice => arg.words.to_owned(),
        ArgKind::TaskState => {
            let words = arg.words.split('|').map(|word| format!("{word} {}", word.to_lowercase()));
            words.collect::<Vec<_>>().join("] [")
        }
        ArgKind::Expiry => expiry(arg.words),
        ArgKind::Commands => "count word [word ...] [count word [word ...] ...]".to_owned(),
        _ if arg.is_option => format!("{} {name}", arg.words),
        _ => name,
    };
    if arg.is_option { format!("[{text}]") } else { text }
}

fn expiry(words: &str) -> String {
    let one = |word: &str| match word {
        "EX" => "EX seconds",
        "PX" => "PX milliseconds",
        "EXAT" => "EXAT unix-seconds",
        "PXAT" => "PXAT unix-milliseconds",
        "KEEPTTL" => "KEEPTTL",
        _ => "PERSIST",
    };
    words.split('|').map(one).collect::<Vec<_>>().join(" | ")
}

/// What a word means, for people.
pub fn help(row: &Row) -> String {
    let origin = match row.in_redis {
        true => format!("\nhttps://redis.io/commands/{}\n", row.name),
        false => String::new(),
    };
    format!("{}\n\nUsage: {}\n{origin}", row.summary(), synopsis(row))
}

/// All words by family.
pub fn list() -> String {
    let mut out = String::new();
    let mut family = "";
    for row in Command::TABLE {
        if row.family != family {
            family = row.family;
            out.push_str(&format!("{}{family}\n", if out.is_empty() { "" } else { "\n" }));
        }
        out.push_str(&format!("  {:<24} {}\n", row.word(), row.summary()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(line: &str) -> String {
        let words: Vec<Vec<u8>> = line.split(' ').map(|word| word.as_bytes().to_vec()).collect();
        let failure = match is_ours(&words) {
            true => parse(&words, Tool::Omnikv).expect_err(line),
            false => unknown(&words, Tool::Omnikv, &["list".to_owned()]),
        };
        match failure {
            Failure::Usage(text) => text,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_usage_error_says_how_to_ask() {
        assert_eq!(
            failure("SET k"),
            "set is missing argument (value)\nUsage: omnikv SET key value [NX|XX] [GET] [EX seconds | PX milliseconds | EXAT \
             unix-seconds | PXAT unix-milliseconds | KEEPTTL | PERSIST]"
        );
        assert!(failure("GET k --json").ends_with("Options come before the command: omnikv --json GET ..."));
        assert_eq!(failure("lst"), "there is no command \"lst\": did you mean list?");
        assert_eq!(failure("HGTE"), "there is no command \"HGTE\": did you mean HGET?");
        assert!(!failure("p@ssword!").contains("p@ss"));
    }

    #[test]
    fn every_word_has_help() {
        for row in Command::TABLE {
            let help = help(row);
            assert!(help.contains("Usage: ") && help.len() > 20, "{help}");
        }
    }
}
