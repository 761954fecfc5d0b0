//! The configuration, from text to typed values and to the problems that people read.
//!
//! Each part of it has a file in `config/`; broken files and what is said about them stand side by
//! side in `config/broken/`.

#[cfg(test)]
#[path = "config/broken.rs"]
mod broken;
#[cfg(test)]
#[path = "config/keys.rs"]
mod keys;
#[cfg(test)]
#[path = "config/loading.rs"]
mod loading;
#[cfg(test)]
#[path = "config/route_keys.rs"]
mod route_keys;
#[cfg(test)]
#[path = "config/shipped.rs"]
mod shipped;
