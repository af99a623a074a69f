pub mod command;
pub mod dialect;
pub mod engine;
pub mod error;
