#!/usr/bin/env bash
# Takes the pictures of the README from a real gate with traffic: the page of operators, and `top`.
# Needs chromium, python3 and a build of the program (or its path as the first word).
set -euo pipefail
cd "$(dirname "$0")/.."

program=${1:-target/debug/sluicegate}
pictures=deploy/pictures
work=$(mktemp -d)
started=()
finish() {
  for process in "${started[@]}"; do kill "$process" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
mkdir -p "$pictures"

mkfifo "$work/hold"
python3 scripts/pictures/stage.py server <"$work/hold" >"$work/port" &
started+=($!)
exec 3>"$work/hold"
until [ -s "$work/port" ]; do sleep 0.1; done

"$program" run --policy scripts/pictures/policy --upstream "http://127.0.0.1:$(cat "$work/port")/mcp" \
  --listen 127.0.0.1:0 --admin 127.0.0.1:0 --audit "$work/audit.jsonl" >"$work/out" 2>"$work/log" &
started+=($!)
until grep -qs '^sluicegate ready' "$work/out"; do sleep 0.1; done
endpoint=$(sed -n 's/^sluicegate ready listen=\(\S*\).*/\1/p' "$work/out")
admin=$(sed -n 's/.* admin=http:\/\/\(\S*\)$/\1/p' "$work/out")

python3 scripts/pictures/stage.py callers "$endpoint" 6000 &
callers=$!
started+=("$callers")
sleep 25

shoot() { # URL FILE WIDTH HEIGHT [WORDS...]
  local url=$1 file=$2 size=$3,$4
  shift 4
  chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --user-data-dir="$work/browser" --hide-scrollbars \
    --window-size="$size" --screenshot="$file" "$@" "$url" >/dev/null 2>&1
  python3 scripts/pictures/smaller.py "$file"
}

shoot "http://$admin/?limit=9" "$pictures/admin.png" 1240 1600
shoot "http://$admin/?limit=9" "$pictures/admin-dark.png" 1240 1600 --blink-settings=preferredColorScheme=0
CLICOLOR_FORCE=1 "$program" top --once --size 118x34 --admin "$admin" | python3 scripts/pictures/terminal.py >"$work/top.html"
shoot "file://$work/top.html" "$pictures/top.png" 1130 650
ls -l "$pictures"
