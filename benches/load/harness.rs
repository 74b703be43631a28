//! The tests' control plane, which upstream's webhook asks for namespaces.

#[path = "../../tests/cluster/harness/binary.rs"]
pub mod binary;
#[path = "../../tests/cluster/harness/certificate.rs"]
mod certificate;
#[path = "../../tests/cluster/harness/control_plane.rs"]
mod control_plane;
#[path = "../../tests/cluster/harness/kubectl.rs"]
mod kubectl;
#[path = "../../tests/cluster/harness/process.rs"]
mod process;

pub use control_plane::ControlPlane;
pub use process::free_ports;
