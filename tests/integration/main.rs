//! The whole server, over real sockets, by a real HTTP client.

mod cli;
mod http;
mod limits;
mod support;
