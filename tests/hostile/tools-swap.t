#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Root mounts in a user's directory, while the user swaps it for a link to root's own: what fmount
# has checked, or mounted, is what it acts on, wherever the path leads by then.
. "$(dirname "$0")/../lib.sh"
start 120
need setpriv
need strace
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP takes root'; exit 0; }

mkdir -p home/x victim/at src tool
chmod 755 home victim
cp "$BUILD/tests/tools/swap" tool/
ln -s "$T/victim" home/lnk
chown -h 65534:65534 home home/x home/lnk
mounted_below() { awk -v t="$1/" 'index($5, t) == 1 { print $5 }' /proc/self/mountinfo; }
clear_mounts() { mounted_below "$T/$1" | tac | xargs -rn 1 umount -l 2>/dev/null; }
# A mount stays while the names are exchanged: umount(8) would follow the link as well.
while_swapping() # while_swapping TIMES COMMAND...
{
	local times=$1 i; shift
	bg setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all tool/swap "$T/home/x" "$T/home/lnk"
	swapper=$bg good=0
	for ((i = 0; i < times; i++)); do
		"$@" >/dev/null 2>&1 && good=$((good + 1))
	done
	{ kill -9 "$swapper"; wait "$swapper"; } 2>/dev/null
	[ ! -L home/x ] || { mv home/x home/l && mv home/lnk home/x && mv home/l home/lnk; }
	clear_mounts home
}

# strace delays each call that looks up a path.
slowly() { strace -f -qq -o /dev/null -e trace=openat,mount,move_mount -e inject=openat,mount:delay_enter=3000 "$@"; }
while_swapping 30 slowly fmount -o X-mount.mkdir -B src home/x/at
ok '--bind with X-mount.mkdir: some come about' test "$good" -ge 1
is '--bind with X-mount.mkdir: none through the link that it refuses' "$(mounted_below "$T/victim")" ''
clear_mounts victim

while_swapping 30 slowly fmount -o X-mount.mkdir home/x/at -- true
is '-- PROGRAM with X-mount.mkdir: none through the link' "$(mounted_below "$T/victim")" ''
clear_mounts victim

# A bind does not take this option, so fmount unmounts again.
mount -t tmpfs roots victim/at
while_swapping 60 fmount -o nonsense=1 -B src home/x/at
is '--bind that is undone: the mount of root stays' "$(mounted_below "$T/victim")" "$T/victim/at"

# Before Linux 5.2 no call returns the new mount's descriptor. The link leads to the mount that is bound:
# it has the same root directory as the new one.
old() { slowly forbid 38 428,429 fmount "$@"; }
changed() { grep -F " $T/victim/at " /proc/self/mountinfo | grep -vE ' rw,[a-z,]* - tmpfs roots'; }
while_swapping 30 old -o X-mount.mkdir,bind,ro --make-shared -B victim/at home/x/at
ok 'before 5.2: --bind with options: some come about' test "$good" -ge 1
is 'before 5.2: --bind with options: the mount of root has none of them' "$(changed)" ''
mount --make-private -o remount,bind,rw victim/at
while_swapping 30 old -o X-mount.mkdir,nonsense=1 -B victim/at home/x/at
is 'before 5.2: --bind that is undone: the mount of root stays' "$(mounted_below "$T/victim")" "$T/victim/at"
mkdir victim/moved
exits 0 'before 5.2: --move' forbid 38 428,429 fmount --make-shared -M victim/at victim/moved
like 'before 5.2: --move: the mount that moved is shared' "$(mount_line "$T/victim/moved")" 'shared:[0-9]+ - tmpfs roots'

# Before Linux 6.5 a new mount cannot go below a dead one: for a moment there is none.
setpriv --reuid 65534 --regid 65534 --clear-groups mkdir home/z home/z/moved
ln -s "$T/victim" home/link
chown -h 65534:65534 home/link
as_user() { setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all "$@"; }
hellofs -b home/z/moved
kill -9 "$(newest hellofs)"
within 5 bash -c '! cat home/z/moved/hello 2>/dev/null'
before=$(mounted_below "$T/victim")
bg strace -f -qq -o trace -e trace=umount2 -e inject=umount2:delay_enter=1500000 \
	forbid 22 429:4:512 fmount --replace-stale home/z/moved -- hellofs -f
within 10 grep -q umount2 trace
as_user mv home/z home/y
as_user mv home/link home/z
ok 'before 6.5: --replace-stale: the new mount serves' within 10 test -e home/y/moved/hello
is 'before 6.5: --replace-stale: not where the link leads' "$(mounted_below "$T/victim")" "$before"

# A server that answers is found by its connection, although the path does not lead there any more.
as_user mkdir home/w home/w/at home/v home/v/at
bg fmount --wait --timeout 10 home/w/at -- sh -c 'sleep 2; exec hellofs "$1"' sh {} 2>log
waiting=$bg
within 5 mounted "$T/home/w/at"
as_user mv home/w home/u
as_user mv home/v home/w
ok '--wait: its directory is renamed' wait "$waiting"
is '--wait: the mount serves' "$(timeout 5 cat home/u/at/hello)" hello

# A server that mounts for itself is given the path, and the directory that was made.
as_user mkdir home/s
ln -s "$T/victim" home/t
chown -h 65534:65534 home/t
mkdir own victim/made
cat >own/hellofs <<END
#!/bin/bash
mv home/s home/r && mv home/t home/s
exec "$BUILD/bin/hellofs" "\$@"
END
chmod 755 own/hellofs
before=$(mounted_below "$T/victim")
PATH=$T/own:$PATH timeout 20 fmount -t hellofs -o X-mount.mkdir none home/s/made 2>/dev/null
is 'a server that mounts for itself: not where the link leads' "$(mounted_below "$T/victim")" "$before"
is 'a server that mounts for itself: in the directory that was made' "$(timeout 5 cat home/r/made/hello)" hello
finish
