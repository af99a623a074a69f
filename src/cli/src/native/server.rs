// An HTTP server. What it serves is not known here.

use crate::host::{Handled, Listening};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use omnikv::backend::BoxFuture;
use omnikv::gateway::Request;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long a stopping server waits for slow clients.
const GRACE: Duration = Duration::from_secs(10);

/// How long a client may take to send the head of a request.
const HEAD_TIME: Duration = Duration::from_secs(60);

/// The pause after the system could not accept a connection, for example because there are too many.
const AGAIN: Duration = Duration::from_millis(100);

pub async fn listen(
    host: String,
    port: u16,
    handled: Arc<dyn Handled>,
    interrupted: BoxFuture<'static, ()>,
) -> io::Result<Listening> {
    let listener = TcpListener::bind((host.as_str(), port)).await?;
    let port = listener.local_addr()?.port();
    let name = super::reachable(&host);
    Ok((format!("http://{name}:{port}"), Box::pin(serve(listener, handled, interrupted))))
}

async fn serve(
    listener: TcpListener,
    handled: Arc<dyn Handled>,
    mut interrupted: BoxFuture<'static, ()>,
) -> io::Result<()> {
    let (stop, stopped) = watch::channel(());
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut interrupted => break,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((socket, _)) => {
                _ = connections.spawn(connection(socket, Arc::clone(&handled), stopped.clone()))
            }
            Err(_) => tokio::time::sleep(AGAIN).await,
        }
    }
    drop(listener);
    stop.send_replace(());
    let all = async { while connections.join_next().await.is_some() {} };
    // Who is slower is cut off.
    _ = tokio::time::timeout(GRACE, all).await;
    Ok(())
}

async fn connection(socket: TcpStream, handled: Arc<dyn Handled>, mut stopped: watch::Receiver<()>) {
    // Answers are small and written at once.
    _ = socket.set_nodelay(true);
    let answering = stopped.clone();
    let service = service_fn(move |request| answer(Arc::clone(&handled), request, answering.clone()));
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
    let mut connection = std::pin::pin!(server.serve_connection(TokioIo::new(socket), service));
    tokio::select! {
        // What goes wrong with a connection is its client's to know.
        _ = connection.as_mut() => return,
        _ = stopped.changed() => connection.as_mut().graceful_shutdown(),
    }
    _ = connection.await;
}

async fn answer(
    handled: Arc<dyn Handled>,
    request: hyper::Request<Incoming>,
    stopped: watch::Receiver<()>,
) -> Result<hyper::Response<Full<Bytes>>, hyper::Error> {
    let (head, mut incoming) = request.into_parts();
    let most = handled.max_request_bytes();
    let mut body = Vec::new();
    let mut is_whole = true;
    while let Some(frame) = incoming.frame().await {
        if let Ok(data) = frame?.into_data() {
            body.extend_from_slice(&data);
        }
        if body.len() > most {
            // The rest would be read as the next request.
            is_whole = false;
            break;
        }
    }
    let header = |(name, value): (&hyper::header::HeaderName, &HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let request = Request {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers.iter().map(header).collect(),
        body,
    };
    let response = handled.handle(request).await;
    let mut answer = hyper::Response::new(Full::new(Bytes::from(response.body)));
    *answer.status_mut() = hyper::StatusCode::from_u16(response.status).unwrap_or_default();
    for (name, value) in &response.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            answer.headers_mut().append(*name, value);
        }
    }
    if !is_whole || stopped.has_changed().unwrap_or(true) {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(answer)
}
