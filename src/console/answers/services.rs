//! `directory.services`: the register as people read it.

use crate::console::shape::{Named, Nulled, Operation, Regulation, Service, Services};
use crate::domain::operation as domain;
use crate::domain::principal::PrincipalKind;
use crate::domain::service::ServiceKind;

/// All e-services, in the register's order, each with its operations.
pub(in crate::console) fn services<'a>(
    operations: impl Iterator<Item = &'a domain::Operation>,
) -> Services {
    let mut services: Vec<Service> = Vec::new();
    for operation in operations {
        let id = operation.service.id.as_str();
        let described = describe(operation);
        match services.iter_mut().find(|service| service.id == id) {
            Some(service) => service.operations.push(described),
            None => services.push(service(operation, described)),
        }
    }
    Services { services: Some(Nulled(services)) }
}

fn service(operation: &domain::Operation, first: Operation) -> Service {
    let service = &operation.service;
    let kind = match service.kind {
        ServiceKind::Information => "information",
        ServiceKind::Interactive => "interactive",
    };
    Service {
        id: service.id.to_string(),
        names: service.names.clone(),
        agency: Named {
            code: service.agency.to_string(),
            names: service.agency_names.clone(),
        },
        kind: kind.to_owned(),
        regulation: Regulation {
            number: service.regulation.number.clone(),
            term_days: service.regulation.term_days,
        },
        prefix: service.prefix.clone(),
        operations: vec![first],
    }
}

fn describe(operation: &domain::Operation) -> Operation {
    let template = operation.template.as_str();
    let below = if template == "/" && !operation.service.prefix.is_empty() { "" } else { template };
    Operation {
        id: operation.id.to_string(),
        method: operation.method.as_str().to_owned(),
        path: format!("{}{below}", operation.service.prefix),
        sign_in: !operation.who.contains(&PrincipalKind::Anonymous),
        assurance: operation.assurance_min.as_u8(),
        who: operation.who.iter().map(|kind| kind.as_str().to_owned()).collect(),
    }
}
