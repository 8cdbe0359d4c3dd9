#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copies of a file that its writer has open: cp and tar ask for its holes (lseek(2)), which SOURCE
# may not know, since the data is still in the kernel's cache.
. "$(dirname "$0")/../lib.sh"
start 120
need python3 rsync tar busybox
mkdir src mnt out
mount -t tmpfs none src

# Writes 1 MiB, by write(2) or through a mapping, and keeps the file open until its input ends.
writer() # writer HOW FILE
{
	python3 -c '
import mmap, os, sys
data = os.urandom(4096) * 256
fd = os.open(sys.argv[2], os.O_RDWR | os.O_CREAT)
if sys.argv[1] == "write":
    os.write(fd, data)
else:
    os.ftruncate(fd, len(data))
    m = mmap.mmap(fd, len(data))
    m[:] = data
open(sys.argv[3], "wb").write(data)
open("ready", "w").close()
sys.stdin.read()' "$1" "$2" want
}
copied() # copied COMMAND...: makes out/f of mnt/f
{
	rm -f out/f
	"$@" && cmp want out/f
}
by_tar() { tar -C mnt -S -cf - f | tar -C out -xf -; }

for options in '' --no-passthrough '--no-passthrough --cache=always' --writeback '--writeback --cache=always' \
	--cache=always --cache=none '--cache=none --no-passthrough' '--cache=none --writeback' --sandbox --locks '--locks --cache=always'; do
	for how in write mmap; do
		# shellcheck disable=SC2086 # words
		exits 0 "passfs $options" passfs -b $options src mnt
		rm -f ready
		mkfifo hold
		writer "$how" mnt/f <hold &
		exec 8>hold
		ok "$how: written" within 10 test -e ready
		ok 'cp' copied cp mnt/f out/f
		ok 'cp --sparse=always' copied cp --sparse=always mnt/f out/f
		ok 'tar -S' copied by_tar
		ok 'rsync' copied rsync mnt/f out/f
		ok 'busybox cp' copied busybox cp mnt/f out/f
		exec 8>&-
		wait
		ok 'what SOURCE has in the end' cmp want src/f
		exits 0 'unmounted' fumount mnt
		rm -f hold src/f
	done
done

# The file is old, so the second reader finds it unchanged, and the kernel keeps its pages: the data
# is only in the page cache.
store_late()
{
	python3 -c '
import mmap, os, time
size = 1 << 20
fd = os.open("mnt/f", os.O_RDWR | os.O_CREAT)
os.ftruncate(fd, size)
m = mmap.mmap(fd, size)
time.sleep(2.5)
for _ in range(2):
    open("mnt/f", "rb").read(1)
reader = os.open("mnt/f", os.O_RDONLY)
m[:] = b"x" * size
print(os.lseek(reader, 0, os.SEEK_DATA), os.fstat(reader).st_blocks > 0)'
}
for options in '' --no-passthrough --locks --sandbox --writeback '--cache=none --no-passthrough' '--cache=none --sandbox'; do
	# shellcheck disable=SC2086 # words
	exits 0 "passfs $options" passfs -b $options src mnt
	is 'a store into an old, sparse file: SEEK_DATA finds the data, and there are blocks' "$(store_late 2>&1)" '0 True'
	exits 0 'unmounted' fumount mnt
	rm -f src/f
done
within 5 umount src
finish
