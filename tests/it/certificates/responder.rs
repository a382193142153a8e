//! `openssl` as the responder of an authority.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use muhrdor::identity::certificate::{Question, key};
use rustls::pki_types::CertificateDer;
use tempfile::TempDir;

use super::authority::{Authority, Issued};

/// An authority with its files, of which `openssl` answers: number 5 was revoked, 4 was not.
pub(super) struct Responder {
    pub(super) authority: Authority,
    home: TempDir,
}

impl Responder {
    pub(super) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let authority = Authority::new("one");
        let index = "V\t20991231235959Z\t\t04\tunknown\t/CN=a\n\
                     R\t20991231235959Z\t260101000000Z\t05\tunknown\t/CN=b\n";
        fs::write(home.path().join("index"), index).unwrap();
        let this = Self { authority, home };
        let (certificate, key) = (&this.authority.certificate, &this.authority.key_pem);
        this.put("authority", certificate, key);
        this
    }

    fn at(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(super) fn put(&self, name: &str, certificate: &CertificateDer<'_>, key: &str) {
        let pem = muhrdor::keys::certificate_pem(certificate);
        fs::write(self.at(&format!("{name}.pem")), pem).unwrap();
        fs::write(self.at(&format!("{name}.key")), key).unwrap();
    }

    fn openssl(&self, signer: &str) -> Command {
        let mut command = Command::new("openssl");
        let file = |name: &str| self.at(name).display().to_string();
        command.args([
            "ocsp",
            "-index",
            &file("index"),
            "-CA",
            &file("authority.pem"),
        ]);
        command.args(["-rsigner", &file(&format!("{signer}.pem"))]);
        command.args(["-rkey", &file(&format!("{signer}.key"))]);
        command
    }

    /// What `openssl` says about a certificate now, signed by that one; `more` are its arguments.
    pub(super) fn answer(&self, about: &Issued, signer: &str, more: &[&str]) -> Vec<u8> {
        self.put("about", &about.certificate, &about.key_pem);
        let (request, answer) = (self.at("request"), self.at("answer"));
        let asked = Command::new("openssl")
            .args(["ocsp", "-no_nonce", "-issuer"])
            .arg(self.at("authority.pem"))
            .arg("-cert")
            .arg(self.at("about.pem"))
            .arg("-reqout")
            .arg(&request)
            .output()
            .unwrap();
        assert!(
            asked.status.success(),
            "{}",
            String::from_utf8_lossy(&asked.stderr)
        );
        let mut openssl = self.openssl(signer);
        openssl
            .arg("-reqin")
            .arg(&request)
            .arg("-respout")
            .arg(&answer)
            .args(more);
        let answered = openssl.output().unwrap();
        assert!(
            answered.status.success(),
            "{}",
            String::from_utf8_lossy(&answered.stderr)
        );
        fs::read(answer).unwrap()
    }

    pub(super) fn question(&self, about: &Issued, number: u8) -> Question {
        Question {
            key: key(&about.certificate).unwrap(),
            serial: vec![number],
            issuer: self.authority.certificate.to_vec(),
        }
    }
}

/// `openssl` as a responder over HTTP; ended when dropped.
pub(super) struct Running(Child, pub(super) String);

impl Running {
    pub(super) fn start(responder: &Responder) -> Self {
        let mut openssl = responder.openssl("authority");
        openssl.args(["-port", "0", "-nmin", "5"]);
        let mut child = openssl
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut told = BufReader::new(child.stdout.take().unwrap());
        told.read_line(&mut line).unwrap();
        // `ACCEPT [::]:42603 PID=2709`
        let port = line.split([':', ' ']).rev().nth(1).unwrap().to_owned();
        Self(child, format!("127.0.0.1:{port}"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _waited = self.0.wait();
    }
}
