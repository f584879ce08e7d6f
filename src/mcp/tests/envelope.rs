use crate::json::{Document, DuplicateKeys, FaultKind};
use crate::mcp::envelope::{fuzz_envelope, read};
use crate::mcp::{EnvelopeFaultKind as K, IdFault, Message, Method, Sender};

/// What became of a text: its method, or the fault and the id that is answered to.
#[derive(Debug, PartialEq)]
enum Verdict {
    Call(Method),
    Answer,
    Refused(K, Option<String>),
}

fn check(text: &str, from: Sender) -> Verdict {
    fuzz_envelope(text.as_bytes());
    let document = match Document::parse(text.as_bytes()) {
        Ok(document) => document,
        Err(fault) => return Verdict::Refused(K::Json(fault.kind), None),
    };
    match read(&document, from) {
        Ok(message) => message.method().map_or(Verdict::Answer, Verdict::Call),
        Err(fault) => Verdict::Refused(fault.kind, fault.id.map(|id| id.raw().to_owned())),
    }
}

#[test]
fn reads_what_every_reader_reads_alike() {
    let cases = [
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}"#, Method::ToolsCall),
        (r#"{"params":{},"method":"tools\/call","id":"x","jsonrpc":"2.0"}"#, Method::ToolsCall),
        ("{\r\n \"jsonrpc\" : \"2.0\",\"\\u0069d\":0,\"m\\u0065thod\":\"ping\" }", Method::Ping),
        (r#"{"jsonrpc":"2.\u0030","id":-0,"method":"tools/list"}"#, Method::ToolsList),
        (r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, Method::NotificationsInitialized),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"NAME":1,"name":2,"Name ":3,"":4}}}"#,
            Method::ToolsCall,
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","vendor":1,"_meta":{"acme/x":1,"":2}}}"#,
            Method::ToolsCall,
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"__proto__":{},"constructor":{}}}"#,
            Method::Ping,
        ),
    ];
    for (text, method) in cases {
        assert_eq!(check(text, Sender::Client), Verdict::Call(method), "{text}");
    }
}

#[test]
fn reads_answers_from_either_side() {
    let cases = [
        r#"{"result":{},"jsonrpc":"2.0","id":"a"}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"a","vendor":{"NAME":1}}],"_meta":{}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"x","data":{"CODE":1}}}"#,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}"#,
        r#"{"jsonrpc":"2.0","error":{"code":1,"message":""}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{"structuredContent":{"Content":1},"content":[{"type":"text","text":"TEXT"}]}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{"action":"accept","content":{"type":"a","Text":"b","URI":"c"}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"a","inputSchema":{"properties":{"Name":{}},"Title":1}}]}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{"capabilities":{"experimental":{"Tools":{}},"extensions":{"a/B":{"Roots":1}}}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{"inputRequests":{"Name":{"method":"elicitation/create","params":{"requestedSchema":{"Message":1}}}}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{"role":"assistant","content":{"type":"tool_use","name":"a","input":{"Type":1}}}}"#,
    ];
    for text in cases {
        assert_eq!(check(text, Sender::Client), Verdict::Answer, "{text}");
        assert_eq!(check(text, Sender::Server), Verdict::Answer, "{text}");
    }
    let document = Document::parse(cases[3].as_bytes()).unwrap();
    assert!(matches!(read(&document, Sender::Server), Ok(Message::Error { id: None, .. })));
}

#[test]
fn refuses_envelopes_that_can_be_read_in_two_ways() {
    let one = Some("1");
    let cases = [
        (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, K::Batch, None),
        ("[]", K::Batch, None),
        ("1", K::NotObject, None),
        ("null", K::NotObject, None),
        (r#"{"jsonrpc":"2.0","id":1}"#, K::Nothing, None),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, K::Version, one),
        (r#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#, K::Version, one),
        (r#"{"id":1,"method":"ping"}"#, K::Version, one),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","extra":1}"#, K::UnknownKey, one),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","METHOD":"tools/call"}"#, K::NearMissKey("method"), one),
        (r#"{"jsonrpc":"2.0","id":1,"METHOD":"tools/call","Params":{}}"#, K::NearMissKey("method"), None),
        (r#"{"jsonrpc":"2.0","id":1,"ID":2,"method":"ping"}"#, K::NearMissKey("id"), None),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","extra":1,"i_d":2}"#, K::UnknownKey, None),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","param\u017f":{}}"#, K::NearMissKey("params"), one),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["a"]}"#, K::Params, one),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":null}"#, K::Params, one),
        (r#"{"jsonrpc":"2.0","id":1,"result":{},"params":{}}"#, K::Params, None),
        (r#"{"jsonrpc":"2.0","id":1,"result":{},"method":"tools/call"}"#, K::Mixed, None),
        (r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#, K::Mixed, None),
        (r#"{"jsonrpc":"2.0","id":1,"error":"x"}"#, K::Error, None),
        (r#"{"jsonrpc":"2.0","result":{}}"#, K::MissingId, None),
        (r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"a"}}"#, K::MissingId, None),
        (r#"{"jsonrpc":"2.0","id":1,"method":"notifications/initialized"}"#, K::StrayId, one),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, K::Id(IdFault::Kind), None),
        (r#"{"jsonrpc":"2.0","id":1.0,"method":"ping"}"#, K::Id(IdFault::Fraction), None),
        (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, K::Method, one),
        (r#"{"jsonrpc":"2.0","id":1,"method":""}"#, K::Method, one),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call "}"#, K::Method, one),
        (r#"{"jsonrpc":"2.0","id":1,"method":"TOOLS/CALL"}"#, K::UnknownMethod, one),
        (r#"{"jsonrpc":"2.0","id":1,"method":"acme/x"}"#, K::UnknownMethod, one),
        (r#"{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage"}"#, K::WrongSender, one),
    ];
    for (text, kind, id) in cases {
        assert_eq!(check(text, Sender::Client), Verdict::Refused(kind, id.map(str::to_owned)), "{text}");
    }
}

#[test]
fn refuses_keys_that_are_nearly_a_key_of_the_protocol() {
    let cases = [
        (r#""method":"tools/call","params":{"name":"a","NAME":"b"}"#, "name"),
        (r#""method":"tools/call","params":{"name":"a","name\u0000":"b"}"#, "name"),
        (r#""method":"tools/call","params":{"name":"a","_meta":{"progressTo\u212aen":1}}"#, "progressToken"),
        (r#""method":"tools/call","params":{"name":"a","_Meta":{}}"#, "_meta"),
        (r#""method":"tools/call","params":{"name":"a","Arguments":{}}"#, "arguments"),
        (r#""method":"resources/read","params":{"uri":"a:b","URI":"c:d"}"#, "uri"),
        (r#""method":"completion/complete","params":{"ref":{"name":"a","NAME":"b"}}"#, "name"),
        (r#""result":{"tools":[],"Tools":[{"name":"hidden"}]}"#, "tools"),
        (r#""result":{"tools":[{"name":"a","Name":"hidden"}]}"#, "name"),
        (r#""result":{"content":[{"type":"text","TEXT":"x"}]}"#, "text"),
        (r#""result":{"_meta":{"TraceParent":"x"}}"#, "traceparent"),
        (r#""error":{"code":1,"Message":"x"}"#, "message"),
        (r#""method":"initialize","params":{"clientInfo":{"name":"a","VERSION":"b"}}"#, "version"),
        (r#""method":"initialize","params":{"capabilities":{"Sampling":{}}}"#, "sampling"),
        (r#""method":"initialize","params":{"capabilities":{"roots":{"list_changed":true}}}"#, "listChanged"),
        (
            r#""method":"ping","params":{"_meta":{"io.modelcontextprotocol/clientInfo":{"na\u00adme":"a"}}}"#,
            "name",
        ),
        (
            r#""method":"ping","params":{"_meta":{"IO.modelcontextprotocol/clientInfo":{}}}"#,
            "io.modelcontextprotocol/clientInfo",
        ),
        (r#""method":"completion/complete","params":{"ref":{"name":"a"},"argument":{"Value":"b"}}"#, "value"),
        (
            r#""method":"tools/call","params":{"name":"a","inputResponses":{"x":{"Action":"accept"}}}"#,
            "action",
        ),
        (
            r#""method":"prompts/get","params":{"name":"a","inputResponses":{"x":{"role":"user","content":{"type":"text","Text":"b"}}}}"#,
            "text",
        ),
        (
            r#""method":"subscriptions/listen","params":{"notifications":{"tools_list_changed":true}}"#,
            "toolsListChanged",
        ),
        (
            r#""method":"sampling/createMessage","params":{"messages":[{"role":"user","content":[{"type":"text","Text":"x"}]}]}"#,
            "text",
        ),
        (r#""method":"notifications/tasks","params":{"taskId":"1","result":{"IsError":true}}"#, "isError"),
        (r#""result":{"tools":[{"name":"a","annotations":{"ReadOnlyHint":true}}]}"#, "readOnlyHint"),
        (r#""result":{"tools":[{"name":"a","icons":[{"SRC":"data:,"}]}]}"#, "src"),
        (r#""result":{"content":[{"type":"resource","resource":{"uri":"a:b","TEXT":"x"}}]}"#, "text"),
        (r#""result":{"content":[{"type":"text","text":"x","annotations":{"Audience":[]}}]}"#, "audience"),
        (r#""result":{"content":[{"type":"tool_result","content":[{"type":"text","Text":"x"}]}]}"#, "text"),
        (r#""result":{"contents":[{"uri":"a:b","Blob":""}]}"#, "blob"),
        (r#""result":{"messages":[{"role":"user","content":{"type":"text","Text":"x"}}]}"#, "text"),
        (r#""result":{"prompts":[{"name":"a","arguments":[{"name":"b","Required":true}]}]}"#, "required"),
        (r#""result":{"inputRequests":{"x":{"method":"roots/list","Params":{}}}}"#, "params"),
        (
            r#""result":{"inputRequests":{"x":{"method":"sampling/createMessage","params":{"Messages":[]}}}}"#,
            "messages",
        ),
        (r#""result":{"capabilities":{"tools":{"ListChanged":true}}}"#, "listChanged"),
        (r#""result":{"taskId":"1","status":"completed","result":{"tools":[{"Name":"a"}]}}"#, "name"),
    ];
    for (rest, known) in cases {
        let text = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,{rest}}}");
        let verdict = check(&text, Sender::Both);
        assert!(
            matches!(verdict, Verdict::Refused(K::NearMissKey(key), _) if key == known),
            "{text} {verdict:?}"
        );
    }
}

#[test]
fn bounds_the_name_of_a_method() {
    for (bytes, kind) in [(127, K::UnknownMethod), (128, K::UnknownMethod), (129, K::Method)] {
        let text = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{}"}}"#, "m".repeat(bytes));
        assert_eq!(check(&text, Sender::Client), Verdict::Refused(kind, Some("1".into())));
    }
}

#[test]
fn gives_each_fault_its_code_place_and_words() {
    let cases = [
        ("{", -32700, 1, "JSON value cut short at byte 1"),
        (r#"{"a":1,"a":2}"#, -32600, 7, "duplicate key at byte 7"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"acme/x"}"#, -32601, 33, "unknown method"),
        (
            r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#,
            -32600,
            22,
            "the id is neither a string nor an integer",
        ),
        ("[]", -32600, 0, "batches are not accepted here; send one message at a time"),
    ];
    for (text, code, at, words) in cases {
        let document = Document::parse(text.as_bytes());
        let fault = match &document {
            Ok(document) => read(document, Sender::Client).unwrap_err(),
            Err(fault) => (*fault).into(),
        };
        assert_eq!((fault.kind.code(), fault.at), (code, at), "{text}: {fault}");
        assert_eq!(fault.to_string(), words, "{text}");
    }
}

#[test]
fn lets_data_alone_repeat_keys_where_a_policy_says_so() {
    let cases = [
        (r#""method":"tools/call","params":{"name":"a","arguments":{"x":1,"x":[{"y":1,"y":2}]}}"#, None),
        (r#""result":{"structuredContent":{"x":1,"x":2},"content":[]}"#, None),
        (r#""method":"ping","method":"tools/call""#, Some(r#""method":"tools/call"}"#)),
        (r#""method":"ping","params":{"a":1,"a":2}"#, Some(r#""a":2}}"#)),
        (r#""method":"ping","params":{"_meta":{"a":{"b":1,"b":2}}}"#, Some(r#""b":2}}}}"#)),
        (
            r#""method":"tools/call","params":{"name":"a","arguments":{},"arguments":{}}"#,
            Some(r#""arguments":{}}}"#),
        ),
        (
            r#""method":"tools/call","params":{"name":"a","argument\u0073":{},"arguments":{}}"#,
            Some(r#""arguments":{}}}"#),
        ),
        (
            r#""method":"tools/call","params":{"arguments":{"x":1,"x":2},"name":"a","name":"b"}"#,
            Some(r#""name":"b"}}"#),
        ),
        (r#""result":{"tools":[{"name":"a"},{"name":"a","name":"b"}]}"#, Some(r#""name":"b"}]}}"#)),
        (r#""result":{"content":[{"text":"a","\u0074ext":"b"}]}"#, Some(r#""\u0074ext":"b"}]}}"#)),
        (r#""error":{"code":1,"message":"x","data":{"a":1,"a":2}}"#, Some(r#""a":2}}}"#)),
    ];
    for (rest, at) in cases {
        let text = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,{rest}}}");
        let document = Document::parse_with(text.as_bytes(), DuplicateKeys::RejectProtocol).unwrap();
        let found = read(&document, Sender::Both).err();
        let found = found.map(|fault| (fault.kind, fault.id, text.get(fault.at..).unwrap_or_default()));
        assert_eq!(found, at.map(|at| (K::Json(FaultKind::DuplicateKey), None, at)), "{text}");
        assert_eq!(
            Document::parse(text.as_bytes()).err().map(|fault| fault.kind),
            Some(FaultKind::DuplicateKey)
        );
    }
}
