#!/usr/bin/env bash
# Runs every test, after installing what they need. Extra words go to the test runner.
set -euo pipefail
cd "$(dirname "$0")/.."

bash tests/setup.sh test
# The runner hides what passing tests print, so those that count something leave a line here; the lines
# are shown behind the runner's own summary, however it ends.
summaries=target/summaries
rm -rf $summaries
mkdir -p $summaries
trap 'cat $summaries/*.txt 2>/dev/null || true' EXIT
# With the model that reads prose, so that one build serves all tests.
cargo test --locked --quiet --features ner,otel,postgres --doc
if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run --locked --features ner,otel,postgres "$@"
else
  cargo test --locked --features ner,otel,postgres --no-fail-fast --lib --bins --tests "$@"
fi
# What a build without the features says of what it lacks.
cargo test --locked --quiet --test wire untraced
