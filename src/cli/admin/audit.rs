//! `pilaster admin audit`: the journal of who asked which practice when, written out or looked over.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Subcommand, ValueEnum};

use super::failure::AdminError;
use super::find;
use super::span::moment;
use super::state::{KEPT, Mappings, Place, State, Wanted, is_usable};
use crate::gateway::id::{IntegratorId, SiteId};
use crate::gateway::moment::Moment;
use crate::journal::audit_event::{self, ExportError};
use crate::journal::chain::Head;
use crate::journal::{Entry, FILE, Filter, Journal, Kind, Reader, Verdict, What};
use crate::store::sqlite::{DATABASE_FILE, lock};

/// The journal of who asked which practice when
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print the journal as AuditEvents of FHIR R4, in the order of time; that it was printed becomes an entry of it
    Export {
        /// From then on: a day of UTC (2026-11-22), or a moment (2026-11-22T10:51:15Z)
        #[arg(long, value_name = "TIME", value_parser = moment)]
        from: Option<Moment>,
        /// Before then
        #[arg(long, value_name = "TIME", value_parser = moment)]
        to: Option<Moment>,
        /// Of one integrator: a name or an id; of one that was removed, its id
        #[arg(long, value_name = "INTEGRATOR")]
        integrator: Option<String>,
        /// Of one site
        #[arg(long, value_name = "ID")]
        site: Option<SiteId>,
        /// Of one kind of thing that was asked for
        #[arg(long, value_name = "KIND", value_parser = kind())]
        kind: Option<Kind>,
        #[arg(long, value_enum, default_value_t = Form::Ndjson)]
        format: Form,
    },
    /// Walk the whole journal and say whether each entry is as it was written, or which is the first that is not
    Verify {
        /// The last entry as an earlier look or the server's log named it (42:9f3c…), to see whether the end was cut off
        #[arg(long, value_name = "NUMBER:HASH")]
        noted: Option<Head>,
    },
}

/// How AuditEvents are written.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Form {
    /// One on each line
    Ndjson,
    /// In a Bundle
    Bundle,
}

/// One of [`Kind::ALL`], by its name.
fn kind() -> impl TypedValueParser<Value = Kind> {
    PossibleValuesParser::new(Kind::ALL.map(Kind::name)).try_map(|name| name.parse::<Kind>())
}

/// The id of an integrator. One that is an id is taken as it is: the journal knows integrators that were removed.
fn id_of(place: &Place, asked: &str) -> Result<IntegratorId, AdminError> {
    if let Ok(id) = asked.parse() {
        return Ok(id);
    }
    let wanted = Wanted {
        begins: false,
        mappings: Mappings::NotRead,
    };
    let directory = State::open(place, wanted)?.directory()?;
    match find::integrator(&directory, asked) {
        Ok(found) => Ok(found.id),
        Err(AdminError::NoIntegrator { asked, meant }) => Err(AdminError::NoIntegratorNow {
            asked,
            meant: meant.map_or_else(String::new, |meant| format!("; {meant}")),
        }),
        Err(other) => Err(other),
    }
}

impl Command {
    /// Does it. 0 when it is done, 1 where the journal is not as it was written, 2 when it could not be.
    pub(super) fn run(self, place: &Place) -> ExitCode {
        self.done(place).unwrap_or_else(|error| {
            super::super::tell(&format!("error: {error}"));
            ExitCode::from(2)
        })
    }

    fn done(self, place: &Place) -> Result<ExitCode, AdminError> {
        let folder = place.folder()?;
        // An export is noted, a look is not.
        let writes = matches!(self, Command::Export { .. });
        if !is_usable(&folder.join(FILE), writes)? {
            let has_state = folder.join(DATABASE_FILE).is_file();
            return Err(match has_state {
                true => AdminError::NoJournal { folder },
                false => AdminError::NoJournalNorState { folder },
            });
        }
        // A server that was killed may have left entries on their way; one that runs takes its own in.
        if let Ok(_lock) = lock(&folder) {
            drop(Journal::serving(&folder, KEPT)?);
        }
        let reader = Reader::open(&folder)?;
        match self {
            Command::Verify { noted } => {
                let verdict = reader.verify(noted)?;
                super::super::print(&format!("{verdict}\n"));
                Ok(match verdict {
                    Verdict::Whole { .. } => ExitCode::SUCCESS,
                    Verdict::Broken { .. } => ExitCode::from(1),
                })
            }
            Command::Export {
                from,
                to,
                integrator,
                site,
                kind,
                format,
            } => {
                if let (Some(from), Some(to)) = (from, to)
                    && from > to
                {
                    return Err(AdminError::Backwards);
                }
                let filter = Filter {
                    from,
                    to,
                    integrator: integrator.map(|asked| id_of(place, &asked)).transpose()?,
                    site,
                    kind,
                    ..Filter::default()
                };
                // First: what cannot be noted is not shown.
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                let journal = Journal::open(&folder, KEPT)?;
                let noted = journal.record(&Entry::now(What::AuditRead));
                runtime.map_err(AdminError::Runtime)?.block_on(noted)?;
                let form = match format {
                    Form::Ndjson => audit_event::Form::Ndjson,
                    Form::Bundle => audit_event::Form::Bundle,
                };
                let mut out = io::BufWriter::new(io::stdout().lock());
                match audit_event::write(&reader, &filter, form, &mut out) {
                    Ok(_) => {}
                    Err(ExportError::Journal(error)) => return Err(error.into()),
                    // Who reads it may have closed the pipe.
                    Err(ExportError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                    }
                    Err(ExportError::Write(_)) => return Ok(ExitCode::from(2)),
                }
                Ok(match out.flush() {
                    Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::from(2),
                    _ => ExitCode::SUCCESS,
                })
            }
        }
    }
}
