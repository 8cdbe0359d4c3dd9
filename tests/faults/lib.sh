# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# For tests that make system calls fail: see tests/tools/faults.c.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# The libc functions that core/sys uses and that are no system calls, or do not fail.
harmless='_exit getauxval getegid geteuid getgid getpid getppid getresgid getresuid getuid munmap umask
	pthread_attr_init pthread_attr_setdetachstate pthread_attr_setstacksize
	memchr memcmp memcpy memmove memset strcat strchr strcmp strcpy strcspn strlen strncmp strnlen strrchr
	__ehdr_start __errno_location _GLOBAL_OFFSET_TABLE_'

# The calls of core/sys that the seam does not wrap.
unseen()
{
	local objects="$BUILD/faults/obj/core/sys"
	nm -u "$objects"/*.o | awk '$1 == "U" { print $2 }' | sort -u |
		grep -vxF -e "$(nm --defined-only "$objects"/*.o | awk 'NF == 3 { print $3 }')" -e "$(sed -n 's/^WRAPPED.[^,]*, \([a-z0-9_]*\),.*/\1/p' "$top/tests/faults/seam.c")" \
			-e "$(tr -s ' \t' '\n' <<<"$harmless")"
}

# Each run has a PID namespace of its own, so that /proc is small and no process outlives the run.
scene() # scene NAME OPTION...
{
	local dir=$T/${1//[ ,\/]/_} name=$1; shift
	mkdir -p "$dir/ctl"
	chmod 755 "$dir"
	cd "$dir" || exit
	mount -t fusectl none ctl
	unshare -p -f --kill-child --mount-proc faults "$@" "$BUILD/faults" "$BUILD" "$name" >log 2>&1
	echo $? >status
	umount ctl
}

# all_scenes OPTION...: runs six at a time, since they mostly wait for the kernel.
all_scenes()
{
	local scenarios dir i s
	mapfile -t scenarios < <(faults)
	for ((i = 0; i < 6; i++)); do
		for ((s = i; s < ${#scenarios[@]}; s += 6)); do scene "${scenarios[s]}" "$@"; done &
	done
	wait
	for s in "${scenarios[@]}"; do
		dir=$T/${s//[ ,\/]/_}
		is "$s" "$(cat "$dir/status")" 0 || diag "$(head -n 20 "$dir/log")"
		tail -n 1 "$dir/log"
	done
}

# Most kernels have FUSE over io_uring switched off.
uring=/sys/module/fuse/parameters/enable_uring
# shellcheck disable=SC2034 # for the tests
uring_was=$(cat "$uring" 2>/dev/null)
switch_uring() { [ ! -e "$uring" ] || echo "$1" >"$uring"; }
