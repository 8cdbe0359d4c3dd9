#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fumount --wake by the server's own user where fdinfo does not tell whose a device is, as before Linux 6.16: it
# sends the mount a request and looks which device can be read, or reads; and where fusectl is not visible.
# at_call -t hides the line of fdinfo.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/wake.sh"
# In a PID namespace of its own, so that no neighbour's server is a candidate; a shell reaps all others.
if [ -z "${FUSEBOX_TEST_PIDS:-}" ] && [ "$(id -u)" = 0 ]; then
	FUSEBOX_TEST_PIDS=1 exec unshare -m -p -f --mount-proc --kill-child --propagation private bash -c 'bash "$0"; exit' "$0"
fi
start 200
need setpriv
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP takes root'; exit 0; }
begin_wake
own_dev
mkdir mnt2 tool
cp "$BUILD/tests/tools/backend" "$BUILD/tests/tools/at_call" "$BUILD/fusebox" tool/
ln -s fusebox tool/fumount
chmod 777 .
as_user=(setpriv --reuid 65534 --regid 65534 --clear-groups)
untold=(timeout 20 "${as_user[@]}" tool/at_call -t tool/fumount)

# user_serves MOUNTPOINT [backend's options]: its pid is $server.
user_serves()
{
	local at=$1; shift
	bg fmount -o allow_other -u 65534 "$at" -- tool/backend "$@" "$T/stats.$at" {}
	within 5 mounted "$T/$at" || bail "backend does not mount $at"
	server=$(child_named backend "$bg")
	server=${server:-$bg}
	timeout 5 ls "$at" >/dev/null
}
falls_silent() { kill -USR1 "$1"; within 5 test -e "stats.$2.hung"; rm -f "stats.$2.hung"; }
# both [backend's options]: two servers of the user, which both hang; who waits for the first is woken alone.
both()
{
	user_serves mnt2 "$@"
	other=$server
	user_serves mnt "$@"
	conn=$(conn_of "$T/mnt")
	begin -k stat,read,open
	falls_silent "$server" mnt
	falls_silent "$other" mnt2
	timeout 60 stat mnt2/f1 >/dev/null 2>&1 8>&- & neighbours=($!)
	timeout 60 stat mnt2/f2 >/dev/null 2>&1 8>&- & neighbours+=($!)
	pids+=("${neighbours[@]}")
	go
	within 5 all_wait
	conn2=$(conn_of "$T/mnt2")
	within 5 grep -q '[1-9]' "ctl/$conn2/waiting"
}
end_both()
{
	is 'who waits for the other server waits on' "$(gone "${neighbours[0]}" || gone "${neighbours[1]}" || echo waits)" waits
	ok 'no thread stands still' eval 'none_stopped "$server" && none_stopped "$other"'
	kill -USR2 "$server" "$other"
	is 'then the mount works' "$(timeout 5 ls mnt 2>&1 | wc -l)" 5
	is 'so does the other one' "$(timeout 5 ls mnt2 2>&1 | wc -l)" 5
	ok 'which does what it was asked' within 5 eval 'gone "${neighbours[0]}" && gone "${neighbours[1]}"'
	finished
	abort_detach "$T/mnt"
	abort_detach "$T/mnt2"
	within 5 gone "$server"
	within 5 gone "$other"
}
# On a busy machine the servers may do something at the moment when fumount looks which one reads: then it says so, to be
# run again. And who got the error closes files, which waits as well, if that comes after the last pass.
again()
{
	local i
	for i in 1 2 3 4 5; do
		"$@" && within 1 all_over && return
	done
	return 1
}
all_woken()
{
	ok 'nobody waits' within 2 all_over
	is 'each got the error' "$(results)" "open=$1*1 read=$1*1 stat=$1*1 "
}

# Every way, of two servers that hang. With -a they read on, so that no device is readable but for the request
# that fumount sends. With one thread that hangs, both are readable all the time, and only reading tells.
every_way()
{
	local seen=$1
	both -a
	exits 0 "$seen: by poll(2)" again "${untold[@]}" --wake -f mnt
	all_woken 110
	end_both

	both
	exits 0 "$seen: by reading" again "${untold[@]}" --wake -f mnt
	all_woken 110
	end_both

	mount --bind release /proc/sys/kernel/osrelease
	both -a
	exits 0 "$seen: before Linux 6.10, by poll(2)" again "${untold[@]}" --wake=EIO -f mnt
	all_woken 5
	end_both

	both
	exits 32 "$seen: before Linux 6.10, where both are readable" "${untold[@]}" --wake=EIO -f mnt
	like 'it is told' "$err" 'none of the processes with /dev/fuse open is known to serve it; run this again'
	is 'and nobody is woken' "$(results)" ''
	exits 0 'root finds out by fsconfig(2)' again timeout 20 tool/at_call -t tool/fumount --wake=EIO -f mnt
	all_woken 5
	end_both
	umount /proc/sys/kernel/osrelease
}

echo 6.1.0-9 >release
connections=/sys/fs/fuse/connections
mount -t tmpfs none "$connections"
every_way 'no fusectl'

# How many wait is not known, either: passes are made until one finds nobody.
user_serves mnt -a
conn=$(conn_of "$T/mnt")
begin
falls_silent "$server" mnt
go
within 5 all_wait
exits 0 'no fusectl: who waits for more than one answer' again timeout 20 "${as_user[@]}" tool/fumount --wake -f mnt
ok 'nobody waits' within 2 all_over
is 'each got the error' "$(results)" "$every"
kill -USR2 "$server"
is 'then the mount works' "$(timeout 5 ls mnt 2>&1 | wc -l)" 5
finished
abort_detach "$T/mnt"

umount "$connections"
mount -t fusectl none "$connections"
every_way fusectl
both
exits 0 'root finds out by fsconfig(2)' again timeout 20 tool/at_call -t tool/fumount --wake -f mnt
all_woken 110
end_both
umount "$connections"
give_dev_back
finish
