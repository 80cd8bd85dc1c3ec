//! R4 facts.
