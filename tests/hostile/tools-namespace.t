#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Root enters a mount namespace whose owner has put things of their own at the well-known
# places: what is there is neither read nor written.
. "$(dirname "$0")/../lib.sh"
start 120
need setpriv unshare nsenter

[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP takes root'; exit 0; }
mkdir home
chown 65534:65534 home
own_dev
cp "$STATIC_BOX" fusebox
chmod 755 fusebox
echo precious >victim
chmod 600 victim
mkdir roots

# The owner of the namespace prepares it. $1: what is at /sys/fs/fuse/connections there.
cat >inside <<'E'
cd "$1"
mkdir -p z
mount -t tmpfs none /sys/fs/fuse/connections || exit
"$1/../fusebox" hellofs -b "$1/z" || exit
n=$(awk -v z="$1/z" '$5 == z { split($3, a, ":"); print a[2] }' /proc/self/mountinfo)
mkdir "/sys/fs/fuse/connections/$n"
cd "/sys/fs/fuse/connections/$n"
case $2 in
link) for f in abort waiting max_background; do ln -s "$1/../victim" $f; done ;;
fifo | busy) for f in abort waiting max_background; do mkfifo -m 666 $f; done ;;
esac
cd "$1"
rm -f fifo
mkfifo fifo
mount --bind fifo /etc/passwd
mount --bind "$1/../roots" /run
echo "$n" >conn
if [ "$2" = block ] || [ "$2" = overlay ]; then
	mkdir -p hung ovl lower
	"$1/../fusebox" hellofs hung &
	until grep -q " $1/hung " /proc/self/mountinfo; do sleep 0.02; done
	[ "$2" = overlay ] || mount --bind hung /sys/block
	[ "$2" = block ] || mount -t overlay -o "lowerdir=$1/hung:$1/lower,userxattr" none ovl || exit
	kill -STOP $!
	echo $! >stopped
fi
echo $$ >ready
mount -t tmpfs none /proc
mkdir -p /proc/self/fd /proc/self/fdinfo
ln -s "$1" /proc/self/cwd
for f in mountinfo status stat; do mkfifo /proc/self/$f; done
for i in 3 4 5 6 7 8 9 10; do ln -s "$1" /proc/self/fd/$i; mkfifo /proc/self/fdinfo/$i; done
: >set
case $2 in busy | block) exec sleep 60 <z/hello ;; esac
exec sleep 60
E

# Sets up the user's namespace; $P is a process in it, $N its connection.
hostile()
{
	rm -f home/ready home/set
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all unshare -Urm --kill-child -f sh "$T/inside" "$T/home" "$1" >/dev/null 2>&1 &
	outer=$!
	pids+=("$outer")
	within 10 test -e home/set || bail 'no namespace of a user'
	P=$(pgrep -P "$outer") N=$(cat home/conn)
}
leave() { kill -9 "$P" "$outer"; wait "$outer" 2>/dev/null; }
mounted_there() { grep -q " $T/home/z " "/proc/$P/mountinfo"; }
gone_there() { ! mounted_there; }
# in_time COMMAND...: returns COMMAND's status, or 124.
in_time() { timeout -k 1 10 "$@"; }

for kind in link fifo; do
	for how in --abort -f -l -R -k --json; do
		hostile $kind
		in_time fumount -N "$P" $how "$T/home/z" >out 2>&1
		is "$how, $kind: works" $? 0 || diag "$(cat out)"
		is "$how, $kind: nothing is written through the link" "$(cat victim)" precious
		[ "$how" = --abort ] || ok "$how, $kind: unmounted" gone_there
		echo precious >victim
		leave
	done

	hostile $kind
	in_time fuse-info -N "$P" >out 2>&1
	is "fuse-info -N, $kind: is not held up" $? 0
	like "fuse-info -N, $kind: by the kernel's own word" "$(cat out)" "serving +0 +$N .*home/z"
	in_time fuse-info -A >out 2>&1
	is "fuse-info -A, $kind: is not held up" $? 0
	in_time fumount -R "conn:$N" >out 2>&1
	is "-R from outside, $kind: works" $? 0
	in_time fumount -R -N "$P" "$T/home/z" >out 2>&1
	is "-R, $kind: works" $? 0
	ok "-R, $kind: swept" gone_there
	is "-R, $kind: nothing is written" "$(cat victim)" precious
	leave
done

# A directory of root is bound over /run.
is 'nothing is made in a directory of root'"'"'s' "$(ls -A roots)" ''

# A directory that fumount opened before it entered the namespace has a mount there: the user means
# the namespace's mount.
at=/etc/opt
[ -d $at ] || at=/etc/skel
hellofs -b "$at" >/dev/null
unshare -m --propagation private sleep 40 &
pids+=($!)
there=$!
within 5 sh -c "[ \"\$(readlink /proc/$there/ns/mnt)\" != \"\$(readlink /proc/$$/ns/mnt)\" ]"
in_time fumount -N "$there" "$at" >out 2>&1
is 'a mount below /etc: works' $? 0
ok 'a mount below /etc: ours stays' mounted "$at"
ok 'a mount below /etc: the other has gone' eval "! grep -q ' $at .* - fuse' /proc/$there/mountinfo"
umount -l "$at"

# Holders are named by this system's /etc/passwd, not by the namespace's.
hostile busy
in_time fumount -N "$P" "$T/home/z" >out 2>&1
is 'busy: is not held up' $? 32
like 'busy: the holder is named by our own /etc/passwd' "$(cat out)" "held by $P \(sleep\) of $(id -nu 65534): open file"
leave

# Loop devices on the mount are looked up in this system's /sys, not in the namespace's.
hostile block
pids+=("$(cat home/stopped)")
in_time fumount -N "$P" "$T/home/z" >out 2>&1
is '/sys/block, which hangs: is not held up' $? 32
like '/sys/block, which hangs: the holder is named' "$(cat out)" "held by $P \(sleep\)"
leave

# A path crosses an overlayfs that sends requests to a server that hangs.
hostile overlay
pids+=("$(cat home/stopped)")
for how in -l -f -R; do
	in_time fumount -N "$P" $how "$T/home/ovl/x/y" >out 2>&1
	is "$how below an overlayfs, which hangs: is not held up" $? 32
	like "$how below an overlayfs, which hangs: says so" "$(cat out)" 'does not answer'
done
in_time fumount -N "$P" "$T/home/z" >out 2>&1
is 'beside it: works' $? 0
leave

finish
