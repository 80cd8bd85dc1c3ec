//! From an open socket to an attached database: the protocol's version, the login, the cipher, the attachment.

use super::super::PassthroughError;
use super::Options;
use super::srp::{Agreed, Client, Plugin, unhex};
use super::status::{self, Failure};
use super::wire::{Broken, Wire};
use crate::hex::hex;

// Operations of the protocol, as `protocol.h` names them.
const CONNECT: u32 = 1;
const ACCEPT: u32 = 3;
const REJECT: u32 = 4;
pub(super) const RESPONSE: u32 = 9;
const ATTACH: u32 = 19;
pub(super) const DUMMY: u32 = 71;
const CONT_AUTH: u32 = 92;
const ACCEPT_DATA: u32 = 94;
const CRYPT: u32 = 96;
const COND_ACCEPT: u32 = 98;

/// Firebird 3's version of the protocol, which newer servers speak too. Older ones have neither this login nor
/// BOOLEAN, and are not offered.
const VERSION: u32 = 0x8000 | 13;

/// What the server wants next of a login.
struct Challenge {
    plugin: Option<Plugin>,
    salt: Vec<u8>,
    public: Vec<u8>,
}

/// Attaches to a database, and gives the server's handle of it. `name` is what messages call it.
pub(super) fn attach(
    wire: &mut Wire,
    options: &Options,
    path: &str,
    name: &str,
) -> Result<u32, PassthroughError> {
    attempt(wire, options, path).map_err(|failure| match failure {
        Failure::Broken(Broken::Late) => PassthroughError::Unreachable("timed out".to_owned()),
        Failure::Broken(Broken::Cut) => {
            PassthroughError::Unreachable("the connection was closed".to_owned())
        }
        Failure::Refused(status) => status.of_connecting(name),
        Failure::Ours(error) => error,
    })
}

fn attempt(wire: &mut Wire, options: &Options, path: &str) -> Result<u32, Failure> {
    // As Firebird reads a name: in upper case unless it is quoted.
    let user = match options.user.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"').unwrap_or(quoted).to_owned(),
        None => options.user.to_uppercase(),
    };
    let mut random = [0; 32];
    getrandom::fill(&mut random)
        .map_err(|_| PassthroughError::Open("no random numbers".to_owned()))?;
    let client = Client::new(&random);
    greet(wire, path, &user, &client, options.encrypt);
    wire.flush()?;
    let accepted = operation(wire)?;
    match accepted {
        RESPONSE => {
            response_body(wire)?;
            return Err(other_protocol());
        }
        ACCEPT | ACCEPT_DATA | COND_ACCEPT => {}
        REJECT => return Err(other_protocol()),
        // Whatever it is that listens there.
        _ => return Err(no_firebird()),
    }
    let version = wire.u32()? & 0xffff;
    let _architecture = wire.u32()?;
    let _kind = wire.u32()?;
    if version != VERSION {
        return Err(other_protocol());
    }
    let agree = |challenge: &Challenge| -> Result<(Plugin, Agreed), Failure> {
        let plugin = challenge.plugin.ok_or_else(no_plugin)?;
        let password = options.password.reveal();
        let agreed = client.agree(plugin, &user, password, &challenge.salt, &challenge.public);
        Ok((plugin, agreed.ok_or_else(no_firebird)?))
    };
    // What goes with the attachment, where the login is not done before it.
    let mut login = None;
    if accepted != ACCEPT {
        let mut challenge = challenge(wire)?;
        let is_known = wire.u32()? != 0;
        wire.opaque(|_| ())?;
        if !is_known && accepted == COND_ACCEPT {
            // Another plugin than the first offered: the server has not looked at the public number.
            if challenge.public.is_empty() {
                let plugin = challenge.plugin.ok_or_else(no_plugin)?;
                send_auth(wire, client.public().as_bytes(), plugin);
                wire.flush()?;
                challenge = continued(wire)?;
            }
            let (plugin, agreed) = agree(&challenge)?;
            send_auth(wire, hex(&agreed.proof).as_bytes(), plugin);
            wire.flush()?;
            response(wire)?;
            wire.put(CRYPT);
            wire.put_opaque(b"Arc4");
            wire.put_opaque(b"Symmetric");
            wire.flush()?;
            // The answer is the first that is enciphered.
            wire.encipher(&agreed.key);
            response(wire)?;
        } else if !is_known && challenge.public.is_empty() {
            let plugin = challenge.plugin.ok_or_else(no_plugin)?;
            login = Some((plugin, client.public()));
        } else if !is_known {
            let (plugin, agreed) = agree(&challenge)?;
            login = Some((plugin, hex(&agreed.proof)));
        }
    }
    // Whatever the server was asked for, and says of itself; what is left of a login would go with the attachment.
    if options.encrypt && !wire.is_enciphered() {
        return Err(not_encrypted().into());
    }
    wire.put(ATTACH);
    wire.put(0);
    wire.put_opaque(path.as_bytes());
    wire.put_opaque(&parameters(options, &user, login));
    wire.flush()?;
    match operation(wire)? {
        RESPONSE => Ok(response_body(wire)?.handle),
        // The server has looked at the public number that came with the attachment.
        CONT_AUTH => {
            let challenge = rest_of_continued(wire)?;
            let (plugin, agreed) = agree(&challenge)?;
            send_auth(wire, hex(&agreed.proof).as_bytes(), plugin);
            wire.flush()?;
            Ok(response(wire)?.handle)
        }
        _ => Err(no_firebird()),
    }
}

/// `op_connect`: who is there, and what the client speaks.
fn greet(wire: &mut Wire, path: &str, user: &str, client: &Client, encrypt: bool) {
    let mut about = Vec::with_capacity(512);
    let mut say = |tag: u8, value: &[u8]| {
        about.push(tag);
        about.push(u8::try_from(value.len()).unwrap_or(u8::MAX));
        about.extend_from_slice(&value[..value.len().min(255)]);
    };
    say(9, user.as_bytes());
    say(8, Plugin::Srp256.name().as_bytes());
    say(10, Plugin::LIST.as_bytes());
    // In pieces, each with its place.
    for (place, piece) in (0u8..).zip(client.public().as_bytes().chunks(254)) {
        let mut numbered = vec![place];
        numbered.extend_from_slice(piece);
        say(7, &numbered);
    }
    // The cipher is required, or wanted where the server has it.
    let cipher: u32 = if encrypt { 2 } else { 1 };
    say(11, &cipher.to_le_bytes());
    // The user and the host of the operating system are nobody's business; empty is allowed.
    say(1, b"");
    say(4, b"");
    say(6, b"");
    wire.put(CONNECT);
    wire.put(ATTACH);
    wire.put(3);
    wire.put(1);
    wire.put_opaque(path.as_bytes());
    wire.put(1);
    wire.put_opaque(&about);
    // Version, any architecture, from a plain reply to one sent lazily, and its weight.
    for part in [VERSION, 1, 0, 5, 8] {
        wire.put(part);
    }
}

/// The attachment's parameters.
fn parameters(options: &Options, user: &str, login: Option<(Plugin, String)>) -> Vec<u8> {
    // The second version, whose lengths have four bytes.
    let mut block = vec![2];
    let mut say = |tag: u8, value: &[u8]| {
        block.push(tag);
        block.extend_from_slice(&u32::try_from(value.len()).unwrap_or(0).to_le_bytes());
        block.extend_from_slice(value);
    };
    say(48, options.charset.name().as_bytes());
    // Names and paths are UTF-8.
    say(77, b"");
    say(28, user.as_bytes());
    say(63, &[3]);
    say(74, b"pilaster");
    if let Some((plugin, digits)) = login {
        say(86, plugin.name().as_bytes());
        say(85, Plugin::LIST.as_bytes());
        say(84, digits.as_bytes());
    }
    block
}

fn send_auth(wire: &mut Wire, data: &[u8], plugin: Plugin) {
    wire.put(CONT_AUTH);
    wire.put_opaque(data);
    wire.put_opaque(plugin.name().as_bytes());
    wire.put_opaque(Plugin::LIST.as_bytes());
    wire.put_opaque(b"");
}

fn challenge(wire: &mut Wire) -> Result<Challenge, Failure> {
    let (salt, public) = wire.opaque(salt_and_public)?.ok_or_else(no_firebird)?;
    let plugin = wire.opaque(Plugin::of)?;
    Ok(Challenge {
        plugin,
        salt,
        public,
    })
}

/// Two texts with their lengths, or nothing at all.
fn salt_and_public(data: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    if data.is_empty() {
        return Some((Vec::new(), Vec::new()));
    }
    let (length, rest) = data.split_first_chunk::<2>()?;
    let (salt, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let digits = rest.get(..usize::from(u16::from_le_bytes(*length)))?;
    Some((salt.to_vec(), unhex(digits)?))
}

fn continued(wire: &mut Wire) -> Result<Challenge, Failure> {
    match operation(wire)? {
        CONT_AUTH => rest_of_continued(wire),
        RESPONSE => {
            response_body(wire)?;
            Err(no_plugin())
        }
        _ => Err(no_firebird()),
    }
}

fn rest_of_continued(wire: &mut Wire) -> Result<Challenge, Failure> {
    let challenge = challenge(wire)?;
    wire.opaque(|_| ())?;
    wire.opaque(|_| ())?;
    Ok(challenge)
}

fn no_firebird() -> Failure {
    PassthroughError::Unreachable("what answers there is no Firebird".to_owned()).into()
}

fn other_protocol() -> Failure {
    PassthroughError::Unreachable("it is older than Firebird 3".to_owned()).into()
}

/// The server does without a cipher, and the site does not.
pub(super) fn not_encrypted() -> PassthroughError {
    PassthroughError::Unreachable(
        "it does not encrypt the connection: turn on WireCrypt at the server, or do without (`encrypt = false` in the configuration, --no-encryption of a command)".to_owned(),
    )
}

fn no_plugin() -> Failure {
    PassthroughError::Unreachable("it takes neither Srp nor Srp256 logins".to_owned()).into()
}

/// What the server answers most requests with.
pub(super) struct Response {
    /// Of what was made.
    pub(super) handle: u32,
    pub(super) data: Vec<u8>,
}

/// The number of the next operation. A server that wants to know whether its client is there is not one.
pub(super) fn operation(wire: &mut Wire) -> Result<u32, Broken> {
    loop {
        match wire.u32()? {
            DUMMY => {}
            operation => return Ok(operation),
        }
    }
}

pub(super) fn response(wire: &mut Wire) -> Result<Response, Failure> {
    match operation(wire)? {
        RESPONSE => response_body(wire),
        CONT_AUTH => {
            // One more turn of a login that we believed done: the proof was not taken.
            Err(PassthroughError::Login.into())
        }
        _ => Err(Broken::Cut.into()),
    }
}

pub(super) fn response_body(wire: &mut Wire) -> Result<Response, Failure> {
    let handle = wire.u32()?;
    let _object = wire.u64()?;
    let data = wire.opaque(<[u8]>::to_vec)?;
    match status::read(wire)? {
        None => Ok(Response { handle, data }),
        Some(status) => Err(Failure::Refused(status)),
    }
}
