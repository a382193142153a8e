//! Muhrdor, the keeper of the seal: the one door in front of a state's e-services.

#![forbid(unsafe_code)]

pub mod domain;
