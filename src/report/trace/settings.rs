//! What the standard variables of OpenTelemetry say: one reading, all faults at once.
//!
//! Spans are sent where a collector is named, by `OTEL_EXPORTER_OTLP_ENDPOINT` or the one for traces alone, and nowhere
//! else. What is said and cannot be done is a fault: nothing is guessed in its place. A variable that is empty is as if
//! it were not set. Variables about metrics, logs and other programs are left alone.
//!
//! Source: OpenTelemetry, "Environment Variable Specification" and "OTLP Exporter"; W3C Baggage for lists.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use url::Url;

use crate::bounds::{
    TRACE_BATCH_SPANS, TRACE_EXPORT_WAIT, TRACE_PAUSE, TRACE_QUEUE_SPANS, TRACE_QUEUE_SPANS_MAX,
    TRACE_RESOURCE_ATTRIBUTES_MAX, TRACE_WAIT_MAX,
};
use crate::gate::{Sampler, Share};
use crate::policy::nearest;

/// How spans are made and where they go.
#[derive(Debug, PartialEq)]
pub(super) struct Settings {
    /// Where batches are posted.
    pub endpoint: String,
    /// Whose certificates are believed; the system's where there is none.
    pub authorities: Option<PathBuf>,
    /// How long one post may take.
    pub timeout: Duration,
    /// Which traces are kept.
    pub sampler: Sampler,
    /// What is said of this process, `service.name` among it.
    pub resource: Vec<(String, String)>,
    /// Spans that may wait.
    pub queue: usize,
    /// Spans in one post.
    pub batch: usize,
    /// How long a span may wait for others.
    pub pause: Duration,
}

/// A variable that says what cannot be done; the operator's fault. Tells no value that may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{variable}`: {text}")]
pub(super) struct SettingFault {
    variable: &'static str,
    text: String,
}

/// Reads what `value` says of each variable; `None` where nothing is to be sent.
///
/// # Errors
/// Every variable that says what cannot be done.
pub(super) fn read(value: &dyn Fn(&str) -> Option<String>) -> Result<Option<Settings>, Vec<SettingFault>> {
    let mut reader = Reader { value, faults: Vec::new() };
    let is_disabled = reader.word("OTEL_SDK_DISABLED", &["true", "false"]) == Some(0);
    let endpoint = reader.endpoint();
    let exporter = reader.word("OTEL_TRACES_EXPORTER", &["none", "otlp"]);
    if is_disabled || exporter == Some(0) || (endpoint.is_none() && reader.faults.is_empty()) {
        return if reader.faults.is_empty() { Ok(None) } else { Err(reader.faults) };
    }
    for (variable, words) in FIXED {
        reader.word(variable, words);
    }
    reader.headers();
    reader.propagators();
    let timeout = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
    let timeout = timeout.map(|variable| reader.wait(variable)).into_iter().flatten().next();
    let authorities = ["OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE"];
    let authorities = authorities.into_iter().find_map(|variable| reader.text(variable));
    let queue = reader.number("OTEL_BSP_MAX_QUEUE_SIZE", TRACE_QUEUE_SPANS_MAX).unwrap_or(TRACE_QUEUE_SPANS);
    let batch = reader.number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", TRACE_QUEUE_SPANS_MAX);
    let settings = Settings {
        sampler: reader.sampler(),
        resource: reader.resource(),
        timeout: timeout.unwrap_or(TRACE_EXPORT_WAIT),
        authorities: authorities.map(PathBuf::from),
        queue,
        batch: batch.unwrap_or(TRACE_BATCH_SPANS).min(queue),
        pause: reader.wait("OTEL_BSP_SCHEDULE_DELAY").unwrap_or(TRACE_PAUSE),
        endpoint: endpoint.unwrap_or_default(),
    };
    if reader.faults.is_empty() { Ok(Some(settings)) } else { Err(reader.faults) }
}

/// What can be said in one way only.
const FIXED: &[(&str, &[&str])] = &[
    ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", &["http/protobuf"]),
    ("OTEL_EXPORTER_OTLP_PROTOCOL", &["http/protobuf"]),
    ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", &["none"]),
    ("OTEL_EXPORTER_OTLP_COMPRESSION", &["none"]),
];

const SAMPLERS: &[&str] = &[
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
];

struct Reader<'v> {
    value: &'v dyn Fn(&str) -> Option<String>,
    faults: Vec<SettingFault>,
}

impl Reader<'_> {
    fn text(&self, variable: &str) -> Option<String> {
        (self.value)(variable).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    fn fault(&mut self, variable: &'static str, text: impl Into<String>) {
        self.faults.push(SettingFault { variable, text: text.into() });
    }

    /// The place of what is said among `words`.
    fn word(&mut self, variable: &'static str, words: &[&str]) -> Option<usize> {
        let text = self.text(variable)?;
        let found = words.iter().position(|word| word.eq_ignore_ascii_case(&text));
        if found.is_none() {
            let known = words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
            let meant = nearest(&text, words.iter().copied()).filter(|_| words.len() > 1);
            let help = meant.map_or(format!("write {known}"), |meant| format!("did you mean `{meant}`?"));
            self.fault(variable, format!("`{}` is not supported; {help}", shown(&text)));
        }
        found
    }

    fn number(&mut self, variable: &'static str, max: usize) -> Option<usize> {
        let text = self.text(variable)?;
        let number = usize::from_str(&text).ok().filter(|number| (1..=max).contains(number));
        if number.is_none() {
            self.fault(variable, format!("`{}` is not a number from 1 to {max}", shown(&text)));
        }
        number
    }

    /// A time in milliseconds.
    fn wait(&mut self, variable: &'static str) -> Option<Duration> {
        let max = usize::try_from(TRACE_WAIT_MAX.as_millis()).unwrap_or(usize::MAX);
        self.number(variable, max).map(|milliseconds| Duration::from_millis(milliseconds as u64))
    }

    fn endpoint(&mut self) -> Option<String> {
        let (whole, base) = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT");
        let (variable, text) = match self.text(whole) {
            Some(text) => (whole, text),
            None => (base, self.text(base)?),
        };
        let url =
            Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        match url {
            None => {
                self.fault(variable, "not a URL; write it as `http://HOST:4318` or `https://HOST:4318`");
                None
            }
            Some(url) if !url.username().is_empty() || url.password().is_some() => {
                self.fault(variable, "a URL with a password; name it in `OTEL_EXPORTER_OTLP_HEADERS`");
                None
            }
            Some(url) if variable == whole => Some(url.into()),
            Some(url) => Some(format!("{}/v1/traces", url.as_str().trim_end_matches('/'))),
        }
    }

    /// Checks the headers, which the exporter reads by itself.
    fn headers(&mut self) {
        for variable in ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"] {
            let Some(text) = self.text(variable) else { continue };
            let is_header = |(name, value): (String, String)| {
                HeaderName::from_str(&name).is_ok() && HeaderValue::from_str(&value).is_ok()
            };
            if !members(&text).all(|member| member.is_some_and(is_header)) {
                // What is there may be a credential.
                self.fault(variable, "not a list of headers; write `NAME=VALUE,NAME=VALUE`, percent-encoded");
            }
        }
    }

    fn propagators(&mut self) {
        const VARIABLE: &str = "OTEL_PROPAGATORS";
        let Some(text) = self.text(VARIABLE) else { return };
        let mut words = text.split(',').map(str::trim);
        if !words.any(|word| word == "tracecontext") {
            self.fault(VARIABLE, format!("`{}` is not supported; write `tracecontext`", shown(&text)));
        }
    }

    fn sampler(&mut self) -> Sampler {
        let word = self.word("OTEL_TRACES_SAMPLER", SAMPLERS).unwrap_or(3);
        let share = match word % 3 {
            0 => Share::ALL,
            1 => Share::NONE,
            _ => self.share(),
        };
        if word < 3 { Sampler::Alone(share) } else { Sampler::ParentBased(share) }
    }

    fn share(&mut self) -> Share {
        const VARIABLE: &str = "OTEL_TRACES_SAMPLER_ARG";
        let Some(text) = self.text(VARIABLE) else { return Share::ALL };
        let share = f64::from_str(&text).ok().and_then(Share::of);
        if share.is_none() {
            self.fault(VARIABLE, format!("`{}` is not a number from 0 to 1", shown(&text)));
        }
        share.unwrap_or(Share::NONE)
    }

    fn resource(&mut self) -> Vec<(String, String)> {
        const VARIABLE: &str = "OTEL_RESOURCE_ATTRIBUTES";
        let text = self.text(VARIABLE).unwrap_or_default();
        let mut resource = vec![
            ("service.name".to_owned(), "sluicegate".to_owned()),
            ("service.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ];
        let told: Option<Vec<_>> = members(&text).collect();
        match told.filter(|told| told.len() <= TRACE_RESOURCE_ATTRIBUTES_MAX) {
            Some(told) => told.into_iter().for_each(|(name, value)| put(&mut resource, name, value)),
            None => self.fault(
                VARIABLE,
                format!(
                    "not a list of at most {TRACE_RESOURCE_ATTRIBUTES_MAX} attributes; write `NAME=VALUE,NAME=VALUE`, percent-encoded"
                ),
            ),
        }
        if let Some(name) = self.text("OTEL_SERVICE_NAME") {
            put(&mut resource, "service.name".to_owned(), name);
        }
        resource
    }
}

fn put(resource: &mut Vec<(String, String)>, name: String, value: String) {
    resource.retain(|(known, _)| *known != name);
    resource.push((name, value));
}

/// The members of a list, decoded; `None` for one that is none. Nothing between two commas is no member.
fn members(text: &str) -> impl Iterator<Item = Option<(String, String)>> {
    let decode = |text: &str| percent_decode_str(text.trim()).decode_utf8().ok().map(String::from);
    let members = text.split(',').map(str::trim).filter(|member| !member.is_empty());
    members.map(move |member| {
        let (name, value) = member.split_once('=')?;
        Some((decode(name).filter(|name| !name.is_empty())?, decode(value)?))
    })
}

/// What a person has typed, as far as it may stand in a message.
fn shown(text: &str) -> String {
    text.chars().take(SHOWN_CHARACTERS_MAX).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

const SHOWN_CHARACTERS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn read_of(variables: &[(&str, &str)]) -> Result<Option<Settings>, Vec<String>> {
        let value = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        read(&value).map_err(|faults| faults.iter().map(ToString::to_string).collect())
    }

    const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");

    fn settings(more: &[(&str, &str)]) -> Settings {
        let read = read_of(&[&[ENDPOINT], more].concat());
        read.unwrap_or_else(|faults| panic!("{faults:?}")).expect("an endpoint is named")
    }

    #[test]
    fn sends_only_where_a_collector_is_named() {
        for variables in [
            &[][..],
            &[("OTEL_SERVICE_NAME", "a"), ("OTEL_TRACES_SAMPLER", "nonsense")],
            &[ENDPOINT, ("OTEL_SDK_DISABLED", "TRUE")],
            &[ENDPOINT, ("OTEL_TRACES_EXPORTER", "none"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")],
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", "  ")],
        ] {
            assert_eq!(read_of(variables), Ok(None), "{variables:?}");
        }
        for (variable, url, wanted) in [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318", "http://c:4318/v1/traces"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://c/otlp/", "https://c/otlp/v1/traces"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c:4318/x", "http://c:4318/x"),
        ] {
            let read = read_of(&[(variable, url)]).unwrap().unwrap();
            assert_eq!(read.endpoint, wanted);
        }
    }

    #[test]
    fn has_the_values_of_the_specification_where_nothing_is_said() {
        let read = settings(&[]);
        assert_eq!(
            (read.queue, read.batch, read.pause, read.timeout),
            (2048, 512, TRACE_PAUSE, TRACE_EXPORT_WAIT)
        );
        assert_eq!(read.sampler, Sampler::ParentBased(Share::ALL));
        let names: Vec<_> =
            read.resource.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(names, [("service.name", "sluicegate"), ("service.version", env!("CARGO_PKG_VERSION"))]);
    }

    #[test]
    fn reads_samplers_and_the_resource() {
        for (word, argument, wanted) in [
            ("always_on", "", Sampler::Alone(Share::ALL)),
            ("always_off", "1", Sampler::Alone(Share::NONE)),
            ("traceidratio", "0", Sampler::Alone(Share::NONE)),
            ("parentbased_always_off", "", Sampler::ParentBased(Share::NONE)),
            ("ParentBased_TraceIdRatio", "1.0", Sampler::ParentBased(Share::ALL)),
            ("parentbased_traceidratio", "", Sampler::ParentBased(Share::ALL)),
        ] {
            let read = settings(&[("OTEL_TRACES_SAMPLER", word), ("OTEL_TRACES_SAMPLER_ARG", argument)]);
            assert_eq!(read.sampler, wanted, "{word} {argument}");
        }
        let told = ("OTEL_RESOURCE_ATTRIBUTES", "service.name=a,k8s.pod.name=p%2C1 , x=1=2,");
        let resource = settings(&[told, ("OTEL_SERVICE_NAME", "gate")]).resource;
        let of =
            |name: &str| resource.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!(
            (of("service.name"), of("k8s.pod.name"), of("x")),
            (Some("gate"), Some("p,1"), Some("1=2"))
        );
        let waits = settings(&[("OTEL_BSP_SCHEDULE_DELAY", "50"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "200")]);
        assert_eq!((waits.pause.as_millis(), waits.timeout.as_millis()), (50, 200));
    }

    #[test]
    fn names_every_fault_at_once_and_no_secret() {
        let faults = read_of(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization Bearer secret-1"),
            ("OTEL_PROPAGATORS", "b3"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
            ("OTEL_TRACES_SAMPLER", "parentbase_traceidratio"),
            ("OTEL_RESOURCE_ATTRIBUTES", "secret-1"),
        ]);
        let faults = faults.expect_err("none of it can be done");
        let wanted = [
            "`OTEL_EXPORTER_OTLP_ENDPOINT`: not a URL; write it as `http://HOST:4318` or `https://HOST:4318`",
            "`OTEL_EXPORTER_OTLP_PROTOCOL`: `grpc` is not supported; write `http/protobuf`",
            "`OTEL_EXPORTER_OTLP_COMPRESSION`: `gzip` is not supported; write `none`",
            "`OTEL_EXPORTER_OTLP_HEADERS`: not a list of headers; write `NAME=VALUE,NAME=VALUE`, percent-encoded",
            "`OTEL_PROPAGATORS`: `b3` is not supported; write `tracecontext`",
            "`OTEL_EXPORTER_OTLP_TIMEOUT`: `10s` is not a number from 1 to 3600000",
            "`OTEL_BSP_MAX_QUEUE_SIZE`: `0` is not a number from 1 to 65536",
            "`OTEL_TRACES_SAMPLER`: `parentbase_traceidratio` is not supported; did you mean `parentbased_traceidratio`?",
            "`OTEL_RESOURCE_ATTRIBUTES`: not a list of at most 64 attributes; write `NAME=VALUE,NAME=VALUE`, percent-encoded",
        ];
        assert_eq!(faults, wanted);
        for (argument, is_good) in
            [("-0.1", false), ("0", true), ("1", true), ("1.1", false), ("NaN", false), ("x", false)]
        {
            let read = read_of(&[
                ENDPOINT,
                ("OTEL_TRACES_SAMPLER", "traceidratio"),
                ("OTEL_TRACES_SAMPLER_ARG", argument),
            ]);
            assert_eq!(read.is_ok(), is_good, "{argument}");
        }
        assert!(
            read_of(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:secret-1@c:4318")])
                .is_err_and(|faults| !faults.concat().contains("secret-1"))
        );
        for (count, is_good) in [(63, true), (64, true), (65, false)] {
            let list = (0..count).map(|at| format!("a{at}=b")).collect::<Vec<_>>().join(",");
            assert_eq!(read_of(&[ENDPOINT, ("OTEL_RESOURCE_ATTRIBUTES", &list)]).is_ok(), is_good, "{count}");
        }
        for (wait, is_good) in [("3599999", true), ("3600000", true), ("3600001", false), ("0", false)] {
            assert_eq!(read_of(&[ENDPOINT, ("OTEL_BSP_SCHEDULE_DELAY", wait)]).is_ok(), is_good, "{wait}");
        }
        for (spans, is_good) in [("65535", true), ("65536", true), ("65537", false)] {
            assert_eq!(read_of(&[ENDPOINT, ("OTEL_BSP_MAX_QUEUE_SIZE", spans)]).is_ok(), is_good, "{spans}");
        }
    }
}
