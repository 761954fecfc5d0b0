//! `shoal reload`

use super::admin_client::ask;
use super::{Admin, Exit, complain, print};
use http::{Method, StatusCode};
use serde_json::Value;

pub(super) fn reload(admin: &Admin) -> Exit {
    let answer = match ask(admin, &Method::POST, "/reload", None) {
        Ok(answer) => answer,
        Err(exit) => return exit,
    };
    if answer.status == StatusCode::UNPROCESSABLE_ENTITY {
        let error = answer.body.get("error").and_then(Value::as_str);
        complain(error.unwrap_or("the configuration was refused"));
        return Exit::ConfigInvalid;
    }
    if !answer.status.is_success() {
        return answer.refused();
    }
    print(&answer.body);
    Exit::Ok
}
