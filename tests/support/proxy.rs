// A proxy between clients and a server that loses one answer and breaks the connection. What is sent does not matter here.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// What to lose: once the client has sent the first bytes, the answer from the second bytes on.
type Fault = (&'static [u8], &'static [u8]);

pub struct Proxy {
    pub port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    planned: Mutex<Option<Fault>>,
    lost: AtomicUsize,
}

impl Proxy {
    /// Starts a proxy before the server at this port. It lives as long as the process.
    pub fn start(server: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                pass(client, server, &shared);
            }
        });
        Proxy { port, state }
    }

    /// Breaks the connection that next sends `sent`, when the server answers with `answer`: that and all after it is lost.
    /// An empty `answer` is any.
    pub fn lose(&self, sent: &'static [u8], answer: &'static [u8]) {
        *self.state.planned.lock().unwrap() = Some((sent, answer));
    }

    /// How many answers were lost.
    pub fn lost(&self) -> usize {
        self.state.lost.load(Ordering::Relaxed)
    }
}

fn pass(mut client: TcpStream, mut server: TcpStream, state: &Arc<State>) {
    let armed: Arc<Mutex<Option<Fault>>> = Arc::default();
    let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let (planned, arming) = (Arc::clone(state), Arc::clone(&armed));
    thread::spawn(move || {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from_client.read(&mut bytes) {
            let mut planned = planned.planned.lock().unwrap();
            if planned.is_some_and(|(sent, _)| find(&bytes[..length], sent).is_some()) {
                *arming.lock().unwrap() = planned.take();
            }
            drop(planned);
            if to_server.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        let _ = to_server.shutdown(Shutdown::Both);
    });
    let state = Arc::clone(state);
    thread::spawn(move || {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(length @ 1..) = server.read(&mut bytes) {
            let fault = *armed.lock().unwrap();
            let cut = fault.and_then(|(_, answer)| find(&bytes[..length], answer));
            if client.write_all(&bytes[..cut.unwrap_or(length)]).is_err() {
                break;
            }
            if cut.is_some() {
                state.lost.fetch_add(1, Ordering::Relaxed);
                break;
            }
        }
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
    });
}

/// Where these bytes begin.
fn find(bytes: &[u8], sought: &[u8]) -> Option<usize> {
    if sought.is_empty() {
        return Some(0);
    }
    bytes.windows(sought.len()).position(|part| part == sought)
}
