//! `shoal run`

use super::{ConfigFile, Exit, complain};
use crate::assemble::{self, StartError};

pub(super) fn run(file: ConfigFile) -> Exit {
    let path = match file.find() {
        Ok(path) => path,
        Err(message) => {
            complain(format_args!("error: {message}"));
            return Exit::ConfigInvalid;
        }
    };
    complain(format_args!("shoal: configuration {}", path.display()));
    match assemble::run(path) {
        Ok(()) => Exit::Ok,
        Err(StartError::Config(error)) => {
            complain(error);
            Exit::ConfigInvalid
        }
        Err(error) => {
            complain(format_args!("error: {error}"));
            Exit::Runtime
        }
    }
}
