#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A kept passfs whose memory, the keeper's included, is limited to less than it wants, and whose server is killed meanwhile, by
# this test or for the lack of memory: no client sees an error, the keeper lives, and all data is right.
# KEEP_PRESSURE_KILLS is how many times.
. "$(dirname "$0")/lib.sh"
start 400
need python3 fio
kills=${KEEP_PRESSURE_KILLS:-20} limit=$((16 << 20))
mkdir src mnt cgroup

# Version 1 or 2 of cgroups, whichever has the machine's memory controller.
if mount -t cgroup -o memory none cgroup 2>/dev/null; then
	most=memory.limit_in_bytes
	hits() { cat "$own/memory.failcnt"; }
else
	mount -t cgroup2 none cgroup || bail 'no cgroup2'
	grep -qw memory cgroup/cgroup.subtree_control || bail 'no memory controller'
	most=memory.max
	hits() { awk '$1 == "max" { print $2 }' "$own/memory.events"; }
fi
own=$T/cgroup/fusebox-test.$$
mkdir "$own" || bail 'no cgroup of its own'
remove_cgroup() { rmdir "$own"; [ ! -e "$own" ]; }
trap 'cd /; kill -KILL $(cat "$own/cgroup.procs") 2>/dev/null; within 5 remove_cgroup; cleanup' EXIT
echo "$limit" >"$own/$most"

limited() { echo "$BASHPID" >"$own/cgroup.procs"; exec fmount --keep --keep-tries 0 mnt -- passfs --no-passthrough --threads=4 src; }
bg limited 2>log
keeper=$bg
ok 'fmount --keep of a passfs that is short of memory' within 10 mounted "$T/mnt"
lives() { server=$(child_named passfs "$keeper") && [ "$server" ]; }
another() { lives && [ "$server" != "$was" ]; }
bg "$here/mount/append-work" >worked 2>wrong
client=$bg
blocks()
{
	fio --name=x --filename="$T/mnt/fio" --ioengine=psync --rw=randwrite --bsrange=4k-256k --size=24M --verify=crc32c \
		--do_verify=1 --verify_fatal=1 --fallocate=none --invalidate=1
}
bg blocks >fio.out 2>&1
fio=$bg
for ((i = 0; i < kills; i++)); do
	within 10 lives || break
	was=$server
	kill -KILL "$server" 2>/dev/null
	within 10 another || break
	sleep "0.$((100 + RANDOM % 400))"
done
is "killed $kills times" "$i" "$kills"
ok 'fio finds its blocks' wait "$fio" || diag "$(tail -n 20 fio.out)"
: >enough
ok 'work with open and removed files goes on' wait "$client"
is 'and sees no error' "$(cat wrong)" ''
ok 'each line was written once' cmp -s src/log <(seq -f %08.0f 0 $(($(cat worked) - 1)))
ok 'the limit was met' test "$(hits)" -gt 0
diag "the limit was met $(hits) times; the log has $(grep -c 'killed by signal 9' log) deaths"
ok 'the keeper lives' test "$(cat "/proc/$keeper/comm")" != ''
exits 0 'fumount' timeout 20 fumount mnt
ok 'the keeper ends' within 5 gone "$keeper"
finish
