#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# passfs with several threads, by both transports, built with the sanitizer that sees races
# (CONFIG=threads). What is proven to be none is in tests/long/races.supp, and why.
. "$(dirname "$0")/lib.sh"
start 300
begin_configs
mkdir src mnt
passfs=$BUILD/threads/bin/passfs
export TSAN_OPTIONS="log_path=$T/report suppressions=$here/long/races.supp"

work()
{
	local i
	for ((i = 0; i < 40; i++)); do
		echo "$i" >"mnt/a$1"
		cat "mnt/a$1"
		mv "mnt/a$1" "mnt/b$1"
		ln "mnt/b$1" "mnt/c$1"
		mkdir "mnt/d$1"
		ls -l mnt
		rmdir "mnt/d$1"
		rm "mnt/b$1" "mnt/c$1"
	done >/dev/null 2>&1
}

for config in '--threads=4 --transport=dev' '--threads=4 --transport=uring' '--threads=4 --writeback' \
	'--threads=4 --no-passthrough --locks'; do
	configured "$config" || continue
	# shellcheck disable=SC2154 # configured sets them
	exits 0 "passfs $config" "$passfs" -b "${options[@]}" src mnt
	workers=()
	for i in 1 2 3 4; do work $i & workers+=($!); done
	wait "${workers[@]}"
	is 'all files that the processes made are removed again' "$(ls mnt)" ''
	exits 0 'unmounted' fumount mnt
	ok 'passfs ends after fumount' within 10 eval '! newest passfs'
	is 'ThreadSanitizer reports no race' "$(cat report.* 2>/dev/null | grep -A 12 '^WARNING\|^SUMMARY' | head -60)" ''
	rm -f report.*
done
# Without the list of suppressions ThreadSanitizer does report races.
TSAN_OPTIONS="log_path=$T/report" "$passfs" -b --threads=4 --transport=dev src mnt 2>/dev/null
for i in 1 2 3 4; do work $i & done
wait
fumount mnt
ok 'the suppressed race is reported without the list' grep -qs SUMMARY report.*
finish
