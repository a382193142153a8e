//! `[limits]` as the operator writes it.

use muhrdor::domain::name::OperationId;

use super::{demo_text, line_of, problems, read};

#[test]
fn what_is_wrong_with_shared_limits_and_rates_of_operations_is_told_with_its_line() {
    let line = line_of("[limits]");
    let written = "[limits]\nhttp1.headers_max = 4\nredis.address = \"nowhere\"\nredis.nodes = 0\n\
                   redis.username = \"gateway\"\nredis.databse = 1\noperations.\"Not An Id\" = { \
                   requests_max = 1, window_seconds = 1 }\n";
    let problems = problems("[limits]\n", written);
    let told = |part: &str, offset: usize| {
        let place = format!("conf/gateway.toml:{}: ", line + offset);
        let found = |problem: &&String| problem.starts_with(&place) && problem.contains(part);
        assert!(problems.iter().any(|p| found(&p)), "{part}: {problems:#?}");
    };
    told("`headers_max` is 4", 1);
    told("`nowhere` is not `host:port`", 2);
    told("`nodes` is 0", 3);
    told("`username` stands without `password_file`", 4);
    told("unknown key `databse`", 5);
    told("Not An Id", 6);
}

#[test]
fn a_rate_for_an_operation_that_is_not_registered_is_told_with_its_line() {
    let written = "[limits]\noperations.\"pension-fund.record.read\" = { requests_max = 5, \
                   window_seconds = 60 }\n";
    let config = read(&demo_text().replacen("[limits]\n", written, 1)).unwrap();
    let known = OperationId::parse("pension-fund.record.read").unwrap();
    assert_eq!(config.limits.operations[&known].requests_max.get(), 5);
    assert!(config.unregistered([&known]).is_empty());
    let problems = config.unregistered([]);
    let line = u32::try_from(line_of("[limits]") + 1).unwrap();
    assert_eq!((problems.len(), problems[0].line), (1, line));
}
