#!/bin/bash
# usage: start.sh LISTEN ORIGIN [THREADS=1] [PROFILE=tuned|author]
set -euo pipefail
listen=$1 origin=$2 threads=${3:-1} profile=${4:-${PROFILE:-tuned}}
run=${PEERS_RUN:?set PEERS_RUN to the folder of the run}/haproxy-$listen
mkdir -p "$run"
if [ "$profile" = author ]; then SZ=4 MO=10000 MA=240; else SZ=256 MO=1000000 MA=86400; fi
cat > "$run/haproxy.cfg" <<X
global
  nbthread $threads
  maxconn 8000
  pidfile $run/haproxy.pid
defaults
  mode http
  timeout connect 5s
  timeout client 1m
  timeout server 1m
$([ "$profile" = author ] || echo "  http-reuse always
  retries 0")
cache mycache
  total-max-size $SZ
  max-object-size $MO
  max-age $MA
  process-vary on
  max-secondary-entries $([ "$profile" = author ] && echo 12 || echo 1000)
frontend fe
  bind 127.0.0.1:$listen backlog 4096
  filter cache mycache
  http-request cache-use mycache
  http-response cache-store mycache
  default_backend be
backend be
  server s1 127.0.0.1:$origin
X
haproxy -f "$run/haproxy.cfg" -D
for i in $(seq 50); do [ -s "$run/haproxy.pid" ] && break; sleep 0.1; done
echo "haproxy pid $(cat $run/haproxy.pid) profile $profile"
