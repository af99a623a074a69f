// A real HTTP server on a free loopback port, for tests: passes every request to a function. Stops on drop.

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use omnikv::gateway::{Gateway, Request, Response};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// How to react to a request.
pub enum Reaction {
    Answer(Response),
    /// Send half of the body, then close the connection.
    Truncate(Response),
    /// Close the connection without an answer.
    Cut,
}

type Answer = Pin<Box<dyn Future<Output = Reaction> + Send>>;

/// The function that answers requests.
type Answerer = Arc<dyn Fn(Request) -> Answer + Send + Sync>;

pub struct HttpServer {
    pub port: u16,
    /// Dropping it stops the server and its connections.
    runtime: Option<Runtime>,
}

impl HttpServer {
    /// Starts a server for a gateway.
    pub fn of(gateway: Gateway) -> HttpServer {
        let gateway = Arc::new(gateway);
        HttpServer::start(move |request| {
            let gateway = Arc::clone(&gateway);
            Box::pin(async move { Reaction::Answer(gateway.handle(request).await) })
        })
    }

    pub fn start(answer: impl Fn(Request) -> Answer + Send + Sync + 'static) -> HttpServer {
        let answer: Answerer = Arc::new(answer);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        runtime.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let answer = Arc::clone(&answer);
                let serve = service_fn(move |request| exchange(request, Arc::clone(&answer)));
                let http = hyper::server::conn::http1::Builder::new();
                tokio::spawn(http.serve_connection(TokioIo::new(socket), serve));
            }
        });
        HttpServer { port, runtime: Some(runtime) }
    }

    pub fn url(&self, token: &str) -> String {
        format!("upstash+http://:{token}@127.0.0.1:{}", self.port)
    }
}

async fn exchange(request: hyper::Request<Incoming>, answer: Answerer) -> io::Result<hyper::Response<Data>> {
    let (head, body) = request.into_parts();
    let header = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        (name.to_string(), value.to_str().unwrap_or_default().to_owned())
    };
    let request = Request {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers.iter().map(header).collect(),
        body: body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default(),
    };
    let (response, is_whole) = match answer(request).await {
        Reaction::Answer(response) => (response, true),
        Reaction::Truncate(response) => (response, false),
        Reaction::Cut => return Err(broken()),
    };
    let mut building = hyper::Response::builder().status(response.status);
    for (name, value) in response.headers {
        building = building.header(name, value);
    }
    let length = response.body.len();
    let sent = if is_whole { length } else { length / 2 };
    let bytes = Some(Bytes::from(response.body).slice(..sent));
    Ok(building.body(Data { bytes, length: length as u64, is_whole }).unwrap())
}

fn broken() -> io::Error {
    io::ErrorKind::ConnectionAborted.into()
}

/// A body that may end early.
struct Data {
    bytes: Option<Bytes>,
    length: u64,
    is_whole: bool,
}

impl Body for Data {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Poll::Ready(match self.bytes.take() {
            Some(bytes) => Some(Ok(Frame::data(bytes))),
            None if self.is_whole => None,
            None => Some(Err(broken())),
        })
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
