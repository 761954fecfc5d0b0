#!/bin/bash
# usage: start.sh LISTEN ORIGIN [THREADS=1]   SHOAL_BIN names another binary than target/release/shoal
set -euo pipefail
listen=$1 origin=$2 threads=${3:-1}
run=${PEERS_RUN:?set PEERS_RUN to the folder of the run}/shoal-$listen
binary=${SHOAL_BIN:-$(cd "$(dirname "$0")/../../.." && pwd)/target/release/shoal}
mkdir -p "$run"
cat >"$run/shoal.yaml" <<YAML
server: { threads: $threads }
listeners: [{ address: "127.0.0.1:$listen" }]
upstreams: { origin: { targets: ["127.0.0.1:$origin"] } }
routes: [{ name: all, match: { path: "/*" }, upstream: origin }]
cache: { distributed: { enabled: false, local: { max_memory: 256MiB } } }
admin: { address: "127.0.0.1:0" }
log: { level: warn }
YAML
"$binary" run -c "$run/shoal.yaml" >"$run/out" 2>&1 </dev/null &
echo $! >"$run/shoal.pid"
for _ in $(seq 100); do
  curl -s -o /dev/null "http://127.0.0.1:$listen/" && break
  kill -0 "$(cat "$run/shoal.pid")" || { cat "$run/out"; exit 1; }
  sleep 0.1
done
echo "shoal pid $(cat "$run/shoal.pid")"
