//! What a task must report, as `pipeline.yaml` writes it under `expect`.
//!
//! What a program reports, and what happens to a result that falls short, is not known here.

use serde_yaml::Spanned;

use super::Expectation;
use super::error::Problem;
use super::yaml;

/// What is asked of the numbers of a task.
pub fn expectations(task: &yaml::Task) -> Result<Vec<Expectation>, Problem> {
    task.expect.0.iter().map(|(number, asked)| expectation(task, number, asked)).collect()
}

fn expectation(task: &yaml::Task, number: &Spanned<String>, asked: &yaml::Expectation) -> Result<Expectation, Problem> {
    let yaml::Expectation { min, min_share } = asked;
    if min.is_none() && min_share.is_none() {
        return Err(Problem::at(number, format!("nothing is asked of `{}`", number.value))
            .hint("write the smallest number that will do, such as `{min: 1000}` or `{min_share: 0.5}`"));
    }
    if let Some(min) = min.as_ref().filter(|min| !min.value.is_finite()) {
        return Err(Problem::at(min, format!("`{}` is not a number that can be reached", min.value)));
    }
    if let Some(share) = min_share {
        // Written so that what is not a number is refused, too.
        if !(share.value > 0.0 && share.value <= 1.0) {
            return Err(Problem::at(share, format!("`{}` is not a share", share.value))
                .hint("write a number above 0 and up to 1: the share of the median of the days before"));
        }
        if task.once {
            return Err(Problem::at(share, "a task that runs once for all days has no days before")
                .hint("ask for a smallest number with `min`"));
        }
    }
    let value = |asked: &Option<Spanned<f64>>| asked.as_ref().map(|asked| asked.value);
    Ok(Expectation { number: number.value.clone(), min: value(min), min_share: value(min_share) })
}
