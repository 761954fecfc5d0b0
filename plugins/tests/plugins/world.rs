//! A request, a response and a plugin, built in one line each.

use shoal_plugins::{OnError, Plugin, RequestView, ResponseView, ScriptError, Source};
use std::borrow::Cow;
use std::time::Duration;

/// A request written down.
pub(crate) struct Asked {
    target: &'static str,
    headers: Vec<(&'static str, &'static str)>,
}

pub(crate) fn get(target: &'static str) -> Asked {
    Asked {
        target,
        headers: Vec::new(),
    }
}

impl Asked {
    pub(crate) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl RequestView for Asked {
    fn method(&self) -> &str {
        "GET"
    }
    fn scheme(&self) -> &str {
        "https"
    }
    fn host(&self) -> &str {
        "shop.example"
    }
    fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }
    fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }
    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        header(&self.headers, name)
    }
    fn client_ip(&self) -> String {
        "192.0.2.7".to_owned()
    }
    fn for_each_header(&self, visit: &mut dyn FnMut(&str, &str)) {
        self.headers
            .iter()
            .for_each(|(name, value)| visit(name, value));
    }
}

/// A response head written down.
pub(crate) struct Answered {
    status: u16,
    headers: Vec<(&'static str, &'static str)>,
}

pub(crate) fn status(status: u16) -> Answered {
    Answered {
        status,
        headers: Vec::new(),
    }
}

impl Answered {
    pub(crate) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl ResponseView for Answered {
    fn status(&self) -> u16 {
        self.status
    }
    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        header(&self.headers, name)
    }
    fn for_each_header(&self, visit: &mut dyn FnMut(&str, &str)) {
        self.headers
            .iter()
            .for_each(|(name, value)| visit(name, value));
    }
}

fn header<'a>(lines: &'a [(&str, &str)], name: &str) -> Option<Cow<'a, str>> {
    let found: Vec<&str> = lines
        .iter()
        .filter(|(line, _)| line.eq_ignore_ascii_case(name))
        .map(|(_, value)| *value)
        .collect();
    match found.as_slice() {
        [] => None,
        [one] => Some(Cow::Borrowed(one)),
        many => Some(Cow::Owned(many.join(", "))),
    }
}

/// A source with a test's budgets.
pub(crate) fn source(text: &str) -> Source {
    Source {
        name: "test".to_owned(),
        file: "plugins/test.lua".into(),
        text: text.to_owned(),
        config: serde_json::Value::Null,
        cpu: Duration::from_millis(5),
        memory: 8 << 20,
        on_error: OnError::Bypass,
    }
}

/// A plugin from a whole file.
#[track_caller]
pub(crate) fn load(text: &str) -> Plugin {
    match Plugin::load(source(text)) {
        Ok(plugin) => plugin,
        Err(error) => panic!("{error}"),
    }
}

/// Why a file is no plugin.
#[track_caller]
pub(crate) fn refused(text: &str) -> ScriptError {
    Plugin::load(source(text)).expect_err("should not load")
}

/// A plugin with this body of `on_request`, on the second line of its file.
#[track_caller]
pub(crate) fn on_request(body: &str) -> Plugin {
    load(&format!(
        "local P = {{}} function P.on_request(req, conf)\n{body}\nend\nreturn P"
    ))
}

/// A plugin with this body of `cache_key`, on the second line of its file.
#[track_caller]
pub(crate) fn cache_key(body: &str) -> Plugin {
    load(&format!(
        "local P = {{}} function P.cache_key(req, key, conf)\n{body}\nend\nreturn P"
    ))
}

/// A plugin with this body of `on_response`, on the second line of its file.
#[track_caller]
pub(crate) fn on_response(body: &str) -> Plugin {
    load(&format!(
        "local P = {{}} function P.on_response(req, res, cache, conf)\n{body}\nend\nreturn P"
    ))
}

/// What a Lua expression gives inside of `on_request`, as a text.
#[track_caller]
pub(crate) fn eval(expression: &str, request: &Asked) -> String {
    use shoal_plugins::RequestVerdict;
    let plugin = on_request(&format!(
        "local parts = table.pack({expression})\nfor i = 1, parts.n do parts[i] = tostring(parts[i]) \
         end\nreturn shoal.respond{{ body = table.concat(parts, ' ') }}"
    ));
    match plugin
        .on_request(request)
        .unwrap_or_else(|error| panic!("{error}"))
        .verdict
    {
        RequestVerdict::Respond(reply) => String::from_utf8(reply.body).unwrap(),
        other @ (RequestVerdict::Continue | RequestVerdict::Bypass(_)) => panic!("{other:?}"),
    }
}
