#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fmount MOUNTPOINT -- PROGRAM: who the program is, what it gets, when fmount is
# back, and what is left when anything ends. Some want who may become another.
. "$(dirname "$0")/../lib.sh"
start 120
mkdir mnt mnt2
read_it() { timeout 5 cat "$1/hello"; }
gone_watchers() { [ -z "$(newest fmount)" ]; }
status_of() { cat "/proc/$1/status"; }
mkdir bin
cat >bin/shows <<'END'
#!/bin/sh
echo "argv:$*" >&2
echo "uid=$(id -u) gid=$(id -g) groups=$(id -G) clones=$FUSE_CLONE_FDS HOME=$HOME" >&2
grep -E '^(Cap(Eff|Bnd|Amb)|NoNewPrivs)' /proc/self/status >&2
ls -l /proc/self/fd | grep -c /dev/fuse >&2
END
cat >bin/fails <<'END'
#!/bin/sh
exit 5
END
cat >bin/closes <<'END'
#!/bin/bash
# A server that closes all descriptors that it does not know before it serves.
for fd in /proc/self/fd/*; do
	fd=${fd##*/}
	[ "/dev/fd/$fd" = "$1" ] || [ "$fd" -lt 3 ] || eval "exec $fd>&-" 2>/dev/null
done
exec hellofs "$1"
END
cp "$BUILD/fusebox" bin/hellofs
chmod 755 bin/*
PATH=$T/bin:$PATH

# ---- The descriptor ----
exits 0 'fmount appends the descriptor to the arguments of the program' fmount mnt -- shows a b
like 'the program gets: argv:a b /dev/fd/[0-9]+' "$err" 'argv:a b /dev/fd/[0-9]+'
like 'the program gets one descriptor of /dev/fuse' "$err" $'\n1$'
umount -l mnt
exits 0 'the descriptor in place of each {}' fmount mnt -- shows x={} {} y {}
like 'only {} as a whole word is replaced' "$err" 'argv:x=\{\} /dev/fd/[0-9]+ y /dev/fd/[0-9]+'
umount -l mnt
exits 0 '--clones' fmount --clones 3 mnt -- shows
like '--clones: the program gets the numbers of the clones' "$err" 'clones=[0-9]+,[0-9]+,[0-9]+ '
like '--clones 3: the program has four descriptors of /dev/fuse' "$err" $'\n4$'
umount -l mnt
exits 0 '--clones: as many as there may be' fmount --clones 256 mnt -- shows
is 'the program gets the number of each' "$(sed -n 's/.* clones=\([0-9,]*\) .*/\1/p' <<<"$err" | tr , '\n' | sort -u | grep -c .)" 256
umount -l mnt
exits 1 '--clones: more than the list in the environment may name' fmount --clones 257 mnt -- shows
is 'it says so' "$err" 'fmount: --clones: at most 256'
ok 'and nothing stays mounted' unmounted "$T/mnt"

# The name of a program is not cut where the path gets too long: /x/././...
deep=$T/bin
while [ ${#deep} -lt 4087 ]; do deep+=/.; done
cp bin/shows bin/shows-its-arguments
ln -s shows "bin/$(printf %s shows-its-arguments | cut -c "1-$((4094 - ${#deep}))")"
exits 127 'a program in a directory whose path is too long' env PATH="$deep" "$BUILD/fusebox" fmount mnt -- shows-its-arguments
umount -l mnt 2>/dev/null

# ---- Who the program is ----
exits 0 '--user' fmount --user daemon --drop-caps --no-new-privs mnt -- shows
like '--user: the program has the uid, gid and groups of the user' "$err" 'uid=1 gid=1 groups=1 '
like '--drop-caps: the program has no capability' "$err" $'CapEff:\t0000000000000000'
like '--drop-caps, --no-new-privs: no capability can be gained' "$err" $'CapBnd:\t0000000000000000\nCapAmb:\t0+\nNoNewPrivs:\t1'
umount -l mnt
exits 0 '--user, numbers' fmount -u 12345:23456 mnt -- shows
like 'the program runs with: uid=12345 gid=23456 groups=23456' "$err" 'uid=12345 gid=23456 groups=23456 '
umount -l mnt
exits 1 '--user with a name that does not exist' fmount --user nosuchuser mnt -- shows
like 'the error: fmount: nosuchuser:' "$err" 'fmount: nosuchuser: '
ok 'nothing is left mounted' unmounted "$T/mnt"
exits 127 'a program that does not exist' fmount mnt -- nosuchprogram
ok 'nothing is left mounted' unmounted "$T/mnt"
exits 127 '--user with a program that does not exist' fmount -u daemon mnt -- nosuchprogram
ok 'nothing is left mounted, although the program runs as another user' unmounted "$T/mnt"
chmod 700 bin/fails
exits 126 'a program that the user may not run' fmount -u daemon mnt -- "$T/bin/fails"
ok 'nothing is left mounted' unmounted "$T/mnt"
chmod 755 bin/fails

# ---- --wait ----
exits 0 '--wait' fmount --wait mnt -- hellofs
is 'the server answers' "$(read_it mnt)" hello
like 'the type is the name of the program' "$(mount_line "$T/mnt")" '- fuse.hellofs hellofs '
exits 0 'fumount' fumount mnt
exits 0 '--wait as another user, without a capability' fmount --wait -u nobody --drop-caps -o allow_other,ro mnt -- hellofs
is '--wait as another user: the mount serves' "$(read_it mnt)" hello
like '--wait as another user: the server runs as nobody' "$(status_of "$(newest hellofs)")" 'Uid:.65534'
exits 0 'fumount' fumount mnt
exits 1 '--wait: the program fails' fmount --wait mnt -- fails
like 'the error: fails: exited with status [0-9]+ before it answered' "$err" 'fails: exited with status [0-9]+ before it answered'
ok 'nothing is left mounted' unmounted "$T/mnt"
exits 1 '--wait: the program ends' fmount --wait mnt -- true
ok 'nothing is left mounted' unmounted "$T/mnt"
cat >bin/unmounted <<'END'
#!/bin/sh
umount -l mnt
exec hellofs "$1"
END
chmod 755 bin/unmounted
exits 1 '--wait: unmounted meanwhile' fmount --wait mnt -- unmounted
like 'the error tells that another process unmounted it' "$err" "fmount: $T/mnt: unmounted meanwhile by another process"
exits 1 '--wait: no answer in time' fmount --wait --timeout 1 mnt -- sh -c 'exec sleep 77'
like 'the error: sh: no answer within 1 second' "$err" 'sh: no answer within 1 second; killed and unmounted$'
ok 'nothing is left mounted' unmounted "$T/mnt"
ok 'after the time limit the program has ended' test -z "$(newest sleep)"

cat >bin/leaves <<'END'
#!/bin/sh
sleep 78 >/dev/null 2>&1 </dev/null &
echo $! >left
END
cat >bin/slow <<'END'
#!/bin/sh
(sleep 0.7; exec hellofs "$1") >/dev/null 2>&1 </dev/null &
END
cat >bin/moved <<'END'
#!/bin/sh
mount -n -i --no-canonicalize -o move mnt mnt2
exec "${SERVER:-hellofs}" "$1"
END
cat >bin/sleeps <<'END'
#!/bin/sh
exec sleep 79
END
chmod 755 bin/*
exits 1 '--wait: the program ends with 0, and the process that it leaves does not serve' fmount --wait --timeout 1 mnt -- leaves
is 'the error says so' "$err" 'fmount: leaves: no answer within 1 second; unmounted'
ok 'nothing is left mounted' unmounted "$T/mnt"
kill "$(cat left)"
exits 0 '--wait: a server that goes to the background before it answers' fmount --wait mnt -- slow
like 'has answered' "$(fuse-info mnt)" 'state +serving.*waiting +0'
fumount mnt
ok 'a mount of its own to move' mount -t tmpfs none mnt2
mount --make-private mnt2
umount mnt2
exits 0 '--wait: moved meanwhile, it serves' fmount --wait mnt -- moved
is 'at its new place' "$(read_it mnt2)" hello
fumount mnt2
exits 1 '--wait: moved meanwhile, and no answer' env SERVER=sleeps fmount --wait --timeout 1 mnt -- moved
is 'does not say that it is unmounted' "$err" 'fmount: moved: no answer within 1 second; killed and still mounted, since it was covered or moved meanwhile'
ok 'it is mounted' mounted "$T/mnt2"
umount -l mnt2

# ---- --fd-socket ----
bg fmount --fd-socket "$T/sock" mnt
ok '--fd-socket makes the socket' within 5 test -S sock
is '--fd-socket: only its owner may use the socket' "$(stat -c '%a %u' sock)" '600 0'
ok '--fd-socket: a server takes the descriptor' take_fd "$T/sock" hellofs
wait "$bg"
is '--fd-socket: fmount exits once the descriptor is taken' $? 0
ok '--fd-socket: the socket is removed' test ! -e sock
within 5 mounted "$T/mnt"
is '--fd-socket: the server that took the descriptor serves' "$(read_it mnt)" hello
exits 0 'fumount' fumount mnt
exits 1 '--fd-socket with an option for a program is refused' fmount --fd-socket "$T/sock" --auto-unmount mnt
like 'the error: fmount: --fd-socket: it starts no program' "$err" '^fmount: --fd-socket: it starts no program'
ok 'mnt is unmounted' unmounted "$T/mnt"
exits 1 '--fd-socket: no server takes the descriptor in time' fmount --fd-socket "$T/sock" --timeout 1 mnt
like 'the error: timed out' "$err" 'timed out'
ok 'nothing is left mounted' unmounted "$T/mnt"
: >sock
exits 1 '--fd-socket: the path exists' fmount --fd-socket "$T/sock" mnt
ok "the file at the socket's path stays" test -f sock
ok 'nothing is left mounted' unmounted "$T/mnt"

# ---- --auto-unmount ----
bg_timeout 20 unshare -pf --kill-child fmount --auto-unmount mnt -- hellofs
within 5 mounted "$T/mnt"
kill -TERM "$(newest hellofs)"
wait "$bg"
is 'fmount as process 1 ends' $? 0
ok 'mnt is unmounted in time' within 5 unmounted "$T/mnt"
exits 0 '--auto-unmount' fmount --wait --auto-unmount mnt -- hellofs
server=$(newest hellofs)
is '--auto-unmount: the mount serves' "$(read_it mnt)" hello
kill -9 "$server"
ok '--auto-unmount detaches the mount of a killed server' within 5 unmounted "$T/mnt"
exits 0 'a server that closes the rest' fmount --wait --auto-unmount mnt -- closes
is '--auto-unmount: a server that closes other descriptors serves' "$(read_it mnt)" hello
sleep 0.7
ok 'mnt is mounted' mounted "$T/mnt"
kill -9 "$(newest hellofs)"
ok 'the mount goes when the server is killed' within 5 unmounted "$T/mnt"
# The server's executable cannot be read, so even its own user may not look at its descriptors.
# fusectl shows that a server exists.
mkdir hidden
mount -t fusectl none /sys/fs/fuse/connections
install -m 711 "$BUILD/fusebox" hidden/hellofs
install -m 4755 "$BUILD/fusermount3" hidden/fusermount3
chmod 755 "$T"
chown 65534 mnt
own_dev
closes_as_nobody() # closes_as_nobody NAME STAYS GOES: the names of the three checks
{
	exits 0 "$1" setpriv --reuid 65534 --regid 65534 --clear-groups \
		env PATH="$T/hidden:$PATH" fmount --wait --auto-unmount "$T/mnt" -- closes
	sleep 1.2
	ok "$2" mounted "$T/mnt"
	kill -9 "$(newest hellofs)"
	ok "$3" within 5 unmounted "$T/mnt"
}
closes_as_nobody '--auto-unmount with a server that is not visible' 'mnt is mounted' \
	'the mount goes when the server is killed'
# Without fusectl the mount table and the server that is visible tell.
umount /sys/fs/fuse/connections
rm hidden/hellofs
closes_as_nobody '--auto-unmount by a user without fusectl' \
	'without fusectl, the mount of a server that closes other descriptors stays' \
	'without fusectl, the mount goes when the server is killed'
give_dev_back
chown 0 mnt
exits 0 '--auto-unmount: a mount that another one will replace' fmount --wait --auto-unmount mnt -- hellofs
server=$(newest hellofs)
umount -l mnt
exits 0 '--auto-unmount: another mount takes the place' hellofs -b mnt
kill -9 "$server"
sleep 0.5
ok 'mnt is mounted' mounted "$T/mnt"
exits 0 'fumount' fumount mnt
ok '--auto-unmount: the watcher has ended' within 5 gone_watchers
ok 'the mountpoint is not kept busy by the watcher' bash -c '
	fmount --wait --auto-unmount mnt -- hellofs && umount mnt'

# ---- --replace-stale ----
exits 0 'hellofs mounts' hellofs -b mnt
exits 1 '--replace-stale of one that lives' fmount --wait --replace-stale mnt -- hellofs
like 'the refusal names the process that serves it' "$err" 'mnt: not (stale: process [0-9]+ serves it|known to be stale)'
kill -9 "$(newest hellofs)"
exits 1 'without --replace-stale a dead mount is in the way' fmount --wait mnt -- hellofs
# --replace-stale needs a kernel that shows the connection of a descriptor, and all processes
# visible.
if [ "$(readlink /proc/self/ns/pid)" != 'pid:[4026531836]' ]; then
	skip '--replace-stale of a dead one' 'not the first PID namespace'
	umount -l mnt
else
	exits 0 '--replace-stale of a dead one' fmount --wait --replace-stale mnt -- hellofs
	is '--replace-stale: the new mount serves' "$(read_it mnt)" hello
	is '--replace-stale leaves one mount' "$(own_mounts | wc -l)" 1
	fumount mnt
fi

# A connection that lives although no process holds its descriptor, which is in a socket's queue.
bg python3 -c 'import ctypes, os, socket, time
fuse = os.open("/dev/fuse", os.O_RDWR)
ctypes.CDLL(None).mount(b"sent", b"mnt", b"fuse.sent", 6, b"fd=%d,rootmode=40000,user_id=0,group_id=0" % fuse)
pair = socket.socketpair()
socket.send_fds(pair[0], [b"x"], [fuse])
os.close(fuse)
open("sent", "w")
time.sleep(100)'
within 5 test -e sent
exits 1 '--replace-stale, a descriptor in a socket' fmount --wait --replace-stale mnt -- hellofs
like 'the error: mnt: not known to be stale' "$err" 'mnt: not known to be stale'
like 'the mount with the descriptor in a socket is unknown, not dead' "$(fuse-info --json mnt)" '"state":"unknown"'
kill "$bg"
umount -l mnt

# ---- --root-daemon ----
mount -t tmpfs none /run
mkdir /run/sendsigs.omit.d
exits 0 '--root-daemon' fmount --wait --root-daemon mnt -- hellofs
server=$(newest hellofs)
like '--root-daemon: argv[0] of the server begins with @' "$(tr '\0' ' ' <"/proc/$server/cmdline")" '^@hellofs /dev/fd/'
is '--root-daemon: the working directory of the server is /' "$(readlink "/proc/$server/cwd")" /
# Lowering oom_score_adj needs CAP_SYS_RESOURCE, which not every root has.
want=$(bash -c 'echo -1000 2>/dev/null >/proc/self/oom_score_adj; cat /proc/self/oom_score_adj' 2>/dev/null)
is '--root-daemon: the server is the last that the OOM killer takes' "$(cat "/proc/$server/oom_score_adj")" "$want"
is '--root-daemon: the server is in sendsigs.omit.d' "$(cat /run/sendsigs.omit.d/hellofs)" "$server"
is '--root-daemon: the mount serves' "$(read_it mnt)" hello
stop "$server"
is '--root-daemon: a server that was stopped and resumed serves' "$(timeout 5 cat mnt/hello; timeout 5 ls mnt/none 2>&1)" \
	"hellols: cannot access 'mnt/none': No such file or directory"
kill -CONT "$server"
fumount mnt
ok '--root-daemon: the entry is removed with its server' within 5 test ! -e /run/sendsigs.omit.d/hellofs
ok '--root-daemon: the process that waited for the server has ended' within 5 eval '! pgrep --ns $$ --nslist mnt -x fuse-omit'
mkdir other
fmount --wait --root-daemon mnt -- hellofs
first=$(cat /run/sendsigs.omit.d/hellofs)
fmount --wait --root-daemon other -- hellofs
second=$(cat /run/sendsigs.omit.d/hellofs)
is '--root-daemon: each of two servers has a watcher' "$(pgrep --ns $$ --nslist mnt -c -x fuse-omit)" 2
ok '--root-daemon: no watcher holds the device' eval '! readlink $(pgrep --ns $$ --nslist mnt -x fuse-omit | sed "s,.*,/proc/&/fd/*,") | grep -q /dev/fuse'
kill -KILL "$first"
ok '--root-daemon: the watcher of a killed server ends' within 5 eval '[ "$(pgrep --ns $$ --nslist mnt -c -x fuse-omit)" = 1 ]'
is '--root-daemon: the watcher leaves the entry of another server' "$(cat /run/sendsigs.omit.d/hellofs)" "$second"
kill -KILL "$second"
ok '--root-daemon: that entry is removed with the other server' within 5 test ! -e /run/sendsigs.omit.d/hellofs
fumount -qR mnt other
mkdir src
echo hello >src/hello
exits 0 '--root-daemon with passfs' fmount --wait --root-daemon mnt -- passfs --threads=3 --no-passthrough "$T/src" {}
server=$(cat /run/sendsigs.omit.d/passfs)
seq 3 | xargs -P 3 -I {} cat mnt/hello >seen
stop "$server"
is '--root-daemon: a passfs that was stopped and resumed serves' "$(timeout 5 bash -c 'echo more >>mnt/hello; cat mnt/hello')" \
	$'hello\nmore'
kill -CONT "$server"
fumount mnt
umount /run
finish
