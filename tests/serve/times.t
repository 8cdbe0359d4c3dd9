#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Times of files as SOURCE has them: after stores through a mapping, which with passthrough are
# SOURCE's own pages, and after reading, mapping and executing. tmpfs does not notice such stores.
. "$(dirname "$0")/../lib.sh"
start 120
need mkfs.ext4 python3
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP mounting ext4 takes root'; exit 0; }
mkdir src mnt
truncate -s 32M image
mkfs.ext4 -q -F image
source_with() { mount -o "loop,$1" image src; }

# Stores through a writable mapping; after each store compares the times shown with SOURCE's.
stores()
{
	python3 - 2>&1 <<-'EOS'
	import mmap, os, time
	def times(path):
	    s = os.stat(path)
	    return s.st_mtime_ns, s.st_ctime_ns
	def told(when):
	    return [] if times("mnt/f") == times("src/f") else [when]
	open("mnt/f", "wb").write(b"a" * 8192)
	time.sleep(1.2)
	times("mnt/f")
	fd = os.open("mnt/f", os.O_RDWR)
	pages = mmap.mmap(fd, 8192)
	times("mnt/f")
	late = []
	for i in range(3):
	    before = times("src/f")
	    pages[:1] = b"%d" % i
	    pages.flush()
	    late += told("store %d" % i)
	    late += ["store %d left SOURCE's time" % i] if times("src/f") == before else []
	    times("mnt/f")
	    os.fsync(fd)
	    time.sleep(0.02)
	os.close(fd)
	pages[:1] = b"x"
	pages.close()
	time.sleep(0.1)
	late += told("after munmap")
	print(late)
	EOS
}
source_with relatime
for options in '' --cache=always --timeout=60 --threads=1 --transport=uring --cache=none --no-passthrough \
	'--no-passthrough --cache=always' '--locks --cache=always'; do
	# shellcheck disable=SC2086 # words
	exits 0 "passfs $options" passfs -b $options src mnt
	is 'after stores through a mapping: times that differ' "$(stores)" '[]'
	exits 0 'unmounted' fumount mnt
	rm -f src/f
done
within 5 umount src

# truncate(2) to the same size: ext4 changes the times.
for options in '' --no-passthrough --writeback '--writeback --cache=always'; do
	source_with relatime
	# shellcheck disable=SC2086 # words
	exits 0 "passfs $options" passfs -b --timeout=1 $options src mnt
	echo text >mnt/f
	touch -d @1000 mnt/f
	ok 'truncate(2) to the same size' python3 -c 'import os; os.truncate("mnt/f", 5)'
	sleep 1.1
	is 'the time of modification is that of SOURCE' "$(stat -c %.9Y mnt/f)" "$(stat -c %.9Y src/f)"
	unlike 'which is another now' "$(stat -c %Y src/f)" '^1000$'
	exits 0 'unmounted' fumount mnt
	within 5 umount src
done

# Prints which of reading, mapping and executing a file changes its access time in SOURCE. Each has a file of
# its own: passfs does not hear of accesses to pages that the kernel has cached.
accesses()
{
	python3 - 2>&1 <<-'EOS'
	import mmap, os, shutil, subprocess, time
	def read(file, flags=0):
	    fd = os.open(file, os.O_RDONLY | flags)
	    os.read(fd, 10)
	    os.close(fd)
	def read_noatime(file):
	    read(file, os.O_NOATIME)
	def map(file):
	    fd = os.open(file, os.O_RDONLY)
	    mmap.mmap(fd, 4096, mmap.MAP_SHARED, mmap.PROT_READ)[0]
	    os.close(fd)
	def execute(file):
	    subprocess.run([file])
	for act in read, read_noatime, map, execute:
	    name = act.__name__
	    shutil.copy("/bin/true", "src/" + name)
	    before = os.stat("src/" + name).st_atime_ns
	    time.sleep(0.02)
	    act("mnt/" + name)
	    print(name, os.stat("src/" + name).st_atime_ns != before, end=" ")
	EOS
}
for how in noatime strictatime; do
	source_with "$how"
	for options in '' --cache=always --no-passthrough --writeback --sandbox; do
		# shellcheck disable=SC2086 # words
		exits 0 "SOURCE with $how, passfs $options" passfs -b $options src mnt
		case $how in
		noatime) want='read False read_noatime False map False execute False ' ;;
		strictatime) want='read True read_noatime False map True execute True ' ;;
		esac
		like 'access times are those that SOURCE keeps' "$(accesses)" "^$want\$"
		exits 0 'unmounted' fumount mnt
	done
	within 5 umount src
done
finish
