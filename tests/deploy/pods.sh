#!/usr/bin/env bash
# Builds an image and plays a pod of it in namespaces of its own, and says what is found there, a fact a line.
#
#   unshare --mount --net --pid --fork --kill-child --mount-proc pods.sh FOLDER IP PORT SERVER_PORT
#
# FOLDER has `image/`, the context of a build with its Containerfile; `pod.yaml`; and `pre-stop`, what the kubelet would run in
# the gate before it ends, a word a line. Clients call PORT. The caller looks at what is printed. Storage and sockets are in
# FOLDER; mounts, links and processes end with the namespaces.
set -euo pipefail

usage='usage: pods.sh FOLDER IP PORT SERVER_PORT'
folder=${1:?$usage}
address=${2:?$usage}
port=${3:?$usage}
server_port=${4:?$usage}
image=localhost/sluicegate:test

# The fact's name, and the rest of the line.
fact() { printf '%s=%s\n' "$1" "${*:2}"; }
# NAME WORDS...: one request; its status and body, or why there is neither.
request() {
  local name=$1 body=$folder/$1.body status=0 code
  rm -f "$body"
  code=$(curl --silent --show-error --max-time 10 --output "$body" --write-out '%{http_code}' "${@:2}" 2>/dev/null) || status=$?
  fact "$name.exit" $status
  fact "$name.status" "$code"
  if [ -f "$body" ]; then fact "$name.body" "$(tr '\n' ' ' <"$body")"; fi
}
# NAME PORT TOOL ARGUMENTS: a call of a tool, as a client of today makes it: one request, no session.
call() {
  local meta='{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}'
  request "$1" --header 'Content-Type: application/json' --header 'Accept: application/json, text/event-stream' \
    --header 'Authorization: Bearer demo-nurse-key' --header 'MCP-Protocol-Version: 2026-07-28' \
    --header 'Mcp-Method: tools/call' --header "Mcp-Name: $3" \
    --data '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"'"$3"'","arguments":'"$4"',"_meta":'"$meta"'}}' \
    "http://$address:$2/mcp"
}

ip link set lo up
# crun refuses a tree in which both versions are mounted; this one is nobody else's.
umount /sys/fs/cgroup/unified 2>/dev/null || true
# What podman shares between all that run on a machine: locks and states.
mount -t tmpfs none /dev/shm
mount -t tmpfs none /run
mkdir -p "$folder"/{storage,run,tmp}
cat >"$folder/containers.conf" <<EOF
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "crun"
tmp_dir = "$folder/tmp"
[network]
network_backend = "netavark"
EOF
cat >"$folder/storage.conf" <<EOF
[storage]
driver = "vfs"
graphroot = "$folder/storage"
runroot = "$folder/run"
EOF
export CONTAINERS_CONF=$folder/containers.conf CONTAINERS_STORAGE_CONF=$folder/storage.conf TMPDIR=$folder/tmp

buildah bud --quiet --isolation chroot --tag $image --file "$folder/image/Containerfile" "$folder/image" >/dev/null
fact image.user "$(podman image inspect --format '{{.Config.User}}' $image)"
fact image.stop "$(podman image inspect --format '{{.Config.StopSignal}}' $image)"
fact image.entrypoint "$(podman image inspect --format '{{json .Config.Entrypoint}}' $image)"

down() { podman kube down "$folder/pod.yaml" >/dev/null 2>&1 || true; }
trap down EXIT
podman kube play --quiet --network none --start=false "$folder/pod.yaml" >/dev/null
# A link into the pod before its containers start: no bridge and no translation of addresses, so nothing to clean up.
infra=$(podman ps --all --filter 'name=-infra$' --format '{{.ID}}')
podman start "$infra" >/dev/null
inside=$(podman inspect --format '{{.State.Pid}}' "$infra")
ip link add host type veth peer name eth0 netns "$inside"
ip addr add "${address%.*}.1/24" dev host
ip link set host up
nsenter --net --target "$inside" ip addr add "$address/24" dev eth0
nsenter --net --target "$inside" ip link set eth0 up
nsenter --net --target "$inside" ip link set lo up

gate=$(podman ps --all --filter 'name=-sluicegate$' --format '{{.ID}}')
server=$(podman ps --all --filter 'name=-server$' --format '{{.ID}}')
podman start "$gate" "$server" >/dev/null

deadline=$((SECONDS + 30))
until curl --silent --fail --max-time 2 --output /dev/null "http://$address:15820/readyz"; do
  if [ $SECONDS -ge $deadline ]; then
    fact ready no
    podman logs "$gate" 2>&1 | sed 's/^/gate: /'
    podman logs "$server" 2>&1 | sed 's/^/server: /'
    exit 1
  fi
  read -rt 0.1 <> <(:) || true
done
fact ready yes

process=$(podman inspect --format '{{.State.Pid}}' "$gate")
while read -r key value; do
  case $key in
    Uid: | Gid: | CapEff: | CapBnd: | NoNewPrivs: | Seccomp:) fact "process.${key%:}" "$value" ;;
  esac
done <"/proc/$process/status"
fact process.root "$(awk '$5 == "/" { print $6; exit }' "/proc/$process/mountinfo")"
fact process.policy "$(awk '$5 == "/etc/sluicegate/policy" { print $6; exit }' "/proc/$process/mountinfo")"

call allowed "$port" lookup_patient '{"patient_id":"P-1001"}'
call denied "$port" delete_patient '{"patient_id":"P-1001"}'
call around "$server_port" delete_patient '{"patient_id":"P-1001"}'

status=0
podman exec "$gate" /usr/local/bin/sluicegate doctor --upstream "http://127.0.0.1:$server_port/mcp" \
  --policy /etc/sluicegate/policy --around "$address:$server_port" >"$folder/doctor.txt" 2>&1 || status=$?
fact doctor.exit $status
fact doctor.said "$(tr '\n' ' ' <"$folder/doctor.txt")"

fact audit.lines "$(wc -l <"/proc/$process/root/var/log/sluicegate/audit.jsonl")"
mapfile -t words <"$folder/pre-stop"
status=0
podman exec "$gate" "${words[@]}" >"$folder/drain.txt" 2>&1 || status=$?
fact drain.exit $status
fact drain.said "$(tr '\n' ' ' <"$folder/drain.txt")"
request drained.ready "http://$address:15820/readyz"
request drained.live "http://$address:15820/livez"
call drained.call "$port" lookup_patient '{"patient_id":"P-1001"}'
podman stop --time 25 "$gate" >/dev/null
fact gate.exit "$(podman inspect --format '{{.State.ExitCode}}' "$gate")"
podman stop --time 10 "$server" >/dev/null
fact server.exit "$(podman inspect --format '{{.State.ExitCode}}' "$server")"
