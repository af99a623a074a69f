// A TCP server of Redis's protocol. What is answered is the session's.

use crate::host::Listening;
use omnikv::backend::BoxFuture;
use omnikv::session::{Progress, Server, Session};
use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// How long a stopping server waits for slow clients.
const GRACE: Duration = Duration::from_secs(10);

/// How long a client may read nothing of its answers.
const STALLED: Duration = Duration::from_secs(60);

/// The pause after the system could not accept a connection, for example because there are too many.
const AGAIN: Duration = Duration::from_millis(100);

/// What one read takes. Connections share the buffer, so that idle ones hold none.
const BUFFER: usize = 64 << 10;

/// A longer buffer is given back once its answers are written.
const KEPT: usize = 64 << 10;

thread_local! {
    static INCOMING: RefCell<Box<[u8]>> = RefCell::new(vec![0; BUFFER].into());
}

pub async fn listen(
    host: String,
    port: u16,
    idle: Option<Duration>,
    start: Box<dyn FnOnce(u16) -> omnikv::Result<Arc<Server>> + Send>,
    interrupted: BoxFuture<'static, ()>,
) -> io::Result<Listening> {
    let listener = TcpListener::bind((host.as_str(), port)).await?;
    let port = listener.local_addr()?.port();
    let server = start(port).map_err(io::Error::other)?;
    let name = super::reachable(&host);
    Ok((format!("redis://{name}:{port}"), Box::pin(serve(listener, server, idle, interrupted))))
}

async fn serve(
    listener: TcpListener,
    server: Arc<Server>,
    idle: Option<Duration>,
    mut interrupted: BoxFuture<'static, ()>,
) -> io::Result<()> {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut interrupted => break,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((socket, _)) if server.count() >= server.options().max_clients => {
                // It fits any socket's buffer.
                _ = socket.try_write(b"-ERR max number of clients reached\r\n");
            }
            Ok((socket, peer)) => {
                let local = socket.local_addr().map(|local| local.to_string()).unwrap_or_default();
                let session = server.session(peer.to_string(), local);
                _ = connections.spawn(connection(socket, session, idle));
            }
            Err(_) => tokio::time::sleep(AGAIN).await,
        }
    }
    drop(listener);
    server.end();
    let all = async { while connections.join_next().await.is_some() {} };
    // Who is slower is cut off.
    _ = tokio::time::timeout(GRACE, all).await;
    Ok(())
}

/// Serves one client until it leaves, is ended, or is silent or deaf for too long.
async fn connection(mut socket: TcpStream, mut session: Session, idle: Option<Duration>) {
    // Answers are written at once.
    _ = socket.set_nodelay(true);
    let mut stirred = session.stirred();
    loop {
        let more = poll_fn(|context| {
            if stirred.as_mut().poll(context).is_ready() {
                stirred = session.stirred();
                return Poll::Ready(true);
            }
            read(&mut socket, &mut session, context)
        });
        let more = match idle {
            Some(idle) => tokio::time::timeout(idle, more).await.unwrap_or(false),
            None => more.await,
        };
        if !more {
            return;
        }
        loop {
            let progress = session.advance().await;
            let output = session.output();
            if !output.is_empty() {
                let written = tokio::time::timeout(STALLED, socket.write_all(output)).await;
                if !matches!(written, Ok(Ok(()))) {
                    return;
                }
                output.clear();
                output.shrink_to(KEPT);
            }
            match progress {
                Progress::Continues => {}
                Progress::Waits => break,
                Progress::Ends => {
                    _ = socket.shutdown().await;
                    return;
                }
            }
        }
    }
}

/// Reads what has arrived; false at the end.
fn read(socket: &mut TcpStream, session: &mut Session, context: &mut Context) -> Poll<bool> {
    INCOMING.with_borrow_mut(|buffer| {
        let mut buffer = ReadBuf::new(buffer);
        match Pin::new(socket).poll_read(context, &mut buffer) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(_)) => Poll::Ready(false),
            Poll::Ready(Ok(())) => {
                session.input().extend_from_slice(buffer.filled());
                Poll::Ready(!buffer.filled().is_empty())
            }
        }
    })
}
