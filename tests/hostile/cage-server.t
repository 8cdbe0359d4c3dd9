#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A server that was taken over, against the machine: what is in its reach in the cage, and
# what it can have the kernel and the unmounter do. See tests/serve/escapefs.c.
. "$(dirname "$0")/../lib.sh"
start 150
need strace script prlimit
ln -s "$BUILD/tests/escapefs" escapefs
mkdir mnt other src outside
export OUTSIDE=$T/outside
unmounter_of() { pgrep -x -P "$1" fuse-unmounter; }
of() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"; }
descriptors() { find "/proc/$1/fd" -mindepth 1 -printf '%f %l\n' | awk '$1 > 2' | sed 's/:.*//' | sort -k2; }

# ---- Which files ----
echo secret >outside/file
chmod 600 outside/file
./escapefs -b --sandbox --files src mnt 9</ 2>/dev/null
got=$(cat "mnt/report.$(unmounter_of "$(newest escapefs)")")
fumount mnt
for what in 'chmod in /proc' 'the same from here' 'chown in /proc, from here' 'chown of here' 'what is above' \
	'and above that' 'chmod by a descriptor'; do
	ok "$what: refused to the caged server" grep -qE "^$what: (refused|error (2|9))$" <<<"$got"
done
unlike 'the report has no act on a file outside that succeeded' "$got" '(proc|here|above|descriptor)[^:]*: done'
is 'a mode outside is as it was' "$(stat -c %a outside/file)" 600

passfs -b --sandbox src mnt 9</ 8<outside 2>/dev/null
server=$(newest passfs) unmounter=$(unmounter_of "$server")
# The server's mount has only the device in it, so the device's path is "/".
is 'passfs in the sandbox holds the device, the pipe and SOURCE' "$(descriptors "$server" | cut -d' ' -f2 | xargs)" "/ $T/src pipe"
is 'the descriptor that is shown as / is /dev/fuse' "$(descriptors "$server" | while read -r fd at; do [ "$at" != / ] || stat -Lc %t:%T "/proc/$server/fd/$fd"; done)" a:e5
like 'fuse-info finds the caged server' "$(fuse-info mnt)" "server +$server "
is 'the unmounter holds only its pipe, the server and the connection' "$(descriptors "$unmounter" | cut -d' ' -f2 | sed 's|^/[0-9]*$|connection|;s|anon_inode|pidfd|' | sort | xargs)" 'connection pidfd pipe'
ok 'the caged server cannot get above its working directory' test ! -e "/proc/$server/cwd/../../version" -a ! -e "/proc/$server/cwd/../status"
ok 'the working directory of the caged server has only descriptors' test -e "/proc/$server/cwd/0" -a "$(find "/proc/$server/cwd/../" -maxdepth 1 ! -name '[0-9]*' | wc -l)" = 1
echo text >mnt/file
ok 'the caged server writes to SOURCE' test "$(cat src/file)" = text
exits 0 'the caged server changes a mode by a descriptor of SOURCE' chmod 640 mnt/file
is 'the changed mode is in SOURCE' "$(stat -c %a src/file)" 640
fumount mnt
passfs -b src mnt 9</ 8<outside 2>/dev/null
server=$(newest passfs)
is 'without a sandbox the server has no inherited descriptors either' "$(descriptors "$server" | grep -cE " (/|$T/outside)$")" 0
fumount mnt
# Reading the list of descriptors fails, at once or after the first part. Some descriptors have
# numbers that only the list or close_range(2) reaches.
for when in 1 2; do
	strace -D -f -o trace -e inject=getdents64:error=EIO:when=$when passfs -b src mnt 9</ 4999<outside 2>/dev/null
	server=$(newest passfs)
	ok "the list fails, $when" grep -q INJECTED trace
	is 'the server keeps no inherited descriptor then' "$(descriptors "$server" | grep -cE " (/|$T/outside)$")" 0
	is 'the unmounter keeps no inherited descriptor then' "$(descriptors "$(unmounter_of "$server")" | grep -cE " (/|$T/outside)$")" 0
	is 'the server with few descriptors reads a file' "$(cat mnt/file)" text
	fumount mnt
done
hellofs -b --ready-fd 7 mnt 7>ready 9</ 2>/dev/null
is 'the descriptor of --ready-fd is kept until it is written to' "$(wc -l <ready)" 1
is 'the descriptor of --ready-fd is closed after that' "$(descriptors "$(newest hellofs)" | grep -cE ' /$|ready')" 0
fumount mnt

is '--ready-fd may be the output of a server in the background' "$(timeout 10 hellofs -b --ready-fd 1 mnt 2>/dev/null | wc -l)" 1
fumount mnt
hellofs --ready-fd 2 mnt 2>ready & server=$!
pids+=("$server")
within 5 grep -q '^$' ready
within 5 test "/proc/$server/fd/2" -ef /dev/null
is 'no file is opened where messages go' "$(readlink "/proc/$server/fd/2")" /dev/null
fumount mnt
for number in 0 1 2; do
	for options in -b '-f --sandbox' '-b --sandbox'; do
		# shellcheck disable=SC2016 # the number of the device is what fmount appends
		bg timeout 20 fmount mnt -- bash -c 'n=${2##*/}; eval "exec passfs $0 src /dev/fd/$1 $1<&$n $n<&-"' "$options" "$number"
		within 5 mounted "$T/mnt"
		is "passfs $options: the device as descriptor $number" "$(timeout 5 cat mnt/file 2>&1)" text
		fumount mnt
	done
done

# ---- The device and the output, by the names of their descriptors ----
modes() { grep -E '^mode of' "mnt/report.$(unmounter_of "$(newest escapefs)")" | sed 's/^mode of //' | xargs; }
none='the device: refused output: refused errors: refused'
./escapefs -b --sandbox --files src mnt 2>/dev/null
is 'no mode of /dev/fuse and /dev/null changes' "$(modes)" "$none"
fumount mnt
script -qfec "$T/escapefs --sandbox --files src mnt" typed </dev/null >/dev/null &
pids+=("$!")
within 5 mounted "$T/mnt"
is 'the mode of the terminal stays as it is' "$(modes)" "$none"
fumount mnt
mkfifo fifo
cat fifo >through &
for output in log fifo; do
	./escapefs --sandbox --files src mnt 1>>"$output" 2>&1 & server=$!
	pids+=("$server")
	within 5 mounted "$T/mnt"
	within 5 ls mnt
	is "the server has pipes instead of the $output" "$(readlink "/proc/$server/fd/1" "/proc/$server/fd/2" | sed 's/:.*//' | xargs)" 'pipe pipe'
	is 'the process that copies output has no capabilities' "$(for pid in $(pgrep -x -P "$server" fuse-output); do sed -n 's/^\(CapPrm\|Seccomp\):.//p' "/proc/$pid/status"; done | xargs)" \
		'0000000000000000 2 0000000000000000 2'
	is 'the process that copies output holds only its two descriptors' "$(for pid in $(pgrep -x -P "$server" fuse-output); do descriptors "$pid"; done | cut -d' ' -f2 | xargs)" 'pipe pipe'
	copiers=$(pgrep -x -P "$server" fuse-output)
	kill "$server"
	ok 'the server ends on SIGTERM' within 5 gone "$server"
	for pid in $copiers; do ok 'the process that copies output ends with the server' within 5 gone "$pid"; done
done
like 'what it says arrives in the file' "$(cat log)" 'Unmounting "mnt"'
like 'what the server prints arrives in the FIFO' "$(cat through)" 'Unmounting "mnt"'
# The device was opened in another mount namespace, whose mounts the server cannot clone.
fmount --wait mnt -- unshare -m --propagation private "$T/escapefs" --sandbox --files src >/dev/null 2>&1
like 'no mode of a device from another mount namespace changes' "$(modes)" '^the device: refused '
fumount mnt
# Input and output are closed, and /dev/null is missing, so a directory takes their numbers.
unshare -m --propagation private bash -c 'mkdir dev && mount -t tmpfs none dev && cp -a /dev/fuse dev && mount --bind dev /dev &&
	exec ./escapefs --sandbox --files src mnt <&- >&- 2>&-' & server=$!
pids+=("$server")
two_copiers() { [ "$(pgrep -c -x -P "$server" fuse-output)" = 2 ]; }
within 5 two_copiers
is 'output that was closed is a pipe, not a directory' "$(readlink "/proc/$server/fd/1" "/proc/$server/fd/2" | sed 's/:.*//' | xargs)" 'pipe pipe'
kill "$server"
within 5 gone "$server"

# ---- What the kernel does for it ----
bg sleep 100
victim=$bg
./escapefs -b --sandbox --files src mnt 2>/dev/null
unlike 'no owner of a descriptor changes' "$(cat "mnt/kill.$victim")" 'done'
stat mnt/report.1 >/dev/null 2>&1
ok 'the caged server kills no process' kill -0 "$victim"
fumount mnt
for options in '--sandbox' '--sandbox --files' '--sandbox --files --threads 8'; do
	# shellcheck disable=SC2086 # these are words
	./escapefs -b $options src mnt 2>/dev/null
	is "$options: starts no threads" "$(cat mnt/threads.100)" 0
	fumount mnt
done
./escapefs -b src mnt 2>/dev/null
is 'without a sandbox the server starts threads' "$(cat mnt/threads.100)" 100
fumount mnt

# ---- Every system call by its number ----
# Each call that the filter lets through has been judged. Call numbers of other machines have other names.
memory='brk futex futex_time64 madvise mmap mmap2 mprotect mremap munmap restart_syscall rt_sigprocmask sigreturn set_robust_list'
itself='clock_gettime clock_gettime64 getpid gettid sched_getaffinity rseq clone3'	# clone3 fails with ENOSYS
device='read write writev close poll ppoll'
ids='capget capset geteuid getegid setfsuid setgroups setresgid umask geteuid32 getegid32 setfsuid32 setgroups32 setresgid32'
opened='dup fallocate fdatasync flock fsync fstatfs fstatfs64 ftruncate ftruncate64 getdents64 lseek _llseek pread64 pwrite64
	preadv pwritev pwritev2 copy_file_range syncfs'
names='open openat openat2 437 faccessat faccessat2 439 readlinkat statx statmount 457 mkdirat mknodat symlinkat linkat unlinkat
	renameat2 fchmodat fchownat utimensat utimensat_time64 truncate truncate64 getxattr listxattr setxattr removexattr'
cc -E -dM -include sys/syscall.h -x c /dev/null | sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/\2 \1/p' >numbers
let_through() # let_through OPTION...: the names of the calls, or the number where the header does not have it
{
	./escapefs -b --sandbox "$@" src mnt 2>/dev/null
	timeout 20 cat mnt/table.0 | awk 'NR == FNR { name[$1] = $2; next } { print $1 in name ? name[$1] : $1 }' numbers - | sort -u
	fumount mnt
}
unjudged() { comm -23 - <(tr -s ' \t' '\n' <<<"$*" | sort -u) | xargs; }
let_through >table
ok "without files the filter lets some calls through: $(wc -l <table)" test "$(grep -cxE 'read|close|munmap' table)" = 3
is 'without files it lets no other call through than those judged' "$(unjudged "$memory $itself $device" <table)" ''
let_through --files >table
ok "with files it lets more calls through: $(wc -l <table)" test "$(grep -cxE 'read|openat|fchmodat' table)" = 3
is 'with files it lets no other call through than those judged' "$(unjudged "$memory $itself $device $ids $opened $names" <table)" ''

# The server cannot read the terminal, although its descriptors are usually open for reading and
# writing.
script -qfec "$BUILD/bin/passfs --sandbox src mnt" typed </dev/null >/dev/null &
pids+=("$!")
within 5 mounted "$T/mnt"
within 5 ls mnt/file
server=$(newest passfs)
is 'standard input of the server is at end of file' "$(readlink "/proc/$server/fd/0" | cut -d: -f1)" pipe
is 'standard output of the server can only be written to' "$(for fd in 1 2; do sed -n 's/^flags:.*\(.\)$/\1/p' "/proc/$server/fdinfo/$fd"; done | xargs)" '1 1'
fumount mnt

# ---- Threads of the cage ----
passfs -b --sandbox --locks --threads 1 src mnt
exec 6>mnt/file
flock 6
( flock 6; echo got >locked ) 6>mnt/file &
pids+=("$!")
sleep 0.3
ok 'one thread serves while somebody waits for a lock' timeout 5 ls mnt
flock -u 6
ok 'the waiting process gets the lock' within 5 test -s locked
exec 6>&-
fumount mnt
passfs -b --sandbox --threads 6 src mnt
ok 'six threads serve' bash -c 'for i in 1 2 3 4 5 6 7 8; do dd if=/dev/zero of="mnt/big$i" bs=1M count=4 status=none & done; wait'
is 'all of the big files are in SOURCE' "$(cat src/big* | wc -c)" 33554432
fumount mnt

# ---- A limit of processes: fewer threads than asked for, of a user who has no other process ----
chmod 777 src
echo text >src/file
chmod 644 src/file
for limit in 12 60; do
	exits 0 "$limit processes at most" fmount --wait -u 61742 --drop-caps -o allow_other mnt -- \
		prlimit --nproc=$limit "$BUILD/bin/passfs" --sandbox --threads 40 src
	server=$(newest passfs)
	count=$(of "$server" Threads)
	ok 'with as many threads as that leaves' test "$count" -gt 4 -a "$count" -le "$limit"
	is 'the server with few threads reads a file' "$(timeout 5 cat mnt/file 2>&1)" text
	fumount mnt
done

finish
