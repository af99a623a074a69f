// Sockets with wasi:sockets: TCP, with name resolution. WASI has no TLS yet. What is sent does not matter here.

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
use omnikv::host::network::{broken_off, unreachable};
use omnikv::host::socket::{Address, Family, Socket, Sockets};

/// The most bytes of one read.
const READ_BYTES: u64 = 64 << 10;

/// The host's TCP.
pub(super) struct Tcp;

impl Sockets for Tcp {
    fn connect(&self, address: Address) -> BoxFuture<'static, Result<Arc<dyn Socket>>> {
        Box::pin(async move {
            let network = instance_network();
            let name = address.to_string();
            let mut refusal = nameless(&name);
            let found = addresses(&network, &address.host).await.map_err(|code| failure(code, &name))?;
            for place in found.into_iter().filter(|place| is_meant(address.family, place)) {
                match connected(&network, place, address.port, &name).await {
                    Ok(connection) => return Ok(Arc::new(connection) as Arc<dyn Socket>),
                    Err(code) => refusal = failure(code, &name),
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

fn is_meant(family: Family, address: &IpAddress) -> bool {
    match family {
        Family::Any => true,
        Family::V4 => matches!(address, IpAddress::Ipv4(_)),
        Family::V6 => matches!(address, IpAddress::Ipv6(_)),
    }
}

/// The addresses of a host, which may be an address itself.
async fn addresses(network: &Network, host: &str) -> Result<Vec<IpAddress>, ErrorCode> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![address.into()]);
    }
    let found = resolve_addresses(network, host)?;
    let mut addresses = Vec::new();
    loop {
        match found.resolve_next_address() {
            Ok(Some(address)) => addresses.push(address),
            Ok(None) => return Ok(addresses),
            Err(ErrorCode::WouldBlock) => tasks::ready(found.subscribe()).await,
            Err(code) => return Err(code),
        }
    }
}

async fn connected(
    network: &Network,
    address: IpAddress,
    port: u16,
    name: &str,
) -> Result<Connection, ErrorCode> {
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
                let name = name.to_owned();
                return Ok(Connection(Rc::new(Stream { input, output, socket, is_closed, name })));
            }
            Err(ErrorCode::WouldBlock) => tasks::ready(socket.subscribe()).await,
            Err(code) => return Err(code),
        }
    }
}

struct Connection(Rc<Stream>);

/// Fields are dropped in this order: the streams before their socket, as the host requires.
struct Stream {
    input: InputStream,
    output: OutputStream,
    socket: TcpSocket,
    is_closed: Cell<bool>,
    /// The server's host and port.
    name: String,
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
                    Err(StreamError::LastOperationFailed(_)) => return Err(broken_off(&stream.name)),
                }
            }
            Ok(Vec::new())
        })
    }

    fn write(&self, bytes: Vec<u8>) -> BoxFuture<'static, Result<()>> {
        let stream = Rc::clone(&self.0);
        Box::pin(
            async move { tasks::write(&stream.output, &bytes).await.map_err(|_| broken_off(&stream.name)) },
        )
    }

    fn close(&self) {
        self.0.is_closed.set(true);
        // This wakes a waiting reader. A socket that is no longer connected needs no shutdown.
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

fn failure(code: ErrorCode, name: &str) -> Error {
    match code {
        ErrorCode::AccessDenied | ErrorCode::NotSupported => Error::new(
            Kind::Unsupported,
            "(url) needs TCP, which this component's host does not allow: let it connect to this server",
        ),
        ErrorCode::NameUnresolvable | ErrorCode::PermanentResolverFailure => nameless(name),
        _ => unreachable(name),
    }
}

fn nameless(name: &str) -> Error {
    let message = ["(server) at ", name, " cannot be reached: its name has no address that the host knows"];
    Error::new(Kind::Unavailable, message.concat())
}
