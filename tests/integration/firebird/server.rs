//! A private Firebird server: its own configuration, port and folder, and nothing of it left when the program ends,
//! however it ends.

use std::io::Write as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use pilaster::passthrough::Limits;
use pilaster::passthrough::firebird::{Charset, Firebird, Options};
use pilaster::secret::Secret;

use crate::ports::free_port;

/// Set to anything, it leaves out what needs a Firebird server.
pub const WITHOUT: &str = "PILASTER_TEST_WITHOUT_FIREBIRD";
pub const PASSWORD: &str = "a password of the tests";

/// A server that runs until it is dropped.
pub struct Server {
    folder: PathBuf,
    pub port: u16,
    /// A shell that ends the server, and removes its folder, when its input ends.
    guard: Child,
    is_kept: bool,
}

/// The server that most tests share; None where the tests are to do without.
pub fn shared() -> Option<&'static Server> {
    static SHARED: OnceLock<Option<Server>> = OnceLock::new();
    SHARED.get_or_init(Server::start).as_ref()
}

/// Where the engine's plugins are.
fn installed() -> Option<PathBuf> {
    let libraries = std::fs::read_dir("/usr/lib").ok()?;
    libraries
        .filter_map(Result::ok)
        .map(|entry| entry.path().join("firebird/3.0"))
        .find(|path| path.join("plugins").is_dir())
}

impl Server {
    /// A server of its own; None where the tests are to do without.
    pub fn start() -> Option<Server> {
        Server::start_with("AuthServer = Srp256, Srp\nWireCrypt = Required\n")
    }

    /// A server with these lines in its configuration.
    pub fn start_with(lines: &str) -> Option<Server> {
        if std::env::var_os(WITHOUT).is_some() {
            // Past the capture of the test's output, so that it is seen.
            let _ = writeln!(std::io::stderr(), "without Firebird, as {WITHOUT} says");
            return None;
        }
        let Some(libraries) = installed().filter(|_| Path::new("/usr/sbin/firebird").exists())
        else {
            panic!(
                "a Firebird server is needed: `apt-get install firebird3.0-server firebird3.0-utils`, or `.ci/test`, which does that; {WITHOUT}=1 leaves these tests out"
            );
        };
        let folder = tempfile::Builder::new()
            .prefix("pilaster-firebird-")
            .tempdir()
            .expect("a folder")
            .keep();
        for part in ["plugins", "lib", "firebird.msg"] {
            symlink(&libraries.join(part), &folder.join(part));
        }
        // The character sets, which their list looks for where it really lies.
        std::fs::create_dir(folder.join("intl")).expect("a folder");
        for part in ["fbintl.conf", "libfbintl.so"] {
            let from = libraries.join("intl").join(part);
            std::fs::copy(from, folder.join("intl").join(part)).expect("the character sets");
        }
        std::fs::create_dir(folder.join("lock")).expect("a folder for locks");
        std::fs::write(folder.join("databases.conf"), "").expect("no aliases");
        std::fs::copy(
            "/etc/firebird/3.0/plugins.conf",
            folder.join("plugins.conf"),
        )
        .expect("the plugins");
        let port = free_port();
        let at = folder.display();
        std::fs::write(
            folder.join("firebird.conf"),
            format!(
                "RemoteBindAddress = 127.0.0.1\nRemoteServicePort = {port}\nSecurityDatabase = {at}/security.fdb\nUserManager = Srp\nDatabaseAccess = Full\nServerMode = Super\n{lines}"
            ),
        )
        .expect("a configuration");
        // While there is no server, its files are opened by the tool itself, which then asks for no password.
        isql(
            &folder,
            None,
            &format!(
                "CREATE DATABASE '{at}/security.fdb';\nCOMMIT;\nCREATE USER SYSDBA PASSWORD '{PASSWORD}' USING PLUGIN Srp;\nCOMMIT;\n"
            ),
        );
        let guard = guarded(&folder);
        let mut server = Server {
            folder,
            port,
            guard,
            is_kept: true,
        };
        server.wait();
        server.is_kept = false;
        Some(server)
    }

    /// Waits until it takes connections.
    fn wait(&self) {
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < until, "no Firebird server came up");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn signal(&self, signal: &str) {
        let number = std::fs::read_to_string(self.folder.join("pid")).expect("its number");
        let status = Command::new("kill")
            .args([signal, number.trim()])
            .status()
            .expect("kill runs");
        assert!(status.success(), "kill {signal}");
    }

    /// Stops it where it is.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    /// Ends it without a warning, and starts it anew on the same port.
    pub fn kill_and_restart(&mut self, down: Duration) {
        self.signal("-KILL");
        self.is_kept = true;
        std::fs::write(self.folder.join("keep"), "").expect("a mark");
        end(&mut self.guard);
        std::thread::sleep(down);
        std::fs::remove_file(self.folder.join("keep")).expect("the mark");
        self.guard = guarded(&self.folder);
        self.is_kept = false;
        self.wait();
    }

    /// A database of its own, made by a script.
    pub fn database(&self, charset: &str, script: &str) -> Database<'_> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!("practice-{number}.fdb"));
        let path = path.to_str().expect("a path of ASCII").to_owned();
        let login = format!("USER 'SYSDBA' PASSWORD '{PASSWORD}'");
        let create = format!(
            "CREATE DATABASE '127.0.0.1/{}:{path}' {login} PAGE_SIZE 16384 DEFAULT CHARACTER SET {charset};\n{script}\nCOMMIT;\n",
            self.port
        );
        isql(&self.folder, None, &create);
        Database { server: self, path }
    }

    pub fn options(&self, databases: Vec<(&str, String)>) -> Options {
        Options {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            user: "sysdba".to_owned(),
            password: Secret::new(PASSWORD),
            charset: Charset::Utf8,
            encrypt: true,
            databases: databases
                .into_iter()
                .map(|(name, path)| (name.into(), path))
                .collect(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.guard);
        if !self.is_kept {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// Has the guard see the end of its input, and waits for it.
fn end(guard: &mut Child) {
    drop(guard.stdin.take());
    let _ = guard.wait();
}

/// Starts the server under a shell that waits for the end of its input, which comes with the end of this program.
fn guarded(folder: &Path) -> Child {
    const SCRIPT: &str = "/usr/sbin/firebird >out 2>&1 </dev/null & \
        echo $! >pid; read -r never; kill -KILL $(cat pid) 2>/dev/null; wait; \
        [ -e keep ] || rm -rf \"$FIREBIRD\"";
    let _ = std::fs::remove_file(folder.join("pid"));
    let guard = Command::new("sh")
        .args(["-c", SCRIPT])
        .current_dir(folder)
        .envs(environment(folder))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a shell");
    let until = Instant::now() + Duration::from_secs(10);
    while std::fs::read_to_string(folder.join("pid")).map_or(true, |pid| pid.trim().is_empty()) {
        assert!(Instant::now() < until, "no Firebird server was started");
        std::thread::sleep(Duration::from_millis(5));
    }
    guard
}

fn environment(folder: &Path) -> [(&'static str, PathBuf); 3] {
    [
        ("FIREBIRD", folder.to_owned()),
        ("FIREBIRD_LOCK", folder.join("lock")),
        ("FIREBIRD_TMP", folder.to_owned()),
    ]
}

#[cfg(unix)]
fn symlink(from: &Path, to: &Path) {
    std::os::unix::fs::symlink(from, to).expect("a link");
}

#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) {
    panic!("a private Firebird server is started on Unix only");
}

/// Runs a script; all of it must be taken.
fn isql(folder: &Path, database: Option<&str>, script: &str) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), script).expect("a script");
    let mut command = Command::new("isql-fb");
    command
        .args(["-q", "-b", "-e", "-charset", "UTF8"])
        .envs(environment(folder));
    if let Some(database) = database {
        command.args(["-user", "SYSDBA", "-password", PASSWORD, database]);
    }
    let output = command
        .arg("-i")
        .arg(file.path())
        .output()
        .expect("isql-fb runs");
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A database of a server's.
pub struct Database<'s> {
    server: &'s Server,
    pub path: String,
}

impl<'s> Database<'s> {
    /// One that there is already.
    pub fn of(server: &'s Server, path: String) -> Database<'s> {
        Database { server, path }
    }

    /// Runs a script over a connection of its own.
    pub fn script(&self, script: &str) {
        let at = format!("127.0.0.1/{}:{}", self.server.port, self.path);
        isql(&self.server.folder, Some(&at), script);
    }

    pub fn driver(&self, limits: &Limits) -> Firebird {
        let options = self.server.options(vec![("", self.path.clone())]);
        Firebird::new(options, limits)
    }

    /// A connection of another client.
    pub fn other_client(&self) -> rsfbclient::SimpleConnection {
        rsfbclient::builder_pure_rust()
            .host("127.0.0.1")
            .port(self.server.port)
            .db_name(&self.path)
            .user("SYSDBA")
            .pass(PASSWORD)
            .connect()
            .expect("a connection")
            .into()
    }

    /// What the server counts, as another client sees it: a statement that gives one number.
    pub fn count(&self, sql: &str) -> i64 {
        use rsfbclient::Queryable;
        let mut connection = self.other_client();
        let row: Option<(i64,)> = connection.query_first(sql, ()).expect("a number");
        row.expect("a row").0
    }

    /// Connections but the asking one's.
    pub fn attachments(&self) -> i64 {
        self.count("SELECT COUNT(*) FROM MON$ATTACHMENTS WHERE MON$SYSTEM_FLAG = 0 AND MON$ATTACHMENT_ID <> CURRENT_CONNECTION")
    }

    /// Statements that run, but the asking one's.
    pub fn running(&self) -> i64 {
        self.count("SELECT COUNT(*) FROM MON$STATEMENTS s JOIN MON$ATTACHMENTS a ON a.MON$ATTACHMENT_ID = s.MON$ATTACHMENT_ID WHERE s.MON$STATE <> 0 AND a.MON$SYSTEM_FLAG = 0 AND s.MON$ATTACHMENT_ID <> CURRENT_CONNECTION")
    }

    /// Transactions that are open, but the asking one's.
    pub fn transactions(&self) -> i64 {
        self.count("SELECT COUNT(*) FROM MON$TRANSACTIONS t JOIN MON$ATTACHMENTS a ON a.MON$ATTACHMENT_ID = t.MON$ATTACHMENT_ID WHERE a.MON$SYSTEM_FLAG = 0 AND t.MON$ATTACHMENT_ID <> CURRENT_CONNECTION")
    }

    /// Waits until a count is what it is to be.
    pub fn becomes(&self, expected: i64, what: &str, count: impl Fn(&Self) -> i64) {
        let until = Instant::now() + Duration::from_secs(5);
        loop {
            let now = count(self);
            if now == expected {
                return;
            }
            assert!(Instant::now() < until, "{now} {what}, not {expected}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
