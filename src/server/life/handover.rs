//! From one process to the next: the listening sockets first, the stores last.
//!
//! The old process starts the new one with a socket of its own as standard input and sends the
//! listening sockets over it (`SCM_RIGHTS`); nobody else has the other end. Then both say one byte
//! a step: the new one is *prepared* (all files read, nothing opened); the old one drains, and its
//! stores are *closed*; the new one opens them and *serves*. If the new one fails at any step, its
//! end of the socket closes, and the old one goes on or begins anew.

use std::ffi::OsString;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use super::sockets::Sockets;

/// How the next process is started: by the path and the words that this one was started with.
#[derive(Debug, Clone)]
pub struct Program {
    pub path: PathBuf,
    pub arguments: Vec<OsString>,
}

/// How long the next process may take to read its files, and then to open its stores.
const STEP_MAX: Duration = Duration::from_mins(1);

const SOCKETS: u8 = b'S';
const PREPARED: u8 = b'P';
const CLOSED: u8 = b'C';
const SERVING: u8 = b'R';

/// Why it did not come to a new process.
#[derive(Debug, thiserror::Error)]
pub enum HandoverError {
    #[error("the program `{}` cannot be started", path.display())]
    Start {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the sockets cannot be handed over")]
    Sockets(#[source] io::Error),
    #[error(
        "standard input is not a gateway that hands over; `--take-over` is its word, not yours"
    )]
    NoPredecessor(#[source] io::Error),
    #[error("the other process ended, or said something else")]
    Gone,
    #[error("the other process took longer than {} seconds", STEP_MAX.as_secs())]
    Slow,
}

/// The next process, as the old one sees it. Dropped before it serves, it is ended.
#[derive(Debug)]
pub struct Heir {
    process: Option<Child>,
    line: tokio::net::UnixStream,
}

impl Heir {
    /// Starts the next process and waits until it has read all that it needs. Meanwhile this one
    /// goes on as before.
    pub async fn raise(program: &Program, sockets: &Sockets) -> Result<Self, HandoverError> {
        let (ours, theirs) = UnixStream::pair().map_err(HandoverError::Sockets)?;
        let process = Command::new(&program.path)
            .args(&program.arguments)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .spawn()
            .map_err(|source| HandoverError::Start {
                path: program.path.clone(),
                source,
            })?;
        send(&ours, sockets).map_err(HandoverError::Sockets)?;
        let line = asynchronous(ours).map_err(HandoverError::Sockets)?;
        let process = Some(process);
        let mut heir = Self { process, line };
        heard(&mut heir.line, PREPARED).await?;
        Ok(heir)
    }

    /// Its number, while it runs.
    #[must_use]
    pub fn process(&self) -> Option<u32> {
        self.process.as_ref().and_then(Child::id)
    }

    /// Says that the stores are closed, and waits until it serves; from then on nothing holds it.
    /// If it does not come to that, it is gone when this returns.
    pub async fn take_over(mut self) -> Result<(), HandoverError> {
        let process = self.process.take();
        let taken = self.stores_closed().await;
        if let (Err(_), Some(mut process)) = (&taken, process) {
            // Gone already is as good.
            let _ = process.kill().await;
        }
        taken
    }

    async fn stores_closed(&mut self) -> Result<(), HandoverError> {
        let said = self.line.write_all(&[CLOSED]).await;
        said.map_err(|_| HandoverError::Gone)?;
        heard(&mut self.line, SERVING).await
    }
}

impl Drop for Heir {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            // Gone already, or about to go: its end of the line is closed with ours.
            let _ = process.start_kill();
        }
    }
}

/// The old process, as the next one sees it.
#[derive(Debug)]
pub struct Predecessor {
    line: tokio::net::UnixStream,
}

impl Predecessor {
    /// Takes the sockets from the process that started this one.
    pub fn of_standard_input() -> Result<(Self, Vec<TcpListener>), HandoverError> {
        let input = io::stdin().as_fd().try_clone_to_owned();
        let line = UnixStream::from(input.map_err(HandoverError::NoPredecessor)?);
        let sockets = receive(&line).map_err(HandoverError::NoPredecessor)?;
        let line = asynchronous(line).map_err(HandoverError::NoPredecessor)?;
        Ok((Self { line }, sockets))
    }

    /// Says that all is read, and waits until the stores are free.
    pub async fn prepared(&mut self) -> Result<(), HandoverError> {
        let said = self.line.write_all(&[PREPARED]).await;
        said.map_err(|_| HandoverError::Gone)?;
        // As long as it drains; when it ends instead, so does this.
        match self.line.read_u8().await {
            Ok(CLOSED) => Ok(()),
            Ok(_) | Err(_) => Err(HandoverError::Gone),
        }
    }

    /// Says that requests are taken.
    pub async fn serving(mut self) -> Result<(), HandoverError> {
        let said = self.line.write_all(&[SERVING]).await;
        said.map_err(|_| HandoverError::Gone)
    }
}

async fn heard(line: &mut tokio::net::UnixStream, word: u8) -> Result<(), HandoverError> {
    match tokio::time::timeout(STEP_MAX, line.read_u8()).await {
        Ok(Ok(said)) if said == word => Ok(()),
        Ok(_) => Err(HandoverError::Gone),
        Err(_) => Err(HandoverError::Slow),
    }
}

fn asynchronous(line: UnixStream) -> io::Result<tokio::net::UnixStream> {
    line.set_nonblocking(true)?;
    tokio::net::UnixStream::from_std(line)
}

fn send(line: &UnixStream, sockets: &Sockets) -> io::Result<()> {
    let both = [sockets.public.as_fd(), sockets.admin.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(&both)) {
        return Err(io::ErrorKind::OutOfMemory.into());
    }
    sendmsg(
        line,
        &[IoSlice::new(&[SOCKETS])],
        &mut control,
        SendFlags::empty(),
    )?;
    Ok(())
}

fn receive(line: &UnixStream) -> io::Result<Vec<TcpListener>> {
    let mut word = [0];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut words = [IoSliceMut::new(&mut word)];
    let received = recvmsg(line, &mut words, &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let mut sockets = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            sockets.extend(descriptors.map(TcpListener::from));
        }
    }
    if received.bytes != 1 || word != [SOCKETS] || sockets.len() != 2 {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(sockets)
}
