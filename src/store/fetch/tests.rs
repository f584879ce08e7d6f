//! What the client does with answers that it should not take as they come.

use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use pingora_core::tls::{ServerConfig, TlsAcceptor, load_certs_and_key_files};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// A server that answers each connection with the same bytes, and keeps what it was asked.
struct Canned {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Canned {
    async fn start(answer: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, asked) = (listener.local_addr().unwrap(), Arc::default());
        let kept = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                converse(stream, &answer, &kept).await;
            }
        });
        Self { address, asked }
    }

    fn endpoint(&self, path: &str) -> Endpoint {
        Endpoint::parse(&format!("http://{}{path}", self.address)).unwrap()
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn converse(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &str, kept: &Mutex<Vec<String>>) {
    let mut text = String::new();
    let is_whole = |text: &str| {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
        (body.len() >= length.parse().ok()?).then_some(())
    };
    while is_whole(&text).is_none() {
        let mut chunk = [0; 1024];
        match stream.read(&mut chunk).await {
            Ok(length @ 1..) => text.push_str(std::str::from_utf8(&chunk[..length]).unwrap()),
            Ok(_) | Err(_) => return,
        }
    }
    kept.lock().unwrap().push(text);
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn canned(head: &str, body: &str) -> String {
    format!("HTTP/1.1 {head}\r\nconnection: close\r\n\r\n{body}")
}

async fn get(answer: String) -> Result<Answer, FetchFault> {
    let server = Canned::start(answer).await;
    let fetcher = Fetcher::new(&Trust::System).unwrap();
    fetcher.get(&server.endpoint("/keys"), "application/json", Credential::None).await
}

#[tokio::test]
async fn takes_a_body_to_the_bound_and_no_byte_more() {
    for (length, is_taken) in [
        (FETCH_BYTES_MAX - 1, true),
        (FETCH_BYTES_MAX, true),
        (FETCH_BYTES_MAX + 1, false),
        (4 * FETCH_BYTES_MAX, false),
    ] {
        let body = "x".repeat(length);
        for head in ["200 OK".to_owned(), format!("200 OK\r\ncontent-length: {length}")] {
            match get(canned(&head, &body)).await {
                Ok(answer) => assert!(is_taken && answer.body.len() == length, "{head}"),
                Err(fault) => {
                    assert!(matches!(fault, FetchFault::TooLarge(_)) && !is_taken, "{head}: {fault}");
                }
            }
        }
    }
}

#[tokio::test]
async fn goes_nowhere_but_where_it_was_sent() {
    let target = Canned::start(canned("200 OK", "{}")).await;
    for status in ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"] {
        let head = format!("{status}\r\nlocation: {}", target.endpoint("/").as_str());
        let answer = get(canned(&head, "")).await.unwrap();
        let code = answer.status;
        assert!(matches!(answer.ok(), Err(FetchFault::Status(told)) if told == code), "{status}");
    }
    assert_eq!(target.asked(), [""; 0]);
}

#[tokio::test]
async fn reads_how_long_an_answer_may_be_kept() {
    for (headers, seconds) in [
        ("", None),
        ("cache-control: max-age=300", Some(300)),
        ("cache-control: public, Max-Age=\"300\", must-revalidate", Some(300)),
        ("cache-control: public\r\ncache-control: max-age=7", Some(7)),
        ("cache-control: max-age=300\r\nage: 100", Some(200)),
        ("cache-control: max-age=300\r\nage: 400", Some(0)),
        ("cache-control: max-age=300, no-store", Some(0)),
        ("cache-control: no-cache", Some(0)),
        ("cache-control: max-age=-1", None),
        ("cache-control: max-age=99999999999999999999", None),
        ("cache-control: s-maxage=3", None),
    ] {
        let answer = get(canned(&format!("200 OK\r\n{headers}").replace("\r\n\r\n", "\r\n"), "{}")).await;
        assert_eq!(answer.unwrap().max_age, seconds.map(Duration::from_secs), "{headers}");
    }
}

#[tokio::test]
async fn says_who_asks_in_the_way_of_the_standards() {
    let server = Canned::start(canned("200 OK\r\ncontent-type: Application/JSON; charset=utf-8", "{}")).await;
    let fetcher = Fetcher::new(&Trust::System).unwrap();
    let endpoint = server.endpoint("/token");
    let basic = Credential::Basic { client: "gate:1", secret: "secret 1" };
    let answer = fetcher.post(&endpoint, &[("token", "a b&c=d"), ("hint", "x")], basic).await.unwrap();
    assert_eq!((answer.status, answer.media_type.as_str()), (200, "application/json"));
    fetcher.get(&endpoint, "application/json", Credential::Bearer("secret-1")).await.unwrap();
    let asked = server.asked();
    // base64("gate%3A1:secret+1")
    assert!(asked[0].contains("authorization: Basic Z2F0ZSUzQTE6c2VjcmV0KzE="), "{asked:?}");
    assert!(asked[0].ends_with("\r\n\r\ntoken=a+b%26c%3Dd&hint=x"), "{asked:?}");
    assert!(asked[1].contains("authorization: Bearer secret-1"), "{asked:?}");
}

#[tokio::test]
async fn names_neither_secrets_nor_the_url_in_what_failed() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let fetcher = Fetcher::new(&Trust::System).unwrap();
    let endpoint = Endpoint::parse(&format!("http://{nobody}/keys?key=secret-1")).unwrap();
    let fault = fetcher.get(&endpoint, "*/*", Credential::Bearer("secret-1")).await.unwrap_err();
    assert!(matches!(&fault, FetchFault::Unreachable(text) if text.contains("refused")), "{fault}");
    assert!(!fault.to_string().contains("secret-1") && !fault.to_string().contains("keys"), "{fault}");
    let broken = get("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc".into()).await;
    assert!(matches!(broken, Err(FetchFault::Unreachable(_))), "{broken:?}");
}

/// A certificate for `localhost`, and the authority that has signed it.
fn certificates() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let make = |words: &str| {
        let mut command = Command::new("openssl");
        command.args(words.split_whitespace()).current_dir(directory.path()).stderr(Stdio::null());
        assert!(command.status().is_ok_and(|status| status.success()), "openssl {words}");
    };
    make(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority \
         -addext basicConstraints=critical,CA:TRUE -keyout ca.key -out ca.pem",
    );
    make(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
         -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE \
         -CA ca.pem -CAkey ca.key -keyout key.pem -out cert.pem",
    );
    directory
}

#[tokio::test]
async fn believes_the_authorities_it_is_given_and_no_others() {
    let files = certificates();
    let path = |name: &str| files.path().join(name).display().to_string();
    pingora_core::tls::install_default_crypto_provider();
    let (chain, key) = load_certs_and_key_files(&path("cert.pem"), &path("key.pem")).unwrap().unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::parse(&format!("https://{}/keys", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        let kept = Mutex::default();
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                converse(stream, &canned("200 OK", "{}"), &kept).await;
            }
        }
    });
    let own = files.path().join("ca.pem");
    for (trust, is_believed) in
        [(Trust::Also(own.clone()), true), (Trust::Only(own), true), (Trust::System, false)]
    {
        let answer = Fetcher::new(&trust).unwrap().get(&endpoint, "*/*", Credential::None).await;
        assert_eq!(answer.is_ok(), is_believed, "{trust:?}: {answer:?}");
    }
    let none = Fetcher::new(&Trust::Only(files.path().join("key.pem")));
    assert!(matches!(none, Err(FetchFault::Authorities { .. })), "{none:?}");
}

#[test]
fn reads_a_secret_without_the_break_at_its_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret");
    let limit = usize::try_from(SECRET_FILE_BYTES_MAX).unwrap();
    for (text, secret) in [
        ("secret-1\n".to_owned(), Some("secret-1")),
        ("secret-1\r\n".into(), Some("secret-1")),
        (" secret 1".into(), Some(" secret 1")),
        ("\n".into(), None),
        (String::new(), None),
        ("x".repeat(limit + 1), None),
    ] {
        std::fs::write(&path, &text).unwrap();
        assert_eq!(read_secret(&path).ok().as_deref(), secret);
    }
    std::fs::write(&path, "x".repeat(limit)).unwrap();
    assert!(read_secret(&path).is_ok_and(|secret| secret.len() == limit));
    assert!(read_secret(&directory.path().join("none")).is_err());
}
