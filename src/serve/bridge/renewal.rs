//! Listening requests of the modern era, taken over to the next child when theirs ends.
//!
//! The client asked once and hears no more than a pause: the request is issued again to the next child,
//! whose acknowledgement is not handed on. What changed in between nobody knows, so everything that was
//! asked for is told as changed. Source: MCP 2026-07-28, subscriptions.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{sleep, sleep_until};

use super::answer::{Call, Leave};
use super::endpoint::{self, Terms};
use super::frame::{Frame, Shape};
use super::{Bridge, NoChild};
use crate::bounds::LISTEN_RENEWALS_MAX;
use crate::json::{Document, Value};

/// A listening request, and how to issue it again.
pub(super) struct Renewal {
    pub bridge: Arc<Bridge>,
    pub caller: Box<str>,
    /// The request as the client sent it.
    pub request: Bytes,
    /// Children that ended before they acknowledged it, in a row.
    pub lost: u32,
}

/// A request that is being issued again.
pub(super) type Renewing = Pin<Box<dyn Future<Output = Option<(Call, Renewal)>> + Send>>;

/// Pause before the next attempt where there is no child for a reason that passes.
const PAUSE: Duration = Duration::from_secs(1);

/// What a listener may ask for, and how its change is told.
const LISTS: [(&str, &str); 3] = [
    ("promptsListChanged", "notifications/prompts/list_changed"),
    ("resourcesListChanged", "notifications/resources/list_changed"),
    ("toolsListChanged", "notifications/tools/list_changed"),
];

impl Renewal {
    /// Issues the request to the next child; `None` when it is given up for good.
    pub(super) fn renew(mut self) -> Renewing {
        Box::pin(async move {
            self.lost += 1;
            if self.lost > LISTEN_RENEWALS_MAX {
                return None;
            }
            let request = self.request.clone();
            let document = Document::parse(&request).ok()?;
            let frame = Frame::read(&document)?;
            let Shape::Request(_, id) = &frame.shape else { return None };
            loop {
                let child = match self.bridge.shared(&self.caller).await {
                    Ok(child) => child,
                    Err(NoChild::Resting(pause)) => {
                        sleep_until(pause.until).await;
                        continue;
                    }
                    Err(NoChild::Full | NoChild::FullForCaller | NoChild::Start(_)) => {
                        sleep(PAUSE).await;
                        continue;
                    }
                    Err(NoChild::Stopped) => return None,
                };
                if let Ok(call) = endpoint::send(child, &frame, id, Terms::plain(Leave::Cancel)).await {
                    tracing::info!("a listening request was issued again to the next server process");
                    return Some((call, self));
                }
                sleep(PAUSE).await;
            }
        })
    }
}

/// What takes the place of the acknowledgement of a renewed request; `None` for any other message.
pub(super) fn news(message: &[u8]) -> Option<Vec<Bytes>> {
    let document = Document::parse(message).ok()?;
    let frame = Frame::read(&document)?;
    match &frame.shape {
        Shape::Notification(method) if method == "notifications/subscriptions/acknowledged" => {}
        Shape::Notification(_) | Shape::Request(..) | Shape::Response(..) => return None,
    }
    let (Some(honoured), Some(id)) = (frame.honoured(), frame.subscription()) else {
        return Some(Vec::new());
    };
    let tell = |method: &str, more: &str| {
        let id = id.raw();
        Bytes::from(format!(
            r#"{{"jsonrpc":"2.0","method":"{method}","params":{{{more}"_meta":{{"io.modelcontextprotocol/subscriptionId":{id}}}}}}}"#
        ))
    };
    let is_honoured = |key: &str| honoured.get(key).and_then(|flag| flag.boolean()) == Some(true);
    let lists = LISTS.iter().filter(|(key, _)| is_honoured(key)).map(|(_, method)| tell(method, ""));
    let uris = honoured.get("resourceSubscriptions");
    let resources = uris.iter().flat_map(Value::elements).filter(|uri| uri.string().is_some());
    let resources =
        resources.map(|uri| tell("notifications/resources/updated", &format!("\"uri\":{},", uri.raw())));
    Some(lists.chain(resources).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_everything_that_was_asked_for_as_changed() {
        let acknowledged = |notifications: &str| {
            format!(
                r#"{{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{{"_meta":{{"io.modelcontextprotocol/subscriptionId":"l\u0031"}},"notifications":{notifications}}}}}"#
            )
        };
        let told = |text: &str| news(text.as_bytes());
        let text = acknowledged(
            r#"{"toolsListChanged":true,"promptsListChanged":false,"resourceSubscriptions":["a:\u0062",7]}"#,
        );
        let wanted = [
            r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":"l\u0031"}}}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a:\u0062","_meta":{"io.modelcontextprotocol/subscriptionId":"l\u0031"}}}"#,
        ];
        assert_eq!(told(&text), Some(wanted.map(Bytes::from).to_vec()));
        assert_eq!(told(&acknowledged("{}")), Some(Vec::new()));
        assert_eq!(told(r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#), None);
    }
}
