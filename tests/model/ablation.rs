//! Would a mistake be noticed? The same sequences, judged by references that make one each.
//!
//! The sequences are played once for all: what was seen does not depend on who judges it.

use crate::compare::judge;
use crate::mutation::Mutation;
use crate::play::{Played, Theatre};
use crate::{SEED, SEQUENCES, lock, run};
use std::sync::{Mutex, OnceLock};

/// One test a mistake, so that a failure names it.
macro_rules! caught {
    ($($name:ident: $mutation:ident,)*) => {
        $(#[test]
        fn $name() {
            check(Mutation::$mutation);
        })*
    };
}

caught! {
    a_reference_that_ignores_vary_is_caught: IgnoresVary,
    a_reference_that_forgets_age_is_caught: ForgetsAge,
    a_reference_that_never_invalidates_is_caught: NeverInvalidates,
    a_reference_that_stores_no_store_is_caught: StoresNoStore,
    a_reference_that_stores_private_is_caught: StoresPrivate,
    a_reference_that_forgets_s_maxage_is_caught: ForgetsSMaxage,
    a_reference_that_stores_authorized_responses_is_caught: StoresAuthorized,
    a_reference_that_serves_forbidden_stale_is_caught: ServesForbiddenStale,
    a_reference_that_ignores_no_cache_is_caught: IgnoresRequestNoCache,
    a_reference_that_freshens_nothing_is_caught: FreshensNothing,
    a_reference_that_keeps_qualified_fields_is_caught: KeepsQualifiedFields,
    a_reference_that_matches_if_range_weakly_is_caught: MatchesIfRangeWeakly,
    a_reference_that_ignores_targeted_fields_is_caught: IgnoresTargeted,
    a_reference_that_never_bridges_errors_is_caught: NeverStaleOnError,
    a_reference_that_forgets_if_modified_since_is_caught: ForgetsIfModifiedSince,
    a_reference_that_ignores_if_match_is_caught: IgnoresIfMatch,
    a_reference_that_tests_conditions_on_old_fields_is_caught: TestsOldFields,
    a_reference_that_never_copies_a_post_is_caught: NeverCopiesPost,
    a_reference_that_takes_the_oldest_date_is_caught: TakesOldestDate,
    a_reference_that_learns_nothing_from_a_head_is_caught: HeadChangesNothing,
    a_reference_that_takes_every_head_for_the_stored_response_is_caught: HeadAlwaysFreshens,
    a_reference_that_answers_with_a_part_is_caught: AnswersWithAPart,
    a_reference_that_joins_other_versions_is_caught: JoinsOtherVersions,
    a_reference_that_joins_under_weak_tags_is_caught: JoinsUnderWeakTags,
    a_reference_that_completes_without_if_range_is_caught: CompletesBlindly,
    a_reference_whose_parts_outlive_changes_is_caught: PartsOutliveChanges,
    a_reference_that_keeps_disowned_parts_is_caught: KeepsDisownedParts,
}

fn check(mutation: Mutation) {
    let played = played();
    let judged = played.iter().map(|played| judge(played, Some(mutation)));
    let caught = judged.flatten().count();
    assert!(
        caught > 0,
        "none of {} sequences notices {mutation:?}",
        played.len()
    );
}

fn played() -> &'static [Played] {
    static PLAYED: OnceLock<Vec<Played>> = OnceLock::new();
    PLAYED.get_or_init(|| {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let theatre = Theatre::open().await;
            let played = Mutex::new(Vec::new());
            run(&theatre, SEED, SEQUENCES, |_, sequence| {
                lock(&played).push(sequence)
            })
            .await;
            played.into_inner().unwrap_or_default()
        })
    })
}
