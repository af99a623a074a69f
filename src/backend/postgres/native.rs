// TCP and TLS natively, on the network's own thread.

use super::connect::{Bytes, Connect, TLS_REQUEST};
use super::settings::{Encryption, Settings};
use crate::backend::BoxFuture;
use crate::error::{Error, Kind, Result};
use crate::host::network::{unreachable, untrusted};
use crate::host::socket::Tls;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

/// Opens connections by the system's sockets. Runs on the network's runtime.
pub(super) struct Native;

impl Connect for Native {
    fn connect<'a>(&'a self, settings: &'a Settings) -> BoxFuture<'a, Result<Box<dyn Bytes>>> {
        Box::pin(async move {
            let mut failure = unreachable(&settings.place());
            for (host, port) in &settings.hosts {
                match tcp(host, *port).await {
                    Ok(stream) => return encrypted(stream, host, settings).await,
                    Err(error) => failure = unreachable(&settings.place()).caused_by(error),
                }
            }
            Err(failure)
        })
    }
}

async fn tcp(host: &str, port: u16) -> std::io::Result<TcpStream> {
    let mut failure = std::io::ErrorKind::NotFound.into();
    for address in lookup_host((host, port)).await? {
        match open(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

async fn open(address: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_keepalive(true)?;
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn encrypted(mut stream: TcpStream, host: &str, settings: &Settings) -> Result<Box<dyn Bytes>> {
    let any = Tls { accept_any: true, ..Tls::default() };
    let (tls, is_needed) = match &settings.encryption {
        Encryption::Never => return Ok(Box::new(stream)),
        Encryption::IfPossible => (&any, false),
        Encryption::Always(tls) => (tls, true),
    };
    let place = settings.place();
    let mut answer = [0];
    let asked = async {
        stream.write_all(&TLS_REQUEST).await?;
        stream.read_exact(&mut answer).await
    };
    asked.await.map_err(|error| unreachable(&place).caused_by(error))?;
    match &answer {
        b"S" => {}
        b"N" if !is_needed => return Ok(Box::new(stream)),
        b"N" => return Err(super::no_tls(&place)),
        _ => return Err(Error::new(Kind::Internal, format!("(server) at {place} is no PostgreSQL server"))),
    }
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| Error::invalid_argument("(url) expects a host name or an IP address"))?;
    let connecting = TlsConnector::from(Arc::new(client(tls)?)).connect(name, stream).await;
    Ok(Box::new(connecting.map_err(|error| untrusted(&place).caused_by(error))?))
}

/// The TLS client with these options.
fn client(tls: &Tls) -> Result<ClientConfig> {
    let builder = ClientConfig::builder();
    let builder = match &tls.ca {
        _ if tls.accept_any => {
            let provider = Arc::clone(builder.crypto_provider());
            builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        }
        ca => {
            let mut roots = RootCertStore::empty();
            match ca {
                Some(ca) => {
                    for certificate in certificates(ca)? {
                        roots.add(certificate).map_err(|_| unreadable("tls.ca"))?;
                    }
                }
                None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
            }
            builder.with_root_certificates(roots)
        }
    };
    let (Some(cert), Some(key)) = (&tls.cert, &tls.key) else { return Ok(builder.with_no_client_auth()) };
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| unreadable("tls.key"))?;
    builder.with_client_auth_cert(certificates(cert)?, key).map_err(|_| unreadable("tls.cert"))
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().map_err(|_| unreadable("tls.ca"))
}

fn unreadable(name: &str) -> Error {
    Error::invalid_argument(format!("({name}) expects text in PEM form"))
}

/// Accepts every certificate, as `sslmode=require` says: what travels is encrypted, whoever reads it.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
