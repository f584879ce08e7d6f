//! Files of objects of Kubernetes: read as kubectl reads them, changed where a pod is in them, written as they came.
//!
//! What is not changed leaves byte for byte. A document that is changed is written anew, so its comments are lost.

mod apply;
mod objects;
mod read;
mod scalar;
mod services;
mod write;

pub use apply::{Applied, Object, apply};
pub use objects::{Place, pods};
pub use read::{Document, Form, Unreadable, read};
pub use write::yaml;
