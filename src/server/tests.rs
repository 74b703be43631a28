//! Real sockets on loopback; every wait is for an effect and ends with the test's patience.

mod clocks;
mod http;
mod load;
mod log;
mod probes;
mod refusals;
mod shutdown;
mod support;
mod tls;
