#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# hellofs on a real mount: its tree, its requests, signals, and bad ends.
. "$(dirname "$0")/../lib.sh"
start 120
mkdir mnt

serve() # serve ARGUMENTS: hellofs in the foreground on ./mnt, its messages in ./log
{
	# In a shell without job control, background processes ignore SIGINT.
	bg env --default-signal=INT hellofs "$@" ./mnt 2>log
	within 5 mounted "$T/mnt" && within 5 cat mnt/hello
}

serve
is 'hello says hello' "$(cat mnt/hello)" hello
is 'hello has five bytes' "$(wc -c <mnt/hello)" 5
is 'inode, mode, owner, time' "$(stat -c '%i %a %u:%g %Y %s' mnt/hello)" '2 644 0:0 0 5'
is 'the root has inode 1 and mode 755' "$(stat -c '%i %a %F' mnt)" '1 755 directory'
is 'the directory has hello and no other file' "$(ls -a mnt)" "$(printf '%s\n' . .. hello)"
is 'reads at an offset' "$(dd if=mnt/hello bs=1 skip=1 count=3 status=none)" ell
is 'reads past the end' "$(dd if=mnt/hello bs=1 skip=9 status=none 2>&1)" ''
exits 1 'no other file exists' cat mnt/other
exits 1 'writing fails' bash -c 'echo x >mnt/hello'
like 'the error: Read-only file system' "$err" 'Read-only file system'
exits 1 'creating fails' bash -c 'echo x >mnt/new'
like 'the error: Read-only file system' "$err" 'Read-only file system'
exits 1 'removing fails' rm -f mnt/hello
ok 'statfs(2) succeeds' stat -f mnt
like 'the mount table has type, source and options' "$(mount_line "$T/mnt")" \
	"$T/mnt ro,nosuid,nodev,relatime.* - fuse.hellofs hellofs ro,.*default_permissions,allow_other"
exits 1 'a second hellofs at the same mountpoint' hellofs ./mnt
like 'a second mount is refused, and the error says what to do' "$err" 'already mounted; unmount it first'
kill -TERM "$bg"
wait "$bg"
is 'SIGTERM: a clean end' $? 0
ok 'mnt is unmounted' unmounted "$T/mnt"
is 'hellofs says that it mounts and unmounts' "$(cat log)" "$(printf 'Mounting hellofs on "./mnt"\nUnmounting "./mnt"')"

for signal in INT HUP; do
	serve
	kill -"$signal" "$bg"
	wait "$bg"
	is "SIG$signal: a clean end" "$? $(own_mounts)" '0 '
done

# A signal that is ignored at the start, as by nohup(1), stays ignored.
bg env --ignore-signal=HUP,INT,TERM hellofs ./mnt 2>log
within 5 mounted "$T/mnt"
kill -HUP "$bg"; kill -INT "$bg"; kill -TERM "$bg"
sleep 0.3
is 'ignored signals: it serves on' "$(timeout 5 cat mnt/hello) $(cat log)" 'hello Mounting hellofs on "./mnt"'
umount mnt
wait "$bg"

# Blocked signals survive execve(2).
for signal in TERM INT HUP; do
	bg env --default-signal --block-signal hellofs ./mnt 2>log
	within 5 mounted "$T/mnt"
	kill -"$signal" "$bg"
	ok "SIG$signal, blocked at the start: it ends" within 5 gone "$bg" || kill -9 "$bg"
	wait "$bg"
	is "SIG$signal, blocked at the start: cleanly" "$? $(own_mounts)" '0 '
done

serve
umount mnt
wait "$bg"
is 'umount by another: a clean end' $? 0

# The server may have children that it did not start: those of the program that executed it, and
# orphans if it is process 1.
bg_timeout 10 sh -c 'sleep 300 & echo $! >child; exec hellofs ./mnt' 2>log
within 5 mounted "$T/mnt"
pids+=("$(cat child)")
umount mnt
wait "$bg"
is "it does not wait for another program's child" $? 0
kill "$(cat child)"
# The signal reaches process 1 of another namespace from outside.
bg_timeout 20 unshare -pf --kill-child sh -c \
	'sleep 300 & (sleep 0.1; exit 3) & (sleep 300 &) ; exec hellofs ./mnt' 2>log
within 5 mounted "$T/mnt"
sleep 0.3
reaped() { [ "$(pgrep -c -r Z -P "$(newest hellofs)")" = 0 ]; }
ok 'hellofs as process 1 reaps orphans' within 5 reaped
kill -TERM "$(newest hellofs)"
wait "$bg"
is 'hellofs as process 1 ends although other processes run' $? 0
ok 'mnt is unmounted' unmounted "$T/mnt"

# A busy mount: the server names the holder, detaches, and serves until the holder closes.
serve
bg bash -c 'cd mnt; exec sleep 60'
holder=$bg server=${pids[-2]}
within 5 open_in "$T/mnt" "$holder"
kill -TERM "$server"
within 5 unmounted "$T/mnt"
ok 'hellofs detaches a busy mount' unmounted "$T/mnt"
within 5 grep -q 'signal again' log
like 'hellofs names the process that keeps the mount busy' "$(cat log)" "held by $holder \((bash|sleep)\) of root: cwd"
is 'busy: the detached mount is still served' "$(cat "/proc/$holder/cwd/hello")" hello
kill "$holder"
wait "$server"
is 'the unmounter ends once no process holds the mount' $? 0

# A second signal aborts.
serve
sleep 100 7<mnt/hello &
holder=$!
pids+=("$holder")
within 5 open_in "$T/mnt" "$holder"
kill -TERM "$bg"
within 5 grep -q 'open file' log
like 'hellofs names a process with an open file' "$(cat log)" "held by $holder \((bash|sleep)\) of root: open file"
sleep 0.3
kill -TERM "$bg"
wait "$bg"
is 'a second signal aborts: exit 1' $? 1
kill "$holder"
ok 'after the second signal nothing is mounted' unmounted "$T/mnt"

# timeout(1) signals its child and then its group, where the child is: that is one signal.
codes=''
for _ in 1 2 3 4 5 6 7 8 9 10; do
	serve
	kill -TERM "$bg"; kill -TERM "$bg"
	wait "$bg"
	codes+=" $?"
done
is 'two signals at once do not abort' "$codes" ' 0 0 0 0 0 0 0 0 0 0'
ok 'the mount is gone' unmounted "$T/mnt"

# After a kill -9 the mount is dead; fumount clears it.
serve
kill -9 "$bg"
wait "$bg" 2>/dev/null
exits 0 'fumount after kill -9' fumount mnt
ok 'fumount clears a dead mount' unmounted "$T/mnt"

# Another mount that has taken its place is not the server's to unmount.
serve
old=$bg
(cd mnt && exec sleep 60) & holder=$!; pids+=("$holder")
within 5 open_in "$T/mnt" "$holder"
umount -l mnt
hellofs -b -o fsname=new mnt 2>/dev/null
kill -TERM "$old"
ok 'the unmounter of a detached mount leaves a new mount in its place' within 5 grep -q 'covered, moved or detached meanwhile' log
like 'the mount that took the place stays' "$(mount_line "$T/mnt")" ' fuse.hellofs new '
kill "$holder"
wait "$old"
is 'the old server ends with its holder' $? 0
exits 0 'fumount of the new one' fumount mnt

# A warm cache: the second look sends no requests, unless another test drops the machine's caches.
machine shared
serve -d
look() { ls -la mnt; stat mnt mnt/hello; cat mnt/hello; } >/dev/null
look; look
before=$(wc -l <log)
look; look; look
is 'a warm mount sends no requests' "$(wc -l <log)" "$before"
machine free
like 'requests are shown' "$(cat log)" 'LOOKUP node 1 "hello".* -> ok'
kill "$bg"; wait "$bg"

serve -o rw
exits 1 'mounted rw, writing fails all the same' bash -c 'echo x >mnt/hello'
like 'the error: Read-only file system' "$err" 'Read-only file system'
exits 1 'mounted rw, creating fails all the same' touch mnt/new
exits 1 'mounted rw, no shared mapping can be written' shared_write mnt/hello
is 'the file has its five bytes after the refused calls' "$(cat mnt/hello)" hello
kill "$bg"; wait "$bg"

serve
exits 1 'mounted ro, no shared mapping can be written' shared_write mnt/hello
is 'the file has its five bytes after the refused mapping' "$(cat mnt/hello)" hello
kill "$bg"; wait "$bg"

# -b, --ready-fd, and unusual names.
exits 0 '-b returns when the mount answers' hellofs -b mnt
is '-b: the mount answers at once' "$(cat mnt/hello)" hello
exits 0 'fumount' fumount mnt
exits 1 'hellofs -b fails where the mountpoint does not exist' hellofs -b /nonexistent/mnt
like 'the error: No such file or directory' "$err" 'No such file or directory'
exec 8< <(hellofs --ready-fd 9 mnt 9>&1 2>/dev/null)
is '--ready-fd gets a newline once the mount answers' "$(head -c 1 <&8 | od -An -c | tr -d ' ')" '\n'
fumount mnt; exec 8<&-

odd=$'a b\tc\nd,e\\f'
mkdir "$odd"
exits 0 'a mountpoint with blanks, newlines, commas and backslashes' hellofs -b "$odd"
is 'the mount with the odd name serves' "$(cat "$odd/hello")" hello
is 'the odd name is one line of the mount table' "$(own_mounts | wc -l)" 1
exits 0 'fumount of the odd name' fumount "$odd"
ln -s mnt link
exits 0 'through a symbolic link' hellofs -b link
ok 'a mount through a symbolic link is at its target' mounted "$T/mnt"
exits 0 'fumount through a symbolic link' fumount link

exits 1 'a file as mountpoint' hellofs /etc/passwd
like 'the error: Not a directory' "$err" 'Not a directory'
exits 1 'an unknown option' hellofs -o bogus mnt
like 'the error: bogus: unknown option' "$err" 'bogus: unknown option'
exits 0 'mount options with -o' hellofs -b -o noexec,noatime,fsname=my\\,disk,noallow_other mnt
like 'mount options are in the mount table' "$(mount_line "$T/mnt")" 'noexec,noatime - fuse.hellofs my,disk ro,'
unlike 'allow_other can be taken away' "$(mount_line "$T/mnt")" 'allow_other'
fumount mnt
exits 0 'hellofs with a SOURCE' hellofs -b disk mnt
like 'the mount table shows for mnt: - fuse.hellofs disk' "$(mount_line "$T/mnt")" '- fuse.hellofs disk '
fumount mnt

# Two hundred servers at once.
for i in $(seq 200); do mkdir "m$i" && hellofs -b "m$i" 2>/dev/null; done
is 'two hundred mounts' "$(cat m[0-9]*/hello | wc -c)" 1000
exits 0 'fumount of two hundred mounts' fumount m[0-9]*
is 'no FUSE mount is left' "$(own_mounts)" ''
finish
