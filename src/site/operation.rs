//! The parameters of an operation, read from their text as those of a search are.

use super::SiteError;
use super::calls::limits;
use crate::search::{
    self, Filter, Input, ParameterFilter, ParameterKind, ParameterTypes, SearchRequest,
};

/// What an operation takes.
pub(super) struct Operation {
    /// Its own parameters.
    pub own: &'static [(&'static str, ParameterKind)],
    /// Those of every search that it takes too.
    pub shared: &'static [&'static str],
}

impl Operation {
    /// Reads the parameters of the operation on a type: as links say them, and its own.
    ///
    /// # Errors
    /// What is wrong with them; what the operation does not take.
    pub fn read(
        &self,
        resource: &str,
        input: Input<'_>,
    ) -> Result<(SearchRequest, Vec<ParameterFilter>), SiteError> {
        let request = search::parse(resource, input, self, &limits())?;
        if let Some(ignored) = request.ignored.iter().find(|of| of.is_unknown()) {
            return Err(self.does_not_take(ignored.name.clone()));
        }
        let mut given = request.result_parameters();
        // Its links are its own.
        let is_taken = |name: &str| name == "_cursor" || self.shared.contains(&name);
        if let Some(name) = given.find(|name| !is_taken(name)) {
            return Err(self.does_not_take(Some(name.to_owned())));
        }
        drop(given);
        let own = request.filters.iter().map(|filter| match filter {
            Filter::Parameter(filter) => Ok(filter.clone()),
            Filter::Chain { .. } | Filter::Has { .. } => Err(self.does_not_take(None)),
        });
        let own = own.collect::<Result<_, _>>()?;
        Ok((request, own))
    }

    /// The refusal of a parameter; None where what was given has not the form of a name.
    pub fn does_not_take(&self, parameter: Option<String>) -> SiteError {
        let own = self.own.iter().map(|(name, _)| *name);
        SiteError::NotOfOperation {
            parameter,
            takes: own.chain(self.shared.iter().copied()).collect(),
        }
    }
}

impl ParameterTypes for Operation {
    fn kind(&self, _: &str, name: &str) -> Option<ParameterKind> {
        let mut own = self.own.iter();
        own.find(|(own, _)| *own == name).map(|(_, kind)| *kind)
    }

    fn components(&self, _: &str, _: &str) -> Option<Vec<ParameterKind>> {
        None
    }

    fn reference_targets(&self, _: &str, _: &str) -> Vec<&str> {
        Vec::new()
    }
}
