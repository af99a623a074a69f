//! wip
pub mod backend;
pub mod command;
pub mod dialect;
pub mod engine;
pub mod error;
pub mod host;
pub mod operations;
mod registry;
pub mod reply;
mod scope;
mod store;
pub mod value;

pub use error::{Error, Kind, Result};
pub use operations::Run;
pub use store::{MemoryStore, Options, Store};
pub use value::{Json, Missing};

/// wip
pub mod prelude {
    pub use crate::operations::Run;
}
