#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Linux 4.18, by what it lacks: the main path of each applet while a call that came later
# says ENOSYS; one by one, and all together. What else 4.18 has not, tests/boot/kernels sees:
# it boots one. FLOOR_BOX is another binary to try, such as one of 32 bits.
. "$(dirname "$0")/../lib.sh"
start 240
need setpriv

mkdir bin mnt mnt2 src home
install -m 4755 "$BUILD/fusermount3" bin/fusermount3
cp "${FLOOR_BOX:-$BUILD/fusebox}" bin/fusebox
bin/fusebox --install -s bin >/dev/null 2>&1
cp "$BUILD/tests/tools/forbid" bin/
chmod -R go+rX bin
chown 65534:65534 home
own_dev
mount --bind /dev/null /etc/fuse.conf 2>/dev/null
# A mount namespace in which nothing is mounted yet.
umount -l /sys/fs/fuse/connections 2>/dev/null
PATH=$T/bin:$PATH
uring=/sys/module/fuse/parameters/enable_uring
uring_was=
trap '[ -z "$uring_was" ] || echo "$uring_was" >"$uring"; cleanup' EXIT

reads() { [ "$(timeout 5 cat "$1/hello")" = hello ]; }
waits() { grep -qE 'request_wait_answer|fuse_simple_request' "/proc/$1/wchan" "/proc/$1/stack" 2>/dev/null; }
run() { timeout 20 "${f[@]}" "$@"; }
user() { run setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps -all "$@"; }

# Each of these checks reports by itself what fails.
served()
{
	run hellofs -b -o fsname=disk mnt && reads mnt || return
	run fuse-info | grep -q "serving.*disk.*$T/mnt" || { echo 'fuse-info'; return 1; }
	run fuse-info mnt | grep -q "state *serving" || { echo 'fuse-info mnt'; return 1; }
	! run hellofs -b mnt 2>/dev/null || { echo 'mounted twice'; return 1; }
	run fumount mnt && unmounted "$T/mnt"
}
kernel_told() { run fuse-info -k | grep -q 'protocol *7\.' && run fmount --check mnt; }
busy()
{
	local code
	run hellofs -b mnt
	(cd mnt && exec sleep 60) &
	holder=$!
	within 5 open_in "$T/mnt" "$holder"
	run fumount mnt 2>said
	code=$?
	run fumount -l mnt
	kill "$holder"
	wait "$holder" 2>/dev/null
	[ "$code" = 32 ] && grep -q "held by $holder (sleep)" said && unmounted "$T/mnt"
}
# These tests abort a connection, so they need fusectl.
hung()
{
	local server blocked
	run hellofs -b --transport=dev mnt || return
	server=$(newest hellofs)
	stop "$server"
	stat mnt/none 2>/dev/null &
	blocked=$!
	within 5 waits "$blocked"
	run fuse-info mnt | tee info
	run fumount -R mnt 2>said || cat said
	kill -9 "$server"
	grep -q 'state *stopped' info && unmounted "$T/mnt" && within 5 gone "$blocked" && grep -Eq 'is aborted: waiting processes get an error|requests? ended with ETIMEDOUT' said
}
launched()
{
	local code
	run fmount --wait --auto-unmount mnt -- hellofs && reads mnt || return
	kill -9 "$(newest hellofs)"
	within 5 unmounted "$T/mnt" || { echo 'no auto-unmount'; return 1; }
	run fmount --wait mnt -- sh -c 'sleep 0.2; exit 3' 2>said
	code=$?
	[ "$code" = 1 ] && grep -q "exited with status [0-9]* before it answered" said && unmounted "$T/mnt"
}
as_mount()
{
	run mount.fuse3 hellofs#x mnt -o noexec && reads mnt && run fmount --bind mnt mnt2 && reads mnt2 &&
		run fmount -o remount,rw mnt2 && run umount.fuse mnt2 && run fumount mnt
}
by_helper()
{
	user mkdir -p home/mnt
	user hellofs -b home/mnt && [ "$(timeout 5 setpriv --reuid 65534 --regid 65534 --clear-groups cat home/mnt/hello)" = hello ] || return
	run fuse-info | grep -q "hellofs.*$T/home/mnt" || { echo fuse-info; return 1; }
	user fumount home/mnt && unmounted "$T/home/mnt"
}
alone() { run fmount --userns mnt -- sh -c 'hellofs "$1" & until cat "'"$T"'/mnt/hello"; do sleep 0.1; done; fumount mnt || fumount -l mnt' sh | grep -q hello; }
passed()
{
	local code
	run passfs -b --threads=4 src mnt || return
	echo data >mnt/a && mv mnt/a mnt/b && ln mnt/b mnt/c && cp mnt/b mnt/d && ln -s b mnt/l &&
		[ "$(cat src/b mnt/l src/d)" = $'data\ndata\ndata' ] && chmod 600 mnt/d && [ "$(stat -c '%a %h' src/d src/c | paste -sd' ')" = '600 1 644 2' ]
	code=$?
	rm -f mnt/*
	run fumount mnt && [ "$code" = 0 ] && [ -z "$(ls src)" ]
}
# Over io_uring if the kernel allows it, otherwise over the device, which the server reports.
by_uring()
{
	local code
	[ -e "$uring" ] || return 0
	machine exclusive
	uring_was=$(cat "$uring")
	echo Y >"$uring"
	run hellofs -b --transport=uring mnt 2>said
	reads mnt && run fumount mnt
	code=$?
	echo "$uring_was" >"$uring"
	uring_was=
	machine free
	[ "$code" = 0 ] || return
	[[ ,$calls, != *,42[5-7]* ]] || grep -q 'io_uring is not available' said
}
# fmount refuses a feature that the kernel cannot provide.
links_kept()
{
	ln -sf ../../outside src/out
	if run passfs -b --no-symlinks-out src mnt 2>said; then
		! readlink mnt/out
	else
		grep -q 'passfs: src: Function not implemented' said && unmounted "$T/mnt" &&
			[[ $calls = *437* || $calls = *- ]]
	fi
	code=$?
	! mounted "$T/mnt" || run fumount mnt
	rm src/out
	return "$code"
}

caged()
{
	local code
	echo data >src/file
	run passfs -b --sandbox src mnt 2>said
	code=$?
	if [ "$code" = 0 ]; then
		[ "$(cat mnt/file)" = data ]
		code=$?
		run fumount mnt
	else
		grep -qE 'sandbox: (not available|Function not implemented)' said && unmounted "$T/mnt" && [[ $calls = *44[24]* || $calls = *- ]]
		code=$?
	fi
	rm src/file
	return "$code"
}

# The list is compared with the sources, so that a new call is tried, too. Calls that came in one
# release and are used only together are refused together.
list='424 425,426,427 429,430,431,432 430 434 435 436 437 438 439 442 444,445,446 457 458 457,458'
is 'core/sys makes no newer system call but those in this list' "$(grep -ohE '\<NR_[A-Z0-9_]+( = [0-9]+)?' "$top"/core/sys/*.[ch] | sort -u | paste -sd' ')" \
	'NR_ADD_RULE NR_CLONE3 NR_CLOSE_RANGE NR_CREATE_RULESET NR_CREATE_RULESET = 444 NR_ENTER NR_FACCESSAT2 NR_FCNTL NR_FSCONFIG NR_FSMOUNT NR_FSOPEN NR_FUTEX NR_LISTMOUNT NR_MOUNT_SETATTR NR_MOUNT_SETATTR = 442 NR_MOVE_MOUNT NR_OPENAT2 NR_OPEN_TREE NR_OPEN_TREE = 428 NR_PIDFD_GETFD NR_PIDFD_OPEN NR_PIDFD_OPEN = 434 NR_PIDFD_SEND_SIGNAL NR_PIDFD_SEND_SIGNAL = 424 NR_REGISTER NR_RESTRICT_SELF NR_SETUP NR_SETUP = 425 NR_STATMOUNT NR_STATMOUNT = 457'

paths='served kernel_told busy hung launched as_mount by_helper alone passed by_uring links_kept caged'
# 335: on x86-64, the first number after 4.18; 403: elsewhere.
all=403-
[ "$(uname -m)" != x86_64 ] || [ -n "${FLOOR_BOX:-}" ] || all=335-
for calls in $all $list; do
	f=(forbid 38 "$calls")
	for path in $paths; do ok "without $calls: $path" "$path"; done
	is 'no FUSE mount is left' "$(own_mounts)" ''
done
give_dev_back
finish
