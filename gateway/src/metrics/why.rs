//! The counts of reasons as people read them: by route, with what each one means.

use super::CacheMetrics;
use prometheus::core::Collector;
use shoal_rules::Reason;

impl CacheMetrics {
    /// How often requests of `route` were forwarded and responses not stored, by reason.
    pub fn why(&self) -> serde_json::Value {
        let mut why = serde_json::Map::new();
        for (group, counts) in [
            ("forwarded", &self.forwarded),
            ("not_stored", &self.not_stored),
        ] {
            for family in counts.collect() {
                for metric in family.get_metric() {
                    let label = |name: &str| {
                        let pair = metric.get_label().iter().find(|pair| pair.name() == name);
                        pair.map(|pair| pair.value().to_owned()).unwrap_or_default()
                    };
                    let route = why
                        .entry(label("route"))
                        .or_insert_with(|| serde_json::json!({}));
                    let reason = label("reason");
                    let known = Reason::ALL.iter().find(|known| known.label() == reason);
                    let Some(reasons) = group_of(route, group) else {
                        continue;
                    };
                    reasons.insert(
                        reason,
                        serde_json::json!({
                            "count": metric.get_counter().get_value(),
                            "meaning": known.map(|reason| reason.explanation()),
                        }),
                    );
                }
            }
        }
        serde_json::Value::Object(why)
    }
}

/// The object of `group` inside `route`, made where it is missing.
fn group_of<'a>(
    route: &'a mut serde_json::Value,
    group: &str,
) -> Option<&'a mut serde_json::Map<String, serde_json::Value>> {
    let groups = route.as_object_mut()?;
    groups
        .entry(group)
        .or_insert_with(|| serde_json::json!({}))
        .as_object_mut()
}
