#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fumount -R by an ordinary user where no fusectl is mounted: nobody tells this user how many requests
# wait, so it claims no more than it knows, and names what helps.
. "$(dirname "$0")/../lib.sh"
start 90
need setpriv flock
own_dev
umount /sys/fs/fuse/connections 2>/dev/null
mkdir helper user source
install -m 4755 "$BUILD/fusermount3" helper/fusermount3
chown 65534 user source
: >source/file
chmod 666 source/file
nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups /usr/bin/env PATH="$T/helper:$PATH")
# A request that waits for a lock: its server runs, and nothing shows this user whether it will answer.
exec 8<source/file
flock 8
wait_for_lock()
{
	"${nobody[@]}" passfs -b --locks source user || bail 'no passfs'
	server=$(newest passfs) conn=$(conn_of "$T/user")
	bg "${nobody[@]}" flock user/file true
	waiter=$bg
	within 5 blocked "$waiter" || bail 'nothing waits'
}

wait_for_lock
exits 32 'a plain unmount' "${nobody[@]}" fumount user
like 'names -l only for a server that answers' "$err" '^fumount: user: busy; if its server answers, fumount -l detaches it; if not, fumount -R -f clears it'
exits 1 '-R that detaches, where whether a process waits is not visible, has the status for: not permitted' "${nobody[@]}" fumount -R user
like 'it says how far it came' "$err" 'user: detached; it ends once no process holds it'
like 'and names what helps' "$err" "user: whether a process still holds connection $conn is not visible to this user; if one hangs, run fumount -R -f conn:$conn"
ok 'a process waits indeed' blocked "$waiter"
exits 0 '--dry-run of what the line names' "${nobody[@]}" fumount -R -f --dry-run "conn:$conn"
like 'says that the server would be killed' "$err" "connection $conn cannot be aborted by this user, so its server, process $server, would be killed"
unlike 'and nothing of an abort' "$err" 'would be aborted'
ok '--dry-run has killed no server' blocked "$waiter"
exits 0 'what the line names' "${nobody[@]}" fumount -R -f "conn:$conn"
like 'it kills the server, whose owner may' "$err" "connection $conn cannot be aborted by this user, so its server, process $server, is killed"
unlike 'with no further advice' "$err" 'if one hangs'
ok 'the waiter is free' within 5 gone "$waiter"
ok 'the server has ended' within 5 gone "$server"
for mode in -R -Rf; do
	exits 1 "$mode of a connection that may exist or not" "${nobody[@]}" fumount "$mode" "conn:$conn"
	is 'is not called unmounted' "$err" "fumount: conn:$conn: whether connection $conn exists is not visible to this user; run this as root"
done
# Not $conn: another mount may have got that number meanwhile.
exits 0 'root sees that there is none' fumount -R conn:1048575
is 'and says so' "$err" 'fumount: conn:1048575: nothing is mounted there'
exits 32 'a number that is none' "${nobody[@]}" fumount -R conn:x
is 'is named' "$err" 'fumount: conn:x: not a number'

# A plain unmount leaves nobody waiting.
"${nobody[@]}" hellofs -b user
exits 0 '-R of a mount that is free' "${nobody[@]}" fumount -R user
wait_for_lock
exits 0 '-R -f aborts, or kills the server' "${nobody[@]}" fumount -R -f user
ok 'the waiter is free again' within 5 gone "$waiter"
ok 'user is unmounted' unmounted "$T/user"

# A server of two connections: killing it would end the other one, too.
mkdir user2
chown 65534 user2
bg "${nobody[@]}" "$BUILD/bin/fmount" user -- "$BUILD/bin/fmount" user2 -- sh -c 'exec sleep 100' 2>/dev/null
within 5 mounted "$T/user2" || bail 'no second mount'
exits 0 '--dry-run where the server serves another connection, too' "${nobody[@]}" fumount -R -f --dry-run user
unlike 'does not say that the server would be killed' "$err" 'would be killed'
like 'says what helps' "$err" "connection $(conn_of "$T/user") cannot be aborted by this user; run this as root"
"${nobody[@]}" fumount -R -f user >/dev/null 2>err
unlike '-R does not kill it, either' "$(cat err)" 'is killed'
ok 'the other mount is still there' mounted "$T/user2"
fumount -R -f user user2 2>/dev/null
ok 'root clears both' unmounted "$T/user"
kill -9 "$bg"
within 5 gone "$bg"

# fmount --keep, whose unmounter waits for the helper: neither is a second server.
mkdir slow
printf '#!/bin/sh\ncase $1 in -u) exec sleep 1000 ;; esac\nexec "%s/helper/fusermount3" "$@"\n' "$T" >slow/fusermount3
chmod 755 slow slow/fusermount3
helper_runs() { helper=$(child_named sleep "$(child_named "$1" "$keeper")") && [ "$helper" ]; }
has_device() { [ "$(find "/proc/$1/fd" -lname /dev/fuse)" ]; }
for mode in direct relay; do
	bg "${nobody[@]}" PATH="$T/slow:$PATH" fmount "--keep=$mode" user -- hellofs 2>log
	keeper=$bg
	within 10 "${nobody[@]}" test -e user/hello || bail "no kept server: $(cat log)"
	[ $mode = direct ] || { kill -KILL "$(child_named hellofs "$keeper")"; within 10 grep -qx fuse-relay:1 "/proc/$keeper/comm"; }
	within 5 eval 'server=$(child_named hellofs "$keeper") && [ "$server" ]'
	stop "$server"
	bg "${nobody[@]}" cat user/hello >/dev/null 2>&1
	waiter=$bg
	within 5 blocked "$waiter"
	kill -TERM "$keeper"
	ok "$mode: the unmounter waits for the helper" within 5 helper_runs fuse-unmount
	ok "$mode: which has no device" eval '! has_device "$helper"'
	"${nobody[@]}" fumount -R -f user >out 2>&1
	like "$mode: the server is killed, as the only one that has the device" "$(cat out)" \
		"fumount: user: connection [0-9]+ cannot be aborted by this user, so its server, process ($server|$keeper), is killed"
	ok "$mode: and the waiter is free" within 10 gone "$waiter"
	kill -KILL "$helper" "$keeper" 2>/dev/null
	umount -l user 2>/dev/null
	within 10 gone "$keeper"
done

# With fusectl: a connection of another user is there, and is told from one that may be.
mount -t fusectl fusectl /sys/fs/fuse/connections
hellofs -b user
conn=$(conn_of "$T/user")
cd user && umount -l "$T/user"
for mode in -R -Rf; do
	exits 1 "$mode of a connection of another user" "${nobody[@]}" fumount "$mode" "conn:$conn"
	is 'says that it is there' "$err" "fumount: conn:$conn: connection $conn is another user's; run this as root"
done
cd "$T" || exit
give_dev_back
finish
