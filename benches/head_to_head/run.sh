#!/bin/bash
# Cost of a cached hit, peers side by side in interleaved rounds. See README.md.
#
# usage: run.sh [ROUNDS=5] [SECONDS=3] [CONNECTIONS=32] [BYTES=1024]
#   PEERS="shoal nginx ..."               who runs; default: everybody
#   EXTRA="name=URL,pid[,pid...] ..."     what else to measure, started by the caller with one worker
#   ORIGIN_PORT=18990                     the peers listen on the ports from 18901
set -euo pipefail
rounds=${1:-5} seconds=${2:-3} connections=${3:-32} bytes=${4:-1024}
here=$(cd "$(dirname "$0")" && pwd)
peers=${PEERS-shoal nginx varnish trafficserver haproxy squid}
origin_port=${ORIGIN_PORT:-18990}
export PEERS_RUN=${PEERS_RUN:-$(mktemp -d)}
ulimit -n 20000 2>/dev/null || true

for tool in node wrk curl; do
  command -v $tool >/dev/null || { echo "SKIPPED: $tool is not installed"; exit 1; }
done

declare -A url pids
running=() started=()
finish() {
  for peer in "${started[@]}"; do "$here/stop.sh" "${peer%:*}" "${peer#*:}" || true; done
  kill "$origin" 2>/dev/null || true
}
node "$here/origin.mjs" "$origin_port" "$bytes" &
origin=$!
trap finish EXIT
until curl -s -o /dev/null "http://127.0.0.1:$origin_port/"; do kill -0 $origin; sleep 0.1; done

port=18900
for peer in $peers; do
  port=$((port + 1))
  started+=("$peer:$port")
  if ! "$here/$peer/start.sh" $port "$origin_port" 1; then
    echo "SKIPPED: $peer did not start (is it installed?)"
    continue
  fi
  running+=("$peer")
  url[$peer]=http://127.0.0.1:$port/o
  pids[$peer]=$(cat "$PEERS_RUN/$peer-$port"/*.pid | tr '\n' ' ')
done
for extra in ${EXTRA:-}; do
  peer=${extra%%=*} rest=${extra#*=}
  running+=("$peer")
  url[$peer]=${rest%%,*}
  pids[$peer]=$(echo "${rest#*,}" | tr ',' ' ')
done

# A process, its children and theirs.
family() { for pid in "$@"; do echo "$pid"; family $(ps -o pid= --ppid "$pid"); done; }
# User and system time of a peer in clock ticks of 10 ms.
ticks() {
  local sum=0 pid
  for pid in $(family $1); do
    sum=$((sum + $(awk '{print $14 + $15}' "/proc/$pid/stat" 2>/dev/null || echo 0)))
  done
  echo $sum
}
median() { sort -g | awk '{ row[NR] = $1 } END { print row[int((NR + 1) / 2)] }'; }

results=$(mktemp)
for peer in "${running[@]}"; do
  for _ in 1 2 3; do curl -s -o /dev/null "${url[$peer]}"; done
  wrk -t1 -c"$connections" -d1s "${url[$peer]}" >/dev/null
done
for _ in $(seq "$rounds"); do
  for peer in "${running[@]}"; do
    before=$(ticks "${pids[$peer]}")
    output=$(wrk -t1 -c"$connections" -d"${seconds}s" --latency "${url[$peer]}")
    spent=$(($(ticks "${pids[$peer]}") - before))
    echo "$output" | awk -v peer="$peer" -v spent=$spent '
      /requests in/ { requests = $1 }
      /Requests\/sec/ { rate = $2 }
      /99%/ { p99 = $2 }
      /Non-2xx|Socket errors/ { errors = errors $0 }
      END { printf "%s %.2f %.0f %s %s\n", peer, spent * 10000 / requests, rate, p99, errors }' >>"$results"
  done
done

column() { grep "^$1 " "$results" | cut -d' ' -f"$2"; }
best=$(for peer in "${running[@]}"; do
  case $peer in nginx | varnish | trafficserver | haproxy | squid) column "$peer" 2 | median ;; esac
done | sort -g | head -1)
for peer in "${running[@]}"; do
  cost=$(column "$peer" 2 | median)
  ratio=${best:+$(awk -v ours="$cost" -v theirs="$best" 'BEGIN { printf "%.2f", ours / theirs }')}
  printf '%-14s cpu %6s us/request  %7s requests/s  p99 %8s  cpu to best peer %s %s\n' \
    "$peer" "$cost" "$(column "$peer" 3 | median)" "$(column "$peer" 4 | tail -1)" \
    "${ratio:--}" "$(column "$peer" 5- | sort -u | tr -d '\n')"
done
rm -f "$results"
