#!/usr/bin/env bash
# Installs what a build or the tests need and says in one line what that is; does nothing twice.
#
#   setup.sh build    a C compiler and cmake
#   setup.sh test     also Python, Node.js, a store of shared limits and PostgreSQL, the peers of tests/peers and the
#                     conformance suite of tests/conformance, both from their lock files, the model that reads
#                     prose, and what deploy/ is held against: Prometheus, nftables, podman, Chromium, and the
#                     tools of tests/tools
set -euo pipefail
cd "$(dirname "$0")/.."

purpose=${1:?usage: setup.sh build|test}
peers=tests/peers
tools=tests/tools
suite=tests/conformance
node_major_min=22 # The conformance suite dies on older ones; the peers would do with 20.
node_pinned=22.23.3
node_home=$peers/.node
wanted=()

has() { command -v "$1" >/dev/null 2>&1; }
need() { "${@:2}" >/dev/null 2>&1 || wanted+=("$1"); }
has_file() { [ -e "$1" ]; }
# Debian keeps the programs of each version apart, and none in the path.
has_postgres() { compgen -G '/usr/lib/postgresql/*/bin/postgres'; }
has_venv() { has python3 && python3 -c 'import ensurepip, venv'; }
can_be_root() { [ "$(id -u)" = 0 ] || { has sudo && sudo -n true 2>/dev/null; }; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
node_is_new_enough() { has node && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge "$node_major_min" ]; }
digest() { sha256sum "$1" | cut -d' ' -f1; }
is_current() { [ -f "$2" ] && [ "$(cat "$2")" = "$(digest "$1")" ]; }

fail() {
  echo "setup: $*" >&2
  exit 1
}

has cargo || fail "missing: cargo; install a Rust toolchain (1.95 or later) first"

# --- Debian packages ---------------------------------------------------------------------------

need gcc has cc
need cmake has cmake
need make has make
if [ "$purpose" = test ]; then
  need python3 has python3
  need python3-venv has_venv
  need npm has npm
  has valkey-server || need redis-server has redis-server
  need chromium has chromium
  need curl has curl
  need iproute2 has ip
  need nftables has nft
  need postgresql has_postgres
  need prometheus has promtool
  # What podman only recommends, and cannot run a pod without.
  for package in buildah conmon crun podman; do need $package has $package; done
  need catatonit has_file /usr/bin/catatonit
  need netavark has_file /usr/lib/podman/netavark
fi

# --- what the lock files name --------------------------------------------------------------------

parts=()
if [ "$purpose" = test ]; then
  # Some Debian releases have an older Node.js; a newer one comes as an npm package.
  node_is_new_enough || [ -x $node_home/bin/node ] || parts+=("Node.js $node_pinned ($node_home)")
  is_current $peers/package-lock.json $peers/node_modules/.digest || parts+=("npm packages ($peers)")
  is_current $peers/requirements.txt $peers/.venv/.digest || parts+=("Python packages ($peers)")
  is_current $tools/requirements.txt $tools/.venv/.digest || parts+=("Python packages ($tools)")
  [ "$(uname -m)" != x86_64 ] || { [ -x $tools/bin/helm ] && [ -x $tools/bin/kubectl ]; } || parts+=("helm and kubectl ($tools/bin)")
  [ -f $peers/.ner/onnx/model_q4.onnx ] || parts+=("the model that reads prose ($peers/.ner)")
  is_current $suite/package-lock.json $suite/node_modules/.digest || parts+=("npm packages ($suite)")
fi

if [ ${#wanted[@]} -gt 0 ]; then
  has apt-get || fail "missing: ${wanted[*]} (Debian's names); install them and run this again"
  can_be_root || fail "missing: ${wanted[*]}; run: apt-get install ${wanted[*]}"
fi
if [ ${#wanted[@]} -gt 0 ] || [ ${#parts[@]} -gt 0 ]; then
  said=""
  [ ${#wanted[@]} -gt 0 ] && said="${wanted[*]} (apt-get)"
  for part in "${parts[@]}"; do said="${said:+$said, }$part"; done
  echo "setup: installing $said"
fi
if [ ${#wanted[@]} -gt 0 ]; then
  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive
  { as_root apt-get -qq update && as_root apt-get -qq -y --no-install-recommends install "${wanted[@]}"; } \
    >"$log" 2>&1 </dev/null || { tail -n 20 "$log" >&2; fail "apt-get could not install ${wanted[*]}"; }
  rm -f "$log"
fi
[ "$purpose" = test ] || exit 0

if ! node_is_new_enough && [ ! -x $node_home/bin/node ]; then
  case $(uname -m) in
    x86_64) machine=x64 ;;
    aarch64) machine=arm64 ;;
    *) fail "missing: Node.js $node_major_min or later" ;;
  esac
  npm install --silent --no-save --prefix "$node_home" "node-linux-$machine@$node_pinned" </dev/null
  mkdir -p $node_home/bin
  ln -sf "../node_modules/node-linux-$machine/bin/node" $node_home/bin/node
fi
for folder in $peers $suite; do
  if ! is_current $folder/package-lock.json $folder/node_modules/.digest; then
    (cd $folder && npm ci --silent </dev/null)
    digest $folder/package-lock.json >$folder/node_modules/.digest
  fi
done
for folder in $peers $tools; do
  if ! is_current $folder/requirements.txt $folder/.venv/.digest; then
    rm -rf $folder/.venv
    python3 -m venv $folder/.venv
    $folder/.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $folder/requirements.txt </dev/null
    digest $folder/requirements.txt >$folder/.venv/.digest
  fi
done
PYTHON=$tools/.venv/bin/python bash $tools/fetch-kubectl.sh $tools/bin
PYTHON=$peers/.venv/bin/python bash scripts/fetch-ner.sh $peers/.ner >/dev/null
