//! What is said to a Redis and how it answers (RESP2): as much of it as a count needs.
//!
//! Questions are written one after the other without waiting, and answered in the same order.

use std::io::{Error, ErrorKind};

use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader,
};
use tokio::sync::{mpsc, oneshot};

/// A connection's other half is [`drive`]n by whoever holds it.
#[derive(Debug, Clone)]
pub(super) struct Wire(mpsc::Sender<Question>);

#[derive(Debug)]
pub(super) struct Question {
    bytes: Vec<u8>,
    answer: oneshot::Sender<Answer>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    Text(String),
    Number(i64),
    /// An error of the server's, in its words.
    Refused(String),
    Nothing,
    /// None of them is a list.
    List(Vec<Answer>),
}

/// Why a question has no answer that could be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    #[error("the connection was closed")]
    Closed,
    #[error("the server refused: {0}")]
    Refused(String),
    #[error("the server said something else than was asked")]
    Unexpected,
}

pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Wire {
    /// A way to ask, and what is to be given to [`drive`].
    pub(super) fn new() -> (Self, mpsc::Receiver<Question>) {
        let (questions, asked) = mpsc::channel(QUESTIONS_MAX);
        (Self(questions), asked)
    }

    pub(super) async fn ask(&self, words: &[&str]) -> Result<Answer, WireError> {
        let (answer, answered) = oneshot::channel();
        let question = Question {
            bytes: written(words),
            answer,
        };
        let sent = self.0.send(question).await;
        sent.map_err(|_| WireError::Closed)?;
        match answered.await {
            Ok(Answer::Refused(why)) => Err(WireError::Refused(why)),
            Ok(answer) => Ok(answer),
            Err(_) => Err(WireError::Closed),
        }
    }
}

/// Carries questions and answers until either side ends.
pub(super) async fn drive(
    stream: Box<dyn Stream>,
    mut questions: mpsc::Receiver<Question>,
) -> Result<(), Error> {
    let (reader, mut writer) = tokio::io::split(stream);
    let mut reader = BufReader::new(reader);
    let (waiting, mut waited_for) = mpsc::channel(QUESTIONS_MAX);
    let asking = async {
        while let Some(Question { bytes, answer }) = questions.recv().await {
            // Who waits stands in the row before what is waited for is asked.
            if waiting.send(answer).await.is_err() {
                break;
            }
            writer.write_all(&bytes).await?;
            writer.flush().await?;
        }
        Ok(())
    };
    let answering = async {
        loop {
            let answer = read(&mut reader).await?;
            let Some(first) = waited_for.recv().await else {
                return Ok(());
            };
            // Who does not wait any more has no use for it.
            let _late: Result<(), Answer> = oneshot::Sender::send(first, answer);
        }
    };
    tokio::select! {
        ended = asking => ended,
        ended = answering => ended,
    }
}

fn written(words: &[&str]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend(format!("${}\r\n", word.len()).into_bytes());
        bytes.extend(word.as_bytes());
        bytes.extend(b"\r\n");
    }
    bytes
}

async fn read(reader: &mut (impl AsyncBufRead + Unpin)) -> Result<Answer, Error> {
    let line = line(reader).await?;
    let Some(count) = line.strip_prefix('*') else {
        return single(&line, reader).await;
    };
    let count: usize = count.parse().map_err(|_| unreadable())?;
    if count > LIST_MAX {
        return Err(unreadable());
    }
    let mut list = Vec::with_capacity(count);
    for _ in 0..count {
        let line = self::line(reader).await?;
        list.push(single(&line, reader).await?);
    }
    Ok(Answer::List(list))
}

/// What a line begins that begins no list.
async fn single(line: &str, reader: &mut (impl AsyncBufRead + Unpin)) -> Result<Answer, Error> {
    let (kind, rest) = line.split_at_checked(1).ok_or_else(unreadable)?;
    match kind {
        "+" => Ok(Answer::Text(rest.to_owned())),
        "-" => Ok(Answer::Refused(rest.to_owned())),
        ":" => Ok(Answer::Number(rest.parse().map_err(|_| unreadable())?)),
        "$" if rest == "-1" => Ok(Answer::Nothing),
        "$" => {
            let length: usize = rest.parse().map_err(|_| unreadable())?;
            if length > TEXT_BYTES_MAX {
                return Err(unreadable());
            }
            let mut bytes = vec![0; length + 2];
            reader.read_exact(&mut bytes).await?;
            bytes.truncate(length);
            let text = String::from_utf8(bytes).map_err(|_| unreadable())?;
            Ok(Answer::Text(text))
        }
        _ => Err(unreadable()),
    }
}

async fn line(reader: &mut (impl AsyncBufRead + Unpin)) -> Result<String, Error> {
    let mut bytes = Vec::new();
    let mut bounded = reader.take(LINE_BYTES_MAX);
    bounded.read_until(b'\n', &mut bytes).await?;
    if bytes.is_empty() {
        return Err(Error::from(ErrorKind::UnexpectedEof));
    }
    let text = String::from_utf8(bytes).map_err(|_| unreadable())?;
    let line = text.strip_suffix("\r\n");
    line.map(str::to_owned).ok_or_else(unreadable)
}

fn unreadable() -> Error {
    Error::from(ErrorKind::InvalidData)
}

/// Questions that may be on their way at once.
const QUESTIONS_MAX: usize = 1_024;
const LINE_BYTES_MAX: u64 = 4_096;
const TEXT_BYTES_MAX: usize = 64 * 1024;
const LIST_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    async fn read_all(bytes: &[u8]) -> Result<Answer, Error> {
        read(&mut BufReader::new(bytes)).await
    }

    #[tokio::test]
    async fn answers_are_read_as_they_are_meant_or_not_at_all() {
        let text = |text: &str| Answer::Text(text.to_owned());
        assert_eq!(read_all(b"+OK\r\n").await.unwrap(), text("OK"));
        assert_eq!(read_all(b"$3\r\na\r\n\r\n").await.unwrap(), text("a\r\n"));
        assert_eq!(read_all(b"$-1\r\n").await.unwrap(), Answer::Nothing);
        let list = Answer::List(vec![Answer::Number(-7), text("1"), Answer::Nothing]);
        assert_eq!(
            read_all(b"*3\r\n:-7\r\n$1\r\n1\r\n$-1\r\n").await.unwrap(),
            list
        );
        let refused = Answer::Refused("NOSCRIPT no".to_owned());
        assert_eq!(read_all(b"-NOSCRIPT no\r\n").await.unwrap(), refused);
        for bad in [
            b"".as_slice(),
            b"\r\n",
            b"+OK",
            b":seven\r\n",
            b"*1000000\r\n",
            b"*1\r\n*1\r\n:1\r\n",
            b"$99999999\r\n",
            b"?\r\n",
        ] {
            assert!(read_all(bad).await.is_err(), "{bad:?}");
        }
    }
}
