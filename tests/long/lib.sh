# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# For the long tests: the ways in which passfs can be told to work.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# shellcheck disable=SC2034 # for the tests
configs=(
	''
	'--threads=1'
	'--threads=4'
	'--transport=uring'
	'--cache=none'
	'--cache=always'
	'--writeback'
	'--no-passthrough'
	'--threads=4 --writeback'
	'--writeback --no-passthrough'
	'--transport=uring --writeback'
	'--cache=always --no-passthrough'
	'--sandbox'
	'--locks'
	'--export'
)

# Another process at work in SOURCE, which replaces files there, while a third reads them
# through the mount. end_neighbour ends both and says whether SOURCE has all of what
# fsync(2) called safe. Not two of them at once.
start_neighbour() # start_neighbour SOURCE MOUNT
{
	mkdir -p "$1/neighbour"
	durable replace "$1/neighbour" neighbour.log >neighbour.out 2>&1 & neighbours=($!)
	while [ ! -e neighbour.over ]; do cat "$2"/neighbour/* >/dev/null 2>&1; done & neighbours+=($!)
	pids+=("${neighbours[@]}")
}
end_neighbour() # end_neighbour SOURCE
{
	local status
	: >neighbour.over	# a cat that is at work ends first: it keeps the mount busy
	kill "${neighbours[0]}"
	wait "${neighbours[@]}" 2>/dev/null
	durable -c replace "$1/neighbour" neighbour.log
	status=$?
	rm -rf "$1/neighbour" neighbour.log neighbour.over
	return $status
}

# each VARIABLE SECONDS NAME: runs the test once for each of configs in VARIABLE, SECONDS each.
each()
{
	local config
	for config in "${configs[@]}"; do
		ok "$3 ${config:-as it is}" one_of_each "$1=$config" "$2"
	done
	finish
}
one_of_each()
{
	timeout -k 5 "$2" env -u FUSEBOX_TEST_NS "$1" bash "$here/long/${0##*/}" >one.log 2>&1 && return
	grep -v '^ok' one.log
	return 1
}

# Whether passfs has all of these options.
known()
{
	local word help
	help=$(passfs --help)
	for word; do [[ $help =~ [[:space:],]"${word%%=*}"[[:space:]=[] ]] || return 1; done
}

# FUSE over io_uring is switched off in the kernel, in most places, and here wherever it is
# not asked for; end_configs puts back what was.
uring=/sys/module/fuse/parameters/enable_uring
uring_was=$(cat "$uring" 2>/dev/null)
switch_uring() { echo "$1" >"$uring"; }

begin_configs() { trap 'end_configs; cleanup' EXIT; }
end_configs()
{
	[ -z "$uring_was" ] || switch_uring "$uring_was"
	# The server holds the directories; they can be removed once it has ended.
	umount -l "$T/src" "$T/native"
} 2>/dev/null

# configured CONFIG: sets $options to its words; false if passfs does not have them.
configured()
{
	read -ra options <<<"$1"
	known "${options[@]}" || { skip "passfs $1" 'it has no such option'; return 1; }
	if [[ $1 = *uring* ]]; then
		ok 'FUSE over io_uring is switched on' switch_uring Y
	elif [ -e "$uring" ]; then
		switch_uring N
	fi
}

# fio, in a session of its own: when a job has not started within ten seconds, it may kill the
# group that it is in, with the test and prove. That is not the file system's fault: beside
# those who wake each other all the time on one CPU, such as the clients of a ring and its
# server, the scheduler of 6.18 lets others wait for as long (eventfd(2) does it as well).
run_fio()
{
	local try
	for try in 1 2 3; do
		setsid -w fio "$@" 2>fio.err && return
		grep -q 'startup hung' fio.err || break
	done
	echo "fio, try $try: $(cat fio.err)"
	return 1
}
