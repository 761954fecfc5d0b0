//! `shoal check`: everything that `run` would refuse, and what it would accept without effect.

use super::{ConfigFile, Exit, complain, print};
use crate::reload;

pub(super) fn check(file: ConfigFile) -> Exit {
    let path = match file.find() {
        Ok(path) => path,
        Err(message) => {
            complain(format_args!("error: {message}"));
            return Exit::ConfigInvalid;
        }
    };
    let config = match crate::config::load::from_file(&path) {
        Ok(config) => config,
        Err(problems) => {
            complain(problems);
            return Exit::ConfigInvalid;
        }
    };
    for warning in &config.warnings {
        complain(warning);
    }
    list("not active yet", &config.not_active);
    list(
        "protects, and is not active yet: `run` refuses to start",
        &config.unprotected,
    );
    let protects = !config.unprotected.is_empty();
    // Scripts must compile and certificates must be readable, too.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let built = match runtime {
        Ok(runtime) => runtime.block_on(reload::build(&path, config)),
        Err(error) => {
            complain(format_args!("error: {error}"));
            return Exit::Runtime;
        }
    };
    match built {
        Ok(_snapshot) if protects => {
            complain("error: `run` refuses a configuration whose protection it cannot give");
            Exit::ConfigInvalid
        }
        Ok(snapshot) => {
            let routes = snapshot.routes.len();
            print(format_args!("{}: ok, {routes} route(s)", path.display()));
            Exit::Ok
        }
        Err(error) => {
            complain(format_args!("error: {error}"));
            Exit::ConfigInvalid
        }
    }
}

fn list(title: &str, keys: &[String]) {
    if !keys.is_empty() {
        print(format_args!("{title}:"));
    }
    for key in keys {
        print(format_args!("  {key}"));
    }
}
