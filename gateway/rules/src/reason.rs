//! Why a request was forwarded, a response was not stored, the cache was bypassed or a request was
//! refused: one closed enum.
//!
//! Each reason feeds the detail of `Cache-Status`, the log field and the metric label through total
//! matches. How the header is written is in [`crate::cache_status`].

use crate::cache_status::Forward;

/// Which question a [`Reason`] answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// Why no stored response answered the request.
    Forward,
    /// Why the response was not stored.
    NotStored,
    /// Why the cache was not asked at all.
    Bypass,
    /// Why the gateway answered by itself, with an error.
    Refused,
}

impl Group {
    /// Its name in metrics and logs.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::NotStored => "not-stored",
            Self::Bypass => "bypass",
            Self::Refused => "refused",
        }
    }
}

/// One row a reason: its variant, its group, its label, its `fwd` and its sentence for people.
macro_rules! reasons {
    ($($variant:ident: $group:ident, $label:literal, $forward:expr, $explanation:literal;)*) => {
        /// Why something was decided; see [`Group`] for what.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason {
            $(#[doc = $explanation] $variant,)*
        }

        impl Reason {
            /// Every reason, in the order of the groups.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Which question it answers.
            #[must_use]
            pub fn group(self) -> Group {
                match self { $(Self::$variant => Group::$group,)* }
            }

            /// Its unique name, a kebab-case token: detail of `Cache-Status`, metric label, log
            /// field.
            #[must_use]
            pub fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }

            /// The `fwd` of `Cache-Status`, where the request was forwarded for this reason.
            #[must_use]
            pub fn forward(self) -> Option<Forward> {
                match self { $(Self::$variant => $forward,)* }
            }

            /// What it means and what can be done, in plain words.
            #[must_use]
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$variant => $explanation,)* }
            }
        }
    };
}

reasons! {
    UriMiss: Forward, "uri-miss", Some(Forward::UriMiss),
        "Nothing is stored for this URI. The next request will hit if the response may be stored.";
    VaryMiss: Forward, "vary-miss", Some(Forward::VaryMiss),
        "Responses are stored for this URI, but none for these values of the fields that Vary names.";
    Miss: Forward, "miss", Some(Forward::Miss),
        "Nothing stored fits the request, and it is not known whether the URI or a variant is missing.";
    Stale: Forward, "stale", Some(Forward::Stale),
        "The stored response is older than its freshness lifetime. A longer lifetime saves the validation.";
    ResponseNoCache: Forward, "response-no-cache", Some(Forward::Stale),
        "The stored response says no-cache, so it is validated before every use.";
    SoftPurged: Forward, "soft-purged", Some(Forward::Stale),
        "A soft purge marked the stored response; it is validated once and then used again.";
    FreshnessUnproven: Forward, "freshness-unproven", Some(Forward::Stale),
        "The node cannot prove that it has seen every purge of the cluster, so it asks the origin.";
    RequestNoCache: Forward, "request-no-cache", Some(Forward::Request),
        "The client asked for validation with no-cache. Routes may ignore request directives.";
    RequestMaxAge: Forward, "request-max-age", Some(Forward::Request),
        "The client's max-age is below the stored response's age. Routes may ignore request directives.";
    RequestMinFresh: Forward, "request-min-fresh", Some(Forward::Request),
        "The client's min-fresh is above the stored response's remaining lifetime. Routes may ignore request directives.";
    PartialMiss: Forward, "partial-miss", Some(Forward::Partial),
        "Only a part of what the client asked for is stored.";
    UnsafeMethod: Forward, "unsafe-method", Some(Forward::Method),
        "The method changes state, so the request goes to the origin and a success invalidates the URI.";
    CollapseTimeout: Forward, "collapse-timeout", Some(Forward::Miss),
        "The request waited for another one that fills the same key for too long and went on alone.";
    CollapseNotShared: Forward, "collapse-not-shared", Some(Forward::Miss),
        "The request waited for another one whose response turned out not to be storable.";

    NoStoreDirective: NotStored, "no-store", None,
        "The response says no-store. If that is a framework's default, change it at the origin.";
    PrivateToUser: NotStored, "private", None,
        "The response says private: it is meant for one user.";
    AuthorizationWithoutPermission: NotStored, "authorization", None,
        "The request carried Authorization, and the response has none of public, s-maxage and must-revalidate. See the route's identity.";
    StatusNotUnderstood: NotStored, "status-not-understood", None,
        "The status is interim, or the response says must-understand and the status is not known here.";
    NoFreshness: NotStored, "no-freshness", None,
        "The response gives no freshness lifetime and no validator. Send max-age, or set the route's default_ttl.";
    VaryStar: NotStored, "vary-star", None,
        "Vary is * or names too many fields: no later request can be known to match.";
    VaryUnsupported: NotStored, "vary-unsupported", None,
        "The response has Vary, and vary_support is false.";
    SetCookieWithoutFreshness: NotStored, "set-cookie", None,
        "The response sets a cookie and its origin gives no explicit freshness, so it is taken as personal.";
    TooLarge: NotStored, "too-large", None,
        "The body outgrew the route's max_body or the cache's room.";
    MethodNotStored: NotStored, "method-not-stored", None,
        "Responses to this method are not stored on this route. See the route's methods.";
    HeadNotStored: NotStored, "head", None,
        "The answer to a HEAD has no content that could be stored. The next GET stores the response.";
    PartialResponse: NotStored, "partial-response", None,
        "A 206 or a 304 is no complete response.";
    NotModifiedMismatch: NotStored, "validation-mismatch", None,
        "The 304 is about another version, or moves the response to another variant: what is stored is not freshened by it.";
    PluginNoStore: NotStored, "plugin-no-store", None,
        "A plugin decided not to store the response.";
    PluginFailedOnResponse: NotStored, "plugin-failed-on-response", None,
        "A plugin failed while it judged the response, and its on_error is bypass. The log has the error.";
    RouteTtlZero: NotStored, "ttl-zero", None,
        "The route's ttl or status_ttl is zero for this response.";
    RequestNoStore: NotStored, "request-no-store", None,
        "The client said no-store. Routes may ignore request directives.";
    Invalidated: NotStored, "invalidated", None,
        "A purge or an unsafe method came while the response was under way.";
    Incomplete: NotStored, "incomplete", None,
        "The response broke off before its end.";
    ContentTypeMismatch: NotStored, "content-type-mismatch", None,
        "The path looks like a static file and the content type does not: storing it could expose a private page.";
    AmbiguousPath: NotStored, "ambiguous-path", None,
        "Dot segments stand behind an encoded slash or before a parameter of the path: the origin may see another path than the key has.";
    RequestContent: NotStored, "request-content", None,
        "The GET carried content: an origin may read it, and no key knows it.";
    StorageFull: NotStored, "storage-full", None,
        "The cache could not make room in time.";
    PostWithoutFreshness: NotStored, "post-without-freshness", None,
        "A response to POST is stored only with explicit freshness.";

    CacheDisabled: Bypass, "cache-disabled", Some(Forward::Bypass),
        "Caching is off for this route.";
    RouteBypass: Bypass, "route-bypass", Some(Forward::Bypass),
        "The request matches the route's cache_bypass.";
    Credentials: Bypass, "credentials", Some(Forward::Bypass),
        "The request carries credentials, and the route's identity is bypass.";
    Grpc: Bypass, "grpc", Some(Forward::Bypass),
        "The request is gRPC, which has a path of its own.";
    Upgrade: Bypass, "upgrade", Some(Forward::Bypass),
        "The request asks for another protocol.";
    PluginBypass: Bypass, "plugin-bypass", Some(Forward::Bypass),
        "A plugin decided to bypass the cache.";
    PluginFailed: Bypass, "plugin-failed", Some(Forward::Bypass),
        "A plugin failed, and its on_error is bypass. The log has the error.";
    MethodBypass: Bypass, "method-bypass", Some(Forward::Method),
        "The method is never answered from the cache on this route.";
    BodyTooLarge: Bypass, "body-too-large", Some(Forward::Bypass),
        "The request's content is larger than what may enter a key.";
    BodyNotCanonical: Bypass, "body-not-canonical", Some(Forward::Bypass),
        "The request's content is coded, or is not what the route's body_key says, so it has no key.";
    GraphqlMutation: Bypass, "graphql-mutation", Some(Forward::Bypass),
        "The GraphQL operation is a mutation: it changes state, so the origin runs it every time.";
    GraphqlSubscription: Bypass, "graphql-subscription", Some(Forward::Bypass),
        "The GraphQL operation is a subscription, whose answer has no end.";

    OnlyIfCached: Refused, "only-if-cached", None,
        "The client said only-if-cached and nothing stored may be used: 504.";
    NoRoute: Refused, "no-route", None,
        "No route matches the request.";
    PreconditionFailed: Refused, "precondition-failed", None,
        "If-Match or If-Unmodified-Since does not hold for the stored response: 412.";
    RangeNotSatisfiable: Refused, "range-not-satisfiable", None,
        "No part of the range lies within the stored response: 416.";
    Overloaded: Refused, "overloaded", None,
        "A named limit was reached and the request was shed.";
    OriginFailed: Refused, "origin-failed", None,
        "The origin could not be reached, and nothing stored may be served in its place.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn labels_are_unique_tokens() {
        let mut seen = HashSet::new();
        for reason in Reason::ALL {
            let label = reason.label();
            assert!(seen.insert(label), "{label} twice");
            assert!(
                label.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
                "{label}"
            );
            assert!(reason.explanation().ends_with('.') || reason.explanation().contains(": "));
        }
    }

    #[test]
    fn a_forwarding_group_has_a_fwd_and_others_have_none() {
        for reason in Reason::ALL {
            let forwards = matches!(reason.group(), Group::Forward | Group::Bypass);
            assert_eq!(reason.forward().is_some(), forwards, "{reason:?}");
        }
    }
}
