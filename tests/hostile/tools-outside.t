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
exec sleep 100
E2

# $P is a process in the namespace, $N the connection of root's mount, $H a holder of that mount.
hostile()
{
	rm -rf home/* 
	hellofs -b "$T/host" || bail 'hellofs'
	N=$(conn_of "$T/host")
	(cd host && exec sleep 100) & H=$!
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all unshare -Urm --kill-child -f sh "$T/inside" "$T/home" "$1" >/dev/null 2>&1 & O=$!
	pids+=("$H" "$O")
	within 10 test -e home/set || bail 'no namespace of a user'
	P=$(pgrep -P "$O")
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
	for how in --abort -f -R -R\ -f -k --wake -r; do
		read -ra words <<<"$how"
		exits 32 "$how, $kind: is refused" timeout 10 fumount -N "$P" "${words[@]}" "$T/home/z"
		like "$how, $kind: says why" "$err" "also mounted outside of that namespace; without -N, conn:$N names it\$"
		all_stays "$how, $kind"
	done
	leave
done

for how in -f -R -R\ -f; do
	hostile bind
	read -ra words <<<"$how"
	exits 32 "-a $how: is refused" timeout 20 fumount -a -N "$P" "${words[@]}"
	all_stays "-a $how"
	leave
done

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

finish
