#!/usr/bin/env bash
# Writes what in deploy/ is made from other files: the plain manifests and kustomize's base from the chart, the chart's rules
# and dashboard from theirs, the policies of the examples from bundles.
#
#   render-deploy.sh          into deploy/; read the difference before you commit it
#   render-deploy.sh FOLDER   into another one, to compare
#
# HELM and KUBECTL name the programs; by default those that tests/setup.sh installs, else those on the path.
set -euo pipefail
cd "$(dirname "$0")/.."

out=${1:-deploy}
program() { if [ -x "tests/tools/bin/$1" ]; then echo "tests/tools/bin/$1"; else echo "$1"; fi; }
helm=${HELM:-$(program helm)}
kubectl=${KUBECTL:-$(program kubectl)}
chart=deploy/helm/sluicegate
# The oldest version that has everything that the manifests use.
kubernetes=1.33
namespace=sluicegate-system

made() { printf '# Made by scripts/render-deploy.sh from %s: change that.\n' "$1"; }
# Without the names of the templates, and without the blank lines that they leave.
render() {
  "$helm" template sluicegate "$chart" --namespace $namespace --kube-version $kubernetes "$@" |
    grep -v '^# Source: ' | sed -e '/^[[:space:]]*$/d'
}
show() { local words=() name; for name in "$@"; do words+=(--show-only "templates/$name.yaml"); done; echo "${words[@]}"; }

# --- the chart's copies: a chart is packaged without what lies beside it -------------------------

mkdir -p "$out/helm/sluicegate/files"
for source in prometheus/rules.yaml grafana/dashboard.json; do
  cp "deploy/$source" "$out/helm/sluicegate/files/${source#*/}"
done

# --- plain manifests, and kustomize's base -------------------------------------------------------

values=(--values "$chart/ci/manifests-values.yaml")
mkdir -p "$out/manifests" "$out/kustomize/base"
# Words of `show` have no blanks.
# shellcheck disable=SC2046
{
  made 'deploy/helm/sluicegate'
  printf -- '---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: %s\n  labels:\n    pod-security.kubernetes.io/enforce: restricted\n' $namespace
  render "${values[@]}" $(show settings injector certificate webhook)
} >"$out/manifests/injector.yaml"
# shellcheck disable=SC2046
{
  made 'deploy/helm/sluicegate'
  render "${values[@]}" $(show networkpolicy)
} >"$out/manifests/networkpolicy.yaml"
# shellcheck disable=SC2046
{
  made 'deploy/helm/sluicegate'
  render "${values[@]}" $(show guard)
} >"$out/manifests/require-sidecar.yaml"
cp "$out"/manifests/*.yaml "$out/kustomize/base/"

# --- overlays: the settings as the chart writes them with the overlay's values -------------------

for overlay in shadow enforce; do
  folder=kustomize/overlays/$overlay
  mkdir -p "$out/$folder"
  # shellcheck disable=SC2046
  {
    made "deploy/helm/sluicegate with ci/$overlay-values.yaml"
    render "${values[@]}" --values "$chart/ci/$overlay-values.yaml" $(show settings)
  } >"$out/$folder/settings.yaml"
done

# --- policies of the examples --------------------------------------------------------------------

# bundle FILE NAMESPACE NAME FOLDER [PATH...]: a ConfigMap of a bundle's files, the folder's and others.
bundle() {
  local file=$out/examples/$1 words=() path
  for path in "$4"/*.yaml "$4"/*.json "${@:5}"; do
    if [ -f "$path" ]; then words+=("--from-file=$path"); fi
  done
  mkdir -p "$(dirname "$file")"
  {
    made "${*:4}"
    "$kubectl" create configmap "$3" --namespace "$2" --dry-run=client --output yaml "${words[@]}" |
      grep -v '^  creationTimestamp: null$'
  } >"$file"
}
bundle quickstart/policy.yaml quickstart clinic-policy policies/stories/clinic
bundle payments/policy.yaml payments payments-policy policies/stories/payments
for tenant in acme globex; do
  bundle "multi-tenant/$tenant-policy.yaml" "tickets-$tenant" tickets-policy \
    "deploy/examples/multi-tenant/policies/$tenant" policies/stories/saas/tools.lock.yaml
done
