#!/bin/bash
# usage: start.sh LISTEN ORIGIN [THREADS=1] [PROFILE=tuned|author]   (THREADS = thread pools)
set -euo pipefail
listen=$1 origin=$2 threads=${3:-1} profile=${4:-${PROFILE:-tuned}}
run=${PEERS_RUN:?set PEERS_RUN to the folder of the run}/varnish-$listen
mkdir -p "$run"
if [ "$profile" = author ]; then
cat > "$run/default.vcl" <<X
vcl 4.1;
backend default { .host = "127.0.0.1"; .port = "$origin"; }
X
else sed "s/@ORIGIN@/$origin/" $(dirname "$0")/tuned.vcl.in > "$run/default.vcl"; fi
varnishd -j none -n "$run/work" -a 127.0.0.1:$listen -f "$run/default.vcl" -P "$run/varnish.pid" \
  -s malloc,${MEM:-256m} -p default_ttl=0 -p default_grace=0 -p default_keep=3600 \
  -p thread_pools=$threads -p thread_pool_min=100 -p thread_pool_max=1000 -p workspace_client=64k -p listen_depth=4096 -p timeout_idle=60 2> "$run/start.err"
for i in $(seq 50); do curl -s -o /dev/null "http://127.0.0.1:$listen/" && break; sleep 0.1; done
echo "varnish pid $(cat $run/varnish.pid) profile $profile"
