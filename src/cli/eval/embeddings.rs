//! Words and meaning together: BM25 and the vectors of an embedding model, one ranking of both.
//!
//! **How.** The model behind an endpoint of OpenAI's form (`POST /v1/embeddings`, as local servers speak it, too) gives
//! a vector for what each tool says of itself and for each request. Tools are ranked twice, by BM25 and by the cosine
//! of their vector with that of the request, and each place counts 1 / (60 + place): scores of two kinds cannot be
//! added, places can. A tool that shares no word has no place by words. **When no tool is chosen:** where no word is
//! shared, and no vector is nearer than the floor. Vectors are kept by the SHA-256 of model and text, in memory, and
//! in a folder where one is named, so that a text is sent once.
//!
//! Source: Cormack, Clarke and Buettcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning
//! Methods" (SIGIR 2009); OpenAI API reference, "Create embeddings".

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use url::Url;

use super::ModelOptions;
use super::link::Link;
use crate::bounds::EVAL_EMBEDDED_TOGETHER;
use crate::cli::opening::{Fault, unable};
use crate::lint::{Item, Listing, Ranked, Ranking};

/// How much less a place counts than the one before it. Source: the paper, section 2.
const DAMPING: f64 = 60.0;

/// A model that gives vectors for texts.
pub(super) struct Embeddings {
    link: Link,
    model: String,
    folder: Option<PathBuf>,
    known: Mutex<HashMap<String, Vec<f64>>>,
}

/// The tools of a list, ranked by words and by vectors.
pub(super) struct Blend<'e> {
    embeddings: &'e Embeddings,
    ranking: Ranking,
    tools: Vec<(String, Vec<f64>)>,
    floor: f64,
}

impl Embeddings {
    /// Takes the options; none where no endpoint for vectors is named.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn new(options: &ModelOptions) -> Result<Option<Self>, Fault> {
        let Some(url) = &options.embeddings else { return Ok(None) };
        let link = Link::new(url, "/v1/embeddings", options)?;
        if let Some(folder) = &options.embeddings_cache {
            let made = std::fs::create_dir_all(folder);
            made.map_err(|cause| unable(format!("cannot make the folder `{}`: {cause}", folder.display())))?;
        }
        let model = options.embeddings_model.clone().unwrap_or_default();
        Ok(Some(Self { link, model, folder: options.embeddings_cache.clone(), known: Mutex::default() }))
    }

    /// A vector of length 1 for each text, in their order.
    async fn of(&self, texts: &[String]) -> Result<Vec<Vec<f64>>, String> {
        let mut missing: Vec<&String> = Vec::new();
        for text in texts {
            if self.remembered(text)?.is_none() && !missing.contains(&text) {
                missing.push(text);
            }
        }
        for some in missing.chunks(EVAL_EMBEDDED_TOGETHER) {
            let mut question = json!({ "input": some, "encoding_format": "float" });
            if !self.model.is_empty() {
                question["model"] = json!(self.model);
            }
            let answer = self.link.ask(&[], &question.to_string()).await?;
            for (text, vector) in some.iter().zip(vectors(&answer, some.len())?) {
                self.keep(text, vector)?;
            }
        }
        let found: Result<Option<Vec<_>>, String> = texts.iter().map(|text| self.remembered(text)).collect();
        let found = found?.ok_or("a vector that was given is gone")?;
        let longest = found.iter().map(Vec::len).max().unwrap_or_default();
        if found.iter().any(|vector| vector.len() != longest) {
            return Err(
                "the vectors differ in length; is the cache of another model under the same name?".to_owned()
            );
        }
        Ok(found)
    }

    /// What a vector is kept under.
    fn key(&self, text: &str) -> String {
        let sha256 = digest(&SHA256, format!("{}\n{}\n{text}", self.link.url(), self.model).as_bytes());
        sha256.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn remembered(&self, text: &str) -> Result<Option<Vec<f64>>, String> {
        let key = self.key(text);
        // A poisoned lock holds vectors that are whole.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(vector) = known.get(&key) {
            return Ok(Some(vector.clone()));
        }
        let Some(path) = self.folder.as_ref().map(|folder| folder.join(format!("{key}.json"))) else {
            return Ok(None);
        };
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(format!("cannot read `{}`: {cause}", path.display())),
        };
        let vector = serde_json::from_slice(&bytes).ok().and_then(|value: Value| unit(&value));
        let vector = vector.ok_or_else(|| format!("`{}` holds no vector; remove it", path.display()))?;
        known.insert(key, vector.clone());
        Ok(Some(vector))
    }

    fn keep(&self, text: &str, vector: Vec<f64>) -> Result<(), String> {
        let key = self.key(text);
        if let Some(folder) = &self.folder {
            let (path, draft) = (folder.join(format!("{key}.json")), folder.join(format!("{key}.draft")));
            let written = std::fs::write(&draft, json!(vector).to_string());
            let written = written.and_then(|()| std::fs::rename(&draft, &path));
            written.map_err(|cause| format!("cannot write `{}`: {cause}", path.display()))?;
        }
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(key, vector);
        Ok(())
    }
}

impl<'e> Blend<'e> {
    /// Asks for the vectors of all tools.
    ///
    /// # Errors
    /// Why they could not be had.
    pub async fn new(embeddings: &'e Embeddings, listing: &Listing, floor: f64) -> Result<Self, Fault> {
        let texts: Vec<String> = listing.tools().map(said).collect();
        let vectors = embeddings.of(&texts).await.map_err(|why| unable(format!("the tools: {why}")))?;
        let tools = listing.tools().map(|item| item.name.clone()).zip(vectors).collect();
        Ok(Self { embeddings, ranking: Ranking::new(listing), tools, floor })
    }

    /// The tool that comes first by both; none where neither knows any.
    pub async fn choose(&self, ask: &str) -> Result<Option<String>, String> {
        let request = self.embeddings.of(&[ask.to_owned()]).await?.into_iter().next().unwrap_or_default();
        let mut near = Vec::with_capacity(self.tools.len());
        for (tool, vector) in &self.tools {
            if vector.len() != request.len() {
                return Err("the vector of the request has another length than those of the tools".to_owned());
            }
            let score = vector.iter().zip(&request).map(|(one, other)| one * other).sum();
            near.push(Ranked { tool: tool.clone(), score });
        }
        near.sort_by(|left, right| {
            right.score.total_cmp(&left.score).then_with(|| left.tool.cmp(&right.tool))
        });
        let by_words =
            self.ranking.rank(ask).into_iter().filter(|ranked| ranked.score > 0.0).collect::<Vec<_>>();
        if by_words.is_empty() && near.first().is_none_or(|nearest| nearest.score < self.floor) {
            return Ok(None);
        }
        Ok(fused(&by_words, &near))
    }
}

/// The first of two rankings together; of those that come out alike the nearer by the second.
#[expect(clippy::cast_precision_loss, reason = "there are a few thousand tools at most")]
fn fused(by_words: &[Ranked], near: &[Ranked]) -> Option<String> {
    let mut best: Option<(f64, &str)> = None;
    for (place, ranked) in near.iter().enumerate() {
        let other = by_words.iter().position(|other| other.tool == ranked.tool);
        let points = [Some(place), other].into_iter().flatten();
        let points: f64 = points.map(|place| 1.0 / (DAMPING + place as f64 + 1.0)).sum();
        if best.is_none_or(|(most, _)| points > most) {
            best = Some((points, &ranked.tool));
        }
    }
    best.map(|(_, tool)| tool.to_owned())
}

/// What a tool says of itself, as one text.
fn said(item: &Item) -> String {
    let words = [Some(item.name.replace(['_', '-', '.'], " ")), item.title.clone(), item.description.clone()];
    words.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// The vectors of an answer, in the order of what was asked.
fn vectors(answer: &Value, count: usize) -> Result<Vec<Vec<f64>>, String> {
    let data = answer.get("data").and_then(Value::as_array);
    let data =
        data.ok_or("the endpoint answers without `data`; is it one for embeddings, as /v1/embeddings?")?;
    let mut found: Vec<Option<Vec<f64>>> = vec![None; count];
    for (place, item) in data.iter().enumerate() {
        let index = item.get("index").and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok());
        let vector = item.get("embedding").and_then(unit);
        let vector =
            vector.ok_or("the endpoint answers with a vector that is none: no numbers, or all of them 0")?;
        if let Some(slot) = found.get_mut(index.unwrap_or(place)) {
            *slot = Some(vector);
        }
    }
    let found: Option<Vec<_>> = found.into_iter().collect();
    found.ok_or_else(|| format!("the endpoint answers with {} vectors for {count} texts", data.len()))
}

/// A vector in the direction of what is written, of length 1.
fn unit(value: &Value) -> Option<Vec<f64>> {
    let numbers: Option<Vec<f64>> = value.as_array()?.iter().map(Value::as_f64).collect();
    let numbers = numbers?;
    let length = numbers.iter().map(|number| number * number).sum::<f64>().sqrt();
    (length.is_finite() && length > 0.0).then(|| numbers.iter().map(|number| number / length).collect())
}

/// Where vectors are asked for, in words.
pub(super) fn called(url: &str, model: Option<&str>) -> String {
    let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    format!(
        "words and vectors (BM25, and {} at {host}, by reciprocal rank)",
        model.unwrap_or("its own model")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranking(names: &[&str]) -> Vec<Ranked> {
        names.iter().map(|name| Ranked { tool: (*name).to_owned(), score: 1.0 }).collect()
    }

    #[test]
    fn adds_places_up() {
        for (by_words, near, wanted) in [
            (&["a", "b"][..], &["a", "b", "c"][..], Some("a")),
            (&[], &["c", "a"], Some("c")),
            (&["a", "b"], &["b", "a"], Some("b")),
            (&["a", "b", "c"], &["c", "b", "a"], Some("c")),
            (&["b"], &["a", "c", "b"], Some("b")),
            (&[], &[], None),
        ] {
            assert_eq!(fused(&ranking(by_words), &ranking(near)).as_deref(), wanted, "{by_words:?} {near:?}");
        }
    }

    #[test]
    fn reads_vectors_in_any_order_and_no_others() {
        let answer =
            json!({ "data": [{ "index": 1, "embedding": [0, 2] }, { "index": 0, "embedding": [3, 4] }] });
        assert_eq!(vectors(&answer, 2), Ok(vec![vec![0.6, 0.8], vec![0.0, 1.0]]));
        for (answer, words) in [
            (json!({ "error": "x" }), "without `data`"),
            (json!({ "data": [{ "embedding": [1] }] }), "1 vectors for 2 texts"),
            (json!({ "data": [{ "embedding": [0, 0] }, { "embedding": [1] }] }), "all of them 0"),
            (json!({ "data": [{ "embedding": "AAAA" }] }), "no numbers"),
        ] {
            let fault = vectors(&answer, 2).expect_err("a fault");
            assert!(fault.contains(words), "{fault}");
        }
    }
}
