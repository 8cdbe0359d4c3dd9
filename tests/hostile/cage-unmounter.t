#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A server that was taken over, against its unmounter, which has the rights to unmount.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../late.sh"
start 100
need strace setpriv
ln -s "$BUILD/tests/escapefs" escapefs
mkdir mnt src outside
: >outside/file
export OUTSIDE=$T/outside
unmounter_of() { pgrep -x -P "$1" fuse-unmounter; }

# ---- Many requests ----
for options in '' '--sandbox'; do
	# shellcheck disable=SC2086 # a word or none
	./escapefs -f $options src mnt 2>log & server=$!
	pids+=("$server")
	within 5 mounted "$T/mnt"
	unmounter=$(unmounter_of "$server")
	(cd mnt && exec sleep 60) &
	pids+=("$!")
	within 5 grep -q sleep "/proc/$!/comm"
	timeout 20 cat mnt/ask.300 >said 2>/dev/null &
	most=0
	for ((i = 0; i < 40; i++)); do
		now=$(pgrep -c -P "$unmounter")
		((now > most)) && most=$now
		sleep 0.02
	done
	ok "${options:-no sandbox}: one process at a time" test "$most" -le 1
	ok 'each asked for once' test "$(grep -c 'another mount covers it\|busy: detached' log)" = 1
	kill -9 "$server" 2>/dev/null
	ok 'the unmounter ends with the server' within 5 gone "$unmounter"
	is 'the child of the unmounter ends with the server' "$(pgrep -c -x fuse-unmounter --ns $$ --nslist mnt)" 0
	umount -l mnt 2>/dev/null
	kill "${pids[-1]}"
done

# ---- The connection of somebody else, who got its number ----
./escapefs -f src mnt 2>log & server=$!
pids+=("$server")
within 5 mounted "$T/mnt"
unmounter=$(unmounter_of "$server") number=$(conn_of "$T/mnt")
timeout 20 cat mnt/outlive.0 >/dev/null 2>&1
umount -l mnt
for ((i = 0; i < 20; i++)); do
	mkdir "other$i"
	other=$T/other$i
	hellofs -b "$other" 2>/dev/null
	[ "$(conn_of "$other")" = "$number" ] && break
done
is 'another connection has the number of the ended one' "$(conn_of "$other")" "$number"
ok 'the server lives' kill -0 "$server"
touch outside/go
ok 'the server ends' within 5 gone "$server"
within 5 gone "$unmounter"
is 'the other connection is served' "$(timeout 5 cat "$other/hello" 2>&1)" hello
for at in other*; do fumount "$at"; done 2>/dev/null

# ---- Another mount, to which a user leads the path while the unmounter unmounts ----
mkdir -p above/name away other/name
mount -t tmpfs roots other/name
hellofs -b above/name 2>/dev/null
server=$(newest hellofs)
unmounter=$(unmounter_of "$server")
bg strace -qq -f -p "$unmounter" -o trace -e trace=umount2 -e inject=umount2:delay_enter=1500000 2>/dev/null
within 5 grep -q '^TracerPid:.[1-9]' "/proc/$unmounter/status"
kill "$server"
begun umount2 fuse-unmounter
mv above away/above && ln -s other above
within 5 gone "$server"
like 'the unmounter is in umount2(2) while the path changes' "$(cat trace)" 'umount2\(.*DELAYED'
ok "root's other mount stays at the path" mounted "$T/other/name"
ok 'the mount of the server is gone' unmounted "$T/away/above/name"
umount other/name 2>/dev/null

# ---- The same by a mount namespace in which nothing is mounted there: a mountpoint can be renamed ----
mkdir -p theirs/name theirs/other
chown -R 65534 theirs
mkfifo go
setpriv --reuid 65534 --regid 65534 --clear-groups timeout "$(longer 60)" unshare -Urm --propagation private bash -c \
	'>theirs/ready && read <go && mv theirs/name theirs/away && mv theirs/other theirs/name && >theirs/renamed' &
pids+=("$!")
ok 'another namespace' within 5 test -e theirs/ready
mount -t tmpfs roots theirs/other
hellofs -b theirs/name 2>/dev/null
server=$(newest hellofs)
unmounter=$(unmounter_of "$server")
bg strace -qq -f -p "$unmounter" -o trace -e trace=umount2 -e inject=umount2:delay_enter=1500000 2>/dev/null
within 5 grep -q '^TracerPid:.[1-9]' "/proc/$unmounter/status"
kill "$server"
begun umount2 fuse-unmounter
timeout 5 bash -c 'echo >go'
ok 'a mountpoint is renamed' within 5 test -e theirs/renamed
within 5 gone "$server"
like 'the unmounter is in umount2(2) while the name changes' "$(cat trace)" 'umount2\(.*DELAYED'
ok "root's other mount stays at the name" mounted "$T/theirs/name"
like 'the mount table shows for theirs/name: tmpfs roots' "$(mount_line "$T/theirs/name")" 'tmpfs roots'
ok 'the mount in the other namespace is gone' unmounted "$T/theirs/away"
umount theirs/name 2>/dev/null

# ---- What it holds keeps nothing from being unmounted ----
mkdir connections
mount -t fusectl none connections
mount --bind connections /sys/fs/fuse/connections
hellofs -b mnt
ok 'fusectl is not busy' umount /sys/fs/fuse/connections
fumount mnt
umount connections

# ---- A signal, where fusectl is out of reach: an abort is the server's end ----
cat >inside <<'EOF'
hellofs mnt 2>said & server=$!
for ((i = 0; i < 100 * SLOWNESS; i++)); do grep -qs hello mnt/hello && break; sleep 0.05; done
exec 7<mnt/hello
kill "$server"
for ((i = 0; i < 100 * SLOWNESS; i++)); do grep -q 'signal again' said && break; sleep 0.05; done
sleep 0.3
kill "$server"
wait "$server"
exit 0
EOF
timeout 30 strace -f -o trace -e trace=kill,pidfd_send_signal unshare -Urm --propagation private bash inside
like 'the server is ended by its pidfd' "$(grep SIGUSR1, trace)" 'pidfd_send_signal\('
unlike 'the unmounter does not signal the server by its number' "$(grep 'SIGUSR1)' trace)" ' kill\('
finish
