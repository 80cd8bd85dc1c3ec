//! The rules that a configuration file is checked by: each has a file of its own, as those of mappings have.
//!
//! What a few lines of the file alone cannot show, such as a secret that others may read, has no example.

pub mod example;
mod pc001;
mod pc002;
mod pc003;
mod pc004;
mod pc005;
mod pc006;
mod pc007;
mod pc008;
mod pc009;
mod pc010;
mod pc011;
mod pc012;
mod pc013;
mod pc014;
mod pc015;
mod pc016;
mod pc017;
mod pc018;
mod pc019;
mod pc020;
mod pc021;

use crate::mapping::Rule;
use crate::mapping::rules::of_files;

of_files! {
    pc001::FILE,
    pc002::SYNTAX,
    pc003::UNKNOWN_KEY,
    pc004::MISSING_KEY,
    pc005::WRONG_TYPE,
    pc006::INVALID_VALUE,
    pc007::PLAIN_SECRET,
    pc008::NO_SECRET,
    pc009::DUPLICATE,
    pc010::CATALOGUES,
    pc011::MAPPING,
    pc012::NOT_BUILT,
    pc013::UNSAFE,
    pc014::OTHER_ENGINE,
    pc015::READABLE_SECRET,
    pc016::NO_FILE,
    pc017::SAME_DATABASE,
    pc018::AUTHORITATIVE,
    pc019::SHARED_PMS_ID,
    pc020::UNKNOWN_PRODUCT,
    pc021::TEMPORARY,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::tests::have_files;

    #[test]
    fn every_rule_has_its_file_and_every_file_its_rule() {
        have_files("src/config/rules", "pc", ALL);
    }
}
