//! The practice, its locations and the people who work there.
//!
//! Takes the seed and how many doctors there are; fills PRACTICE, LOCATIONS, USERS and
//! PROVIDER_LOCATION and gives who can be booked. The people who are not current doctors come first
//! and are always the same few, so that a doctor keeps the same key however large the practice is.

use super::lookups::{UNKNOWN_CODE, group, title};
use super::schema;
use crate::demo::Result;
use crate::demo::calendar::Day;
use crate::demo::identifiers;
use crate::demo::names::{ACCENTED_NAMES, ACCENTED_SURNAMES, FEMALE_NAMES, MALE_NAMES, SURNAMES};
use crate::demo::phones;
use crate::demo::random::{Random, Stream};
use crate::demo::target::Rows;
use crate::demo::writer::Writer;

/// Keys of the locations.
pub const LOCATION_IDS: [i32; 3] = [1, 2, 3];
/// The key of the first current doctor.
pub const FIRST_DOCTOR: u32 = 8;
/// The keys of the nurses, who have clinics too.
pub const NURSES: [u32; 2] = [1, 2];
/// The keys of the receptionists, who make the bookings.
pub const RECEPTIONISTS: [u32; 2] = [3, 4];
/// The key of a doctor who has left: `USERSTATUS` is not 1.
pub const FORMER_DOCTOR: u32 = 6;

/// How many doctors look after so many patients: one for 1,500, at least eight.
pub fn doctors(patients: u32) -> u32 {
    (patients / 1500).max(8)
}

/// Writes the practice, its locations and `doctors` doctors with the other staff. Gives the number
/// of users written.
///
/// # Errors
/// The engine's.
pub fn write(rows: &dyn Rows, seed: u64, today: Day, doctors: u32) -> Result<u64> {
    write_practice(rows, seed, today)?;
    write_locations(rows, seed, today)?;
    write_users(rows, seed, today, doctors)
}

fn write_practice(rows: &dyn Rows, seed: u64, today: Day) -> Result<()> {
    let mut random = Random::new(seed, Stream::Place, 0);
    let mut practice = Writer::new(rows, &schema::PRACTICE);
    practice
        .set("PRACTICEID", 1)
        .set("RECORDSTATUS", 1)
        .set("PRACTICENAME", "Riverbend Family Practice")
        .set("HPIO", &identifiers::hpio(&mut random))
        .set("ABN", &identifiers::abn(&mut random))
        .set("CREATED", today.plus(-6000).at(32_400))
        .set("UPDATED", today.plus(-400).at(41_000));
    practice.insert()
}

fn write_locations(rows: &dyn Rows, seed: u64, today: Day) -> Result<()> {
    // Name, two lines of address, suburb, postcode, whether everything else is known.
    let places = [
        (
            "Riverbend Family Practice",
            "12 Station Road",
            "Level 2",
            "Toowong",
            "4066",
            true,
        ),
        (
            "Riverbend Family Practice - Kenmore",
            "Shop 4, Kookaburra Plaza",
            "880 Bluegum Drive",
            "Kenmore",
            "4069",
            true,
        ),
        (
            "Riverbend Aged Care Visits",
            "3 Jacaranda Court",
            "",
            "Sherwood",
            "4075",
            false,
        ),
    ];
    let mut locations = Writer::new(rows, &schema::LOCATIONS);
    for (id, (name, first, second, city, postcode, complete)) in
        LOCATION_IDS.into_iter().zip(places)
    {
        let mut random = Random::new(seed, Stream::Place, u64::from(id.unsigned_abs()));
        let phone = phones::landline("07", &mut random);
        let after_hours = phones::landline("07", &mut random);
        let fax = phones::landline("07", &mut random);
        let hpio = identifiers::hpio(&mut random);
        let abn = identifiers::abn(&mut random);
        locations
            .set("LOCATIONID", id)
            .set("RECORDSTATUS", 1)
            .set("LOCATIONNAME", name)
            .set("ADDRESS1", first)
            .set("ADDRESS2", second)
            .set("CITY", city)
            .set("POSTCODE", postcode)
            .set("PHONE", &phones::written_landline(&phone, &mut random))
            .set("CREATED", today.plus(-6000).at(32_400));
        if complete {
            locations
                .set(
                    "AHPHONE",
                    &phones::written_landline(&after_hours, &mut random),
                )
                .set("FAX", &phones::written_landline(&fax, &mut random))
                .set("EMAIL", &format!("reception{id}@riverbend.example.com"))
                .set("HPIO", &hpio)
                .set("ABN", &abn)
                .set("UPDATED", today.plus(-90 * id).at(36_000));
        } else {
            locations.set("AHPHONE", "").set("EMAIL", "").set("ABN", "");
        }
        locations.insert()?;
    }
    Ok(())
}

/// What a user is, by key.
struct Role {
    group: i32,
    /// The three letters of the profession's registration; none for the office.
    profession: Option<&'static str>,
    record_status: i32,
    user_status: i32,
}

fn role(user: u32) -> Role {
    let office = |group| Role {
        group,
        profession: None,
        record_status: 1,
        user_status: 1,
    };
    match user {
        1 | 2 => Role {
            profession: Some("NMW"),
            ..office(group::NURSE)
        },
        3 | 4 => office(group::RECEPTIONIST),
        5 => office(group::MANAGER),
        FORMER_DOCTOR => Role {
            profession: Some("MED"),
            user_status: 0,
            ..office(group::DOCTOR)
        },
        // A receptionist whose record was deleted, in a group that no longer exists.
        7 => Role {
            record_status: 2,
            user_status: 0,
            ..office(UNKNOWN_CODE)
        },
        _ => Role {
            profession: Some("MED"),
            ..office(group::DOCTOR)
        },
    }
}

/// Whether a user is a woman, and their names: the first draws of their stream.
fn name(user: u32, random: &mut Random) -> (bool, &'static str, &'static str) {
    let female = random.chance(55);
    // Every fifth has accents, so that even the smallest practice has such a doctor.
    if user.is_multiple_of(5) {
        let given = random.pick(ACCENTED_NAMES);
        return (female, given, random.pick(ACCENTED_SURNAMES));
    }
    let given = random.pick(if female { FEMALE_NAMES } else { MALE_NAMES });
    (female, given, random.pick(SURNAMES))
}

/// A user's name as it stands where a text names who was seen.
pub fn shown_name(seed: u64, user: u32) -> String {
    let mut random = Random::new(seed, Stream::User, u64::from(user));
    let (_, given, surname) = name(user, &mut random);
    if role(user).group == group::DOCTOR {
        format!("Dr {given} {surname}")
    } else {
        format!("{given} {surname}")
    }
}

fn write_users(rows: &dyn Rows, seed: u64, today: Day, doctors: u32) -> Result<u64> {
    let mut users = Writer::new(rows, &schema::USERS);
    let mut places = Writer::new(rows, &schema::PROVIDER_LOCATION);
    let mut record = 0;
    for user in 1..FIRST_DOCTOR.saturating_add(doctors) {
        let mut random = Random::new(seed, Stream::User, u64::from(user));
        let role = role(user);
        let (female, given, surname) = name(user, &mut random);
        let courtesy = if role.group == group::DOCTOR {
            title::DR
        } else if female {
            title::MS
        } else {
            title::MR
        };
        let stem = random.digits(6);
        let home = random.pick(&[0_usize, 0, 1]);
        let home_id = LOCATION_IDS.get(home).copied().unwrap_or(1);
        let mobile = phones::mobile(&mut random);
        let hired = today.plus(-random.between(500, 5000));
        let reference = random.digits(7);
        users
            .set("USERID", user)
            .set("RECORDSTATUS", role.record_status)
            .set("USERSTATUS", role.user_status)
            .set("GROUPCODE", role.group)
            .set("TITLECODE", courtesy)
            .set("LOCATIONID", home_id)
            .set("SURNAME", surname)
            .set("FIRSTNAME", given)
            .set("CREATED", hired.at(random.between(28_800, 61_200)));
        if let Some(profession) = role.profession {
            users
                .set(
                    "REGISTRATIONNO",
                    &identifiers::ahpra(profession, &mut random),
                )
                .set("HPII", &identifiers::hpii(&mut random));
            if profession == "MED" {
                users
                    .set("PROVIDERNO", &identifiers::provider_number(&stem, home))
                    .set("PRESCRIBERNO", &reference);
            } else {
                users.set("PROVIDERNO", "").set("PRESCRIBERNO", "");
            }
        }
        if random.chance(60) {
            users.set("MOBILEPHONE", &phones::written_mobile(&mobile, &mut random));
        }
        if user % 3 == 0 {
            let desk = phones::landline("07", &mut random);
            users.set("PHONE", &phones::written_landline(&desk, &mut random));
        }
        if !random.chance(20) {
            users.set("EMAIL", &format!("user{user}@riverbend.example.com"));
        }
        if random.chance(50) {
            let changed = hired.plus(random.between(1, 450));
            users.set("UPDATED", changed.at(random.between(28_800, 61_200)));
        }
        users.insert()?;

        // Clinicians work at their own location and every second one at another too.
        let worked = match (role.profession, user % 2) {
            (None, _) => 0,
            (Some(_), 0) => 2,
            (Some(_), _) => 1,
        };
        for step in 0..worked {
            let place = (home + step) % LOCATION_IDS.len();
            record += 1;
            places
                .set("RECORDID", record)
                // A place that was given up, once.
                .set(
                    "RECORDSTATUS",
                    if user % 12 == 10 && step == 1 { 2 } else { 1 },
                )
                .set("USERID", user)
                .set("LOCATIONID", LOCATION_IDS.get(place).copied())
                .set("CREATED", hired.at(61_300));
            if role.profession == Some("MED") {
                places.set(
                    "PROVIDERNUMBER",
                    &identifiers::provider_number(&stem, place),
                );
            }
            places.insert()?;
        }
    }
    Ok(users.rows())
}
