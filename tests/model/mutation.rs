//! Mistakes that the model can be told to make. Each must be caught, or the run proves little.
//!
//! The places that look here are in `reference`.

/// One mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutation {
    /// Every stored response of a URI answers every request for it.
    IgnoresVary,
    /// A response is new on arrival, whatever its `Age` and `Date`.
    ForgetsAge,
    /// An unsafe method leaves what is stored as it is.
    NeverInvalidates,
    /// `no-store` is not heard.
    StoresNoStore,
    /// `private` is not heard.
    StoresPrivate,
    /// `s-maxage` is not heard.
    ForgetsSMaxage,
    /// Credentials forbid nothing.
    StoresAuthorized,
    /// `must-revalidate` and its kin are not heard.
    ServesForbiddenStale,
    /// `no-cache` of a request is not heard.
    IgnoresRequestNoCache,
    /// A 304 changes no field.
    FreshensNothing,
    /// `private="field"` strips nothing.
    KeepsQualifiedFields,
    /// Weak tags are as good as strong ones.
    MatchesIfRangeWeakly,
    /// Targeted fields are not heard.
    IgnoresTargeted,
    /// `stale-if-error` grants nothing.
    NeverStaleOnError,
    /// A condition is sent with the entity tag only.
    ForgetsIfModifiedSince,
    /// `If-Match` and `If-Unmodified-Since` are not heard.
    IgnoresIfMatch,
    /// After a 304 the client's conditions are tested on the fields of before.
    TestsOldFields,
    /// A response to POST answers no GET.
    NeverCopiesPost,
    /// Of several suitable responses the one with the oldest `Date` answers.
    TakesOldestDate,
    /// What a HEAD brings changes nothing that is stored.
    HeadChangesNothing,
    /// What a HEAD brings is of the stored response, whatever it says.
    HeadAlwaysFreshens,
    /// A plain GET is answered with what there is of the whole.
    AnswersWithAPart,
    /// Parts are laid together whatever their validators.
    JoinsOtherVersions,
    /// Weak tags lay parts together as well.
    JoinsUnderWeakTags,
    /// The rest is asked for without `If-Range`.
    CompletesBlindly,
    /// Unsafe methods leave parts as they are.
    PartsOutliveChanges,
    /// Parts that their origin disowned stay.
    KeepsDisownedParts,
}
