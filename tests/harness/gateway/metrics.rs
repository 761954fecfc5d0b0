//! The gateway's counters, read as Prometheus reads them.
//!
//! Part of what a story expects, and its way to know that another process has come so far.

use super::Gateway;
use crate::patience::eventually;

/// All samples of one scrape.
#[derive(Debug, Clone, PartialEq)]
pub struct Metrics {
    samples: Vec<Sample>,
}

#[derive(Debug, Clone, PartialEq)]
struct Sample {
    name: String,
    labels: Vec<(String, String)>,
    value: f64,
}

impl Gateway {
    /// A scrape.
    ///
    /// # Panics
    /// When the exporter is off.
    pub async fn metrics(&self) -> Metrics {
        let response = self.admin_get("/metrics").await;
        assert_eq!(response.status, 200, "{}", response.text());
        Metrics::parse(&response.text())
    }

    /// The sum of the samples that have these labels.
    pub async fn metric<const N: usize>(&self, name: &str, labels: [(&str, &str); N]) -> f64 {
        self.metrics().await.sum(name, labels)
    }

    /// Waits until that sum is `value`: a request is counted only after its response has gone out.
    pub async fn expect_metric<const N: usize>(
        &self,
        name: &str,
        labels: [(&str, &str); N],
        value: f64,
    ) {
        self.wait_for_metric(name, labels, |sum| (sum - value).abs() < f64::EPSILON)
            .await;
    }

    /// Waits until that sum satisfies `enough`.
    pub async fn wait_for_metric<const N: usize>(
        &self,
        name: &str,
        labels: [(&str, &str); N],
        enough: impl Fn(f64) -> bool,
    ) {
        let mut last = f64::NAN;
        let what = format!("{name}{labels:?}");
        let look = async || {
            last = self.metric(name, labels).await;
            enough(last).then_some(())
        };
        eventually(what, look).await;
    }
}

impl Metrics {
    /// The text format.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let lines = text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty());
        Self {
            samples: lines.filter_map(sample).collect(),
        }
    }

    /// The sum of the samples that have these labels, among others; 0 where there is none.
    #[must_use]
    pub fn sum<const N: usize>(&self, name: &str, labels: [(&str, &str); N]) -> f64 {
        self.named(name)
            .filter(|sample| sample.has(&labels))
            .map(|sample| sample.value)
            .sum()
    }

    /// Whether any sample has this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.named(name).next().is_some()
    }

    /// The values of one label over all samples of this name, in order, each once.
    #[must_use]
    pub fn label_values(&self, name: &str, label: &str) -> Vec<String> {
        let mut values: Vec<String> = Vec::new();
        for (known, value) in self.named(name).flat_map(|sample| &sample.labels) {
            if known == label && !values.contains(value) {
                values.push(value.clone());
            }
        }
        values
    }

    fn named(&self, name: &str) -> impl Iterator<Item = &Sample> {
        self.samples
            .iter()
            .filter(move |sample| sample.name == name)
    }
}

impl Sample {
    fn has(&self, labels: &[(&str, &str)]) -> bool {
        labels.iter().all(|(name, value)| {
            self.labels
                .iter()
                .any(|(known, own)| known == name && own == value)
        })
    }
}

/// `name{label="value",…} 1`
fn sample(line: &str) -> Option<Sample> {
    let (name, rest) = line.split_at(line.find(['{', ' '])?);
    let (labels, value) = match rest.strip_prefix('{') {
        Some(rest) => rest.rsplit_once("} ")?,
        None => ("", rest),
    };
    let labels = labels
        .split("\",")
        .filter_map(|pair| pair.split_once("=\""));
    let labels =
        labels.map(|(name, value)| (name.to_owned(), value.trim_end_matches('"').to_owned()));
    Some(Sample {
        name: name.to_owned(),
        labels: labels.collect(),
        value: value.split_whitespace().next()?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_summed_by_name_and_labels() {
        let metrics = Metrics::parse(
            "# HELP a_total Things.\na_total{status=\"HIT\",route=\"all\"} 2\n\
             a_total{status=\"MISS\",route=\"all\"} 3\nb 1.5\nc_bucket{le=\"+Inf\"} 4\n",
        );
        assert!((metrics.sum("a_total", []) - 5.0).abs() < f64::EPSILON);
        assert!((metrics.sum("a_total", [("status", "HIT")]) - 2.0).abs() < f64::EPSILON);
        assert!((metrics.sum("b", []) - 1.5).abs() < f64::EPSILON);
        assert_eq!(metrics.label_values("c_bucket", "le"), ["+Inf"]);
        assert!(!metrics.has("d"));
    }
}
