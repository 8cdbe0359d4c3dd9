# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# For scale and newest: many FUSE mounts whose server never answers, and what a command costs among them.
# In $T, which is on tmpfs; with $bench/many and $bench/cost.

many_pid='' next=0 round=0
mounts() # mounts COUNT: $T/mounts/0, 1 ..., no others
{
	no_mounts
	mount -t tmpfs -o mode=755 none "$T/mounts"
	next=0
	rm -f "$T/feed" "$T/said"
	mkfifo "$T/feed" "$T/said"
	"$bench/many" "$1" "$T/mounts" <"$T/feed" >"$T/said" & many_pid=$!
	exec 8>"$T/feed" 9<"$T/said"
	read -r _ <&9
}
no_mounts()
{
	[ -n "$many_pid" ] || return 0
	exec 8>&- 9<&-
	wait "$many_pid"
	many_pid=''
	umount -l "$T/mounts"
}

# Samples of nanoseconds: $at.WHO. A command that fails leaves none.
at=$T/at
once() # once WHO COMMAND...: its peak of memory in KiB is $kib
{
	local who=$1 cost; shift
	cost=$("$bench/cost" "$@") || { echo "bench: $who: round $round failed"; return 1; }
	echo "$round ${cost% *}" >>"$at.$who"
	kib=${cost#* }
}
unmount_once() # unmount_once WHO COMMAND...: of one more mount each time
{
	next=$((next + 1))
	once "$@" "$T/mounts/$next"
}
us() { echo $(($(figures "$at.$1" | median) / 1000)); } # us WHO: the median
of() { spread "$at.$1" "$at.$2" | cut -d' ' -f1; } # of OURS THEIRS: the median ratio
