// The command line as a library: what `omnikv` does with its arguments, over a host that lends it a terminal, an
// environment, time and stores. Nothing here knows the operating system; `native.rs` alone does.

//! The command line of omnikv. The programs `omnikv` and `kv` are [`native::main`]; [`run`] is the same for other hosts.

mod app;
mod args;
mod failure;
pub mod host;
#[cfg(not(target_arch = "wasm32"))]
pub mod native;
mod progress;
mod shell;
mod show;
mod time;
mod tree;
mod url;
mod verbs;
mod words;

pub use app::run;
pub use args::command;
pub use shell::Assist;

/// By which name the program was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// Everything.
    Omnikv,
    /// The verbs of a-h/kv's tool.
    Kv,
}

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Tool::Omnikv => "omnikv",
            Tool::Kv => "kv",
        }
    }
}
