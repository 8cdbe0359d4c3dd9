#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A hundred hangs each of servers that know nothing of us: sshfs whose far side stops; bindfs and
# libfuse's passthrough, with and without clones of the device, and passfs, on a source that hangs; rclone,
# gocryptfs and go-fuse's loopback, on one whose server is stopped. Each time nobody waits after
# fumount --wake, and the server goes on; in the end it has lost no descriptor and no memory.
# WAKE_ROUNDS: how often; WAKE_ONLY: a pattern of the servers' names.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../mount/wake.sh"
start 5400
rounds=${WAKE_ROUNDS:-100}
mkdir mnt src ctl far
mount -t fusectl none ctl
place=mnt
kinds=''	# of waiters; all by default
for i in 0 1 2 3 4 5 6 7 8 9; do dd if=/dev/zero of=far/f$i bs=64k count=16 status=none; done
meant() { [[ $1 =~ ${WAKE_ONLY:-.} ]]; }
# What a late rename and mkdir have done, undone for the next round.
restore() { :; }

some_wait() { [ "$(waiting)" -ge 2 ]; }
descriptors() { local fds=("/proc/$server/fd"/*); echo "${#fds[@]}"; }
# In KiB: memory VmRSS, memory VmData.
memory() { awk -v which="$1:" '$1 == which { print $2 }' "/proc/$server/status"; }
works() { [ "$(timeout 5 ls "$place" 2>/dev/null | grep -c '^f[0-9]$')" -ge 5 ]; }

# One round; says what went wrong.
hang_once()
{
	local pid
	restore
	rm -f in waited
	mkfifo in
	waiters ${kinds:+-k "$kinds"} "$place" <in >waited 2>&1 & pid=$!
	pids=("${pids[@]:0:8}" "$pid")
	exec 8>in
	within 10 grep -q ready waited || { echo "not ready: $(cat waited)"; exec 8>&-; return 1; }
	silence
	echo >&8
	within 10 some_wait || { echo 'nobody waits'; revive; exec 8>&-; return 1; }
	sleep 0.1
	grep -v 'ready\|over' waited | sort >free
	timeout 20 fumount --wake -f mnt >woken 2>&1 8>&- || { echo "fumount: $(cat woken)"; revive; exec 8>&-; return 1; }
	within 2 all_over || { echo "left: $(cat woken waited)"; show_left "$pid"; }
	grep -v 'ready\|over' waited | sort | comm -13 free - >>results
	[ "$(grep -c . free)" -lt "${most:-11}" ] || echo 'all were served at once'
	revive
	exec 8>&-
	within 10 works || { echo 'does not work afterwards'; return 1; }
	! gone "$server" || { echo 'the server ended'; return 1; }
}

# How many files a server leaves open in each round, after a late answer to OPEN and OPENDIR.
kept=0
measure() { before=$(descriptors) rss=$(memory VmRSS) data=$(memory VmData); }
# hangs NAME [KIB]: the server may grow by KIB; in the second half of the rounds, once it has started its threads.
# $server is its pid; the functions silence and revive stop and resume what it depends on.
hangs()
{
	local name=$1 slack=${2:-2048} i before after rss data now
	[ "$rounds" -lt 50 ] || slack=${2:-512}
	conn=$(conn_of "$T/mnt")
	: >wrong
	: >results
	hang_once >>wrong
	for ((i = 0; i < rounds; i++)); do
		[ "$i" != $((rounds / 2)) ] || measure
		hang_once >>wrong || break
	done
	is "$name: $rounds hangs" "$i" "$rounds"
	is 'no round went wrong' "$(cat wrong)" ''
	diag "woken: $(sort results | uniq -c | awk '{ print $2 "=" $3 "*" $1 }' | tr '\n' ' ')"
	is 'each waiter got the error' "$(grep -v ' 110$\|^mmap 7$' results)" ''
	within 5 eval '[ "$(descriptors)" -le "$before" ]'
	after=$(descriptors) now=$(memory VmRSS)
	ok "no descriptor is lost ($before, $after)" [ "$after" -le $((before + kept * (rounds + 1) / 2)) ]
	ok "the server does not grow: from $rss KiB to $now KiB" [ "$now" -le $((rss + slack + rounds * kept * 16)) ]
	now=$(memory VmData)
	ok "nor what it has allocated, but for stacks of threads: from $data KiB to $now KiB" [ "$now" -le $((data + 20480)) ]
}

if ! meant sshfs; then
	:
elif command -v sshfs >/dev/null && [ -x /usr/lib/openssh/sftp-server ]; then
	printf '#!/bin/sh\necho $$ >%s/far.pid\nexec /usr/lib/openssh/sftp-server\n' "$T" >fakessh
	chmod +x fakessh
	silence() { kill -STOP "$(cat "$T/far.pid")"; }
	revive() { kill -CONT "$(cat "$T/far.pid")"; }
	restore() { [ -e far/f3 ] || mv far/f4 far/f3; [ -e far/f4 ] || dd if=/dev/zero of=far/f4 bs=64k count=16 status=none; rmdir far/new; } 2>/dev/null
	# hangs_sshfs OPTION [KINDS]
	hangs_sshfs()
	{
		local most=11
		kinds=${2:-}
		[ -z "$kinds" ] || most=$(tr , '\n' <<<"$kinds" | wc -l)
		bg sshfs -f -o "ssh_command=$T/fakessh,$1" "x:$T/far" "$T/mnt"
		server=$bg
		within 10 mounted "$T/mnt"
		hangs "sshfs -o $1"
		timeout 10 fumount mnt || abort_detach "$T/mnt"
		within 5 gone "$server" || kill -KILL "$server"
		within 5 unmounted "$T/mnt"
		kinds=''
	}
	hangs_sshfs dir_cache=no,sshfs_sync
	# Without sshfs_sync, sshfs itself uses a file after its RELEASE if a WRITE is late, see fumount(8); and it answers a FLUSH itself.
	hangs_sshfs dir_cache=no stat,open,read,readdir,rename,lock,mmap,fsync,mkdir
	restore() { :; }
else
	skip 'sshfs' 'there is no sshfs, or no sftp-server'
fi

# A source that hangs.
bg backend -t 16 "$T/stats" "$T/src"
backend=$bg
within 5 mounted "$T/src"
silence() { rm -f stats.hung; kill -USR1 "$backend"; within 5 test -e stats.hung; }
revive() { kill -USR2 "$backend"; }
example=/usr/share/doc/libfuse3-dev/examples/passthrough.c
read -ra fuse3 <<<"$(pkg-config --cflags --libs fuse3 2>/dev/null)"
[ ! -e "$example" ] || cc -w -o passthrough "$example" "${fuse3[@]}"
PATH=$T:$PATH
for command in 'passfs --threads=8 --no-passthrough src' 'bindfs -f src' 'passthrough -f' 'passthrough -f -o clone_fd'; do
	meant "$command" || continue
	read -ra words <<<"$command"
	command -v "${words[0]}" >/dev/null || { skip "$command" 'it is not installed'; continue; }
	place=mnt
	[ "${words[0]}" != passthrough ] || place=mnt$T/src
	bg "${words[@]}" mnt
	server=$bg
	within 10 mounted "$T/mnt"
	within 5 works
	hangs "$command"
	timeout 10 fumount mnt || abort_detach "$T/mnt"
	within 5 gone "$server" || kill -KILL "$server"
done
abort_detach "$T/src"

# A source on passfs, which is stopped: these keep files of their own there.
mkdir real plain
silence() { stop "$stopped"; }
revive() { kill -CONT "$stopped"; }
# After a late rename the kernel still caches f3, as a second name of the file that f4 has become, and a rename
# between two names of one file succeeds at once: go by the server's list, and make both anew.
restore()
{
	[ "$(timeout 5 ls "$place" | grep -c '^f[34]$')" = 2 ] ||
		{ rm -f "$place/f3" "$place/f4"; cp "$place/f5" "$place/f3"; cp "$place/f5" "$place/f4"; }
	rmdir "$place/new"
} 2>/dev/null
place=mnt
# hangs_on_passfs NAME PROGRAM COMMAND...: the command serves mnt from $T/real.
hangs_on_passfs()
{
	local name=$1 i; shift
	meant "$name" || return 0
	command -v "$1" >/dev/null || { skip "$name" 'it is not installed'; return; }
	shift
	bg passfs real src
	stopped=$bg
	within 10 mounted "$T/src"
	[ ! -x prepare ] || ./prepare
	bg "$@"
	server=$bg
	within 20 mounted "$T/mnt" || { ok "$name: it mounts" false; return; }
	for i in 0 1 2 3 4 5 6 7 8 9; do dd if=/dev/zero of=mnt/f$i bs=64k count=16 status=none; done
	within 10 works
	hangs "$name" 65536
	timeout 10 fumount mnt || abort_detach "$T/mnt"
	within 5 gone "$server" || kill -KILL "$server"
	within 5 unmounted "$T/mnt"
	timeout 10 fumount -R src
	rm -rf real; mkdir real
}
export HOME=$T
hangs_on_passfs rclone rclone rclone mount --vfs-cache-mode writes --dir-cache-time 1ms --cache-dir "$T/cache" src mnt
kept=2	# go-fuse's, see fumount(8)
printf '#!/bin/sh\nexec gocryptfs -q -init -extpass "echo secret" -scryptn 10 src\n' >prepare
chmod +x prepare
hangs_on_passfs gocryptfs gocryptfs gocryptfs -q -fg -extpass 'echo secret' src mnt
rm prepare
cat >loop.go <<'END'
package main

import (
	"log"
	"os"

	"github.com/hanwen/go-fuse/fs"
)

func main() {
	root, err := fs.NewLoopbackRoot(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	server, err := fs.Mount(os.Args[2], root, &fs.Options{})
	if err != nil {
		log.Fatal(err)
	}
	server.Wait()
}
END
if meant go-fuse && type -P go >/dev/null; then
	GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$T/gocache command go build -o goloop loop.go || diag 'go-fuse does not build'
fi
hangs_on_passfs go-fuse goloop ./goloop src mnt
finish
