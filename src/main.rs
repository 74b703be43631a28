//! The `ringfence` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    // The one crypto provider. It fails only where one is installed already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    ringfence::cli::run()
}
