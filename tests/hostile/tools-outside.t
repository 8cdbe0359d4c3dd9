#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A user's mount namespace has copies of root's mounts, and its owner chooses where paths lead there. Root,
# who names a path of it, ends nothing that is mounted outside of it as well.
. "$(dirname "$0")/../lib.sh"
start 180
need setpriv unshare

[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP takes root'; exit 0; }
mkdir -p home host
chown 65534:65534 home
own_dev
export lifetime
lifetime=$(longer 180)
cp "$STATIC_BOX" fusebox
chmod 755 fusebox

# The owner of the namespace leads a path to root's mount.
cat >inside <<'E2'
cd "$1"
case $2 in
link) ln -s "$1/../host" z ;;
bind) mkdir z && mount --bind "$1/../host" z ;;
cover)
	mkdir z && "$1/../fusebox" hellofs -b "$1/z"
	awk -v z="$1/z" '$5 == z { sub(".*:", "", $3); print $3 }' /proc/self/mountinfo >conn
	mount --bind "$1/../host" z ;;
esac
: >set
exec sleep "$lifetime"
E2

# $P is a process in the namespace, $N the connection of root's mount, $H a holder of that mount.
hostile()
{
	rm -rf home/* 
	hellofs -b "$T/host" || bail 'hellofs'
	N=$(conn_of "$T/host")
	(cd host && exec sleep "$lifetime") & H=$!
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all unshare -Urm --kill-child -f sh "$T/inside" "$T/home" "$1" >/dev/null 2>&1 & O=$!
	pids+=("$H" "$O")
	within 10 test -e home/set || bail 'no namespace of a user'
	P=$(pgrep -P "$O")
	shared="also mounted outside of that namespace; conn:$N acts on it everywhere, -l detaches it there"
}
leave()
{
	kill -9 "$P" "$O" "$H"
	wait "$O" "$H" 2>/dev/null
	! mounted "$T/host" || fumount -qf "$T/host"
}
serves() { [ "$(timeout 5 cat host/hello)" = 'hello' ]; }
all_stays()
{
	ok "$1: root's mount serves" serves
	ok "$1: its holder runs" kill -0 "$H"
}

for kind in link bind; do
	hostile $kind
	for how in --abort -f -R -R\ -f -k -r; do
		read -ra words <<<"$how"
		exits 32 "$how, $kind: is refused" timeout 10 fumount -N "$P" "${words[@]}" "$T/home/z"
		like "$how, $kind: says why" "$err" "$shared"
		all_stays "$how, $kind"
	done
	leave
done

for how in -f -R -R\ -f; do
	hostile bind
	read -ra words <<<"$how"
	exits 32 "-a $how: is refused" timeout 20 fumount -a -N "$P" "${words[@]}"
	like "-a $how: says why" "$err" "$shared"
	all_stays "-a $how"
	leave
done

# Where no request waits, fumount --wake -N has nothing to end and refuses nothing; --dry-run says what it would refuse.
hostile link
exits 0 '--wake where nothing waits' timeout 10 fumount --wake -N "$P" "$T/home/z"
like 'it says so' "$err" 'nothing waits$'
exits 0 '--wake --dry-run where nothing waits' timeout 10 fumount --wake --dry-run -N "$P" "$T/home/z"
exits 0 '-a --wake where nothing waits' timeout 20 fumount -a --wake -N "$P"
is 'it says nothing' "$err" ''
exits 32 '-R --dry-run' timeout 10 fumount -R --dry-run -N "$P" "$T/home/z"
like '-R --dry-run says that -R would be refused' "$err" "$shared"
like '-R --dry-run tells the state' "$err" 'its server answers'
server=$(newest hellofs)
stop "$server"
(exec timeout 60 stat -f host) >/dev/null 2>&1 & W=$!
pids+=("$W")
within 10 pgrep -P "$W"
W=$(pgrep -P "$W")
within 10 blocked "$W" || bail 'statfs(2) does not wait'
for how in '--wake -f' '--wake --dry-run -f'; do
	read -ra words <<<"$how"
	exits 32 "$how where somebody waits: is refused" timeout 10 fumount "${words[@]}" -N "$P" "$T/home/z"
	like "$how: says why" "$err" "$shared"
done
exits 32 '-a --wake where somebody waits: is refused' timeout 20 fumount -a --wake -f -N "$P"
like '-a --wake: names the connection' "$err" "conn:$N: $shared"
ok 'whoever waits goes on waiting' blocked "$W"
exits 0 '--wake where root names the connection' timeout 20 fumount --wake -f -N "$P" "conn:$N"
like 'it wakes' "$err" '1 request ended'
kill -CONT "$server"
all_stays '--wake'
leave

# For a mount that is not FUSE, the error names no connection.
mkdir plain
mount -t tmpfs none plain
unshare -m --propagation private sh -c 'echo >set; exec sleep "$lifetime"' & P=$!
pids+=("$P")
within 10 test -e set
for how in -f -r -k; do
	exits 32 "-i $how of a tmpfs: is refused" timeout 10 fumount -i -N "$P" $how "$T/plain"
	like "-i $how of a tmpfs: says what is possible" "$err" 'also mounted outside of that namespace; -l detaches it there$'
done
exits 0 '-i -l of a tmpfs' timeout 10 fumount -i -N "$P" -l "$T/plain"
ok 'it is gone there' eval '! grep -qF "$T/plain" "/proc/$P/mountinfo"'
ok 'it is still mounted here' mountpoint -q plain
kill "$P"

# Root clears a mount of the user's, which the user has covered with a bind of root's mount.
for from in outside inside; do
	hostile cover
	words=()
	[ $from = outside ] || words=(-N "$P")
	timeout 20 fumount -R -f "${words[@]}" "conn:$(cat home/conn)" >out 2>&1
	like "-R -f of what it covers, from $from: aborts the user's" "$(cat out)" "connection $(cat home/conn) is (aborted|gone)"
	all_stays "-R -f of what it covers, from $from"
	leave
done

# What stays possible: root's own word, and root's own namespace.
hostile link
exits 0 'root names the connection' fumount -N "$P" --abort "conn:$N"
like 'it is aborted' "$err" "connection $N is aborted"
leave
hostile link
exits 0 'of a process in our own namespace' fumount -N $$ -f "$T/host"
ok 'it is cleared' eval '! mounted "$T/host"'
leave

# The same where /proc does not tell which namespace is ours.
hostile link
mkdir proc
mount -t proc proc proc
mount -t tmpfs none /proc
fumount -N "$T/proc/self/ns/mnt" -f "$T/host" >out 2>&1; status=$?
umount /proc
is 'of our own namespace, without /proc' "$status: $(head -n 1 out)" "0: fumount: $T/host: connection $N is aborted"
ok 'it is cleared without /proc' eval '! mounted "$T/host"'
umount proc
leave

finish
