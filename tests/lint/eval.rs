//! `sluicegate eval`: a planted confusion of two tools is found, and gone with the policy's own words; models are
//! asked in both forms.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::upstream::{After, Got, Upstream, send_json};

/// Two tools of which the words of the one promise what the other does.
const TOOLS: &str = r#"{ "tools": [
    { "name": "account_update", "description": "Changes the account of a customer, such as to pause or close it.",
      "inputSchema": { "type": "object", "properties": { "customer": { "type": "string" } }, "required": ["customer"] } },
    { "name": "account_modify", "description": "Changes an account.",
      "inputSchema": { "type": "object", "properties": { "customer": { "type": "string" } }, "required": ["customer"] } },
    { "name": "send_invoice", "description": "Sends an invoice by mail.", "inputSchema": { "type": "object" } } ] }"#;

const CASES: &str = "version: 1\ncases:\n  \
    - { name: pause, ask: Pause the account of customer Ada, tool: account_modify, args: { customer: ada }, not: [account_update] }\n  \
    - { name: close, ask: Close the account of customer Ada, tool: account_update }\n  \
    - { name: invoice, ask: Send Ada the invoice, tool: send_invoice }\n  \
    - { name: small-talk, ask: How was your weekend?, abstain: true }\n";

const POLICY: &str = "version: 1\nserver: { id: crm }\ncallers: { anonymous: allow }\nallow: [{ id: all, tools: '*' }]\ntools:\n  \
    send_invoice: { class: write }\n  \
    account_update: { describe: { description: Closes the account of a customer for good. } }\n  \
    account_modify: { describe: { description: Pauses the account of a customer until it is wanted again. } }\n";

struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().expect("a temporary directory can be made"));
        for (name, text) in [("tools.json", TOOLS), ("cases.yaml", CASES), ("policy/policy.yaml", POLICY)] {
            desk.write(name, text);
        }
        desk
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().expect("a path of ASCII").to_owned()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(Path::new(&path).parent().expect("it is in a folder")).expect("ours");
        std::fs::write(path, text).expect("it is ours");
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("it was written")
    }

    /// Runs `eval` on the cases and tools; the words of the text are parted by line feeds in `said`.
    fn eval(&self, words: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sluicegate"));
        command.arg("eval").args([self.path("cases.yaml"), self.path("tools.json")]).args(words);
        let output = command.env("EVAL_KEY", "secret-1").output();
        let Output { status, stdout, stderr } = output.expect("the binary can be started");
        (status.code(), format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr)))
    }
}

#[test]
fn finds_the_planted_confusion_and_shows_that_other_words_end_it() {
    let desk = Desk::new();
    let (code, text) = desk.eval(&[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("wrong  pause: `account_update` was chosen, and not account_modify"), "{text}");
    assert!(text.contains("3 of 4 cases right by words alone"), "{text}");
    let (_, text) = desk.eval(&["-o", "json"]);
    let found: Value = serde_json::from_str(&text).expect("JSON");
    let confused = json!({ "wanted": "account_modify", "chosen": "account_update", "count": 1 });
    assert!(found["matrix"].as_array().expect("a matrix").contains(&confused), "{text}");

    let policy = desk.path("policy");
    let page = desk.path("page.html");
    let (code, text) = desk.eval(&["--policy", &policy, "--compare", "--html", &page]);
    assert_eq!(code, Some(0), "{text}");
    let change = "fixed  pause: account_update by the server's words, account_modify by the policy's";
    assert!(text.contains(change), "{text}");
    assert!(text.contains("describe: 3 of 4 cases right without it, 4 with it"), "{text}");
    let page = desk.read("page.html");
    assert!(page.contains("Wanted and chosen") && page.contains("account_modify"), "{page}");
    assert!(!page.contains("<script"), "{page}");
}

#[test]
fn fails_against_a_baseline_only_for_what_was_right() {
    let desk = Desk::new();
    let (_, now) = desk.eval(&["-o", "json"]);
    desk.write("before.json", &now);
    let (before, junit) = (desk.path("before.json"), desk.path("eval.xml"));
    let (code, text) = desk.eval(&["--baseline", &before, "--junit", &junit]);
    assert_eq!(code, Some(0), "{text}");
    let xml = desk.read("eval.xml");
    let document = roxmltree::Document::parse(&xml).expect("XML");
    assert_eq!(document.descendants().filter(|node| node.has_tag_name("testcase")).count(), 4, "{xml}");
    assert_eq!(document.descendants().filter(|node| node.has_tag_name("skipped")).count(), 1, "{xml}");

    desk.write("before.json", &now.replace("\"right\": false", "\"right\": true"));
    let (code, text) = desk.eval(&["--baseline", &before, "--junit", &junit]);
    assert!(code == Some(1) && text.contains("; it was right before"), "{text}");
    assert!(desk.read("eval.xml").contains("failures=\"1\""));
    assert_eq!(desk.eval(&["--fail-under", "75"]).0, Some(0));
    assert_eq!(desk.eval(&["--fail-under", "76"]).0, Some(1));
}

/// A model that calls the tool whose description shares most words with the request, in the form it was asked in.
fn model() -> Upstream {
    Upstream::start(|got: &Got, stream| {
        let asked: Value = serde_json::from_str(&got.body).expect("a question is JSON");
        let is_anthropic = got.head.starts_with("POST /v1/messages ");
        assert!(is_anthropic || got.head.starts_with("POST /v1/chat/completions "), "{}", got.head);
        assert_eq!((&asked["temperature"], &asked["model"]), (&json!(0), &json!("m-1")));
        let request =
            asked["messages"].as_array().and_then(|all| all.last()?["content"].as_str()).expect("a request");
        let tools = asked["tools"].as_array().expect("tools").iter();
        let tools = tools.map(|tool| if is_anthropic { tool } else { &tool["function"] });
        let shared = |tool: &Value| {
            let said = tool["description"].as_str().unwrap_or_default().to_lowercase();
            request.to_lowercase().split(' ').filter(|word| word.len() > 3 && said.contains(*word)).count()
        };
        let best = tools.max_by_key(|tool| shared(tool)).filter(|tool| shared(tool) > 0);
        let name = best.map(|tool| tool["name"].clone());
        // An argument of the wrong type where the request wants a slip.
        let arguments = if request.starts_with("Close") {
            json!({ "customer": 7 })
        } else {
            json!({ "customer": "Ada" })
        };
        let answer = match (is_anthropic, name) {
            (true, Some(name)) => {
                json!({ "content": [{ "type": "tool_use", "id": "1", "name": name, "input": arguments }],
                                          "usage": { "input_tokens": 100, "output_tokens": 10 } })
            }
            (true, None) => {
                json!({ "content": [{ "type": "text", "text": "Fine." }], "usage": { "input_tokens": 100, "output_tokens": 10 } })
            }
            (false, Some(name)) => json!({
                "choices": [{ "message": { "role": "assistant", "tool_calls": [
                    { "id": "1", "type": "function", "function": { "name": name, "arguments": arguments.to_string() } }] } }],
                "usage": { "prompt_tokens": 100, "completion_tokens": 10 } }),
            (false, None) => json!({ "choices": [{ "message": { "role": "assistant", "content": "Fine." } }],
                                     "usage": { "prompt_tokens": 100, "completion_tokens": 10 } }),
        };
        send_json(stream, 200, &answer.to_string());
        After::Keep
    })
}

#[test]
fn asks_a_model_in_both_forms() {
    let desk = Desk::new();
    let policy = desk.path("policy");
    for (api, header) in [("openai", "authorization: Bearer secret-1"), ("anthropic", "x-api-key: secret-1")]
    {
        let model = model();
        let url = format!("http://{}", model.address);
        let words = [
            "--policy",
            &policy,
            "--endpoint",
            &url,
            "--api",
            api,
            "--model",
            "m-1",
            "--key-env",
            "EVAL_KEY",
        ];
        let (code, text) = desk.eval(&[&words[..], &["--repeat", "2", "--price", "1,10"]].concat());
        assert_eq!(code, Some(1), "{api}: {text}");
        assert!(
            text.contains("wrong  close: `account_update` does not take {\"customer\":7}"),
            "{api}: {text}"
        );
        assert!(
            text.contains("3 of 4 cases right by the model m-1 (75 %); of 8 picks: 0 wrong, 2 with bad"),
            "{api}: {text}"
        );
        assert!(text.contains("tokens: 800 in, 80 out, 0.0016 by the given prices"), "{api}: {text}");
        assert!(!text.contains("secret-1"), "{api}: {text}");
        assert_eq!(model.got().len(), 8, "{api}");
        let head = &model.got()[0].head;
        assert!(head.to_lowercase().contains(&header.to_lowercase()), "{api}: {head}");
        assert_eq!(api == "anthropic", head.contains("anthropic-version: 2023-06-01"), "{head}");
    }
}

#[test]
fn says_why_a_model_could_not_be_asked() {
    let desk = Desk::new();
    let refusing = Upstream::start(|_, stream| {
        send_json(stream, 401, "{\"error\":\"no such key\"}");
        After::Close
    });
    let url = format!("http://{}", refusing.address);
    let (code, text) = desk.eval(&["--endpoint", &url, "--model", "m-1"]);
    assert!(code == Some(3) && text.contains("case `pause`: the endpoint answers with HTTP 401"), "{text}");
    assert_eq!(refusing.got().len(), 1, "what is refused for good is not asked again");
    let words: [(&[&str], &str); 4] = [
        (&["--endpoint", "http://192.0.2.1", "--model", "m", "--key-env", "EVAL_KEY"], "over https only"),
        (&["--endpoint", &url, "--model", "m", "--key-env", "NO_SUCH_KEY"], "`NO_SUCH_KEY` holds no key"),
        (&["--questions-max", "3"], "4 questions are more than 3"),
        (&["--chooser", "/no/such/program"], "`/no/such/program`"),
    ];
    for (words, wanted) in words {
        let (code, text) = desk.eval(words);
        assert!(code == Some(3) && text.contains(wanted), "{text}");
    }
}

#[test]
fn asks_a_program() {
    let desk = Desk::new();
    let program = "import json, sys\nasked = json.load(sys.stdin)\nassert len(asked['tools']) == 3\n\
                   name = {'P': 'account_modify', 'C': 'account_update', 'S': 'send_invoice'}.get(asked['ask'][0])\n\
                   print(json.dumps({'tool': name, 'arguments': {'customer': ' ADA'}, 'usage': {'input_tokens': 5, 'output_tokens': 1}}))\n";
    desk.write("choose.py", program);
    let chooser = format!("python3 {}", desk.path("choose.py"));
    let (code, text) = desk.eval(&["--chooser", &chooser]);
    assert!(code == Some(0) && text.contains("4 of 4 cases right"), "{text}");
    assert!(text.contains("tokens: 20 in, 4 out"), "{text}");
    desk.write("choose.py", "print('yes')");
    let (code, text) = desk.eval(&["--chooser", &chooser]);
    assert!(code == Some(3) && text.contains("something else than JSON"), "{text}");
}

#[test]
fn says_what_is_wrong_with_cases() {
    let desk = Desk::new();
    for (cases, wanted) in [
        (CASES.replace("tool: send_invoice", "tool: send_invoise"), "did you mean `send_invoice`?"),
        (CASES.replace("ask: Send", "asks: Send"), "has no key `asks`"),
        (CASES.replace("name: close", "name: pause"), "case `pause` is there already"),
        (CASES.replace("abstain: true", "abstain: false"), "the case expects nothing"),
        (CASES.replace("tool: send_invoice", "tool: send_invoice, abstain: true"), "wants a tool, and none"),
    ] {
        desk.write("cases.yaml", &cases);
        let (code, text) = desk.eval(&[]);
        assert!(code != Some(0) && text.contains(wanted), "{wanted}: {text}");
    }
}

/// A model of vectors that are counted: for each text how often which three letters follow each other, hashed to
/// 256 places. Words of one family lie near each other, as with a real one.
fn embedder() -> Upstream {
    Upstream::start(|got: &Got, stream| {
        assert!(got.head.starts_with("POST /v1/embeddings "), "{}", got.head);
        let asked: Value = serde_json::from_str(&got.body).expect("a question is JSON");
        assert_eq!(asked["model"], "grams");
        let vector = |text: &str| {
            let letters: Vec<u8> = text.to_lowercase().bytes().filter(u8::is_ascii_alphabetic).collect();
            let mut counts = vec![0_u32; 256];
            for three in letters.windows(3) {
                let place = three.iter().fold(7_usize, |hash, byte| hash * 31 + usize::from(*byte)) % 256;
                counts[place] += 1;
            }
            counts
        };
        let texts = asked["input"].as_array().expect("texts").iter().filter_map(Value::as_str);
        let data: Vec<Value> = texts
            .enumerate()
            .map(|(index, text)| json!({ "index": index, "embedding": vector(text) }))
            .collect();
        // The order of an answer is not that of the question.
        let data: Vec<Value> = data.into_iter().rev().collect();
        send_json(stream, 200, &json!({ "data": data, "model": "grams" }).to_string());
        After::Keep
    })
}

#[test]
fn words_and_vectors_find_what_words_alone_do_not() {
    let desk = Desk::new();
    let tools = r#"{ "tools": [
        { "name": "photography", "description": "Photographic prints." },
        { "name": "subscription_ending", "description": "Unsubscribing customers." },
        { "name": "invoice", "description": "Sends an invoice." } ] }"#;
    desk.write("tools.json", tools);
    let cases = "version: 1\ncases:\n  - { name: unsubscribe, ask: Unsubscriptions now, tool: subscription_ending }\n  \
                 - { name: photo, ask: A photograph, tool: photography }\n  \
                 - { name: invoice, ask: Send the invoice, tool: invoice }\n  \
                 - { name: none, ask: Hmm, abstain: true }\n";
    desk.write("cases.yaml", cases);
    let (code, text) = desk.eval(&[]);
    assert!(code == Some(1) && text.contains("2 of 4 cases right by words alone"), "{text}");

    let (model, cache) = (embedder(), desk.path("vectors"));
    let url = format!("http://{}", model.address);
    let words = ["--embeddings", &url, "--embeddings-model", "grams", "--embeddings-cache", &cache];
    let (code, text) = desk.eval(&words);
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("4 of 4 cases right by words and vectors (BM25, and grams at 127.0.0.1,"),
        "{text}"
    );
    assert_eq!(model.got().len(), 5, "the tools at once, and each request");
    let (code, _) = desk.eval(&[&words[..], &["--repeat", "2"]].concat());
    assert_eq!((code, model.got().len()), (Some(0), 5), "what is kept is not asked for again");
    let (code, text) = desk.eval(&[&words[..], &["--embeddings-floor", "0.99"]].concat());
    assert!(code == Some(1) && text.contains("2 of 4"), "{text}");

    let first =
        std::fs::read_dir(&cache).expect("it was made").next().expect("a vector").expect("a file").path();
    std::fs::write(&first, "[]").expect("it is ours");
    let (code, text) = desk.eval(&words);
    assert!(code == Some(3) && text.contains("holds no vector; remove it"), "{text}");
}

#[test]
fn says_why_there_are_no_vectors() {
    let desk = Desk::new();
    for (status, body, wanted) in [
        (404, "{\"error\":\"no such model\"}", "the tools: the endpoint answers with HTTP 404"),
        (200, "{\"choices\":[]}", "without `data`"),
        (200, "{\"data\":[{\"index\":0,\"embedding\":[1,2]}]}", "1 vectors for 3 texts"),
    ] {
        let model = Upstream::start(move |_, stream| {
            send_json(stream, status, body);
            After::Close
        });
        let (code, text) = desk.eval(&["--embeddings", &format!("http://{}", model.address)]);
        assert!(code == Some(3) && text.contains(wanted), "{wanted}: {text}");
    }
    let (code, text) = desk.eval(&[
        "--embeddings",
        "http://127.0.0.1:1",
        "--endpoint",
        "http://127.0.0.1:1",
        "--model",
        "m",
    ]);
    assert!(code == Some(2) && text.contains("cannot be used with"), "{text}");
}
