#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The set-uid fusermount3 with hardly anything: whatever limit a caller gives it, it mounts and
# hands over, or leaves nothing mounted; and what it calls while it has root's rights.
. "$(dirname "$0")/../lib.sh"
start 300
need setpriv prlimit strace

mkdir bin home tools
install -m 4755 "$BUILD/fusermount3" bin/fusermount3
chown 65534:65534 home
own_dev
: >conf
[ -e /etc/fuse.conf ] || : >/etc/fuse.conf
mount --bind conf /etc/fuse.conf
cp "$BUILD"/tests/tools/{commfd,syncpeer} tools/
chmod -R go+rX tools
cd home || exit
PATH=$T/bin:$T/tools:/usr/sbin:/usr/bin:/sbin:/bin

user() { setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps -all "$@"; }
fuse_mounts() { awk -v h="$T/home/" 'index($5, h) == 1 && / - fuse/' /proc/self/mountinfo | wc -l; }
no_fuse_mounts() { [ "$(fuse_mounts)" = 0 ]; }
detach_all()
{
	local at
	while read -r at; do umount -l "$at" 2>/dev/null; done < <(awk -v h="$T/home/" 'index($5, h) == 1 { print $5 }' /proc/self/mountinfo | tac)
}
# A mountpoint that belongs to the user, and is the root of one of root's mounts.
fresh() { detach_all; rm -rf --one-file-system "${T:?}"/home/*; user mkdir mnt; mount -t tmpfs -o uid=65534,mode=700 roots mnt; }
roots_is_there() { grep -q " $T/home/mnt .* - tmpfs roots" /proc/self/mountinfo; }

# ---- Limits ----

# tries NAME COMMAND...: the helper has mounted exactly if it has sent the descriptor; it may then
# unmount; root's mount stays.
bad=''
tries()
{
	local name=$1 got want how; shift
	fresh
	got=$(timeout 20 setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps -all commfd true "$@" fusermount3 mnt 2>&1)
	[[ $got = *received:\ byte\ 0* ]] && want=1 || want=0
	[ "$(fuse_mounts)" = "$want" ] || bad+=" $name: $(fuse_mounts) mounted, not $want;"
	handed=$((handed + want))
	for how in -uq -uqz; do
		[ "$(fuse_mounts)" = 1 ] || user commfd true fusermount3 mnt >/dev/null 2>&1
		timeout 20 setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps -all "$@" fusermount3 $how mnt 2>/dev/null
		[ $? = 124 ] && bad+=" $name $how: hangs;"
		roots_is_there || bad+=" $name $how: root's mount is gone;"
	done
}
# sweep NAME OPTION VALUE...
sweep()
{
	local name=$1 option=$2 value; shift 2
	bad='' handed=0
	for value; do tries "$name $value" prlimit "$option=$value"; done
	is "$name: mounted as often as handed over ($handed of $#), and nothing of root's unmounted" "$bad" ''
}
sweep RLIMIT_AS --as 4096 65536 131072 262144 524288 1048576 4194304
sweep RLIMIT_STACK --stack 4096 16384 32768 65536 131072
sweep RLIMIT_DATA --data 4096 16384 65536 262144
sweep RLIMIT_NOFILE --nofile 0 1 3 4 5 6 7 8 9 10 12
sweep RLIMIT_NPROC --nproc 0 1
sweep RLIMIT_FSIZE --fsize 0 1
sweep RLIMIT_CPU --cpu 0 1
sweep RLIMIT_SIGPENDING --sigpending 0
sweep RLIMIT_MEMLOCK --memlock 0

# ---- A cgroup with hardly any memory ----

# Only the helper is in this cgroup: root moves the process there before it executes the helper.
group='' limit=''
for place in /sys/fs/cgroup/memory:memory.limit_in_bytes /sys/fs/cgroup:memory.max; do
	[ -e "${place%:*}/cgroup.procs" ] || continue
	mkdir "${place%:*}/fusebox-test.$$" 2>/dev/null || continue
	group=${place%:*}/fusebox-test.$$ limit=${place#*:}
	[ -w "$group/$limit" ] && break
	rmdir "$group"; group=''
done
trap '[ -z "$group" ] || rmdir "$group"; cleanup' EXIT
in_group() # in_group BYTES ARGUMENT...
{
	local bytes=$1 pid job; shift
	rm -f "$T"/{ask,go}; mkfifo -m 666 "$T"/{ask,go}
	# shellcheck disable=SC2016 # for that shell
	user commfd true sh -c 'echo $$ >'"$T/ask; read -r _ <$T/go"'; exec fusermount3 $*' sh "$@" >"$T/got" 2>&1 &
	job=$!
	read -r pid <"$T/ask"
	echo "$bytes" >"$group/$limit"
	echo "$pid" >"$group/cgroup.procs"
	echo >"$T/go"
	wait "$job"
}
if [ -n "$group" ]; then
	bad='' handed=0 count=0
	for ((bytes = 4096; bytes <= 1100000; bytes += 16384)); do
		fresh
		in_group "$bytes" mnt
		grep -q 'received: byte 0' "$T/got" && want=1 || want=0
		# If the OOM killer ends the helper between mounting and sending, which nothing can
		# prevent, a dead mount of the user is left, and the user detaches it.
		[ "$(fuse_mounts)" = "$want" ] || { grep -q 'exit 137' "$T/got" && user fusermount3 -uqz mnt && [ "$(fuse_mounts)" = 0 ]; } ||
			bad+=" $bytes: $(fuse_mounts), not $want;"
		roots_is_there || bad+=" $bytes: root's mount is gone;"
		handed=$((handed + want)) count=$((count + 1))
		for how in -uq -uqz; do
			[ "$(fuse_mounts)" = 1 ] || user commfd true fusermount3 mnt >/dev/null 2>&1
			in_group "$bytes" "$how" mnt
			roots_is_there || bad+=" $bytes $how: root's mount is gone;"
		done
	done
	ok "$limit: neither all nor none were" test "$handed" -gt 0 -a "$handed" -lt "$count"
	is "$limit: mounted as often as handed over ($handed of $count), and nothing of root's unmounted" "$bad" ''
else
	skip 'a memory limit' 'no cgroup for it'
fi

# ---- What it calls as root ----

# The calls between seteuid 0 and back, in each process. strace -ff writes a file for each process,
# since in one file overlapping calls split lines.
raised() { awk 'FNR == 1 { up = 0 } /setresuid\(.* = 0$/ { up = /setresuid\([0-9-]+, 0,/; next } up && !/^(\+\+\+|---)/' trace.*; }
# Each name that is looked up, with its directory, except the name that a plain unmount needs. Files
# that are read, such as the mount table, are left out.
names() { raised | grep -v '^read(' | grep -oE '^[a-z0-9_]+\(([A-Za-z0-9_]+, )?"[^"]+"' | sed -E 's/self\/fd\/[0-9]+/self\/fd\/N/; s/(fsconfig\([0-9]+, [A-Z_]+).*/\1/' | sort -u; }
allowed='openat\(AT_FDCWD, "/(run|dev|etc|proc/self/mountinfo)"|openat\([0-9]+, ".fusebox-turns"|umount2\("/proc/self/fd/N"|openat\(AT_FDCWD, "\."|fsopen\("fuse"|fsconfig\([0-9]+, [A-Z_]+'
# A second seccomp list would not limit an attacker who controls the helper: mount(2) and umount2(2)
# take any path. So this test watches the calls against this list from outside.
listed='close|clock_nanosleep|exit_group|fcntl|fsconfig|fsmount|fsopen|fstatfs|get(pid|uid|gid|resuid)|listmount|move_mount|open_tree|openat|poll|prctl|read|rt_sigprocmask|sendmsg|setfsuid|statmount|statx|syscall_0x1c[9a]|umask|umount2' # 0x1c9, 0x1ca: statmount, listmount
# The places where the ids become the caller's, who may then stop the process, while it has a turn.
kept_turns() { awk 'FNR == 1 { turn = "" } /^fcntl\(.*F_OFD_SETLK.* = 0$/ { match($0, /[0-9]+/); turn = "close(" substr($0, RSTART, RLENGTH) ")" } turn != "" && index($0, turn) == 1 { turn = "" } turn != "" && /^setresuid\(65534, 65534/' trace.*; }
# audited NAME ALLOWED COMMAND...
audited()
{
	local name=$1 more=$2; shift 2
	rm -f "$T"/trace.*
	timeout 30 strace -ff -u nobody -s 300 -o "$T/trace" "$@" >/dev/null 2>&1
	ok "$name: it was root for a while" test "$(raised | wc -l)" -gt 3
	is "$name: it looks up no name of the caller's" "$(names | grep -vxE "$allowed$more")" ''
	is "$name: the helper releases its turn first" "$(kept_turns)" ''
	is "$name: the helper makes no other call as root" "$(raised | sed 's/(.*//' | sort -u | grep -vxE "$listed" | xargs)" ''
}
detach_all; rm -rf --one-file-system "${T:?}"/home/*; user mkdir mnt
cd "$T" || exit
audited 'mounting' '' commfd true fusermount3 home/mnt
# The turn keeps other helpers from unmounting the mount before its name is looked up.
audited '-u' '|(openat\(AT_FDCWD, |umount2\()"mnt"' fusermount3 -u home/mnt
is 'the mount is unmounted without /proc' "$(fuse_mounts)" 0
user commfd true fusermount3 home/mnt >/dev/null
audited '-uz' '' fusermount3 -uz home/mnt
is 'the mount is detached without /proc' "$(fuse_mounts)" 0
audited 'auto_unmount' '' commfd 'sleep 0.1' fusermount3 -o auto_unmount home/mnt
within 3 no_fuse_mounts
audited '--sync-init' '' syncpeer good fusermount3 --sync-init --comm-fd @ home/mnt
detach_all
# As if the mountpoint were removed, in the file system of a server that then does not answer
# fchdir(2).
rm -f "$T"/trace.*
timeout 30 strace -ff -u nobody -o "$T/trace" -e inject=mount:error=ENOENT commfd true fusermount3 -o "fsname=$(printf %0300d 1)" home/mnt >/dev/null 2>&1
ok 'a mountpoint that is gone: mount(2) is tried' test "$(raised | grep -c '^mount(')" -ge 1
is 'without /proc the helper does not enter it as root' "$(raised | grep -c '^fchdir(')" 0
umount /etc/fuse.conf
give_dev_back
finish
