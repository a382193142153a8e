//! The room `policy` at its boundary: the shipped bundle, what a bundle may not be, and decisions.

mod bundle;
mod decide;
mod explain;
mod scale;
mod world;
