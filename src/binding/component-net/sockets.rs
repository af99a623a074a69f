// Sockets by wasi:sockets: TCP, names looked up. There is no TLS in WASI yet. It must not know what is spoken over them.

use std::cell::Cell;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use crate::tasks;
use crate::wasi::io::streams::{InputStream, OutputStream, StreamError};
use crate::wasi::sockets::instance_network::instance_network;
use crate::wasi::sockets::ip_name_lookup::resolve_addresses;
use crate::wasi::sockets::network::{
    ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress, Network,
};
use crate::wasi::sockets::tcp::{ShutdownType, TcpSocket};
use crate::wasi::sockets::tcp_create_socket::create_tcp_socket;
use omnikv::error::{Error, Kind, Result};
use omnikv::host::BoxFuture;
use omnikv::host::socket::{Address, Socket, Sockets};

/// As much as is read at once.
const READ_BYTES: u64 = 64 << 10;

/// The host's TCP.
pub(super) struct Tcp;

impl Sockets for Tcp {
    fn connect(&self, address: Address) -> BoxFuture<'static, Result<Arc<dyn Socket>>> {
        Box::pin(async move {
            let network = instance_network();
            let mut refusal = unavailable("cannot be reached: its name has no address");
            for place in addresses(&network, &address.host).await? {
                match connected(&network, place, address.port).await {
                    Ok(connection) => return Ok(Arc::new(connection) as Arc<dyn Socket>),
                    Err(code) => refusal = failure(code),
                }
            }
            Err(refusal)
        })
    }

    fn shared(&self) -> Option<u64> {
        Some(0)
    }

    fn has_tls(&self) -> bool {
        false
    }
}

/// The addresses of a host, which may be one itself.
async fn addresses(network: &Network, host: &str) -> Result<Vec<IpAddress>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![address.into()]);
    }
    let found = resolve_addresses(network, host).map_err(failure)?;
    let mut addresses = Vec::new();
    loop {
        match found.resolve_next_address() {
            Ok(Some(address)) => addresses.push(address),
            Ok(None) => return Ok(addresses),
            Err(ErrorCode::WouldBlock) => tasks::ready(found.subscribe()).await,
            Err(code) => return Err(failure(code)),
        }
    }
}

async fn connected(network: &Network, address: IpAddress, port: u16) -> Result<Connection, ErrorCode> {
    let (family, place) = match address {
        IpAddress::Ipv4(address) => {
            (IpAddressFamily::Ipv4, IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address }))
        }
        IpAddress::Ipv6(address) => {
            let place = Ipv6SocketAddress { port, flow_info: 0, address, scope_id: 0 };
            (IpAddressFamily::Ipv6, IpSocketAddress::Ipv6(place))
        }
    };
    let socket = create_tcp_socket(family)?;
    socket.start_connect(network, place)?;
    loop {
        match socket.finish_connect() {
            Ok((input, output)) => {
                let is_closed = Cell::new(false);
                return Ok(Connection(Rc::new(Stream { input, output, socket, is_closed })));
            }
            Err(ErrorCode::WouldBlock) => tasks::ready(socket.subscribe()).await,
            Err(code) => return Err(code),
        }
    }
}

struct Connection(Rc<Stream>);

/// What belongs to a socket comes before it: it goes in this order, as its host demands.
struct Stream {
    input: InputStream,
    output: OutputStream,
    socket: TcpSocket,
    is_closed: Cell<bool>,
}

impl Socket for Connection {
    fn read(&self) -> BoxFuture<'static, Result<Vec<u8>>> {
        let stream = Rc::clone(&self.0);
        Box::pin(async move {
            while !stream.is_closed.get() {
                match stream.input.read(READ_BYTES) {
                    Ok(bytes) if bytes.is_empty() => tasks::ready(stream.input.subscribe()).await,
                    Ok(bytes) => return Ok(bytes),
                    Err(StreamError::Closed) => break,
                    Err(StreamError::LastOperationFailed(_)) => return Err(broken()),
                }
            }
            Ok(Vec::new())
        })
    }

    fn write(&self, bytes: Vec<u8>) -> BoxFuture<'static, Result<()>> {
        let stream = Rc::clone(&self.0);
        Box::pin(async move { tasks::write(&stream.output, &bytes).await.map_err(|_| broken()) })
    }

    fn close(&self) {
        self.0.is_closed.set(true);
        // A reader that waits is woken by it. What is not connected any more needs no end.
        let _ = self.0.socket.shutdown(ShutdownType::Both);
    }
}

impl From<IpAddr> for IpAddress {
    fn from(address: IpAddr) -> IpAddress {
        match address {
            IpAddr::V4(address) => IpAddress::Ipv4(address.octets().into()),
            IpAddr::V6(address) => IpAddress::Ipv6(address.segments().into()),
        }
    }
}

fn failure(code: ErrorCode) -> Error {
    match code {
        ErrorCode::AccessDenied | ErrorCode::NotSupported => Error::new(
            Kind::Unsupported,
            "(url) needs TCP, which this component's host does not allow: let it connect to this server",
        ),
        ErrorCode::NameUnresolvable | ErrorCode::PermanentResolverFailure => {
            unavailable("cannot be reached: the component's host knows no address for its name")
        }
        _ => unavailable("cannot be reached"),
    }
}

fn broken() -> Error {
    unavailable("broke the connection off")
}

fn unavailable(what: &str) -> Error {
    Error::new(Kind::Unavailable, ["(server) ", what].concat())
}
