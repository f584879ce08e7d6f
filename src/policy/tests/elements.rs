//! Translations that lead into arrays: one step for every element.

use super::*;
use crate::policy::lock::LOCK_FILE;

const NEW: &str = r#"{"name":"find","inputSchema":{"type":"object","required":["filters"],"properties":{"text":{"type":"string"},
    "filters":{"type":"array","items":{"type":"object","required":["field","op"],"properties":{"field":{"type":"string"},
    "op":{"enum":["eq","ne"]}}}}}},"outputSchema":{"type":"object","required":["results"],"properties":{"results":
    {"type":"array","items":{"type":"object","required":["id","title"],"properties":{"id":{"type":"string"},"title":{"type":"string"}}}}}}}"#;
const OLD: &str = r#"{"name":"find","inputSchema":{"type":"object","required":["filters"],"properties":{"text":{"type":"string"},
    "filters":{"type":"array","items":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},
    "op":{"enum":["=","!="]}}}}}},"outputSchema":{"type":"object","required":["items"],"properties":{"items":
    {"type":"array","items":{"type":"object","required":["id","name"],"properties":{"id":{"type":"string"},"name":{"type":"string"}}}}}}}"#;
const REQUEST: &str = "{ rename: { /filters/*/name: /filters/*/field } }, { enum: { /filters/*/op: { '=': eq, '!=': ne } } }, \
                       { default: { /filters/*/op: eq } }";
const RESPONSE: &str = "{ rename: { results: items } }, { rename: { /items/*/title: /items/*/name } }";

fn compiled(request: &str, response: &str) -> Result<Policy, Faults> {
    crate::identity::install_crypto();
    let tool = |json: &str, version| {
        let definition = Definition::read(Document::parse(json.as_bytes()).expect("JSON").root());
        let definition = Arc::new(definition.expect("a definition"));
        LockedTool { version, ..LockedTool::approved(definition, Some(Class::Read)) }
    };
    let lock = Lock { tools: vec![tool(NEW, None), tool(OLD, Some(1))], ..Lock::default() };
    let text = format!(
        "version: 1\nserver: {{ id: db }}\ncallers: {{ anonymous: allow }}\ntools:\n  \
         find@1: {{ state: deprecated, successor: 2, request: [{request}], response: [{response}] }}\n  find@2: {{}}\n\
         allow: [{{ id: all, tools: '*' }}]\n"
    );
    let sources =
        [Source { name: "policy.yaml".into(), text }, Source { name: LOCK_FILE.into(), text: lock.render() }];
    compile(&sources, 0)
}

#[test]
fn each_element_of_a_call_and_of_its_result_is_translated() {
    let policy =
        compiled(REQUEST, RESPONSE).unwrap_or_else(|faults| panic!("{}", faults.render(Paint::Plain)));
    let versions = policy.versions();
    let Some(Aim::Version(first)) = versions.aim("find_v1", 0) else { panic!("it has an alias") };
    let call = br#"{"filters":[{"name":"a","op":"!="},{"name":"b","x":1e0}],"text":"t"}"#;
    let document = Document::parse(call).expect("JSON");
    let wanted = r#"{"filters":[{"op":"ne","field":"a"},{"x":1e0,"field":"b","op":"eq"}],"text":"t"}"#;
    assert_eq!(versions.request(first, Some(document.root())).as_deref(), Some(wanted));
    let document =
        Document::parse(br#"{"results":[{"id":"1","title":"x"},{"id":"2","title":"y"}]}"#).expect("JSON");
    let wanted = r#"{"items":[{"id":"1","name":"x"},{"id":"2","name":"y"}]}"#;
    assert_eq!(versions.response(first, document.root()).as_deref(), Some(wanted));
}

#[test]
fn a_step_into_an_array_is_checked_against_both_schemas() {
    let field = REQUEST.split("}, {").next().unwrap_or_default();
    let rest = REQUEST.strip_prefix(field).unwrap_or_default();
    for (request, response, code, wanted) in [
        (REQUEST.replace("*/name", "*/nam"), RESPONSE, "SG0074", "has no argument `/filters/*/nam`"),
        (REQUEST.replace("*/field", "*/feild"), RESPONSE, "SG0074", "did you mean `field`?"),
        (REQUEST.replace("'!='", "'<>'"), RESPONSE, "SG0074", "no value `<>`"),
        (
            rest.trim_start_matches(['}', ',', ' ']).to_owned(),
            RESPONSE,
            "SG0075",
            "nothing fills argument `/filters/*/field`",
        ),
        (
            field.to_owned() + "}, { default: { /filters/*/op: eq } }",
            RESPONSE,
            "SG0075",
            "`/filters/*/op` may be \"=\"",
        ),
        (
            REQUEST.to_owned(),
            "{ rename: { results: items } }",
            "SG0075",
            "nothing fills member `/items/*/name`",
        ),
        ("{ drop: /text/*/x }, ".to_owned() + REQUEST, RESPONSE, "SG0074", "has no argument `/text/*/x`"),
        (
            REQUEST.replace(
                "rename: { /filters/*/name: /filters/*/field }",
                "move: { /filters/*/name: /field }",
            ),
            RESPONSE,
            "SG0009",
            "same element",
        ),
        ("{ drop: /filters/* }, ".to_owned() + REQUEST, RESPONSE, "SG0009", "every element of an array"),
    ] {
        let faults = match compiled(&request, response) {
            Ok(policy) => policy.warnings().clone(),
            Err(faults) => faults,
        };
        let is_found = faults.iter().any(|fault| {
            let help = fault.help.as_deref().unwrap_or_default();
            fault.code.as_str() == code && format!("{} {help}", fault.message).contains(wanted)
        });
        assert!(is_found, "{request} {response}\nwants {code} {wanted}\n{}", faults.render(Paint::Plain));
    }
}
