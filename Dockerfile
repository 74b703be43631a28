# One static binary and nothing else: no shell, no libraries, no user but a number. It writes nothing,
# so the root may be read-only. tests/cli/image.rs runs this build's command, with cargo alone, and what
# comes of it in an empty root. The benches, and with them the tests' harness, show what is hot.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock rust-toolchain.toml ./
COPY .cargo .cargo
COPY benches benches
COPY manifests manifests
COPY optimised ./
COPY policies policies
COPY src src
COPY tests/cluster/harness tests/cluster/harness
RUN ./optimised rustc -- -C target-feature=+crt-static
RUN cp target/*/optimised/ringfence /

FROM scratch
COPY --from=build /ringfence /ringfence
USER 65532:65532
EXPOSE 8443 9090
ENTRYPOINT ["/ringfence"]
