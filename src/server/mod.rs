//! HTTP: requests in, FHIR out.
//!
//! Takes practices, keys and limits; serves the FHIR API of the integrators, and beside it health, metrics
//! and explanations for the operator. Knows how things travel (methods, media types, keys, time, size), and hands what is asked
//! to a [`Practice`] as it came: the grammar of a search is not read here.
//!
//! | module | takes → gives |
//! |---|---|
//! | `connection` | a socket → requests, within bounds |
//! | `unread` | what an answer leaves of a body → read and thrown away, or `Connection: close` |
//! | `bare` | what hyper refuses by itself → an OperationOutcome |
//! | `observe` | a request → its id, a line in the log, numbers |
//! | `app` | sites, keys, limits → the router and what handlers share |
//! | `fhir` | a request under a FHIR base → an answer or a refusal |
//! | `batch`, `operation` | a Bundle of requests, Parameters → what they ask for |
//! | `api` | a caller's own command → its answer; the description of all paths |
//! | `operator` | a search with the operator's key → what becomes of it |
//! | `audit` | a filter with the operator's key → the journal's entries, as AuditEvents |
//! | `operator_key` | a request → whether it has the operator's key |
//! | `keys`, `path`, `wishes`, `negotiate`, `prefer`, `body` | parts of a request → what they mean |
//! | `proxy` | a socket and what a proxy says → the caller's address |
//! | `base_url` | a request → what its links begin with |
//! | `encoding` | what a caller accepts → gzip or nothing |
//! | `reply`, `pretty` | a refusal → an OperationOutcome or an envelope; JSON → indented JSON |
//! | `practice` | what is asked of a practice |
//! | `keeper` | a practice's database, when it can be had → the practice |
//! | `health`, `metrics` | the server's own state |
//! | `heartbeat` | the practices → whether they answer, where nobody asks them anything |
//! | `watched` | what is wrong with a mapping that is being written |
//! | `asset` | a file of the program → an answer that a browser may keep |
//! | `note` | who asks for what → what the journal says of it |
//! | `enrich` | the practices → what their databases say of them |
//! | `explorer` | the page at `/`, and whether it is handed a key |

pub mod api;
mod app;
mod asset;
mod audit;
mod bare;
mod base_url;
mod batch;
mod body;
mod connection;
mod encoding;
mod enrich;
mod explorer;
mod fhir;
mod health;
mod heartbeat;
mod keeper;
mod keys;
mod metrics;
mod negotiate;
mod note;
mod observe;
mod operation;
mod operator;
mod operator_key;
pub(crate) mod path;
mod practice;
mod prefer;
mod pretty;
mod proxy;
mod reply;
mod unread;
mod watched;
mod wishes;

pub use api::Cloud;
pub use app::{App, Limits, Served, Setup, router};
pub use base_url::{BaseUrl, BaseUrlError, fhir_base};
pub use connection::{Peer, serve};
pub use explorer::Explorer;
pub use heartbeat::{HEARTBEAT, keep_heard};
pub use keeper::{Keeper, KeeperConfig, Load};
pub use keys::{KEY_HEADER, KEY_PARAMETER, Keys};
pub use metrics::install as install_metrics;
pub use operator::explain_base;
pub use operator_key::{OperatorKey, OperatorKeyError};
pub use practice::{Practice, Reply};
pub use proxy::TrustedProxies;
pub use watched::{MappingProblem, MappingState, MappingStatus};
