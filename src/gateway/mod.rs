//! The cloud surface: who may ask which practice, and what becomes of what they ask.
//!
//! Takes commands of integrators, in SQL of their own; queues them for each practice, runs them by a [`link::Link`], and
//! keeps what has to outlive a request in a [`crate::store::Store`]. Knows nothing of HTTP, nor of FHIR.
//!
//! A statement is run once at the most. What a restart interrupts is run again only where it could change nothing; else its
//! query ends as failed, and says so.

pub mod ask;
pub mod caller;
mod deferred;
pub mod direct;
pub mod enrich;
mod failure;
pub mod id;
mod immediate;
pub mod integrator;
pub mod lane;
pub mod link;
mod logins;
pub mod meter;
pub mod moment;
pub mod query;
pub mod queue;
pub mod rate;
pub mod registered;
mod registry;
mod rows;
pub mod service;
pub mod site;
mod tend;
pub mod token;
pub mod webhook;
