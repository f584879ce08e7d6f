//! What a case is: one trick, the requests that carry it, and what is demanded of every answer.

/// Where the session id of the stage goes; a client cannot know it before it has asked.
pub const SESSION: &str = "session-of-the-stage";

/// The `_meta` of a message of 2026-07-28, as a member behind others; see [`Era::text`].
const META: &str = r#","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;

/// A call of the denied tool; `@` is where the era puts its `_meta`.
pub const DENIED: &str =
    r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"delete_all","arguments":{}@}}"#;
/// A call that is allowed.
pub const ALLOWED: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hi"}@}}"#;

/// What must be true of every answer to a case, beside that nothing denied runs, hangs or crashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// An HTTP status from 400 to 499, or the connection closed without an answer.
    Closed,
    /// A refusal in words: 4xx, a JSON-RPC error, or the result of a tool that failed.
    Denied,
    /// Anything.
    Harmless,
    /// One of these HTTP statuses.
    Status(&'static [u16]),
}

/// One trick.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its name: class, and what it is.
    pub id: String,
    /// What is demanded. All but [`Demand::Harmless`] demand that the server gets not a byte.
    pub demand: Demand,
    /// The requests that carry it, each on a connection of its own.
    pub sends: Vec<Vec<u8>>,
}

impl Case {
    /// A case of requests as they are.
    pub fn new(id: impl Into<String>, demand: Demand, sends: Vec<Vec<u8>>) -> Self {
        Self { id: id.into(), demand, sends }
    }

    /// A trick in the body, in both eras; `@` in `body` is where the modern one has its `_meta`, and
    /// `name` is what the headers of the modern one claim.
    pub fn body(id: impl Into<String>, demand: Demand, body: impl AsRef<[u8]>, name: &str) -> Self {
        let send = |era: Era| Post::new(era, name, era.text(body.as_ref())).bytes();
        Self::new(id, demand, vec![send(Era::Legacy), send(Era::Modern)])
    }

    /// A trick in the head, on a denied and an allowed call, in both eras.
    pub fn head(id: impl Into<String>, demand: Demand, trick: impl Fn(Post) -> Post) -> Self {
        let posts = Era::BOTH.into_iter().flat_map(|era| [Post::denied(era), Post::allowed(era)]);
        Self::new(id, demand, posts.map(|post| trick(post).bytes()).collect())
    }
}

/// How a request says what it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// With a session that `initialize` began.
    Legacy,
    /// With `_meta` and mirrored headers.
    Modern,
}

impl Era {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Legacy, Self::Modern];

    /// `template` with the era's `_meta` in place of each `@`.
    pub fn text(self, template: &[u8]) -> Vec<u8> {
        let meta = match self {
            Self::Legacy => "",
            Self::Modern => META,
        };
        let mut parts = template.split(|&byte| byte == b'@');
        let mut text = parts.next().unwrap_or_default().to_vec();
        for part in parts {
            text.extend_from_slice(meta.as_bytes());
            text.extend_from_slice(part);
        }
        text
    }
}

/// A POST to the endpoint that can be bent.
#[derive(Debug, Clone)]
pub struct Post {
    /// The request line without the version.
    pub target: String,
    /// `HTTP/1.1`.
    pub version: &'static str,
    /// Each with what stands between name and value, and behind it.
    headers: Vec<Vec<u8>>,
    /// What follows the head.
    pub body: Vec<u8>,
    has_length: bool,
}

impl Post {
    /// An honest request of `era` with `body`, whose headers claim the tool `name`.
    pub fn new(era: Era, name: &str, body: Vec<u8>) -> Self {
        let post = Self {
            target: "POST /mcp".into(),
            version: "HTTP/1.1",
            headers: Vec::new(),
            body,
            has_length: true,
        };
        let authorization = format!("Bearer {}", crate::support::bundle::ALICE);
        let post = post
            .add("Host", "127.0.0.1:80")
            .add("Authorization", &authorization)
            .add("Accept", "application/json, text/event-stream")
            .add("Content-Type", "application/json");
        match era {
            Era::Legacy => post.add("MCP-Protocol-Version", "2025-06-18").add("Mcp-Session-Id", SESSION),
            Era::Modern => post
                .add("MCP-Protocol-Version", "2026-07-28")
                .add("Mcp-Method", "tools/call")
                .add("Mcp-Name", name),
        }
    }

    /// A call of the denied tool.
    pub fn denied(era: Era) -> Self {
        Self::new(era, "delete_all", era.text(DENIED.as_bytes()))
    }

    /// A call of an allowed tool.
    pub fn allowed(era: Era) -> Self {
        Self::new(era, "echo", era.text(ALLOWED.as_bytes()))
    }

    /// Adds a header behind the others.
    pub fn add(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.line([name.as_bytes(), b": ", value.as_ref()].concat())
    }

    /// Adds a header before the others.
    pub fn first(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.insert(0, [name.as_bytes(), b": ", value.as_ref()].concat());
        self
    }

    /// Adds a line to the head, as it is.
    pub fn line(mut self, line: impl Into<Vec<u8>>) -> Self {
        self.headers.push(line.into());
        self
    }

    /// Removes a header.
    pub fn without(mut self, name: &str) -> Self {
        let is_it = |line: &[u8]| {
            line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
                && line.get(name.len()) == Some(&b':')
        };
        self.headers.retain(|line| !is_it(line));
        self
    }

    /// Replaces a header.
    pub fn set(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.without(name).add(name, value)
    }

    /// Says nothing of how long the body is: the framing is part of the trick.
    pub fn unframed(mut self) -> Self {
        self.has_length = false;
        self
    }

    /// Replaces the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Spells the names of all headers in another case.
    pub fn rename(&mut self, case: fn(&str) -> String) {
        for line in &mut self.headers {
            let end = line.iter().position(|&byte| byte == b':').unwrap_or(line.len());
            let name = case(&String::from_utf8_lossy(&line[..end]));
            line.splice(..end, name.into_bytes());
        }
    }

    /// Replaces method and target.
    pub fn to(mut self, target: impl Into<String>) -> Self {
        self.target = target.into();
        self
    }

    /// The request as it is sent.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {}\r\n", self.target, self.version).into_bytes();
        for line in &self.headers {
            bytes.extend_from_slice(line);
            bytes.extend_from_slice(b"\r\n");
        }
        if self.has_length {
            bytes.extend_from_slice(format!("Content-Length: {}\r\n", self.body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}
