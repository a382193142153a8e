#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| muhrdor_fuzz::ocsp(bytes));
