// The thread on which the networks of this process run, so that stores work on any executor. It must not know what runs.

use crate::error::{Error, Kind, Result};
use std::sync::LazyLock;
use tokio::runtime::{Builder, Runtime};

/// Runs the network of all stores of the process.
static RUNTIME: LazyLock<std::io::Result<Runtime>> = LazyLock::new(|| {
    // TLS: another part of the program may have chosen its cryptography already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Builder::new_multi_thread().worker_threads(1).thread_name("omnikv").enable_all().build()
});

/// The runtime of this process's networks.
pub(crate) fn runtime() -> Result<&'static Runtime> {
    RUNTIME.as_ref().map_err(|error| {
        Error::new(Kind::Unavailable, format!("(network) could not start its thread: {}", error.kind()))
    })
}
