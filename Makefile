# Two commands on a fresh machine with a Rust toolchain; each does all of its own set-up.
#
#   make demo    a real client, a real server and the gate between them, on loopback
#   make test    every test, the ones with real MCP servers and clients among them

.PHONY: demo test check

demo:
	@bash tests/setup.sh build
	cargo build --locked --quiet
	cargo run --locked --quiet -- demo

test:
	@bash tests/run.sh

check:
	@bash .ci/run
