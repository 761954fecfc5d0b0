//! `admin:`, and secrets that are kept in files.

use super::Resolver;
use crate::config::file::operation as file;
use crate::config::leaf::{SecretText, Text};
use crate::config::tree::Path;
use crate::config::units::Cidr;
use crate::config::{Admin, Secret};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9901);

/// A token has a few dozen characters: a larger file was named by mistake.
const SECRET_MAX: u64 = 64 << 10;

impl Resolver<'_, '_> {
    pub(super) fn admin(&mut self, admin: file::Admin) -> Admin {
        let path = Path::top().key("admin");
        let address = admin
            .address
            .map_or(DEFAULT_ADDRESS, |Text(address)| address);
        let token = admin.token.map(|Text(token)| token);
        // A token that could not be read was reported already.
        let has_token = token != Some(SecretText::Inline(String::new()))
            && self
                .tree
                .find(&path.key("token"))
                .is_some_and(|node| !node.is_null());
        if !address.ip().to_canonical().is_loopback() && !has_token {
            self.error(
                &path.key("address"),
                "beyond loopback the admin listener needs a `token`",
            )
            .help("set `token`, or listen on 127.0.0.1");
        }
        Admin {
            address,
            token: token.and_then(|token| self.token(&path.key("token"), token)),
            purge_from: match admin.purge_from {
                Some(ranges) => ranges.into_iter().map(|Text(range)| range).collect(),
                None => vec![Cidr {
                    network: Ipv4Addr::new(127, 0, 0, 0).into(),
                    prefix: 8,
                }],
            },
        }
    }

    fn token(&mut self, path: &Path, token: SecretText) -> Option<Secret> {
        let token = match token {
            SecretText::Inline(token) if token.is_empty() => return None,
            SecretText::Inline(token) => token,
            SecretText::File(file) => self.secret_file(path, file)?,
        };
        // RFC 6750 2.1: a bearer token is a word; others could never arrive in a header.
        if !token.bytes().all(|b| b.is_ascii_graphic()) {
            self.error(path, "a token has no spaces and no special characters");
            return None;
        }
        Some(Secret(token))
    }

    fn secret_file(&mut self, path: &Path, file: std::path::PathBuf) -> Option<String> {
        let file = self.absolute(file);
        let read = std::fs::metadata(&file).and_then(|metadata| match metadata.len() {
            0..=SECRET_MAX => std::fs::read_to_string(&file),
            _ => Err(std::io::Error::other("larger than 64 KiB")),
        });
        match read.map(|text| text.trim_end_matches(['\r', '\n']).to_owned()) {
            Ok(secret) if secret.is_empty() => {
                self.error(path, "this file is empty");
                None
            }
            Ok(secret) => Some(secret),
            Err(error) => {
                self.error(path, format!("this file cannot be read: {error}"));
                None
            }
        }
    }
}
