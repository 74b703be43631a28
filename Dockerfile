# One static binary and nothing else: no shell, no libraries, no user but a number. It writes nothing,
# so the root may be read-only. tests/cli/image.rs runs this build's command and what comes of it in an
# empty root. The benches are not built, but Cargo.toml names them.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock rust-toolchain.toml ./
COPY .cargo .cargo
COPY benches benches
COPY policies policies
COPY src src
RUN cargo rustc --release --locked --bin ringfence -- -C target-feature=+crt-static

FROM scratch
COPY --from=build /src/target/release/ringfence /ringfence
USER 65532:65532
EXPOSE 8443 9090
ENTRYPOINT ["/ringfence"]
