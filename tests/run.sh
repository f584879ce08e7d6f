#!/usr/bin/env bash
# Runs every test, after installing what they need. Extra words go to the test runner.
set -euo pipefail
cd "$(dirname "$0")/.."

bash tests/setup.sh test
# The examples in the documentation first: the runner's summary of the tests is to be the last line.
cargo test --locked --quiet --doc
if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run --locked "$@"
else
  cargo test --locked --no-fail-fast --lib --bins --tests "$@"
fi
