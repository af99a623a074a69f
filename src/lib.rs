pub mod command;
pub mod error;
mod binding;
