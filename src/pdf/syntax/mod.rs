//! Values and their spelling: what ISO 32000-2 §7.2 and §7.3 say, and nothing more lenient.

mod lexer;
mod object;
mod parser;
mod write;

pub use object::{Dictionary, Name, Object, Real, Reference, Stream};

pub(super) use lexer::{Lexer, Token, is_space};
pub(super) use parser::{Budget, Parser};
pub(super) use write::{write, write_dictionary, write_hex};
