//! Where the server behind the gate is, as an operator names it.

use std::net::SocketAddr;
use std::path::PathBuf;

use http::Uri;

/// Where the server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `http://host:port/path` or `https://host:port/path`.
    Network {
        /// A name, an IPv4 address, or an IPv6 address in brackets.
        host: String,
        /// By default that of the scheme.
        port: u16,
        /// Whether the scheme is `https`.
        is_tls: bool,
        /// Of the MCP endpoint, from its first `/`.
        path: String,
    },
    /// `unix:/path/of.sock` or `unix:/path/of.sock:/mcp`.
    Unix {
        /// The file of the socket.
        socket: PathBuf,
        /// Of the MCP endpoint, from its first `/`; by default `/mcp`.
        path: String,
    },
}

/// Why a text names no server; the operator's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetFault {
    /// Not a URL at all.
    #[error("`{0}` is no URL; write http://HOST:PORT/PATH, https://HOST:PORT/PATH or unix:SOCKET[:/PATH]")]
    Malformed(String),
    /// A scheme that is none of http, https and unix.
    #[error("`{0}` has a scheme other than http, https and unix")]
    Scheme(String),
    /// A query or a user.
    #[error("`{0}` holds a query or a user name; a server is named by host, port and path alone")]
    Surplus(String),
}

impl Target {
    /// Reads the `--upstream` option.
    ///
    /// # Errors
    /// [`TargetFault`], which names what may be written instead.
    pub fn parse(text: &str) -> Result<Self, TargetFault> {
        if let Some(rest) = text.strip_prefix("unix:") {
            let (socket, path) = rest.split_once(":/").unwrap_or((rest, "mcp"));
            let path = format!("/{path}");
            if socket.is_empty() || path.parse::<Uri>().is_err() {
                return Err(TargetFault::Malformed(text.into()));
            }
            return Ok(Self::Unix { socket: socket.into(), path });
        }
        let uri: Uri = text.parse().map_err(|_| TargetFault::Malformed(text.into()))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(TargetFault::Malformed(text.into()));
        };
        let is_tls = match scheme {
            "http" => false,
            "https" => true,
            _ => return Err(TargetFault::Scheme(text.into())),
        };
        if uri.query().is_some() || authority.as_str().contains('@') {
            return Err(TargetFault::Surplus(text.into()));
        }
        let port = authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        Ok(Self::Network { host: authority.host().into(), port, is_tls, path: uri.path().into() })
    }

    /// Its address, where it is named by one.
    pub fn address(&self) -> Option<SocketAddr> {
        let Self::Network { host, port, .. } = self else { return None };
        let ip = host.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
        Some(SocketAddr::new(ip, *port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_way_to_name_a_server() {
        let network = |host: &str, port, is_tls, path: &str| Target::Network {
            host: host.into(),
            port,
            is_tls,
            path: path.into(),
        };
        let cases = [
            ("http://127.0.0.1:8081/mcp", network("127.0.0.1", 8081, false, "/mcp")),
            ("https://mcp.internal/", network("mcp.internal", 443, true, "/")),
            ("http://[::1]:9", network("[::1]", 9, false, "/")),
            ("unix:/run/mcp.sock", Target::Unix { socket: "/run/mcp.sock".into(), path: "/mcp".into() }),
            ("unix:/run/mcp.sock:/x/y", Target::Unix { socket: "/run/mcp.sock".into(), path: "/x/y".into() }),
        ];
        for (text, wanted) in cases {
            assert_eq!(Target::parse(text), Ok(wanted), "{text}");
        }
        for text in ["", "127.0.0.1:8081", "ftp://x/", "http://a@b/", "http://x/?q", "unix:", "unix:/s:/a b"]
        {
            assert!(Target::parse(text).is_err(), "{text}");
        }
    }
}
