// The table of commands as JSON, for what is not Rust (`pkg/dist/commands.json`): the cache in front of the wasm, the playground.

use anyhow::Result;
use omnikv::command::{Arg, Command, Row};
use serde_json::{Value, json};

use crate::module;

/// Writes the file.
pub fn write() -> Result<()> {
    let rows: Vec<Value> = Command::TABLE.iter().map(row).collect();
    Ok(std::fs::write(module::dist()?.join("commands.json"), serde_json::to_vec_pretty(&rows)?)?)
}

fn row(row: &Row) -> Value {
    json!({
        "name": row.name,
        "word": row.word(),
        "family": row.family,
        "effect": format!("{:?}", row.effect),
        "reply": format!("{:?}", row.reply),
        "isOnKeyspace": row.is_on_keyspace(),
        "summary": row.summary(),
        "args": row.args.iter().map(arg).collect::<Vec<Value>>(),
    })
}

fn arg(arg: &Arg) -> Value {
    json!({
        "name": arg.name,
        "kind": format!("{:?}", arg.kind),
        "words": arg.words,
        "isOption": arg.is_option,
        "isCounted": arg.is_counted,
        "isUnsaid": arg.is_unsaid,
    })
}
