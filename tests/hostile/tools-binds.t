#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fumount -R of a connection that is mounted thousands of times, here and in a namespace of
# which its owner need only make more binds: all of them go.
. "$(dirname "$0")/../lib.sh"
start 120
need unshare
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP takes root'; exit 0; }

count=2500
mkdir m src
hellofs -b src >/dev/null
conn=$(conn_of "$T/src")
cat >binds <<'E'
mount -t tmpfs none m
for ((i = 0; i < $1; i++)); do mkdir "m/$i"; done
seq 0 $(($1 - 1)) | xargs -I N -P 2 mount -n --bind src m/N
E
in_table() { grep -c " - fuse.hellofs" "/proc/$1/mountinfo"; }

unshare -m --propagation private bash -c '. ./binds "$1"; : >ready; exec sleep 1000' - $count &
pids+=($!)
elsewhere=$!
within 100 test -e ready
ok 'the other namespace has that many binds' test "$(in_table "$elsewhere")" -ge "$count"
timeout 60 fumount -R "conn:$conn" >out 2>&1
is 'another namespace: works' $? 0
is 'another namespace: no bind mount is left there' "$(in_table "$elsewhere")" 0
hellofs -b src >/dev/null
conn=$(conn_of "$T/src")
count=700
bash binds $count
timeout 60 fumount -R "conn:$conn" >out 2>&1
is 'this namespace: works' $? 0
is 'this namespace: no bind mount is left' "$(grep -c " $T/.* - fuse.hellofs" /proc/self/mountinfo)" 0

finish
