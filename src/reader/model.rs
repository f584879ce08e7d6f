//! The model itself: token classification by an ONNX network, run by `rten` on its own threads.

use std::fs::File;
use std::io::Read as _;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use rten::{NodeId, RunOptions, ThreadPool, Value, ValueOrView};

use super::ReaderFault;
use super::labels::{Labels, Likely, guesses};
use super::pieces::{Piece, Vocabulary};
use super::windows::windows;
use crate::bounds::{PROSE_BATCH_MAX, PROSE_FILE_BYTES_MAX};
use crate::scan::Guess;

/// A model and what it needs to know of words.
pub struct Model {
    network: rten::Model,
    inputs: Inputs,
    scores: NodeId,
    vocabulary: Vocabulary,
    labels: Labels,
    threads: Arc<ThreadPool>,
}

/// Where the network takes what.
struct Inputs {
    ids: NodeId,
    mask: NodeId,
    kinds: NodeId,
}

/// A text cut up, and what is thought of it so far.
struct Page {
    pieces: Vec<Piece>,
    likely: Vec<Likely>,
}

/// A window of one of the pages.
struct View {
    page: usize,
    window: Range<usize>,
}

/// The files of a model in its folder.
const NETWORK: &str = "onnx/model_q4.onnx";
const VOCABULARY: &str = "vocab.txt";
const CONFIG: &str = "config.json";

impl Model {
    /// Opens the model in `folder`, to run on so many threads. Blocks on files, some 50 ms.
    ///
    /// # Errors
    /// [`ReaderFault`]: the operator's fault.
    pub fn open(folder: &Path, threads: NonZeroUsize) -> Result<Self, ReaderFault> {
        let fault = |name: &str, cause: &dyn std::fmt::Display| ReaderFault::File {
            folder: folder.to_owned(),
            path: folder.join(name),
            cause: cause.to_string().into(),
        };
        let unfit = |cause: &dyn std::fmt::Display| ReaderFault::Unfit {
            folder: folder.to_owned(),
            cause: cause.to_string().into(),
        };
        let text = |name: &str| read(&folder.join(name)).map_err(|cause| fault(name, &cause));
        let labels = Labels::read(&text(CONFIG)?).map_err(|cause| fault(CONFIG, &cause))?;
        let vocabulary = Vocabulary::read(&text(VOCABULARY)?);
        let vocabulary = vocabulary.map_err(|piece| fault(VOCABULARY, &format!("it has no `{piece}`")))?;
        let network = rten::Model::load_file(folder.join(NETWORK)).map_err(|cause| fault(NETWORK, &cause))?;
        let node = |name| network.node_id(name).map_err(|cause| unfit(&cause));
        let inputs =
            Inputs { ids: node("input_ids")?, mask: node("attention_mask")?, kinds: node("token_type_ids")? };
        let scores = *network.output_ids().first().ok_or_else(|| unfit(&"it says nothing"))?;
        let threads = Arc::new(ThreadPool::with_num_threads(threads.get()));
        let model = Self { network, inputs, scores, vocabulary, labels, threads };
        let trial: [Box<str>; 1] = ["one word".into()];
        match model.read(&trial, 0.5, &|| true) {
            Some(_) => Ok(model),
            None => Err(unfit(&format!("it does not say {} scores of each word", model.labels.len()))),
        }
    }

    /// The people and addresses in each of `texts`; `None` where the model fails, or may not go on.
    pub(super) fn read(
        &self,
        texts: &[Box<str>],
        threshold: f32,
        may_go_on: &dyn Fn() -> bool,
    ) -> Option<Vec<Vec<Guess>>> {
        let page = |text: &str| {
            let pieces = self.vocabulary.pieces(text);
            Page { likely: vec![Likely::default(); pieces.len()], pieces }
        };
        let mut pages: Vec<Page> = texts.iter().map(|text| page(text)).collect();
        let mut views: Vec<View> = Vec::new();
        for (page, sheet) in pages.iter().enumerate() {
            views.extend(windows(&sheet.pieces).into_iter().map(|window| View { page, window }));
        }
        // Windows of one length are not padded.
        views.sort_by_key(|view| view.window.len());
        for batch in views.chunks(PROSE_BATCH_MAX) {
            if !may_go_on() {
                return None;
            }
            self.look(batch, &mut pages)?;
        }
        let seen = texts.iter().zip(&pages);
        Some(seen.map(|(text, page)| guesses(text, &page.pieces, &page.likely, threshold)).collect())
    }

    /// Takes windows at once, and notes what it thinks of their pieces.
    fn look(&self, batch: &[View], pages: &mut [Page]) -> Option<()> {
        let width = 2 + batch.iter().map(|view| view.window.len()).max()?;
        let (mut ids, mut mask) = (Vec::with_capacity(batch.len() * width), Vec::new());
        for view in batch {
            let start = ids.len();
            ids.push(self.vocabulary.begin);
            ids.extend(pages.get(view.page)?.pieces.get(view.window.clone())?.iter().map(|piece| piece.id));
            ids.push(self.vocabulary.end);
            mask.resize(ids.len(), 1);
            ids.resize(start + width, self.vocabulary.pad);
            mask.resize(ids.len(), 0);
        }
        let shape = [batch.len(), width];
        let value = |numbers: Vec<i32>| Value::from_shape(&shape, numbers).ok().map(ValueOrView::Value);
        let kinds = vec![0; ids.len()];
        let inputs = vec![
            (self.inputs.ids, value(ids)?),
            (self.inputs.mask, value(mask)?),
            (self.inputs.kinds, value(kinds)?),
        ];
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads)));
        let said = self.network.run(inputs, &[self.scores], Some(options));
        let said =
            said.inspect_err(|fault| tracing::error!(%fault, "the model that reads prose failed")).ok()?;
        let (said_of, scores) = said.into_iter().next()?.into_shape_vec::<f32, 3>().ok()?;
        let count = self.labels.len();
        if said_of != [batch.len(), width, count] {
            return None;
        }
        for (view, rows) in batch.iter().zip(scores.chunks(width * count)) {
            // The first row is of the piece that begins every text.
            let rows = rows.chunks(count).skip(1);
            let likely = pages.get_mut(view.page)?.likely.get_mut(view.window.clone())?;
            for (likely, row) in likely.iter_mut().zip(rows) {
                *likely = likely.max(self.labels.weigh(row));
            }
        }
        Some(())
    }
}

/// Reads a text file that is not too long.
fn read(path: &Path) -> std::io::Result<String> {
    let most = u64::try_from(PROSE_FILE_BYTES_MAX).unwrap_or(u64::MAX);
    let mut text = String::new();
    File::open(path)?.take(most.saturating_add(1)).read_to_string(&mut text)?;
    if text.len() > PROSE_FILE_BYTES_MAX {
        return Err(std::io::Error::other(format!("it has more than {PROSE_FILE_BYTES_MAX} bytes")));
    }
    Ok(text)
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").finish_non_exhaustive()
    }
}
