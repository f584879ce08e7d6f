//! What is spelled otherwise, encoded or cut into pieces, made plain with a way back.

pub(super) mod edges;
pub(super) mod foreign;
pub(super) mod joined;
pub(super) mod media;
pub(super) mod spelled;
pub(super) mod unescaped;
pub(super) mod views;
