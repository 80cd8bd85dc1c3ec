//! What is promised, tested where it is promised.

mod mapping_docs;
