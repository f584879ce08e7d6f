//! The typo matrix: one good bundle, and every mistake that an author may plant in it, one at a time.
//!
//! Each row changes one place of the bundle and says, between `«` and `»`, where the fault lies. It must be
//! found there, by its number and as the only error: by the library, and by the real binary in `check`, while `run`
//! refuses to start. So no typo takes effect as a rule that says more, or less, than was meant.
//!
//! **A missing guard** is no row. Languages that read an optional argument without asking for its presence fail
//! when it is missing; a constraint of YAML is three-valued and so guards itself: `nothing_is_left_to_guard`
//! shows that it holds with and without `required`. In raw Cedar such a read is a fault of its validation.
//!
//! `UPDATE_GOLDEN=1` writes the lock file anew from `tools.json`, as `sluicegate pin` writes it.

#[path = "typos/care.rs"]
mod care;
#[path = "typos/limits.rs"]
mod limits;
#[path = "typos/shared.rs"]
mod shared;
#[path = "typos/talks.rs"]
mod talks;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use serde_json::Value;
use sluicegate::json::Document;
use sluicegate::policy::{Definition, LOCK_FILE, Lock, LockedTool, Severity, Source, compile};
use tempfile::TempDir;

/// A day in November 2026, in milliseconds since 1970.
const NOW: u64 = 1_795_000_000_000;

/// The file that rows are planted in, unless they are about the lock file.
const POLICY: &str = "policy.yaml";

/// What is planted, what it stands in place of, and the number of the fault at the marked place.
struct Row(&'static str, &'static str, &'static str, &'static str);

const NAMES: &[Row] = &[
    Row("tool of an allow", "tools: [db_query, ", "tools: [«db_qurey», ", "SG0013"),
    Row("tool of a deny", "tools: [db_drop]", "tools: [«db_dorp»]", "SG0013"),
    Row("tool of arguments", "args: { db_drop: {", "args: { «db_dorp»: {", "SG0013"),
    Row("tool that is declared", "  db_query: { class: read,", "  «db_qurey»: { class: read,", "SG0013"),
    Row("glob", "\"report.*\"]", "«\"reports.*\"»]", "SG0014"),
    Row(
        "role",
        "- id: analyst-read\n    roles: [analyst]",
        "- id: analyst-read\n    roles: [«anlyst»]",
        "SG0012",
    ),
    Row("role of an exception", "roles: [oncall]", "roles: [«oncal»]", "SG0012"),
    Row("scope", "scopes: [\"db:query\"], tenants", "scopes: [«\"db:qeury\"»], tenants", "SG0015"),
    Row("tenant", "tenants: [acme, globex] }", "tenants: [acme, «globx»] }", "SG0016"),
    Row("group", "groups: [operators],", "groups: [«operator»],", "SG0017"),
    Row("agent", "agents: [agent-a],", "agents: [«agent-b»],", "SG0029"),
    Row(
        "workload",
        "[\"spiffe://acme.example/ns/ops/*\"]",
        "[«\"spiffe://acme.example/ns/opps/*\"»]",
        "SG0035",
    ),
    Row("class", "classes: [destructive]", "classes: [«destuctive»]", "SG0008"),
    Row("class of a tool", "class: read,", "class: «raed»,", "SG0008"),
    Row("annotation", "{ destructiveHint: false }", "{ «destructivHint»: false }", "SG0005"),
    Row("method", "methods: [resources/read]", "methods: [«resource/read»]", "SG0019"),
    Row("detector", "detectors: [us_ssn]", "detectors: [«us_snn»]", "SG0018"),
    Row("media type", "image/png, ", "«imag/png», ", "SG0009"),
    Row("kind of prose", "[person_name], threshold", "[«persn_name»], threshold", "SG0018"),
    Row("key of prose", "bytes_max: 65536", "«byte_max»: 65536", "SG0005"),
    Row("word for unread prose", "beyond: withhold", "beyond: «withold»", "SG0008"),
    Row("rule twice", "- id: dba-safe", "- id: «dba-drop»", "SG0011"),
    Row("action", "action: tokenize", "action: «tokenise»", "SG0008"),
    Row("tool of a restore rule", "tool: db_query, argument", "tool: «db_qurey», argument", "SG0013"),
    Row("tool that values come from", "from: [report.daily]", "from: [«report.dayly»]", "SG0013"),
    Row("detector of a restore rule", "detectors: [email], rules", "detectors: [«emial»], rules", "SG0018"),
    Row("rule of a restore rule", "rules: [joins]", "rules: [«jions»]", "SG0027"),
    Row("key of a restore rule", "embed: false", "«embeded»: false", "SG0005"),
    Row("word for unbound tokens", "on_unbound: block", "on_unbound: «blok»", "SG0008"),
    Row("restore rule twice", "id: joined-back", "id: «joins»", "SG0011"),
];

const ARGUMENTS: &[Row] = &[
    Row("argument", "        limit: { max: 1000,", "        «limti»: { max: 1000,", "SG0030"),
    Row("argument inside", "filter.limit:", "«filter.limti»:", "SG0030"),
    Row("object around an argument", "filter.limit:", "«fitler.limit»:", "SG0030"),
    Row("argument of a deny", "{ table: { prefix", "{ «tabel»: { prefix", "SG0030"),
    Row("argument of every tool", "{ project: { equals", "{ «projekt»: { equals", "SG0030"),
    Row("argument of a restore rule", "argument: filter.column", "argument: «filter.colum»", "SG0030"),
    Row("argument of another tool", "day: { regex", "«limit»: { regex", "SG0030"),
    Row("type of a bound", "max: 1000,", "max: «\"1000\"»,", "SG0007"),
    Row("type of a test", "limit: { max: 1000, required: true }", "limit: { prefix: «\"10\"» }", "SG0031"),
    Row("type of a value", "limit: { max: 1000, required: true }", "limit: { equals: «\"10\"» }", "SG0031"),
    Row("value of an enum", "[analytics, reporting] }", "[analytics, «reportin»] }", "SG0032"),
    Row("impossible bound", "max: 1000,", "max: «0»,", "SG0033"),
    Row(
        "bounds that exclude each other",
        "limit: { max: 1000,",
        "«limit»: { min: 2000, max: 1000,",
        "SG0033",
    ),
    Row("unknown test", "{ prefix: pg_ }", "{ «prefx»: pg_ }", "SG0005"),
    Row("expression", "\"20[0-9]{2}-[0-9]{2}-[0-9]{2}\"", "«\"20[0-9{2}\"»", "SG0009"),
    Row("SQL without a dialect", "read_only: true, dialect: postgres,", "«read_only»: true,", "SG0006"),
    Row("dialect", "dialect: postgres,", "dialect: «postgre»,", "SG0008"),
    Row("key of a URL", "schemes: [https],", "«scheme»: [https],", "SG0005"),
    Row("network", "[\"10.0.0.0/8\"]", "[«\"10.0.0.1/8\"»]", "SG0009"),
    Row(
        "schema",
        "{ type: object, properties: { depth: { type: integer } } }",
        "{ «type»: object, properties: { depth: { type: integr } } }",
        "SG0009",
    ),
];

const RULES: &[Row] = &[
    Row("root", "    args:\n      db_query:", "    «arguments»:\n      db_query:", "SG0005"),
    Row("section", "deny:\n", "«denny»:\n", "SG0005"),
    Row("key of an issuer", "algorithms:", "«algoritms»:", "SG0005"),
    Row("algorithm", "[RS256]", "[«RS265»]", "SG0008"),
    Row(
        "arguments of a tool that is not meant",
        "tools: [db_query, \"report.*\"]\n    args:\n      db_query:",
        "tools: [\"report.*\"]\n    args:\n      «db_query»:",
        "SG0024",
    ),
    Row(
        "shadowed rule",
        "- id: dba-drop\n    roles: [dba]\n    classes: [destructive]",
        "- id: «dba-drop»\n    roles: [dba]\n    tools: [db_purge]",
        "SG0070",
    ),
    Row(
        "rule about nothing",
        "- id: dba-drop\n    roles: [dba]\n    classes: [destructive]",
        "- id: «dba-drop»\n    roles: [dba]\n    classes: [write]",
        "SG0024",
    ),
    Row("expired exception", "expires: 2099-12-31", "expires: «2026-01-31»", "SG0034"),
    Row("day that no calendar has", "expires: 2099-12-31", "expires: «2099-02-30»", "SG0009"),
    Row(
        "exception without an end",
        "{ id: incident, roles: [oncall], expires: 2099-12-31,",
        "{ «id»: incident, roles: [oncall],",
        "SG0006",
    ),
    Row(
        "exception without an owner",
        "{ id: incident, roles: [oncall], expires: 2099-12-31, owner: dbsec@acme.example,",
        "{ «id»: incident, roles: [oncall], expires: 2099-12-31,",
        "SG0006",
    ),
    Row("day since which", "since: 2026-01-10", "since: «2026-02-30»", "SG0009"),
    Row("key of that day", "since: 2026-01-10", "«sinc»: 2026-11-10", "SG0005"),
    Row(
        "day of what takes effect",
        "mode: shadow\n    since: 2026",
        "mode: enforce\n    «since»: 2026",
        "SG0009",
    ),
    Row("days in shadow", "max_days: 36500", "max_days: «0»", "SG0009"),
    Row("boundary", "db_boundary: declared", "db_boundary: «declard»", "SG0008"),
    Row("scopes of an issuer", "scopes_supported:", "«scope_supported»:", "SG0005"),
    Row("time zone", "tz: Europe/Berlin", "tz: «Europe/Berln»", "SG0008"),
    Row("day", "days: mon-fri", "days: «mon-fry»", "SG0008"),
    Row("time of day", "\"18:00\"]", "«\"18.00\"»]", "SG0009"),
    Row("list that is not closed", "[db_purge]\n    owner", "[db_purge\n    «»owner", "SG0001"),
    Row(
        "definition that nobody approved",
        "\"db_drop\"\n    sha256: \"80017d5e3816babc9ac99e070065c2cd500b386989cfef8c10df0bec8f33e1fa\"\n    description: \"Drops a table",
        "«\"db_drop\"»\n    sha256: \"80017d5e3816babc9ac99e070065c2cd500b386989cfef8c10df0bec8f33e1fa\"\n    description: \"Drops any table",
        "SG0028",
    ),
];

const TABLES: [&[Row]; 7] =
    [NAMES, ARGUMENTS, RULES, limits::LIMITS, care::CARE, shared::SHARED, talks::TALKS];

fn rows() -> impl Iterator<Item = &'static Row> {
    TABLES.into_iter().flatten()
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/typos")
}

/// The good bundle.
fn good() -> Vec<Source> {
    let read = |name: &str| Source {
        name: name.into(),
        text: fs::read_to_string(golden().join("good").join(name)).expect("the golden bundle"),
    };
    vec![read(POLICY), read(LOCK_FILE)]
}

/// A mistake in the good bundle.
struct Planted {
    row: &'static Row,
    sources: Vec<Source>,
    /// The file that it is in.
    file: &'static str,
    /// The bytes of the fault.
    span: std::ops::Range<usize>,
    /// Its line, and its first and last column; they count from 1, and the last lies behind it.
    line: u64,
    columns: (u64, u64),
}

impl Planted {
    /// Changes the one place that the row is about.
    fn new(row: &'static Row) -> Self {
        let Row(what, was, planted, _) = row;
        let mut sources = good();
        let file = if sources[0].text.contains(was) { POLICY } else { LOCK_FILE };
        let source = sources.iter_mut().find(|source| *source.name == *file).expect("both are there");
        assert_eq!(source.text.matches(was).count(), 1, "{what}: `{was}` is not one place");
        let marked = source.text.replace(was, planted);
        let (before, rest) = marked.split_once('«').expect("a mark");
        let (fault, after) = rest.split_once('»').expect("a mark");
        let line = before.rsplit('\n').next().unwrap_or_default();
        let count = |text: &str| u64::try_from(text.chars().count()).expect("a short line");
        let first = count(line) + 1;
        let span = before.len()..before.len() + fault.len();
        let line = count(&before.replace(|c| c != '\n', "")) + 1;
        let columns = (first, first + count(fault));
        source.text = format!("{before}{fault}{after}");
        Self { row, sources, file, span, line, columns }
    }

    /// A folder with it.
    fn folder(&self) -> TempDir {
        written(&self.sources)
    }
}

fn written(sources: &[Source]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for source in sources {
        fs::write(folder.path().join(&*source.name), &source.text).expect("written");
    }
    folder
}

/// Exit code, standard output and standard error.
fn sluicegate(words: &[&str], bundle: &Path) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluicegate"));
    let output = command.args(words).arg(bundle).output().expect("the binary runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn every_typo_is_found_at_its_place_and_alone() {
    sluicegate::identity::install_crypto();
    let mut wrong = Vec::new();
    for planted in rows().map(Planted::new) {
        let Row(what, _, _, code) = planted.row;
        let Err(faults) = compile(&planted.sources, NOW) else {
            wrong.push(format!("{what}: loads"));
            continue;
        };
        let errors = faults.iter().filter(|fault| fault.code.severity() == Severity::Error);
        let found: Vec<_> =
            errors.map(|fault| (fault.code.as_str(), &*fault.file, fault.start..fault.end)).collect();
        if found != [(*code, planted.file, planted.span.clone())] {
            wrong.push(format!("{what}: {code} at {:?} was planted, found {found:?}", planted.span));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn check_names_the_place_of_every_typo() {
    for planted in rows().map(Planted::new) {
        let Row(what, _, _, wanted) = planted.row;
        let folder = planted.folder();
        let (code, json, stderr) = sluicegate(&["check", "-o", "json"], folder.path());
        assert_eq!(code, Some(1), "{what}: {json}{stderr}");
        let json: Value = serde_json::from_str(&json).expect("JSON");
        let findings = json["findings"].as_array().expect("a list");
        let errors: Vec<&Value> = findings.iter().filter(|found| found["severity"] == "error").collect();
        let [found] = errors.as_slice() else { panic!("{what}: {json:#}") };
        assert_eq!(found["code"], *wanted, "{what}");
        assert_eq!(found["file"], folder.path().join(planted.file).display().to_string(), "{what}");
        let place = ["line", "column", "end_column"].map(|key| found[key].as_u64());
        let (first, last) = planted.columns;
        assert_eq!(place, [planted.line, first, last].map(Some), "{what}: {found:#}");
    }
}

#[test]
fn run_refuses_every_typo_before_it_listens() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("it is bound").to_string();
    let words = ["run", "--upstream", "http://127.0.0.1:9", "--listen", &address, "--policy"];
    // A gate that listens fails on the port that is taken, so one that says nothing of it did not try.
    // Without a model nobody could read what it wants read.
    let mut unread = good();
    let lines = unread[0].text.split_inclusive('\n').filter(|line| !line.starts_with("prose:"));
    unread[0].text = lines.collect();
    let (code, _, stderr) = sluicegate(&words, written(&unread).path());
    assert!(code == Some(3) && stderr.contains("cannot listen"), "{code:?}: {stderr}");
    for planted in rows().map(Planted::new) {
        let Row(what, _, _, wanted) = planted.row;
        let (code, _, stderr) = sluicegate(&words, planted.folder().path());
        assert_eq!(code, Some(1), "{what}: {stderr}");
        let place = format!("[{}:{}:{}]", planted.file, planted.line, planted.columns.0);
        assert!(stderr.contains(wanted) && stderr.contains(&place), "{what}: no {place} in {stderr}");
        assert!(!stderr.contains("listen"), "{what}: {stderr}");
    }
}

#[test]
fn every_output_names_the_same_place() {
    for table in TABLES {
        let planted = Planted::new(table.first().expect("a row"));
        let (Row(what, _, _, wanted), folder) = (planted.row, planted.folder());
        let file = folder.path().join(planted.file).display().to_string();
        let (line, (first, last)) = (planted.line, planted.columns);
        let (code, sarif, _) = sluicegate(&["check", "-o", "sarif"], folder.path());
        let sarif: Value = serde_json::from_str(&sarif).expect("JSON");
        let result = &sarif["runs"][0]["results"][0];
        let region = &result["locations"][0]["physicalLocation"]["region"];
        assert_eq!((code, result["ruleId"].as_str()), (Some(1), Some(*wanted)), "{what}: {sarif:#}");
        let place = ["startLine", "startColumn", "endColumn"].map(|key| region[key].as_u64());
        assert_eq!(place, [line, first, last].map(Some), "{what}: {sarif:#}");
        let (code, github, _) = sluicegate(&["check", "-o", "github"], folder.path());
        let place = format!("::error file={file},line={line},col={first},title={wanted}::");
        assert!(code == Some(1) && github.starts_with(&place), "{what}: {github}");
        let (code, _, human) = sluicegate(&["check"], folder.path());
        let place = format!("[{file}:{line}:{first}]");
        assert!(code == Some(1) && human.contains(&place), "{what}: {human}");
    }
}

#[test]
fn the_good_bundle_is_well_in_every_output() {
    sluicegate::identity::install_crypto();
    let policy = compile(&good(), NOW).expect("it is good");
    assert!(policy.warnings().is_empty(), "{:?}", policy.warnings());
    for output in ["human", "json", "sarif", "github"] {
        let (code, stdout, stderr) = sluicegate(&["check", "--strict", "-o", output], &golden().join("good"));
        assert_eq!(code, Some(0), "{output}: {stdout}{stderr}");
    }
}

#[test]
fn the_lock_file_is_as_pin_writes_it() {
    let text = fs::read_to_string(golden().join("tools.json")).expect("the golden tools");
    let document = Document::parse(text.as_bytes()).expect("JSON");
    let approved = |tool| LockedTool::approved(Arc::new(Definition::read(tool).expect("a definition")), None);
    let lock = Lock { tools: document.root().elements().map(approved).collect(), ..Lock::default() };
    let path = golden().join("good").join(LOCK_FILE);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, lock.render()).expect("writable");
    }
    assert_eq!(fs::read_to_string(path).unwrap_or_default(), lock.render());
}

#[test]
fn nothing_is_left_to_guard() {
    let cases = "cases:
  - name: an analyst who says how much
    as: { user: alice, tenant: acme, scopes: [\"db:query\"] }
    call: { tool: db_query, args: { database: analytics, sql: SELECT 1 FROM orders, limit: 5, filter: { limit: 5 } } }
    expect: { decision: allow }
  - name: an analyst who does not
    as: { user: alice, tenant: acme, scopes: [\"db:query\"] }
    call: { tool: db_query, args: { database: analytics, sql: SELECT 1 FROM orders, filter: { limit: 5 } } }
    expect: { decision: deny, reason: argument }
";
    for limit in ["limit: { max: 1000, required: true }", "limit: { max: 1000 }"] {
        let mut sources = good();
        let policy = &mut sources[0].text;
        *policy = policy.replace("limit: { max: 1000, required: true }", limit);
        assert!(policy.contains(limit));
        let folder = written(&sources);
        fs::write(folder.path().join("policy.test.yaml"), cases).expect("written");
        let (code, stdout, stderr) = sluicegate(&["test"], folder.path());
        assert_eq!(code, Some(0), "{limit}: {stdout}{stderr}");
    }
}
