#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# passfs as root, for users who are each other's attackers, on the mount and in SOURCE: nobody
# gains what SOURCE would refuse, though the kernel has checked by what it had cached.
. "$(dirname "$0")/../lib.sh"
start 200
need setpriv strace getfattr setfattr
# shellcheck source=../serve/passfs.sh
. "$here/serve/passfs.sh"
mode() { stat -c %a "$1"; }
U=1777 V=1778
export TZ=UTC

# CREATE: the kernel does not check what the server opens. Another user makes the file between the
# lookup, whose reply is delayed by a second, and the creation.
for how in '' --no-passthrough --cache=always --writeback --sandbox; do
	rm -rf src/tmp; mkdir -m 1777 src/tmp
	up --timeout=60 ${how:+"$how"}
	as $U stat mnt/tmp >/dev/null
	strace -qq -f -p "$server" -e trace=openat -e inject=openat:delay_exit=2000000:when=1 -o trace & tracer=$!
	pids+=("$tracer")
	within 5 traced
	as $U perl -e 'sysopen F, "mnt/tmp/new", 0102, 0666 or do { print "$!\n"; exit }; print -O F ? "own\n" : "opened another one'"'"'s\n"' >got & opener=$!
	within 10 grep -q 'new".*ENOENT' trace
	(umask 077; echo secret >src/tmp/new)
	wait "$opener"
	kill "$tracer"; wait "$tracer" 2>/dev/null
	is "CREATE opens nobody else's file ($how)" "$(cat got)" 'Permission denied'
	ok 'though it was not there when the kernel looked' grep -q 'new".*ENOENT' trace
	is 'the file of the other user is unchanged' "$(cat src/tmp/new)" secret
	down
done

# Another process makes and removes the name all the time: the result is a file, or an ordinary
# error.
rm -rf src/tmp; mkdir -m 777 src/tmp
up --no-passthrough
perl -e 'for (;;) { open F, ">src/tmp/x"; chmod 0666, "src/tmp/x"; close F; unlink "src/tmp/x" }' & toggler=$!
pids+=("$toggler")
as $U perl -MErrno=ESTALE -e 'my %n; my $end = time + 4;
	while (time < $end) { if (sysopen F, "mnt/tmp/x", 0102, 0666) { $n{ok}++; close F } else { $n{$! == ESTALE ? "ESTALE" : "error"}++ } }
	print STDERR join(" ", map { "$_ $n{$_}" } sort keys %n), "\n"; exit($n{ESTALE} || !$n{ok} ? 1 : 0)' 2>counts
ok 'no ESTALE reaches who creates' [ $? = 0 ] || diag "$(cat counts)"
kill "$toggler"; wait "$toggler" 2>/dev/null
down

# A sticky directory: the kernel has cached the user's own file under the name, while SOURCE has
# another user's file there.
sticky() # sticky COMMAND...: what the user does, with D for a new directory
{
	d=d$((++n)) command=("${@//D/mnt/$d}")
	mkdir -m 777 "src/$d" "src/$d/open"; mkdir -m 1777 "src/$d/tmp"
	as $U sh -c "cd src/$d && echo mine >tmp/x && echo open >open/z"
	as $U stat "mnt/$d/tmp/x" "mnt/$d/open/z" >/dev/null
	mv "src/$d/tmp/x" "src/$d/open/x"
	as $V sh -c "umask 077; echo precious >src/$d/tmp/x"
	as $U "${command[@]}" 2>/dev/null
	is "$(basename "$1") ${*: -1}: what is another's stays" "$(cat "src/$d/tmp/x" 2>/dev/null)" precious
	rm -rf "src/$d"
}
n=0
for how in '--timeout=60' '--cache=always' '--no-passthrough --timeout=60' '--writeback --timeout=60' '--map 5:6 --timeout=60' \
	'--sandbox --timeout=60'; do
	# shellcheck disable=SC2086 # words
	up $how
	sticky /usr/bin/unlink D/tmp/x
	sticky /usr/bin/mv -T D/tmp/x D/open/stolen
	sticky /usr/bin/mv -fT D/open/z D/tmp/x
	sticky /usr/bin/perl -e 'exit(syscall(316, -100, $ARGV[0], -100, $ARGV[1], 2) < 0)' D/open/z D/tmp/x
	down
done
up --timeout=60
rm -rf src/tmp; mkdir -m 1777 src/tmp; as $U mkdir src/tmp/d; as $U stat mnt/tmp/d >/dev/null; mv src/tmp/d src/gone; mkdir src/tmp/d
exits 1 'rmdir' as $U rmdir mnt/tmp/d
ok 'the directory of the other user stays' test -d src/tmp/d
rm -rf src/tmp src/gone

# The server cannot see which access a group allows, and must not refuse it.
mkdir -m 2770 src/team; chgrp 1900 src/team
member() { setpriv --reuid "$U" --regid "$U" --groups 5,1900,6 "$@"; }
ok 'a member of the group makes files, links and a directory' member sh -c 'echo a >mnt/team/a; mkdir mnt/team/d; ln -s a mnt/team/l; ln mnt/team/a mnt/team/b'
ok 'a member of the group renames a file' member mv mnt/team/a mnt/team/d/c
ok 'a member of the group removes all of it' member rm -r mnt/team/d mnt/team/b mnt/team/l
is 'SOURCE is empty after that' "$(ls -A src/team)" ''
exits 1 'who is no member does not' as $U touch mnt/team/x
# Nor must it refuse what a capability in a user namespace allows.
if unshare -U true 2>/dev/null; then
	mkdir -m 777 src/ns; mkdir -m 1777 src/ns/tmp; mkdir -m 700 src/ns/home
	touch src/ns/tmp/f src/ns/home/f
	chown -R 100005:100005 src/ns; chown 100007 src/ns/tmp
	perl -e 'pipe R, W; pipe S, X; my $pid = fork // die; if (!$pid) { close X; syscall(272, 0x10000000) == 0 or die; syswrite W, "x"; sysread S, $_, 1;
		$( = 0; $) = "0 0"; $< = 0; $> = 0;
		exec "sh", "-c", "rm mnt/ns/tmp/f && rm mnt/ns/home/f && echo x >mnt/ns/new && chown 5:6 mnt/ns/new && chmod 640 mnt/ns/new && touch -t 197001010000.05 mnt/ns/new" }
		sysread R, $_, 1; for my $m ("uid_map", "gid_map") { open F, ">", "/proc/$pid/$m"; syswrite F, "0 100000 1000\n"; close F }
		syswrite X, "x"; waitpid $pid, 0; exit($? >> 8)' 2>err
	ok "root of a container does to others' files what it may" [ $? = 0 ] || diag "$(cat err)"
	is 'SOURCE has owner, mode and time as set in the user namespace' "$(stat -c '%u:%g %a %Y' src/ns/new)" '100005:100006 640 5'
fi
down

# SOURCE has changed the owner of an open file, and the kernel has cached the old one.
for how in '' --cache=always; do
	up ${how:+"$how"}
	for act in 'chmod 06777, $fh' 'chown -1, 1777, $fh' 'utime 1, 1, $fh' \
		'my ($n, $v) = ("system.posix_acl_access", pack("VvvVvvVvvV", 2, 1, 6, -1, 4, 6, -1, 32, 6, -1)); syscall(190, fileno $fh, $n, $v, 28, 0)'; do
		f=f$((++n))
		as $U sh -c "umask 077; echo tool >src/$f"
		coproc USER { as $U perl -e '$| = 1; open my $fh, "+<", "mnt/'"$f"'" or die; print "open\n"; <STDIN>; '"$act" 2>/dev/null; }
		pid=$USER_PID
		read -r -t 5 -u "${USER[0]}" opened; [ "$opened" = open ] || diag "not opened: $act"
		chown 0:0 "src/$f"; touch -d @1000000 "src/$f"
		echo >&"${USER[1]}"; wait "$pid"
		is "${act:0:30}: by the owner of now ($how)" "$(stat -c '%u %g %a %Y' "src/$f")" '0 0 600 1000000'
		rm -f "src/$f"
	done
	down
done

# SOURCE takes permissions away while the kernel caches attributes for long.
up --cache=always
echo text >src/f; chmod 666 src/f; as $U cat mnt/f >/dev/null; chmod 600 src/f
exits 1 'a user cannot write to a file whose mode has changed in SOURCE' as $U perl -e 'open F, "+<", "mnt/f" or exit 1'
echo text >src/g; chmod 666 src/g; as $U cat mnt/g >/dev/null; chmod 600 src/g
exits 1 'a user cannot truncate a file whose mode has changed in SOURCE' as $U perl -e 'truncate "mnt/g", 0 or exit 1'
is 'both files keep their text' "$(cat src/f src/g)" $'text\ntext'
rm src/f src/g
mkdir -m 755 src/list; touch src/list/old; as $U ls mnt/list >/dev/null; chmod 700 src/list; touch src/list/new
exits 2 'list' as $U ls mnt/list
echo text >src/h; chmod 666 src/h; as $U setfattr -n user.x -v old mnt/h; chmod 600 src/h
exits 1 'set an attribute' as $U setfattr -n user.x -v new mnt/h
echo text >src/i; chmod 666 src/i; as $U setfattr -n user.x -v old mnt/i; chmod 600 src/i
exits 1 'remove one' as $U setfattr -x user.x mnt/i
echo text >src/j; chmod 666 src/j; setfattr -n user.x -v old src/j; as $U getfattr -n user.x mnt/j >/dev/null; chmod 600 src/j
exits 1 'read one' as $U getfattr -n user.x mnt/j
is 'they stay' "$(getfattr --absolute-names --only-values -n user.x src/h src/i)" oldold
rm -r src/list src/h src/i src/j
# By a descriptor, for which the kernel does not check again: fgetxattr, fsetxattr and fremovexattr.
for who in nobody member named; do
	groups=--clear-groups; [ $who != member ] || groups=--groups=1900
	touch "src/$who"; chgrp 1900 "src/$who"; chmod 666 "src/$who"; setfattr -n user.x -v old "src/$who"
	coproc USER { setpriv --reuid="$U" --regid="$U" "$groups" perl -e '$| = 1; open my $fh, "+<", "mnt/'$who'" or die; print "open\n"; <STDIN>;
		my ($f, $x, $y, $room, $v) = (fileno $fh, "user.x", "user.y", " " x 9, "new"); my @got;
		for (sub { syscall 193, $f, $x, $room, 9 }, sub { syscall 190, $f, $y, $v, 3, 0 }, sub { syscall 199, $f, $x }) {
			$! = 0; push @got, $_->() . ($! ? " $!" : "");
		}
		print join(", ", @got), "\n"'; }
	pid=$USER_PID
	read -r -t 5 -u "${USER[0]}" opened; [ "$opened" = open ] || diag 'not opened'
	chmod 660 "src/$who"
	# user::rw-, user:1777:rw-, group::---, mask::rw-, other::---
	[ $who != named ] || setfattr -n system.posix_acl_access -v 0x0200000001000600ffffffff02000600f106000004000000ffffffff10000600ffffffff20000000ffffffff "src/$who"
	echo >&"${USER[1]}"; read -r -t 5 -u "${USER[0]}" got; wait "$pid"
	case $who in
	nobody) want='-1 Permission denied, -1 Permission denied, -1 Permission denied' left='user.x="old"' ;;
	*) want='3, 0, 0' left='user.y="new"' ;;
	esac
	is "attributes of an open file whose mode has changed in SOURCE ($who)" "$got" "$want"
	is 'SOURCE has' "$(getfattr -d "src/$who" | grep user)" "$left"
	rm "src/$who"
done
touch src/capable; chmod 666 src/capable; as $U stat mnt/capable >/dev/null; chmod 600 src/capable
exits 0 'a user with CAP_DAC_OVERRIDE sets one' setpriv --reuid $U --regid $U --clear-groups --inh-caps +dac_override \
	--ambient-caps +dac_override setfattr -n user.x -v new mnt/capable
rm src/capable
down

# With options that show another owner, no set-id program of that owner comes about.
for how in '--force-user=1777' '--map=0:1777' '--map=0:1777,@0:@1777' '--uid-offset=1777 --gid-offset=1777'; do
	rm -rf src/f; mkdir src/f; echo old >src/f/tool; chmod 755 src/f/tool
	# shellcheck disable=SC2086 # words
	up $how
	as $U sh -c 'echo new >mnt/f/tool; chmod 6755 mnt/f/tool; touch mnt/f/made; chmod 6755 mnt/f/made' 2>/dev/null
	is "no set-user-id ($how)" "$(find src/f -user 0 -perm -4000)" ''
	case $how in *@*|*gid*) is 'no set-group-id' "$(find src/f -group 0 -perm -2000)" ''; esac
	chmod 4755 src/f/tool
	as $U perl -e 'open F, "+<", "mnt/f/tool"' 
	is 'no set-user-id bit stays where a user opened the file to write' "$(find src/f -user 0 -perm -4000)" ''
	down
done
rm -rf src/f
up
as $U sh -c 'echo tool >src/own; chmod 755 src/own; chmod 4755 mnt/own'
is 'his own are' "$(mode src/own)" 4755
as $V true; rm -f src/own
down

# Kernel file systems in SOURCE check the process that opens a file, which is the server.
mkdir src/proc src/sys; mount -t proc proc src/proc; mount -t sysfs sysfs src/sys
for how in '' --no-passthrough --cache=always; do
	up ${how:+"$how"}
	cat mnt/proc/1/comm mnt/sys/kernel/mm/transparent_hugepage/enabled >/dev/null 2>&1	# what is cached does not open them
	exits 1 "a user cannot read /proc in SOURCE ($how)" as $U cat mnt/proc/1/maps
	like 'the error: Permission denied' "$err" 'Permission denied'
	exits 2 'a user cannot list sysfs in SOURCE' as $U ls mnt/sys/kernel
	ok 'root goes on' cat mnt/proc/1/comm
	down
done
up --kernel-fs
ok 'with --kernel-fs a user can read /proc through the mount' as $U cat mnt/proc/1/comm
down
umount src/proc; umount src/sys; rmdir src/proc src/sys

# In SOURCE there is a nosuid and nodev mount of a user: suid and dev of the FUSE mount do not apply
# to it.
mkdir src/stick; mount -t tmpfs -o nosuid,nodev none src/stick
cp "$(command -v id)" src/stick/id; cp "$(command -v id)" src/id; chmod 6755 src/stick/id src/id
mknod -m 666 src/stick/null c 1 3; mknod -m 666 src/null c 1 3
if has_cap=$(command -v setcap); then "$has_cap" cap_chown+ep src/stick/id; fi
for how in '' --no-passthrough --cache=always --sandbox; do
	up -o suid,dev ${how:+"$how"}
	is "set-id bits of SOURCE's own count ($how)" "$(as $U mnt/id -u)" 0
	is "those of a nosuid mount in it do not ($how)" "$(as $U mnt/stick/id -u)" $U
	is 'the set-id bit of a file on a nosuid mount is not shown' "$(mode mnt/stick/id)" 755
	is 'the capabilities of a file on a nosuid mount are not shown' "$(getfattr --absolute-names --only-values -n security.capability mnt/stick/id 2>/dev/null | wc -c)" 0
	[ "$how" = --sandbox ] || ok 'a device of its own opens' as $U sh -c 'echo x >mnt/null'
	exits 2 'one on a nodev mount does not' as $U sh -c 'echo x >mnt/stick/null'
	down
done
umount src/stick; rm -r src/stick src/id src/null

# --no-symlinks-out judges a link by its place in the kernel's tree, whatever moves in SOURCE.
echo secret >outside
for how in '' --cache=always; do
	rm -rf src/u; mkdir -m 777 src/u src/u/deep src/u/deep/a
	ln -s ../../outside src/u/l
	up --no-symlinks-out ${how:+"$how"}
	stat mnt/u/l >/dev/null 2>&1; mv src/u/l src/u/deep/a/l
	exits 1 "a link moved down after it was seen ($how)" cat mnt/u/l
	mkdir -m 777 src/d; ln -s ../../outside src/d/l
	(cd mnt/d && stat l >/dev/null; mv "$T/src/d" "$T/src/u/deep/a/d"; cat l) >got 2>&1
	unlike 'a link whose directory moved down is not followed' "$(cat got)" secret
	mkdir -p src/u/1/2/3; ln -s ../../../../x src/u/1/2/3/l
	is 'a link that is deep enough to stay inside is shown' "$(readlink mnt/u/1/2/3/l)" ../../../../x
	exits 1 'that link is not shown once it was found elsewhere' sh -c 'mv src/u/1/2/3/l src/u/l2; stat mnt/u/l2; readlink mnt/u/l2'
	mkdir src/u/real; ln -s real/../../../outside src/u/through
	exits 1 'a link with .. behind a name is refused as well' readlink mnt/u/through
	down
done

# An extended attribute's name is not a path.
up
touch src/attr; chown $U src/attr
ok 'an attribute with slashes in its name can be set' as $U setfattr -n user.a/../b -v value mnt/attr
is 'the attribute in SOURCE has the same name' "$(getfattr --absolute-names --only-values -n user.a/../b src/attr)" value
is 'read by the mount' "$(as $U getfattr --absolute-names --only-values -n user.a/../b mnt/attr)" value
ok 'an attribute with slashes in its name can be removed' as $U setfattr -x user.a/../b mnt/attr
is 'SOURCE has no attribute after that' "$(getfattr --absolute-names -d src/attr)" ''
down

# Set-id bits and capabilities are cleared when another user writes, as in SOURCE, whatever the way.
up --writeback
as $U sh -c 'echo 1234 >src/late; chmod 777 src/late'
coproc USER { as $V perl -e '$| = 1; open my $fh, "+<", "mnt/late" or die; print "open\n"; <STDIN>; syswrite $fh, "x"' ; }
pid=$USER_PID
read -r -t 5 -u "${USER[0]}" opened; [ "$opened" = open ] || diag "not opened"
chmod 6777 src/late
echo >&"${USER[1]}"; wait "$pid"
is 'collected by the kernel' "$(mode src/late)" 777
down
mkdir src/native src/ours; chmod 777 src/native src/ours
for how in '' --no-passthrough --cache=always --writeback; do
	up ${how:+"$how"}
	setid src/native >want
	setid mnt/ours >got
	# chown(2) of neither owner nor group sends no request. A change that the kernel's FUSE
	# refuses leaves everything unchanged.
	paste -d'|' want got | perl -ne 'chomp; my ($w, $g) = split /\|/; next if /^(fchown|chown_none)/ || $g =~ /Operation not supported/;
		my @m = map { /, 0(\d+)(\+cap)?$/; [oct $1, $2 // ""] } $w, $g;
		my $more = $m[1][0] & ~$m[0][0];
		print "$w; $g\n" if $more & 04000 || ($more & 02000 && $m[1][0] & 010) || $m[1][1] gt $m[0][1]' >kept
	is "nothing stays set that SOURCE takes ($how)" "$(head -n 3 kept)" ''
	paste -d'|' want got | grep -E '^(chown|chgrp|truncate|ftruncate|extend), (owner|owner by a second group|group),' |
		perl -ne 'chomp; my ($w, $g) = split /\|/; my @m = map { /, 0(\d+)/; oct $1 } $w, $g; print "$w; $g\n" if $m[0] & ~$m[1] & 02000' >lost
	is 'chown and truncate clear no set-group-ID bit that SOURCE keeps' "$(head -n 3 lost)" ''
	down
done
finish
