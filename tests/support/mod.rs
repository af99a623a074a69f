// Shared code of the tests.
#![allow(dead_code, reason = "no test uses all of it")]

pub mod agree;
pub mod commands;
pub mod http_server;
pub mod kv_api;
pub mod memcached;
pub mod moments;
pub mod naive_cells;
pub mod naive_kv;
pub mod oracle;
pub mod oracle_store;
pub mod over_store;
pub mod postgres;
pub mod proxy;
pub mod redis;
pub mod rqlite;
pub mod silent;
pub mod sockets;

/// An environment variable that holds a number.
pub fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} expects a number")))
}

/// The seed of a random test; printed, so that the run can be repeated.
pub fn seed() -> u64 {
    let seed = number("OMNIKV_MODEL_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("OMNIKV_MODEL_SEED={seed} replays this");
    seed
}
