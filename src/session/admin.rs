// INFO, CONFIG, MEMORY and the rest that clients and tools ask a server. What the store itself means is not here.

use super::encode::Form;
use super::state::{Said, ok, refusal, said, text};
use super::words::{Own, WORDS};
use super::{REDIS_VERSION, Server};
use crate::command::{Args, Command, Reply, is};
use crate::dialect::{Value, describe, encoding};
use crate::engine::glob;
use crate::error::{Error, Kind, Result};
use crate::integer;
use std::fmt::Write;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

/// Answers a command about the server.
pub(super) async fn answer(server: &Server, own: Own, arguments: &[&[u8]]) -> Said {
    let part = arguments.first().map(|part| part.to_ascii_uppercase()).unwrap_or_default();
    let rest = arguments.get(1..).unwrap_or_default();
    let empty = || (Value::Array(Vec::new()), Form::Plain);
    match (own, part.as_slice(), rest) {
        (Own::Info, ..) => match info(server, arguments).await {
            Ok(info) => (text(info), Form::Text),
            Err(error) => (Value::from(Err(error)), Form::Plain),
        },
        (Own::Command, ..) => {
            let mut args = Args::new(arguments);
            let value = describe::answer(&mut args, &WORDS);
            let form = if part == b"DOCS" { Form::Maps } else { Form::Plain };
            match args.end() {
                Ok(()) => (value, form),
                Err(error) => (Value::from(Err(error.in_op("command"))), Form::Plain),
            }
        }
        (Own::Config, ..) => config(server, &part, rest),
        (Own::Memory, b"USAGE", [key, options @ ..]) => match options {
            [] => (said(usage(server, key).await), Form::Plain),
            [word, count] if is(word, "SAMPLES") && integer::parse(count).is_some_and(|count| count >= 0) => {
                (said(usage(server, key).await), Form::Plain)
            }
            _ => refusal("ERR syntax error"),
        },
        (Own::Memory, b"DOCTOR", []) => {
            (text("The store knows nothing of trouble with memory.\n"), Form::Text)
        }
        (Own::Memory, b"PURGE", []) => ok(),
        (Own::Memory, b"STATS", []) => {
            let bytes = server.store().stats().await.ok().and_then(|stats| stats.bytes).unwrap_or(0);
            let facts = vec![text("total.allocated"), Value::Int(i64::try_from(bytes).unwrap_or(i64::MAX))];
            (Value::Array(facts), Form::Map)
        }
        (Own::SlowLog, b"GET", [] | [_])
        | (Own::Latency, b"LATEST", [])
        | (Own::Latency, b"HISTORY", [_]) => empty(),
        (Own::SlowLog, b"LEN", []) | (Own::Latency, b"RESET", _) => (Value::Int(0), Form::Plain),
        (Own::SlowLog, b"RESET", []) => ok(),
        (Own::Latency, b"DOCTOR", []) => (text("No latency is tracked.\n"), Form::Text),
        (Own::Module, b"LIST", []) | (Own::Function, b"LIST", _) => empty(),
        (Own::Function, b"FLUSH", [] | [_]) => ok(),
        (Own::Acl, b"WHOAMI", []) => (text("default"), Form::Plain),
        (Own::Acl, b"USERS", []) => (Value::Array(vec![text("default")]), Form::Plain),
        (Own::Cluster, ..) => refusal("ERR This instance has cluster support disabled"),
        (Own::Role, ..) => {
            let nobody = Value::Array(Vec::new());
            (Value::Array(vec![text("master"), Value::Int(0), nobody]), Form::Plain)
        }
        (Own::LastSave, ..) => (Value::Int((server.begun_ms / 1000).cast_signed()), Form::Plain),
        (Own::Wait, count, [time]) => match (integer::parse(count), integer::parse(time)) {
            (Some(_), Some(0..)) => (Value::Int(0), Form::Plain),
            (Some(_), Some(_)) => refusal("ERR timeout is negative"),
            (None, _) => refusal("ERR value is not an integer or out of range"),
            (_, None) => refusal("ERR timeout is not an integer or out of range"),
        },
        _ => refusal("ERR syntax error"),
    }
}

/// Parameters that clients read or set, and Redis's values. Setting one changes what `CONFIG GET` answers, nothing else.
const PARAMETERS: [(&str, &str); 24] = [
    ("activedefrag", "no"),
    ("appendfsync", "everysec"),
    ("appendonly", "no"),
    ("client-output-buffer-limit", "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"),
    ("hash-max-listpack-entries", "512"),
    ("hash-max-listpack-value", "64"),
    ("hash-max-ziplist-entries", "512"),
    ("hash-max-ziplist-value", "64"),
    ("latency-monitor-threshold", "0"),
    ("list-compress-depth", "0"),
    ("list-max-listpack-size", "-2"),
    ("list-max-ziplist-size", "-2"),
    ("lua-time-limit", "5000"),
    ("maxmemory-samples", "5"),
    ("min-replicas-to-write", "0"),
    ("save", ""),
    ("set-max-intset-entries", "512"),
    ("slowlog-log-slower-than", "10000"),
    ("slowlog-max-len", "128"),
    ("stop-writes-on-bgsave-error", "yes"),
    ("stream-node-max-bytes", "4096"),
    ("stream-node-max-entries", "100"),
    ("zset-max-listpack-entries", "128"),
    ("zset-max-listpack-value", "64"),
];

/// Parameters that mean something here, and are chosen when the server or its store starts.
fn fixed(server: &Server) -> [(&'static str, String); 9] {
    let options = server.options();
    [
        ("databases", "1".to_owned()),
        ("maxclients", options.max_clients.to_string()),
        ("maxmemory", "0".to_owned()),
        ("maxmemory-policy", "noeviction".to_owned()),
        ("notify-keyspace-events", String::new()),
        ("port", options.port.to_string()),
        ("proto-max-bulk-len", options.max_word_bytes.to_string()),
        ("client-query-buffer-limit", options.max_command_bytes.to_string()),
        ("timeout", "0".to_owned()),
    ]
}

fn config(server: &Server, part: &[u8], rest: &[&[u8]]) -> Said {
    let parameters = || server.parameters.lock().unwrap_or_else(PoisonError::into_inner);
    match (part, rest) {
        (b"GET", [_, ..]) => {
            let mut all = fixed(server).map(|(name, value)| (name.to_owned(), value)).to_vec();
            let set = parameters();
            all.extend(PARAMETERS.iter().map(|(name, usual)| {
                ((*name).to_owned(), set.get(*name).map_or_else(|| (*usual).to_owned(), String::clone))
            }));
            let patterns: Vec<Vec<u8>> = rest.iter().map(|pattern| pattern.to_ascii_lowercase()).collect();
            all.retain(|(name, _)| patterns.iter().any(|pattern| glob::matches(pattern, name.as_bytes())));
            (
                Value::Array(all.into_iter().flat_map(|(name, value)| [text(name), text(value)]).collect()),
                Form::Map,
            )
        }
        (b"SET", [_, _, ..]) if rest.len().is_multiple_of(2) => {
            let mut news = Vec::new();
            for pair in rest.chunks(2) {
                let [name, value] = *pair else { continue };
                let (name, value) = (
                    String::from_utf8_lossy(name).to_lowercase(),
                    String::from_utf8_lossy(value).into_owned(),
                );
                if PARAMETERS.iter().any(|(known, _)| *known == name) {
                    news.push((name, value));
                } else if let Some((_, now)) = fixed(server).into_iter().find(|(known, _)| *known == name) {
                    if now != value {
                        return refusal(&format!(
                            "ERR CONFIG SET failed (possibly related to argument '{name}') - can't set immutable config"
                        ));
                    }
                } else {
                    return refusal(&format!(
                        "ERR Unknown option or number of arguments for CONFIG SET - '{}'",
                        crate::command::printable(name.as_bytes(), 128)
                    ));
                }
            }
            parameters().extend(news);
            ok()
        }
        (b"RESETSTAT", []) => {
            server.commands.store(0, Ordering::Relaxed);
            ok()
        }
        (b"REWRITE", []) => refusal("ERR The server is running without a config file"),
        (b"SET", _) => refusal("ERR wrong number of arguments for 'config|set' command"),
        _ => refusal("ERR syntax error"),
    }
}

/// About how many bytes a key and its value take, as the store in memory counts them; null for a missing key.
async fn usage(server: &Server, key: &[u8]) -> Result<Value> {
    /// What an entry, and each item of it, takes beside its bytes.
    const ENTRY: usize = 85;
    const ITEM: usize = 24;
    let name = str::from_utf8(key)
        .map_err(|_| Error::invalid_argument("(key) expects valid UTF-8").in_op("memory"))?;
    let store = server.store();
    let key = || name.into();
    let Reply::Bytes(kind) = store.execute(Command::Type { key: key() }).await? else {
        return Ok(Value::Nil);
    };
    let read = match (kind.as_slice(), encoding::questions(&kind, &key())) {
        (b"none", _) => return Ok(Value::Nil),
        (_, Some([_, read])) => read,
        (b"list", None) => Command::LRange { key: key(), start: 0, stop: -1 },
        _ => return Err(Error::new(Kind::Unsupported, "does not know this type").in_op("memory")),
    };
    let content = match store.execute(read).await? {
        Reply::Bytes(bytes) => bytes.len(),
        Reply::List(items) => items.iter().flatten().map(|item| item.len() + ITEM).sum(),
        _ => 0,
    };
    Ok(Value::Int(i64::try_from(ENTRY + name.len() + content).unwrap_or(i64::MAX)))
}

/// The sections of `INFO`, or those that are asked for.
async fn info(server: &Server, asked: &[&[u8]]) -> Result<String> {
    let stats = server.store().stats().await?;
    let bytes = stats.bytes.unwrap_or(0);
    let now_ms = server.runner.clock.now_ms();
    let seconds = now_ms.saturating_sub(server.begun_ms) / 1000;
    let options = server.options();
    let mut keyspace = Vec::new();
    if stats.keys > 0 {
        keyspace.push(("db0", format!("keys={},expires={},avg_ttl=0", stats.keys, stats.expiring_keys)));
    }
    let fact = |name: &'static str, value: &dyn ToString| (name, value.to_string());
    let sections = [
        (
            "Server",
            vec![
                fact("redis_version", &REDIS_VERSION),
                fact("redis_mode", &"standalone"),
                fact("omnikv_version", &env!("CARGO_PKG_VERSION")),
                fact("omnikv_backend", &server.store().backend()),
                fact("os", &std::env::consts::OS),
                fact("arch_bits", &usize::BITS),
                fact("process_id", &process_id()),
                fact("run_id", &server.run_id),
                fact("tcp_port", &options.port),
                fact("server_time_usec", &now_ms.saturating_mul(1000)),
                fact("uptime_in_seconds", &seconds),
                fact("uptime_in_days", &(seconds / 86_400)),
            ],
        ),
        (
            "Clients",
            vec![
                fact("connected_clients", &server.count()),
                fact("cluster_connections", &0),
                fact("maxclients", &options.max_clients),
                fact("blocked_clients", &0),
                fact("tracking_clients", &0),
            ],
        ),
        (
            "Memory",
            vec![
                fact("used_memory", &bytes),
                fact("used_memory_human", &human(bytes)),
                fact("used_memory_rss", &bytes),
                fact("used_memory_peak", &bytes),
                fact("maxmemory", &0),
                fact("maxmemory_human", &"0B"),
                fact("maxmemory_policy", &"noeviction"),
                fact("mem_fragmentation_ratio", &"1.00"),
            ],
        ),
        (
            "Persistence",
            vec![
                fact("loading", &0),
                fact("async_loading", &0),
                fact("rdb_changes_since_last_save", &0),
                fact("rdb_bgsave_in_progress", &0),
                fact("rdb_last_save_time", &(server.begun_ms / 1000)),
                fact("rdb_last_bgsave_status", &"ok"),
                fact("aof_enabled", &0),
                fact("aof_rewrite_in_progress", &0),
            ],
        ),
        (
            "Stats",
            vec![
                fact("total_connections_received", &server.clients.total()),
                fact("total_commands_processed", &server.commands.load(Ordering::Relaxed)),
                fact("instantaneous_ops_per_sec", &0),
                fact("rejected_connections", &0),
                fact("expired_keys", &0),
                fact("evicted_keys", &stats.evicted.unwrap_or(0)),
                fact("keyspace_hits", &stats.hits.unwrap_or(0)),
                fact("keyspace_misses", &stats.misses.unwrap_or(0)),
                fact("pubsub_channels", &0),
                fact("pubsub_patterns", &0),
            ],
        ),
        (
            "Replication",
            vec![
                fact("role", &"master"),
                fact("connected_slaves", &0),
                fact("master_replid", &server.run_id),
                fact("master_repl_offset", &0),
            ],
        ),
        ("CPU", Vec::new()),
        ("Modules", Vec::new()),
        ("Errorstats", Vec::new()),
        ("Cluster", vec![fact("cluster_enabled", &0)]),
        ("Keyspace", keyspace),
    ];
    let wants = |section: &str| {
        asked.is_empty()
            || asked.iter().any(|word| {
                word.eq_ignore_ascii_case(section.as_bytes())
                    || ["ALL", "DEFAULT", "EVERYTHING"].iter().any(|all| is(word, all))
            })
    };
    let mut written = String::new();
    for (section, facts) in sections.into_iter().filter(|(section, _)| wants(section)) {
        if !written.is_empty() {
            written.push_str("\r\n");
        }
        // Writing to memory cannot fail.
        _ = write!(written, "# {section}\r\n");
        for (name, value) in facts {
            _ = write!(written, "{name}:{value}\r\n");
        }
    }
    Ok(written)
}

fn process_id() -> u32 {
    // A module of wasm is no process.
    if cfg!(target_arch = "wasm32") { 0 } else { std::process::id() }
}

fn human(bytes: u64) -> String {
    let units = [(1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, letter)) => format!("{:.2}{letter}", bytes as f64 / unit as f64),
        None => format!("{bytes}B"),
    }
}
