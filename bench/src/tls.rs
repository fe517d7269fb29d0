//! A certificate for the table on loopback, made when it is needed and kept nowhere.

use rcgen::generate_simple_self_signed;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io;
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;

/// Speaks TLS as 127.0.0.1.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ServerConfig>,
    certificate: String,
}

impl Tls {
    /// A fresh certificate.
    ///
    /// # Errors
    /// None could be made.
    pub fn new() -> io::Result<Self> {
        let made = generate_simple_self_signed([Ipv4Addr::LOCALHOST.to_string()]);
        let made = made.map_err(io::Error::other)?;
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], PrivateKeyDer::from(key))
            .map_err(io::Error::other)?;
        Ok(Self { config: Arc::new(config), certificate: made.cert.pem() })
    }

    /// What a client must trust, as PEM.
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// A connection that somebody has opened; hands are shaken when it is read.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn accept(
        &self,
        stream: TcpStream,
    ) -> io::Result<StreamOwned<ServerConnection, TcpStream>> {
        let connection = ServerConnection::new(Arc::clone(&self.config));
        Ok(StreamOwned::new(connection.map_err(io::Error::other)?, stream))
    }
}
