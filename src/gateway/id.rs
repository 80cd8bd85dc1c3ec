//! Ids: GUIDs, each of a kind of its own, so that none is taken for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// An id that nothing else has, and nobody can guess.
            pub fn generate() -> $name {
                $name(Uuid::new_v4())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<$name, uuid::Error> {
                Uuid::try_parse(text).map($name)
            }
        }
    )*};
}

ids! {
    /// Who has keys: a company with a product, in either environment the same.
    IntegratorId;
    /// A practice's database.
    SiteId;
    /// An immediate, an async or a registered query.
    QueryId;
    /// A subscription key; not the key itself.
    KeyId;
    /// A message to an integrator's webhook; the same at each attempt.
    DeliveryId;
}
