#!/usr/bin/env bash
# Builds the fuzzer on the stable toolchain and feeds each parser, one after the other.
#
#   fuzz/run.sh [SECONDS] [TARGET...]   60 seconds for each target of fuzz/targets.rs, or for those named
#   fuzz/run.sh --smoke                 seeds and a counted walk from them, without the fuzzer; as CI does
#
# A cold build takes some minutes: the whole gate is built with counters. What the fuzzer adds to a corpus
# stays out of the seeds until `-merge=1` or a person picks it; a find is kept in fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")"

if [[ "${1:-}" == "--smoke" ]]; then
  cd .. && exec cargo test --locked --quiet --test fuzz
fi

seconds=60
if [[ "${1:-}" =~ ^[0-9]+$ ]]; then
  seconds=$1
  shift
fi
targets=("$@")
if [[ ${#targets[@]} -eq 0 ]]; then
  mapfile -t targets < <(sed -n 's/^ *Target("\([a-z_]*\)", .*/\1/p' targets.rs)
fi

# `--target` keeps these flags away from build scripts and macros.
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="--cfg fuzzing -Ccodegen-units=1 -Cpasses=sancov-module \
 -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
 -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares" \
  cargo build --locked --release --target "$host"

for target in "${targets[@]}"; do
  echo "== $target"
  found=target/corpus/$target
  mkdir -p "$found" "artifacts/$target"
  FUZZ_TARGET=$target "target/$host/release/fuzz" "$found" "corpus/$target" \
    -artifact_prefix="artifacts/$target/" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 \
    -max_len=65536 -print_final_stats=1 -verbosity=0
done
