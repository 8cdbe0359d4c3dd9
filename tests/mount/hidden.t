#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Processes that /proc does not list (hidepid=2): a server that is not visible is not dead.
. "$(dirname "$0")/../lib.sh"
start 90
mkdir mnt own
user() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
json() { python3 -c 'import json,sys; m = json.load(sys.stdin)["mounts"][0]; print(eval(sys.argv[1]))' "$1" <<<"$out"; }
hellofs -b mnt
mount -t proc -o hidepid=2 proc /proc
ok 'an ordinary user cannot see the server in /proc' user test ! -e "/proc/$(newest hellofs)"

exits 0 'fuse-info --json by an ordinary user' user "$BUILD/fusebox" fuse-info mnt --json
is 'the state is unknown, not dead, and the server is hidden' "$(json 'm["state"], m["server"], m["server_hidden"]')" "('unknown', None, True)"
exits 0 'fuse-info by an ordinary user' user "$BUILD/fusebox" fuse-info
like 'the table shows the state unknown and ? for the server' "$out" $'\nunknown .* \\? '
unlike 'no mount is shown as dead' "$out" $'\ndead'
like 'the table says that root sees how many requests wait' "$out" $'\nWAIT \\?: not visible to this user; run fuse-info as root$'
exits 2 '--stuck by an ordinary user who cannot see which requests wait' user "$BUILD/fusebox" fuse-info --stuck=0
like '--stuck says who can see it' "$err" '^fuse-info: --stuck: how many requests wait is not visible to this user; run it as root$'
exits 0 'fuse-info -A by an ordinary user' user "$BUILD/fusebox" fuse-info -A -l
like '-A says that some mount namespaces are not visible' "$err" 'some mount namespaces are not visible to this user'
exits 1 '-R by an ordinary user does not take the mount for dead' user "$BUILD/fusebox" fumount -R mnt
unlike '-R does not call the mount dead' "$err" dead
exits 1 '--replace-stale by an ordinary user does not replace the mount' user "$BUILD/fusebox" fmount --replace-stale mnt -- true
unlike 'no error has: Operation not permitted' "$err" 'Operation not permitted'

exits 0 'fuse-info by root' fuse-info --json mnt
is 'root sees the state and the server' "$(json 'm["state"], m["server"]["command"], m["server_hidden"]')" "('serving', 'hellofs', False)"
server=$(newest hellofs)
kill -KILL "$server"
within 10 gone "$server"	# its descriptor of /dev/fuse with it
# While a server of another test has a connection open that is over, and had this number, it is taken for this one's.
is_dead() { out=$(fuse-info --json mnt) && [ "$(json 'm["state"]')" = dead ]; }
within 20 is_dead
exits 0 'fuse-info by root, with the server killed' fuse-info --json mnt
is 'root sees that the mount is dead' "$(json 'm["state"], m["server"], m["server_hidden"]')" "('dead', None, False)"
umount /proc
fumount mnt

# ---- Root without CAP_SYS_PTRACE does not see what the processes of others have open ----
less() { setpriv --bounding-set -sys_ptrace --inh-caps -sys_ptrace "$@"; }
bg fmount --keep -u 65534 -o allow_other mnt -- hellofs 2>/dev/null
keeper=$bg
within 10 test -e mnt/hello
server=$(child_named hellofs "$keeper")
stop "$server"
bg stat mnt/nothing >/dev/null 2>&1
within 5 blocked "$bg" || bail 'nothing waits'
mount -t proc -o hidepid=2 proc /proc
exits 1 'root without CAP_SYS_PTRACE does not see what the server has open' less readlink "/proc/$server/fd/0"
exits 0 'fuse-info by root without CAP_SYS_PTRACE' less fuse-info --json mnt
is 'the state is unknown, and the server is hidden' "$(json 'm["state"], m["server"], m["server_hidden"]')" "('unknown', None, True)"
exits 32 'fumount --wake' less fumount --wake mnt
is 'it does not say that the server runs' "$err" 'fumount: mnt: requests wait, but its server may still answer; --wake -f, or --older=SECONDS, wakes them'
exits 1 'fumount --wake -f' less fumount --wake -f mnt
is 'it says what root lacks' "$err" 'fumount: mnt: its server is not visible; run this with CAP_SYS_PTRACE, outside of PID namespaces'
umount /proc
kill -CONT "$server"
within 5 fumount mnt
within 5 gone "$keeper"
finish
