// HTTP with wasi:http, including the host's TLS. No knowledge of any server's protocol, and no retries.

use crate::tasks;
use crate::wasi::http::outgoing_handler::handle;
use crate::wasi::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingResponse, Method, OutgoingBody, OutgoingRequest,
    Scheme,
};
use crate::wasi::io::streams::StreamError;
use omnikv::error::{Error, Kind, Result};
use omnikv::host::BoxFuture;
use omnikv::host::network::{Http, Request, Response, broken_off, unreachable, untrusted};

/// The largest response: far larger than any server sends.
const MAX_RESPONSE: usize = 512 << 20;

/// The most bytes of one read.
const READ_BYTES: u64 = 64 << 10;

/// The host's HTTP client.
pub(super) struct Outgoing;

impl Http for Outgoing {
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response>> {
        Box::pin(async move {
            let Some(timeout) = request.timeout else { return exchange(request).await };
            let place = request.place();
            let late = async {
                tasks::sleep(timeout).await;
                Err(late(&place))
            };
            tasks::either(exchange(request), late).await
        })
    }
}

async fn exchange(request: Request) -> Result<Response> {
    let place = request.place();
    let head = head(&request)?;
    let body = head.body().map_err(|()| refused())?;
    let coming = handle(head, None).map_err(|code| failure(&code, &place))?;
    // A server may answer before it has received the whole body.
    tasks::either(send(body, &request.body), answered(&coming)).await;
    answered(&coming).await;
    match coming.get() {
        Some(Ok(Ok(response))) => receive(response, &place).await,
        Some(Ok(Err(code))) => Err(failure(&code, &place)),
        Some(Err(())) | None => Err(broken(&place)),
    }
}

/// The request, without its body.
fn head(request: &Request) -> Result<OutgoingRequest> {
    let length = ("content-length", request.body.len().to_string());
    let headers: Vec<_> = request
        .headers
        .iter()
        .chain([&length])
        .map(|(name, value)| ((*name).to_owned(), value.clone().into_bytes()))
        .collect();
    let headers = Fields::from_list(&headers)
        .map_err(|_| Error::invalid_argument("(token) expects characters that a header can carry"))?;
    let (scheme, rest) = request.url.split_once("://").ok_or_else(unreachable_url)?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    let method = match request.method {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        other => Method::Other(other.to_owned()),
    };
    let outgoing = OutgoingRequest::new(headers);
    let set = || {
        outgoing.set_method(&method)?;
        outgoing.set_scheme(Some(&scheme))?;
        outgoing.set_authority(Some(authority))?;
        outgoing.set_path_with_query(Some(if path.is_empty() { "/" } else { path }))
    };
    set().map_err(|()| unreachable_url())?;
    Ok(outgoing)
}

/// Sends the body. Errors here are reported with the response instead.
async fn send(body: OutgoingBody, bytes: &[u8]) {
    let Ok(stream) = body.write() else { return };
    let written = tasks::write(&stream, bytes).await;
    drop(stream);
    if written.is_ok() {
        let _ = OutgoingBody::finish(body, None);
    }
}

/// Waits for the head of the response.
async fn answered(coming: &FutureIncomingResponse) {
    tasks::ready(coming.subscribe()).await;
}

async fn receive(response: IncomingResponse, place: &str) -> Result<Response> {
    let text =
        |(name, value): (String, Vec<u8>)| Some((name.to_ascii_lowercase(), String::from_utf8(value).ok()?));
    let headers = response.headers().entries().into_iter().filter_map(text).collect();
    let status = response.status();
    let incoming = response.consume().map_err(|()| broken(place))?;
    let stream = incoming.stream().map_err(|()| broken(place))?;
    let mut body = Vec::new();
    loop {
        match stream.read(READ_BYTES) {
            Ok(bytes) if bytes.is_empty() => tasks::ready(stream.subscribe()).await,
            Ok(bytes) => {
                let has_room =
                    body.len() + bytes.len() <= MAX_RESPONSE && body.try_reserve(bytes.len()).is_ok();
                if !has_room {
                    let message = "has a reply that is larger than the memory left";
                    return Err(Error::new(Kind::OutOfMemory, message).maybe_applied());
                }
                body.extend_from_slice(&bytes);
            }
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(_)) => return Err(broken(place)),
        }
    }
    Ok(Response { status, headers, body })
}

/// Why there is no response. Only errors that certainly precede the server are not maybe-applied.
fn failure(code: &ErrorCode, place: &str) -> Error {
    use ErrorCode as Code;
    match code {
        Code::DnsTimeout
        | Code::DnsError(_)
        | Code::DestinationNotFound
        | Code::DestinationUnavailable
        | Code::DestinationIpUnroutable
        | Code::ConnectionRefused
        | Code::ConnectionTimeout
        | Code::ConnectionLimitReached
        | Code::TlsProtocolError
        | Code::TlsAlertReceived(_) => unreachable(place),
        Code::TlsCertificateError => untrusted(place),
        Code::HttpRequestDenied | Code::DestinationIpProhibited => refused(),
        Code::HttpRequestUriInvalid | Code::HttpRequestUriTooLong => unreachable_url(),
        Code::HttpRequestBodySize(_) => Error::new(Kind::TooLarge, "(value) is larger than the host sends"),
        Code::HttpResponseTimeout | Code::ConnectionReadTimeout => late(place),
        _ => broken(place),
    }
}

fn late(place: &str) -> Error {
    Error::new(Kind::Timeout, format!("(server) at {place} has not answered in time")).maybe_applied()
}

fn refused() -> Error {
    let message =
        "(url) needs HTTP, which this component's host does not allow: let it connect to this server";
    Error::new(Kind::Unsupported, message)
}

fn unreachable_url() -> Error {
    Error::invalid_argument("(url) expects one that HTTP can reach")
}

fn broken(place: &str) -> Error {
    broken_off(place).maybe_applied()
}
