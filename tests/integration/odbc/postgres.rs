//! A PostgreSQL server of the tests' own, which ends with them.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::ports::free_port;

pub const USER: &str = "reader";
pub const PASSWORD: &str = "pass;word={}of the tests";

/// Shared by all tests; each has tables of its own.
pub static POSTGRES: LazyLock<Postgres> = LazyLock::new(Postgres::start);

pub struct Postgres {
    pub port: u16,
    folder: TempDir,
    /// A shell whose input ends with this process, and which then ends the server.
    _keeper: Child,
}

/// The folder of the newest server that is installed.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed");
    let mut found: Vec<PathBuf> = versions
        .map(|version| version.unwrap().path().join("bin"))
        .filter(|folder| folder.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().expect("a PostgreSQL server is installed")
}

impl Postgres {
    fn start() -> Postgres {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let is_root = path.metadata().unwrap().uid() == 0;
        if is_root {
            // The server refuses to be root.
            let owned = Command::new("chown").arg("postgres").arg(path).status();
            assert!(owned.unwrap().success());
        }
        let port = free_port();
        let script = format!(
            r#"cd "$1"
            initdb -D data -U owner -A trust -E UTF8 --locale=C.UTF-8 --no-sync >initdb.log 2>&1 || exit 1
            printf 'local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n' >data/pg_hba.conf
            postgres -D data -k "$1" -p {port} -c listen_addresses=127.0.0.1 -c fsync=off >server.log 2>&1 &
            server=$!
            cat >/dev/null
            kill -QUIT $server
            wait
            rm -rf "$1""#
        );
        let mut command = match is_root {
            true => Command::new("runuser"),
            false => Command::new("sh"),
        };
        if is_root {
            command.args(["-u", "postgres", "--", "sh"]);
        }
        let path_of = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", programs().display());
        let keeper = command
            .args(["-c", &script, "sh"])
            .arg(path)
            .env("PATH", path_of)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let server = Postgres {
            port,
            folder,
            _keeper: keeper,
        };
        let started = Instant::now();
        while !server.try_run("postgres", "SELECT 1") {
            assert!(started.elapsed() < Duration::from_secs(60), "no PostgreSQL");
            std::thread::sleep(Duration::from_millis(100));
        }
        server.run(
            "postgres",
            &format!("CREATE USER {USER} PASSWORD '{PASSWORD}'"),
        );
        for database in ["practice", "clinical"] {
            server.run("postgres", &format!("CREATE DATABASE {database}"));
            server.run(
                database,
                &format!("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {USER}"),
            );
        }
        server
    }

    fn try_run(&self, database: &str, script: &str) -> bool {
        let done = Command::new(programs().join("psql"))
            .args([
                "-q",
                "-X",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                "owner",
                "-d",
                database,
                "-c",
                script,
            ])
            .arg("-h")
            .arg(self.folder.path())
            .args(["-p", &self.port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        done.unwrap().success()
    }

    /// Runs SQL as the owner.
    pub fn run(&self, database: &str, script: &str) {
        assert!(self.try_run(database, script), "{script}");
    }
}
