// Serves Redis's protocol and Upstash's: the store, the secrets, what is printed and logged. Listening is the host's.

use crate::app::{App, Outcome};
use crate::args::Serve;
use crate::failure::Failure;
use crate::host::{Handled, Host, Stream};
use crate::show::{Style, json};
use crate::tree::Tree;
use crate::url;
use omnikv::backend::BoxFuture;
use omnikv::command::Command;
use omnikv::gateway::{self, Gateway, Request, Response, Token};
use omnikv::session;
use omnikv::{Options, Store};
use std::net::IpAddr;
use std::sync::Arc;

/// The port of Upstash's protocol.
const PORT: u16 = 8079;

/// Upstash allows longer keys than every store does; these schemes allow them too.
const MAX_KEY_BYTES: usize = 32 << 10;
const TAKE_LONG_KEYS: [&str; 8] =
    ["memory:", ":memory:", "redis:", "rediss:", "upstash:", "upstash+http:", "http:", "https:"];

/// What answers requests.
pub struct Service {
    gateway: Gateway,
    store: Store,
    host: Arc<dyn Host>,
    logs: bool,
}

pub async fn run(app: &App, serve: Serve) -> Outcome {
    let variable = |name: &str| app.host.variable(name).filter(|value| !value.is_empty());
    let port = serve.port.or((serve.resp.is_none()).then_some(PORT));
    let told = serve.token.clone().or_else(|| variable("OMNIKV_TOKEN"));
    let told = told.or_else(|| variable("UPSTASH_REDIS_REST_TOKEN"));
    if told.as_deref() == Some("") {
        return Err(Failure::usage("--token expects non-empty text"));
    }
    if told.is_none() && port.is_some() && app.globals.quiet {
        return Err(Failure::usage("--quiet needs a --token, because a random one would not be shown"));
    }
    let token =
        told.clone().unwrap_or_else(|| (0..3).map(|_| format!("{:016x}", app.host.random())).collect());
    let mut readers = serve.read_only_token.clone();
    if readers.is_empty() {
        readers.extend(variable("OMNIKV_READ_ONLY_TOKEN"));
    }
    if readers.contains(&token) {
        return Err(Failure::usage("--read-only-token must differ from --token"));
    }
    let password = serve.password.clone().or_else(|| variable("OMNIKV_PASSWORD"));
    if password.as_deref() == Some("") {
        return Err(Failure::usage("--password expects non-empty text"));
    }
    if serve.resp.is_some() && password.is_none() && !is_loopback(&serve.host) {
        return Err(Failure::usage(format!(
            "others can reach {}: set OMNIKV_PASSWORD or --password, or listen on 127.0.0.1",
            serve.host
        )));
    }

    let place = place(app)?;
    let mut options = Options::new().prefix(app.globals.namespace.clone().unwrap_or_default());
    if TAKE_LONG_KEYS.iter().any(|scheme| place.starts_with(scheme)) {
        options = options.max_key_bytes(MAX_KEY_BYTES);
    }
    let store = app.host.open(place.clone(), options).await?;
    let mut shown = Shown { http: None, resp: None, token: None };
    let (mut serving, mut seen) = (Vec::new(), store.clone());
    if let Some(port) = serve.resp {
        let options = session::Options {
            password: password.clone(),
            max_clients: serve.max_clients,
            ..Default::default()
        };
        // The gateway changes the store through the server, so that its clients notice.
        let (sender, receiver) = std::sync::mpsc::channel();
        let under = store.clone();
        let start = Box::new(move |port| {
            let server = session::Server::new(&under, session::Options { port, ..options })?;
            _ = sender.send(server.store().clone());
            Ok(server)
        });
        let idle = Some(serve.idle).filter(|idle| !idle.is_zero());
        let listening = app.host.listen_resp(&serve.host, port, idle, start).await;
        let (address, served) = listening.map_err(|error| taken(error, port, "--resp"))?;
        seen = receiver.recv().unwrap_or(seen);
        shown.resp = Some(address);
        serving.push(served);
    }
    if let Some(port) = port {
        let tokens =
            [Token::new(&*token)].into_iter().chain(readers.into_iter().map(Token::read_only)).collect();
        let allowed_origins = serve.allow_origin.clone();
        let gateway = Gateway::new(
            seen.clone(),
            gateway::Options { tokens, allowed_origins, ..gateway::Options::default() },
        )?;
        let service = Service { gateway, store: seen, host: Arc::clone(&app.host), logs: serve.log };
        let listening = app.host.listen(&serve.host, port, Arc::new(service)).await;
        let (address, served) = listening.map_err(|error| taken(error, port, "--port"))?;
        shown.http = Some(address);
        shown.token = told.is_none().then_some(token);
        serving.push(served);
    }
    greet(app, &place, &shown)?;
    futures_util::future::try_join_all(serving).await?;
    _ = store.close().await;
    Ok(0)
}

fn taken(error: std::io::Error, port: u16, option: &str) -> Failure {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            Failure::usage(format!("port {port} is taken: {option} chooses another, and 0 any that is free"))
        }
        _ => Failure::Io(error),
    }
}

/// Whether only this machine reaches the address.
fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// What the user is told.
struct Shown {
    http: Option<String>,
    resp: Option<String>,
    /// A token that nobody knows yet.
    token: Option<String>,
}

/// The store: nothing is kept unless a place is named.
fn place(app: &App) -> Result<String, Failure> {
    let globals = &app.globals;
    let is_named = globals.url.is_some() || globals.store_type.is_some() || globals.connection.is_some();
    if is_named {
        return Ok(app.place()?.0);
    }
    let url = app.host.variable("OMNIKV_URL").filter(|url| !url.is_empty());
    Ok(url.unwrap_or_else(|| "memory:".to_owned()))
}

fn greet(app: &App, place: &str, shown: &Shown) -> Result<(), Failure> {
    if app.globals.quiet {
        return Ok(());
    }
    let store = url::shown(place);
    if !app.is_text() {
        let of = |name, text: &Option<String>| text.clone().map(|text| (name, Tree::text(text)));
        let fields = [of("url", &shown.http), Some(("store", Tree::text(store))), of("resp", &shown.resp)];
        let fields = fields.into_iter().chain([of("token", &shown.token)]).flatten().collect();
        app.host.write(Stream::Out, format!("{}\n", json(&Tree::Fields(fields))).as_bytes())?;
        return Ok(app.host.flush()?);
    }
    let look = app.look(Stream::Out);
    let protocols = match (&shown.http, &shown.resp) {
        (Some(_), Some(_)) => "Redis's protocol and Upstash's REST protocol",
        (None, _) => "Redis's protocol",
        (_, None) => "Upstash's REST protocol",
    };
    let line = |name: &str, text: &Option<String>| match text {
        Some(text) => format!("  {name}=\"{}\"\n", look.paint(Style::Name, text)),
        None => String::new(),
    };
    let note = match shown.token {
        Some(_) => "The token is random; set OMNIKV_TOKEN to choose one. Ctrl+C stops the server.",
        None => "Ctrl+C stops the server.",
    };
    let text = format!(
        "\n  {} serves {store} over {protocols}\n\n{}{}{}\n  {}\n\n",
        look.paint(Style::Heading, "omnikv"),
        line("REDIS_URL", &shown.resp),
        line("UPSTASH_REDIS_REST_URL", &shown.http),
        line("UPSTASH_REDIS_REST_TOKEN", &shown.token),
        look.paint(Style::Faint, note),
    );
    app.host.write(Stream::Out, text.as_bytes())?;
    Ok(app.host.flush()?)
}

impl Handled for Service {
    fn max_request_bytes(&self) -> usize {
        self.gateway.max_request_bytes()
    }

    fn handle(self: Arc<Self>, request: Request) -> BoxFuture<'static, Response> {
        Box::pin(async move {
            let begun = self.host.elapsed();
            let is_health = request.path == "/health" && matches!(&*request.method, "GET" | "HEAD");
            let (method, name) = (request.method.clone(), name(&request.path));
            let bytes = request.body.len();
            let response = match is_health {
                true => self.health().await,
                false => self.gateway.handle(request).await,
            };
            if self.logs {
                let took = self.host.elapsed().saturating_sub(begun);
                let line = Tree::Fields(vec![
                    ("method", Tree::text(method)),
                    ("command", Tree::text(name)),
                    ("status", Tree::number(response.status.into())),
                    ("bytesIn", Tree::number(bytes as u64)),
                    ("bytesOut", Tree::number(response.body.len() as u64)),
                    ("micros", Tree::number(u64::try_from(took.as_micros()).unwrap_or(u64::MAX))),
                ]);
                // A log that nobody reads must not end the server.
                _ = self.host.write(Stream::Err, format!("{}\n", json(&line)).as_bytes());
            }
            response
        })
    }
}

impl Service {
    /// Whether the store answers.
    async fn health(&self) -> Response {
        let asked = self.store.execute(Command::Exists { keys: vec!["omnikv-health".into()] }).await;
        let (status, body) = match asked {
            Ok(_) => (200, r#"{"status":"ok"}"#.to_owned()),
            Err(error) => (503, format!(r#"{{"status":"{}"}}"#, error.kind())),
        };
        let headers =
            vec![("content-type", "application/json".to_owned()), ("cache-control", "no-store".to_owned())];
        Response { status, headers, body: body.into_bytes() }
    }
}

/// The command in a path, if it is one that we know: the rest may be keys and values.
fn name(path: &str) -> String {
    let word = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    match word {
        "" | "pipeline" | "multi-exec" | "health" => format!("/{word}"),
        word => crate::words::row(word).map_or_else(|| "?".to_owned(), |row| row.name.to_owned()),
    }
}
