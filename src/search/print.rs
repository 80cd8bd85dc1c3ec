//! From a syntax tree to its canonical text: what the `self` link says and what a cursor keeps.
//!
//! Reading the text again gives the same tree, but for what was ignored (it is left out) and the
//! positions (they are counted anew). Two encodings lie over each other: FHIR's backslashes before
//! `,` `|` `$` `\`, and the percent-encoding of the URL over that.

use std::fmt::{self, Write as _};

use super::ast::{
    DateValue, Filter, Include, Modifier, ParameterFilter, ParameterKind, Prefix, Reference,
    SearchRequest, TimePrecision, Token, TokenSystem, Value,
};

impl SearchRequest {
    /// The query string, percent-encoded, without `?`: filters in their order, then the result parameters.
    pub fn to_query(&self) -> String {
        self.to_query_with(self.count, self.cursor.as_deref())
    }

    /// As [`to_query`](Self::to_query), with another `_count` and `_cursor`: a `self` link shows the count
    /// that was used, a `next` link carries its cursor.
    pub fn to_query_with(&self, count: Option<u32>, cursor: Option<&str>) -> String {
        let mut query = Query {
            text: String::with_capacity(128),
        };
        self.filters.iter().for_each(|filter| query.filter(filter));
        query.list("_type", &self.types, |query, name| query.percent(name));
        query.list("_sort", &self.sort, |query, key| {
            if key.descending {
                query.text.push('-');
            }
            query.percent(&key.parameter);
        });
        query.one("_total", self.total.map(|total| total.word()));
        query.one("_summary", self.summary.map(|summary| summary.word()));
        query.list("_elements", &self.elements, |query, element| {
            query.percent(element)
        });
        self.includes
            .iter()
            .for_each(|include| query.include(include));
        if let Some(count) = count {
            query.separate();
            // Writing to a String cannot fail; so throughout this file.
            let _ = write!(query.text, "_count={count}");
        }
        query.form(self);
        query.one("_cursor", cursor);
        query.text
    }

    /// What is searched for, in which order, and with another `_count`: the query string without the form of the answer
    /// and without a cursor.
    pub fn criteria(&self, count: Option<u32>) -> String {
        SearchRequest {
            format: None,
            pretty: None,
            ..self.clone()
        }
        .to_query_with(count, None)
    }

    /// The query string of a page: its cursor, which stands for the search, and in which form it is asked for.
    pub fn page_query(&self, cursor: &str) -> String {
        let mut query = Query {
            text: String::with_capacity(cursor.len() + 64),
        };
        query.form(self);
        query.one("_cursor", Some(cursor));
        query.text
    }
}

/// The search as a relative URL: `Patient?family=smith`.
impl fmt::Display for SearchRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query = self.to_query();
        f.write_str(&self.resource)?;
        if !query.is_empty() {
            write!(f, "?{query}")?;
        }
        Ok(())
    }
}

struct Query {
    text: String,
}

impl Query {
    /// The form of the answer.
    fn form(&mut self, request: &SearchRequest) {
        self.one("_format", request.format.as_deref());
        let pretty = request.pretty;
        self.one(
            "_pretty",
            pretty.map(|pretty| if pretty { "true" } else { "false" }),
        );
    }

    fn separate(&mut self) {
        if !self.text.is_empty() {
            self.text.push('&');
        }
    }

    /// `name=value`, if there is a value.
    fn one(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.separate();
            self.text.push_str(name);
            self.text.push('=');
            self.percent(value);
        }
    }

    /// `name=item,item`, if there are items.
    fn list<T>(&mut self, name: &str, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        if items.is_empty() {
            return;
        }
        self.separate();
        self.text.push_str(name);
        let mut separator = '=';
        for item in items {
            self.text.push(separator);
            write(self, item);
            separator = ',';
        }
    }

    fn include(&mut self, include: &Include) {
        self.separate();
        self.text.push_str(if include.reverse {
            "_revinclude"
        } else {
            "_include"
        });
        self.text
            .push_str(if include.iterate { ":iterate=" } else { "=" });
        if let Some(source) = &include.source {
            self.percent(source);
            self.text.push(':');
        }
        self.percent(include.parameter.as_deref().unwrap_or("*"));
        if let Some(target) = &include.target {
            self.text.push(':');
            self.percent(target);
        }
    }

    fn filter(&mut self, filter: &Filter) {
        self.separate();
        let mut filter = filter;
        loop {
            filter = match filter {
                Filter::Chain { link, filter } => {
                    self.percent(&link.parameter);
                    if let Some(target) = &link.target {
                        self.text.push(':');
                        self.percent(target);
                    }
                    self.text.push('.');
                    filter
                }
                Filter::Has {
                    resource,
                    reference,
                    filter,
                } => {
                    self.text.push_str("_has:");
                    self.percent(resource);
                    self.text.push(':');
                    self.percent(reference);
                    self.text.push(':');
                    filter
                }
                Filter::Parameter(parameter) => return self.parameter(parameter),
            };
        }
    }

    fn parameter(&mut self, parameter: &ParameterFilter) {
        self.percent(&parameter.name);
        if let Some(modifier) = &parameter.modifier {
            self.text.push(':');
            self.percent(modifier.word());
        }
        let mut separator = '=';
        for value in &parameter.values {
            self.text.push(separator);
            separator = ',';
            match value {
                // A special parameter was taken as it is, and so it goes back.
                Value::String(text) if parameter.kind == ParameterKind::Special => {
                    self.percent(text)
                }
                _ => self.value(value),
            }
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Missing(missing) => self.text.push_str(if *missing { "true" } else { "false" }),
            Value::String(text) | Value::Uri(text) => self.escape(text),
            Value::Token(token) => self.token(token),
            Value::OfType {
                system,
                code,
                value,
            } => {
                self.escape(system);
                self.bar();
                self.escape(code);
                self.bar();
                self.escape(value);
            }
            Value::Date { prefix, date } => {
                self.prefix(*prefix);
                self.date(date);
            }
            Value::Number { prefix, number } => {
                self.prefix(*prefix);
                self.percent(&number.0);
            }
            Value::Quantity {
                prefix,
                number,
                system,
                code,
            } => {
                self.prefix(*prefix);
                self.percent(&number.0);
                if system.is_some() || code.is_some() {
                    self.bar();
                    self.escape(system.as_deref().unwrap_or_default());
                    self.bar();
                    self.escape(code.as_deref().unwrap_or_default());
                }
            }
            Value::Reference(reference) => self.reference(reference),
            Value::Composite(values) => {
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        self.text.push('$');
                    }
                    self.value(value);
                }
            }
        }
    }

    fn token(&mut self, token: &Token) {
        match &token.system {
            TokenSystem::Any => {}
            TokenSystem::Absent => self.bar(),
            TokenSystem::Is(system) => {
                self.escape(system);
                self.bar();
            }
        }
        self.escape(token.code.as_deref().unwrap_or_default());
    }

    fn reference(&mut self, reference: &Reference) {
        match reference {
            Reference::Id(id) => self.escape(id),
            Reference::Relative { resource, id } => {
                self.escape(resource);
                self.text.push('/');
                self.escape(id);
            }
            Reference::Absolute { base, resource, id } => {
                self.escape(base);
                self.text.push('/');
                self.escape(resource);
                self.text.push('/');
                self.escape(id);
            }
            Reference::Url(url) => self.escape(url),
            Reference::Identifier(token) => self.token(token),
        }
    }

    /// `eq` is the default and is left out.
    fn prefix(&mut self, prefix: Prefix) {
        if prefix != Prefix::Eq {
            self.text.push_str(prefix.word());
        }
    }

    fn date(&mut self, date: &DateValue) {
        // Only the `+` of an offset is not safe in a URL.
        self.percent(&date.to_string());
    }

    fn bar(&mut self) {
        self.text.push_str("%7C");
    }

    /// Text within a value: FHIR's escapes, and the URL's over them.
    fn escape(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = rest.find([',', '|', '$', '\\']) {
            self.percent(&rest[..at]);
            self.percent("\\");
            // All four are one byte.
            self.percent(&rest[at..=at]);
            rest = &rest[at + 1..];
        }
        self.percent(rest);
    }

    /// Percent-encodes all but what is safe in any part of a query (RFC 3986 §3.4), a little less than
    /// it allows: `'` `(` `;` and their like are read differently by too many programs.
    fn percent(&mut self, text: &str) {
        for byte in text.bytes() {
            let is_safe = byte.is_ascii_alphanumeric()
                || matches!(
                    byte,
                    b'-' | b'.' | b'_' | b'~' | b':' | b'/' | b',' | b'$' | b'*'
                );
            if is_safe {
                self.text.push(char::from(byte));
            } else {
                let _ = write!(self.text, "%{byte:02X}");
            }
        }
    }
}

/// As it is written in a search, with the precision that it has: `2024-05`, `2024-05-31T14:30+10:00`.
impl fmt::Display for DateValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DateValue::Year(year) => write!(f, "{year:04}"),
            DateValue::Month(year, month) => write!(f, "{year:04}-{month:02}"),
            DateValue::Day(day) => {
                write!(f, "{:04}-{:02}-{:02}", day.year(), day.month(), day.day())
            }
            DateValue::Time {
                at,
                precision,
                offset,
            } => {
                write!(
                    f,
                    "{:04}-{:02}-{:02}T{:02}:{:02}",
                    at.year(),
                    at.month(),
                    at.day(),
                    at.hour(),
                    at.minute()
                )?;
                if *precision != TimePrecision::Minute {
                    write!(f, ":{:02}", at.second())?;
                }
                if let TimePrecision::Fraction(digits) = precision {
                    let digits = u32::from((*digits).clamp(1, 9));
                    let written = at.subsec_nanosecond() / 10_i32.pow(9 - digits);
                    write!(f, ".{written:0width$}", width = digits as usize)?;
                }
                match offset {
                    None => Ok(()),
                    Some(0) => f.write_str("Z"),
                    Some(seconds) => {
                        let sign = if *seconds < 0 { '-' } else { '+' };
                        let minutes = seconds.unsigned_abs() / 60;
                        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
                    }
                }
            }
        }
    }
}

impl fmt::Display for Modifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
