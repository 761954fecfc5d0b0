#!/bin/bash
# usage: start.sh LISTEN ORIGIN [THREADS=1] [PROFILE=tuned|author]
set -euo pipefail
listen=$1 origin=$2 threads=${3:-1} profile=${4:-${PROFILE:-tuned}}
run=${PEERS_RUN:?set PEERS_RUN to the folder of the run}/nginx-$listen
cache=/dev/shm/peers-nginx-$listen
rm -rf "$cache"
mkdir -p "$run" "$cache/cache" "$cache/tmp"
if [ "$profile" = author ]; then EXTRA="proxy_cache_revalidate on; proxy_http_version 1.1;"; UP="server 127.0.0.1:$origin;"; else
UP="server 127.0.0.1:$origin; keepalive 64; keepalive_timeout 4s;"
EXTRA='proxy_cache_revalidate on; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_next_upstream off;
      proxy_cache_background_update on; proxy_cache_lock on; proxy_cache_lock_timeout 5s;
      proxy_no_cache $auth_nostore $cdn_nostore $vary_star; if_modified_since before; proxy_ignore_headers Set-Cookie; proxy_force_ranges on;'; fi
cat > "$run/nginx.conf" <<X
worker_processes $threads; daemon on; user root; pid $run/nginx.pid; error_log $run/error.log warn;
worker_rlimit_nofile 20000;
events { worker_connections 4096; multi_accept off; }
http {
  access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; server_tokens off;
  keepalive_timeout 75s; keepalive_requests 100000000; open_file_cache max=20000 inactive=60s; open_file_cache_valid 60s;
  client_body_temp_path $cache/body; proxy_temp_path $cache/tmp; fastcgi_temp_path $cache/f; uwsgi_temp_path $cache/u; scgi_temp_path $cache/s;
  proxy_cache_path $cache/cache levels=1:2 keys_zone=c:64m max_size=1000m inactive=600m use_temp_path=off;
  # storing a response to a request with Authorization needs public, s-maxage or must-revalidate (RFC 9111 3.5)
  map "\$http_authorization|\$upstream_http_cache_control" \$auth_nostore {
    default 1; "~^\|" 0; "~*\|.*(public|s-maxage|must-revalidate)" 0; }
  map "\$upstream_http_cdn_cache_control" \$cdn_nostore { default 0; "~*(no-store|no-cache|private)" 1; }
  map "\$upstream_http_vary" \$vary_star { default 0; "~[*]" 1; }
  upstream origin { $UP }
  server {
    listen 127.0.0.1:$listen backlog=4096$([ "$profile" = author ] || echo ' reuseport');
    client_max_body_size 64m;
    location / {
      proxy_pass http://origin;
      proxy_cache c;
      $EXTRA
    }
  }
}
X
nginx -c "$run/nginx.conf" -p "$run" -e "$run/error.log"
for i in $(seq 50); do [ -s "$run/nginx.pid" ] && break; sleep 0.1; done
echo "nginx pid $(cat $run/nginx.pid) profile $profile"
