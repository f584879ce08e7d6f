#!/usr/bin/env bash
# Runs the official MCP conformance suite and says how the verdicts differ.
#
#   run.sh compare RESULTS DIRECT_URL GATE_URL   exits 1 if a scenario differs through the gate
#   run.sh measure RESULTS DIRECT_URL            prints a fresh baseline
#
# RESULTS is a folder for what the suite writes: RESULTS/<target>/<leg>/ holds each scenario's
# checks.json and the leg's run.log. The fixtures behind the URLs must be running already, and
# each URL needs a fixture of its own: the targets are run at the same time.
#
# Environment:
#   LEGS      which legs to run (default: all, see below)
#   SCENARIO  run this one scenario only
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

legs=${LEGS:-0.1.16 2025-03-26 2025-06-18 2025-11-25 2026-07-28}
leg_seconds_max=240  # A leg takes 2 to 9 s; a call that hangs costs 30 to 60 s a scenario.
node=../peers/.node/bin/node
[[ -x $node ]] || node=node

usage() { sed -n '2,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }

run_leg() { # LEG URL RESULTS
  local suite=node_modules/@modelcontextprotocol/conformance/dist/index.js which
  case $1 in
    0.1.16) suite=node_modules/conformance-0.1/dist/index.js which=(--suite all) ;;
    2025-03-26 | 2025-06-18) which=(--suite all --spec-version "$1") ;;
    2025-11-25 | 2026-07-28) which=(--requirements "$1") ;;
    *) echo "no such leg: $1" >&2; exit 2 ;;
  esac
  if [[ -n ${SCENARIO:-} ]]; then
    which=(--scenario "$SCENARIO")
    [[ $1 == 0.1.16 ]] || which+=(--spec-version "$1")
  fi
  rm -rf "$3" && mkdir -p "$3"
  # Its exit status says whether every scored scenario passed; the comparison decides here.
  timeout "$leg_seconds_max" "$node" "$suite" server --url "$2" "${which[@]}" -o "$3" >"$3/run.log" 2>&1 || true
}

run_target() { # URL RESULTS
  local leg
  for leg in $legs; do
    run_leg "$leg" "$1" "$2/$leg"
  done
}

case ${1:-} in
  compare)
    [[ $# -eq 4 ]] || usage
    run_target "$3" "$2/direct" &
    run_target "$4" "$2/gate"
    wait $!
    "$node" tally.mjs compare "$legs" "$2/direct" "$2/gate"
    ;;
  measure)
    [[ $# -eq 3 ]] || usage
    run_target "$3" "$2/direct"
    # shellcheck disable=SC2086
    "$node" tally.mjs measure "$2/direct" $legs
    ;;
  *) usage ;;
esac
