//! Sites, as the API knows them: which product, which practice, which of several databases counts, and how each stands.
//!
//! Takes what the configuration says of each site ([`Declared`]) and which of them an operator chose; gives an index
//! ([`Sites`]) in which a PMS's own number of a practice leads to one site. With what is known at the moment ([`Live`])
//! an entry becomes a [`SiteRecord`], and this the JSON of the API ([`WireSite`]). Plain data and pure functions.

use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::id::SiteId;
use super::integrator::Environment;
use super::link::Availability;
use super::moment::Moment;

/// A practice management system.
///
/// The API has names for three. Another product goes by its own: a client that knows the three never meets it, since no
/// path lists sites; one is had by naming its product, or its id.
#[derive(Debug, Clone, Eq)]
pub enum Product {
    BestPractice,
    Zedmed,
    D4w,
    /// By its own name: `Open Dental`.
    Other(Arc<str>),
}

impl Product {
    /// The names of those that the API has names for, and what their vendors call them.
    pub const NAMES: [&'static str; 5] = [
        "Best Practice",
        "Zedmed",
        "D4w",
        "Bp Premier",
        "Dental4Windows",
    ];

    /// Whether the API has a name for it.
    pub fn is_known(&self) -> bool {
        !matches!(self, Product::Other(_))
    }

    /// The product of a name: that of a lookup (`Best Practice`), that of a site (`BestPractice`), or what its vendor calls
    /// it (`Bp Premier`); blanks and case make no difference. Any other name is another product's.
    pub fn named(name: &str) -> Product {
        let known = [
            (Product::BestPractice, ["bestpractice", "bppremier"]),
            (Product::Zedmed, ["zedmed", "zedmed"]),
            (Product::D4w, ["d4w", "dental4windows"]),
        ];
        let found = known.into_iter().find(|(_, names)| {
            let mut names = names.iter();
            names.any(|known| folded(name).eq(known.chars()))
        });
        match found {
            Some((product, _)) => product,
            None => Product::Other(Arc::from(name.trim())),
        }
    }

    /// As a site has it in `pmsType`.
    pub fn wire_name(&self) -> &str {
        match self {
            Product::BestPractice => "BestPractice",
            Product::Zedmed => "Zedmed",
            Product::D4w => "D4w",
            Product::Other(name) => name,
        }
    }

    /// A text that two names of one product have in common, and those of two products have not.
    pub fn folded_name(&self) -> String {
        folded(self.wire_name()).collect()
    }

    /// As people say it, and as a site is looked up by.
    pub fn name(&self) -> &str {
        match self {
            Product::BestPractice => "Best Practice",
            other => other.wire_name(),
        }
    }
}

/// A name without blanks, in lower case.
fn folded(name: &str) -> impl Iterator<Item = char> {
    let letters = name.chars().filter(|c| !c.is_whitespace());
    letters.flat_map(char::to_lowercase)
}

impl PartialEq for Product {
    fn eq(&self, other: &Product) -> bool {
        folded(self.wire_name()).eq(folded(other.wire_name()))
    }
}

impl Hash for Product {
    fn hash<H: Hasher>(&self, state: &mut H) {
        folded(self.wire_name()).for_each(|c| c.hash(state));
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How far a site has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SiteStatus {
    /// Its database has never been seen.
    Initialising,
    Active,
    /// It is served no more.
    Removed,
    Uninstalled,
}

impl SiteStatus {
    /// As the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            SiteStatus::Initialising => "initialising",
            SiteStatus::Active => "active",
            SiteStatus::Removed => "removed",
            SiteStatus::Uninstalled => "uninstalled",
        }
    }
}

/// Whether a site can be asked, and how far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Standing {
    pub availability: Availability,
    pub status: SiteStatus,
}

impl Standing {
    /// Of a site that answers.
    pub const ONLINE: Standing = Standing {
        availability: Availability::Online,
        status: SiteStatus::Active,
    };

    /// Of a site whose database server does not answer, and once did.
    pub const UNREACHABLE: Standing = Standing {
        availability: Availability::Unreachable,
        status: SiteStatus::Active,
    };

    /// Of a site that the configuration has no more.
    pub const REMOVED: Standing = Standing {
        availability: Availability::Offline,
        status: SiteStatus::Removed,
    };
}

/// What a practice's own database says of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PracticeMetadata {
    pub practice_name: Option<Arc<str>>,
    /// The PMS's own number of the practice.
    pub practice_management_site_id: Option<Arc<str>>,
    /// Of the product.
    pub practice_management_version: Option<Arc<str>>,
}

/// What a practice's database said of it, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enriched {
    pub at: Moment,
    pub metadata: PracticeMetadata,
}

/// A site, as the configuration says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    pub id: SiteId,
    pub environment: Environment,
    pub product: Product,
    /// The PMS's own number of the practice; None of a demo, or of a developer's database.
    pub pms_id: Option<Arc<str>>,
    /// Whether it is the authoritative one of its PMS ID, where that is said.
    pub authoritative: Option<bool>,
    /// The practice's name, until its database says it.
    pub name: Option<Arc<str>>,
    /// The names of its databases, the default one first; empty where there is one without a name.
    pub catalogues: Vec<Arc<str>>,
}

/// A database of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Catalogue {
    #[schema(value_type = String)]
    pub name: Arc<str>,
    /// It is asked by a command that names none.
    pub is_default: bool,
}

/// What is known of a site at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    pub standing: Standing,
    /// Of the program that asks the database.
    pub link_version: Arc<str>,
    /// None before the database was asked.
    pub enriched: Option<Enriched>,
}

impl Live {
    /// Of a site whose database this program asks itself.
    pub fn direct(standing: Standing, enriched: Option<Enriched>) -> Live {
        Live {
            standing,
            link_version: Arc::from(env!("CARGO_PKG_VERSION")),
            enriched,
        }
    }
}

/// A site with its place among the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub declared: Declared,
    /// The PMS's own number of the practice, or what stands in for it ([`fake_pms_id`]).
    pub pms_id: Arc<str>,
    /// It is the one that is asked, of all that have its PMS ID.
    pub is_authoritative: bool,
}

/// All that is told of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteRecord {
    pub id: SiteId,
    pub environment: Environment,
    pub product: Product,
    pub availability: Availability,
    pub status: SiteStatus,
    pub link_version: Arc<str>,
    pub enriched_at: Option<Moment>,
    pub catalogues: Vec<Catalogue>,
    /// With the PMS ID that the site is looked up by.
    pub metadata: PracticeMetadata,
    pub is_authoritative: bool,
}

impl Entry {
    /// The site as it is at the moment. What the configuration says of its PMS ID counts before what the database says;
    /// with the practice's name it is the other way round.
    pub fn record(&self, live: &Live) -> SiteRecord {
        let declared = &self.declared;
        let known = live.enriched.as_ref().map(|it| it.metadata.clone());
        let known = known.unwrap_or_default();
        let catalogues = declared.catalogues.iter().enumerate();
        SiteRecord {
            id: declared.id,
            environment: declared.environment,
            product: declared.product.clone(),
            availability: live.standing.availability,
            status: live.standing.status,
            link_version: Arc::clone(&live.link_version),
            enriched_at: live.enriched.as_ref().map(|it| it.at),
            catalogues: catalogues
                .map(|(place, name)| Catalogue {
                    name: Arc::clone(name),
                    is_default: place == 0,
                })
                .collect(),
            metadata: PracticeMetadata {
                practice_name: known.practice_name.or_else(|| declared.name.clone()),
                practice_management_site_id: Some(Arc::clone(&self.pms_id)),
                practice_management_version: known.practice_management_version,
            },
            is_authoritative: self.is_authoritative,
        }
    }

    /// The database says another PMS ID than the configuration.
    pub fn differs_from(&self, metadata: &PracticeMetadata) -> bool {
        let found = metadata.practice_management_site_id.as_deref();
        match (self.declared.pms_id.as_deref(), found) {
            (Some(declared), Some(found)) => declared.trim() != found.trim(),
            _ => false,
        }
    }
}

/// What stands in for the PMS ID of a database that has no unique one: the first 8 characters of the site's GUID.
pub fn fake_pms_id(id: SiteId) -> Arc<str> {
    let text = id.to_string();
    Arc::from(text.get(..8).unwrap_or(&text))
}

/// A PMS ID, and where it counts.
type PmsKey = (Product, Arc<str>, Environment);

/// The sites, by their ids and by their PMS IDs.
#[derive(Debug, Clone, Default)]
pub struct Sites {
    entries: Vec<Entry>,
    by_id: HashMap<SiteId, usize>,
    /// The authoritative site of each PMS ID.
    by_pms_id: HashMap<PmsKey, usize>,
    overruled: Vec<SiteId>,
}

impl Sites {
    /// The sites of a configuration, in its order, and those that an operator has made authoritative.
    ///
    /// Of the sites that have one PMS ID, one is authoritative: the operator's choice, else the one of which the
    /// configuration says so, else the first of those of which it does not say the contrary. A site without a PMS ID
    /// shares it with none. Of two with one id the first counts; the configuration has none.
    pub fn new(declared: impl IntoIterator<Item = Declared>, chosen: &[SiteId]) -> Sites {
        let mut sites = Sites::default();
        let mut groups: HashMap<PmsKey, Vec<usize>> = HashMap::new();
        for declared in declared {
            let place = sites.entries.len();
            if sites.by_id.contains_key(&declared.id) {
                continue;
            }
            sites.by_id.insert(declared.id, place);
            if let Some(pms_id) = &declared.pms_id {
                let key = (
                    declared.product.clone(),
                    Arc::clone(pms_id),
                    declared.environment,
                );
                groups.entry(key).or_default().push(place);
            }
            sites.entries.push(Entry {
                pms_id: match &declared.pms_id {
                    Some(pms_id) => Arc::clone(pms_id),
                    None => fake_pms_id(declared.id),
                },
                is_authoritative: declared.pms_id.is_none(),
                declared,
            });
        }
        for (key, places) in groups {
            let declared = |place: &usize| &sites.entries[*place].declared;
            let is_chosen = |place: &usize| chosen.contains(&declared(place).id);
            let says = |place: &usize, it| declared(place).authoritative == Some(it);
            let by_operator = places.iter().find(|place| is_chosen(place));
            let by_file = places.iter().find(|place| says(place, true));
            let first = places.iter().find(|place| !says(place, false));
            let Some(one) = by_operator.or(by_file).or(first).or(places.first()) else {
                continue;
            };
            let lost = by_file.filter(|place| *place != one);
            let lost = lost.map(|place| declared(place).id);
            sites.overruled.extend(lost);
            sites.entries[*one].is_authoritative = true;
            sites.by_pms_id.insert(key, *one);
        }
        sites.overruled.sort_unstable();
        sites.index_fakes();
        sites
    }

    /// What stands in for a PMS ID leads to a site where no practice has it.
    fn index_fakes(&mut self) {
        let fakes = self.entries.iter().enumerate();
        for (place, entry) in fakes.filter(|(_, entry)| entry.declared.pms_id.is_none()) {
            let key = (
                entry.declared.product.clone(),
                Arc::clone(&entry.pms_id),
                entry.declared.environment,
            );
            self.by_pms_id.entry(key).or_insert(place);
        }
    }

    /// All of them, in the order of the configuration.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The site of an id.
    pub fn get(&self, id: SiteId) -> Option<&Entry> {
        self.by_id.get(&id).map(|place| &self.entries[*place])
    }

    /// The authoritative site of a practice.
    pub fn lookup(
        &self,
        product: &Product,
        pms_id: &str,
        environment: Environment,
    ) -> Option<&Entry> {
        let key = (product.clone(), Arc::from(pms_id.trim()), environment);
        self.by_pms_id.get(&key).map(|place| &self.entries[*place])
    }

    /// The other sites that have a site's PMS ID, whichever is authoritative.
    pub fn siblings(&self, of: &Entry) -> impl Iterator<Item = &Entry> {
        let of = of.declared.clone();
        self.entries.iter().filter(move |entry| {
            let one = &entry.declared;
            one.id != of.id
                && one.pms_id.is_some()
                && one.pms_id == of.pms_id
                && one.product == of.product
                && one.environment == of.environment
        })
    }

    /// The sites that the configuration makes authoritative and an operator did not: worth a warning.
    pub fn overruled(&self) -> &[SiteId] {
        &self.overruled
    }
}

/// A site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Site)]
pub struct WireSite {
    #[schema(value_type = String, format = "uuid")]
    pub id: SiteId,
    /// `BestPractice`, `Zedmed` or `D4w`; of a site of another product, which was asked for, the product's own name.
    #[schema(example = "BestPractice")]
    pub pms_type: String,
    /// `offline` after it said that it goes, `unreachable` while it does not answer.
    pub availability: Availability,
    pub status: SiteStatus,
    /// The version of the program that asks the practice's database.
    pub halo_link_version: String,
    /// When the practice's database last told of itself; absent before it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub enriched_at: Option<Moment>,
    /// Its databases by name; empty where it has one without a name.
    pub catalogue: Vec<Catalogue>,
    pub practice_metadata: WirePracticeMetadata,
    /// Of the databases that have its PMS ID, this is the one that can be asked.
    pub authoritative: bool,
}

/// What is known of a practice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PracticeMetadata)]
pub struct WirePracticeMetadata {
    pub pms_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub practice_name: Option<Arc<str>>,
    /// The PMS's own number of the practice. Of a database that has none: the first 8 characters of the site's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub practice_management_site_id: Option<Arc<str>>,
    /// The version of the PMS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub practice_management_version: Option<Arc<str>>,
}

impl From<&SiteRecord> for WireSite {
    fn from(site: &SiteRecord) -> WireSite {
        let pms_type = site.product.wire_name().to_owned();
        WireSite {
            id: site.id,
            pms_type: pms_type.clone(),
            availability: site.availability,
            status: site.status,
            halo_link_version: site.link_version.to_string(),
            enriched_at: site.enriched_at,
            catalogue: site.catalogues.clone(),
            practice_metadata: WirePracticeMetadata {
                pms_type,
                practice_name: site.metadata.practice_name.clone(),
                practice_management_site_id: site.metadata.practice_management_site_id.clone(),
                practice_management_version: site.metadata.practice_management_version.clone(),
            },
            authoritative: site.is_authoritative,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::integrator::Environment::{Production, Staging};

    /// A site of a product, with a number of its own in the GUID.
    fn site(number: u128, pms_id: Option<&str>) -> Declared {
        let id = 0x8f1a_e3f6_0c3f_4a5e_9a41_0000_0000_0000 + number;
        Declared {
            id: SiteId(uuid::Uuid::from_u128(id)),
            environment: Production,
            product: Product::BestPractice,
            pms_id: pms_id.map(Arc::from),
            authoritative: None,
            name: Some(Arc::from("Harbour Street Medical")),
            catalogues: vec![Arc::from("PATIENTS"), Arc::from("DRUGS")],
        }
    }

    fn says(number: u128, authoritative: Option<bool>) -> Declared {
        Declared {
            authoritative,
            ..site(number, Some("12345"))
        }
    }

    fn found(sites: &Sites) -> Option<SiteId> {
        let entry = sites.lookup(&Product::BestPractice, "12345", Production)?;
        assert!(entry.is_authoritative);
        Some(entry.declared.id)
    }

    #[test]
    fn a_product_is_known_by_each_of_its_names() {
        let names = [
            ("Best Practice", Product::BestPractice, "BestPractice"),
            ("bestpractice", Product::BestPractice, "BestPractice"),
            (" BEST  PRACTICE", Product::BestPractice, "BestPractice"),
            ("Bp Premier", Product::BestPractice, "BestPractice"),
            ("zedmed", Product::Zedmed, "Zedmed"),
            ("D4W", Product::D4w, "D4w"),
            ("Dental4Windows", Product::D4w, "D4w"),
            (" Open Dental ", Product::named("opendental"), "Open Dental"),
        ];
        for (name, product, wire) in names {
            let named = Product::named(name);
            assert_eq!(named, product, "{name}");
            assert_eq!(named.wire_name(), wire, "{name}");
            assert_eq!(Product::named(named.name()), named);
            assert_eq!(named.folded_name(), product.folded_name());
        }
        assert!(
            Product::NAMES
                .map(Product::named)
                .iter()
                .all(Product::is_known)
        );
        assert!(!Product::named("Open Dental").is_known());
        assert_ne!(Product::named("Bp"), Product::BestPractice);
        // A name of another product does not become one of the three by the way it is made.
        assert_eq!(
            Product::Other(Arc::from("best practice")),
            Product::BestPractice
        );
    }

    #[test]
    fn of_several_databases_with_one_pms_id_one_is_authoritative() {
        let ids: Vec<SiteId> = (0..3).map(|number| site(number, None).id).collect();
        let cases = [
            ([None, None, None], None, 0),
            ([None, Some(true), None], None, 1),
            ([Some(false), None, None], None, 1),
            ([Some(false), Some(false), None], None, 2),
            ([None, None, None], Some(2), 2),
            ([None, Some(true), None], Some(2), 2),
            ([Some(false); 3], None, 0),
        ];
        for (said, chosen, expected) in cases {
            let declared = (0..).zip(said).map(|(number, said)| says(number, said));
            let chosen: Vec<SiteId> = chosen.map(|place: usize| ids[place]).into_iter().collect();
            let sites = Sites::new(declared, &chosen);
            assert_eq!(found(&sites), Some(ids[expected]), "{said:?}");
            let authoritative = sites.iter().filter(|entry| entry.is_authoritative);
            assert_eq!(authoritative.count(), 1, "{said:?}");
            let is_overruled = !chosen.is_empty() && said.contains(&Some(true));
            assert_eq!(!sites.overruled().is_empty(), is_overruled, "{said:?}");
            let one = sites.get(ids[0]).expect("there");
            assert_eq!(sites.siblings(one).count(), 2);
        }
    }

    #[test]
    fn a_pms_id_counts_for_its_product_and_in_its_environment() {
        let mut other = site(1, Some("12345"));
        other.environment = Staging;
        let mut zedmed = site(2, Some("12345"));
        zedmed.product = Product::Zedmed;
        let sites = Sites::new([site(0, Some("12345")), other.clone(), zedmed.clone()], &[]);
        assert!(sites.iter().all(|entry| entry.is_authoritative));
        let of = |product: &Product, id, environment| {
            let entry = sites.lookup(product, id, environment);
            entry.map(|entry| entry.declared.id)
        };
        let bp = Product::BestPractice;
        assert_eq!(of(&bp, "12345", Staging), Some(other.id));
        assert_eq!(of(&bp, " 12345 ", Production), Some(site(0, None).id));
        assert_eq!(of(&Product::Zedmed, "12345", Production), Some(zedmed.id));
        assert_eq!(of(&Product::Zedmed, "12345", Staging), None);
        assert_eq!(of(&bp, "1234", Production), None);
    }

    #[test]
    fn a_database_without_a_pms_id_has_one_of_its_guid() {
        let sites = Sites::new([site(0, None), site(1, None)], &[]);
        // Theirs begin alike: the first is found, and both can be asked.
        assert!(sites.iter().all(|entry| entry.is_authoritative));
        let entry = sites.lookup(&Product::named("BestPractice"), "8f1ae3f6", Production);
        assert_eq!(entry.map(|it| it.declared.id), Some(site(0, None).id));
        assert_eq!(sites.siblings(entry.expect("there")).count(), 0);
        // A practice whose own number it is comes first.
        let sites = Sites::new([site(0, None), site(1, Some("8f1ae3f6"))], &[]);
        let entry = sites.lookup(&Product::BestPractice, "8f1ae3f6", Production);
        assert_eq!(entry.map(|it| it.declared.id), Some(site(1, None).id));
    }

    #[test]
    fn a_site_is_written_as_the_api_has_it() {
        let sites = Sites::new([says(1, None), says(2, None)], &[]);
        let entry = sites.get(site(1, None).id).expect("there");
        let metadata = PracticeMetadata {
            practice_name: Some(Arc::from("Harbour Street Family Practice")),
            practice_management_site_id: Some(Arc::from("54321")),
            practice_management_version: Some(Arc::from("3.4.1")),
        };
        assert!(entry.differs_from(&metadata));
        let live = Live {
            standing: Standing::ONLINE,
            link_version: Arc::from("22.1207.209"),
            enriched: Some(Enriched {
                at: Moment::from_millis(1_795_344_675_123),
                metadata,
            }),
        };
        let wire = WireSite::from(&entry.record(&live));
        insta::assert_snapshot!(serde_json::to_string_pretty(&wire).expect("JSON"), @r#"
        {
          "id": "8f1ae3f6-0c3f-4a5e-9a41-000000000001",
          "pmsType": "BestPractice",
          "availability": "online",
          "status": "active",
          "haloLinkVersion": "22.1207.209",
          "enrichedAt": "2026-11-22T10:51:15.123Z",
          "catalogue": [
            {
              "name": "PATIENTS",
              "isDefault": true
            },
            {
              "name": "DRUGS",
              "isDefault": false
            }
          ],
          "practiceMetadata": {
            "pmsType": "BestPractice",
            "practiceName": "Harbour Street Family Practice",
            "practiceManagementSiteId": "12345",
            "practiceManagementVersion": "3.4.1"
          },
          "authoritative": true
        }
        "#);
        let other = sites.get(site(2, None).id).expect("there");
        let never = Live::direct(
            Standing {
                availability: Availability::Unreachable,
                status: SiteStatus::Initialising,
            },
            None,
        );
        let wire = WireSite::from(&other.record(&never));
        assert!(!wire.authoritative && wire.enriched_at.is_none());
        assert_eq!(wire.halo_link_version, env!("CARGO_PKG_VERSION"));
        assert_eq!(
            wire.practice_metadata.practice_name.as_deref(),
            Some("Harbour Street Medical")
        );
        assert_eq!(
            serde_json::to_value(&wire).expect("JSON")["availability"],
            Availability::Unreachable.name()
        );
    }
}
