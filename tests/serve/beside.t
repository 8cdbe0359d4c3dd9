#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What asks SOURCE about a file while its newest data may be in the kernel's cache alone:
# copy_file_range(2), fallocate(2), FIEMAP, a size from the end, and a second opener of every kind.
. "$(dirname "$0")/../lib.sh"
start 120
need python3 strace
mkdir src mnt
mount -t tmpfs none src

beside() # beside write|map
{
	timeout 30 python3 - "$1" 2>&1 <<-'EOS'
	import ctypes, errno, fcntl, mmap, os, struct, sys
	SIZE = 1 << 20
	libc = ctypes.CDLL(None, use_errno=True)
	libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_long, ctypes.c_long]
	fd = os.open("mnt/f", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
	want = bytearray(SIZE)
	os.ftruncate(fd, SIZE)
	pages = mmap.mmap(fd, SIZE)
	def store(at, text):
	    want[at:at + len(text)] = text
	    if sys.argv[1] == "map": pages[at:at + len(text)] = text
	    else: os.pwrite(fd, text, at)
	def compare(name, fds, wanted=None):
	    got = os.pread(fds, 2 * SIZE, 0)
	    if got != bytes(want if wanted is None else wanted): print(name, "differs", len(got))
	store(0, b"a" * SIZE)
	out = os.open("mnt/g", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
	store(5000, b"b" * 5000)
	while os.copy_file_range(fd, out, SIZE) if hasattr(os, "copy_file_range") else os.sendfile(out, fd, None, SIZE): pass
	compare("copy_file_range", out)
	# A process writes into dirty pages, and back.
	store(100, b"c" * 9000)
	part = os.open("mnt/h", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
	os.pwrite(part, b"d" * 4000, 0)
	os.copy_file_range(part, fd, 4000, 0, 2000)
	want[2000:6000] = b"d" * 4000
	compare("copied into dirty pages", fd)
	if bytes(pages[:]) != bytes(want): print("the mapping differs")
	for mode, name in (3, "PUNCH_HOLE"), (0x11, "ZERO_RANGE"), (0, "fallocate"):
	    store(20000, b"e" * 30000)
	    if libc.fallocate(fd, mode, 21000, 10001) == 0:
	        if mode: want[21000:31001] = bytes(10001)
	    elif ctypes.get_errno() != errno.EOPNOTSUPP: print(name, errno.errorcode[ctypes.get_errno()])
	    compare(name, fd)
	store(SIZE - 10, b"f" * 10)
	other = os.open("mnt/f", os.O_RDONLY)
	compare("another descriptor", other)
	if os.lseek(other, 0, os.SEEK_END) != SIZE: print("SEEK_END")
	anew = os.open("mnt/f", os.O_WRONLY | os.O_APPEND)
	os.write(anew, b"tail")
	want += b"tail"
	compare("appended by another", fd)
	# tmpfs has no FIEMAP; an answer must not report less than is there.
	try:
	    fcntl.ioctl(other, 0xc020660b, bytearray(struct.pack("QQIIII", 0, SIZE, 0, 0, 0, 0)))
	    print("FIEMAP is answered")
	except OSError as e:
	    if e.errno not in (errno.EOPNOTSUPP, errno.ENOTTY): print("FIEMAP", e)
	os.ftruncate(fd, 3000); os.ftruncate(fd, 9000)
	want = want[:3000] + bytes(6000)
	compare("truncated and grown", fd)
	if bytes(pages[:9000]) != bytes(want): print("the mapping differs after truncation")
	os.fsync(fd)
	if open("src/f", "rb").read() != bytes(want): print("SOURCE differs")
	EOS
}
for options in '' --no-passthrough '--no-passthrough --cache=always' '--no-passthrough --cache=none' --cache=always \
	--writeback '--writeback --cache=always' --sandbox --locks --export --transport=uring --threads=1; do
	[ "$(id -u)" = 0 ] || [ "$options" != --export ] || continue
	# shellcheck disable=SC2086 # words
	exits 0 "passfs $options" passfs -b $options src mnt
	for how in write map; do
		is "$how: every call sees the newest data" "$(beside "$how")" ''
	done
	exits 0 'unmounted' fumount mnt
	rm -f src/*
done
# When the server gets no backing id for an open file (for example ENOMEM), that file is opened
# through the page cache, and so are later opens of it.
if [ "$(id -u)" = 0 ]; then
	echo text >src/f
	passfs -b --threads=1 src mnt
	bg strace -f -qq -o trace -e trace=ioctl -e inject=ioctl:error=ENOMEM:when=1 -p "$(newest passfs)"
	within 10 grep -q '^TracerPid:	[1-9]' "/proc/$(newest passfs)/status"
	exec 7<>mnt/f
	ok 'one file gets no backing id' within 10 grep -q INJECTED trace
	is 'another descriptor of a file without a backing id reads' "$(cat mnt/f 2>&1)" text
	printf T >&7
	is 'sees what the first one writes' "$(cat mnt/f 2>&1)" Text
	exec 7>&-
	kill "$bg"
	fumount mnt
else
	skip 'a file without a backing id' 'it takes root'
fi
within 5 umount src
finish
