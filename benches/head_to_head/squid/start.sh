#!/bin/bash
# usage: start.sh LISTEN ORIGIN [THREADS=1] [PROFILE=tuned|author]   (THREADS = SMP workers)
set -euo pipefail
listen=$1 origin=$2 threads=${3:-1} profile=${4:-${PROFILE:-tuned}}
run=${PEERS_RUN:?set PEERS_RUN to the folder of the run}/squid-$listen
mkdir -p "$run"
rm -f "$run"/*.log
chown proxy "$run"
cat > "$run/squid.conf" <<X
http_port 127.0.0.1:$listen accel defaultsite=localhost no-vhost
cache_peer 127.0.0.1 parent $origin 0 no-query no-digest originserver default name=myAccel$([ "$profile" = author ] || echo " login=PASSTHRU")
acl our_sites dstdomain localhost
cache_peer_access myAccel allow all
http_access allow all
workers $threads
pid_filename $run/squid.pid
cache_effective_user proxy
access_log none
cache_log $run/cache.log
cache_store_log none
coredump_dir $run
icon_directory /usr/share/squid/icons
visible_hostname localhost
pinger_enable off
cache_mem 256 MB
memory_cache_shared on
maximum_object_size_in_memory 4 MB
shutdown_lifetime 1 second
max_filedescriptors 16384
$([ "$profile" = author ] && echo "connect_retries 3" || echo "collapsed_forwarding on
client_persistent_connections on
server_persistent_connections on
cache_miss_revalidate on
buffered_logs on
memory_pools on
via on
strip_query_terms off")
refresh_pattern -i (/cgi-bin/|\?) 0 0% 0
refresh_pattern . 0 20% 4320
X
[ "$threads" -gt 1 ] || sed -i 's/^memory_cache_shared on/memory_cache_shared off/' "$run/squid.conf"
squid -n peers$listen -f "$run/squid.conf"
for i in $(seq 60); do curl -s -o /dev/null "http://127.0.0.1:$listen/" && break; sleep 0.2; done
echo "squid pid $(cat $run/squid.pid) profile $profile"
