//! A server that can work at so many calls at once, and lets the rest wait.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// See the module. Its threads end with the process.
pub struct Server {
    address: SocketAddr,
}

struct Bench {
    free: Mutex<usize>,
    bell: Condvar,
    service: Duration,
}

impl Server {
    pub fn start(workers: usize, service: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback can be listened on");
        let address = listener.local_addr().expect("it is bound");
        let bench = Arc::new(Bench { free: Mutex::new(workers), bell: Condvar::new(), service });
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let bench = Arc::clone(&bench);
                thread::spawn(move || attend(stream, &bench));
            }
        });
        Self { address }
    }

    pub fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }
}

fn attend(stream: TcpStream, bench: &Bench) -> Option<()> {
    let _ = stream.set_nodelay(true);
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    loop {
        head.clear();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        let mut body = vec![0; length.unwrap_or_default()];
        reader.read_exact(&mut body).ok()?;
        bench.work();
        let body = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"ok"}]}}"#;
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        writer.write_all(head.as_bytes()).ok()?;
    }
}

impl Bench {
    fn work(&self) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            free = self.bell.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        drop(free);
        // The work: what is measured is how the gate keeps it at this and no more.
        thread::sleep(self.service);
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.bell.notify_one();
    }
}
