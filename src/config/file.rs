//! The file as a whole: its sections, and what must agree between them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::config::place::Place;
use crate::config::sections::bounds;
use crate::config::sections::door::{FurtherHost, Listen, Tls};
use crate::config::sections::house::{Portal, Store};
use crate::config::sections::limits::Limits;
use crate::config::sections::notary::Notary;
use crate::config::sections::pool::Upstream;
use crate::config::sections::sign_in::{Certificates, Issuer, Realm};
use crate::config::sections::upstream::{Authority, Egress, FactOrigin, Facts};
use crate::config::{Config, FIXED, Overrides, repeated};
use crate::domain::name::UpstreamName;
use crate::domain::sheet::{At, Table};
use crate::wire::host::HostPattern;

/// Reads the root table. Everything is read before anything is given up.
pub(super) fn read(
    root: &mut Table<'_>,
    path: &Path,
    place: &Place,
    overrides: &Overrides,
) -> Option<Config> {
    let portal = root.need_section("portal", Portal::read);
    let listen = root.need_section("listen", |t| Listen::read(t, place, overrides));
    let tls = root.need_section("tls", |t| Tls::read(t, place));
    let hosts = root.named("hosts", |name, t| FurtherHost::read(&name, t, place));
    let keys_dir = root.need_section("keys", |t| place.secret_dir(t, "folder"));
    let store = root.need_section("store", |t| Store::read(t, place));
    let bundle_dir = root.need_section("bundle", |t| place.dir(t, "dir"));
    let upstreams = Upstreams::read(root, place);
    let realms = root.named("realms", |name, t| Realm::read(name, t, place));
    let issuers = root.named("issuers", Issuer::read);
    let certificates = root.named("certificates", |name, t| {
        Certificates::read(&name, t, place)
    });
    let egress = root.section("egress", |t| Some(Egress::read(t, place)));
    let facts = root.named("facts", |name, t| Facts::read(name, t, place));
    let limits = root.need_section("limits", |t| Limits::read(t, place));
    let streams = bounds::streams(root);
    let timeouts = bounds::timeouts(root);
    let clock = root.need_section("clock", bounds::clock);
    let telemetry = bounds::telemetry(root, place);
    let notary = root.section_or("notary", None, |t| Notary::read(t, place).map(Some));
    let egress = egress.unwrap_or_default();
    check_hosts(root, portal.as_ref(), &hosts);
    check_issuers(root, &realms, &issuers);
    check_egress(root, &egress, (&realms, &issuers), &certificates, &facts);
    let Limits {
        rates,
        operation_lines,
        redis,
        requests,
    } = limits?;
    Some(Config {
        portal: portal?,
        listen: listen?,
        tls: tls?,
        hosts: hosts.into_iter().map(|at| at.value).collect(),
        keys_dir: keys_dir?,
        store: store?,
        bundle_dir: bundle_dir?,
        upstreams: upstreams.all.into_iter().collect(),
        realms: realms.into_iter().map(|at| at.value).collect(),
        issuers: issuers.into_iter().map(|at| at.value).collect(),
        certificates_lines: lines_of(&certificates),
        certificates: certificates.into_iter().map(|at| at.value).collect(),
        egress,
        facts: facts.into_iter().map(|at| at.value).collect(),
        limits: rates,
        redis,
        requests,
        operation_lines,
        streams: streams?,
        timeouts: timeouts?,
        clock: clock?,
        telemetry: telemetry?,
        notary: notary?,
        file: path.to_owned(),
        overrides: overrides.clone(),
        lines: FIXED.iter().map(|key| (*key, root.line_of(key))).collect(),
        tls_line: root.line_of("tls"),
        upstream_lines: upstreams.protocol_lines,
        upstreams_line: upstreams.line,
        needed: Vec::new(),
    })
}

/// What stands in `upstreams`, and where.
struct Upstreams {
    all: Vec<(UpstreamName, Upstream)>,
    protocol_lines: BTreeMap<UpstreamName, u32>,
    /// Of the last of them, or of the file where there is none.
    line: u32,
}

impl Upstreams {
    fn read(root: &mut Table<'_>, place: &Place) -> Self {
        let mut line = root.line();
        let mut protocol_lines = BTreeMap::new();
        let all = root.named("upstreams", |name, t| {
            line = name.line;
            let (name, upstream) = Upstream::read(name, t, place)?;
            protocol_lines.insert(name.clone(), t.line_of("protocol"));
            Some((name, upstream))
        });
        Self {
            all,
            protocol_lines,
            line,
        }
    }
}

fn lines_of(certificates: &[At<Certificates>]) -> BTreeMap<String, u32> {
    let named = certificates.iter();
    named.map(|at| (at.value.name.clone(), at.line)).collect()
}

/// A host that stands twice: which certificate is its own?
fn check_hosts(root: &Table<'_>, portal: Option<&Portal>, hosts: &[At<FurtherHost>]) {
    let named: Vec<_> = hosts
        .iter()
        .map(|at| At {
            value: &at.value.host,
            line: at.line,
        })
        .collect();
    let own = |at: &&At<&HostPattern>| {
        portal.is_some_and(|portal| {
            at.value
                .exact()
                .is_some_and(|host| host.as_str() == portal.host)
        })
    };
    for at in repeated(&named).chain(named.iter().filter(own)) {
        let what = format!("the host `{}` stands twice", at.value);
        root.note(
            at.line,
            what,
            "keep one; `[tls]` is of the host of `portal.url`",
        );
    }
}

/// Two realms, or two bearer issuers, of one issuer: whose token is it then?
fn check_issuers(root: &Table<'_>, realms: &[At<Realm>], issuers: &[At<Issuer>]) {
    let of_realms: Vec<_> = realms
        .iter()
        .map(|r| At {
            value: &r.value.issuer,
            line: r.line,
        })
        .collect();
    let of_issuers: Vec<_> = issuers
        .iter()
        .map(|i| At {
            value: &i.value.issuer,
            line: i.line,
        })
        .collect();
    for at in repeated(&of_realms).chain(repeated(&of_issuers)) {
        let what = format!("the issuer `{}` stands in two sections", at.value);
        root.note(at.line, what, "keep one of them");
    }
}

/// What the gateway is told to ask and not allowed to reach.
fn check_egress(
    root: &Table<'_>,
    egress: &Egress,
    (realms, issuers): (&[At<Realm>], &[At<Issuer>]),
    certificates: &[At<Certificates>],
    facts: &[At<Facts>],
) {
    let of_realms = realms.iter().map(|r| (r.line, r.value.issuer.as_str()));
    let of_certificates = certificates.iter();
    let of_certificates =
        of_certificates.flat_map(|c| c.value.addresses().map(|address| (c.line, address)));
    let of_issuers = issuers.iter().map(|i| (i.line, i.value.issuer.as_str()));
    let of_facts = facts.iter().filter_map(|f| match &f.value.origin {
        FactOrigin::Service { address, .. } => Some((f.line, address.as_str())),
        FactOrigin::File(_) => None,
    });
    for (line, url) in of_realms
        .chain(of_issuers)
        .chain(of_certificates)
        .chain(of_facts)
    {
        let Some(authority) = Authority::of_url(url) else {
            continue;
        };
        if !egress.reaches(&authority) {
            let what = format!("`{url}` is not within `egress.allow`");
            root.note(
                line,
                what,
                format!("add \"{}\" to `egress.allow`", authority.as_str()),
            );
        }
    }
}
