// A real HTTP server on a free loopback port, for a test: every request goes to a function. Stopped on drop.

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use omnikv::gateway::{Gateway, Request, Response};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;

/// Who answers requests.
type Answerer = Arc<dyn Fn(Request) -> Answer + Send + Sync>;

pub struct HttpServer {
    pub port: u16,
    /// Dropped, it ends the server and its connections.
    runtime: Option<Runtime>,
}

impl HttpServer {
    /// Serves a gateway.
    pub fn of(gateway: Gateway) -> HttpServer {
        let gateway = Arc::new(gateway);
        HttpServer::start(move |request| {
            let gateway = Arc::clone(&gateway);
            Box::pin(async move { gateway.handle(request).await })
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

async fn exchange(
    request: hyper::Request<Incoming>,
    answer: Answerer,
) -> Result<hyper::Response<Full<Bytes>>, Infallible> {
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
    let response = answer(request).await;
    let mut building = hyper::Response::builder().status(response.status);
    for (name, value) in response.headers {
        building = building.header(name, value);
    }
    Ok(building.body(Full::new(response.body.into())).unwrap())
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
