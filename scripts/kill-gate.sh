#!/usr/bin/env bash
# Kills a gate under load, again and again, and looks after each time: no call that the server got is without its
# record, the chain verifies, and a torn end is marked. The tests do so 200 times.
#
#   kill-gate.sh [TIMES]    1,000 if not said; some three minutes on two cores
set -euo pipefail
cd "$(dirname "$0")/.."

bash tests/setup.sh build
SLUICEGATE_KILLS=${1:-1000} cargo test --locked --quiet --features ner,otel,postgres --test wire -- --nocapture audit_kills
