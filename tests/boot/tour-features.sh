# SPDX-License-Identifier: MIT
# shellcheck shell=dash disable=SC2119,SC2120,SC2154
# The part of the tour that tries what only some kernels have; $features in machine.sh lists the same names.

# feature NAME HAS WITH WITHOUT: runs WITH if HAS finds that the kernel has the feature, else
# WITHOUT; "-" where there is nothing to run.
feature()
{
	name=$1 outcome=works try=$3
	if ! $2 >/tmp/has 2>&1; then outcome=degrades try=$4; fi
	if [ "$try" = - ]; then outcome=n.a. try=true; fi
	$try >/tmp/check 2>&1 || outcome="FAILED ($outcome was tried)"
	echo "CELL $name: $outcome"
	if [ "$outcome" != "${outcome#FAILED}" ]; then tail -n 10 /tmp/check | sed 's/^/    /'; fi
}
has_call() { probe has "$1"; }
has_minor() { [ "$(sed -n 's/^ *protocol *7\.//p' /tmp/kernel)" -ge "$1" ]; }
has_flag() { grep -qw "$1" /tmp/kernel; }

reasons() { exits 1 hellofs -o blksize=512 /mnt && says /tmp/said blksize 'Invalid argument;'; }
no_reason() { exits 1 hellofs -o blksize=512 /mnt && says /tmp/said 'Invalid argument'; }
feature 'fsopen(2), and its reasons' 'has_call 430' reasons no_reason

without_proc() { unshare -m sh -c 'umount -l /proc; fuse-info -l' >/tmp/said 2>&1; cat /tmp/said; }
told() { hellofs -b disk /mnt && without_proc; fumount /mnt; says /tmp/said /mnt; }
told_all() { told && says /tmp/said disk fuse.hellofs; }
needs_proc() { hellofs -b disk /mnt && without_proc; fumount /mnt; says /tmp/said /proc/self/mountinfo; }
feature 'statmount(2): the table without /proc' 'has_call 457' told needs_proc
feature 'statmount(2): types and sources' 'probe mount-tells 220 /src' told_all -

# Another mount has taken the place: the old server must leave it.
replaced()
{
	serve /mnt && hold /mnt && umount -l /mnt && hellofs -b new /mnt && kill -TERM "$server" || return 1
	within 5 says /tmp/server 'covered, moved or detached meanwhile'
	has_row /mnt 'new fuse.hellofs'
	err=$?
	kill "$holder"
	wait "$server"
	fumount /mnt && within 5 no_server && return "$err"
}
feature 'mount ids that are never reused' 'probe tells 4000 /' replaced replaced

hellofs -b disk /mnt >/dev/null 2>&1
tells_connection() { grep -q fuse_connection "/proc/$(device_of hellofs)"/fdinfo/*; }
server_line() { fuse-info /mnt | grep '^ *server '; }
knows() { server_line >/tmp/said; says /tmp/said "$(device_of hellofs)" 'of root'; }
guesses() { server_line >/tmp/said; says /tmp/said "$(device_of hellofs)" 'this kernel does not tell'; }
feature 'whose connection it is' tells_connection knows guesses
fumount /mnt

# By default FUSE over io_uring is switched off: the server reports that, and uses /dev/fuse.
uring=/sys/module/fuse/parameters/enable_uring
off() { [ ! -e "$uring" ] || echo N >"$uring"; }
says_off() { off && exits 0 hellofs -b --transport=uring /mnt && says /tmp/said 'io_uring is not available' && reads /mnt/hello hello; }
check 'io_uring that is off' says_off
check 'fumount from it' exits 0 fumount /mnt
on() { [ -e "$uring" ] && echo Y >"$uring"; }
rings() { for pid in $(pidof "$1"); do find "/proc/$pid/fd" -type l -exec readlink {} \;; done | grep -c io_uring; }
by_uring()
{
	exits 0 hellofs -b --transport=uring /mnt && lacks /tmp/said io_uring && reads /mnt/hello hello && prints 1 rings hellofs
	err=$?
	fumount /mnt
	return $err
}
not_by_uring() { says_off; err=$?; fumount /mnt; return $err; }
feature 'io_uring, one thread' on by_uring not_by_uring
pass_by_uring()
{
	passfs -b --threads=4 --transport=uring --no-passthrough /src /mnt >/tmp/said 2>&1
	cat /tmp/said
	cp /tmp/large /mnt/large && cmp /tmp/large /src/large && cmp /tmp/large /mnt/large && rm /mnt/large
	err=$?
	rings passfs >/tmp/rings
	fumount /mnt
	within 5 no_passfs
	return $err
}
has_rings() { pass_by_uring && prints 0 grep -c 'io_uring is not available' /tmp/said && [ "$(cat /tmp/rings)" -gt 0 ]; }
has_none() { pass_by_uring && says /tmp/said 'io_uring is not available' && prints 0 cat /tmp/rings; }
feature 'io_uring, several threads' on has_rings has_none
off

# passfs -d prints each request that reaches the server.
watched() { passfs -d "$@" /src /mnt >/tmp/trace 2>&1 & within 10 mounted /mnt; }
moved() { watched "$@" && cp /tmp/large /mnt/large && cmp /tmp/large /mnt/large && cmp /tmp/large /src/large && rm /mnt/large; err=$?; fumount /mnt; within 5 no_passfs; return $err; }
direct() { moved && lacks /tmp/trace 'READ ' && lacks /tmp/trace 'WRITE '; }
indirect() { moved && says /tmp/trace READ WRITE; }
feature 'passthrough' 'has_flag PASSTHROUGH' direct indirect
check 'and without it if so wanted' moved --no-passthrough

passfs -b /src /mnt 2>/dev/null
late() { probe nameless /mnt /mnt/late && prints 'named late' cat /src/late && rm /src/late; }
no_nameless() { probe nameless /mnt /mnt/late 2>&1 | grep -q 'O_TMPFILE: .*[Nn]ot supported'; }
feature 'O_TMPFILE' 'has_minor 37' late no_nameless
born() { probe tells 800 /mnt/dir; }
below_tells() { probe tells 800 /src/dir && probe tells 800 /mnt/dir; }
unborn() { ! probe tells 800 /mnt/dir && stat /mnt/dir; }
feature 'statx: the time of birth' below_tells born unborn
fumount /mnt

# Another user writes: the set-id bits are cleared, either by the kernel or by the server.
bits_go()
{
	passfs -b --no-passthrough /src /mnt && echo x >/src/setid && chmod 6777 /src/setid
	as_user sh -c 'echo y >>/mnt/setid'
	prints '777 4' stat -c '%a %s' /src/setid
	err=$?
	fumount /mnt
	return $err
}
feature 'set-id bits: left to the server' 'has_flag HANDLE_KILLPRIV_V2' bits_go bits_go

# More files than descriptors: passfs has the kernel forget some, or refuses to open more.
crowd()
{
	mkdir -p /src/crowd
	i=0; while [ $i -lt 400 ]; do : >/src/crowd/$i; i=$((i + 1)); done
	was=$(cat /proc/sys/fs/nr_open)
	echo 256 >/proc/sys/fs/nr_open
	(ulimit -n 256; passfs --timeout=1000 /src /mnt >/tmp/server 2>&1) &
	within 10 mounted /mnt
	i=0 seen=0
	while [ $i -lt 400 ]; do
		# The kernel may send FORGET a little later: try again.
		if within 1 stat /mnt/crowd/$i >/dev/null 2>/tmp/why; then seen=$((seen + 1)); else break; fi
		i=$((i + 1))
	done
	fumount /mnt
	echo "$was" >/proc/sys/fs/nr_open
	within 5 no_passfs
	rm -r /src/crowd
	cat /tmp/server /tmp/why
	echo "$seen seen"
}
all_seen() { crowd; [ "$seen" = 400 ]; }
some_seen() { crowd; [ "$seen" -gt 150 ] && [ "$seen" -lt 400 ] && says /tmp/server 'more are refused' && says /tmp/why 'Too many open files'; }
feature 'more files than descriptors' 'has_minor 45' all_seen some_seen

linked_out()
{
	passfs -b --no-symlinks-out /src /mnt
	mkdir -p /src/a/b && echo in >/src/in && ln -sf ../../in /src/a/b/inner && ln -sf ../../../etc/passwd /src/a/b/outer
	prints in cat /mnt/a/b/inner && exits 1 cat /mnt/a/b/outer && says /tmp/said 'Permission denied'
	err=$?
	fumount /mnt
	return $err
}
check 'passfs --no-symlinks-out' linked_out

# Another mount may cover a directory of a FUSE file system, but not the root of a FUSE mount.
mkdir -p /src/sub
passfs -b /src /mnt 2>/dev/null
check 'on a directory of passfs' exits 0 hellofs -b /mnt/sub
check 'that serves' reads /mnt/sub/hello hello
check 'but not twice' exits 1 hellofs -b /mnt/sub
check 'fumount of that' exits 0 fumount /mnt/sub
check 'and of passfs' exits 0 fumount /mnt

# release MAJOR MINOR: whether this kernel is at least that.
release() { uname -r | { IFS=.- read -r major minor _; [ "$major" -gt "$1" ] || { [ "$major" = "$1" ] && [ "$minor" -ge "$2" ]; }; }; }
# Linux 6.12 refuses that on the root of the mount namespace itself, which an initramfs is: on /src.
mkdir -p /src/below
top() { hellofs -b above /src/below; }
below() { top && exits 0 fmount --beneath --wait -s below /src/below -- hellofs && fumount /src/below && has_row /src/below 'below fuse.hellofs' && reads /src/below/hello hello; err=$?; fumount -R /src/below; return $err; }
not_below() { top && exits 1 fmount --beneath --wait /src/below -- hellofs && says /tmp/said 'Linux 6.5' && has_row /src/below 'above fuse.hellofs'; err=$?; fumount -R /src/below; return $err; }
feature '--beneath: below the mount that is there' 'release 6 5' below not_below

# A mount namespace like a container's keeps the dead mount when the one here has been replaced.
is_dead() { ! cat /mnt/hello; }
reattach()
{
	fmount --wait -s disk /mnt -- hellofs || return 1
	rm -f /tmp/ns/inside
	unshare -m --propagation private sh -c ': >/tmp/ns/inside && exec sleep 100' &
	inside=$!
	within 10 test -e /tmp/ns/inside && kill -9 "$(device_of hellofs)" && within 5 is_dead || return 1
	exits 0 fmount --wait --replace-stale -s disk /mnt -- hellofs || return 1
	reads /mnt/hello hello && ! reads "/proc/$inside/root/mnt/hello" hello && exits "$1" fmount --reattach /mnt
}
reattached() { reattach 0 && reads "/proc/$inside/root/mnt/hello" hello; err=$?; kill "$inside"; fumount /mnt; return $err; }
not_reattached() { reattach 1 && says /tmp/said 'not replaced'; err=$?; kill "$inside"; fumount /mnt; return $err; }
feature '--reattach: the dead mount of a container' 'release 5 12' reattached not_reattached

hellofs -b /mnt >/dev/null 2>&1
traced()
{
	fuse-info --trace=5 /mnt >/tmp/traced 2>&1 & tracer=$!
	while kill -0 "$tracer" 2>/dev/null; do stat -f /mnt; usleep 100000; done
	says /tmp/traced STATFS '0 events lost' && exits 0 fuse-info --top=2 /mnt
}
not_traced() { exits 1 fuse-info --trace=1 /mnt && says /tmp/said 'Linux 6.12'; }
feature '--trace: requests' 'release 6 12' traced not_traced
owned_anew() { exits 0 fmount --idmap 0:100000:9 /mnt /mnt2 && prints 100000 stat -c %u /mnt2/hello && prints 0 stat -c %u /mnt/hello && exits 0 fumount /mnt2; }
not_owned_anew() { exits 32 fmount --idmap 0:100000:9 /mnt /mnt2 && unmounted /mnt2; }
feature '--idmap: other owners in hellofs' 'has_flag ALLOW_IDMAP' owned_anew not_owned_anew
fumount /mnt
timed() { exits 0 hellofs -b --request-timeout=20 /mnt && lacks /tmp/said timeout && reads /mnt/hello hello; err=$?; fumount /mnt; return $err; }
not_timed() { exits 0 hellofs -b --request-timeout=20 /mnt && says /tmp/said 'Linux 6.15' && reads /mnt/hello hello; err=$?; fumount /mnt; return $err; }
feature '--request-timeout' 'has_flag REQUEST_TIMEOUT' timed not_timed
