#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fumount -R: whatever has happened to a mount, afterwards there is none, nor a
# connection, and who was blocked on it has come back; what is healthy is not aborted.
. "$(dirname "$0")/../lib.sh"
start 200
need strace python3
mkdir mnt inner bind ctl other
mount -t fusectl none ctl

# Mounts; sets $server to the server's pid and $conn to the connection.
serve() # serve MODE [faulty's options]
{
	local mode=$1; shift
	faulty "$@" "$mode" "$T/mnt"
	server=$(newest faulty) conn=$(conn_of "$T/mnt")
	inode[$conn]=$(inode_of "$conn")
	pids+=("$server")
}
accessors=()
access() { "$@" >/dev/null 2>&1 & accessors+=($!); pids+=($!); }
# One process waits for a reply, or to send its request; the others may wait for the lock of the
# directory in which it waits.
all_asleep()
{
	local a one=1
	for a in "${accessors[@]}"; do
		[[ $(state_of "$a") = [SD] && $(cat "/proc/$a/comm") != bash ]] || return
		! blocked "$a" || one=0
	done
	return "$one"
}
all_wait() { within 5 all_asleep; }
all_back() { local a; for a in "${accessors[@]}"; do within 2 gone "$a" || return; done; }
# The next mount of another test may get the number at once: the inode of the fusectl directory
# differs.
declare -A inode=()
inode_of() { stat -c %i "$T/ctl/$1" 2>/dev/null; }
no_conn() { [ ! -e "$T/ctl/$conn" ] || { [ -n "${inode[$conn]:-}" ] && [ "$(inode_of "$conn")" != "${inode[$conn]}" ]; }; }
# recovered NAME [FUMOUNT'S ARGUMENTS]
recovered()
{
	local name=$1 began=${EPOCHREALTIME/./} took; shift
	exits 0 "$name" timeout 10 fumount -R "${@:-mnt}"
	took=$(((${EPOCHREALTIME/./} - began) / 1000))
	first=$err
	ok "in less than 2 seconds ($took ms)" since "$began" 2
	is 'nothing is mounted' "$(own_mounts)" ''
	ok 'every process that waited for the mount has ended' all_back
	ok 'the connection does not exist any more' within 2 no_conn
	# The next mount of the machine gets the number of a connection that has ended.
	[[ ${1:-} = conn:* ]] || exits 0 "fumount -R a second time succeeds: $name" timeout 10 fumount -R "${@:-mnt}"
	kill -KILL "$server" 2>/dev/null
	accessors=()
}

serve good
recovered 'a healthy one that nobody uses'
like 'a healthy, unused mount is unmounted by a plain unmount' "$first" 'faulty at .*: unmounted'
unlike 'a healthy, unused mount is not aborted' "$first" abort

serve good
kill -KILL "$server"
recovered 'the server is killed'
serve good
exec 7<mnt/file
kill -KILL "$server"; within 2 gone "$server"
exits 0 '-R with a killed server and an open file' fumount -R mnt
like 'fumount -R reports that the server is dead' "$err" 'its server is dead|its connection is over'
unlike '-R aborts no dead connection' "$err" 'connection [0-9]+ is aborted'
like '-R names the process that holds a file of the dead mount' "$err" "held by $$ \(bash\) of root: open file .*/file"
is 'nothing is mounted' "$(own_mounts)" ''
exec 7<&-
ok 'the connection goes with its holder' within 2 no_conn

# The server is stopped; processes read, write, map, look up and list.
for how in '' -w; do
	serve good ${how:+"$how"}
	cat mnt/file >/dev/null
	stop "$server"
	access cat mnt/none
	access ls mnt
	access dd if=/dev/zero of=mnt/file bs=4k count=4 conv=notrunc
	access shared_write mnt/file
	access stat mnt/other
	ok "stopped${how:+, with the writeback cache}: they wait" all_wait
	recovered 'stopped'
	like '-R reports that the server is stopped' "$first" "its server is stopped: process $server \(faulty\)"
	like 'the waiting requests end with ETIMEDOUT' "$first" '(^|[^0-9])(1 request|[0-9]+ requests) ended with ETIMEDOUT'
	unlike 'a stopped server whose requests were ended is not aborted' "$first" 'is aborted'
done

# Another fuse-info or fumount that looks at the server has its device for a moment.
cat >ask.py <<'P'
import ctypes, os, sys, time
libc, pid = ctypes.CDLL(None), int(sys.argv[1])
device = next(f for f in os.listdir(f'/proc/{pid}/fd') if os.readlink(f'/proc/{pid}/fd/{f}') == '/dev/fuse')
libc.syscall(438, libc.syscall(434, pid, 0), int(device), 0)	# pidfd_getfd(pidfd_open())
libc.prctl(15, sys.argv[2].encode())	# PR_SET_NAME
print(flush=True)
time.sleep(1000)
P
serve good
name=$(strace -f -qq -e trace=prctl fuse-info mnt 2>&1 >/dev/null | sed -n 's/.*PR_SET_NAME, "\(fuse-ask\)".*/\1/p')
is 'a process that looks at a device has a name of its own' "$name" fuse-ask
stop "$server"
access cat mnt/none
bg python3 ask.py "$server" fuse-ask >asks; asker=$bg
within 10 test -s asks
ok 'stopped, while another process looks: it waits' all_wait
like 'a process that looks at the device is no server' "$(fuse-info mnt)" 'state +stopped'
kill "$asker"
recovered 'stopped, while another process looks'

# The kernel has to write dirty pages before the unmount.
serve good -w
dd if=/dev/zero of=mnt/file bs=64k count=8 conv=notrunc 2>/dev/null
stop "$server"
recovered 'stopped, and nobody waits but the written'

serve mute
access stat mnt
ok 'reads and never answers: they wait' all_wait
recovered 'reads and never answers'
serve silent
access stat mnt
ok 'never read INIT: they wait' all_wait
recovered 'never read INIT'
like 'the message says that it never answered INIT' "$first" 'has not answered INIT'
serve silent
recovered 'never read INIT, and nobody waits'
serve gone
recovered 'exited before INIT was answered'

# Healthy servers that are held busy, slow or at work: -R does not abort them.
serve good
sh -c 'cd mnt && exec sleep 100' & holder=$!
pids+=("$holder")
within 2 open_in "$T/mnt" "$holder"
exits 0 '-R of a healthy and busy mount' timeout 5 fumount -R mnt
like 'the error: its server answers' "$err" 'its server answers'
unlike 'no error has: is aborted' "$err" 'is aborted'
like '-R names the holder' "$err" "held by $holder \(sleep\) of root: cwd"
is 'no FUSE mount is left' "$(own_mounts)" ''
ok 'the holder of the detached mount can still read' ls "/proc/$holder/cwd/file"
ok 'the connection of the detached mount stays' test -e "ctl/$conn"
kill "$holder"
ok 'the connection ends' within 2 no_conn
serve slow
access bash -c 'while :; do cat mnt/x; done'
sleep 0.3
exits 0 '-R of a mount whose server is slow' timeout 5 fumount -R mnt
unlike 'no error has: is aborted' "$err" 'is aborted'
is 'no FUSE mount is left' "$(own_mounts)" ''
kill "${accessors[@]}"
ok 'the connection ends' within 3 no_conn
accessors=()
serve good
exec 7<mnt/file
exits 0 '-R -f: healthy' timeout 5 fumount -R -f mnt
like '-R -f aborts a healthy connection, too' "$err" "connection $conn is aborted"
exec 7<&-
ok 'the connection ends' within 2 no_conn

# Stacks, binds, moves, other mount namespaces.
conns=()
for i in 1 2 3 4 5; do
	serve good
	conns+=("$conn:$server")
	case $i in
	2) kill -KILL "$server" ;;
	3) kill -STOP "$server" ;;
	esac
done
exits 0 'a stack of five, one dead, one stopped' timeout 5 fumount -R mnt
is 'fumount -R leaves no mount of the stack' "$(own_mounts)" ''
for conn in "${conns[@]}"; do
	kill -KILL "${conn#*:}" 2>/dev/null
	conn=${conn%:*}
	ok 'each connection of the stack is gone' within 2 no_conn
done

serve good
mount --bind mnt bind
mkdir moved
mount --bind mnt inner
mount --move inner moved
unshare -m --propagation private sleep 100 & elsewhere=$!
pids+=("$elsewhere")
within 2 grep -q "$T/mnt" "/proc/$elsewhere/mountinfo"
stop "$server"
access stat mnt/none
ok 'binds: they wait' all_wait
recovered 'binds, one moved, and another mount namespace'
like '-R names the mount namespace where it unmounts' "$first" "in the mount namespace of $elsewhere \(sleep\): unmounted"
is 'no mount is left in the other mount namespace' "$(grep -c faulty "/proc/$elsewhere/mountinfo")" 0
kill "$elsewhere"

# A container: pivot_root, and a /proc that shows only its own processes.
mkdir -p image/{old,mnt,proc,bin}
cp "$BUILD/tests/tools/hold_path" image/bin/ 2>/dev/null
cp "$(command -v busybox)" image/bin/busybox
serve good
unshare -mpf --propagation private bash -c "
	mount --bind '$T/image' '$T/image' && mount --bind '$T/mnt' '$T/image/mnt' && cd '$T/image' &&
	busybox pivot_root . old && exec /bin/busybox sh -c 'busybox mount -t proc none /proc; busybox umount -l /old; exec busybox sleep 1234.$$'" &
pids+=($!)
within 3 pgrep -x -f "busybox sleep 1234.$$"
inside=$(pgrep -n -x -f "busybox sleep 1234.$$")
pids+=("$inside")
ok 'a mount that leaked into a container is in its mount table' within 3 grep -q ' /mnt .* - fuse.faulty' "/proc/$inside/mountinfo"
kill -KILL "$server"
recovered 'leaked into a container'
is 'no mount is left in the container' "$(grep -c fuse.faulty "/proc/$inside/mountinfo")" 0
kill -KILL "$inside"

# In a shared directory the copies in peers are unmounted with the mount, or found.
mkdir shared shared2
mount -t tmpfs none shared
mount --make-shared shared
mkdir shared/mnt
mount --bind shared shared2
faulty good "$T/shared/mnt"; server=$(newest faulty) conn=$(conn_of "$T/shared/mnt")
is 'a mount in a shared directory has propagated to its peer' "$(own_mounts | wc -l)" 2
stop "$server"
recovered 'shared' shared2/mnt
umount shared2 shared

# A covered mount is found by its connection and source; a FUSE cover is unmounted as well, another
# cover is not.
serve good -n by:source
recovered 'conn:N' "conn:$conn"
serve good -n by:source
recovered 'the source' by:source
serve good
mount -t tmpfs none mnt
exits 32 'covered by tmpfs' fumount -R "conn:$conn"
like 'the error: is covered by tmpfs' "$err" 'is covered by tmpfs'
umount mnt
hellofs -b bind
mount --move bind mnt
recovered 'covered by another FUSE mount' "conn:$conn"
# fumount -R unmounts a cover from that mountpoint only, not elsewhere.
serve good
hellofs -b bind
mount --bind bind other
mount --move bind mnt
exits 0 'a cover that is mounted elsewhere too' fumount -R "conn:$conn"
is '-R unmounts the cover there, and not its other mount' "$(own_mounts | sed 's/.*\///')" other
fumount other
serve good
mkdir plain
mount --bind mnt plain
mount -i -t fuse.x -o "fd=3,rootmode=100666,user_id=0,group_id=0" x mnt/file 3<>/dev/fuse
exits 0 '-R of a mount on a healthy FUSE mount' fumount -R mnt/file
is 'the healthy mount below stays, and its binds' "$(own_mounts | sed 's/.*\///' | paste -sd' ')" 'mnt plain'
fumount plain mnt
for word in mnt conn:99999; do exits 0 "-R where nothing is mounted succeeds: $word" fumount -R "$word"; done
for word in nowhere conn:x mnt-id: ''; do exits 32 "-R with a word that means no mount fails: $word" fumount -R "$word"; done
mount -t tmpfs none mnt
exits 32 '-R of a mount that is not FUSE' fumount -R mnt
umount mnt

# A mount that is detached and hung: only the connection's number leads to it.
serve good
cat mnt/file >/dev/null
stop "$server"
access cat mnt/none
all_wait
umount -l mnt
recovered 'one that was detached' "conn:$conn"

# FUSE below FUSE, the outer one stopped.
serve good
outer=$server outer_conn=$conn
mkdir outer
mount --move mnt outer
mount -t tmpfs none other
mkdir other/in
hellofs -b other/in
mount --rbind other outer/file 2>/dev/null || mount --bind other/in outer 2>/dev/null
exits 0 'a FUSE mount is stacked on the outer one' true
stop "$outer"
server=$outer conn=$outer_conn
exits 0 '-R of a hung mount with a FUSE mount below its path' timeout 5 fumount -R outer
is 'neither the outer mount nor the inner one is left' "$(own_mounts | grep -c outer)" 0
kill -KILL "$outer"
exits 0 '-R of the mount of which the inner one was a bind' fumount -R other/in
umount other

# Where fusectl is not mounted and cannot be mounted, -R uses MNT_FORCE.
umount ctl
no_conn() { true; }
serve good
stop "$server"
access cat mnt/none
all_wait
recovered 'without fusectl at hand'
# shellcheck disable=SC2016 # that shell is to expand it
exits 0 '-R in a user namespace, without fusectl' unshare -Urm bash -c '
	cd "$1" && faulty good "$1/mnt" && s=$(pgrep --ns $$ --nslist mnt -n -x faulty) && cat mnt/file >/dev/null && kill -STOP "$s" &&
	{ timeout 20 cat mnt/none & } 2>/dev/null; sleep 0.3; timeout 5 fumount -R mnt >log 2>&1; status=$?
	kill -KILL "$s"; wait %1; cat log >&2
	[ $status = 0 ] && ! grep -q faulty /proc/self/mountinfo' - "$T"
like '-R in a user namespace aborts or unmounts' "$err" 'is aborted|unmounted'

# Hostile names.
for name in "a b" $'new\nline' 'back\slash' '\040' '#' 'conn:7' $'\033[31m' "$(printf '\377\376')"; do
	mkdir -- "$name"
	faulty good "$T/$name"; server=$(newest faulty)
	stop "$server"
	access stat "$name/x"
	exits 0 "a name such as $(printf %q "$name")" timeout 5 fumount -R "./$name"
	is 'no mount with such a name is left' "$(own_mounts)" ''
	kill -KILL "$server"
done
unlike 'no escape character of a name is printed' "$err" $'\033'

# A path that is longer than PATH_MAX.
deep=$(printf 'd%.0s' {1..250})
# bash cannot change to such a directory.
deeper() { perl -e 'for (1 .. 20) { mkdir $ARGV[0]; chdir $ARGV[0] or die } shift; mkdir "end"; exec @ARGV' "$deep" "$@"; }
deeper faulty good end
server=$(newest faulty)
is 'a mount is at a path of more than 5,000 bytes' "$(awk '/faulty/ { print (length($5) > 5000) }' /proc/self/mountinfo)" 1
path=$T; for _ in {1..20}; do path+=/$deep; done
exits 0 '-R by a path of more than 5,000 bytes' timeout 5 fumount -R "$path/end"
is 'no mount is left below the long path' "$(grep -c faulty /proc/self/mountinfo)" 0
deeper faulty good end
is 'a mount is below the long path again' "$(grep -c faulty /proc/self/mountinfo)" 1
exits 0 'fumount from a directory whose path is too long' deeper fumount end
is 'fumount from there leaves no mount' "$(grep -c faulty /proc/self/mountinfo)" 0
deeper faulty good end
exits 0 '-R from a directory whose path is too long' deeper fumount -R ./end/../end
is '-R from there leaves no mount' "$(grep -c faulty /proc/self/mountinfo)" 0
finish
