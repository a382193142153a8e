//! The config of a demo run: the one in `deploy/demo/`, with this run's places in it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::demo::error::DemoError;
use crate::demo::folder::{Folder, write_private};
use crate::demo::part::Part;

/// Where this run's listeners and parts are.
#[derive(Debug, Clone)]
pub struct Run {
    pub portal: SocketAddr,
    pub admin: SocketAddr,
    pub parts: Vec<(Part, SocketAddr)>,
}

/// Writes this run's config into the data folder and says where.
///
/// Only addresses and paths are changed, as text, so that what the demo runs is what stands in
/// `deploy/demo/gateway.toml`, word for word otherwise.
///
/// # Errors
/// When the config cannot be read or written.
pub fn write_config(
    folder: &Folder,
    run: &Run,
    change: impl FnOnce(String) -> String,
) -> Result<PathBuf, DemoError> {
    let home = home();
    let source = home.join(CONFIG);
    let text = fs::read_to_string(&source).map_err(|cause| DemoError::Read {
        path: source,
        source: cause,
    })?;
    let path = folder.root().join("gateway.toml");
    let text = change(placed(&text, folder.root(), &home, run));
    write_private(&path, text.as_bytes())?;
    Ok(path)
}

/// Where the demo's config and policies are: the folder that `cargo run` is called in, or the one
/// the program was built in.
fn home() -> PathBuf {
    let here = PathBuf::from(".");
    if here.join(CONFIG).exists() {
        here
    } else {
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
    }
}

fn placed(text: &str, data_dir: &Path, home: &Path, run: &Run) -> String {
    let path = |path: &Path| {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        absolute
            .display()
            .to_string()
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
    };
    let mut changes = vec![
        (format!("../../{DATA_DIR}"), path(data_dir)),
        (
            "../..".to_owned(),
            path(home).trim_end_matches("/.").to_owned(),
        ),
        ("127.0.0.1:8443".to_owned(), run.portal.to_string()),
        (
            "localhost:8443".to_owned(),
            format!("localhost:{}", run.portal.port()),
        ),
        ("127.0.0.1:8444".to_owned(), run.admin.to_string()),
    ];
    let parts = run.parts.iter();
    changes.extend(parts.map(|(part, at)| (part.usual_address().to_owned(), at.to_string())));
    replaced(text, &changes)
}

/// All changes at once, so that none changes what another put there. Earlier ones go first where
/// two begin at one place.
fn replaced(text: &str, changes: &[(String, String)]) -> String {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let found = changes
            .iter()
            .find_map(|(from, to)| Some((rest.strip_prefix(from)?, to)));
        if let Some((after, to)) = found {
            done.push_str(to);
            rest = after;
            continue;
        }
        let mut letters = rest.chars();
        done.extend(letters.next());
        rest = letters.as_str();
    }
    done
}

/// The demo's config, seen from the repository's root.
const CONFIG: &str = "deploy/demo/gateway.toml";
/// The data folder when none is named.
pub const DATA_DIR: &str = "muhrdor-demo";

#[cfg(test)]
mod tests {
    use crate::config::{Config, Overrides};

    use super::*;

    #[test]
    fn a_run_of_its_own_puts_its_places_into_the_demos_config() {
        let run = Run {
            portal: "127.0.0.1:9001".parse().unwrap(),
            admin: "127.0.0.1:8443".parse().unwrap(),
            parts: vec![(Part::SignIn, "127.0.0.1:9003".parse().unwrap())],
        };
        let text = "listen = \"127.0.0.1:8443\"\nadmin = \"127.0.0.1:8444\"\n\
                    issuer = \"http://127.0.0.1:8450/applicants\"\n\
                    keys = \"../../muhrdor-demo/keys\"\npolicies = \"../../policies\"\n";
        let placed = placed(text, Path::new("/data"), Path::new("/home/source"), &run);
        let wanted = "listen = \"127.0.0.1:9001\"\nadmin = \"127.0.0.1:8443\"\n\
                      issuer = \"http://127.0.0.1:9003/applicants\"\n\
                      keys = \"/data/keys\"\npolicies = \"/home/source/policies\"\n";
        assert_eq!(placed, wanted);
    }

    #[test]
    fn the_demos_config_reads_with_the_places_of_a_run() {
        let run = Run {
            portal: "127.0.0.1:9001".parse().unwrap(),
            admin: "127.0.0.1:9002".parse().unwrap(),
            parts: Part::ALL
                .iter()
                .zip(9003..)
                .map(|(part, port)| (*part, local(port)))
                .collect(),
        };
        let home = Path::new(env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(home.join(CONFIG)).unwrap();
        let placed = placed(&text, Path::new("/data"), home, &run);
        let read = Config::read(
            Path::new("/data/gateway.toml"),
            placed.as_bytes(),
            &Overrides::default(),
        );
        let config = read.unwrap();
        assert_eq!(config.portal.origin, "https://localhost:9001");
        assert_eq!(
            (config.listen.public, config.listen.admin),
            (run.portal, run.admin)
        );
        assert_eq!(config.keys_dir, Path::new("/data/keys"));
        assert_eq!(config.bundle_dir, home.join("policies"));
        for (part, address) in run.parts {
            assert!(placed.contains(&address.to_string()), "{}", part.as_str());
            assert!(!placed.contains(part.usual_address()), "{}", part.as_str());
        }
    }

    fn local(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }
}
