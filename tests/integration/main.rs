//! What is promised, tested where it is promised: over whole practices, over real sockets.
//!
//! | module | what it shows |
//! |---|---|
//! | `mappings` | every mapping's cases, with commands and resources as snapshots |
//! | `indexes` | the common searches are driven by an index |
//! | `practice` | a practice to ask without a socket, for the modules above |
//! | `http`, `operator`, `cli`, `limits` | the program from outside |
//! | `mapping_docs` | every example of `mappings/README.md` |
//! | `support` | the program under test, for the modules that start it |

mod cli;
mod http;
mod indexes;
mod limits;
mod mapping_docs;
mod mappings;
mod operator;
mod practice;
mod support;
