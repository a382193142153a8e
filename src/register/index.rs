//! From host, method and target to the one operation: host, then prefix, then the path by its
//! segments, literal ones before captures.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::domain::operation::{Method, Operation, UpstreamTarget};
use crate::domain::reason::Reason;
use crate::domain::service::{Backend, Service};
use crate::register::description::Described;
use crate::register::template::{Segment, Template};
use crate::wire::path::{Target, TargetError, decode};

/// The operation of a request: found once, and carried from here on. Nobody finds it a second
/// time, so nobody finds another one.
#[must_use]
#[derive(Debug)]
pub struct Route {
    operation: Arc<Operation>,
    captures: Captures,
    upstream_target: UpstreamTarget,
}

/// What stood in the place of each capture, decoded. It may be personal: never in `Debug`.
struct Captures(Vec<(String, String)>);

/// Why a request has no operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    #[error("no operation of the register has this host and path")]
    Unknown,
    /// `allow` is the value of the `Allow` header (RFC 9110 §10.2.1).
    #[error("the operations of this path have other methods: `{allow}`")]
    Method { allow: String },
    /// The target became unreadable under the upstream's prefix.
    #[error("the target cannot be forwarded: {0}")]
    Target(#[from] TargetError),
}

impl Route {
    #[must_use]
    pub const fn operation(&self) -> &Arc<Operation> {
        &self.operation
    }

    /// What stood in the place of the capture, decoded.
    #[must_use]
    pub fn capture(&self, name: &str) -> Option<&str> {
        let found = self
            .captures
            .0
            .iter()
            .find(|(capture, _)| capture == name)?;
        Some(&found.1)
    }

    /// The captures with what stood in their places, decoded, in the order of the path.
    pub fn captures(&self) -> impl Iterator<Item = (&str, &str)> {
        self.captures
            .0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// What goes in the upstream's request line.
    #[must_use]
    pub const fn upstream_target(&self) -> &UpstreamTarget {
        &self.upstream_target
    }
}

impl RouteError {
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Unknown => Reason::UnknownOperation,
            Self::Method { .. } => Reason::MethodNotAllowed,
            Self::Target(_) => Reason::BadRequest,
        }
    }
}

impl std::fmt::Debug for Captures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

/// The register, arranged for looking up.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Host, then the first segment of the prefix.
    mounts: HashMap<String, HashMap<String, Vec<Arc<Mount>>>>,
}

#[derive(Debug)]
struct Mount {
    service: Arc<Service>,
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    literals: HashMap<String, Node>,
    capture: Option<Box<Node>>,
    /// Each with the names of its captures.
    operations: BTreeMap<Method, (Arc<Operation>, Vec<String>)>,
}

impl Index {
    /// Arranges services in which nothing collides.
    pub(super) fn build(described: &[Described]) -> Self {
        let mut index = Self::default();
        for one in described {
            let mut root = Node::default();
            for operation in &one.operations {
                root.insert(&operation.template, &operation.operation);
            }
            let service = Arc::clone(&one.service);
            let first = segments(&service.prefix)
                .next()
                .unwrap_or_default()
                .to_owned();
            let mount = Arc::new(Mount { service, root });
            for host in &one.service.hosts {
                let of_host = index.mounts.entry(host.clone()).or_default();
                of_host
                    .entry(first.clone())
                    .or_default()
                    .push(Arc::clone(&mount));
            }
        }
        index
    }

    pub(super) fn service(&self, host: &str, target: &Target) -> Option<&Arc<Service>> {
        self.mount(host, target).map(|(mount, _)| &mount.service)
    }

    pub(super) fn route(
        &self,
        host: &str,
        method: &http::Method,
        target: &Target,
    ) -> Result<Route, RouteError> {
        let (mount, rest) = self.mount(host, target).ok_or(RouteError::Unknown)?;
        let path: Vec<_> = rest.map(segments).into_iter().flatten().collect();
        let mut walk = Walk {
            allowed: BTreeSet::new(),
            method: own_method(method),
        };
        let mut captured = Vec::new();
        let Some((operation, names)) = walk.find(&mount.root, &path, &mut captured) else {
            return Err(walk.refusal());
        };
        let values = captured.iter().map(|segment| decode(segment).into_owned());
        Ok(Route {
            operation: Arc::clone(operation),
            captures: Captures(names.iter().cloned().zip(values).collect()),
            upstream_target: upstream_target(&mount.service, target)?,
        })
    }

    /// The service of a path and what follows its prefix. No prefix lies under another one of the
    /// same host, so at most one fits.
    fn mount<'t>(&self, host: &str, target: &'t Target) -> Option<(&Mount, Option<&'t str>)> {
        let first = target.segments().next()?;
        let mounts = self.mounts.get(host)?.get(first)?;
        mounts.iter().find_map(|mount| {
            let rest = target.path().strip_prefix(mount.service.prefix.as_str())?;
            if rest.is_empty() {
                return Some((mount.as_ref(), None));
            }
            rest.starts_with('/')
                .then_some((mount.as_ref(), Some(rest)))
        })
    }
}

impl Node {
    fn insert(&mut self, template: &Template, operation: &Arc<Operation>) {
        let mut node = self;
        for segment in template.segments() {
            node = match segment {
                Segment::Literal(text) => node.literals.entry(text.clone()).or_default(),
                Segment::Capture(_) => node.capture.get_or_insert_default(),
            };
        }
        let names = template.captures().map(str::to_owned).collect();
        node.operations
            .insert(operation.method, (Arc::clone(operation), names));
    }
}

/// A search through one service's paths. It visits every place that fits, so that the methods of a
/// refusal are complete.
struct Walk {
    method: Option<Method>,
    allowed: BTreeSet<Method>,
}

impl Walk {
    fn find<'n, 'p>(
        &mut self,
        node: &'n Node,
        path: &[&'p str],
        captured: &mut Vec<&'p str>,
    ) -> Option<&'n (Arc<Operation>, Vec<String>)> {
        let Some((segment, rest)) = path.split_first() else {
            self.allowed.extend(node.operations.keys());
            return node.operations.get(&self.method?);
        };
        if let Some(next) = node.literals.get(*segment)
            && let Some(found) = self.find(next, rest, captured)
        {
            return Some(found);
        }
        let next = node.capture.as_ref().filter(|_| !segment.is_empty())?;
        captured.push(segment);
        let found = self.find(next, rest, captured);
        if found.is_none() {
            captured.pop();
        }
        found
    }

    fn refusal(self) -> RouteError {
        if self.allowed.is_empty() && self.method.is_some() {
            return RouteError::Unknown;
        }
        let head = |method: &Method| match method {
            Method::Get => "GET, HEAD",
            Method::Post | Method::Put | Method::Patch | Method::Delete => method.as_str(),
        };
        let allow: Vec<_> = self.allowed.iter().map(head).collect();
        RouteError::Method {
            allow: allow.join(", "),
        }
    }
}

/// The method an operation is looked up by. HEAD is GET without its body (RFC 9110 §9.3.2); any
/// other that operations do not have is `None`.
fn own_method(method: &http::Method) -> Option<Method> {
    match method.as_str() {
        "GET" | "HEAD" => Some(Method::Get),
        "POST" => Some(Method::Post),
        "PUT" => Some(Method::Put),
        "PATCH" => Some(Method::Patch),
        "DELETE" => Some(Method::Delete),
        _ => None,
    }
}

fn upstream_target(service: &Service, target: &Target) -> Result<UpstreamTarget, TargetError> {
    let origin_form = match &service.backend {
        Backend::Upstream { prefix, .. } => target.rebase(&service.prefix, prefix)?.origin_form(),
        Backend::InHouse => target.origin_form(),
    };
    Ok(UpstreamTarget::new(origin_form))
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}
