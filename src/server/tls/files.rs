//! Material from files, read again as they change.

use std::future::pending;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::development::MARGIN;
use super::{BadMaterial, Development, DevelopmentError, Identity, Material, development};
use crate::telemetry::{Metrics, Outcome};

/// Often enough for a swap to be in force within two seconds, a torn read in between included.
const POLL: Duration = Duration::from_millis(500);

/// Where the certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Somebody else keeps it in files.
    Files {
        /// PEM, leaf first.
        cert: PathBuf,
        /// PEM.
        key: PathBuf,
    },
    /// We make our own.
    Development(Development),
}

/// What to show to clients, and what to ask of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The certificate and its key.
    pub source: Source,
    /// Clients must show a certificate of one of the CAs in this file; absent: anybody may ask.
    pub client_ca: Option<PathBuf>,
}

/// Why there is no certificate to begin with.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file cannot be read.
    #[error("`{}` cannot be read: {error}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The files do not hold what they should.
    #[error(transparent)]
    Bad(#[from] BadMaterial),
    /// Ours could not be made.
    #[error(transparent)]
    Development(#[from] DevelopmentError),
}

/// An identity from files. It follows them while [`Identity::keep_fresh`] runs.
///
/// # Errors
/// There is no usable certificate now.
pub fn load(files: Files, metrics: Arc<Metrics>) -> Result<Identity, LoadError> {
    renew(&files.source)?;
    let contents = read(&files)?;
    let material = contents.material()?;
    let state = Mutex::new(State { in_force: contents, doubted: None });
    Ok(Identity::new(material, metrics, Some(Watched { files, state })))
}

/// Files, and what was last seen in them.
pub(super) struct Watched {
    files: Files,
    state: Mutex<State>,
}

struct State {
    in_force: Contents,
    /// What was seen last and cannot be used. A pair is replaced one file after the other, so only
    /// what is seen twice is reported.
    doubted: Option<Doubt>,
}

struct Doubt {
    /// The contents, or why there are none.
    seen: Result<Contents, String>,
    reported: bool,
}

#[derive(PartialEq, Eq)]
struct Contents {
    cert: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

impl Contents {
    fn material(&self) -> Result<Material, BadMaterial> {
        Material::build(&self.cert, &self.key, self.client_ca.as_deref())
    }
}

/// Makes what is ours to make.
fn renew(source: &Source) -> Result<(), LoadError> {
    if let Source::Development(settings) = source {
        development(settings)?;
    }
    Ok(())
}

fn read(files: &Files) -> Result<Contents, LoadError> {
    let file = |path: &Path| {
        std::fs::read(path).map_err(|error| LoadError::Read { path: path.to_owned(), error })
    };
    let (cert, key) = match &files.source {
        Source::Files { cert, key } => (file(cert)?, file(key)?),
        Source::Development(Development { dir, .. }) => {
            (file(&dir.join("tls.crt"))?, file(&dir.join("tls.key"))?)
        }
    };
    let client_ca = files.client_ca.as_deref().map(file).transpose()?;
    Ok(Contents { cert, key, client_ca })
}

impl Identity {
    /// Follows the files that this identity was loaded from, for as long as it is polled; without
    /// such files it does nothing.
    pub async fn keep_fresh(self: Arc<Self>) {
        if self.watched.is_none() {
            return pending().await;
        }
        loop {
            tokio::time::sleep(POLL).await;
            let identity = Arc::clone(&self);
            // A read may hang with its file system; that must hold up no request.
            if tokio::task::spawn_blocking(move || identity.refresh()).await.is_err() {
                self.metrics.certificate_reload(Outcome::Failure);
            }
        }
    }

    /// Looks at the files once.
    fn refresh(&self) {
        let Some(watched) = &self.watched else { return };
        let mut state = watched.state.lock().unwrap_or_else(PoisonError::into_inner);
        let ends = self.validity().problem(SystemTime::now(), MARGIN).is_some();
        let renewed = if ends { renew(&watched.files.source) } else { Ok(()) };
        let seen = renewed.and_then(|()| read(&watched.files)).map_err(|error| error.to_string());
        if seen.as_ref().is_ok_and(|contents| *contents == state.in_force) {
            state.doubted = None;
            return;
        }
        let doubt = state.doubted.as_ref().filter(|doubt| doubt.seen == seen);
        if doubt.is_some_and(|doubt| doubt.reported) {
            return;
        }
        let again = doubt.is_some();
        let material = |contents: &Contents| contents.material().map_err(|error| error.to_string());
        match (seen.as_ref().map_err(Clone::clone).and_then(material), seen) {
            (Ok(material), Ok(contents)) => {
                self.replace(material);
                self.metrics.certificate_reload(Outcome::Success);
                tracing::info!("a new certificate is in force");
                *state = State { in_force: contents, doubted: None };
            }
            (Err(error), seen) => {
                if again {
                    self.metrics.certificate_reload(Outcome::Failure);
                    tracing::error!(error, "the new certificate is not used, the last one stays");
                }
                state.doubted = Some(Doubt { seen, reported: again });
            }
            // Nothing was judged where nothing was seen.
            (Ok(_), Err(_)) => {}
        }
    }
}
