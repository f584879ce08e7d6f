//! Figures that a pipeline insists on.

use super::tally::Tally;

/// A figure and its bound.
#[derive(Debug, Clone)]
pub(super) struct Floor {
    name: &'static str,
    bound: f64,
}

const LEAST: &[&str] = &["recall", "typed", "precision", "f2", "caught"];
const MOST: &[&str] = &["false-hits", "eaten", "broken", "changed", "left", "unsettled"];

/// Reads `recall=0.97`.
///
/// # Errors
/// What may be written instead.
pub(super) fn least(text: &str) -> Result<Floor, String> {
    read(text, LEAST)
}

/// Reads `false-hits=0.05`.
///
/// # Errors
/// What may be written instead.
pub(super) fn most(text: &str) -> Result<Floor, String> {
    read(text, MOST)
}

fn read(text: &str, names: &'static [&'static str]) -> Result<Floor, String> {
    let (name, bound) =
        text.split_once('=').ok_or_else(|| format!("write NAME=NUMBER, of {}", names.join(", ")))?;
    let name = names.iter().find(|known| **known == name);
    let name =
        name.ok_or_else(|| format!("there is no figure of that name; there are {}", names.join(", ")))?;
    let bound: f64 = bound.parse().map_err(|_| format!("`{bound}` is no number"))?;
    if !bound.is_finite() {
        return Err(format!("`{bound}` is no number"));
    }
    Ok(Floor { name, bound })
}

/// What a tally falls short of, in a line each. A figure that the corpus does not have falls short too.
pub(super) fn missed(tally: &Tally, least: &[Floor], most: &[Floor]) -> Vec<String> {
    let under = least.iter().filter_map(|floor| match figure(tally, floor.name) {
        Some(value) if value >= floor.bound => None,
        Some(value) => Some(format!("{} is {value:.3}, less than {}", floor.name, floor.bound)),
        None => Some(format!("the corpus has nothing to tell {} by", floor.name)),
    });
    let over = most.iter().filter_map(|floor| match figure(tally, floor.name) {
        Some(value) if value <= floor.bound => None,
        Some(value) => Some(format!("{} is {value:.3}, more than {}", floor.name, floor.bound)),
        None => Some(format!("the corpus has nothing to tell {} by", floor.name)),
    });
    under.chain(over).collect()
}

fn figure(tally: &Tally, name: &str) -> Option<f64> {
    let count = |count: usize| u32::try_from(count).ok().map(f64::from);
    let (caught, cases) = tally.caught();
    match name {
        "recall" => tally.total.recall(),
        "typed" => tally.total.typed(),
        "precision" => tally.total.precision(),
        "f2" => tally.total.recall().map(|_| tally.total.f2()),
        "caught" => count(caught).filter(|_| cases > 0),
        "false-hits" => tally.negative().false_hits(),
        "eaten" => (tally.total.clean > 0).then(|| tally.total.eaten_percent()),
        "broken" => count(tally.outcome.broken),
        "changed" => count(tally.outcome.changed),
        "left" => count(tally.outcome.left),
        "unsettled" => count(tally.outcome.unsettled),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_figures_and_misses_what_is_not_there() {
        let tally = Tally::default();
        for name in LEAST.iter().chain(MOST) {
            let known = figure(&tally, name).is_some();
            assert_eq!(known, matches!(*name, "broken" | "changed" | "left" | "unsettled"), "{name}");
        }
        assert!(least("recall=0.97").is_ok() && most("false-hits=0.05").is_ok());
        for wrong in ["recall", "recal=1", "recall=x", "recall=NaN", "broken=0"] {
            assert!(least(wrong).is_err(), "{wrong}");
        }
        let (floor, ceiling) = (least("recall=0").unwrap(), most("broken=0").unwrap());
        assert_eq!(missed(&tally, &[floor], &[ceiling]).len(), 1);
    }
}
