#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A user makes what /proc shows of a process block: its links, by executing a program that closes a
# file of the user's own mount, or the fdinfo of /dev/fuse, by putting an epoll descriptor in its
# place. Root's tools end in time, and tell the rest.
. "$(dirname "$0")/../lib.sh"
start 170
need setpriv
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP takes root'; exit 0; }

# No command here may be ps(1) or pgrep(1): the trap would block them as well.
own_dev
mkdir mnt tool other busy control
mount -t fusectl none control
cp "$BUILD/tests/tools/proc_trap" tool/
hellofs -b other >/dev/null
hellofs -b busy >/dev/null
bg bash -c "exec sleep 100 <busy/hello"
# shellcheck disable=SC2154 # bg is lib.sh's
holder=$bg

# ends NAME COUNT COMMAND...: COMMAND ends within its time limit, COUNT times.
ends()
{
	local name=$1 count=$2 i; shift 2
	for ((i = 0; i < count; i++)); do
		"$@" >out 2>&1 &
		within 15 gone $! || break
	done
	is "$name" "$i" "$count"
}
# The number of waiting requests: reading the trap's files in /proc would block.
trapped() # trapped [REQUESTS]
{
	local n
	read -r n <"$T/control/$number/waiting" && [ "$n" -ge "${1:-1}" ]
}
for kind in exec epoll; do
	bg fmount -o allow_other -u 65534 mnt -- tool/proc_trap $kind {} "$T/mnt"
	within 5 mounted "$T/mnt"
	number=$(conn_of "$T/mnt")
	ok "$kind: the trap is set" within 5 trapped
	count=2
	[ $kind = exec ] || count=8
	ends "$kind: fuse-info ends" $count fuse-info
	like "$kind: fuse-info tells the other mount" "$(cat out)" "serving .* hellofs .*$T/other"
	ends "$kind: fuse-info TARGET ends" 1 fuse-info other
	ends "$kind: fumount ends" 1 fumount busy
	like "$kind: fumount tells who holds it" "$(cat out)" "held by $holder \(sleep\)"
	ends "$kind: fumount -a ends" 1 fumount -a -t fuse.none
	ends "$kind: fumount -R ends" 1 fumount -R "$T/mnt"
	# While a request waits, the connection's number is ours. -R detaches the mount, and then
	# only an abort wakes the trap.
	[ ! -e "control/$number" ] || echo 1 >"control/$number/abort"
	unmounted "$T/mnt" || umount -l "$T/mnt"
done

# The tool has found this server, which then executes a program while the tool watches it. By then
# the tool looks at the servers every 50 ms: it sleeps in poll(2) without descriptors.
watches()
{
	local i
	for ((i = 0; i < 8; i++)); do
		[[ $(cat "/proc/$1/syscall") = *' 0x0 0x0 '* ]] || return
		sleep 0.02
	done
}
meanwhile() # meanwhile NAME COMMAND...
{
	local name=$1; shift
	bg fmount -o allow_other -u 65534 mnt -- tool/proc_trap late {} "$T/mnt"
	server=$bg
	within 5 mounted "$T/mnt"
	number=$(conn_of "$T/mnt")
	within 5 trapped
	"$@" >out 2>&1 &
	tool=$!
	within 5 watches $tool
	kill -USR1 "$server"
	ok "$name: the trap is set while it watches" within 5 trapped 2
	ok "$name ends" within 15 gone $tool
}
dismiss()
{
	[ ! -e "control/$number" ] || echo 1 >"control/$number/abort"
	unmounted "$T/mnt" || umount -l "$T/mnt"
}
meanwhile 'fuse-info' fuse-info --stuck=3
like 'fuse-info tells the server of the mount' "$(cat out)" "$server proc_trap"
ends 'fuse-info TARGET of the process that executes' 1 fuse-info mnt
ends 'fumount -N of it' 1 fumount -N "$server" "$T/mnt"
dismiss
give_dev_back
finish
