//! Bounds of injection into pods.

/// The name of a port. Source: IANA service names, RFC 6335, section 5.1.
pub const PORT_NAME_CHARACTERS_MAX: usize = 15;

/// Parts of the audit volume that one audit file may take. A volume that overflows takes its pod with it.
pub const INJECTED_AUDIT_FILES_PER_VOLUME: u64 = 4;

/// Audit files kept beside the one that is written: with it three quarters of their volume.
pub const INJECTED_AUDIT_FILES_KEPT: u64 = 2;

/// The volume of the program beside a server on pipes: a debug build has 400 MB, a release a tenth.
pub const INJECTED_PROGRAM_SIZE: &str = "512Mi";

/// How long a pod has to end where it does not say. Source: the API of Kubernetes, `PodSpec`.
pub const POD_GRACE_SECONDS: u64 = 30;

/// What the last records and spans may take, in seconds.
pub const INJECTED_FLUSH_SECONDS: u64 = 2;

/// Bytes of a file of manifests: a rendered chart of hundreds of objects has a few MB.
pub const MANIFEST_BYTES_MAX: usize = 32 << 20;

/// Nesting in a manifest. Definitions of resources have about 30.
pub const MANIFEST_DEPTH_MAX: usize = 100;

/// Values in a file of manifests, those counted again that aliases repeat: some 100 MB when read.
pub const MANIFEST_NODES_MAX: usize = 2_000_000;
