//! The model of a program that was built without the means to run one: there is none.

use std::num::NonZeroUsize;
use std::path::Path;

use super::ReaderFault;
use crate::scan::Guess;

/// A model; without the cargo feature `ner` there never is one.
#[derive(Debug)]
pub enum Model {}

impl Model {
    /// Opens no model.
    ///
    /// # Errors
    /// [`ReaderFault::NotBuilt`], always.
    pub fn open(_folder: &Path, _threads: NonZeroUsize) -> Result<Self, ReaderFault> {
        Err(ReaderFault::NotBuilt)
    }

    pub(super) fn read(
        &self,
        _texts: &[Box<str>],
        _threshold: f32,
        _may_go_on: &dyn Fn() -> bool,
    ) -> Option<Vec<Vec<Guess>>> {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_to_build_it() {
        let fault = Model::open(Path::new("model"), NonZeroUsize::MIN).expect_err("there is no model");
        assert!(fault.to_string().contains("--features ner"), "{fault}");
    }
}
