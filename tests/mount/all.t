#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fumount -a: all FUSE mounts, filtered, in an order in which none holds up another.
. "$(dirname "$0")/../lib.sh"
start 120
mkdir mnt{1..9} tree
serve() { faulty "$@"; server=$(newest faulty); pids+=("$server"); }
left() { own_mounts | awk '{ sub(/.*\//, "", $2); print $2 }' | paste -sd' '; }

for i in 1 2 3; do serve good "$T/mnt$i"; done
exits 0 '-a' fumount -a
is '-a unmounts all, and prints nothing' "$(left)$err$out" ''
exits 0 '-a without any mount' fumount -a
exits 1 '-a with a target' fumount -a mnt1

for i in 1 2 3; do serve good "$T/mnt$i"; done
hellofs -b mnt4; hellofs -b -o noatime mnt5
exits 0 '-a -t TYPE' fumount -a -t fuse.hellofs -v
is 'the mounts that are left: mnt1 mnt2 mnt3' "$(left)" 'mnt1 mnt2 mnt3'
like '-a -v names each mount that it unmounts' "$err" "fumount: $T/mnt5: unmounted"
hellofs -b mnt4
exits 0 '-t noTYPE' fumount -a -t nofuse.faulty
is 'the mounts that are left: mnt1 mnt2 mnt3' "$(left)" 'mnt1 mnt2 mnt3'
hellofs -b mnt4
exits 0 '-t with several' fumount -a -t fuse.none,fuse.faulty
is '-t with two types leaves only mnt4' "$(left)" 'mnt4'
exits 0 '-a -t with a type that no mount has' fumount -a -t fuse.none
hellofs -b -o rw,noexec mnt5
exits 0 '-a -O with two options' fumount -a -O rw,noexec
is 'the mounts that are left: mnt4' "$(left)" 'mnt4'
hellofs -b -o rw,noexec mnt5
exits 0 '-O noOPTION' fumount -a -O nonoexec
is 'the mounts that are left: mnt5' "$(left)" 'mnt5'
fumount mnt5
exits 32 '-t on one target' bash -c 'hellofs -b mnt1; fumount -t fuse.sshfs mnt1'
like 'the error: its type is fuse.hellofs, which -t fuse.sshfs leaves out' "$err" 'its type is fuse.hellofs, which -t fuse.sshfs leaves out'
exits 1 '-O on one target' fumount -O ro mnt1
fumount mnt1

# Some of several.
serve good "$T/mnt1"; serve good "$T/mnt2"
exec 7<mnt1/file
exits 64 'fumount -a with one busy mount of two' fumount -a
like '-a says which mount is busy' "$err" "fumount: $T/mnt1: busy"
like '-a names the holder' "$err" "held by $$ \(bash\) of root: open file"
is '-a has unmounted the one that is not busy' "$(left)" mnt1
exits 32 '-a when all mounts are busy' fumount -a
exits 32 '--json' fumount -a --json
is 'the output of --json is JSON with a holder' "$(python3 -c 'import json,sys; print(*[e["event"] for e in json.load(sys.stdin)[0]["events"]][:2])' <<<"$out")" 'busy holder'
exits 0 '-a -l' fumount -a -l
exec 7<&-

# A server keeps the mount that its SOURCE is on busy until a moment after its own mount is gone.
for targets in -a "$T/mnt2 $T/mnt1"; do
	passfs -b tree mnt1; passfs -b mnt1 mnt2
	upper=$(newest passfs); pids+=("$upper")
	stop "$upper"
	(sleep 0.5; kill -CONT "$upper") &
	# shellcheck disable=SC2086 # several
	exits 0 "the upper server lets go later: ${targets%% *}" fumount $targets
	is 'no FUSE mount is left' "$(left)" ''
	wait $!
done
serve good "$T/mnt1"
bg bash -c 'exec 7<mnt1/file; sleep 1; kill $$'
within 2 test -e "/proc/$bg/fd/7"
exits 0 '-a -w waits' fumount -a -w 5
is '-a -w unmounts it once no process holds it' "$(left)" ''
serve good "$T/mnt1"; serve good "$T/mnt2"
exec 7<mnt1/file
began=${EPOCHREALTIME/./}
exits 64 '-a -w 0 of a busy mount' fumount -a -w 0
ok '-a -w 0 does not wait' since "$began" 2
exec 7<&-
exits 0 '-a once no process holds the mount' fumount -a
exits 1 '-a -k' fumount -a -k

# Stacked and nested mounts whose servers answer: fumount begins with the innermost.
serve good "$T/mnt1"; serve good "$T/mnt1"; serve good "$T/mnt1"
serve good "$T/tree"
mount -i -t fuse.x -o "fd=3,rootmode=100666,user_id=0,group_id=0" x tree/file 3<>/dev/fuse
exits 0 '-a with stacked and nested mounts' fumount -a
is 'no FUSE mount is left' "$(left)" ''
# A mount was moved onto a newer one: the inner mount is the older.
serve good "$T/mnt2"; serve good "$T/tree"
mkdir deep; mount -t tmpfs none deep; mkdir deep/in
mount --move mnt2 deep/in
serve good "$T/mnt3"
mount --bind deep/in deep/in
exits 0 '-a with a mount that was moved' fumount -a
is 'no FUSE mount is left' "$(left)" ''
umount deep

# The outer server does not answer: fumount begins with the outermost, since a lookup of the inner
# mount would hang.
for how in -l -f -R; do
	serve good "$T/tree"
	mount -i -t fuse.x -o "fd=3,rootmode=100666,user_id=0,group_id=0" x tree/file 3<>/dev/fuse
	serve good "$T/mnt1"
	hung=$(pgrep --ns $$ --nslist mnt -x faulty | tail -n 2 | head -n 1)
	stop "$hung"
	bg stat tree/none
	within 5 blocked "$bg"
	exits 0 "fumount -a with a hung outer mount: $how" timeout 10 fumount -a "$how"
	is 'fumount -a leaves no mount' "$(left)" ''
	kill -KILL "$hung" "$server"
done
serve good "$T/tree"; hung=$server
mount -i -t fuse.x -o "fd=3,rootmode=100666,user_id=0,group_id=0" x tree/file 3<>/dev/fuse
serve good "$T/mnt1"
stop "$hung"
bg stat tree/none
within 5 blocked "$bg"
exits 64 '-a with a mount inside a hung one' timeout 10 fumount -a
like 'the outer mount of a hung one is reported busy' "$err" "fumount: $T/tree: busy"
like 'the error tells to unmount the hung outer mount first' "$err" "fumount: $T/tree/file: lies below $T/tree, which does not answer; unmount that first"
is 'the mounts that are left: tree file' "$(left)" 'tree file'
exits 0 '-a -R' timeout 10 fumount -a -R
is 'no FUSE mount is left' "$(left)" ''
kill -KILL "$hung"

# A dozen mounts whose servers never answered INIT: none delays the others.
recover_silent() # recover_silent NUMBER...: by -a -R, in $took microseconds
{
	local i began
	for i; do serve silent "$T/mnt$i"; bg stat "mnt$i"; within 5 blocked "$bg"; done
	began=${EPOCHREALTIME/./}
	exits 0 "-a -R of $# that hang" timeout 60 fumount -a -R
	took=$((${EPOCHREALTIME/./} - began))
}
recover_silent 1
one=$took
recover_silent {1..9}
ok "nine do not take the time of four ($((one / 1000)), $((took / 1000)) ms)" test "$took" -lt $((one * 4))
is 'none of the nine mounts is left' "$(left)" ''
exits 0 '-a -R with nothing left to do' fumount -a -R
# -N
unshare -m --propagation private sleep 100 & elsewhere=$!
pids+=("$elsewhere")
serve good "$T/mnt1"
nsenter -t "$elsewhere" -m "$BUILD/tests/tools/faulty" good "$T/mnt2"
exits 0 '-a -N' fumount -a -N "$elsewhere"
is '-a -N leaves the mounts of this mount namespace' "$(left)" mnt1
is '-a -N unmounts all mounts of the other mount namespace' "$(grep -c faulty "/proc/$elsewhere/mountinfo")" 0
kill "$elsewhere"
fumount mnt1
finish
