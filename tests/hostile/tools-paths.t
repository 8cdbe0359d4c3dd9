#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Root unmounts FUSE mounts whose paths lead through directories that a user swaps, or through
# a FUSE mount that a user serves: what a name leads to by then is not taken for what was meant.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../late.sh"
start 180
need setpriv
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP takes root'; exit 0; }

user() { setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all "$@"; }
count=100
mkdir home victim tool
chmod 755 home victim
cp "$BUILD/tests/tools/swap" tool/

# root has a tmpfs at victim/N/data and a FUSE mount at home/x/N/data. home and x belong to the
# user; lnk is a link to victim.
make_mounts()
{
	local i
	mkdir home/x home/src
	ln -s "$T/victim" home/lnk
	hellofs -b home/src >/dev/null
	for ((i = 0; i < count; i++)); do
		mkdir -p "victim/$i/data" "home/x/$i/data"
		mount -t tmpfs roots "victim/$i/data"
		mount --bind home/src "home/x/$i/data"
	done
	chown 65534:65534 home home/x
}
left() { grep -c " $T/victim/[0-9]*/data " /proc/self/mountinfo; }
clear_mounts()
{
	awk -v t="$T/" 'index($5, t) == 1 { print $5 }' /proc/self/mountinfo | tac | xargs -rn 1 umount -l 2>/dev/null
	rm -rf --one-file-system home victim
	mkdir home victim
}

for how in '' -l -f -q; do
	make_mounts
	bg setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all tool/swap "$T/home/x" "$T/home/lnk"
	swap=$bg
	for ((round = 0; round < 3; round++)); do
		timeout -k 1 60 fumount -a $how >out 2>&1
	done
	is "-a $how, while names are swapped: root's own mounts stay" "$(left)" "$count"
	{ kill -9 "$swap"; wait "$swap"; } 2>/dev/null
	if [ ! -d home/x ] || [ -L home/x ]; then user mv -T --exchange home/x home/lnk 2>/dev/null; fi
	clear_mounts
done

# Without a process that swaps names, all mounts are unmounted.
make_mounts
exits 0 '-a: all go' fumount -a
is '-a: none is left' "$(grep -c " $T/home/x/" /proc/self/mountinfo)" 0
is "-a: what is not FUSE stays" "$(left)" "$count"
clear_mounts

# ---- Below a FUSE mount ----

mkdir -p home/s/a/inner home/f victim/inner
chown -R 65534:65534 home
mount -t tmpfs roots victim/inner
passfs -b --cache=none home/s home/f >/dev/null
for how in '' -l -f -R; do
	hellofs -b home/f/a/inner >/dev/null
	user sh -c "mv '$T/home/s/a' '$T/home/s/b' && ln -s '$T/victim' '$T/home/s/a'"
	timeout -k 1 20 fumount $how "$T/home/f/a/inner" >out 2>&1
	ok "$how, below a mount whose contents a user changes: root's mount stays" mounted "$T/victim/inner"
	mounted "$T/victim/inner" || mount -t tmpfs roots victim/inner
	user sh -c "rm '$T/home/s/a'; mv '$T/home/s/b' '$T/home/s/a'"
done
hellofs -b home/f/a/inner >/dev/null
exits 0 'below a mount that is left alone: unmounted' fumount "$T/home/f/a/inner"
ok 'below a mount that is left alone: gone' unmounted "$T/home/f/a/inner"

# ---- Recovering ----

# The connection is the user's; its mount's former path leads to root's FUSE mount.
mkdir -p home/r/m victim/m
chown 65534:65534 home/r
hellofs -b home/r/m >/dev/null
hellofs -b victim/m >/dev/null
user sh -c "mv '$T/home/r' '$T/home/r2' && ln -s '$T/victim' '$T/home/r'"
timeout -k 1 20 fumount -R "conn:$(conn_of "$T/home/r2/m")" >out 2>&1
is '-R conn:N: unmounts under whatever name the mount has now' $? 0
ok "-R conn:N: root's mount stays" mounted "$T/victim/m"
ok '-R conn:N: the other is gone' unmounted "$T/home/r2/m"


# A mountpoint in a user's directory. The user renames it in a mount namespace where nothing is
# mounted on it.
mkdir -p theirs/name theirs/other
chown -R 65534 theirs
mkfifo go
setpriv --reuid 65534 --regid 65534 --clear-groups timeout "$(longer 60)" unshare -Urm --propagation private bash -c \
	'>theirs/ready && read <go && mv theirs/name theirs/away && mv theirs/other theirs/name && >theirs/renamed' &
pids+=("$!")
ok 'another namespace' within 5 test -e theirs/ready
mount -t tmpfs roots theirs/other
hellofs -b theirs/name 2>/dev/null
strace -qq -f -o trace -e trace=umount2 -e inject=umount2:delay_enter=6000000 fumount theirs/name 2>/dev/null &
tracer=$!
begun umount2 fumount
timeout 5 bash -c 'echo >go'
ok 'a mountpoint is renamed' within 5 test -e theirs/renamed
within 20 gone "$tracer"
like 'the rename falls into the umount2(2) of fumount' "$(cat trace)" 'umount2\(.*DELAYED'
like "root's other mount stays at the name" "$(mount_line "$T/theirs/name")" 'tmpfs roots'
ok "the mount of fumount's target is gone" unmounted "$T/theirs/away"
umount theirs/name 2>/dev/null

# In a user's directory, too, a mount with a holder is busy, and so is one with a mount on it.
mkdir theirs/busy
chown 65534 theirs/busy
hellofs -b theirs/busy 2>/dev/null
exec 7<theirs/busy/hello
exits 32 'a busy one in their directory' fumount theirs/busy
like "fumount names the holder of a busy mount in a user's directory" "$err" "held by $$ "
exec 7<&-
mount --bind tool theirs/busy/hello 2>/dev/null || mount --bind /dev/null theirs/busy/hello
exits 32 "fumount in a user's directory leaves a mount that has a mount on it" fumount theirs/busy
umount theirs/busy/hello
exits 0 "fumount unmounts a mount in a user's directory" fumount theirs/busy
ok 'theirs/busy is unmounted' unmounted "$T/theirs/busy"
# A name leads to two mounts in turns: neither gets the other's flags.
mkdir remount with without
mount -t tmpfs -o nosuid,nodev none with
mount -t tmpfs none without
ln -s "$T/with" remount/a
ln -s "$T/without" remount/b
bg swap remount/a remount/b
swapping=$bg
for ((i = 0; i < 500; i++)); do
	fmount -o remount,bind,ro remount/a >/dev/null 2>&1
	[[ $(mount_line "$T/with") = *nosuid,nodev* ]] || break
done
is 'remount: sets the flags of the mount that it looked at' "$i" 500
kill -9 "$swapping"
umount with without

finish
