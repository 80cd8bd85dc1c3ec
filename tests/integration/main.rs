//! What is promised, tested where it is promised: over whole practices, over real sockets.
//!
//! | module | what it shows |
//! |---|---|
//! | `mapping_check` | what the checking of mappings tells people and programs |
//! | `mappings` | every mapping's cases, with commands and resources as snapshots |
//! | `indexes` | the common searches are driven by an index |
//! | `capability` | what is declared is answered, what is not is refused |
//! | `metadata` | the same of the CapabilityStatement as it is served |
//! | `chains` | chains and `_has` find what the references say |
//! | `includes` | what includes add is what the references say |
//! | `whole` | compartments, searches at the base, `$everything`, batches |
//! | `profiles` | which profile a measurement claims |
//! | `references` | what a resource refers to is there |
//! | `illustrative` | a database without a column of an invented name is served |
//! | `summary` | `$summary` is a document of all that it names |
//! | `paging` | every row once, in order, while rows come and go |
//! | `odd_rows` | no row, however odd, fails a search |
//! | `no_leak` | no value in a log line, no text of a request in SQL |
//! | `search_truth` | answers against a second reading of the resources |
//! | `au_core` | what AU Core asks is answered as a full scan in plain SQL answers it |
//! | `clinical_facts` | what clinical resources have for their parameters, for `search_truth` and `paging` |
//! | `quantities` | quantities and composites find what the resources say |
//! | `slots` | slots are sessions less days away less appointments |
//! | `small` | what is written and what a search finds agree, row by row of small mappings |
//! | `practice` | a practice to ask without a socket, for the modules above |
//! | `conditional` | a caller's copy is current while nothing of the resource changed |
//! | `xml`, `xml_reader` | XML says what JSON says, to a second reading of it |
//! | `cloud` | the API of integrators and devices, from outside: its answers, its refusals, and that nobody sees another's |
//! | `firebird` | the Firebird driver, against a private server |
//! | `admin` | who may ask whom is changed from the command line, and no secret is seen twice |
//! | `kills` | kill -9 under load: nothing promised is lost or done twice |
//! | `http`, `operator`, `cli`, `limits` | the program from outside |
//! | `odbc` | rows, errors and ends of statements behind ODBC, with the feature of that name |
//! | `upstream` | a site behind another SQL Passthrough API answers as one here does, and what fails there is told |
//! | `mssql` | the SQL Server driver, against a stand-in for a server |
//! | `new` | a folder that `mapping new` makes checks, and suggests what is there |
//! | `explorer` | the page at `/`: who may have it, and what it does in a real browser |
//! | `watched` | a saved mapping is served, a broken one is shown, and no request fails of either |
//! | `mapping_docs` | every example of `mappings/README.md` |
//! | `tutorial` | its tutorial, typed into a shell |
//! | `mapping_test` | a mapping's cases, run by who wrote it |
//! | `support` | the program under test, for the modules that start it |

mod admin;
mod au_core;
mod capability;
mod chains;
mod cli;
mod clinical_facts;
mod cloud;
mod conditional;
mod configured;
mod examples;
mod explorer;
mod firebird;
mod http;
mod illustrative;
mod includes;
mod indexes;
mod kills;
mod limits;
mod mapping_check;
mod mapping_docs;
mod mapping_schema;
mod mapping_test;
mod mappings;
mod metadata;
mod mssql;
mod new;
mod no_leak;
#[cfg(feature = "odbc")]
mod odbc;
mod odd_rows;
mod operator;
mod paging;
mod ports;
mod practice;
mod profiles;
mod quantities;
mod references;
mod search_truth;
mod slots;
mod small;
mod summary;
mod support;
mod tutorial;
mod unlike_dates;
mod upstream;
mod watched;
mod whole;
mod xml;
mod xml_reader;
