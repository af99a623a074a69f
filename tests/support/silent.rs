// A server that accepts connections and does not answer, as one that is stopped, or that speaks something else. It counts the
// connections that clients keep open. Stopped on drop.

use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// Beyond this a connection is not closed any more.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    /// Those that have ever been made.
    pub made: usize,
    /// Those that are open.
    pub open: usize,
}

pub struct SilentServer {
    pub port: u16,
    connections: Arc<watch::Sender<Connections>>,
    /// Dropped, it ends the server and its connections.
    runtime: Option<Runtime>,
}

impl SilentServer {
    /// Answers what comes first with these bytes, which may be none.
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

    /// Waits for the connections to be as they should.
    pub fn wait_for(&self, what: &str, is_so: impl FnMut(&Connections) -> bool) -> Connections {
        let mut connections = self.connections.subscribe();
        self.runtime.as_ref().unwrap().block_on(async {
            let waited = tokio::time::timeout(PATIENCE, connections.wait_for(is_so))
                .await
                .map(|found| *found.unwrap());
            waited.unwrap_or_else(|_| panic!("never {what}: {:?}", *self.connections.borrow()))
        })
    }

    /// Waits until clients keep no connection. They must have made some.
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
