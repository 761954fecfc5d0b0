//! The words for what becomes of a request: a label for programs, a sentence for people.
//!
//! A closed list; which one it is, `outcome` decides.

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Hit,
    StaleHit,
    NotModified,
    PreconditionFailed,
    RangeNotSatisfiable,
    Validate,
    Forward,
    ForwardRange,
    CompleteParts,
    InSlices,
    Bypass,
    OnlyIfCached,
    PluginAnswers,
    PluginRejects,
    NoRoute,
    Purge,
    PurgeForbidden,
}

/// Who answers, as `Cache-Status` sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnsweredBy {
    Store,
    Origin,
    Gateway,
}

impl Verdict {
    pub(super) fn label(self) -> &'static str {
        self.row().0
    }

    pub(super) fn answered_by(self) -> AnsweredBy {
        self.row().1
    }

    pub(super) fn sentence(self) -> &'static str {
        self.row().2
    }

    #[expect(clippy::too_many_lines, reason = "one table: a verdict a row")]
    fn row(self) -> (&'static str, AnsweredBy, &'static str) {
        use AnsweredBy::{Gateway, Origin, Store};
        match self {
            Self::Hit => ("hit", Store, "Answered from the store; no origin is asked."),
            Self::StaleHit => (
                "stale-hit",
                Store,
                "Answered from the store at once, stale; one request in the background validates it.",
            ),
            Self::NotModified => (
                "not-modified",
                Store,
                "The client has the stored response already, and is told so.",
            ),
            Self::PreconditionFailed => (
                "precondition-failed",
                Gateway,
                "The stored response does not meet the client's condition.",
            ),
            Self::RangeNotSatisfiable => (
                "range-not-satisfiable",
                Store,
                "The stored response has no such part.",
            ),
            Self::Validate => (
                "validate",
                Origin,
                "The origin is asked whether the stored response still holds; a 304 makes it fresh again.",
            ),
            Self::Forward => (
                "forward",
                Origin,
                "The origin is asked for the whole response, which is stored if that is allowed.",
            ),
            Self::ForwardRange => (
                "forward-range",
                Origin,
                "The origin is asked for the range alone, which is kept as a part if that is allowed.",
            ),
            Self::CompleteParts => (
                "complete-parts",
                Origin,
                "The origin is asked for what is missing of the stored parts.",
            ),
            Self::InSlices => (
                "in-slices",
                Origin,
                "Answered slice by slice; only slices that are not stored are fetched. What cannot be sliced goes whole.",
            ),
            Self::Bypass => (
                "bypass",
                Origin,
                "Sent to the origin as it is; nothing is stored.",
            ),
            Self::OnlyIfCached => (
                "only-if-cached",
                Gateway,
                "The client wants a stored response or none; no origin is asked.",
            ),
            Self::PluginAnswers => ("plugin-answers", Gateway, "A plugin answers by itself."),
            Self::PluginRejects => (
                "plugin-rejects",
                Gateway,
                "A plugin failed, and its on_error is reject.",
            ),
            Self::NoRoute => ("no-route", Gateway, "There is nowhere to send it."),
            Self::Purge => (
                "purge",
                Gateway,
                "An order to purge, from a client that may give it.",
            ),
            Self::PurgeForbidden => (
                "purge-forbidden",
                Gateway,
                "An order to purge, from a client that admin.purge_from does not list.",
            ),
        }
    }
}
