//! What is promised, tested where it is promised: over whole practices, over real sockets.

mod cli;
mod http;
mod limits;
mod mapping_docs;
mod support;
