// Which store a run is about: from `--url`, from `--type` and `--connection` as a-h/kv has them, or from the environment.
// It opens nothing.

use crate::args::{Globals, StoreType};
use crate::failure::Failure;
use omnikv::Options;

/// Where nothing is said.
pub const DEFAULT: &str = "sqlite:data.db";

/// The URL and the options.
pub fn of(
    globals: &Globals,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(String, Options), Failure> {
    let options = Options::new().prefix(globals.namespace.clone().unwrap_or_default());
    if let Some(url) = &globals.url {
        return Ok((url.clone(), options));
    }
    if globals.store_type.is_some() || globals.connection.is_some() {
        let store_type = globals.store_type.unwrap_or(StoreType::Sqlite);
        return Ok((of_connection(store_type, globals.connection.as_deref())?, options));
    }
    let named = omnikv::named_by(variable, options.clone())?;
    Ok(named.unwrap_or_else(|| (DEFAULT.to_owned(), options)))
}

/// The URL of a connection in a-h/kv's words.
fn of_connection(store_type: StoreType, connection: Option<&str>) -> Result<String, Failure> {
    match store_type {
        StoreType::Sqlite => of_file(connection.unwrap_or("file:data.db?mode=rwc")),
        StoreType::Rqlite => of_rqlite(connection.unwrap_or("http://localhost:4001")),
        StoreType::Postgres => match connection {
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Ok(url.to_owned())
            }
            _ => Err(Failure::usage(
                "--type postgres needs --connection postgres://user:password@host/database",
            )),
        },
    }
}

/// SQLite's own URLs: `file:data.db?mode=rwc`.
fn of_file(connection: &str) -> Result<String, Failure> {
    if connection.starts_with("sqlite:") {
        return Ok(connection.to_owned());
    }
    let path = connection.strip_prefix("file:").unwrap_or(connection);
    let path = path.strip_prefix("//").filter(|path| path.starts_with('/')).unwrap_or(path);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut is_memory = path == ":memory:";
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair {
            // Files are shared and created in any case.
            "mode=rwc" | "mode=rw" | "cache=shared" | "cache=private" => {}
            "mode=memory" => is_memory = true,
            _ => {
                let name = pair.split('=').next().unwrap_or_default();
                let text =
                    format!("--connection: SQLite's parameter {name:?} with this value has no meaning here");
                return Err(Failure::usage(format!("{text}; use --url sqlite:file.db")));
            }
        }
    }
    Ok(["sqlite:", if is_memory { ":memory:" } else { path }].concat())
}

/// rqlite's HTTP address, with user and password in its query.
fn of_rqlite(connection: &str) -> Result<String, Failure> {
    if connection.starts_with("rqlite") {
        return Ok(connection.to_owned());
    }
    let (scheme, rest) = match connection.split_once("://") {
        Some(("http", rest)) => ("rqlite", rest),
        Some(("https", rest)) => ("rqlites", rest),
        _ => {
            return Err(Failure::usage(
                "--type rqlite needs --connection http://host:4001?user=U&password=P",
            ));
        }
    };
    let (host, query) = rest.split_once('?').unwrap_or((rest, ""));
    let value = |name: &str| {
        let pair =
            query.split('&').find_map(|pair| pair.split_once('=').filter(|(known, _)| *known == name))?;
        // A query may hold these as they are; the part before the host may not.
        Some(pair.1.replace('+', "%20").replace('@', "%40").replace(':', "%3A").replace('/', "%2F"))
    };
    let host = host.trim_end_matches('/');
    Ok(match (value("user"), value("password")) {
        (Some(user), Some(password)) => format!("{scheme}://{user}:{password}@{host}"),
        (Some(user), None) => format!("{scheme}://{user}@{host}"),
        (None, _) => format!("{scheme}://{host}"),
    })
}

/// The URL without its secrets: no user, no password, no query.
pub fn shown(url: &str) -> String {
    let (scheme, rest) = url.split_once(':').unwrap_or(("", url));
    let Some(rest) = rest.strip_prefix("//") else {
        return url.split('?').next().unwrap_or_default().to_owned();
    };
    // A password may hold any of these characters as they are.
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let host = host.split(['?', '#']).next().unwrap_or_default();
    format!("{scheme}://{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_of_kv_become_urls() {
        use StoreType::{Postgres, Rqlite, Sqlite};
        for (store_type, connection, url) in [
            (Sqlite, None, "sqlite:data.db"),
            (Sqlite, Some("file:other.db?mode=rwc"), "sqlite:other.db"),
            (Sqlite, Some("file:///tmp/x.db"), "sqlite:/tmp/x.db"),
            (Sqlite, Some("file::memory:?mode=memory"), "sqlite::memory:"),
            (Rqlite, None, "rqlite://localhost:4001"),
            (
                Rqlite,
                Some("http://localhost:4001?user=admin&password=secret"),
                "rqlite://admin:secret@localhost:4001",
            ),
            (Rqlite, Some("https://h:1/?user=a&password=p@:w"), "rqlites://a:p%40%3Aw@h:1"),
            (
                Postgres,
                Some("postgres://postgres:secret@localhost:5432/testdb?sslmode=disable"),
                "postgres://postgres:secret@localhost:5432/testdb?sslmode=disable",
            ),
        ] {
            assert_eq!(of_connection(store_type, connection).expect(url), url);
        }
        assert!(of_connection(Postgres, None).is_err());
        assert!(of_connection(Rqlite, Some("localhost")).is_err());
        assert!(of_connection(Sqlite, Some("file:x?mode=ro")).is_err());
    }

    #[test]
    fn urls_are_shown_without_secrets() {
        for (url, safe) in [
            ("sqlite:data.db?timeout=1", "sqlite:data.db"),
            ("redis://u:p@ss@host:6379/0?x=secret", "redis://host:6379/0"),
            ("upstash://:token@host", "upstash://host"),
            ("memory:", "memory:"),
        ] {
            assert_eq!(shown(url), safe);
        }
    }
}
