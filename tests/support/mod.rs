// What several tests share.
#![allow(dead_code, reason = "no test uses all of it")]

pub mod agree;
pub mod commands;
pub mod oracle;
pub mod oracle_store;
pub mod redis;
