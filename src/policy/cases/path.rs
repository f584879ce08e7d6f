//! Places inside JSON as cases write them: `filter.limit`, `content[0].text`.

use std::fmt;

use crate::json::Value;

/// A way into a JSON value, outermost step first.
///
/// A key that holds a dot or a bracket cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(Vec<Step>);

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// To an element of a list, from 0.
    Item(usize),
    /// To a member of a map.
    Key(Box<str>),
}

impl Path {
    /// Reads `a.b[0].c`; `None` for what is no path.
    pub fn parse(text: &str) -> Option<Self> {
        let mut steps = Vec::new();
        for part in text.split('.') {
            let (key, mut rest) = part.split_at(part.find('[').unwrap_or(part.len()));
            if key.is_empty() || key.contains(']') {
                return None;
            }
            steps.push(Step::Key(key.into()));
            while let Some(inner) = rest.strip_prefix('[') {
                let (index, after) = inner.split_once(']')?;
                let is_number = !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit());
                steps.push(Step::Item(index.parse().ok().filter(|_| is_number)?));
                rest = after;
            }
            if !rest.is_empty() {
                return None;
            }
        }
        Some(Self(steps))
    }

    /// What stands there; `None` where nothing does.
    pub fn find<'d>(&self, root: Value<'d>) -> Option<Value<'d>> {
        self.0.iter().try_fold(root, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Item(index) => value.elements().nth(*index),
        })
    }

    /// The first key, and the steps after it.
    pub(super) fn split(&self) -> Option<(&str, &[Step])> {
        match self.0.split_first()? {
            (Step::Key(key), rest) => Some((key, rest)),
            (Step::Item(_), _) => None,
        }
    }

    /// A path of these steps.
    pub(super) fn of(steps: &[Step]) -> Self {
        Self(steps.to_vec())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if at == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Item(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;

    #[test]
    fn leads_to_members_and_elements() {
        let document = Document::parse(br#"{"a":[{"b":[1,2]},3],"c":{"d":null}}"#).expect("JSON");
        let cases = [
            ("a[0].b[1]", Some("2")),
            ("a[1]", Some("3")),
            ("a[2]", None),
            ("c.d", Some("null")),
            ("c.d.e", None),
            ("c[0]", None),
            ("a.b", None),
        ];
        for (text, wanted) in cases {
            let path = Path::parse(text).expect(text);
            assert_eq!(path.find(document.root()).map(|value| value.raw()), wanted, "{text}");
            assert_eq!(path.to_string(), text);
        }
        for text in ["", ".", "a.", ".a", "a[", "a[]", "a[x]", "a[+1]", "a[0]b", "[0]", "a]"] {
            assert_eq!(Path::parse(text), None, "{text}");
        }
    }
}
