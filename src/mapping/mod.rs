//! Mapping files → a checked [`Mapping`], or every problem with its place.
//!
//! Takes the YAML files of one folder; gives what planning and writing need, in which every name
//! has been resolved, or [`Diagnostics`] that say, for each problem of every file at once, where it
//! is, what was found, what was expected and what to do. Knows nothing of requests, SQL text or
//! HTTP.
//!
//! | module | takes → gives |
//! |---|---|
//! | [`yaml`], `syntax` | a file's text → a tree in which every key and value knows its place |
//! | [`fragment`] | the text of a condition, lookup, child or column → its syntax |
//! | `schema`, `codes`, `raw` | the manifest, tables, code tables, SQL fragments → their declarations |
//! | `scope`, `predicate` | aliases of a source → columns; conditions → predicates |
//! | `strangers` | aliases that are used and not declared → one problem each |
//! | `relate`, `children` | lookups → joins; children → child tables |
//! | `element`, `value`, `choice`, `expected` | elements → [`Field`]s |
//! | `binding`, `keys`, `origin`, `conversion`, `coded` | a value from columns → [`Binding`] |
//! | `identity` | the columns of `id:` → whether two rows may have the same id |
//! | `systems`, `invariants` | codings and other objects → what R4 asks of their parts together |
//! | `measured` | numbers read out of text → what would be lost of it |
//! | `section` | `search:` → what is taken back, and parameters of one's own |
//! | `requirement` | `requires:` → the range that a search must give |
//! | `source` | a source file → [`Source`] |
//! | `lacks` | `lacks:` → what the database has not, with its reason |
//! | `vocabulary` | the keys that may stand at each place of a file |
//! | [`json_schema`] | these keys and R4 → the JSON Schema by which editors complete a file |
//! | [`usage`], `walk` | a mapping → what each column is used for |
//! | [`entries`] | the entries of a list → a path for each |
//! | [`coverage`] | a mapping → what it meets of AU Core |
//! | [`embedded`] | the files of the mapping that is part of the program |
//! | [`derive`] | a source's elements → its search parameters |
//! | `sorting` | how the sort keys of several sources are compared |
//! | `lines` | trees of files → which lines say a part of the mapping |
//! | `load` | a folder → [`Mapping`] |
//! | [`rules`], [`diagnostic`], `names` | what is checked, how a problem is shown, what a name may be meant for |

pub mod coverage;
pub mod derive;
pub mod diagnostic;
pub mod embedded;
pub mod entries;
pub mod fragment;
pub mod json_schema;
pub mod model;
pub mod rules;
pub mod usage;
pub(crate) mod walk;
pub mod yaml;

mod about;
mod assemble;
mod binding;
mod children;
mod choice;
mod coded;
mod codes;
mod conversion;
mod element;
mod expected;
mod identity;
mod invariants;
mod keys;
mod lacks;
mod lines;
mod load;
mod measured;
mod names;
mod origin;
mod predicate;
mod profile;
mod raw;
mod relate;
mod requirement;
mod schema;
mod scope;
mod section;
pub(crate) mod shape;
mod sorting;
mod source;
mod strangers;
pub(crate) mod syntax;
mod systems;
#[cfg(test)]
mod tests;
mod value;
pub(crate) mod vocabulary;

pub(crate) use diagnostic::{At, Problem, Report, SourceFile};
pub use diagnostic::{Diagnostic, Diagnostics, json, path_in, sarif};
pub use lacks::Lacks;
pub use lines::{Extent, Lines};
pub(crate) use load::{CASES, is_yaml};
pub use load::{Folder, Loaded, Options, load_files, load_folder};
pub use model::*;
pub(crate) use names::{nearest, suggest};
pub use profile::{Need, Profile};
pub use requirement::Requirement;
pub use rules::{Rule, Severity};
pub use sorting::{Moment, Sorted};
pub(crate) use yaml::Span;
