//! Where requests go: pools of targets and the choice among them.
//!
//! A [`Pool`] is built with each configuration and keeps nothing but counters; connections belong to
//! Pingora and outlive it. How a target is spoken to is `connect`.

pub mod connect;
pub mod resolve;

use crate::config::upstream::{Balance, Upstream};
use arc_swap::ArcSwap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// An upstream that runs: its configuration, its targets' addresses and their load.
#[derive(Debug)]
pub struct Pool {
    /// What the file says.
    pub config: Arc<Upstream>,
    targets: Vec<Target>,
    /// Indices of `targets`, each as often as it weighs, spread out.
    schedule: Vec<usize>,
    turn: AtomicUsize,
}

/// One target and what is known of it.
#[derive(Debug)]
pub struct Target {
    /// As written: `host:port`.
    pub name: String,
    weight: usize,
    /// What the name resolved to; empty while it does not resolve.
    pub addresses: ArcSwap<Vec<SocketAddr>>,
    in_flight: AtomicUsize,
    turn: AtomicUsize,
}

/// A target that was chosen. While it lives the request counts as under way there.
#[derive(Debug)]
pub struct Chosen {
    pool: Arc<Pool>,
    index: usize,
    /// Where to connect.
    pub address: SocketAddr,
}

impl Pool {
    /// Targets with the addresses that their names resolved to, in the order of the file.
    pub fn new(config: Arc<Upstream>, addresses: Vec<Vec<SocketAddr>>) -> Self {
        let targets: Vec<Target> = config
            .targets
            .iter()
            .zip(addresses)
            .map(|(target, addresses)| Target {
                name: target.address.clone(),
                weight: usize::try_from(target.weight)
                    .unwrap_or(usize::MAX)
                    .clamp(1, WEIGHT_MAX),
                addresses: ArcSwap::from_pointee(addresses),
                in_flight: AtomicUsize::new(0),
                turn: AtomicUsize::new(0),
            })
            .collect();
        let schedule = schedule(&targets);
        Self {
            config,
            targets,
            schedule,
            turn: AtomicUsize::new(0),
        }
    }

    /// The targets, in the order of the file.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// A target that is not among `tried`, or none when every resolvable one was tried.
    ///
    /// `hash` is what [`Balance::Hash`] hashes; other balances ignore it.
    pub fn choose(self: &Arc<Self>, tried: &[usize], hash: Option<&str>) -> Option<Chosen> {
        let usable = |index: usize| {
            !tried.contains(&index)
                && self
                    .targets
                    .get(index)
                    .is_some_and(|t| !t.addresses.load().is_empty())
        };
        let turn = self.turn.fetch_add(1, Relaxed);
        let index = match &self.config.balance {
            Balance::RoundRobin => self.scheduled(turn).find(|&index| usable(index)),
            Balance::Random => self.scheduled(scramble(turn)).find(|&index| usable(index)),
            Balance::LeastRequests => (0..self.targets.len())
                .map(|step| turn.wrapping_add(step) % self.targets.len())
                .filter(|&index| usable(index))
                .min_by(|&a, &b| self.load(a).total_cmp(&self.load(b))),
            Balance::Hash(_) => (0..self.targets.len())
                .filter(|&index| usable(index))
                .max_by(|&a, &b| self.draw(a, hash).total_cmp(&self.draw(b, hash))),
        }?;
        let target = self.targets.get(index)?;
        let addresses = target.addresses.load();
        let address = addresses
            .iter()
            .cycle()
            .nth(target.turn.fetch_add(1, Relaxed) % addresses.len())?;
        target.in_flight.fetch_add(1, Relaxed);
        Some(Chosen {
            pool: self.clone(),
            index,
            address: *address,
        })
    }

    fn scheduled(&self, start: usize) -> impl Iterator<Item = usize> {
        let count = self.schedule.len();
        (0..count)
            .filter_map(move |step| self.schedule.get(start.wrapping_add(step) % count).copied())
    }

    /// Requests under way, counting this one, per unit of weight.
    #[expect(
        clippy::cast_precision_loss,
        reason = "an order is needed, not a count"
    )]
    fn load(&self, index: usize) -> f64 {
        self.targets.get(index).map_or(f64::MAX, |t| {
            (t.in_flight.load(Relaxed) + 1) as f64 / t.weight as f64
        })
    }

    /// Weighted rendezvous: the same value draws the same winner, and a target that leaves moves
    /// only what it held.
    #[expect(clippy::cast_precision_loss, reason = "53 of 64 bits decide as well")]
    fn draw(&self, index: usize, value: Option<&str>) -> f64 {
        let Some(target) = self.targets.get(index) else {
            return f64::MIN;
        };
        let mut hasher = blake3::Hasher::new();
        hasher
            .update(target.name.as_bytes())
            .update(&[0])
            .update(value.unwrap_or("").as_bytes());
        let bits = hasher
            .finalize()
            .as_bytes()
            .iter()
            .take(8)
            .fold(0, |n, b| n << 8 | u64::from(*b));
        let uniform = ((bits >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
        -(target.weight as f64) / uniform.ln()
    }
}

impl Chosen {
    /// Which target of its pool it is.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The target's name as written.
    pub fn name(&self) -> &str {
        self.pool
            .targets
            .get(self.index)
            .map_or("", |target| &target.name)
    }
}

impl Drop for Chosen {
    fn drop(&mut self) {
        if let Some(target) = self.pool.targets.get(self.index) {
            target.in_flight.fetch_sub(1, Relaxed);
        }
    }
}

/// Beyond it a weight counts as this: the schedule stays small.
const WEIGHT_MAX: usize = 256;

/// Smooth weighted round robin, played once: a target of weight 3 among ones of weight 1 has its turns
/// spread over the round.
fn schedule(targets: &[Target]) -> Vec<usize> {
    let total: usize = targets.iter().map(|target| target.weight).sum();
    let mut credit = vec![0i64; targets.len()];
    let mut order = Vec::with_capacity(total);
    for _ in 0..total {
        for (credit, target) in credit.iter_mut().zip(targets) {
            *credit += i64::try_from(target.weight).unwrap_or(i64::MAX);
        }
        let best = credit
            .iter()
            .enumerate()
            .rev()
            .max_by_key(|(_, credit)| **credit);
        let Some((index, _)) = best else { break };
        if let Some(credit) = credit.get_mut(index) {
            *credit -= i64::try_from(total).unwrap_or(i64::MAX);
        }
        order.push(index);
    }
    order
}

/// A counter's next value, without its order.
fn scramble(turn: usize) -> usize {
    let mixed = turn.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93) >> 16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::upstream::{Retries, Target as Written, UpstreamProtocol};
    use std::time::Duration;

    fn pool(weights: &[u32], balance: Balance) -> Arc<Pool> {
        let targets = weights
            .iter()
            .enumerate()
            .map(|(n, &weight)| Written {
                address: format!("10.0.0.{n}:80"),
                weight,
            })
            .collect();
        let config = Upstream {
            name: "shop".into(),
            targets,
            protocol: UpstreamProtocol::Http1,
            tls: None,
            balance,
            connect_timeout: Duration::from_secs(1),
            read_timeout: Duration::from_secs(1),
            write_timeout: Duration::from_secs(1),
            idle_timeout: Duration::from_secs(1),
            retries: Retries { attempts: 1 },
        };
        let addresses = config
            .targets
            .iter()
            .map(|t| vec![t.address.parse().expect("address")])
            .collect();
        Arc::new(Pool::new(Arc::new(config), addresses))
    }

    fn counts(pool: &Arc<Pool>, picks: usize) -> Vec<usize> {
        let mut counts = vec![0; pool.targets.len()];
        for n in 0..picks {
            let value = format!("/{n}");
            counts[pool.choose(&[], Some(&value)).expect("a target").index()] += 1;
        }
        counts
    }

    #[test]
    fn round_robin_follows_the_weights_and_spreads_them() {
        let pool = pool(&[1, 3], Balance::RoundRobin);
        assert_eq!(counts(&pool, 8), [2, 6]);
        let order: Vec<_> = (0..4)
            .filter_map(|_| pool.choose(&[], None))
            .map(|c| c.index())
            .collect();
        assert_ne!(order, [1, 1, 1, 0]);
    }

    #[test]
    fn least_requests_counts_what_is_under_way() {
        let pool = pool(&[1, 1], Balance::LeastRequests);
        let first = pool.choose(&[], None).expect("a target");
        let others: Vec<_> = (0..4)
            .map(|_| pool.choose(&[], None).expect("a target").index())
            .collect();
        assert!(
            others.iter().all(|&index| index != first.index()),
            "{others:?}"
        );
        drop(first);
        assert_eq!(pool.load(0), 1.0);
        assert_eq!(pool.load(1), 1.0);
    }

    #[test]
    fn hash_is_steady_and_follows_the_weights() {
        let balance = Balance::Hash(crate::config::route::Template(Vec::new()));
        let pool = pool(&[1, 3], balance);
        let counts = counts(&pool, 4000);
        assert!((2700..3300).contains(&counts[1]), "{counts:?}");
        let index = |value| pool.choose(&[], Some(value)).expect("a target").index();
        assert_eq!(index("/a"), index("/a"));
    }

    #[test]
    fn random_reaches_every_target() {
        assert!(
            counts(&pool(&[1, 1, 1], Balance::Random), 300)
                .iter()
                .all(|&n| n > 50)
        );
    }

    #[test]
    fn a_tried_target_is_not_chosen_again() {
        let pool = pool(&[1, 1], Balance::RoundRobin);
        assert_eq!(pool.choose(&[0], None).expect("a target").index(), 1);
        assert!(pool.choose(&[0, 1], None).is_none());
    }
}
