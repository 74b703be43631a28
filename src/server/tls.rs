//! The certificate that is shown to clients, and how it changes without a restart.
//!
//! [`Material`] is a certificate and key that have been found to fit, and the CA that clients must
//! prove to come from, if any. An [`Identity`] holds the material in force; each handshake takes
//! what is in force at its start. Files are read again twice a second ([`Identity::keep_fresh`]):
//! by content, because neither a rename nor the swap of a Secret's symlink changes what a watch on
//! the file itself would see. Material that does not fit is reported and changes nothing.
//!
//! Deliberately absent: session tickets and resumption. The API server resumes nothing, and a
//! ticket would outlive the certificate and the client CA that it was issued under.

mod development;
mod files;
mod identity;
mod material;

pub use development::{Development, DevelopmentError, DevelopmentFiles, development};
pub use files::{Files, LoadError, Source, load};
pub use identity::Identity;
pub use material::{BadMaterial, Material, Validity};
