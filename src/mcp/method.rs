//! Every method of every revision, in one closed table.
//!
//! A method that is not here was judged by nobody, so it does not pass. A new revision adds rows.

use super::revision::Revision;

/// Who sends a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sender {
    /// Either side.
    Both,
    /// The client only.
    Client,
    /// The server only.
    Server,
}

/// Whether a method is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// No id, no answer.
    Notification,
    /// An id, and an answer to it.
    Request,
}

/// What kind of thing a method acts on, and so where its params name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Nothing that has a name.
    Nothing,
    /// A prompt: `params.name`.
    Prompt,
    /// A prompt or a resource template: `params.ref.name` or `params.ref.uri`.
    Reference,
    /// A resource: `params.uri`.
    Resource,
    /// A skill: `params.uri` or `params.name`.
    Skill,
    /// A task: `params.taskId`.
    Task,
    /// A tool: `params.name`.
    Tool,
}

/// What is known of one method.
struct Row {
    name: &'static str,
    shape: Shape,
    subject: Subject,
    /// The revisions in which the client may send it, one bit each.
    client: u8,
    /// The revisions in which the server may send it.
    server: u8,
}

const V2024_11_05: u8 = 1;
const V2025_03_26: u8 = 1 << 1;
const V2025_06_18: u8 = 1 << 2;
const V2025_11_25: u8 = 1 << 3;
const V2026_07_28: u8 = 1 << 4;
const NEVER: u8 = 0;
const LEGACY: u8 = V2024_11_05 | V2025_03_26 | V2025_06_18 | V2025_11_25;
const ALWAYS: u8 = LEGACY | V2026_07_28;
const FORMS: u8 = V2025_06_18 | V2025_11_25;
const TASKS: u8 = V2025_11_25 | V2026_07_28;

macro_rules! methods {
    ($($variant:ident $name:literal $shape:ident $subject:ident $client:ident $server:ident)*) => {
        /// A method of the protocol: all revisions, both directions, and the official extensions.
        ///
        /// In the order of their names. Source: MCP schemas 2024-11-05 to 2026-07-28.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Method {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl Method {
            /// Every method, in the order of [`Method::index`].
            pub const ALL: &[Self] = &[$(Self::$variant,)*];
        }

        const ROWS: &[Row] = &[$(Row {
            name: $name,
            shape: Shape::$shape,
            subject: Subject::$subject,
            client: $client,
            server: $server,
        },)*];
    };
}

methods! {
    //                                                                                           client      server
    CompletionComplete "completion/complete"                                Request Reference    ALWAYS      NEVER
    ElicitationCreate "elicitation/create"                                  Request Nothing      NEVER       FORMS
    Initialize "initialize"                                                 Request Nothing      LEGACY      NEVER
    LoggingSetLevel "logging/setLevel"                                      Request Nothing      LEGACY      NEVER
    NotificationsCancelled "notifications/cancelled"                        Notification Nothing ALWAYS      ALWAYS
    NotificationsElicitationComplete "notifications/elicitation/complete"   Notification Nothing NEVER       V2025_11_25
    NotificationsInitialized "notifications/initialized"                    Notification Nothing LEGACY      NEVER
    NotificationsMessage "notifications/message"                            Notification Nothing NEVER       ALWAYS
    NotificationsProgress "notifications/progress"                          Notification Nothing LEGACY      ALWAYS
    NotificationsPromptsListChanged "notifications/prompts/list_changed"    Notification Nothing NEVER       ALWAYS
    NotificationsResourcesListChanged "notifications/resources/list_changed" Notification Nothing NEVER      ALWAYS
    NotificationsResourcesUpdated "notifications/resources/updated"         Notification Resource NEVER      ALWAYS
    NotificationsRootsListChanged "notifications/roots/list_changed"        Notification Nothing LEGACY      NEVER
    NotificationsSubscriptionsAcknowledged "notifications/subscriptions/acknowledged" Notification Nothing NEVER V2026_07_28
    NotificationsTasks "notifications/tasks"                                Notification Task    NEVER       V2026_07_28
    NotificationsTasksStatus "notifications/tasks/status"                   Notification Task    V2025_11_25 V2025_11_25
    NotificationsToolsListChanged "notifications/tools/list_changed"        Notification Nothing NEVER       ALWAYS
    Ping "ping"                                                             Request Nothing      LEGACY      LEGACY
    PromptsGet "prompts/get"                                                Request Prompt       ALWAYS      NEVER
    PromptsList "prompts/list"                                              Request Nothing      ALWAYS      NEVER
    ResourcesDirectoryRead "resources/directory/read"                       Request Resource     V2026_07_28 NEVER
    ResourcesList "resources/list"                                          Request Nothing      ALWAYS      NEVER
    ResourcesRead "resources/read"                                          Request Resource     ALWAYS      NEVER
    ResourcesSubscribe "resources/subscribe"                                Request Resource     LEGACY      NEVER
    ResourcesTemplatesList "resources/templates/list"                       Request Nothing      ALWAYS      NEVER
    ResourcesUnsubscribe "resources/unsubscribe"                            Request Resource     LEGACY      NEVER
    RootsList "roots/list"                                                  Request Nothing      NEVER       LEGACY
    SamplingCreateMessage "sampling/createMessage"                          Request Nothing      NEVER       LEGACY
    ServerDiscover "server/discover"                                        Request Nothing      V2026_07_28 NEVER
    SkillsGet "skills/get"                                                  Request Skill        V2026_07_28 NEVER
    SkillsList "skills/list"                                                Request Nothing      V2026_07_28 NEVER
    SubscriptionsListen "subscriptions/listen"                              Request Nothing      V2026_07_28 NEVER
    TasksCancel "tasks/cancel"                                              Request Task         TASKS       V2025_11_25
    TasksGet "tasks/get"                                                    Request Task         TASKS       V2025_11_25
    TasksList "tasks/list"                                                  Request Nothing      V2025_11_25 V2025_11_25
    TasksResult "tasks/result"                                              Request Task         V2025_11_25 V2025_11_25
    TasksUpdate "tasks/update"                                              Request Task         V2026_07_28 NEVER
    ToolsCall "tools/call"                                                  Request Tool         ALWAYS      NEVER
    ToolsList "tools/list"                                                  Request Nothing      ALWAYS      NEVER
}

impl Method {
    /// The method called `name`, compared byte by byte; `None` for one that nobody wrote a policy for.
    pub fn parse(name: &str) -> Option<Self> {
        let index = ROWS.binary_search_by(|row| row.name.cmp(name)).ok()?;
        Self::ALL.get(index).copied()
    }

    fn row(self) -> &'static Row {
        // INVARIANT: one macro makes the enum and the rows, in one order.
        &ROWS[self as usize]
    }

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        self.row().name
    }

    /// Who sends it, in any revision.
    pub fn sender(self) -> Sender {
        let row = self.row();
        match (row.client, row.server) {
            (_, NEVER) => Sender::Client,
            (NEVER, _) => Sender::Server,
            (_, _) => Sender::Both,
        }
    }

    /// Whether it is answered.
    pub fn shape(self) -> Shape {
        self.row().shape
    }

    /// What it acts on.
    pub fn subject(self) -> Subject {
        self.row().subject
    }

    /// Its place in [`Method::ALL`]: dense, for arrays resolved at start.
    pub fn index(self) -> usize {
        self as usize
    }

    /// Whether `revision`, or an official extension of it, lets `sender` send it.
    pub fn exists_in(self, revision: Revision, sender: Sender) -> bool {
        let row = self.row();
        let revisions = match sender {
            Sender::Both => row.client & row.server,
            Sender::Client => row.client,
            Sender::Server => row.server,
        };
        revisions & (1 << revision.index()) != 0
    }

    /// Whether a message with this method may come from `sender`, in any revision.
    pub fn is_sent_by(self, sender: Sender) -> bool {
        match sender {
            Sender::Both => true,
            Sender::Client => self.row().client != NEVER,
            Sender::Server => self.row().server != NEVER,
        }
    }
}

impl std::fmt::Display for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_method_by_its_name_alone() {
        assert!(ROWS.is_sorted_by(|a, b| a.name < b.name), "binary search needs order");
        for (index, &method) in Method::ALL.iter().enumerate() {
            assert_eq!(method.index(), index);
            assert_eq!(Method::parse(method.as_str()), Some(method));
            let is_notification = method.as_str().starts_with("notifications/");
            assert_eq!(method.shape() == Shape::Notification, is_notification, "{method}");
        }
        for strange in
            ["", "TOOLS/CALL", "tools/call ", "tools\\/call", "tools", "notifications/", "rpc.discover"]
        {
            assert_eq!(Method::parse(strange), None, "{strange:?}");
        }
    }

    #[test]
    fn knows_who_sends_a_method_and_since_when() {
        use Revision as R;
        let cases = [
            (Method::ToolsCall, Sender::Client, 0b11111),
            (Method::Initialize, Sender::Client, 0b01111),
            (Method::Ping, Sender::Server, 0b01111),
            (Method::SamplingCreateMessage, Sender::Client, 0),
            (Method::SamplingCreateMessage, Sender::Server, 0b01111),
            (Method::ElicitationCreate, Sender::Server, 0b01100),
            (Method::TasksUpdate, Sender::Client, 0b10000),
            (Method::TasksGet, Sender::Client, 0b11000),
            (Method::TasksGet, Sender::Server, 0b01000),
            (Method::ServerDiscover, Sender::Client, 0b10000),
            (Method::NotificationsTasks, Sender::Server, 0b10000),
            (Method::NotificationsCancelled, Sender::Both, 0b11111),
        ];
        for (method, sender, wanted) in cases {
            let found = R::ALL.iter().filter(|&&revision| method.exists_in(revision, sender));
            let found: u8 = found.map(|revision| 1 << revision.index()).sum();
            assert_eq!(found, wanted, "{method} from {sender:?}");
            assert_eq!(method.is_sent_by(sender), wanted != 0 || sender == Sender::Both);
        }
        assert_eq!(Method::Ping.sender(), Sender::Both);
        assert_eq!(Method::RootsList.sender(), Sender::Server);
    }
}
