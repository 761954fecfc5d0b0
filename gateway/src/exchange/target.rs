//! What a request is for, in the parts that routing, key, invalidation and upstream share.

/// The target URI's parts, normalised: what routing, key and upstream share.
#[derive(Debug, Clone, Default)]
pub struct Target {
    /// `http` or `https`.
    pub scheme: &'static str,
    /// Lower case, without a default port.
    pub host: String,
    /// Normalised.
    pub path: String,
    /// Without `?`; absent and empty differ.
    pub query: Option<String>,
}

impl Target {
    /// `host/path?query`: what invalidations name. The scheme is left out, since TLS often ends before
    /// the gateway.
    pub fn resource(&self, query: Option<&str>) -> String {
        match query {
            Some(query) => format!("{}{}?{query}", self.host, self.path),
            None => format!("{}{}", self.host, self.path),
        }
    }

    /// Path and query as they are sent upstream.
    pub fn path_and_query(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }
}
