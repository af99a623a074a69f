// HELLO, AUTH, RESET, CLIENT: what concerns the connection. Nothing here asks the store.

use super::clients::Client;
use super::encode::{Form, Version};
use super::state::{Said, State, Voice, ok, refusal, text};
use super::words::Own;
use super::{REDIS_VERSION, admin};
use crate::command::{is, printable};
use crate::dialect::Value;
use crate::integer;
use std::sync::Arc;
use subtle::ConstantTimeEq;

const WRONG_PASSWORD: &str = "WRONGPASS invalid username-password pair or user is disabled.";

impl State {
    /// Answers a command that is not the store's.
    pub async fn answer(&mut self, own: Own, arguments: &[&[u8]]) -> Option<Said> {
        Some(match own {
            Own::Multi => self.multi(),
            Own::Exec => return self.exec().await,
            Own::Discard => self.discard(),
            Own::Watch => self.watch(arguments).await,
            own => self.answer_queued(own, arguments).await,
        })
    }

    /// The same, of those that may be part of a transaction.
    pub async fn answer_queued(&mut self, own: Own, arguments: &[&[u8]]) -> Said {
        match own {
            Own::Auth => self.auth(arguments),
            Own::Hello => self.hello(arguments),
            Own::Reset => self.reset(),
            Own::Quit => {
                self.is_over = true;
                ok()
            }
            Own::Client => self.client(arguments),
            Own::Unwatch => {
                self.unwatch();
                ok()
            }
            own => admin::answer(&self.server, own, arguments).await,
        }
    }

    /// Whether this is the password. The time does not tell how much of it is right.
    fn knows(&self, user: &[u8], password: &[u8]) -> bool {
        let expected = self.server.options.password.as_deref();
        // Without one, Redis's default user may say anything.
        let is_right = expected.is_none_or(|expected| expected.as_bytes().ct_eq(password).into());
        is_right && user == b"default"
    }

    fn auth(&mut self, arguments: &[&[u8]]) -> Said {
        let (user, password) = match *arguments {
            [_] if self.server.options.password.is_none() => {
                return refusal(
                    "ERR AUTH <password> called without any password configured for the default user. Are you sure your \
                     configuration is correct?",
                );
            }
            [password] => (&b"default"[..], password),
            [user, password] => (user, password),
            _ => return refusal("ERR syntax error"),
        };
        if !self.knows(user, password) {
            return refusal(WRONG_PASSWORD);
        }
        self.is_known = true;
        ok()
    }

    fn hello(&mut self, arguments: &[&[u8]]) -> Said {
        let mut version = self.version;
        if let Some(number) = arguments.first() {
            version = match integer::parse(number) {
                None => return refusal("ERR Protocol version is not an integer or out of range"),
                Some(2) => Version::Two,
                Some(3) => Version::Three,
                Some(_) => return refusal("NOPROTO unsupported protocol version"),
            };
        }
        let mut rest = arguments.get(1..).unwrap_or_default();
        let (mut login, mut name) = (None, None);
        while let Some((option, following)) = rest.split_first() {
            match *following {
                [user, password, ref after @ ..] if is(option, "AUTH") => {
                    login = Some((user, password));
                    rest = after;
                }
                [given, ref after @ ..] if is(option, "SETNAME") => {
                    if !is_name(given) {
                        return refusal(BAD_NAME);
                    }
                    name = Some(given);
                    rest = after;
                }
                _ => {
                    return refusal(&format!(
                        "ERR Syntax error in HELLO option '{}'",
                        printable(option, 128)
                    ));
                }
            }
        }
        if let Some((user, password)) = login {
            if !self.knows(user, password) {
                return refusal(WRONG_PASSWORD);
            }
            self.is_known = true;
        }
        if !self.is_known {
            return refusal(
                "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> \
                 option can be used to authenticate the client and select the RESP protocol version at the same time",
            );
        }
        if let Some(name) = name {
            self.client.facts(|facts| facts.name = String::from_utf8_lossy(name).into_owned());
        }
        self.speak(version);
        let number = if version == Version::Three { 3 } else { 2 };
        let facts = [
            ("server", text("redis")),
            ("version", text(REDIS_VERSION)),
            ("proto", Value::Int(number)),
            ("id", Value::Int(self.client.id.cast_signed())),
            ("mode", text("standalone")),
            ("role", text("master")),
            ("modules", Value::Array(Vec::new())),
        ];
        (Value::Array(facts.into_iter().flat_map(|(name, fact)| [text(name), fact]).collect()), Form::Map)
    }

    fn speak(&mut self, version: Version) {
        self.version = version;
        self.client.facts(|facts| facts.is_new = version == Version::Three);
    }

    fn reset(&mut self) -> Said {
        self.leave_transaction();
        self.speak(Version::Two);
        self.voice = Voice::On;
        self.is_known = self.server.options.password.is_none();
        self.client.facts(|facts| {
            facts.name.clear();
            facts.is_no_evict = false;
        });
        (Value::Status("RESET".to_owned()), Form::Plain)
    }

    fn client(&mut self, arguments: &[&[u8]]) -> Said {
        let Some((part, rest)) = arguments.split_first() else { return refusal("ERR syntax error") };
        let part = part.to_ascii_uppercase();
        let now_ms = self.server.runner.clock.now_ms();
        let on_off = |word: &[u8]| match word {
            word if is(word, "ON") => Some(true),
            word if is(word, "OFF") => Some(false),
            _ => None,
        };
        match (part.as_slice(), rest) {
            (b"ID", []) => (Value::Int(self.client.id.cast_signed()), Form::Plain),
            (b"INFO", []) => (text(self.client.line(now_ms) + "\n"), Form::Text),
            (b"LIST", options) => self.list(options, now_ms),
            (b"GETNAME", []) => {
                let name = self.client.facts(|facts| facts.name.clone());
                (if name.is_empty() { Value::Nil } else { text(name) }, Form::Plain)
            }
            (b"SETNAME", [name]) => {
                if !is_name(name) {
                    return refusal(BAD_NAME);
                }
                self.client.facts(|facts| facts.name = String::from_utf8_lossy(name).into_owned());
                ok()
            }
            (b"SETINFO", [fact, value]) => {
                let known = ["lib-name", "lib-ver"]
                    .into_iter()
                    .find(|known| fact.eq_ignore_ascii_case(known.as_bytes()));
                let Some(known) = known else {
                    return refusal(&format!("ERR Unrecognized option '{}'", printable(fact, 128)));
                };
                if !is_name(value) {
                    return refusal(&format!(
                        "ERR {known} cannot contain spaces, newlines or special characters."
                    ));
                }
                let value = String::from_utf8_lossy(value).into_owned();
                self.client.facts(|facts| match known {
                    "lib-name" => facts.library = value,
                    _ => facts.library_version = value,
                });
                ok()
            }
            (b"KILL", [_, ..]) => self.kill(rest),
            (b"REPLY", [word]) => {
                self.voice = match *word {
                    word if is(word, "ON") => Voice::On,
                    word if is(word, "OFF") => Voice::Off,
                    // Within silence it changes nothing.
                    word if is(word, "SKIP") && self.voice == Voice::Off => Voice::Off,
                    word if is(word, "SKIP") => Voice::SkipNext,
                    _ => return refusal("ERR syntax error"),
                };
                ok()
            }
            (b"NO-EVICT", [word]) => match on_off(word) {
                Some(on) => {
                    self.client.facts(|facts| facts.is_no_evict = on);
                    ok()
                }
                None => refusal("ERR syntax error"),
            },
            (b"NO-TOUCH", [word]) => on_off(word).map_or_else(|| refusal("ERR syntax error"), |_| ok()),
            (b"GETREDIR", []) => (Value::Int(-1), Form::Plain),
            (b"TRACKING", [word]) if is(word, "OFF") => ok(),
            (b"TRACKING", [_, ..]) => refusal("ERR unsupported: client tracking is not available"),
            (b"UNBLOCK", [id] | [id, _]) => match integer::parse(id) {
                Some(_) => (Value::Int(0), Form::Plain),
                None => refusal("ERR value is not an integer or out of range"),
            },
            _ => refusal("ERR syntax error"),
        }
    }

    fn list(&self, options: &[&[u8]], now_ms: u64) -> Said {
        let clients = self.server.clients.all();
        let wanted: Vec<Arc<Client>> = match *options {
            [] => clients,
            [word, kind] if is(word, "TYPE") => match kind {
                kind if is(kind, "NORMAL") => clients,
                kind if ["MASTER", "REPLICA", "SLAVE", "PUBSUB"].iter().any(|known| is(kind, known)) => {
                    Vec::new()
                }
                kind => return refusal(&format!("ERR Unknown client type '{}'", printable(kind, 128))),
            },
            [word, ref ids @ ..] if is(word, "ID") && !ids.is_empty() => {
                let mut wanted = Vec::new();
                for id in ids {
                    match integer::parse(id) {
                        Some(id) if id > 0 => {
                            wanted
                                .extend(clients.iter().find(|client| client.id.cast_signed() == id).cloned());
                        }
                        _ => return refusal("ERR Invalid client ID"),
                    }
                }
                wanted
            }
            _ => return refusal("ERR syntax error"),
        };
        let lines: String = wanted.iter().map(|client| client.line(now_ms) + "\n").collect();
        (text(lines), Form::Text)
    }

    fn kill(&mut self, filters: &[&[u8]]) -> Said {
        let clients = self.server.clients.all();
        if let [address] = *filters {
            return match clients.iter().find(|client| client.peer.as_bytes() == address) {
                Some(client) => {
                    self.end(client);
                    ok()
                }
                None => refusal("ERR No such client"),
            };
        }
        let mut spares_me = true;
        let mut wanted = clients;
        for filter in filters.chunks(2) {
            let [name, value] = *filter else { return refusal("ERR syntax error") };
            match name {
                name if is(name, "ID") => match integer::parse(value) {
                    Some(id) if id > 0 => wanted.retain(|client| client.id.cast_signed() == id),
                    _ => return refusal("ERR client-id should be greater than 0"),
                },
                name if is(name, "ADDR") => wanted.retain(|client| client.peer.as_bytes() == value),
                name if is(name, "LADDR") => wanted.retain(|client| client.local.as_bytes() == value),
                name if is(name, "USER") => wanted.retain(|_| value == b"default"),
                name if is(name, "TYPE") => match value {
                    value if is(value, "NORMAL") => {}
                    value
                        if ["MASTER", "REPLICA", "SLAVE", "PUBSUB"].iter().any(|known| is(value, known)) =>
                    {
                        wanted.clear();
                    }
                    value => return refusal(&format!("ERR Unknown client type '{}'", printable(value, 128))),
                },
                name if is(name, "SKIPME") => match value {
                    value if is(value, "YES") => spares_me = true,
                    value if is(value, "NO") => spares_me = false,
                    _ => return refusal("ERR syntax error"),
                },
                _ => return refusal("ERR syntax error"),
            }
        }
        if spares_me {
            wanted.retain(|client| client.id != self.client.id);
        }
        wanted.iter().for_each(|client| self.end(client));
        (Value::Int(wanted.len() as i64), Form::Plain)
    }

    /// Ends a connection; one's own after the answer.
    fn end(&mut self, client: &Client) {
        if client.id == self.client.id {
            self.is_over = true;
        } else {
            client.kill();
        }
    }

    pub fn is_heard(&self) -> bool {
        self.voice == Voice::On
    }
}

const BAD_NAME: &str = "ERR Client names cannot contain spaces, newlines or special characters.";

fn is_name(name: &[u8]) -> bool {
    name.iter().all(|byte| (b'!'..=b'~').contains(byte))
}
