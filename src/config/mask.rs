//! The text of a configuration file as it may be shown: without what somebody wrote where a secret belongs.
//!
//! A key may be misspelt, and a password may stand in a URL: so what is shown are the values of the keys that hold no
//! secrets, without what stands in front of an `@`, and of no other.

/// Keys whose values are shown. Those of `[site.databases]` are names of catalogues, in capitals.
const SHOWN: [&str; 45] = [
    "allow-private",
    "authoritative",
    "base-url",
    "caller",
    "certificate-name",
    "charset",
    "connect",
    "connection",
    "connections",
    "data",
    "database",
    "database-attribute",
    "dialect",
    "driver",
    "enabled",
    "encrypt",
    "env",
    "environment",
    "explorer",
    "file",
    "host",
    "id",
    "instance",
    "listen",
    "login",
    "mapping",
    "name",
    "page",
    "page-most",
    "pms",
    "pms-id",
    "port",
    "rate",
    "rate-limit",
    "retention-days",
    "rows-mib",
    "site",
    "statement",
    "time-zone",
    "trust-any-certificate",
    "trusted-authority",
    "url",
    "user",
    "waiting",
    "writes",
];

/// Keys whose lists hold tables.
const LISTS: [&str; 2] = ["key", "site"];

/// Attributes of a connection string that hold secrets.
const ATTRIBUTES: [&str; 3] = ["pwd", "password", "passwd"];

/// The text with every value that may be a secret as asterisks, at the same places.
pub(super) fn mask(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(equals) = rest.find('=') {
        let (before, after) = rest.split_at(equals + 1);
        out.push_str(before);
        let value = after.trim_start_matches([' ', '\t']);
        out.push_str(&after[..after.len() - value.len()]);
        // A table names its own keys, and so do those of a list.
        let is_of_tables = LISTS.contains(&key_of(&before[..equals])) && is_list_of_tables(value);
        if value.starts_with('{') || is_of_tables {
            rest = value;
            continue;
        }
        let (value, behind) = value.split_at(end_of_value(value));
        rest = behind;
        // No key that is shown is a list's; one that is not closed goes to the end of the text.
        match is_shown(key_of(&before[..equals])) && !value.starts_with('[') {
            true => out.push_str(&without_credentials(value)),
            false => hide(value, &mut out),
        }
    }
    out.push_str(rest);
    out
}

/// The key that stands at the end of a text.
fn key_of(text: &str) -> &str {
    let text = text.trim_end().trim_end_matches(['"', '\'']);
    let is_key = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    text.rsplit(|c| !is_key(c)).next().unwrap_or_default()
}

fn is_shown(key: &str) -> bool {
    let is_catalogue = !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    is_catalogue || SHOWN.contains(&key)
}

/// Asterisks for all but quotes and the ends of lines.
fn hide(value: &str, out: &mut String) {
    for c in value.chars() {
        match c {
            '"' | '\'' | '\r' | '\n' => out.push(c),
            c => out.extend(std::iter::repeat_n('*', c.len_utf8())),
        }
    }
}

/// A value without what stands before its last `@`, and without the secret attributes of a connection string.
fn without_credentials(value: &str) -> String {
    let mut shown = String::with_capacity(value.len());
    let (credentials, rest) = value.split_at(value.rfind('@').unwrap_or(0));
    hide(credentials, &mut shown);
    for (place, part) in rest.split(';').enumerate() {
        if place > 0 {
            shown.push(';');
        }
        let name = part.split('=').next().unwrap_or_default();
        let name = name.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
        match part.find('=') {
            Some(equals) if ATTRIBUTES.contains(&name.as_str()) => {
                shown.push_str(&part[..=equals]);
                hide(&part[equals + 1..], &mut shown);
            }
            _ => shown.push_str(part),
        }
    }
    shown
}

fn is_list_of_tables(value: &str) -> bool {
    let Some(inside) = value.strip_prefix('[') else {
        return false;
    };
    let mut lines = inside.lines().map(str::trim_start);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
    first.is_some_and(|line| line.starts_with('{'))
}

/// Where a list ends: at the bracket that closes it, or with the text.
fn end_of_list(value: &str) -> usize {
    let (mut at, mut open) = (0, 0_usize);
    while let Some(c) = value[at..].chars().next() {
        match c {
            '[' => open += 1,
            ']' if open == 1 => return at + 1,
            ']' => open -= 1,
            '#' => {
                at += value[at..].find('\n').unwrap_or(value.len() - at);
                continue;
            }
            '"' | '\'' => {
                at += end_of_value(&value[at..]);
                continue;
            }
            _ => {}
        }
        at += c.len_utf8();
    }
    value.len()
}

/// Where a value ends: at its closing quotes, or, without any, at the end of the line; a list at its closing bracket.
fn end_of_value(value: &str) -> usize {
    if value.starts_with('[') {
        return end_of_list(value);
    }
    for quotes in ["\"\"\"", "'''"] {
        if let Some(inside) = value.strip_prefix(quotes) {
            return inside.find(quotes).map_or(value.len(), |at| at + 6);
        }
    }
    let Some(quote @ ('"' | '\'')) = value.chars().next() else {
        return value.find(['\n', ',', '}', '#']).unwrap_or(value.len());
    };
    let mut escaped = false;
    for (at, c) in value.char_indices().skip(1) {
        match c {
            '\\' if quote == '"' && !escaped => escaped = true,
            c if c == quote && !escaped => return at + 1,
            // It was not closed: nothing on the line is to be seen.
            '\n' => return at,
            _ => escaped = false,
        }
    }
    value.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_all_else_stays_at_its_place() {
        let cases = [
            (
                "password = \"a b\\\"c\" # x\n",
                "password = \"****\"*\" # x\n",
            ),
            ("pasword = \"hunter2\"", "pasword = \"*******\""),
            (
                "password = { env = \"NAME\" }",
                "password = { env = \"NAME\" }",
            ),
            (
                "secret = { vale = \"hunter2\" }",
                "secret = { vale = \"*******\" }",
            ),
            (
                "x = { host = \"h\", password='pw', port = 1 }",
                "x = { host = \"h\", password='**', port = 1 }",
            ),
            ("\"operator-key\" = \"é\"", "\"operator-key\" = \"**\""),
            (
                "connection = \"Driver=X;PWD={hunter2};Host=h\"",
                "connection = \"Driver=X;PWD=*********;Host=h\"",
            ),
            (
                "secret = unquoted\nid = \"x\"",
                "secret = ********\nid = \"x\"",
            ),
            (
                "password = \"\"\"\nhunter2\n\"\"\"\nid = 'x'",
                "password = \"\"\"\n*******\n\"\"\"\nid = 'x'",
            ),
            (
                "url = \"http://joe:hunter2@api\"",
                "url = \"******************@api\"",
            ),
            (
                "OFFICE = \"SYSDBA:hunter2@h:/x.fdb\"",
                "OFFICE = \"**************@h:/x.fdb\"",
            ),
            (
                "password = \"open\nid = \"x\"",
                "password = \"****\nid = \"x\"",
            ),
            ("name = \"Key Street\"", "name = \"Key Street\""),
            (
                "setup = [\"SET x = 'a]'\",\n \"SET y = 1\"]\nid = \"x\"",
                "setup = *\"********'**'\"*\n*\"*********\"*\nid = \"x\"",
            ),
            (
                "password = [[\"hunter2\"], 1]\nid = \"x\"",
                "password = **\"*******\"*****\nid = \"x\"",
            ),
            (
                "host = [\npassword = \"hunter2\"\n",
                "host = *\n***********\"*******\"\n",
            ),
            ("setup = [ # its ]\n \"x\"]", "setup = *********\n*\"*\"*"),
            (
                "key = [ # one\n { secret = \"x\" } ]",
                "key = [ # one\n { secret = \"*\" } ]",
            ),
            (
                "key = [ { caller = \"a\", secret = \"hunter2\" } ]",
                "key = [ { caller = \"a\", secret = \"*******\" } ]",
            ),
        ];
        for (text, shown) in cases {
            let masked = mask(text);
            assert_eq!(masked.len(), text.len(), "{text}");
            assert_eq!(masked, shown);
        }
    }
}
