// A real PostgreSQL server for tests: started on a free loopback port, by a user who is not root, in a folder of its own.
// Tests that run at the same time share one; it stops with the last of them.

use super::redis::free_port;
use omnikv::backend::postgres::{Encryption, Settings};
use postgres::{Client, NoTls};
use std::env;
use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub const PASSWORD: &str = "p@ss:w/rd";

/// The password as a URL has it.
pub const PASSWORD_IN_URL: &str = "p%40ss%3Aw%2Frd";

const START_TIME: Duration = Duration::from_secs(60);

static SHARED: Mutex<Weak<PostgresServer>> = Mutex::new(Weak::new());

static SCHEMAS: AtomicU64 = AtomicU64::new(0);

pub struct PostgresServer {
    process: Child,
    port: u16,
    arguments: Vec<String>,
    folder: TempDir,
    aside: Mutex<Option<Client>>,
}

impl PostgresServer {
    /// The server of all tests that run now.
    pub fn shared() -> Arc<PostgresServer> {
        let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(PostgresServer::start());
            *shared = Arc::downgrade(&server);
            server
        })
    }

    /// Starts a server and waits until it answers.
    ///
    /// # Panics
    /// If PostgreSQL is not installed: these tests are never skipped.
    pub fn start() -> PostgresServer {
        PostgresServer::start_with(&[], |_| ())
    }

    /// Starts a server with more settings, such as `ssl=on`, once `prepare` has put files into its folder.
    pub fn start_with(settings: &[&str], prepare: impl FnOnce(&Path)) -> PostgresServer {
        let folder = tempfile::tempdir().unwrap();
        let password = folder.path().join("password");
        fs::write(&password, PASSWORD).unwrap();
        prepare(folder.path());
        let data = folder.path().join("data");
        give_away(folder.path());
        for file in fs::read_dir(folder.path()).unwrap() {
            give_away(&file.unwrap().path());
        }
        let made = command("initdb")
            .args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale"])
            .arg("--no-sync")
            .arg("--pwfile")
            .arg(&password)
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let arguments: Vec<String> =
            settings.iter().flat_map(|setting| ["-c".to_owned(), (*setting).to_owned()]).collect();
        // Another program may take the free port first: then the server exits, and the next attempt uses another port.
        let mut server = {
            let port = free_port();
            PostgresServer {
                process: spawn(&data, port, &arguments),
                port,
                arguments,
                folder,
                aside: Mutex::default(),
            }
        };
        for _ in 0..5 {
            if server.has_started() {
                return server;
            }
            server.port = free_port();
            server.process = spawn(&data, server.port, &server.arguments);
        }
        panic!("postgres did not start: {}", server.log());
    }

    /// A URL of a schema that no other test uses.
    pub fn url(&self) -> String {
        format!("{}?schema={}", self.url_of("postgres"), self.schema())
    }

    /// The name of a schema that no other test uses.
    pub fn schema(&self) -> String {
        format!("test{}", SCHEMAS.fetch_add(1, Ordering::Relaxed))
    }

    /// How to reach it, with the tables in this schema.
    pub fn settings(&self, schema: &str) -> Settings {
        Settings {
            hosts: vec![("127.0.0.1".into(), self.port)],
            user: "postgres".into(),
            password: Some(PASSWORD.into()),
            database: "postgres".into(),
            schema: schema.into(),
            application_name: "tests".into(),
            encryption: Encryption::Never,
            pool_size: 4,
            timeout: Duration::from_secs(10),
            retries: 5,
        }
    }

    /// Empties the tables in a schema, if there are any.
    pub fn clear(&self, schema: &str) {
        let clear = format!(
            "DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = '{schema}' \
             AND tablename NOT IN ('omnikv_schema', 'omnikv_sequence') LOOP EXECUTE format('DELETE FROM {schema}.%I', t); \
             END LOOP; IF t IS NOT NULL THEN UPDATE {schema}.omnikv_sequence SET number = 0, latest = 0; END IF; END $$"
        );
        // To prove the password takes long in a debug build.
        let mut aside = self.aside.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        aside.get_or_insert_with(|| self.connect()).batch_execute(&clear).unwrap();
    }

    /// The URL of a user with the tests' password.
    pub fn url_of(&self, user: &str) -> String {
        format!("postgres://{user}:{PASSWORD_IN_URL}@127.0.0.1:{}/postgres", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Another program's connection, as the superuser.
    pub fn connect(&self) -> Client {
        self.try_connect().expect("postgres has stopped answering")
    }

    fn try_connect(&self) -> Result<Client, postgres::Error> {
        let mut config = postgres::Config::new();
        config.host("127.0.0.1").port(self.port).user("postgres").password(PASSWORD).dbname("postgres");
        config.connect_timeout(Duration::from_secs(10)).connect(NoTls)
    }

    /// Kills the server, as in a crash. What serves single connections ends when it notices.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Restarts it on the same port, once what is left of the last one has ended.
    pub fn restart(&mut self) {
        let begin = Instant::now();
        while begin.elapsed() < START_TIME {
            self.process = spawn(&self.folder.path().join("data"), self.port, &self.arguments);
            if self.has_started() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("postgres did not start again: {}", self.log());
    }

    /// Stops it as an administrator does: connections are closed with a word of why.
    pub fn stop(&mut self) {
        let line = format!("kill -INT {}", self.process.id());
        assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success());
        self.process.wait().unwrap();
    }

    /// Waits until it answers; false if it has exited.
    fn has_started(&mut self) -> bool {
        let begin = Instant::now();
        while begin.elapsed() < START_TIME && self.process.try_wait().unwrap().is_none() {
            if self.answers() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// Whether this server answers, not another one on the same port.
    fn answers(&self) -> bool {
        let Ok(mut client) = self.try_connect() else { return false };
        let folder = client.query_one("SHOW data_directory", &[]);
        folder.is_ok_and(|row| Path::new(row.get::<_, &str>(0)) == self.folder.path().join("data"))
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("data/log")).unwrap_or_default()
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(data: &Path, port: u16, arguments: &[String]) -> Child {
    let log = fs::File::create(data.join("log")).unwrap();
    command("postgres")
        .arg("-D")
        .arg(data)
        .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-k", "", "-c", "max_connections=50"])
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// A program of PostgreSQL, run by a user who is not root.
fn command(name: &str) -> Command {
    let mut command = Command::new(program(name));
    command.stdin(Stdio::null()).env("LC_ALL", "C").current_dir("/");
    if let Some((user, group)) = other_user() {
        command.uid(user).gid(group);
    }
    command
}

/// Debian keeps its programs outside the PATH.
fn program(name: &str) -> PathBuf {
    let mut folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect();
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut debian: Vec<_> = debian.map(|version| version.path().join("bin")).collect();
    debian.sort();
    folders.extend(debian.into_iter().rev());
    let found = folders.into_iter().map(|folder| folder.join(name)).find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("this test needs PostgreSQL: apt-get install postgresql"))
}

/// The numbers of the user `postgres` and its group, if we are root, whom PostgreSQL refuses.
fn other_user() -> Option<(u32, u32)> {
    let is_root =
        fs::metadata("/proc/self").ok().is_some_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if !is_root {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let user = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2).map(|number| number.parse().unwrap());
        Some((numbers.next()?, numbers.next()?))
    };
    Some(user("postgres").or_else(|| user("nobody")).expect("a user who is not root"))
}

fn give_away(path: &Path) {
    if let Some((user, group)) = other_user() {
        chown(path, Some(user), Some(group)).unwrap();
    }
}
