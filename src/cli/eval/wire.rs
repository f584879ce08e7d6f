//! The two forms in which models are asked to choose a tool: questions and answers as JSON.
//!
//! Source: OpenAI API reference, "Create chat completion" (tools); Anthropic API reference, "Messages" (tool use).

use serde_json::{Map, Value, json};

use super::Api;
use super::chooser::Pick;
use crate::bounds::EVAL_TOKENS_MAX;
use crate::lint::{Item, ItemKind, Listing};

/// What a server says for the prompt of a model.
pub(super) fn instructions(listing: &Listing) -> Option<String> {
    let said = listing.items.iter().find(|item| item.kind == ItemKind::Instructions);
    said.and_then(|item| item.description.clone())
}

/// A tool as the protocol writes it.
pub(super) fn plain_tool(item: &Item) -> Value {
    json!({ "name": item.name, "description": item.description, "inputSchema": schema(item) })
}

fn schema(item: &Item) -> Value {
    let schema = item.input_schema.clone().filter(Value::is_object);
    schema.unwrap_or_else(|| json!({ "type": "object", "properties": {} }))
}

/// The tools of a list under names that both forms take, with the names that they have here.
#[derive(Debug)]
pub(super) struct Tools {
    named: Vec<(String, Value)>,
}

impl Tools {
    /// Names the tools of a list: letters, digits, `_` and `-`, 64 of them, each name once.
    pub fn new(listing: &Listing, api: Api) -> Self {
        let mut named: Vec<(String, Value)> = Vec::new();
        for (index, item) in listing.tools().enumerate() {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            let mut name: String =
                item.name.chars().map(|c| if is_plain(c) { c } else { '_' }).take(64).collect();
            if named.iter().any(|(_, tool)| Self::name_of(tool) == Some(&name)) {
                name = format!("{}_{index}", name.chars().take(56).collect::<String>());
            }
            let description = item.description.clone().unwrap_or_default();
            let tool = match api {
                Api::Anthropic => {
                    json!({ "name": name, "description": description, "input_schema": schema(item) })
                }
                Api::Openai => json!({
                    "type": "function",
                    "function": { "name": name, "description": description, "parameters": schema(item) },
                }),
            };
            named.push((item.name.clone(), tool));
        }
        Self { named }
    }

    fn name_of(tool: &Value) -> Option<&str> {
        tool.get("name").or_else(|| tool.get("function")?.get("name"))?.as_str()
    }

    /// The name here of a tool that was chosen there; a name that nobody gave stays, for it is a wrong pick.
    fn own(&self, chosen: &str) -> String {
        let found = self.named.iter().find(|(_, tool)| Self::name_of(tool) == Some(chosen));
        found.map_or_else(|| chosen.to_owned(), |(own, _)| own.clone())
    }

    /// One question.
    pub fn question(&self, api: Api, model: &str, instructions: Option<&str>, ask: &str) -> Value {
        let tools: Vec<&Value> = self.named.iter().map(|(_, tool)| tool).collect();
        let mut question = Map::new();
        question.insert("model".to_owned(), json!(model));
        question.insert("temperature".to_owned(), json!(0));
        question.insert("max_tokens".to_owned(), json!(EVAL_TOKENS_MAX));
        let user = json!({ "role": "user", "content": ask });
        let (choice, messages) = match (api, instructions) {
            (Api::Openai, Some(said)) => {
                (json!("auto"), json!([{ "role": "system", "content": said }, user]))
            }
            (Api::Openai, None) => (json!("auto"), json!([user])),
            (Api::Anthropic, said) => {
                if let Some(said) = said {
                    question.insert("system".to_owned(), json!(said));
                }
                (json!({ "type": "auto" }), json!([user]))
            }
        };
        question.insert("messages".to_owned(), messages);
        if !tools.is_empty() {
            question.insert("tools".to_owned(), json!(tools));
            question.insert("tool_choice".to_owned(), choice);
        }
        Value::Object(question)
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// That it has not the form.
    pub fn answer(&self, api: Api, answer: &Value) -> Result<Pick, String> {
        match api {
            Api::Anthropic => self.anthropic(answer),
            Api::Openai => self.openai(answer),
        }
    }

    fn openai(&self, answer: &Value) -> Result<Pick, String> {
        let message = answer.pointer("/choices/0/message").ok_or("the answer has no `choices[0].message`")?;
        let call = message.pointer("/tool_calls/0/function");
        // What cannot be read are arguments that are not valid, and no missing answer.
        let arguments = call.and_then(|call| call.get("arguments")).map(|arguments| match arguments {
            Value::String(text) if text.trim().is_empty() => json!({}),
            Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
            other => other.clone(),
        });
        Ok(Pick {
            tool: call.and_then(|call| call.get("name")?.as_str()).map(|name| self.own(name)),
            arguments,
            input_tokens: tokens(answer, "prompt_tokens"),
            output_tokens: tokens(answer, "completion_tokens"),
        })
    }

    fn anthropic(&self, answer: &Value) -> Result<Pick, String> {
        let content =
            answer.get("content").and_then(Value::as_array).ok_or("the answer has no list `content`")?;
        let call = content.iter().find(|block| block.get("type").and_then(Value::as_str) == Some("tool_use"));
        Ok(Pick {
            tool: call.and_then(|call| call.get("name")?.as_str()).map(|name| self.own(name)),
            arguments: call.and_then(|call| call.get("input")).cloned(),
            input_tokens: tokens(answer, "input_tokens"),
            output_tokens: tokens(answer, "output_tokens"),
        })
    }
}

fn tokens(answer: &Value, key: &str) -> u64 {
    answer.get("usage").and_then(|usage| usage.get(key)?.as_u64()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tools_so_that_both_forms_take_them_and_finds_them_again() {
        let list = Listing::read(&json!({ "tools": [{ "name": "a.b" }, { "name": "a_b" }] }));
        for api in [Api::Anthropic, Api::Openai] {
            let tools = Tools::new(&list, api);
            let names: Vec<_> = tools.named.iter().filter_map(|(_, tool)| Tools::name_of(tool)).collect();
            assert_eq!(names, ["a_b", "a_b_1"]);
            assert_eq!(
                (tools.own("a_b"), tools.own("a_b_1"), tools.own("c")),
                ("a.b".into(), "a_b".into(), "c".into())
            );
        }
    }

    #[test]
    fn reads_answers_with_and_without_a_call() {
        let list = Listing::read(&json!({ "tools": [{ "name": "add" }] }));
        let cases = [
            (
                Api::Openai,
                json!({ "choices": [{ "message": { "tool_calls": [{ "function": { "name": "add", "arguments": "{\"a\":1}" } }] } }],
                        "usage": { "prompt_tokens": 7, "completion_tokens": 2 } }),
                Pick {
                    tool: Some("add".into()),
                    arguments: Some(json!({ "a": 1 })),
                    input_tokens: 7,
                    output_tokens: 2,
                },
            ),
            (Api::Openai, json!({ "choices": [{ "message": { "content": "Hello" } }] }), Pick::default()),
            (
                Api::Openai,
                json!({ "choices": [{ "message": { "tool_calls": [{ "function": { "name": "add", "arguments": "{" } }] } }] }),
                Pick { tool: Some("add".into()), arguments: Some(json!("{")), ..Pick::default() },
            ),
            (
                Api::Anthropic,
                json!({ "content": [{ "type": "text", "text": "x" }, { "type": "tool_use", "name": "add", "input": { "a": 1 } }],
                        "usage": { "input_tokens": 7, "output_tokens": 2 } }),
                Pick {
                    tool: Some("add".into()),
                    arguments: Some(json!({ "a": 1 })),
                    input_tokens: 7,
                    output_tokens: 2,
                },
            ),
            (Api::Anthropic, json!({ "content": [] }), Pick::default()),
        ];
        for (api, answer, wanted) in cases {
            assert_eq!(Tools::new(&list, api).answer(api, &answer), Ok(wanted), "{answer}");
        }
        assert!(Tools::new(&list, Api::Openai).answer(Api::Openai, &json!({})).is_err());
        assert!(Tools::new(&list, Api::Anthropic).answer(Api::Anthropic, &json!({})).is_err());
    }
}
