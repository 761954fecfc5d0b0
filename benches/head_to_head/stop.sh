#!/bin/bash
# Ends one peer by the pids in its pid files, and removes what it kept in memory.
# usage: stop.sh NAME LISTEN
name=$1 listen=$2
run=${PEERS_RUN:?set PEERS_RUN to the folder of the run}/$name-$listen
pids=$(cat "$run"/*.pid 2>/dev/null)

# shellcheck disable=SC2086 # a list of pids
[ -n "$pids" ] && kill $pids 2>/dev/null
for _ in $(seq 100); do
  alive=0
  for pid in $pids; do kill -0 "$pid" 2>/dev/null && alive=1; done
  [ "$alive" = 0 ] && break
  sleep 0.1
done
rm -f "$run"/*.pid
rm -rf "/dev/shm/peers-$name-$listen"
exit 0
