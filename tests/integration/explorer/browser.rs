//! A headless Chromium, told what to do over its DevTools protocol: messages of JSON that end in NUL, through a pipe
//! (`--remote-debugging-pipe`), so that neither a port nor a WebSocket is needed.
//!
//! What is waited for is waited for in the page, until a condition holds or its time is over.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Until the browser has answered.
const PATIENCE: Duration = Duration::from_secs(60);
/// Until a condition holds in the page.
const SOON: Duration = Duration::from_secs(20);

/// Set to anything, it leaves out what needs a browser.
const WITHOUT: &str = "PILASTER_TEST_WITHOUT_CHROMIUM";
/// By what names the browser goes.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// A browser with one page.
pub struct Browser {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    /// Seen while an answer was waited for.
    events: VecDeque<Value>,
    session: String,
    last: u64,
    _profile: TempDir,
}

/// What a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub width: u32,
    pub height: u32,
    pub is_phone: bool,
    pub is_dark: bool,
}

pub const DESK: Window = Window {
    width: 1440,
    height: 900,
    is_phone: false,
    is_dark: false,
};
pub const LAPTOP: Window = Window {
    width: 1280,
    ..DESK
};
pub const PHONE: Window = Window {
    width: 390,
    height: 844,
    is_phone: true,
    is_dark: false,
};

impl Browser {
    /// Starts one; None where the environment says that there is none.
    pub fn start() -> Option<Browser> {
        if std::env::var_os(WITHOUT).is_some() {
            // Past the capture of the test's output, so that it is seen.
            let _ = writeln!(std::io::stderr(), "without Chromium, as {WITHOUT} says");
            return None;
        }
        let name = NAMES.iter().find(|name| {
            let asked = Command::new(name).arg("--version").output();
            asked.is_ok_and(|output| output.status.success())
        });
        let name = name.unwrap_or_else(|| {
            panic!("Chromium is needed: `apt-get install chromium`, or `.ci/test`, which does that; {WITHOUT}=1 leaves these tests out")
        });
        let profile = tempfile::tempdir().expect("a folder");
        // The shell gives the browser its pipe: descriptor 3 to read, 4 to write.
        let mut child = Command::new("sh")
            .args([
                "-c",
                "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null",
                name,
            ])
            .args(["--headless", "--remote-debugging-pipe", "--disable-gpu"])
            // It runs in containers, and as root, where its sandbox cannot be made; it loads nothing but this program's page.
            .args(["--no-sandbox", "--disable-dev-shm-usage"])
            .args([
                "--no-first-run",
                "--no-default-browser-check",
                "--disable-extensions",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the browser runs");
        let input = child.stdin.take().expect("its pipe");
        let output = child.stdout.take().expect("its pipe");
        let (tell, messages) = channel();
        std::thread::spawn(move || {
            for message in BufReader::new(output).split(0) {
                let Ok(message) = message else { return };
                let Ok(message) = serde_json::from_slice(&message) else {
                    return;
                };
                if tell.send(message).is_err() {
                    return;
                }
            }
        });
        let mut browser = Browser {
            child,
            input,
            messages,
            events: VecDeque::new(),
            session: String::new(),
            last: 0,
            _profile: profile,
        };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = browser.call("Target.attachToTarget", attach);
        browser.session = attached["sessionId"]
            .as_str()
            .expect("a session")
            .to_owned();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        Some(browser)
    }

    /// Calls a method of the protocol, and gives its result.
    #[track_caller]
    fn call(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let mut message = json!({"id": self.last, "method": method, "params": params});
        if !self.session.is_empty() {
            message["sessionId"] = self.session.as_str().into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.input.write_all(&bytes).expect("the browser listens");
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let answer = self.messages.recv_timeout(left);
            let answer = answer.unwrap_or_else(|error| panic!("{method}: no answer: {error}"));
            if answer["id"] != self.last {
                self.events.push_back(answer);
                continue;
            }
            assert!(answer.get("error").is_none(), "{method}: {answer}");
            return answer["result"].clone();
        }
    }

    /// Shows the page as a window does.
    pub fn show_as(&mut self, window: Window) {
        let Window {
            width,
            height,
            is_phone,
            is_dark,
        } = window;
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone});
        self.call("Emulation.setDeviceMetricsOverride", metrics);
        let scheme = if is_dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", features);
    }

    /// Opens a URL, and waits until the page has loaded.
    pub fn open(&mut self, url: &str) {
        // A URL that differs in its fragment alone would not be loaded anew.
        self.call("Page.navigate", json!({"url": "about:blank"}));
        self.until("location.href === 'about:blank'");
        self.call("Page.navigate", json!({"url": url}));
        self.until("location.protocol === 'http:' && document.readyState === 'complete'");
    }

    /// The value of an expression in the page.
    #[track_caller]
    pub fn value(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let result = self.call("Runtime.evaluate", asked);
        assert!(
            result.get("exceptionDetails").is_none(),
            "{expression}: {result}"
        );
        result["result"]["value"].clone()
    }

    #[track_caller]
    pub fn text(&mut self, expression: &str) -> String {
        let value = self.value(expression);
        let text = value
            .as_str()
            .unwrap_or_else(|| panic!("{expression}: {value}"));
        text.to_owned()
    }

    /// Waits until a condition holds in the page.
    #[track_caller]
    pub fn until(&mut self, condition: &str) {
        let wait = format!(
            "new Promise((done) => {{ const end = performance.now() + {}; const look = () => {{ \
             if ({condition}) done(true); else if (performance.now() > end) done(false); else setTimeout(look, 20); }}; look(); }})",
            SOON.as_millis()
        );
        if self.value(&wait) != true {
            let shown = self.text("document.body.innerText");
            panic!("not within {SOON:?}: {condition}\n{shown}");
        }
    }

    /// Writes a text where the focus is.
    pub fn write(&mut self, text: &str) {
        self.call("Input.insertText", json!({"text": text}));
    }

    /// Presses a key, by the name that KeyboardEvent.key has.
    pub fn press(&mut self, key: &str) {
        self.press_with(key, 0);
    }

    /// Presses a key with modifiers: 1 Alt, 2 Ctrl, 4 Meta, 8 Shift.
    pub fn press_with(&mut self, key: &str, modifiers: u8) {
        let (code, number) = match key {
            "Enter" => (13, "Enter"),
            "Tab" => (9, "Tab"),
            "Escape" => (27, "Escape"),
            "ArrowDown" => (40, "ArrowDown"),
            "ArrowUp" => (38, "ArrowUp"),
            "ArrowRight" => (39, "ArrowRight"),
            _ => (0, ""),
        };
        let mut event = json!({"type": "keyDown", "key": key, "code": number, "windowsVirtualKeyCode": code, "modifiers": modifiers});
        // What writes something says what.
        match key {
            "Enter" => event["text"] = "\r".into(),
            one if one.chars().count() == 1 => event["text"] = one.into(),
            _ => event["type"] = "rawKeyDown".into(),
        }
        self.call("Input.dispatchKeyEvent", event.clone());
        event["type"] = "keyUp".into();
        event["text"] = "".into();
        self.call("Input.dispatchKeyEvent", event);
    }

    /// Writes a picture of the page into a file.
    pub fn picture(&mut self, path: &Path) {
        let shot = self.call("Page.captureScreenshot", json!({"format": "png"}));
        let data = shot["data"].as_str().expect("a picture");
        let bytes = base64::engine::general_purpose::STANDARD.decode(data);
        std::fs::write(path, bytes.expect("base64")).expect("written");
    }

    /// What the page has done so far, without its answers to what it was told.
    pub fn events(&mut self, method: &str) -> Vec<Value> {
        // Whatever was sent before this is answered has come.
        self.call("Runtime.evaluate", json!({"expression": "0"}));
        let events = self.events.iter().filter(|event| event["method"] == method);
        events.map(|event| event["params"].clone()).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
