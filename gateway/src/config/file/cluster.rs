//! What joins several gateways, as written: `cluster`, `ring`, `store` and `coherence`.

use crate::config::leaf::{SecretText, Text, Url};
use schemars::JsonSchema;
use serde::Deserialize;
use std::net::SocketAddr;
use std::time::Duration;

/// Where responses are kept.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Topology {
    /// In L3 alone.
    Centralized,
    /// On every gateway.
    Replicated,
    /// On the gateways that own them.
    Partitioned,
    /// On the gateways that own them, and on those that ask often.
    Hybrid,
}

/// How gateways find each other.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// Group and port. Gateways of other groups are not heard.
    pub multicast_address: Option<Text<SocketAddr>>,
    /// How often an idle gateway says that it is there. Default: 5s.
    pub heartbeat_interval: Option<Text<Duration>>,
    /// After this long a silent gateway is gone; also the bound of staleness. Default: 30s.
    pub failure_timeout: Option<Text<Duration>>,
    /// How many may join. Default: 20.
    #[schemars(range(min = 1))]
    pub max_cluster_size: Option<u32>,
    /// How frames travel. Default: auto.
    pub transport: Option<Transport>,
    /// A name or an address. Default: auto.
    pub interface: Option<String>,
    /// For repairs, joins and receipts. Default: 0.0.0.0:5001.
    pub bind: Option<Text<SocketAddr>>,
    /// Addresses or dns:NAME, for networks without multicast. Default: none.
    pub seeds: Option<Vec<String>>,
    /// This gateway's name. Default: auto.
    pub node: Option<String>,
    /// Replicas prefer different zones.
    pub zone: Option<String>,
    /// Below it entries are capped at the bound and purges answer 202. Default: 1.
    #[schemars(range(min = 1))]
    pub min_members: Option<u32>,
    /// An address that decides between two gateways. Default: none.
    pub witness: Option<String>,
    /// The group's key, better as file:PATH: frames are authenticated and encrypted.
    pub key: Option<Text<SecretText>>,
}

/// How frames travel.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// To the group.
    Multicast,
    /// To each gateway.
    Unicast,
    /// To the group where the network carries it.
    Auto,
}

/// L2: peers are asked before the origin.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ring {
    /// Where peers ask. Default: 0.0.0.0:5002.
    pub listen: Option<Text<SocketAddr>>,
    /// How many gateways own a response. Default: 2.
    #[schemars(range(min = 1))]
    pub replicas: Option<u32>,
    /// How long a peer may take. Default: 50ms.
    pub timeout: Option<Text<Duration>>,
}

/// L3: a store that outlives the gateways.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Store {
    /// There is none.
    None,
    /// A Redis or Valkey server.
    Redis(Redis),
}

/// A Redis or Valkey server.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    /// Such as <redis://127.0.0.1:6379>.
    #[schemars(required)]
    pub url: Option<Text<Url>>,
    /// How long it may take. Default: 15ms.
    pub timeout: Option<Text<Duration>>,
}

/// How fills reach other gateways.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Coherence {
    /// When fills reach L3 and peers.
    pub strategy: Option<Strategy>,
    /// How often digests and L3 are written. It never delays an invalidation. Default: 30s.
    pub sync_interval: Option<Text<Duration>>,
    /// What happens to two fills that raced.
    pub conflict_resolution: Option<ConflictResolution>,
}

/// When fills reach L3 and peers.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Never.
    Invalidate,
    /// Before the response ends.
    WriteThrough,
    /// After it.
    WriteBehind,
}

/// What happens to two fills that raced.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConflictResolution {
    /// The later request's response stays.
    LastWriterWins,
    /// Both go.
    Revalidate,
}
