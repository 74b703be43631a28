//! Network namespaces, joined by a router.
//!
//! Each is held by a process of its own, which waits for the end of its input: however this process ends,
//! that ends too, and with it the namespace and all that is in it. None has a name, and the machine's own is
//! not touched.

use std::cell::Cell;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::process::{Child, Command, Stdio};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::cluster::ENDS;
use super::prober::{Probe, Prober};

/// The router's end of the link to an end.
pub fn link(end: usize) -> String {
    format!("end{end}")
}

/// Moves this thread into a network namespace.
pub fn enter(namespace: &File) {
    move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
}

#[derive(Debug)]
pub struct Network {
    // The probers go first.
    probers: Vec<Prober>,
    router: Namespace,
    _ends: Vec<Namespace>,
    /// How many rulesets there were.
    rulesets: Cell<u16>,
}

impl Network {
    /// The ends, a router, and a link between it and each; none where `RINGFENCE_DATAPLANE=off`.
    pub fn new() -> Option<Self> {
        if std::env::var("RINGFENCE_DATAPLANE").is_ok_and(|own| own == "off") {
            let note = "RINGFENCE_DATAPLANE=off: no packet is sent, and nothing of the data plane tested\n";
            std::io::stdout().write_all(note.as_bytes()).unwrap();
            return None;
        }
        let router = Namespace::new();
        let ends: Vec<Namespace> = ENDS.iter().map(|_| Namespace::new()).collect();
        let mut links = String::new();
        for (number, end) in ends.iter().enumerate() {
            let link = link(number);
            writeln!(links, "link add {link} type veth peer name eth0 netns {}", end.holder.id())
                .unwrap();
            writeln!(links, "link set {link} up").unwrap();
            for (gateway, _) in GATEWAYS {
                writeln!(links, "addr add {gateway} dev {link}{}", nodad(gateway)).unwrap();
            }
        }
        router.run("ip", &["-batch", "-"], &links);
        let mut routes = String::new();
        for (number, (end, own)) in ENDS.iter().zip(&ends).enumerate() {
            let mut lines = "link set lo up\nlink set eth0 up\n".to_owned();
            for address in end.addresses() {
                let is_v6 = usize::from(address.is_ipv6());
                let (gateway, bits) = GATEWAYS[is_v6];
                let gateway = gateway.split('/').next().unwrap();
                let address = format!("{address}/{bits}");
                writeln!(lines, "addr add {address} dev eth0{}", nodad(&address)).unwrap();
                writeln!(lines, "route add default via {gateway} dev eth0 onlink").unwrap();
                writeln!(routes, "route add {address} dev {}", link(number)).unwrap();
            }
            own.run("ip", &["-batch", "-"], &lines);
        }
        router.run("ip", &["-batch", "-"], &routes);
        router.inside(|| {
            SETTINGS.iter().for_each(|(name, value)| {
                std::fs::write(format!("/proc/sys/net/{name}"), value)
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
            })
        });
        let probers = ends.iter().map(|own| Prober::start(&own.file)).collect();
        Some(Self { probers, router, _ends: ends, rulesets: Cell::new(0) })
    }

    /// Puts a ruleset in place of the one before, at once.
    pub fn enforce(&self, rules: &str) {
        // Connections of another zone are not known, so that what one ruleset let pass is nothing
        // established under the next.
        let zone = self.rulesets.get().wrapping_add(1);
        self.rulesets.set(zone);
        let text = format!(
            "flush ruleset\n{rules}table inet zones {{\nchain first {{\ntype filter hook prerouting priority raw;\nct zone set {zone}\n}}\n}}\n"
        );
        self.router.run("nft", &["-f", "-"], &text);
    }

    /// Whether each connection passes.
    pub fn probe(&self, probes: &[Probe]) -> Vec<bool> {
        let of = |number| probes.iter().filter(move |own| own.from == number);
        let asked = self
            .probers
            .iter()
            .enumerate()
            .map(|(number, own)| own.ask(of(number).copied().collect()));
        let asked: Vec<_> = asked.collect();
        let mut answers: Vec<_> = asked
            .into_iter()
            .map(|own| own.recv().expect("an end has failed").into_iter())
            .collect();
        let answer = |probe: &Probe| {
            let own = answers[probe.from].next().unwrap();
            own.unwrap_or_else(|error| panic!("{probe:?} is neither answered nor refused: {error}"))
        };
        probes.iter().map(answer).collect()
    }
}

/// The router's address on each link, and the bits of an end's, of each family.
const GATEWAYS: [(&str, u8); 2] = [("169.254.1.1/32", 32), ("fe80::1/64", 128)];

/// What the router is, that it refuses as often as it is asked, and that it soon forgets what has ended.
const SETTINGS: [(&str, &str); 7] = [
    ("ipv4/ip_forward", "1"),
    ("ipv6/conf/all/forwarding", "1"),
    ("ipv4/icmp_ratemask", "0"),
    ("ipv6/icmp/ratelimit", "0"),
    ("netfilter/nf_conntrack_tcp_timeout_close", "1"),
    ("netfilter/nf_conntrack_udp_timeout", "5"),
    ("netfilter/nf_conntrack_udp_timeout_stream", "5"),
];

/// An address of IPv6 is there at once, without a look whether others have it.
fn nodad(address: &str) -> &'static str {
    if address.contains(':') { " nodad" } else { "" }
}

#[derive(Debug)]
struct Namespace {
    holder: Child,
    file: File,
}

impl Namespace {
    fn new() -> Self {
        let mut unshare = Command::new("unshare");
        // `cat` says by its first byte that the namespace is there.
        unshare
            .args(["--net", "cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut holder =
            unshare.spawn().unwrap_or_else(|error| missing(&format!("unshare: {error}")));
        holder.stdin.as_mut().unwrap().write_all(b"\n").unwrap_or_default();
        let echoed = std::io::Read::read(holder.stdout.as_mut().unwrap(), &mut [0]).unwrap();
        if echoed == 0 {
            let output = holder.wait_with_output().unwrap();
            missing(&String::from_utf8_lossy(&output.stderr));
        }
        let file = File::open(format!("/proc/{}/ns/net", holder.id())).unwrap();
        Self { holder, file }
    }

    /// Does something in it, on a thread of its own.
    fn inside<T: Send>(&self, does: impl FnOnce() -> T + Send) -> T {
        let entered = || {
            enter(&self.file);
            does()
        };
        std::thread::scope(|scope| scope.spawn(entered).join())
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// Runs a program in it, with an input.
    fn run(&self, program: &str, arguments: &[&str], input: &str) {
        let output = self.inside(|| {
            let mut command = Command::new(program);
            command
                .args(arguments)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::piped());
            let mut child =
                command.spawn().unwrap_or_else(|error| missing(&format!("{program}: {error}")));
            let mut stdin = child.stdin.take().unwrap();
            // Where it does not read all, it says why.
            let _ = stdin.write_all(input.as_bytes());
            drop(stdin);
            child.wait_with_output().unwrap()
        });
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program}: {said}\n{input}");
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

fn missing(what: &str) -> ! {
    panic!(
        "the data plane cannot be tested here: {}\n\
         It needs root, util-linux, iproute2 and nftables; RINGFENCE_DATAPLANE=off leaves it out.",
        what.trim()
    )
}
