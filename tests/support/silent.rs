// A server that accepts connections and does not answer, like a stopped one, or that answers with another protocol.
// Counts the connections that clients keep open. Stops on drop.

use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// A connection that is open for longer is never closed.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    /// All connections so far.
    pub made: usize,
    /// The open ones.
    pub open: usize,
}

pub struct SilentServer {
    pub port: u16,
    connections: Arc<watch::Sender<Connections>>,
    /// Dropping it stops the server and its connections.
    runtime: Option<Runtime>,
}

impl SilentServer {
    /// Answers the first request with these bytes, which may be empty.
    pub fn start(answer: &'static [u8]) -> SilentServer {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(watch::Sender::new(Connections::default()));
        let counted = Arc::clone(&connections);
        runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let counted = Arc::clone(&counted);
                counted.send_modify(|connections| {
                    connections.made += 1;
                    connections.open += 1;
                });
                tokio::spawn(async move {
                    until_closed(client, answer).await;
                    counted.send_modify(|connections| connections.open -= 1);
                });
            }
        });
        SilentServer { port, connections, runtime: Some(runtime) }
    }

    /// Waits until the connections meet a condition.
    pub fn wait_for(&self, what: &str, is_so: impl FnMut(&Connections) -> bool) -> Connections {
        let mut connections = self.connections.subscribe();
        self.runtime.as_ref().unwrap().block_on(async {
            let waited = tokio::time::timeout(PATIENCE, connections.wait_for(is_so))
                .await
                .map(|found| *found.unwrap());
            waited.unwrap_or_else(|_| panic!("never {what}: {:?}", *self.connections.borrow()))
        })
    }

    /// Waits until clients have closed all of their connections. There must have been some.
    pub fn wait_for_none(&self) -> Connections {
        self.wait_for("closed", |connections| connections.made > 0 && connections.open == 0)
    }
}

async fn until_closed(mut client: TcpStream, mut answer: &[u8]) {
    let mut bytes = [0; 4096];
    while let Ok(1..) = client.read(&mut bytes).await {
        if client.write_all(std::mem::take(&mut answer)).await.is_err() {
            return;
        }
    }
}

impl Drop for SilentServer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
