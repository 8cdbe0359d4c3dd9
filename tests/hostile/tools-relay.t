#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fmount --keep=relay: a server that lies, floods or ends at a bad moment harms only itself.
. "$(dirname "$0")/../lib.sh"
start 300
mkdir mnt
# Where the kernel offers rings, no server has the device itself.
uring=/sys/module/fuse/parameters/enable_uring
direct=true
if [ -r "$uring" ]; then
	machine shared
	[ "$(cat "$uring")" = N ] || direct=false
fi

with=()
relay() { exec "${with[@]}" fmount --keep=relay --keep-tries "${tries:-0}" -o allow_other mnt -- relay_liar "$1" '{}'; }
name_of() { cat "/proc/$keeper/comm"; }
is_named() { [ "$(cat "/proc/$keeper/comm")" = "$1" ]; }
server_now() { child_named relay_liar "$keeper"; }
# The first server does not lie, whether it has the device or a socket.
begin()
{
	touch honest
	bg relay "$1" 2>log
	keeper=$bg
	within 10 is_served || return
	rm honest
}
is_served() { mounted "$T/mnt" && timeout 5 stat mnt; }
# The server from then on talks to a socket.
kill_server() { local pid; pid=$(server_now) && [ "$pid" ] && kill -KILL "$pid" && within 10 is_named fuse-relay:1 && within 5 server_now; }
lies() { begin "$1" && kill_server; }
end() { timeout 10 fumount mnt; within 10 gone "$keeper"; wait "$keeper"; }
memory() { awk '/VmRSS/ { print $2 }' "/proc/$keeper/status"; }
waits() { grep -qs 'D' <<<"$(state_of "$(child_named fuse-notify "$keeper")")"; }
again_until_gone() { kill -TERM "$keeper" 2>/dev/null; gone "$1"; }

# ---- Replies ----
ok 'double: each answer twice, and some for nobody' lies double
exits 0 'double: a caller gets the right one' timeout 5 stat mnt
exits 1 'double: and another caller' timeout 5 stat mnt/none
ok 'double: unmounts' end
ok 'short: replies are cut' lies short
exits 1 'short: the caller gets an error' timeout 5 stat mnt
like 'short: Input/output error' "$err" 'Input/output error'
ok 'short: unmounts' end
ok 'mute: no reply' lies mute
bg stat mnt 2>/dev/null; client=$bg
within 5 blocked "$client"
kill -TERM "$keeper"
within 5 grep -q detached log
ok 'mute: another SIGTERM ends the caller' within 5 again_until_gone "$client"
ok 'mute: and the keeper' within 5 gone "$keeper"
umount -l mnt 2>/dev/null
ok 'nodes: one node by many names' lies nodes
exits 0 'nodes: each is found' timeout 5 stat mnt/{1..200}
ok 'nodes: unmounts' end

# The kernel rejects a node whose mode has no file type, and sends no FORGET for it.
ok 'typeless: files that the kernel rejects' lies typeless
timeout 20 stat mnt/{1..100} >/dev/null 2>&1
before=$(memory)
for i in 1 2 3 4 5; do timeout 60 stat mnt/"$i"{0..3999} >/dev/null 2>&1; done
ok "typeless: 20,000 of them, and the keeper has as much memory ($before, $(memory) KiB)" test "$(memory)" -le $((before + 100))
ok 'typeless: unmounts' end

# ---- Messages that do not fit ----
tries=3
begin small
kill -KILL "$(server_now)"
bg stat mnt >/dev/null 2>&1; client=$bg
ok 'small: shorter buffers than the first server: given up' within 10 gone "$keeper"
like 'small: which is told' "$(cat log)" 'the server is killed: .*shorter messages'
ok 'small: nothing is mounted' unmounted "$T/mnt"
ok 'small: nobody waits' within 5 gone "$client"
begin init
kill -KILL "$(server_now)"
ok 'init: INIT is rejected: given up' within 10 gone "$keeper"
like 'init: which is told' "$(cat log)" 'the server is killed: it does not answer INIT'
like 'init: at the end' "$(cat log)" 'it ends too often; unmounted'
ok 'init: nothing is mounted' unmounted "$T/mnt"
rm -f features
ok 'features: a second server behind the relay' lies features
touch features
kill -KILL "$(server_now)"
ok 'features: the third one agrees to another feature: given up' within 20 gone "$keeper"
like 'features: which is told' "$(cat log)" 'the server is killed: in its reply to INIT it wants other features'
ok 'features: nothing is mounted' unmounted "$T/mnt"
tries=0

# ---- Large messages ----
cat >large.py <<'END'
import mmap, os, sys
f = os.open("mnt/file", os.O_RDWR | os.O_DIRECT)
m = mmap.mmap(-1, 16 << 20)
print(os.pwritev(f, [m], 0), os.preadv(f, [m], 0), m[:1], m[-1:])
END
# most LIMIT: what the kernel has sent at most, and the data of a call of 16 MiB.
most()
{
	rm -f most
	ok "vast, $1: begins" begin vast
	like "vast, $1: $2" "$(cat "/proc/$keeper/comm")" "$2:0"
	ok "vast, $1: kill -9" kill_server
	is "vast, $1: 16 MiB are written and read" "$(timeout 60 python3 large.py)" "16777216 16777216 b'x' b'x'"
	is "vast, $1: in messages of" "$(cat most)" "$3"
	ok "vast, $1: unmounts" end
}
limit=/proc/sys/fs/fuse/max_pages_limit
if [ "$(id -u)" = 0 ] && command -v python3 >/dev/null; then
	! $direct || most 'the usual limit' fuse-keep 1048576
	if [ -w $limit ]; then
		machine free
		machine exclusive
		limit_was=$(cat $limit)
		trap 'echo "$limit_was" >$limit; cleanup' EXIT
		echo 8192 >$limit
		most 'a higher limit' fuse-relay 4194304
		! $direct || like 'vast: which is told' "$(cat log)" 'sockets hold less than fs.fuse.max_pages_limit'
		echo "$limit_was" >$limit
		trap cleanup EXIT
		machine free
		machine shared
	fi
fi
if [ "$(id -u)" = 0 ]; then
	machine free
	machine exclusive
	ok 'large: a server of many nodes' lies large
	timeout 60 stat mnt/{1..9000} >/dev/null
	echo 2 >/proc/sys/vm/drop_caches
	exits 0 'large: it answers after the kernel has forgotten 9,000 nodes' timeout 10 stat mnt
	ok 'large: no message was cut' test ! -e cut
	ok 'large: unmounts' end
	machine free
	machine shared
fi

# ---- Descriptors ----
# SO_PASSRIGHTS (83) is the only option here with the bit 64: without it is before Linux 6.16.
for without in '' 'forbid 92 54:2:64'; do
	read -ra with <<<"$without"
	tries=3
	begin fds
	kill -KILL "$(server_now)"
	ok "fds, $without: a server that sends descriptors: given up" within 10 gone "$keeper"
	like "fds, $without: which is told" "$(cat log)" 'ended with status 3|the server is killed: it sends descriptors'
	ok "fds, $without: nothing is mounted" unmounted "$T/mnt"
done
with=() tries=0

# ---- Notifications ----
ok 'flood: notifications without end' lies flood
exits 0 'flood: calls are answered' timeout 5 stat mnt
before=$(memory)
for i in 1 2 3 4 5 6 7 8 9; do timeout 5 stat mnt >/dev/null; sleep 0.1; done
ok "flood: memory stays: $before, $(memory) KiB" test "$(memory)" -le $((before + 200))
exits 0 'flood: calls are answered still' timeout 5 stat mnt
ok 'flood: unmounts' end

# What a server has written before its reply is in effect once the caller has that.
ok 'order: begins' lies order
cat >order.py <<'END'
import os
f = os.open("mnt/file", os.O_RDONLY)
wrong = 0
for i in range(3000):
    name = "%06d" % i
    os.path.exists("mnt/" + name)
    wrong += os.pread(f, 7, 0)[:6] != name.encode()
print(wrong, "wrong")
END
if command -v python3 >/dev/null; then
	is 'order: each caller sees what was stored before the reply' "$(timeout 60 python3 order.py)" '0 wrong'
fi
# A busy machine that does not let the child run is like one that is stopped.
notifier=$(child_named fuse-notify "$keeper")
stop "$notifier"
bg stat mnt/777777 2>/dev/null; client=$bg
within 5 blocked "$client"
sleep 0.3
ok 'order: no reply overtakes what was stored before it, however long that takes' blocked "$client"
kill -CONT "$notifier"
wait "$client"
is 'order: and then it is there' "$(timeout 5 head -c 6 mnt/file)" 777777
server=$(server_now)
kill -KILL "$notifier"
timeout 5 stat mnt/123456 2>/dev/null
is 'order: also if the child is killed' "$(timeout 5 head -c 6 mnt/file) $(server_now)" "123456 $server"
ok 'order: unmounts' end
reads_new() { [ "$(timeout 5 cat mnt/file)" = 'is new' ]; }
ok 'late: begins' lies late
timeout 20 cat mnt/file >/dev/null
ok 'late: what was stored when a later reply had passed it is dropped' within 5 reads_new
ok 'late: unmounts' end
ok 'behind: begins' lies behind
server=$(server_now)
is 'behind: 30,000 notifications wait for a page' "$(timeout 30 cat mnt/file)" 'is new'
is 'behind: and the server lives' "$(server_now)" "$server"
ok 'behind: unmounts' end
ok 'drown: begins' lies drown
bg cat mnt/file >/dev/null 2>&1; client=$bg
ok 'drown: a server that sends them for ever is ended' within 30 grep -q 'more notifications than the kernel takes' log
is 'drown: but not the next one' "$(within 10 is_named fuse-relay:2; within 5 gone "$client"; timeout 5 stat -c %s mnt/file; name_of)" '7
fuse-relay:2'
bg cat mnt/file >/dev/null 2>&1; client=$bg
within 5 waits
kill -TERM "$keeper"
within 5 grep -q detached log
ok 'drown: SIGTERM ends the keeper' within 10 again_until_gone "$keeper"
ok 'drown: nobody waits' within 5 gone "$client"
umount -l mnt 2>/dev/null

# The child that writes the notification waits for the page that the caller reads. Without fusectl the keeper
# answers all requests as it ends.
hide_fusectl() { mount -t tmpfs none /sys/fs/fuse && with=(forbid 38 430); }
show_fusectl() { umount /sys/fs/fuse; with=(); }
for fusectl in fusectl 'no fusectl'; do
	ok "block, $fusectl: begins" lies block
	bg cat mnt/file >got 2>&1; client=$bg
	ok "block, $fusectl: a notification waits" within 5 waits
	kill -TERM "$keeper"
	within 5 grep -q detached log
	ok "block, $fusectl: SIGTERM ends the keeper" within 10 again_until_gone "$keeper"
	ok "block, $fusectl: and the caller" within 5 gone "$client"
	kill -KILL "$keeper" 2>/dev/null
	umount -l mnt 2>/dev/null
	ok "block, $fusectl, a killed keeper: begins" lies block
	bg cat mnt/file >got 2>&1; client=$bg
	ok "block, $fusectl, a killed keeper: a notification waits" within 5 waits
	guard=$(child_named fuse-guard "$keeper")
	kill -KILL "$keeper"
	ok "block, $fusectl, a killed keeper: the caller goes on" within 5 gone "$client"
	ok "block, $fusectl, a killed keeper: its guard ends, too" within 10 gone "$guard"
	umount -l mnt 2>/dev/null
	[ "$fusectl" = fusectl ] || break
	hide_fusectl
done
show_fusectl

# ---- The first server ----
# Whether it has answered INIT is known without fusectl, and while there is always a request in the queue.
for fusectl in fusectl 'no fusectl'; do
	rm -f lives
	bg relay dies 2>log
	keeper=$bg
	ok "dies, $fusectl: a server that ends before it answers INIT is started again" within 10 grep -c 'ended with status 4' log
	! $direct || is "dies, $fusectl: the next one has the device itself" "$(tr -d 0-9 <"/proc/$keeper/comm")" fuse-keep:
	touch lives
	ok "dies, $fusectl: until one answers" within 10 is_served
	ok "dies, $fusectl: unmounts" end
	[ "$fusectl" = fusectl ] || break
	hide_fusectl
done
show_fusectl
finish
