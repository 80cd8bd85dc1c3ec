//! The Composition, and the document that it begins.

use std::collections::BTreeMap;

use serde_json::Value;

use super::COMPOSITION_PROFILE;
use super::document::{self, CodeableConcept, Composition, Document, Meta, Narrative, Reference};
use super::gather::Resource;
use super::narrative::Div;
use super::sections::Section;
use crate::site::answer::new_id;

/// A section, and what it lists.
pub(super) struct Listed {
    pub section: &'static Section,
    pub urls: Vec<String>,
    /// There is more than is listed.
    pub is_cut: bool,
    /// Rows that could not be resources.
    pub left_out: usize,
}

/// What the document says of itself.
pub(super) struct Head<'a> {
    pub base: &'a str,
    /// The patient's URL.
    pub patient: &'a str,
    pub name: &'a str,
    /// The practice's URL, if it is known.
    pub practice: Option<&'a str>,
    pub now: &'a str,
    pub has_profile: bool,
}

impl Head<'_> {
    /// The Bundle, and how many entries it has.
    ///
    /// # Errors
    /// None that is known: it is plain data.
    pub fn document(
        &self,
        listed: &[Listed],
        all: &BTreeMap<String, Resource>,
    ) -> Result<(Vec<u8>, usize), serde_json::Error> {
        // Made for this document: their URLs, and what they are.
        let mut made: Vec<(String, Vec<u8>)> = Vec::new();
        let mut absent = Vec::with_capacity(listed.len());
        for of_section in listed {
            let nothing = of_section
                .section
                .absent
                .filter(|_| of_section.urls.is_empty());
            let url = match nothing {
                Some(nothing) => {
                    let id = new_id();
                    made.push((document::urn(&id), nothing.resource(&id, self.patient)?));
                    Some(document::urn(&id))
                }
                None => None,
            };
            absent.push(url);
        }
        let device = new_id();
        let device_url = document::urn(&device);
        if self.practice.is_none() {
            made.push((device_url.clone(), document::device(&device)?));
        }
        let id = new_id();
        let composition = Composition {
            resource_type: "Composition",
            id: &id,
            meta: self.has_profile.then_some(Meta {
                profile: [COMPOSITION_PROFILE],
            }),
            text: self.narrative(),
            status: "final",
            ty: CodeableConcept::of("http://loinc.org", "60591-5"),
            subject: Reference {
                reference: self.patient,
            },
            date: self.now,
            author: [Reference {
                reference: self.practice.unwrap_or(&device_url),
            }],
            title: "International Patient Summary",
            custodian: self.practice.map(|reference| Reference { reference }),
            section: listed
                .iter()
                .zip(&absent)
                .filter_map(|(of_section, absent)| self.section(of_section, absent.as_deref(), all))
                .collect(),
        };
        let mut document = Document::new(self.now, self.has_profile);
        document.entry(&document::urn(&id), &serde_json::to_vec(&composition)?);
        let named = std::iter::once(self.patient)
            .chain(self.practice)
            .chain(listed.iter().flat_map(|of| &of.urls).map(String::as_str));
        for url in document::reached(named, self.base, all) {
            if let Some(resource) = all.get(url) {
                document.entry(url, &resource.json);
            }
        }
        for (url, resource) in &made {
            document.entry(url, resource);
        }
        Ok(document.finish())
    }

    /// What the document is, for a reader who sees nothing else of its head.
    fn narrative(&self) -> Narrative {
        let mut div = Div::new();
        let of = if self.name.is_empty() {
            "a patient"
        } else {
            self.name
        };
        div.paragraph(&format!("International Patient Summary of {of}"));
        let made = format!("Made by a program from a practice's records, {}", self.now);
        div.paragraph(&made);
        Narrative::generated(div.finish())
    }

    /// A section; None where it lists nothing and need not be there. `absent`: the URL of what says that nothing is
    /// known.
    fn section<'s>(
        &self,
        listed: &'s Listed,
        absent: Option<&'s str>,
        all: &BTreeMap<String, Resource>,
    ) -> Option<document::Section<'s>> {
        let entry: Vec<Reference<'s>> = listed
            .urls
            .iter()
            .map(String::as_str)
            .chain(absent)
            .map(|reference| Reference { reference })
            .collect();
        if entry.is_empty() {
            return None;
        }
        let mut div = Div::new();
        if let (Some(nothing), Some(_)) = (listed.section.absent, absent) {
            div.paragraph(nothing.text());
        }
        let lookup =
            |to: &Value| document::resolve(to, self.base, all).map(|(_, resource)| &resource.value);
        for kind in listed.section.kinds {
            let resources = listed.urls.iter().filter_map(|url| all.get(url));
            let rows: Vec<&Value> = resources
                .filter(|resource| resource.name == kind.resource)
                .map(|resource| &resource.value)
                .collect();
            div.table(kind.resource, &rows, &lookup);
        }
        if listed.is_cut {
            div.paragraph("The practice has more than is listed here.");
        }
        if listed.left_out > 0 {
            div.paragraph("Not all that the practice has could be listed here.");
        }
        Some(document::Section {
            title: listed.section.title,
            code: CodeableConcept::of("http://loinc.org", listed.section.code),
            text: Narrative::generated(div.finish()),
            entry,
        })
    }
}
