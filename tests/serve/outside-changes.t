#!/usr/bin/env bash
# What is written in SOURCE beside the mount: the next open sees it while no descriptor of the mount
# writes the file, and a small write does not put a stale page back over it.
. "$(dirname "$0")/../lib.sh"
start 60
mkdir src mnt
mount -t tmpfs none src

write_byte() { printf %s "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }
reopened()
{
	local i stale=0
	for i in 1 2 3 4 5 6 7 8 9; do
		write_byte src/f 0 "$i"
		[ "$(head -c 1 mnt/f)" = "$i" ] || stale=$((stale + 1))
	done
	echo "$stale"
}
for options in '' --no-passthrough --cache=none --writeback '--writeback --threads=1' --locks; do
	# shellcheck disable=SC2086 # words
	exits 0 "passfs $options" passfs -b $options src mnt
	printf %s abcdef >mnt/f
	is 'a new open reads what SOURCE has: stale reads' "$(reopened)" 0
	cat mnt/f >/dev/null
	write_byte src/f 1 X
	write_byte mnt/f 2 Y
	is 'a write keeps the change beside it' "$(cat src/f)" 9XYdef
	exec 7<>mnt/f
	printf Z >&7
	is 'what a writer has not closed is read by others' "$(cat mnt/f)" ZXYdef
	exec 7>&-
	is 'and reaches SOURCE' "$(cat src/f)" ZXYdef
	exits 0 'unmounted' fumount mnt
	rm -f src/f
done
umount src
finish
