//! The secrets behind tokens and pseudonyms: one made at start, one from a file.

use std::io;
use std::path::PathBuf;

use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use super::credentials::read_bounded;
use crate::policy::Policy;
use crate::scan::{PseudonymKey, Vault};

/// Why a policy has no key to make pseudonyms with; the operator's fault. Says nothing of what is in the file.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the secret of pseudonyms in {}: {cause}", path.display())]
pub struct PseudonymFault {
    /// The file.
    pub path: PathBuf,
    /// What the system says, or what is wrong with the content.
    pub cause: io::Error,
}

/// Makes a vault whose keys only this process has: what is kept in it ends with it.
pub fn fresh_vault() -> Vault {
    let mut secret = Zeroizing::new([0; 32]);
    // INVARIANT: the system's generator works; ring blocks at boot until it is seeded.
    SystemRandom::new().fill(&mut *secret).expect("the system gives random bits");
    Vault::new(&secret)
}

/// Gives a policy the key that it names, if it names one. Blocks on the file, whose every byte counts.
///
/// The file is read for each policy that is about to take effect, and so again on SIGHUP; a secret that changes
/// by itself would give everybody another name in the middle of a day.
///
/// # Errors
/// [`PseudonymFault`]: it cannot be read, is too long or too short.
pub(super) fn furnish(policy: &mut Policy) -> Result<(), PseudonymFault> {
    let Some(plan) = &policy.keeping.pseudonyms else { return Ok(()) };
    let fault = |cause| PseudonymFault { path: plan.key_file.to_path_buf(), cause };
    let secret = Zeroizing::new(read_bounded(&plan.key_file).map_err(fault)?);
    let key = PseudonymKey::derive(&secret, &plan.epoch).map_err(|short| fault(io::Error::other(short)))?;
    policy.redaction.furnish(Some(key));
    Ok(())
}
