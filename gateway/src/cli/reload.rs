//! `shoal reload`

use super::admin_client::ask;
use super::{Admin, Exit, complain, print};
use http::{Method, StatusCode};

pub(super) fn reload(admin: &Admin) -> Exit {
    let answer = match ask(admin, &Method::POST, "/reload", None) {
        Ok(answer) => answer,
        Err(exit) => return exit,
    };
    if answer.status == StatusCode::UNPROCESSABLE_ENTITY {
        complain(answer.body["error"].as_str().unwrap_or("the configuration was refused"));
        return Exit::ConfigInvalid;
    }
    print(&answer.body);
    if answer.status.is_success() { Exit::Ok } else { Exit::Refused }
}
