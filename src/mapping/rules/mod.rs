//! The rules that a mapping is checked by: each has a file of its own, named by its code.
//!
//! A file holds the rule, its explanation, an example that breaks it and one that does not, and the test that both do
//! so. The pages of `pilaster mapping explain-code` and `mappings/rules.md` are made of them ([`page`]). The examples
//! are files of a small practice, the [`clinic`].
//!
//! Errors keep a mapping from being served; warnings do not. `PM00…` the files, `PM01…` elements and constants, `PM02…`
//! and `PM03…` tables, columns and conditions, `PM04…` conversions and code tables, `PM05…` and `PM06…` the whole.

mod pm001;
mod pm002;
mod pm003;
mod pm004;
mod pm005;
mod pm006;
mod pm007;
mod pm008;
mod pm009;
mod pm010;
mod pm011;
mod pm012;
mod pm013;
mod pm014;
mod pm015;
mod pm016;
mod pm017;
mod pm018;
mod pm019;
mod pm020;
mod pm021;
mod pm022;
mod pm023;
mod pm024;
mod pm025;
mod pm026;
mod pm027;
mod pm028;
mod pm029;
mod pm030;
mod pm031;
mod pm032;
mod pm033;
mod pm034;
mod pm035;
mod pm036;
mod pm037;
mod pm038;
mod pm039;
mod pm040;
mod pm041;
mod pm042;
mod pm043;
mod pm044;
mod pm045;
mod pm046;
mod pm047;
mod pm048;
mod pm049;
mod pm050;
mod pm051;
mod pm052;
mod pm053;
mod pm054;
mod pm055;
mod pm056;
mod pm057;
mod pm058;
mod pm059;
mod pm060;
mod pm061;
mod pm062;

pub mod clinic;
pub mod page;

/// Whether a mapping that breaks the rule can be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// Files by their names, with their text: they replace those of the same name in the practice of the examples.
pub type Example = &'static [(&'static str, &'static str)];

/// A rule, of the mapping language or of another kind of file.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable and documented: `PM011`.
    pub code: &'static str,
    pub severity: Severity,
    /// One line: what is wrong.
    pub title: &'static str,
    /// Why it is a problem, and what to do about it.
    pub explanation: &'static str,
    /// Breaks this rule and no other. Empty where a few lines cannot show it.
    pub wrong: Example,
    /// The same as it should be.
    pub right: Example,
}

/// Makes the rules of the files known by their names, and `ALL` of them in the order of the documentation page.
macro_rules! of_files {
    ($($file:ident::$name:ident,)*) => {
        $(pub use $file::$name;)*
        /// All of them, in the order of the documentation page.
        pub static ALL: &[&Rule] = &[$(&$name),*];
    };
}

of_files! {
    pm001::SYNTAX,
    pm002::UNSUPPORTED_YAML,
    pm003::DUPLICATE_KEY,
    pm004::UNKNOWN_KEY,
    pm005::MISSING_KEY,
    pm006::WRONG_SHAPE,
    pm007::INVALID_VALUE,
    pm008::FOLDER,
    pm009::DUPLICATE_NAME,
    pm010::UNKNOWN_RESOURCE,
    pm011::UNKNOWN_ELEMENT,
    pm012::NOT_REPEATING,
    pm013::REPEATING,
    pm014::REQUIRED_ELEMENT,
    pm015::CONSTANT_FORM,
    pm016::OUTSIDE_BINDING,
    pm017::CHOICE_TWICE,
    pm018::NOT_PRIMITIVE,
    pm019::SET_ELSEWHERE,
    pm020::UNKNOWN_TABLE,
    pm021::UNKNOWN_COLUMN,
    pm022::UNKNOWN_ALIAS,
    pm023::DUPLICATE_ALIAS,
    pm024::COLUMN_TYPE,
    pm025::CONDITION_SYNTAX,
    pm026::COMPARED_TYPES,
    pm027::CYCLIC_LOOKUPS,
    pm028::TOO_MANY_LOOKUPS,
    pm029::LOOKUP_MULTIPLIES,
    pm030::CHILD_OUTSIDE,
    pm031::EACH,
    pm032::MIXED_ROWS,
    pm033::CHILD_ON,
    pm034::RAW_DIALECT,
    pm035::RAW_TEXT,
    pm036::OPTIONAL_COLUMN,
    pm037::ID_TYPE,
    pm038::CATALOGUE,
    pm039::SHARED_ID,
    pm040::UNKNOWN_CODES,
    pm041::CONVERSION,
    pm042::CONVERSION_KEYS,
    pm043::CODE_TABLE,
    pm044::LAYOUT,
    pm045::UNCHECKED_CODE,
    pm046::LOOKS_LIKE_COLUMN,
    pm047::EMPTY_FILE,
    pm048::UNANSWERED_CODE,
    pm049::TOO_SHORT,
    pm050::REFERENCE_TARGET,
    pm051::NOT_SERVED,
    pm052::REFERENCE_ID,
    pm053::PROFILE_URL,
    pm054::SEARCH,
    pm055::PARTLY_SEARCHED,
    pm056::LACKS,
    pm057::NOT_LACKING,
    pm058::REQUIRED_PARAMETER,
    pm059::INVARIANT,
    pm060::MEASURE_PART,
    pm061::CATALOGUES,
    pm062::PRACTICE,
}

/// A static for each rule of a table, and `ALL` of them in its order. Such rules have no examples.
macro_rules! rules {
    ($($name:ident = $code:literal, $severity:ident, $title:literal, $explanation:literal;)*) => {
        $(
            #[doc = $title]
            pub static $name: Rule = Rule {
                code: $code,
                severity: Severity::$severity,
                title: $title,
                explanation: $explanation,
                wrong: &[],
                right: &[],
            };
        )*
        /// All of them, in the order of the documentation page.
        pub static ALL: &[&Rule] = &[$(&$name),*];
    };
}

pub(crate) use {of_files, rules};

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Asserts that a folder has a file for each rule, named by its code, and no other that begins so.
    pub fn have_files(folder: &str, prefix: &str, rules: &[&Rule]) {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .expect("the folder")
            .filter_map(|entry| entry.expect("an entry").file_name().into_string().ok())
            .filter_map(|name| Some(name.strip_suffix(".rs")?.to_owned()))
            .filter(|name| name.starts_with(prefix))
            .collect();
        files.sort();
        let codes = rules.iter().map(|rule| rule.code.to_ascii_lowercase());
        assert_eq!(files, codes.collect::<Vec<_>>());
    }

    #[test]
    fn codes_are_in_order_and_explained() {
        assert!(ALL.windows(2).all(|pair| pair[0].code < pair[1].code));
        for rule in ALL {
            assert!(
                rule.code.len() == 5 && rule.code.starts_with("PM"),
                "{}",
                rule.code
            );
            assert!(rule.explanation.ends_with('.'), "{}", rule.code);
            assert!(!rule.title.ends_with('.'), "{}", rule.code);
        }
    }

    #[test]
    fn every_rule_has_its_file_and_every_file_its_rule() {
        have_files("src/mapping/rules", "pm", ALL);
    }

    #[test]
    fn every_rule_is_broken_by_its_wrong_example_and_kept_by_its_right_one() {
        for rule in ALL {
            clinic::tested(rule);
        }
    }
}
