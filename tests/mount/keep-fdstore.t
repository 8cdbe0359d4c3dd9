#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fmount --keep under a service manager that stores its descriptors: the mount outlives its keeper, too.
. "$(dirname "$0")/../lib.sh"
start 300
need python3
mkdir mnt other src

reads() { [ "$(timeout 5 cat mnt/hello)" = hello ]; }
# Sets $keeper and $server, those that run now.
find_both()
{
	keeper=$(awk '/^start / { pid = $2 } /^ended/ { pid = "" } END { print pid }' said) && [ "$keeper" ] &&
		server=$(child_named "$program" "$keeper") && [ "$server" ]
}
managed()
{
	rm -f notify stored said log pause no-restart rename others closed deathless
	bg "$here/mount/manager" "$@" >said 2>>log
	manager=$bg
}
begin()
{
	program=$1; shift
	managed fmount --keep --keep-tries 0 "${options[@]}" mnt -- "$program" "$@"
	within 5 is_ready && find_both
}
is_ready() { grep -q READY=1 said; }
names() { sed 's/-[0-9]*$//' stored | sort | uniq -c | awk '{ printf "%s%s %s", sep, $1, $2; sep = ", " }'; }
has_names() { [ "$(names)" = "$1" ]; }
another() { find_both && [ "$keeper" != "$was" ]; }
kill_both() { was=$keeper; kill -KILL "$keeper" "$server"; within 5 another; } 2>/dev/null
descriptors() { find "/proc/$1/fd" -mindepth 1 | wc -l; }
count_is() { find_both && [ "$(descriptors "$keeper")" = "$1" ]; }
manager_ends() { within 5 gone "$manager" && wait "$manager"; }
options=()

# ---- hellofs ----
ok 'fmount --keep under a service manager' begin hellofs
mounted_as=$(mount_line "$T/mnt")
ok 'the manager stores the device, the memory, the server and a socket' within 5 has_names '2 fuse-keep, 1 fuse-server, 1 fuse-store'
unlike 'none of them is polled by the manager' "$(cat said)" polls
before=$(descriptors "$keeper")
asks() { local n=0; until [ -e enough ]; do [ "$(cat mnt/hello)" = hello ] || echo wrong; n=$((n + 1)); done; echo "$n" >"asked.$1"; }
clients=()
for i in 1 2 3; do bg asks "$i" 2>>wrong >>wrong; clients+=("$bg"); done
exec 5<mnt/hello
for ((i = 0; i < 50; i++)); do
	kill_both || break
	sleep "0.0$((RANDOM % 9))"
done
: >enough
wait "${clients[@]}"
is 'killed 50 times, keeper and server' "$i" 50
is '3 clients saw no error and no other data' "$(cat wrong)" ''
ok 'each of them was served' test "$(sort -n asked.? | head -n 1)" -gt 0
is 'a file that was opened before the first death is read' "$(timeout 5 cat <&5)" hello
exec 5<&-
is 'it is the same mount' "$(mount_line "$T/mnt")" "$mounted_as"
ok 'the manager stores no more than before' within 5 has_names '2 fuse-keep, 1 fuse-server, 1 fuse-store'
ok "the keeper has as many descriptors as the first one: $before" within 5 count_is "$before" || diag "$(ls -l "/proc/$keeper/fd")"
is 'the number of restarts goes on' "$(cat "/proc/$keeper/comm")" fuse-keep:50

# A caller waits while both are killed.
stop "$server"
reads_directly() { exec dd if=mnt/hello of=copy iflag=direct status=none; }
bg reads_directly
client=$bg
ok 'a caller waits for the server' within 5 blocked "$client"
ok 'keeper and stopped server are killed' kill_both
ok 'the caller gets its answer from the next server' wait "$client"
is 'it is the data of the file' "$(cat copy)" hello
# The keeper alone is killed: the server must not stay.
old=$server was=$keeper
kill -KILL "$keeper"
ok 'killed alone, the keeper takes the server along' within 5 gone "$old"
ok 'and another keeper goes on' within 5 another
ok 'the mount answers' reads
kill -TERM "$keeper"
ok 'SIGTERM ends the service' manager_ends
ok 'SIGTERM unmounts' unmounted "$T/mnt"
is 'the manager stores nothing any more' "$(cat stored)" ''

# ---- Clones ----
options=(--clones 2)
ok 'fmount --keep --clones' begin hellofs
ok 'the clones are stored' within 5 has_names '2 fuse-clone, 2 fuse-keep, 1 fuse-server, 1 fuse-store'
before=$(descriptors "$keeper")
kill_both && kill_both
ok 'the mount answers after two deaths' reads
ok 'as many clones are stored as before' within 5 has_names '2 fuse-clone, 2 fuse-keep, 1 fuse-server, 1 fuse-store'
ok "the keeper has as many descriptors as the first one: $before" within 5 count_is "$before" || diag "$(ls -l "/proc/$keeper/fd")"
# The next keeper makes its own clones under the numbers of descriptors that are named and not open.
printf fuse-clone-0 >closed
ok 'the manager names descriptors that are not open' kill_both
ok 'the mount answers then' reads
ok 'and the clones are those of the keeper' within 5 has_names '2 fuse-clone, 2 fuse-keep, 1 fuse-server, 1 fuse-store'
exits 0 'fumount' timeout 10 fumount mnt
ok 'fumount ends the service' manager_ends
is 'the manager stores nothing after fumount' "$(cat stored)" ''
options=()

# ---- passfs: open files, locks, removed files ----
echo 0 >src/count
ok 'fmount --keep of passfs' begin passfs src
ok 'the socket to the process that holds its descriptors is stored' within 5 has_names '2 fuse-keep, 1 fuse-server, 1 fuse-store'
rm enough
bg "$here/mount/append-work" >worked 2>wrong
client=$bg
within 5 test -e src/log
for ((i = 0; i < 50; i++)); do
	kill_both || break
	sleep "0.0$((RANDOM % 9))"
done
: >enough
ok 'work with open and removed files over 50 deaths of keeper and server' wait "$client"
is 'killed 50 times' "$i" 50
is 'the client saw no error' "$(cat wrong)" ''
is 'each line was written once' "$(wc -l <src/log)" "$(cat worked)"
ok 'no line is wrong' cmp -s src/log <(seq -f %08.0f 0 $(($(cat worked) - 1)))
ok 'as much is stored as before' within 5 has_names '2 fuse-keep, 1 fuse-server, 1 fuse-store'
find_both
kill -TERM "$keeper"
ok 'SIGTERM ends the service of passfs' manager_ends
is 'the manager stores nothing after passfs' "$(cat stored)" ''

# A removed file is open: it is lost if the next server does not get its descriptors.
program=passfs
managed fmount --keep mnt -- bash -c 'while [ -e hold ]; do sleep 0.01; done; exec passfs src "$0"' {}
within 5 is_ready
exec 7<>mnt/kept
rm mnt/kept
writes_on() { printf 1234567 >&7 && [ "$(stat -c %s - <&7)" = $((written += 7)) ]; }
written=0
ok 'a removed file can be written' writes_on
: >hold
find_both
kill -KILL "$server"
waits() { [ "$(child_named bash "$keeper")" ]; }
within 5 waits
stop "$keeper"
rm hold
answers() { timeout 5 ls mnt/; }
within 10 answers
was=$keeper
kill -KILL "$keeper"
within 10 another
ok 'the keeper was killed before it read that the server serves: the file can be written' writes_on
for others in 1 2 3 4 9 0; do
	echo "$others" >others
	kill_both
	ok "the manager passes $others other descriptors before: the file can be written" writes_on
done
exec 7<&-
find_both
kill -TERM "$keeper"
manager_ends

# ---- What belongs to nothing ----
is_anew() { find_both && grep -q 'stores no mount that is there; mounting anew' log && reads; }
ok 'fmount --keep, to be unmounted while no keeper runs' begin hellofs
was=$keeper
: >pause
kill -KILL "$keeper"
within 5 gone "$server"
umount -l mnt
rm pause
ok 'what is not mounted any more is not taken over: it mounts anew' within 5 is_anew
ok 'and only that is stored' within 5 has_names '2 fuse-keep, 1 fuse-server, 1 fuse-store'
like 'under the name of its connection' "$(cat stored)" "fuse-keep-$(conn_of "$T/mnt")"
# The name says that it is the mount which is there, but it is another one.
: >pause
kill -KILL "$keeper"
within 5 gone "$server"
was=$(conn_of "$T/mnt")
umount -l mnt
hellofs -b mnt
is_stranger=$(conn_of "$T/mnt")
echo "fuse-keep-$was fuse-keep-$is_stranger" >rename
: >log
rm pause
ok 'a device with the name of another connection is not taken over' within 5 grep -q 'stores no mount that is there' log
: >no-restart
ok 'and the service ends, since the mountpoint is in use' within 5 gone "$manager"
like 'as it says' "$(cat log)" 'already mounted'
ok 'the mount that is there goes on' reads
is 'unharmed' "$(conn_of "$T/mnt")" "$is_stranger"
fumount mnt

# The service is changed meanwhile.
echo --keep >mode
managed sh -c 'exec fmount "$(cat mode)" --keep-tries 0 mnt -- hellofs'
within 5 is_ready && program=hellofs && find_both
ok 'fmount --keep, to become --keep=relay' reads
: >log
echo --keep=relay >mode
kill -KILL "$keeper"
ok 'the next keeper relays: it says that it mounts anew' within 10 grep -q 'keep=relay goes on with no stored mount; mounting anew' log
ok 'the mount of the keeper before it is detached' within 10 eval '[ "$(grep -c " $T/mnt " /proc/self/mountinfo)" = 1 ] && reads'
find_both
kill -TERM "$keeper"
ok 'SIGTERM ends that service' manager_ends
ok 'and nothing is left mounted' unmounted "$T/mnt"
umount -l mnt 2>/dev/null

begun_again() { [ "$(grep -c ^start said)" = 2 ]; }
# ---- A server that does not end, as one whose user keeps it in the kernel ----
if [ "$(cat /proc/2/comm)" = kthreadd ]; then
	ok 'fmount --keep, before a server that does not end' begin hellofs
	: >deathless; : >log
	kill -KILL "$keeper"
	within 5 begun_again; : >no-restart
	ok 'a server that does not end: the next keeper ends' within 40 gone "$manager" || kill -9 "$(sed -n 's/^start //p' said | tail -n 1)" "$manager"
	like 'as it says' "$(cat log)" '--keep: the former server does not end'
	ok 'and unmounts' unmounted "$T/mnt"
	umount -l mnt 2>/dev/null
else
	diag 'not run, without the kernel threads of a whole machine: a server that does not end'
fi

# ---- A manager that stores nothing ----
program=hellofs
managed env -u FDSTORE fmount --keep mnt -- hellofs
within 5 is_ready && find_both
ok 'without FDSTORE the mount answers' reads
is 'nothing is stored' "$(cat stored)" ''
: >no-restart
kill -KILL "$keeper"
ok 'without FDSTORE the server ends with its keeper' within 5 gone "$server"
exits 1 'and the mount is dead, so that nobody waits' timeout 5 stat mnt
umount -l mnt

# ---- A manager that takes no messages ----
cat >ignores <<'END'
import signal, socket
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind('ignored')
sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sender.setblocking(False)
try:
    while True: sender.sendto(b'X=1', 'ignored')
except BlockingIOError: open('full', 'w').close()
signal.pause()
END
bg python3 ignores
within 10 test -e full
ignored() { NOTIFY_SOCKET=$T/ignored FDSTORE=16 exec fmount --keep mnt -- hellofs; }
bg ignored 2>log
keeper=$bg
ok 'the service manager takes no messages: the mount answers' within 30 timeout 20 test -e mnt/hello
like 'and it says so' "$(cat log)" 'fmount: NOTIFY_SOCKET: the service manager takes no messages'
is 'once' "$(grep -c NOTIFY_SOCKET log)" 1
kill -TERM "$keeper"
ok 'SIGTERM ends the keeper' within 10 gone "$keeper" || kill -9 "$keeper"
ok 'and unmounts' unmounted "$T/mnt"
finish
