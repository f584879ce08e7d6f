//! What the images promise, as far as the files say it.

use std::path::Path;

use super::tools::files;

const FILES: [&str; 2] = ["deploy/docker/Dockerfile", "deploy/docker/Dockerfile.scratch"];

/// The two differ in what they stand on, and in nothing that decides.
#[test]
fn are_built_alike() {
    let [full, scratch] = FILES.map(|path| std::fs::read_to_string(path).expect("text"));
    for text in [&full, &scratch] {
        for wanted in [
            "USER 65532:65532",
            "STOPSIGNAL SIGTERM",
            "ENTRYPOINT [\"/usr/local/bin/sluicegate\"]",
            "COPY --from=build /out/sluicegate /usr/local/bin/sluicegate",
            "+crt-static",
            " --locked ",
            "SOURCE_DATE_EPOCH",
            "org.opencontainers.image.revision",
        ] {
            assert!(text.contains(wanted), "{wanted}");
        }
    }
    assert!(scratch.contains("\nFROM scratch\n"));
    let build = |text: &str| {
        let stage = text
            .split("\nFROM ")
            .nth(1)
            .expect("a stage")
            .split("\n\n")
            .next()
            .expect("its lines")
            .to_owned();
        stage
            .lines()
            .filter(|line| !line.contains("ca-certificates"))
            .map(|line| line.trim_end_matches(" \\").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(build(&full), build(&scratch));
}

/// The toolchain of the image is the one that the manifest asks for, and its version the chart's.
#[test]
fn are_of_this_version() {
    let manifest = std::fs::read_to_string("Cargo.toml").expect("text");
    let field = |key: &str| {
        let line = manifest.lines().find_map(|line| line.strip_prefix(&format!("{key} = \"")));
        line.expect("it is there").trim_end_matches('"').to_owned()
    };
    for path in FILES {
        let text = std::fs::read_to_string(path).expect("text");
        assert!(text.contains(&format!("FROM rust:{}-", field("rust-version"))), "{path}");
        assert!(text.contains(&format!("ARG VERSION={}\n", field("version"))), "{path}");
    }
    let chart = std::fs::read_to_string("deploy/helm/sluicegate/Chart.yaml").expect("text");
    assert!(chart.contains(&format!("\nappVersion: {}\n", field("version"))));
}

/// Whatever the sources include is in what the image is built from.
#[test]
fn are_built_from_all_that_they_need() {
    let ignored = std::fs::read_to_string(".dockerignore").expect("text");
    let sent: Vec<_> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut needed = vec![root.join("Cargo.lock")];
    for path in files(&root.join("src")) {
        // Tests are not part of the binary.
        if path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let included = text.split("include_str!(\"").chain(text.split("include_bytes!(\"")).skip(1);
        let included = included.filter_map(|rest| rest.split_once("\")")).map(|(path, _)| path);
        needed.extend(included.map(|name| path.parent().expect("a folder").join(name)));
    }
    assert!(needed.len() > 10, "{needed:?}");
    for path in needed {
        let Ok(path) = path.canonicalize() else { continue };
        let inside = path.strip_prefix(root).expect("in the project");
        let top = inside.components().next().and_then(|part| part.as_os_str().to_str()).expect("a name");
        assert!(sent.contains(&top), "{} is not sent: add it to .dockerignore", inside.display());
    }
}
