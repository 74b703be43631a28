//! What calls may take: instructions and allocations, kept beside the code.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::calls::{self, Call};
use crate::{Cost, cost, say};

/// How much more may be taken before somebody must say that it is meant, in hundredths.
const TOLERANCE: u64 = 5;

fn held() -> impl Iterator<Item = &'static Call> {
    calls::ALL.iter().filter(|call| call.is_held())
}

fn path() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "benches", "micro", "budget.tsv"].iter().collect()
}

pub fn accept() -> Result<()> {
    let mut text = "call\tinstructions\tallocations\n".to_owned();
    for call in held() {
        let Cost { instructions, allocations } = cost(call)?;
        text.push_str(&format!("{}\t{instructions}\t{allocations}\n", call.name));
    }
    fs::write(path(), &text)?;
    say(text.trim_end())
}

pub fn check() -> Result<()> {
    let text = fs::read_to_string(path()).context("there is no budget; make one by `accept`")?;
    let mut over = Vec::new();
    let mut under = false;
    say(&format!(
        "{:24} {:>14} {:>14} {:>8} {:>12}",
        "call", "instructions", "budget", "change", "allocations"
    ))?;
    for call in held() {
        let now = cost(call)?;
        let Some(then) = of(&text, call.name)? else {
            bail!("the budget has no call `{}`", call.name)
        };
        let change = 100.0 * (now.instructions as f64 / then.instructions as f64 - 1.0);
        let allocations = format!("{} of {}", now.allocations, then.allocations);
        say(&format!(
            "{:24} {:>14} {:>14} {change:>+7.1}% {allocations:>12}",
            call.name, now.instructions, then.instructions
        ))?;
        let exceeds = |now: u64, then: u64| now * 100 > then * (100 + TOLERANCE);
        if exceeds(now.instructions, then.instructions)
            || exceeds(now.allocations, then.allocations)
        {
            over.push(call.name);
        }
        under |= exceeds(then.instructions, now.instructions);
    }
    let how = "if that is meant, `cargo bench --bench micro -- accept` makes it the budget";
    if !over.is_empty() {
        bail!("over the budget by more than {TOLERANCE} %: {}; {how}", over.join(", "));
    }
    if under {
        say(&format!("under the budget by more than {TOLERANCE} %: {how}"))?;
    }
    Ok(())
}

fn of(text: &str, name: &str) -> Result<Option<Cost>> {
    let line = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    for fields in line {
        if let [call, instructions, allocations] = fields.as_slice()
            && *call == name
        {
            let (instructions, allocations) = (instructions.parse()?, allocations.parse()?);
            return Ok(Some(Cost { instructions, allocations }));
        }
    }
    Ok(None)
}
