#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Root wakes the waiters of a server that does what it can against that: it puts a file of its own
# mount where its /dev/fuse was; and a user wakes nobody but the waiters of their own servers.
. "$(dirname "$0")/../lib.sh"
start 200
need setpriv
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP takes root'; exit 0; }

own_dev
mkdir mnt tool
cp "$BUILD/tests/tools/poll_trap" "$BUILD/tests/tools/backend" "$BUILD/tests/tools/waiters" tool/
chmod 777 .
bg fmount -o allow_other -u 65534 mnt -- tool/poll_trap {} "$T/mnt"
within 5 mounted "$T/mnt"
ok 'the trap is set' within 5 sh -c "ls -l /proc/[0-9]*/fd/100 2>/dev/null | grep -q fuse"
for ((i = 0; i < 6; i++)); do
	fumount --wake -f mnt >out 2>&1 &
	within 15 gone $! || break
done
is 'root: always ends' "$i" 6
abort_detach "$T/mnt"
ok 'nobody is left behind' within 5 sh -c "! ps -eo comm,wchan | grep -q 'fu[ms].*request_wait'"
within 5 unmounted "$T/mnt"

# Another user's server.
bg backend "$T/stats" "$T/mnt"
server=$bg
within 5 mounted "$T/mnt"
kill -USR1 "$server"
within 5 test -e stats.hung
timeout 30 stat mnt/f1 >/dev/null 2>&1 & waiter=$!
waits_in_stat() { blocked "$(pgrep -P "$waiter" stat)"; }
within 5 waits_in_stat
timeout 10 setpriv --reuid 65534 --regid 65534 --clear-groups "$BUILD/bin/fumount" --wake -f mnt >out 2>&1
code=$?
ok "a user may not wake the server of root ($code)" [ "$code" = 1 ] || diag "$(cat out)"
like 'the error names the rule' "$(cat out)" "is another user's; run this as root|not visible to this user; run this as root"
ok 'a refused user wakes no process' test -e "/proc/$waiter"
exits 0 'root wakes the waiting process' timeout 20 fumount --wake -f mnt
ok 'the waiter ends' within 2 gone "$waiter"
kill -USR2 "$server"
abort_detach "$T/mnt"

finish
