//! `--fix`: the safe fixes, written into the files they are for, or shown.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use similar::TextDiff;

use super::print::Stream;
use crate::audit::{self, Reviewed};
use crate::cli::inputs::{Failed, File, Inputs};
use crate::cli::output;

/// Makes the fixes, writes them unless it is only rehearsed, and leaves the new texts in `inputs`.
/// Where stdout is taken by a diff or by a fixed text, the review goes to stderr.
pub(super) fn fix(inputs: &mut Inputs, reviewed: &Reviewed, rehearse: bool) -> Result<Stream> {
    let mut shown = String::new();
    for fixed in audit::fix(&inputs.read, &reviewed.records) {
        let (Some(input), Some(file)) =
            (inputs.read.get_mut(fixed.input), inputs.files.get(fixed.input))
        else {
            continue;
        };
        for left in &fixed.left {
            output::note(&format!("{}:{}: {}", left.source, left.line, left.message));
        }
        if fixed.made == 0 {
            continue;
        }
        let s = if fixed.made == 1 { "" } else { "s" };
        match file {
            _ if rehearse => shown.push_str(&diff(&input.source, &input.text, &fixed.text)),
            None => {}
            Some(file) => match write(file, &input.text, &fixed.text) {
                Ok(()) => {
                    output::note(&format!("{}: fixed {} finding{s}", input.source, fixed.made));
                }
                Err(error) => {
                    inputs.failed.push(Failed::writing(&input.source, &error));
                    continue;
                }
            },
        }
        input.text = fixed.text;
    }
    let piped = || inputs.files.iter().zip(&inputs.read).filter(|(file, _)| file.is_none());
    if !rehearse {
        shown.extend(piped().map(|(_, input)| input.text.as_str()));
    }
    let taken = rehearse || piped().next().is_some();
    output::result(&shown)?;
    Ok(if taken { Stream::Stderr } else { Stream::Stdout })
}

fn diff(name: &str, old: &str, new: &str) -> String {
    let name = crate::domain::sanitise(name, 1024);
    TextDiff::from_lines(old, new).unified_diff().context_radius(3).header(&name, &name).to_string()
}

/// Puts a new file in the place of the old one, whole or not at all: where links lead to, with the
/// same permissions, and only while it holds what was reviewed.
fn write(file: &File, old: &str, new: &str) -> Result<()> {
    if !file.whole {
        bail!("it is not UTF-8");
    }
    let path = fs::canonicalize(&file.path)?;
    let (folder, name) = path.parent().zip(path.file_name()).context("it has no folder")?;
    let temporary =
        folder.join(format!(".{}.ringfence-{}", name.to_string_lossy(), std::process::id()));
    let written = replace(&path, &temporary, old, new);
    if written.is_err() {
        // It may never have been made.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn replace(path: &Path, temporary: &Path, old: &str, new: &str) -> Result<()> {
    let permissions = fs::metadata(path)?.permissions();
    let mut file = fs::File::create_new(temporary)?;
    file.write_all(new.as_bytes())?;
    file.set_permissions(permissions)?;
    file.sync_all()?;
    let now = fs::read(path)?;
    if now != old.as_bytes() {
        bail!("it has changed meanwhile");
    }
    fs::rename(temporary, path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_has_changed_meanwhile_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pod.yaml");
        let file = File { path: path.clone(), whole: true };
        fs::write(&path, "somebody's").unwrap();
        let refused = write(&file, "ours", "fixed").unwrap_err();
        assert_eq!(refused.to_string(), "it has changed meanwhile");
        assert_eq!(fs::read_to_string(&path).unwrap(), "somebody's");
        write(&file, "somebody's", "fixed").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "fixed");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
