#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# passfs: locks of its files and of SOURCE's (--locks), and file handles (--export).
. "$(dirname "$0")/../lib.sh"
start 300
# shellcheck source=passfs.sh
. "$here/serve/passfs.sh"
echo 1 >src/one
echo 2 >src/two

# Locks that other processes hold in SOURCE.
up --locks
mkfifo hold
lock src/one w 0 10 <hold >held & pids+=($!)
: >held	# what the last one wrote there
exec 8>hold
within 5 grep -q got held
exits 1 'a POSIX lock of SOURCE is seen' lock mnt/one r 5 1 </dev/null
is 'fcntl(2) reports the conflict as EAGAIN' "$out" 'Resource temporarily unavailable'
like 'F_GETLK names the process that holds the lock' "$(lock mnt/one '?' 0 0)" "^write 0 10 $(newest lock)"
exits 0 'a lock beside the locked range succeeds' lock mnt/one w 10 1 </dev/null
lock mnt/one w 0 1 wait </dev/null >waited 8>&- & waiter=$!
ok 'a conflicting lock waits' within 5 blocked "$waiter"
is 'its caller does not have it' "$(cat waited)" ''
ok 'other requests are served meanwhile' timeout 5 ls mnt
exec 8>&-
ok 'the waiter gets the lock once the owner closes the file' within 5 grep -q got waited
wait "$waiter"
lock mnt/one w 0 10 <hold >held & pids+=($!)
: >held	# what the last one wrote there
exec 8>hold
within 5 grep -q got held
exits 1 'a POSIX lock in the mount is seen in SOURCE' lock src/one w 0 1 </dev/null
lock mnt/one w 0 1 wait </dev/null >waited 8>&- & waiter=$!
within 5 blocked "$waiter"
kill -INT "$waiter"; kill -TERM "$waiter"
ok 'a signal ends the process that waits for a lock' within 5 gone "$waiter"
exec 8>&-
ok 'a close gives the lock back in SOURCE' within 5 lock src/one w 0 1 </dev/null
exec 8<>src/two
flock 8
exits 1 'flock(2) of SOURCE is seen in the mount' flock -n mnt/two true
flock mnt/two true 8>&- & waiter=$!
ok 'flock(2) in the mount waits for the one in SOURCE' within 5 blocked "$waiter"
exec 8>&-
ok 'and gets it then' within 5 gone "$waiter"
# F_OFD_SETLK: the lock belongs to the open file description. Closing another descriptor, or a
# duplicate, does not release it.
python3 -c 'import fcntl, os, struct, sys
fd = os.open("mnt/two", os.O_RDWR)
fcntl.fcntl(fd, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
os.close(os.dup(fd))
os.close(os.open("mnt/two", os.O_RDWR))
print("got", flush=True)
sys.stdin.read()' <hold >held & pids+=($!)
: >held	# what the last one wrote there
exec 8>hold
within 5 grep -q got held
exits 1 'the lock of an open file is seen in SOURCE' lock src/two w 0 1 </dev/null
exec 8>&-
ok 'the lock of an open file ends with it' within 5 lock src/two w 0 1 </dev/null
# A thread closes the file while another one waits for a lock of it.
lock src/one w 0 10 <hold >held & pids+=($!)
: >held	# what the last one wrote there
exec 8>hold
within 5 grep -q got held
python3 -c 'import fcntl, os, threading, time
a = os.open("mnt/one", os.O_RDWR)
b = os.open("mnt/one", os.O_RDWR)
def wait():
	fcntl.lockf(a, fcntl.LOCK_EX, 10)
	print("got", flush=True)
waiter = threading.Thread(target=wait)
waiter.start()
time.sleep(0.5)
fcntl.lockf(b, fcntl.LOCK_EX, 10, 20)
os.close(b)
print("closed", flush=True)
waiter.join()
time.sleep(60)' >waited 2>&1 8>&- & waiter=$!
pids+=("$waiter")
within 10 grep -q closed waited
exits 0 'a close in the mount gives back what the process had locked' lock src/one w 20 10 </dev/null
exec 8>&-
ok 'the thread that waits for the lock gets it' within 5 grep -q got waited
exits 1 'the lock of that thread is seen in SOURCE' lock src/one w 0 1 </dev/null
kill "$waiter"
ok 'the lock ends with the process' within 5 lock src/one w 0 1 </dev/null
down
up
lock src/one w 0 10 <hold >held & pids+=($!)
: >held	# what the last one wrote there
exec 8>hold
within 5 grep -q got held
exits 0 'without --locks a lock of SOURCE does not conflict with one in the mount' lock mnt/one w 0 1 </dev/null
exec 8>&-
down

# File handles stay valid after the kernel has forgotten the inode.
machine exclusive
up --export
echo handle >src/exported
mkdir -p src/h/i; echo deep >src/h/i/f
handle take mnt/exported >h1; handle take mnt/h/i/f >h2
echo 2 >/proc/sys/vm/drop_caches
is 'a file is opened by its handle' "$(handle open mnt <h1)" handle
mv src/exported src/renamed; echo 2 >/proc/sys/vm/drop_caches
is 'a handle leads to a file that was renamed meanwhile' "$(handle open mnt <h1)" handle
is 'a handle leads to a file in a deeper directory' "$(handle open mnt <h2)" deep
rm src/renamed; echo 2 >/proc/sys/vm/drop_caches; sleep 1.1
exits 1 'a handle of a removed file fails' sh -c 'handle open mnt <h1'
like 'the error: Stale file handle' "$err" 'Stale file handle'
down
# A new file may get the inode number of a removed one; on ext4 it does so at once.
mkdir ext
let_go() { ! find "/proc/$server/fd" -lname "$T/ext/$1*" | grep -q .; }
stale() # stale NAME HANDLE
{
	exits 1 "$1" sh -c "handle open mnt <$2"
	like 'the error is ESTALE' "$err" 'Stale file handle'
}
if truncate -s 16M image && mkfs.ext4 -q image && mount -o loop image ext; then
	exits 0 'passfs --export on ext4' passfs -b --export ext mnt
	server=$(newest passfs)
	pids+=("$server")
	echo first >mnt/a; handle take mnt/a >h1; number=$(stat -c %i ext/a)
	rm mnt/a; within 5 let_go a; sleep 0.2
	echo second >mnt/b; handle take mnt/b >h2
	is 'a new file gets the inode number of a removed one' "$(stat -c %i ext/b)" "$number"
	stale 'whose handle does not open it' h1
	is 'the handle of the new file leads to it' "$(handle open mnt <h2)" second
	echo 2 >/proc/sys/vm/drop_caches; within 5 let_go b
	is 'the handle of the new file leads to it later, too' "$(handle open mnt <h2)" second
	stale 'the other one stays what it is' h1
	rm mnt/b; within 5 let_go b; sleep 0.2
	echo third >ext/c; find mnt -size 1 >/dev/null
	is 'a third file gets the inode number' "$(stat -c %i ext/c)" "$number"
	stale 'when it is listed' h2
	down
	umount ext
else
	skip 'inode numbers that come again' 'no ext4, or no loop device'
fi
machine free
finish
