pub mod command;
pub mod error;
