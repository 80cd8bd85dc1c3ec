//! The behaviour that is promised, tested where it is promised: over whole practices.
//!
//! | module | what it shows |
//! |---|---|
//! | `mappings` | every mapping's cases, with commands and resources as snapshots |
//! | `indexes` | the common searches are driven by an index |
//! | `capability` | what is declared is answered, what is not is refused |
//! | `paging` | every row once, in order, while rows come and go |
//! | `odd_rows` | no row, however odd, fails a search |
//! | `no_leak` | no value in a log line, no request text in SQL |
//! | `search_truth` | answers against a second reading of the resources |
//! | `support` | a practice to ask |

mod indexes;
mod mappings;
mod support;
