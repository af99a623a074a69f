pub mod command;
pub mod dialect;
pub mod error;
