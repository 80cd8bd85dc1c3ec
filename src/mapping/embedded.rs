//! The mapping that is part of the program: that of the embedded practice.
//!
//! A program without configuration must have something to serve, wherever it is copied to. The files are
//! those under `mappings/bp-premier/`; a test holds that none is missing.

/// The folder's name, which is the mapping's id.
pub const ID: &str = "bp-premier";

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        /// The files of the mapping, by their paths in its folder, with their text.
        pub const FILES: &[(&str, &str)] = &[$((
            $name,
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/mappings/bp-premier/", $name)),
        )),*];
    };
}

files![
    "allergy-none.yaml",
    "allergy.yaml",
    "appointment.yaml",
    "codes.yaml",
    "condition.yaml",
    "coverage-concession.yaml",
    "coverage-dva.yaml",
    "coverage-fund.yaml",
    "coverage-medicare.yaml",
    "diagnostic-report.yaml",
    "document-in.yaml",
    "document-out.yaml",
    "encounter.yaml",
    "healthcare-service.yaml",
    "immunization.yaml",
    "location.yaml",
    "mapping.yaml",
    "medication-request.yaml",
    "medication-statement.yaml",
    "observation-bp.yaml",
    "observation-lab.yaml",
    "observation-smoking.yaml",
    "observation-vital.yaml",
    "organization.yaml",
    "patient.yaml",
    "practitioner-role.yaml",
    "practitioner.yaml",
    "procedure.yaml",
    "related-person.yaml",
    "schedule.yaml",
    "slot.yaml",
    "tables.yaml",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn no_file_of_the_folder_is_missing() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("mappings")
            .join(ID);
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .expect("the folder")
            .map(|entry| entry.expect("an entry").file_name())
            .filter_map(|name| name.into_string().ok())
            // The cases are the mapping's tests; no server reads them.
            .filter(|name| name.ends_with(".yaml") && name != crate::mapping::CASES)
            .collect();
        names.sort();
        let embedded: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, embedded);
    }
}
