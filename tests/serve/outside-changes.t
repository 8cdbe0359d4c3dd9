#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
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
	is 'the write reaches SOURCE' "$(cat src/f)" ZXYdef
	for text in longer-than-before short ''; do
		cat mnt/f >/dev/null
		printf %s "$text" >src/f
		is "of another size in SOURCE, $(cat src/f): the next open reads all of it" "$(cat mnt/f)" "$text"
	done
	printf one >mnt/f
	touch -d @1000 mnt/f
	printf two >src/f
	touch -d @2000 src/f
	sleep 1.1
	is 'its time is seen when names and attributes are a second old' "$(stat -c %Y mnt/f)" 2000
	printf three >src/f
	sleep 1.1
	is 'the size in the mount is that of SOURCE' "$(stat -c %s mnt/f)" 5
	exits 0 'unmounted' fumount mnt
	rm -f src/f
done

# Changes made through the mount do not replace the inode in the kernel, so an inotify watch stays
# valid.
passfs -b --writeback src mnt
printf a >mnt/f
python3 - >watched 2>&1 <<-'EOS'
	import ctypes, os, time
	libc = ctypes.CDLL(None)
	fd = libc.inotify_init1(os.O_NONBLOCK)
	libc.inotify_add_watch(fd, b"mnt/f", 2)
	def seen():
	    try: return len(os.read(fd, 4096)) > 0
	    except BlockingIOError: return False
	def act(name, what):
	    what()
	    time.sleep(1.1)
	    open("mnt/f", "ab").write(b"x")
	    print(name, seen())
	def shell(command): return lambda: os.system(command)
	act("append", shell("echo more >>mnt/f"))
	act("truncate", shell("truncate -s 5000 mnt/f; truncate -s 9 mnt/f"))
	act("again", shell("echo anew >mnt/f"))
	act("touch", shell("touch -d @1000 mnt/f"))
	act("fallocate", shell("fallocate -l 100000 mnt/f"))
	act("copy", shell("echo text >mnt/g; cp mnt/g mnt/f"))
	act("mode", shell("chmod 600 mnt/f; ln mnt/f mnt/h; rm mnt/h"))
EOS
is 'one inode whatever the mount does to its file' "$(cat watched)" \
	$'append True\ntruncate True\nagain True\ntouch True\nfallocate True\ncopy True\nmode True'
exits 0 'unmounted' fumount mnt
# SOURCE changes the owner, removes all permissions and allows only appends (chattr +a) while a
# writer has written. fsync(2) and close(2) report errors of the data only, which an open descriptor
# may write.
if [ "$(id -u)" = 0 ]; then
	chmod 777 src .
	rm -f src/*
	for options in '' --no-passthrough --writeback '--writeback --sandbox' --locks; do
		# shellcheck disable=SC2086 # words
		exits 0 "passfs $options" passfs -b $options src mnt
		for what in 'chown 0:0' 'chmod 0' 'chattr +a'; do
			is "$what in SOURCE, while a user writes" "$(setpriv --reuid 1777 --regid 1777 --clear-groups \
				python3 -c 'if True:
				import os
				fd = os.open("mnt/f", os.O_RDWR | os.O_CREAT, 0o644)
				os.write(fd, b"a" * 9000)
				print("written", flush=True)
				input()
				for what in "fsync", "write", "fsync", "close":
				    try: os.write(fd, b"b" * 9000) if what == "write" else getattr(os, what)(fd)
				    except OSError as error: print(what, error.strerror)' \
				2>&1 < <(within 5 test -e src/f; sleep 0.3; $what src/f; echo))" written
			is 'SOURCE has all that was written' "$(stat -c %s src/f)" 18000
			chattr -a src/f
			rm -f mnt/f
		done
		exits 0 'unmounted' fumount mnt
	done
fi
rm -f src/*
within 5 umount src
finish
