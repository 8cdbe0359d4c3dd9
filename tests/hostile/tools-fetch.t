#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A process puts a file of a mount that it serves where its /dev/fuse was, at the moment when
# root's tools fetch that: they are not held up.
. "$(dirname "$0")/../lib.sh"
start 100
need setpriv
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP takes root'; exit 0; }

own_dev
mkdir mnt tool other
cp "$BUILD/tests/tools/poll_trap" tool/
bg fmount -o allow_other -u 65534 mnt -- tool/poll_trap {} "$T/mnt"
within 5 mounted "$T/mnt"
hellofs -b other >/dev/null
conn=$(conn_of "$T/mnt")
ok 'the trap is set' within 5 sh -c "ls -l /proc/[0-9]*/fd/100 2>/dev/null | grep -q fuse"

# often NAME COMMAND...: COMMAND ends each of many times. One that does not end could not be killed
# either.
often()
{
	local name=$1 i; shift
	for ((i = 0; i < 12; i++)); do
		"$@" >out 2>&1 &
		within 10 gone $! || break
	done
	is "$name" "$i" 12
}
often 'fuse-info: always ends' fuse-info
like 'fuse-info: tells the other mount' "$(cat out)" "serving .* hellofs .*$T/other"
often 'fuse-info TARGET: always ends' fuse-info "conn:$conn"
often '--replace-stale: always ends' fmount --replace-stale "$T/mnt" -- true

# A child that blocked in place of the tool has ended with the mount.
abort_detach "$T/mnt"
ok 'nobody is left behind' within 5 sh -c "! ps -eo ppid,comm,wchan | grep -q 'fuse-info.*request_wait'"
timeout 20 fumount -R "$T/other" >out 2>&1
is 'fumount -R: works' $? 0

finish
