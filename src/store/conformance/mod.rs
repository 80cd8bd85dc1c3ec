//! What every store has to keep, as a function over one: whatever it is made of, it is held to this.

mod directory;
mod messages;
mod queries;
mod restarts;
mod runs;
pub mod samples;
mod scopes;

use super::Store;

/// Holds a store, in which there is nothing yet, to all of it.
pub async fn conforms(store: &dyn Store) {
    directory::integrators_and_keys(store).await;
    directory::pairings_and_codes(store).await;
    directory::logins_and_webhooks(store).await;
    directory::an_integrator_goes_with_all_that_is_theirs(store).await;
    directory::secrets_of_its_own(store).await;
    queries::a_query_from_waiting_to_its_end(store).await;
    queries::each_step_is_made_once(store).await;
    queries::queries_wait_in_their_order(store).await;
    queries::pages_have_their_time(store).await;
    scopes::nothing_of_another_scope_is_found(store).await;
    messages::messages_are_kept_with_what_they_tell(store).await;
    messages::messages_are_leased_and_end(store).await;
    messages::messages_wait_for_a_disabled_webhook(store).await;
    messages::messages_that_failed_are_redelivered(store).await;
    runs::a_registered_query_runs_and_ends(store).await;
    runs::a_registered_query_does_not_run_after_its_time(store).await;
    runs::as_many_are_enabled_as_may_be(store).await;
    runs::what_a_clock_that_was_ahead_put_off_is_due(store).await;
    runs::a_cancelled_run_leaves_nothing(store).await;
    restarts::a_restart_takes_up_what_was_at_work(store).await;
    restarts::a_restart_takes_up_runs(store).await;
    restarts::a_restart_takes_up_what_was_being_sent(store).await;
}
