#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A process that is to be signalled ends at the wrong moment, and its number is given again:
# the one that has it now is not signalled.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../late.sh"
start 120
need strace unshare
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP takes root'; exit 0; }
[ -w /proc/sys/kernel/ns_last_pid ] || { echo '1..0 # SKIP the kernel gives no number that is asked for'; exit 0; }

# Runs in a PID namespace: prints whether the process that got the holder's number lives.
cat >reuse <<'E'
mount -t proc proc /proc
mkdir -p mnt
hellofs -b mnt >/dev/null
sleep 40 <mnt/hello &
holder=$!
strace -f -qq -o trace -e trace=kill,pidfd_open,pidfd_send_signal -e "inject=$1:delay_enter=3000000:when=1" fumount -kKILL mnt &
fumount=$!
# strace holds fumount before the call, by a number of $2.
held()
{
	local pid
	for pid in $(pgrep -P $fumount); do
		grep -qE "^($2) " /proc/$pid/syscall && grep -q '^State:.t' /proc/$pid/status && return
	done
	return 1
}
for ((i = 0; i < 500 * SLOWNESS; i++)); do
	held "$@" && sleep 0.1 && held "$@" && break
	sleep 0.02
done
held "$@" || { echo 'not in the call'; exit 1; }
kill -9 $holder
wait $holder
echo $((holder - 1)) >/proc/sys/kernel/ns_last_pid
sleep 41 &
[ $! = $holder ] || { echo "another number: $! for $holder"; exit 1; }
wait $fumount
kill -0 $! 2>/dev/null
sleep .1
grep -q sleep /proc/$holder/comm && echo alive
kill -9 $holder
fumount mnt
E

for call in kill,pidfd_send_signal kill,pidfd_open; do
	rm -rf mnt trace
	numbers="$(number_of kill)|$(number_of "${call#kill,}")"
	is "the number is given again before $call" \
		"$(timeout 30 unshare -pmf --propagation private --kill-child bash reuse "$call" "$numbers" 2>/dev/null | tail -n 1)" alive
done

# If no number is reused, fumount signals the holder.
rm -rf mnt
mkdir mnt
hellofs -b mnt >/dev/null
bg sh -c 'exec sleep 40 <mnt/hello'
holder=$bg
within 5 sh -c "ls -l /proc/$holder/fd/0 | grep -q hello"
exits 0 '-k: unmounts' fumount -k mnt
like '-k: says whom it signalled' "$err" "$holder \(sleep\): signalled"
ok '-k: the holder is gone' gone "$holder"

finish
