#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What a user may try with the set-uid fusermount3. Expected every time: nothing
# gained, nothing left mounted that he does not own, nothing of others unmounted.
. "$(dirname "$0")/../lib.sh"
start 300
need setpriv prlimit strace

# A user id that no other running test uses: some attacks signal all helpers of the user.
U=$((100000 + $$))
mkdir bin victim victim/mnt home evil
install -m 4755 "$BUILD/fusermount3" bin/fusermount3
chmod 700 victim/mnt
chown "$U:$U" home
own_dev
: >conf
[ -e /etc/fuse.conf ] || : >/etc/fuse.conf
mount --bind conf /etc/fuse.conf
cp "$BUILD"/tests/tools/{commfd,swap,no_argv,hold_path} evil/
chmod -R go+rX evil
cd home || exit
PATH=$T/bin:$T/evil:/usr/sbin:/usr/bin:/sbin:/bin

user() { setpriv --reuid "$U" --regid "$U" --clear-groups --inh-caps -all "$@"; }
bg_user() { bg setpriv --reuid "$U" --regid "$U" --clear-groups --inh-caps -all "$@"; }
other() { setpriv --reuid 12345 --regid 12345 --clear-groups --inh-caps -all "$@"; }
count() { own_mounts | wc -l; }
detach_all()
{
	local at
	while read -r _ at; do umount -l "$(printf '%b' "${at//\\/\\0}")"; done < <(own_mounts | tac)
}
# SIGSTOP takes effect later: wait until the process has stopped, so that root's umount does not
# follow a name that it still moves.
stand_still() { kill -STOP "$1"; until [[ $(cat "/proc/$1/stat" 2>/dev/null || echo ' T ') = *' T '* ]]; do :; done; }
fresh() { detach_all; rm -rf --one-file-system "${T:?}"/home/*; user mkdir mnt; }
# mounts NAME COMMAND...: checks that the helper mounts as it does without an attack.
mounts()
{
	local name=$1 got; shift
	got=$("$@" 2>&1)
	like "$name: mounted and handed over" "$got" 'received: byte 0, /dev/fuse'
	is "$name: mounted once" "$(count)" 1
	is "$name: mounted with no other option than that of a user" "$(awk -v h="$T/home/" 'index($5, h) == 1 { print $6, $NF }' /proc/self/mountinfo)" \
		"rw,nosuid,nodev,relatime rw,user_id=$U,group_id=$U"
	detach_all
}
# fails NAME COMMAND...: the helper refuses, and nothing stays mounted.
fails()
{
	local name=$1 got; shift
	got=$("$@" 2>&1)
	like "$name: the helper has run, and refuses" "$got" 'exit -?[1-9]'
	is "$name: nothing is mounted" "$(count)" 0
	detach_all
}

# ---- The mountpoint changes under the call ----

# chased NAME MOUNTPOINT: while names are swapped, the mount never ends up on the victim's
# directory.
chased()
{
	for i in {1..500}; do
		user commfd true fusermount3 "$2" >/dev/null 2>&1
		stand_still "$bg"
		! grep -qF " $T/victim" /proc/self/mountinfo || break
		detach_all
		kill -CONT "$bg"
	done
	kill -9 "$bg"
	is "$1, $i tries" "$(grep -cF " $T/victim" /proc/self/mountinfo)" 0
}
fresh
user ln -s "$T/victim/mnt" swapped
bg_user swap mnt swapped
chased "a link to another's directory in its place" mnt
fresh
user mkdir dir dir/mnt
user ln -s "$T/victim" swapped
bg_user swap dir swapped
chased 'the same of its parent' dir/mnt
wait 2>/dev/null

# The same attack on unmounting: the user tries to have root's mount unmounted.
fresh
bg commfd 'sleep 600' fusermount3 "$T/victim/mnt" >/dev/null 2>&1
prey=$bg
within 5 grep -qF " $T/victim/mnt" /proc/self/mountinfo
user mkdir dir dir/mnt
user ln -s "$T/victim" swapped
bg_user swap dir swapped
for i in {1..250}; do
	user commfd true fusermount3 dir/mnt >/dev/null 2>&1
	user fusermount3 -u -z dir/mnt >/dev/null 2>&1
	grep -qF " $T/victim/mnt" /proc/self/mountinfo || break
	# root unmounts only while the names do not move.
	stand_still "$bg"
	while read -r _ at; do [[ $at = "$T/victim"* ]] || umount -l "$at"; done < <(own_mounts | tac)
	kill -CONT "$bg"
done
kill -9 "$bg"
ok "unmounting by a name that changes, $i tries: root's is still there" grep -qF " $T/victim/mnt" /proc/self/mountinfo
kill "$prey" 2>/dev/null
umount -l "$T/victim/mnt" 2>/dev/null

# ---- Names that would be more than names ----

fresh
for evil in 'a,allow_other' 'a,suid,dev' $'a\\,dev\\\\' $'a\nb /etc fuse rw 0 0' $'\n' '--target=/etc' 'a b' $'\t' '%s%n%x' \
	"$(printf %0255d 1)" "$(printf %0300d 1)"; do
	escaped=${evil//\\/\\\\}
	escaped=${escaped//,/\\,}
	mounts "fsname $(printf %q "${evil:0:40}")" user commfd true fusermount3 -o "fsname=$escaped" mnt
	mounts "subtype $(printf %q "${evil:0:40}")" user commfd true fusermount3 -o "subtype=$escaped" mnt
done
fails 'an fsname of a page' user commfd true fusermount3 -o "fsname=$(printf %05000d 1)" mnt
fails 'what is behind the comma is an option' user commfd true fusermount3 -o 'fsname=a,allow_other' mnt
fails 'allow_other' user commfd true fusermount3 -o allow_other mnt
fails 'blkdev' user commfd true fusermount3 -o blkdev,fsname=/dev/null mnt
fails 'context=' user commfd true fusermount3 -o context=root:object_r:etc_t mnt
mounts 'dev,suid are left out' user commfd true fusermount3 -o dev,suid mnt
mounts 'user_id=0 is left out' user commfd true fusermount3 -o user_id=0,group_id=0,fd=0,rootmode=120000 mnt
user mkdir $'new\nline etc fuse'
mounts 'a newline in the mountpoint' user commfd true fusermount3 $'new\nline etc fuse'

# ---- What the process is given ----

fresh
closed() { user commfd true sh -c "exec fusermount3 mnt $1"; }
for which in '<&-' '>&-' '2>&-' '<&- >&-' '<&- >&- 2>&-'; do
	mounts "closed: $which" closed "$which"
done
limited() { user prlimit "$1" commfd true fusermount3 mnt; }
for n in 0 1 2 3 4 5 6 7 8 9 10 12; do
	got=$(user commfd true prlimit --nofile=$n fusermount3 mnt 2>&1)
	[[ $got = *received:\ byte\ 0* ]] && want=1 || want=0
	is "RLIMIT_NOFILE $n: handed over or not mounted" "$(count)" "$want"
	detach_all
done
mounts 'RLIMIT_FSIZE 0' user commfd true prlimit --fsize=0 fusermount3 mnt
mounts 'RLIMIT_NPROC 0' user commfd true prlimit --nproc=0 fusermount3 mnt
mounts 'RLIMIT_CORE, RLIMIT_STACK' user commfd true prlimit --core=0 --stack=65536 fusermount3 mnt
# Without memory for its data segment the kernel kills the helper before it starts.
fails 'RLIMIT_DATA 0' user commfd true prlimit --data=0 fusermount3 mnt
cat >"$T/evil/fusermount3" <<END
#!/bin/sh
id -u >>$T/home/ran
END
chmod 755 "$T/evil/fusermount3"
mounts 'a hostile environment' user env -i PATH="$T/evil:/bin" LD_PRELOAD="$T/evil/x.so" \
	LD_LIBRARY_PATH="$T/evil" IFS=/ HOME=/root ENV="$T/evil/fusermount3" TMPDIR="$T/victim" \
	FUSE_CONF="$T/evil/conf" LIBMOUNT_FSTAB="$T/evil/conf" "$T/evil/commfd" true "$T/bin/fusermount3" mnt
ok 'the code of the preloaded library has not run' test ! -e ran
rm "$T/evil/fusermount3"
exits 1 'no argv' user no_argv "$T/bin/fusermount3"
like 'the error: fusermount3: missing mountpoint argument' "$err" '^fusermount3: missing mountpoint argument'
mounts 'an empty argv[0]' user commfd true bash -c 'exec -a "" fusermount3 mnt'
mounts 'a strange argv[0]' user commfd true bash -c 'exec -a ../../etc/passwd fusermount3 mnt'
for fd in 1 2 7 8 99; do
	fails "_FUSE_COMMFD=$fd" user env _FUSE_COMMFD=$fd bash -c 'exec 7<mnt 8<>/dev/null; fusermount3 mnt; echo exit $?'
done
# While a thread sends from a page that the caller's own FUSE server does not deliver, every other sender of that
# socket waits, deaf to SIGKILL, unless it is a Unix socket.
by_udp()
{
	user env _FUSE_COMMFD=7 python3 -c '
import os, socket, subprocess
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
os.dup2(udp.fileno(), 7, inheritable=True)
print("exit", subprocess.run(["fusermount3", "mnt"], close_fds=False).returncode)'
}
fails '_FUSE_COMMFD: a socket of udp' by_udp
like '_FUSE_COMMFD: a socket of udp: nothing is sent there' "$(by_udp 2>&1)" "file descriptor 7 is not a socket, can't send fuse fd"
for value in -1 '' 4294967299 0x3 ' 3' 3x 99999999999999999999; do
	fails "_FUSE_COMMFD='$value'" user env "_FUSE_COMMFD=$value" bash -c 'fusermount3 mnt; echo exit $?'
done
fails 'a peer that is gone' user commfd -x true fusermount3 mnt
fails 'a peer that is gone, sync-init' user commfd -x true fusermount3 --sync-init mnt
fails 'a peer that is gone, auto_unmount' user commfd -x true fusermount3 -o auto_unmount mnt

# ---- What is left to who takes it over ----

# With auto_unmount the helper stays: check which system calls it may make (no exec), and which ids
# and capabilities it has.
fresh
user commfd true fusermount3 mnt >/dev/null
status='Seccomp|NoNewPrivs|CapEff|CapInh|CapAmb'
got=$(user commfd -u "sleep 0.5; grep -hE '^($status):' /proc/\$(pgrep -P \$PPID -x fusermount3)/status" \
	fusermount3 --auto-unmount mnt | tr -d '\t')
for line in Seccomp:2 NoNewPrivs:1 CapEff:0000000000000000 CapInh:0000000000000000 CapAmb:0000000000000000; do
	ok "the status of the helper has: $line" grep -qx "$line" <<<"$got"
done
is 'auto_unmount has unmounted' "$(count)" 0
# read(2) would wait for the socket's lock, which a process of the caller can hold by receiving into a page that the
# caller's own FUSE server does not deliver.
strace -f -e 'trace=/^(p?poll|read)' -o "$T/trace" setpriv --reuid "$U" --regid "$U" --clear-groups --inh-caps -all \
	commfd true fusermount3 -o auto_unmount mnt >/dev/null 2>&1
like 'the helper of auto_unmount waits without the lock of the socket' "$(grep RDHUP "$T/trace")" 'poll\(\[\{fd=[0-9]+, events=POLLRDHUP'

# ---- Signals, from the caller ----

# Whenever a signal hits the helper: either the peer has the descriptor, or nothing is mounted.
for signal in KILL STOP PIPE INT TERM; do
	bad=0 received=0
	for i in {1..60}; do
		user commfd true fusermount3 mnt >"$T/got" 2>&1 &
		job=$!
		for ((spin = 0; spin < i * 30; spin++)); do :; done
		user pkill -"$signal" -U "$U" -x fusermount3 2>/dev/null
		[ "$signal" != STOP ] || { sleep 0.005; user pkill -CONT -U "$U" -x fusermount3; }
		wait "$job"
		if grep -q 'received: byte' "$T/got"; then received=$((received + 1)); want=1; else want=0; fi
		[ "$(count)" = "$want" ] || bad=$((bad + 1))
		detach_all
	done
	is "SIG$signal at any time (handed over $received times of $i): never mounted for nobody" "$bad" 0
done
# From mount(2) until the descriptor is sent, no signal of the user reaches the helper: a trace
# shows that.
strace -f -e trace=setresuid,rt_sigprocmask,move_mount,sendmsg -o "$T/trace" \
	setpriv --reuid "$U" --regid "$U" --clear-groups --inh-caps -all \
	commfd true fusermount3 mnt >/dev/null 2>&1
trace=$(cat "$T/trace")
like 'shielded while it is mounted and handed over' "$trace" \
	"rt_sigprocmask.*setresuid\\(0, 0, 0\\) += 0.*move_mount.*= 0.*sendmsg.*= 1.*setresuid\\($U, $U, 0\\)"
detach_all

# A user can hold the lock of the directory with the file of turns, for which O_CREAT waits before Linux 6.12.
fresh
user commfd true fusermount3 mnt >/dev/null
strace -f -o "$T/trace" -e trace=openat setpriv --reuid "$U" --regid "$U" --clear-groups --inh-caps -all fusermount3 -uz mnt
is 'a file of turns that is there is opened without O_CREAT' "$(grep -c 'turns".* = [0-9]' "$T/trace") $(grep -c 'turns".*O_CREAT' "$T/trace")" '1 0'
# Among 10,000 mounts reading them takes 40 ms. listmount(2) is there from Linux 6.8 on.
[ "$(printf '%s\n' 6.8 "$(uname -r)" | sort -V | head -n 1)" != 6.8 ] ||
	is '-uz reads no table of mounts' "$(grep -c mountinfo "$T/trace")" 0

# Whoever may write the file of turns, or its directory, could keep a lock there: the helper takes the next place.
mount -t tmpfs -o mode=755 none /run
chmod 755 /dev
: >/run/.fusebox-turns
for open in '666 /run/.fusebox-turns' '777 /run'; do
	# shellcheck disable=SC2086
	chmod $open
	fresh
	user commfd true fusermount3 mnt >/dev/null
	strace -f -o "$T/trace" -e trace=openat,fcntl setpriv --reuid "$U" --regid "$U" --clear-groups --inh-caps -all fusermount3 -uz mnt
	turns=$(awk '/turns".* = [0-9]/ { fd = $NF } /F_OFD_SETLK.* = 0$/ { sub(".*fcntl\\(", ""); print ($0 + 0 == fd ? places : "another") } /"\/(run|dev|etc)"/ { match($0, /\/[a-z]+/); places = places substr($0, RSTART, RLENGTH) }' "$T/trace")
	is "chmod $open: the turn is taken in the next place" "$turns" /run/dev
done
umount -l /run
chmod 1777 /dev

# ---- What is others' ----

fresh
chmod 755 "$T/victim/mnt"
bg commfd 'sleep 600' fusermount3 -o allow_other "$T/victim/mnt" >/dev/null 2>&1
within 5 grep -qF " $T/victim/mnt" /proc/self/mountinfo
user ln -s "$T/victim/mnt" link
user ln -s "$T/victim" up
user mkdir there
for path in "$T/victim/mnt" link link/ link/. up/mnt there/../up/mnt ../victim/mnt "$T/home/../victim/./mnt"; do
	exits 1 "unmounting root's: $path" user fusermount3 -u -z "$path"
	exits 1 "unmounting root's: $path, as another's path" user fusermount3 -u "$path/"
done
ok 'the mount of root is still there' grep -qF " $T/victim/mnt" /proc/self/mountinfo
for path in / /proc /dev "$T" /sys; do exits 1 "unmounting $path" user fusermount3 -u -z "$path"; done
other commfd true fusermount3 "$T/home/mnt" >"$T/got" 2>&1
like 'the error tells that the user may not write to the directory' "$(cat "$T/got")" 'user has no write access'
user commfd true fusermount3 mnt >/dev/null
exits 1 "unmounting another user's" other fusermount3 -u -z "$T/home/mnt"
mount -t tmpfs none mnt
exits 1 'unmounting what somebody mounted over it' user fusermount3 -u -z mnt
ok 'the mount over it is still there' grep -q " $T/home/mnt .* - tmpfs" /proc/self/mountinfo
umount mnt
exits 0 "unmounting one's own" user fusermount3 -u -z mnt
kill "$bg"
wait "$bg" 2>/dev/null
umount -l "$T/victim/mnt"
user mkdir tmp
mount -t tmpfs -o uid=$U none tmp
exits 1 'unmounting no FUSE' user fusermount3 -u tmp
umount tmp
fails 'onto another user'"'"'s directory' user commfd true fusermount3 "$T/victim/mnt"
fails 'onto a link' user commfd true fusermount3 link

# ---- mount_max, by all at once ----

fresh
echo 'mount_max = 5' >"$T/conf"
for i in {1..20}; do user mkdir "m$i"; done
for i in {1..20}; do user commfd 'sleep 1' fusermount3 "m$i" >/dev/null 2>&1 & done
sleep 0.8
# Mounts of others on the machine count too, so fewer may succeed.
most=$(count)
ok "twenty at once, five allowed: $most" test "$most" -le 5
wait
detach_all
: >"$T/conf"

# ---- The file ----

cd / || exit
headers=$(readelf -lW "$BUILD/fusermount3")
read -r compiler _ <"$BUILD/obj/.made-with"
like 'the helper is position-independent' "$(file -b "$BUILD/fusermount3")" 'pie|shared object'
unlike 'the helper has no dynamic linker' "$headers" INTERP
unlike 'no page both writable and executable' "$headers" 'RWE'
if [ "$compiler $(uname -m)" = 'musl-gcc x86_64' ]; then
	commfd true fusermount3 "$T/home/mnt" >/dev/null 2>&1
	commfd -u "for i in {1..300}; do
			pid=\$(pgrep -P \$PPID -x fusermount3) && grep -q ') S ' /proc/\$pid/stat && break; sleep 0.1
		done; cat /proc/\$pid/maps >$T/maps" fusermount3 --auto-unmount "$T/home/mnt" >/dev/null 2>&1
	# Nothing is relocated, so there is nothing that a page would have to be writable for.
	is 'nothing of the file is writable' "$(awk '$1 == "LOAD" && / RW / { print $5 }' <<<"$headers")" 0x000000
	unlike 'the helper has nothing to relocate' "$headers" DYNAMIC
	is 'in a process neither' "$(awk '$2 ~ /w/ && $6 ~ /fusermount3/ { print $2, $6 }' "$T/maps")" ''
	like 'in a process the rest of it is executable' "$(grep fusermount3 "$T/maps")" 'r-xp 00000000 .*fusermount3'
	ok 'functions with arrays on the stack check it' test "$(objdump -d "$BUILD/fusermount3.full" | grep -c '%fs:0x28')" -ge 50
	ok 'at most 30,000 bytes' test "$(wc -c <"$BUILD/fusermount3")" -le 30000
else
	like 'the helper has RELRO' "$headers" GNU_RELRO
	like 'the helper binds all symbols at the start' "$(readelf -dW "$BUILD/fusermount3")" 'BIND_NOW|Flags: NOW'
	diag 'neither musl nor x86-64: the size is not compared'
fi
umount /etc/fuse.conf
give_dev_back
finish
