//! Addresses: where the gateway listens, where it connects, and whom it lets in.

use super::Leaf;
use crate::config::units::Cidr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

impl Leaf for SocketAddr {
    const FORMAT: &'static str = "socket-address";

    fn parse(text: &str) -> Result<Self, String> {
        const FORM: &str = "write an IP address and a port, such as 0.0.0.0:8080 or [::1]:8080";
        if let Ok(address) = text.parse() {
            return Ok(address);
        }
        let what = match text.rsplit_once(':') {
            None if text.parse::<u16>().is_ok() => "only a port",
            None => "no port",
            Some((_, port)) if port_of(port).is_none() => "not a port from 0 to 65535",
            Some(("", _)) => "no address before the port",
            Some(_) => "not an IP address and a port",
        };
        Err(format!("{what}: {FORM}"))
    }
}

/// A server's `host:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetAddress(pub String);

impl Leaf for TargetAddress {
    const FORMAT: &'static str = "target-address";

    fn parse(text: &str) -> Result<Self, String> {
        const FORM: &str = "write a host and a port, such as 10.0.0.5:9000 or origin.example:80";
        if text.contains("://") {
            return Err(format!(
                "a target is no URL: {FORM}; `protocol` and `tls` say the rest"
            ));
        }
        let Some((host, port)) = text.rsplit_once(':') else {
            return Err(format!("no port: {FORM}"));
        };
        if port_of(port).is_none_or(|port| port == 0) {
            return Err(format!("not a port from 1 to 65535: {FORM}"));
        }
        let bracketed = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        let fits = match bracketed {
            Some(host) => host.parse::<Ipv6Addr>().is_ok(),
            None => host_name(host),
        };
        match fits {
            true => Ok(Self(text.to_ascii_lowercase())),
            false => Err(format!("not a host: {FORM}")),
        }
    }
}

impl Leaf for Cidr {
    const FORMAT: &'static str = "address-range";

    fn parse(text: &str) -> Result<Self, String> {
        const FORM: &str = "write an address, or a range such as 10.0.0.0/8 or fd00::/8";
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address
            .parse()
            .ok()
            .ok_or_else(|| format!("not an address: {FORM}"))?;
        let bits: u8 = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => bits,
            Some(prefix) => Some(prefix)
                .filter(|prefix| prefix.bytes().all(|b| b.is_ascii_digit()))
                .and_then(|prefix| prefix.parse().ok())
                .filter(|prefix| *prefix <= bits)
                .ok_or_else(|| format!("not a prefix from 0 to {bits}: {FORM}"))?,
        };
        Ok(Self {
            network: first_address(address, prefix),
            prefix,
        })
    }
}

/// An `http://` or `https://` or `redis://` address of another system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url(pub String);

impl Leaf for Url {
    const FORMAT: &'static str = "url";

    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "not a URL: write one such as http://127.0.0.1:4317".to_owned();
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let letters = !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_lowercase());
        let clean = !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_graphic());
        if letters && clean {
            Ok(Self(text.to_owned()))
        } else {
            Err(wrong())
        }
    }
}

/// Letters, digits, `-`, `_` and dots; an IPv4 address is one, too.
pub(super) fn host_name(host: &str) -> bool {
    const LENGTH_MAX: usize = 253; // RFC 1035 2.3.4, without the root's dot
    const LABEL_MAX: usize = 63;
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= LABEL_MAX
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    host.len() <= LENGTH_MAX && host.split('.').all(label)
}

fn port_of(text: &str) -> Option<u16> {
    Some(text)
        .filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?
        .parse()
        .ok()
}

fn first_address(address: IpAddr, prefix: u8) -> IpAddr {
    let prefix = u32::from(prefix);
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - prefix.min(32)).unwrap_or(0);
            Ipv4Addr::from(u32::from(v4) & mask).into()
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - prefix.min(128)).unwrap_or(0);
            Ipv6Addr::from(u128::from(v6) & mask).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listening_address_has_an_ip_and_a_port() {
        for right in ["0.0.0.0:8080", "[::]:0", "127.0.0.1:65535"] {
            assert!(<SocketAddr as Leaf>::parse(right).is_ok(), "{right}");
        }
        for wrong in [
            "8080",
            ":8080",
            "localhost:8080",
            "0.0.0.0",
            "0.0.0.0:65536",
            "::1:80:x",
        ] {
            assert!(<SocketAddr as Leaf>::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_target_has_a_host_and_a_port() {
        for right in [
            "127.0.0.1:9000",
            "origin.example:80",
            "[fd00::1]:80",
            "my_svc:1",
        ] {
            assert!(TargetAddress::parse(right).is_ok(), "{right}");
        }
        for wrong in [
            "origin",
            "origin:0",
            "origin:70000",
            "http://a:80",
            ":80",
            "a..b:80",
            "[x]:1",
        ] {
            assert!(TargetAddress::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_range_begins_with_its_first_address() {
        let range = <Cidr as Leaf>::parse("10.1.2.3/8").unwrap();
        assert_eq!(range.network, IpAddr::from([10, 0, 0, 0]));
        assert_eq!(<Cidr as Leaf>::parse("0.0.0.0/0").unwrap().prefix, 0);
        assert_eq!(<Cidr as Leaf>::parse("::1").unwrap().prefix, 128);
        for wrong in [
            "10.0.0.0/33",
            "10.0.0/8",
            "::/129",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "x",
        ] {
            assert!(<Cidr as Leaf>::parse(wrong).is_err(), "{wrong}");
        }
    }
}
