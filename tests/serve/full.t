#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A SOURCE without room: a store through a mapping has no error of its own, so msync(2), fsync(2) or
# close(2) reports it, unless SOURCE's own file system stops the store (SIGBUS, with passthrough).
. "$(dirname "$0")/../lib.sh"
start 180
need python3 mkfs.ext4
mkdir src mnt
mount -t tmpfs -o size=4m none src

# store SIZE HOW: stores SIZE bytes into mnt/f through a mapping, and prints the result of each
# call. It calls libc's mmap, since Python's keeps a descriptor of its own open.
store()
{
	timeout 20 python3 - "$1" "$2" <<-'EOS' 2>&1
	import ctypes, errno, os, sys
	libc = ctypes.CDLL(None, use_errno=True)
	libc.mmap.restype = ctypes.c_void_p
	libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
	libc.msync.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
	libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
	size, how = int(sys.argv[1]), sys.argv[2]
	fd = os.open("mnt/f", os.O_RDWR | os.O_CREAT)
	os.ftruncate(fd, size)
	at = libc.mmap(None, size, 3, 1, fd, 0)
	ctypes.memset(at, 120, size)
	def say(name, result):
	    print(name, errno.errorcode[ctypes.get_errno()] if result else "ok")
	if how == "msync": say("msync", libc.msync(at, size, 4))
	if how == "fsync": say("fsync", libc.fsync(fd))
	if how == "munmap": libc.munmap(at, size)
	say("close", libc.close(fd))
	EOS
	[ "${PIPESTATUS[0]}" != 135 ] || echo SIGBUS
}
# The server closes removed files a moment after rm(1).
room=$(stat -fc %f src)
is_empty() { [ "$(stat -fc %f src)" = "$room" ]; }
# Whether the kernel writes to SOURCE by itself (passthrough).
passes() { case $1 in '' | --cache=* | --threads=1 | --transport=uring) [ "$(id -u)" = 0 ] ;; *) false ;; esac; }

for options in '' --no-passthrough --sandbox --writeback --cache=none --cache=always \
	'--no-passthrough --cache=always' --locks --threads=1 '--no-passthrough --threads=1' \
	--transport=uring '--no-passthrough --transport=uring'; do
	# shellcheck disable=SC2086 # words
	exits 0 "passfs $options" passfs -b $options src mnt
	for how in msync fsync close munmap; do
		# In the second case a single WRITE does not fit into SOURCE: it may be short.
		for case in 8388608:0 524288:3932160; do
			within 10 is_empty || bail 'SOURCE keeps blocks of removed files'
			[ "${case#*:}" = 0 ] || head -c "${case#*:}" /dev/zero >src/ballast
			case $how in msync | fsync) want=$how ;; *) want=close ;; esac
			got=$(store "${case%:*}" "$how")
			if passes "$options"; then
				like "$how, ${case%:*} bytes: the store is stopped" "$got" SIGBUS
			else
				like "$how, ${case%:*} bytes: $want tells that they are lost" "$got" "$want ENOSPC"
			fi
			rm -f src/f src/ballast
			rm -f mnt/f
		done
	done
	exits 0 'unmounted' fumount mnt
done

# Data that could not be written is shown only while the file is open: afterwards the file is as in
# SOURCE.
for options in --writeback '--writeback --cache=always' '--writeback --threads=1' '--writeback --sandbox' '--writeback --export'; do
	[ "$(id -u)" = 0 ] || [ "${options#* }" != --export ] || continue
	# shellcheck disable=SC2086 # words
	exits 0 "passfs $options" passfs -b $options src mnt
	within 10 is_empty || bail 'SOURCE keeps blocks of removed files'
	done=$(head -c 8388608 /dev/urandom | dd of=mnt/f bs=1M 2>&1)
	like 'close tells that a full SOURCE took only a part' "$done" 'No space left'
	# Whoever wrote it may not look at what close(2) returns, as a database's other processes.
	exits 1 'fsync of a later descriptor tells it as well' sync mnt/f
	exits 0 'once' sync mnt/f
	ok 'the next open reads what SOURCE has' cmp mnt/f src/f
	is 'the size in the mount is that of SOURCE' "$(stat -c '%s %b' mnt/f)" "$(stat -c '%s %b' src/f)"
	truncate -s 1000 mnt/f
	head -c 3000000 /dev/zero >src/ballast
	head -c 2000000 /dev/urandom | dd of=mnt/f bs=1M conv=notrunc 2>&1 | grep -q 'No space'
	rm -f src/ballast
	ok 'after truncate(2) the mount shows what SOURCE has' cmp mnt/f src/f
	exits 0 'what is written anew' sh -c 'echo anew >mnt/f'
	exits 0 'has lost nothing' sync mnt/f
	rm -f mnt/f src/*
	exits 0 'unmounted' fumount mnt
done
within 5 umount src

# With --writeback, fsync(2) or close(2) (as EIO) reports an offset that SOURCE does not support.
far() # far OFFSET fsync|close
{
	python3 - "$@" 2>&1 <<-'EOS'
	import errno, os, sys
	fd = os.open("mnt/far", os.O_RDWR | os.O_CREAT)
	def told(name, act):
	    try: act()
	    except OSError as e: print(name, errno.errorcode[e.errno])
	told("write", lambda: os.pwrite(fd, b"x", int(sys.argv[1])))
	if sys.argv[2] == "fsync": told("fsync", lambda: os.fsync(fd))
	told("close", lambda: os.close(fd))
	EOS
}
if [ "$(id -u)" = 0 ]; then
	truncate -s 32M image
	mkfs.ext4 -q -F image
	mount -o loop image src
	for options in '' --no-passthrough --cache=none --writeback '--writeback --threads=1'; do
		# shellcheck disable=SC2086 # words
		exits 0 "passfs $options" passfs -b $options src mnt
		for offset in $((1 << 45)) $(((1 << 62) + 5)) $(((1 << 63) - 4097)) $(((1 << 63) - 2)); do
			for how in fsync close; do
				case $options$how in
				--writeback*fsync) want='fsync EFBIG' ;;
				--writeback*close) want='close EIO' ;;
				*) want='write EFBIG' ;;
				esac
				is "$how: a byte at $offset" "$(far "$offset" "$how")" "$want"
				is 'a byte that could not be written is not shown later' "$(wc -c <mnt/far)$(stat -c ' %s' mnt/far)" '0 0'
				rm -f mnt/far
			done
		done
		exits 0 'unmounted' fumount mnt
	done
	within 5 umount src
	# RLIMIT_FSIZE of the server does not limit its callers.
	for how in --no-passthrough --writeback --sandbox; do
		(ulimit -S -f 100 && exec passfs -b "$how" src mnt)
		exits 0 "$how: a file beyond the server's limit of file size" sh -c 'head -c 300000 /dev/zero >mnt/large'
		is 'the file beyond the limit of the server is complete in SOURCE' "$(stat -c %s src/large)" 300000
		exits 1 'the file size limit of the caller counts' sh -c 'trap "" XFSZ; ulimit -f 200; head -c 300000 /dev/zero >mnt/larger'
		is 'SOURCE has the file up to the limit of the caller' "$(stat -c %s src/larger)" 102400
		rm -f mnt/large mnt/larger
		exits 0 'unmounted' fumount mnt
	done
else
	skip 'offsets beyond those of ext4' 'mounting it takes root'
fi
finish
