#!/bin/bash
# usage: start.sh LISTEN ORIGIN [THREADS=1] [PROFILE=tuned|author]   (THREADS = event threads)
set -euo pipefail
listen=$1 origin=$2 threads=${3:-1} profile=${4:-${PROFILE:-tuned}}
run=${PEERS_RUN:?set PEERS_RUN to the folder of the run}/trafficserver-$listen
cache=/dev/shm/peers-trafficserver-$listen
rm -rf "$cache" "$run"
mkdir -p "$run"/{etc,log,run,local} "$cache"
cp -r /etc/trafficserver/. "$run/etc/"
cat > "$run/runroot.yaml" <<X
prefix: /usr
exec_prefix: /usr
bindir: /usr/bin
sbindir: /usr/sbin
sysconfdir: $run/etc
datadir: $run/local
includedir: /usr/include
libdir: /usr/lib/trafficserver
libexecdir: /usr/lib/trafficserver/modules
localstatedir: $run/local
runtimedir: $run/run
logdir: $run/log
cachedir: $cache
X
if [ "$profile" = author ]; then REQ=2; MORE=""; else REQ=1; MORE="CONFIG proxy.config.http.insert_age_in_response INT 1
CONFIG proxy.config.http.cache.max_stale_age INT 604800
CONFIG proxy.config.http.cache.enable_read_while_writer INT 1
CONFIG proxy.config.http.cache.open_write_fail_action INT 0
CONFIG proxy.config.cache.enable_read_while_writer INT 1
CONFIG proxy.config.http.server_session_sharing.match STRING both
CONFIG proxy.config.http.server_session_sharing.pool STRING thread
CONFIG proxy.config.http.connect_attempts_max_retries INT 0"; fi
cat > "$run/etc/records.config" <<X
CONFIG proxy.config.exec_thread.autoconfig INT 0
CONFIG proxy.config.exec_thread.limit INT $threads
CONFIG proxy.config.accept_threads INT 0
CONFIG proxy.config.task_threads INT 2
CONFIG proxy.config.cache.threads_per_disk INT 4
CONFIG proxy.config.exec_thread.affinity INT 0
CONFIG proxy.config.http.server_ports STRING $listen:ip-in=127.0.0.1
CONFIG proxy.config.http.insert_request_via_str INT 1
CONFIG proxy.config.http.insert_response_via_str INT 0
CONFIG proxy.config.http.parent_proxy_routing_enable INT 0
CONFIG proxy.config.http.keep_alive_no_activity_timeout_in INT 120
CONFIG proxy.config.http.keep_alive_no_activity_timeout_out INT 4
CONFIG proxy.config.http.transaction_no_activity_timeout_in INT 30
CONFIG proxy.config.http.transaction_no_activity_timeout_out INT 30
CONFIG proxy.config.http.negative_caching_enabled INT 0
CONFIG proxy.config.http.insert_client_ip INT 1
CONFIG proxy.config.http.insert_squid_x_forwarded_for INT 1
CONFIG proxy.config.http.push_method_enabled INT 0
CONFIG proxy.config.http.cache.http INT 1
CONFIG proxy.config.http.cache.ignore_client_cc_max_age INT 1
CONFIG proxy.config.http.normalize_ae INT 1
CONFIG proxy.config.http.cache.cache_responses_to_cookies INT 1
CONFIG proxy.config.http.cache.cache_urls_that_look_dynamic INT 1
CONFIG proxy.config.http.cache.when_to_revalidate INT 0
CONFIG proxy.config.http.cache.required_headers INT $REQ
CONFIG proxy.config.http.cache.heuristic_min_lifetime INT $([ "$profile" = author ] && echo 3600 || echo 0)
CONFIG proxy.config.http.cache.heuristic_max_lifetime INT 86400
CONFIG proxy.config.http.cache.heuristic_lm_factor FLOAT 0.10
CONFIG proxy.config.net.connections_throttle INT 30000
CONFIG proxy.config.cache.ram_cache.size INT 268435456
CONFIG proxy.config.cache.ram_cache_cutoff INT 4194304
CONFIG proxy.config.cache.limits.http.max_alts INT $([ "$profile" = author ] && echo 5 || echo 1000)
CONFIG proxy.config.cache.min_average_object_size INT 8000
CONFIG proxy.config.log.logging_enabled INT 0
CONFIG proxy.config.url_remap.remap_required INT 1
CONFIG proxy.config.url_remap.pristine_host_hdr INT 1
CONFIG proxy.config.reverse_proxy.enabled INT 1
CONFIG proxy.config.diags.debug.enabled INT 0
CONFIG proxy.config.hostdb.host_file.path STRING NULL
CONFIG proxy.config.core_limit INT 0
CONFIG proxy.config.admin.user_id STRING #-1
$MORE
X
echo "map / http://127.0.0.1:$origin/" > "$run/etc/remap.config"
echo "$cache 512M" > "$run/etc/storage.config"
printf 'ip_allow:\n  - apply: in\n    ip_addrs: 127.0.0.1\n    action: allow\n    methods: ALL\n' > "$run/etc/ip_allow.yaml"
: > "$run/etc/plugin.config"
setsid traffic_server --run-root="$run/runroot.yaml" > "$run/log/out" 2>&1 < /dev/null &
echo $! > "$run/ats.pid"
for i in $(seq 100); do curl -s -o /dev/null "http://127.0.0.1:$listen/" && break; sleep 0.2; done
sleep 1; echo "ats pid $(cat $run/ats.pid) profile $profile"
