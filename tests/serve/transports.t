#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# passfs over /dev/fuse and over io_uring, with one thread and with several.
. "$(dirname "$0")/../lib.sh"
start 300
# shellcheck source=passfs.sh
. "$here/serve/passfs.sh"

# One thread or several, and either transport; --transport=uring where the kernel does not allow it.
machine exclusive
params=/sys/module/fuse/parameters/enable_uring
before=$(cat "$params")
trap '[ -z "$before" ] || echo "$before" >"$params"; cleanup' EXIT
echo Y >"$params"
ring() { find "/proc/$server/fd" -lname '*io_uring*' -printf x | wc -c; }
for how in '--transport=dev --threads=1' '--transport=dev --threads=4' '--transport=uring --threads=1' '--transport=uring --threads=8' '--transport=auto -o noallow_other' --transport=auto; do
	# shellcheck disable=SC2086 # words
	up $how
	rm -rf mnt/w; mkdir mnt/w
	for i in 1 2 3 4; do (for j in $(seq 50); do echo "$i $j" >"mnt/w/$i.$j"; done) & writers[i]=$!; done
	wait "${writers[@]}"
	is "all that four processes wrote is there ($how)" "$(cat mnt/w/* | sort | sum)" "$(for i in 1 2 3 4; do for j in $(seq 50); do echo "$i $j"; done; done | sort | sum)"
	case $how in
	*dev*|*auto) is 'no ring' "$(ring)" 0 ;;
	*) ok 'a ring' test "$(ring)" -ge 1 ;;
	esac
	down
done
echo N >"$params"
exits 0 'passfs where io_uring is switched off' passfs -b --transport=uring src mnt
like 'passfs reports that io_uring is not available' "$err" 'io_uring is not available'
ok 'without io_uring passfs serves' ls mnt
down
echo "$before" >"$params"
finish
