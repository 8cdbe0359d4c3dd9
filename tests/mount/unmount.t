#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fumount on one mount: who holds it, waiting for them, signalling them, what becomes of
# the connection, other mount namespaces, ordinary users, no /proc.
. "$(dirname "$0")/../lib.sh"
start 120
mkdir mnt other ctl
mount -t fusectl none ctl
serve()
{
	faulty "$@" "$T/mnt"
	server=$(newest faulty) conn=$(conn_of "$T/mnt")
	inode=$(inode_of "$conn")
	pids+=("$server")
}
# The next mount of another test may get the number at once: the inode of the fusectl directory
# differs.
inode_of() { stat -c %i "$T/ctl/$1" 2>/dev/null; }
no_conn() { [ "$(inode_of "$conn")" != "$inode" ]; }
# Use mount(2): with the newer calls util-linux 2.41 loses the subtype.
mount_x() { LIBMOUNT_FORCE_MOUNT2=always mount -i -t fuse.x "$@"; }
# hold COMMAND...: returns once COMMAND, or its child, holds a mount or waits for its server.
hold() { "$@" & holder=$!; pids+=("$holder"); within 5 holds; }
holds()
{
	local pid
	for pid in "$holder" $(pgrep -P "$holder"); do
		! blocked "$pid" && ! open_in "$T/\(mnt\|user\)" "$pid" && ! grep -qs " $T/mnt/" "/proc/$pid/maps" || return 0
	done
	return 1
}
let_go() { pkill -P "$holder"; kill "$holder"; wait "$holder"; } 2>/dev/null

# Each kind of holder is named.
kind() # kind NAME HOW COMMAND...
{
	local name=$1 how=$2; shift 2
	serve good
	hold "$@"
	exits 32 "fumount of a mount that is busy by: $name" timeout 5 fumount mnt
	like 'the error: mnt: busy; fumount -l detaches it' "$err" 'mnt: busy; fumount -l detaches it'
	like "the holder is named: $name" "$err" "held by [0-9]+ \([^)]*\) of root: [^:]*$how"
	let_go
	exits 0 "fumount -w once the holder ends: $name" timeout 5 fumount -w 5 mnt
	ok 'the connection ends' within 2 no_conn
}
kind 'working directory' cwd sh -c 'cd mnt && exec sleep 100'
kind 'open file' "open file $T/mnt/file" sh -c 'exec sleep 100 <mnt/file'
kind 'mapping' "mapping $T/mnt/file" hold_map mnt/file
kind 'O_PATH' "open file $T/mnt" perl -e 'sysopen F, "mnt", 010000000 or die; sleep 100'
kind 'root' root perl -e 'chroot "mnt" or die; chdir "/"; sleep 100'

kind "a thread's working directory" cwd hold_thread cwd mnt
kind "a thread's open file" "open file $T/mnt/file" hold_thread file mnt/file

# A loop device on a file of the mount: the kernel itself holds it.
mkdir images
truncate -s 1M images/disk
passfs -b images mnt
if device=$(losetup -f --show mnt/disk 2>/dev/null); then
	exits 32 'a loop device: busy' timeout 5 fumount mnt
	like 'the loop device is named as holder' "$err" "held by ${device#/dev/}: loop device $T/mnt/disk"
	unlike 'no error has: no process that is visible' "$err" 'no process that is visible'
	exits 0 'fuse-info of a mount that a loop device holds' fuse-info mnt
	like 'fuse-info names the loop device, too' "$out" "held_by +${device#/dev/}: loop device $T/mnt/disk"
	exits 32 '-k of a mount that a loop device holds' timeout 5 fumount -k -w 1 mnt
	ok '-k signals no process for a loop device' kill -0 $$
	losetup -d "$device"
elif [ "${CI:-}" = true ]; then
	skip 'loop devices' 'no loop device'
fi
exits 0 'fumount -w once no process holds the mount' fumount -w 5 mnt

# The upper server holds the lower mount, its SOURCE, for a moment after it was unmounted.
mkdir src upper
at_once=0
for _ in 1 2 3 4 5 6 7 8 9 10; do
	passfs -b src other; passfs -b --threads=4 other upper
	fumount upper
	if fumount -q other 2>/dev/null; then at_once=$((at_once + 1)); else within 5 fumount -q other; fi
done
ok 'a stack of two servers: fumount of one, then of the other' test "$at_once" -ge 5
diag "$at_once of 10 at once"

serve good
exec 7<mnt/file
exits 32 '--json: busy' fumount --json mnt
is 'the output of --json is JSON' "$(python3 -c 'import json,sys; d = json.load(sys.stdin)[0]; print(d["target"], d["status"], *sorted({e["event"] for e in d["events"]}))' <<<"$out")" 'mnt 32 busy holder'
is '--json has the holder' "$(python3 -c 'import json,sys; e = [e for e in json.load(sys.stdin)[0]["events"] if e["event"] == "holder" and e["pid"] == int(sys.argv[1])][0]; print(e["user"], e["command"], e["how"], e["file"])' $$ <<<"$out")" "root bash open file $T/mnt/file"
exits 32 'fumount -q of a busy mount' fumount -q mnt
is '-q prints nothing on stderr and stdout' "$err$out" ''
exec 7<&-
mount -t tmpfs none mnt
mkdir mnt/sub
exits 32 'covered by what is no FUSE mount' fumount mnt
like 'the error tells which FUSE mount the other one covers' "$err" "not a FUSE mount; it covers fuse.faulty \\(faulty\\), conn:$conn"
exits 0 '-i unmounts what is not FUSE' fumount -i mnt
mount_x -o "fd=3,rootmode=100666,user_id=0,group_id=0" x mnt/file 3<>/dev/fuse
exits 32 'fumount of a mount with another mount on it' fumount mnt
like 'the mount on it is named' "$err" "held by what is mounted on it: fuse.x at $T/mnt/file"
umount mnt/file
mount --bind mnt other
exits 0 'a bind mount elsewhere does not make it busy' fumount -v mnt
like '-v says that it is unmounted' "$err" '^fumount: mnt: unmounted$'
ok 'the bind mount is still served' cat other/file
exits 0 '-l of the last mount of the connection' fumount -l other
like '-l reports that the connection is gone' "$err" "^fumount: other: connection $conn is gone$"

# A holder that no process shows: a descriptor in transit over a socket.
serve good
bg python3 -c 'import os, socket, time
a, b = socket.socketpair()
fd = os.open("mnt/file", os.O_RDONLY)
socket.send_fds(a, [b"x"], [fd])
os.close(fd)
open("sent", "w")
time.sleep(600)'
within 5 test -e sent
exits 32 'held by a descriptor that is in transit over a socket' fumount mnt
like 'fumount reports that no visible process holds it' "$err" 'no process that is visible to this user holds it'
kill "$bg"
exits 0 'fumount -w once the process with the socket has ended' fumount -w 5 mnt

# -l: who keeps it.
serve good
mount --bind mnt other
unshare -m --propagation private sleep 100 & elsewhere=$!
pids+=("$elsewhere")
within 2 grep -q "$T/mnt" "/proc/$elsewhere/mountinfo"
hold sh -c 'cd mnt && exec sleep 100'
exits 0 '-l of a mount whose connection a process keeps' fumount -l mnt
like 'fumount -l reports that the connection stays while a process holds it' "$err" "connection $conn stays until no process holds it"
like '-l names the process that keeps the connection' "$err" "held by $holder \(sleep\) of root: cwd"
like '-l names the bind mount that keeps the connection' "$err" "mounted at $T/other"
like '-l names the mount in another mount namespace' "$err" "mounted in the mount namespace of $elsewhere \(sleep\), at $T/mnt"
let_go
umount -l other
# -N: there.
exits 0 '-N PID' fumount -N "$elsewhere" "$T/mnt"
exits 0 '-N PID, the bind there' fumount -N "/proc/$elsewhere/ns/mnt" "$T/other"
ok 'the connection ends with the last bind' within 2 no_conn
kill "$elsewhere"
exits 32 '-N: no such process' fumount -N 999999999 mnt
like 'the error: fumount: 999999999: No such process' "$err" '^fumount: 999999999: No such process$'

# -w
serve good
hold sh -c 'cd mnt && exec sleep 1.2'
began=${EPOCHREALTIME/./}
exits 0 '-w 200 waits' fumount -w 200 mnt
ok '-w waits until the holder ends, not for 200 s' since "$began" 5
serve good
hold sh -c 'cd mnt && exec sleep 100'
began=${EPOCHREALTIME/./}
exits 32 '-w 1 of a mount that stays busy' fumount -w 1 mnt
ok '-w 1 ends after about a second' since "$began" 3
script -qec 'fumount -w 1 mnt' /dev/null >screen </dev/null
like 'on a terminal -w shows for which process it waits, and how long' "$(cat -v screen)" "\^Mfumount: mnt: 0 s, waiting for $holder \(sleep\)\^\[\[K\^M"
# -k
exits 0 '-k' fumount -k mnt
like '-k names the process that it signals' "$err" "$holder \(sleep\): signalled"
ok '-k ends the holder' within 2 gone "$holder"
serve good
hold bash -c 'trap "" TERM; cd mnt; while :; do sleep 0.2; done'
exits 32 '-k with a holder that ignores SIGTERM' fumount -k -w 1 mnt
exits 0 '-kKILL' fumount -kKILL mnt
serve good
hold sh -c 'cd mnt && exec sleep 100'
exits 0 '--kill=9 --wait=3' fumount --kill=9 --wait=3 mnt
serve good
exits 1 'no such signal' fumount -kNONE mnt
exits 1 'detached at once, nobody is signalled' fumount -k -l mnt
exits 1 '-w with -R is refused' fumount -w 1 -R mnt
like '-w with -R is a usage error' "$err" '^fumount: -w and -k exclude -l, -f, -R and --abort'

# --abort, -f
exits 0 '--abort' fumount --abort mnt
ok '--abort leaves the mount in place' mounted "$T/mnt"
like 'after --abort the mount is dead' "$(stat mnt/x 2>&1)" 'not connected|aborted'
exits 0 'fumount unmounts the aborted mount' fumount mnt
serve good
exec 7<mnt/file
exits 0 '-f, busy' fumount -f mnt
like '-f says that the connection is aborted' "$err" "connection $conn is aborted"
like '-f names the holder that is left' "$err" "held by $$ \(bash\)"
exits 0 '--abort of a detached connection' fumount --abort "conn:$conn"
exec 7<&-
ok 'the connection ends' within 2 no_conn
# Do not reuse the connection's number here: the next mount of the machine gets it.
exits 32 '--abort of a connection that does not exist' fumount --abort conn:99999

# A bind mount dies with the connection.
serve good
mount --bind mnt other
unshare -m --propagation private sleep 100 & elsewhere=$!
pids+=("$elsewhere")
within 2 grep -q "$T/mnt" "/proc/$elsewhere/mountinfo"
exits 0 '-f of a bind' fumount -f other
like '-f of a bind names the other mount, which is dead as well' "$err" "other: dead as well: $T/mnt"
like '-f of a bind names the mount in another mount namespace, too' "$err" "dead as well: in the mount namespace of $elsewhere \(sleep\), at $T/mnt"
unlike '-f does not name the mount that it has detached' "$err" "dead as well: $T/other"
kill "$elsewhere"
wait "$elsewhere" 2>/dev/null
exits 0 '--abort, as JSON' fumount --abort --json mnt
unlike '--abort --json of the only mount names no other dead mount' "$out" '"dead"'
mount --bind mnt other
exits 0 '--abort --json of a mount with a bind' fumount --abort --json mnt
like '--abort --json names the bind as dead' "$out" '"event":"dead","text":"dead as well: [^"]*/other"'
umount other
exits 0 '-f of the aborted mount' fumount -f mnt
ok 'the connection ends' within 2 no_conn

umount ctl
serve good
stop "$server"
hold stat mnt/none
exits 0 '--abort without fusectl at hand' fumount --abort mnt
ok '--abort without fusectl wakes the waiting process' within 2 gone "$holder"
exits 0 '-f without fusectl at hand' fumount -f mnt
kill -KILL "$server"
mount -t fusectl none ctl

# A FUSE mount inside another one: fumount looks up the path only if the outer server answers.
mkdir tree
faulty good "$T/tree"; outer=$(newest faulty) outer_conn=$(conn_of "$T/tree")
pids+=("$outer")
mount_x -o "fd=3,rootmode=100666,user_id=0,group_id=0" x tree/file 3<>/dev/fuse
ok 'tree/file is mounted' mounted "$T/tree/file"
exits 0 'fumount of the inner of two nested mounts, by its path' timeout 5 fumount tree/file
mount_x -o "fd=3,rootmode=100666,user_id=0,group_id=0" x tree/file 3<>/dev/fuse
stop "$outer"
bg stat tree/none
within 5 blocked "$bg"
exits 32 'fumount of the inner mount when the outer does not answer' timeout 5 fumount tree/file
like 'the error tells to unmount the outer mount first' "$err" "below another FUSE mount, conn:$outer_conn, which does not answer; unmount that first"
exits 32 'fumount of the inner mount when the outer server cannot be seen' timeout 5 \
	unshare -pf --kill-child --mount-proc fumount tree/file
like 'the outer mount, which does not answer, is named then, too' "$err" "below another FUSE mount, conn:$outer_conn, which does not answer"
exits 0 '-R of the outer mount' timeout 5 fumount -R tree
ok 'tree/file is unmounted' unmounted "$T/tree/file"
kill -KILL "$outer"

# fuseblk: umount2(2) itself waits for the server.
if device=$(truncate -s 1M disk && losetup -f --show disk 2>/dev/null); then
	blk_conn() { local d; d=$(mount_line "$T/mnt" | cut -d' ' -f3); echo $(((${d%:*} << 20) | ${d#*:})); }
	for how in '' -l -f -R; do
		faulty -b "$device" good mnt; server=$(newest faulty) conn=$(blk_conn)
		exits 0 "fuseblk ${how:-plain}" timeout 10 fumount $how mnt
		ok 'the server has ended' within 3 gone "$server"
	done
	for how in '' -l -f -R; do
		faulty -b "$device" good mnt; server=$(newest faulty) conn=$(blk_conn)
		pids+=("$server")
		stop "$server"
		exits 0 "fuseblk that hangs ${how:-plain}" timeout 10 fumount $how mnt
		ok 'mnt is unmounted' unmounted "$T/mnt"
		ok 'its connection is gone' within 3 test ! -e "ctl/$conn"
		kill -KILL "$server"
	done
	like 'the error: aborted' "$err" 'aborted'
	within 5 losetup -d "$device"
elif [ "${CI:-}" = true ]; then
	skip fuseblk 'no loop device'
fi

# An ordinary user unmounts only their own mounts, through the helper or inside their own user
# namespace.
own_dev
helper=$T/helper
mkdir "$helper" user
install -m 4755 "$BUILD/fusermount3" "$helper/fusermount3"
chown 65534 user
nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups env PATH="$helper:$PATH" "$@"; }
nobody hellofs -b user
exits 0 'fumount by an ordinary user, of their own mount' nobody fumount user
is 'an ordinary user unmounts their own mount' "$(own_mounts)" ''
nobody hellofs -b user
exec 7<user/hello 2>/dev/null
hold nobody sh -c 'cd user && exec sleep 100'
exits 32 'fumount by an ordinary user, of their own busy mount' nobody fumount user
like 'the holder is named to an ordinary user' "$err" 'held by [0-9]+ \(sleep\) of nobody: cwd'
exits 0 'fumount -l by an ordinary user, of their own busy mount' nobody fumount -l user
let_go
serve good
exits 1 'fumount of the mount of another user' nobody fumount mnt
like 'the mount of another user: Operation not permitted' "$err" 'Operation not permitted'
exits 1 'fumount -f of the mount of another user' nobody fumount -f mnt
exits 1 'fumount -R of the mount of another user' nobody fumount -R mnt
exits 1 'fumount --abort of the mount of another user' nobody fumount --abort mnt
ok 'the mount of the other user still serves' cat mnt/file
nobody hellofs -b user
exits 0 'fumount -a by an ordinary user' nobody fumount -a
ok 'mnt is mounted' mounted "$T/mnt"
nobody hellofs -b user
mine=$(newest hellofs)
stop "$mine"
hold nobody stat user/none
exits 0 'fumount -R by an ordinary user, of their own hung mount, without fusectl' nobody timeout "$(longer 5)" fumount -R user
like 'the waiter is woken, without fusectl' "$err" '1 request ended with ETIMEDOUT'
ok 'the waiter ends' within 2 gone "$holder"
kill -KILL "$mine"
# If fusectl is mounted, the owner of a connection may abort it.
mount -t fusectl none /sys/fs/fuse/connections
nobody hellofs -b user
mine=$(newest hellofs)
stop "$mine"
hold nobody stat user/none
exits 0 'fumount -R by an ordinary user, with fusectl' nobody timeout "$(longer 5)" fumount -R user
like 'the waiter is woken, with fusectl' "$err" '1 request ended with ETIMEDOUT'
ok 'the waiter ends' within 2 gone "$holder"
kill -KILL "$mine"
umount /sys/fs/fuse/connections
fumount mnt
give_dev_back

# Without /proc: by statmount(2), or otherwise by the path alone.
mkdir -p root/{bin,dev,mnt,mnt2}
cp "$STATIC_BOX" root/bin/fusebox
touch root/dev/fuse root/dev/null
mount --bind /dev/fuse root/dev/fuse
mount --bind /dev/null root/dev/null
no_proc() { chroot root /bin/fusebox "$@"; }
faulty good "$T/root/mnt"; server=$(newest faulty)
exits 0 'no /proc: in the list' no_proc fuse-info -l
like 'no /proc: fuse-info -l lists the mount' "$out" 'fuse.faulty +faulty +/mnt'
exits 0 'no /proc: fumount' no_proc fumount -v /mnt
like 'no /proc: fumount -v says unmounted' "$err" 'unmounted'
faulty good "$T/root/mnt"
exits 0 'no /proc: by source' no_proc fumount faulty
faulty good "$T/root/mnt"; server=$(newest faulty)
stop "$server"
hold stat root/mnt/none
exits 0 'no /proc: -f' no_proc fumount -f /mnt
ok 'no /proc: -f wakes the waiting process' within 2 gone "$holder"
kill -KILL "$server"
is 'no FUSE mount is left after -f without /proc' "$(own_mounts)" ''
faulty good "$T/root/mnt"
exits 0 'no /proc: -R' no_proc fumount -R /mnt
is 'no FUSE mount is left after -R without /proc' "$(own_mounts)" ''
exits 32 'no /proc: no mount' no_proc fumount /mnt
# In a directory of a user, a name may lead to another mount at any moment.
faulty good "$T/root/mnt"
chown 65534 root
exits 32 'no /proc: -l in a directory of a user' no_proc fumount -l /mnt
ok 'no /proc: -l in a directory of a user leaves the mount' mounted "$T/root/mnt"
chown 0 root
exits 0 'no /proc: -l in one of root' no_proc fumount -l /mnt
ok 'no /proc: -l in a directory of root detaches the mount' unmounted "$T/root/mnt"

# Below a FUSE mount: an older mount was moved onto a newer one.
mkdir outer bind
exits 0 'passfs serves a tree with a mountpoint' passfs -b root outer
for i in 1 2; do
	exits 0 "mount number $i on the bind" hellofs -b "upper$i" bind
	exits 0 'a second mount of the same source covers the first' hellofs -b "lower$i" outer/mnt
	mount --move bind outer/mnt
	upper=$(mount_line "$T/outer/mnt" | awk "/upper$i/"' { print $3 }')
	exits 32 'fumount by the source of a covered mount' fumount "lower$i"
	like 'the error names the mount that covers it' "$err" "lower$i: covered by fuse.hellofs \(upper$i\), conn:${upper#*:}"
	[ $i = 1 ] || exits 0 '--abort, by path' fumount --abort outer/mnt
	like 'the covered mount still serves' "$(fuse-info --json "lower$i")" '"state":"serving"'
	exits 0 '-l by path takes the upper one of two mounts' fumount -l outer/mnt
	unlike 'the upper mount is gone' "$(mount_line "$T/outer/mnt")" "upper$i"
	exits 0 'the lower mount, now uncovered, by its source' fumount "lower$i"
done
exits 0 'fumount of the tree' fumount outer

# In a chroot with /proc and a read-only root.
mkdir root/proc
mount --bind root root
mount --bind /dev/fuse root/dev/fuse
mount -t proc proc root/proc
mount -o remount,bind,ro root
faulty good "$T/root/mnt"; server=$(newest faulty)
exits 0 'chroot, read-only: fuse-info' no_proc fuse-info /mnt
like 'chroot, read-only: fuse-info names the server' "$out" "server +$server \(faulty\)"
stop "$server"
hold stat root/mnt/none
exits 0 'chroot, read-only: -R' no_proc fumount -R /mnt
ok 'chroot, read-only: -R wakes the waiting process' within 2 gone "$holder"
kill -KILL "$server"
faulty good "$T/root/mnt"
exits 0 'chroot, read-only: by source' no_proc fumount -l faulty
is 'no FUSE mount is left' "$(own_mounts)" ''
umount -R root
umount root/dev/fuse root/dev/null
finish
