#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each system call of each scenario of tests/tools/faults.c fails, with each errno that it
# may fail with.
. "$(dirname "$0")/../faults/lib.sh"
start 3600
trap 'switch_uring "$uring_was"; cleanup' EXIT
[ "$(id -u)" = 0 ] || need root

own_dev
switch_uring Y
all_scenes -e
give_dev_back

# By strace, on the release binary: this covers calls that the seam does not wrap.
need strace
injected() { local call=$1 error=$2 when=$3; shift 3; timeout 20 strace -D -f -o trace -e "inject=$call:error=$error:when=$when" "$@" 2>err; }
complaints=0
complain() { complaints=$((complaints + 1)); diag "$call $error $when: $*: $(head -n 1 err)"; }
hello() { [ "$(timeout 5 cat mnt/hello 2>/dev/null)" = hello ]; }
no_server() { [ -z "$(newest hellofs)" ]; }

# Neither close(2), which strace would leave undone, nor read(2), since it also reads /dev/fuse.
mkdir mnt
faults=0
for fault in openat:EMFILE openat:ENOENT statx:ENOMEM readlinkat:ENOENT fsopen:EPERM fsconfig:EINVAL \
	fsmount:ENOMEM move_mount:EINVAL umount2:EINVAL clone:EAGAIN pipe2:EMFILE socketpair:EMFILE mmap:ENOMEM \
	fcntl:EBADF capset:EPERM ioctl:ENOTTY; do
	call=${fault%:*} error=${fault#*:}
	for when in 1 2 3 4 5 6 7 8 9 10 11 12; do
		injected "$call" "$error" "$when" hellofs -b mnt
		code=$?
		faults=$((faults + $(grep -c INJECTED trace)))
		if [ "$code" = 0 ]; then
			hello || complain 'succeeded, and does not answer'
		else
			{ [ "$code" -lt 124 ] && grep -q '^hellofs: ' err; } || complain "ended with $code"
			unmounted "$T/mnt" || complain 'a mount is left'
		fi
		mounted "$T/mnt" || hellofs -b mnt 2>/dev/null
		# The processes beside the server end with it.
		injected "$call" "$error" "$when" fumount mnt
		code=$?
		if [ "$code" = 0 ]; then
			unmounted "$T/mnt" || complain 'fumount: succeeded, and it is mounted'
		else
			{ [ "$code" -lt 124 ] && grep -q '^fumount: ' err; } || complain "fumount ended with $code"
			mounted "$T/mnt" || complain 'fumount: failed, and it is unmounted'
			umount -l mnt
		fi
		within 5 no_server || complain 'a server is left'
		faults=$((faults + $(grep -c INJECTED trace)))
	done
done
is 'no system call that strace let fail brought a wrong result' "$complaints" 0
ok "strace let many system calls fail: $faults" test "$faults" -gt 30
finish
