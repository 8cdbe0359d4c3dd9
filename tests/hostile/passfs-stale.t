#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# passfs as root: what the kernel has cached, or what the server remembers of an earlier request,
# gives a user nothing that SOURCE refuses now.
. "$(dirname "$0")/../lib.sh"
start 120
need setpriv perl
[ "$(id -u)" = 0 ] || need root
# shellcheck source=../serve/passfs.sh
. "$here/serve/passfs.sh"
mode() { stat -c %a "$1"; }
U=1777 V=1778

# user PERL: runs the program as $U; it stops at each <STDIN> until `go`. `end_user` waits for its
# end.
user()
{
	coproc USER { as $U perl -e '$| = 1; '"$1" 2>err; }
	# shellcheck disable=SC2153
	user_pid=$USER_PID
	answer
}
answer() { read -r -t 10 -u "${USER[0]:-0}" got || { got=; diag "$(cat err)"; }; }
go() { echo >&"${USER[1]:-2}"; answer; }
end_user() { echo >&"${USER[1]:-2}"; wait "$user_pid"; }

# When the kernel repeats a RENAME that was refused, the server does not act with the rights of the
# other directory's owner.
for how in '' --cache=always --no-passthrough; do
	up --timeout=60 ${how:+"$how"}
	rm -rf src/tmp src/home; mkdir -m 1777 src/tmp; mkdir -m 755 src/home; chown $U:$U src/home
	as $V sh -c "umask 077; echo lesser >src/tmp/older"; mv src/tmp/older src/home/older
	as $U sh -c 'echo mine >src/tmp/x'
	user 'sub r { print rename($_[0], $_[1]) ? "renamed\n" : "$!\n" } stat $_ for "mnt/tmp/x", "mnt/home/older"; chmod 0500, "src/home"; r("mnt/tmp/x", "mnt/home/older"); <STDIN>;
		chmod 0700, "src/home"; stat "mnt/home"; system "ls -l mnt/home mnt/tmp >/dev/null"; rename "src/tmp/x", "src/home/aside"; print "aside\n"; <STDIN>;
		r("mnt/tmp/x", "mnt/home/older"); <STDIN>'
	is "a rename is refused ($how)" "$got" 'Permission denied'
	go
	as $V sh -c "umask 077; echo precious >src/tmp/x"
	go
	is 'what took the name in the sticky directory stays' "$(cat src/tmp/x)" precious
	end_user
	down
done

# The open file had another group before: set-group-ID must follow the present one.
for how in '' --cache=always; do
	up ${how:+"$how"}
	rm -rf src/u; mkdir -m 777 src/u; as $U sh -c 'echo a >src/u/f; chmod 755 src/u/f'
	user 'open my $fh, "+<", "mnt/u/f" or die; print "open\n"; <STDIN>; print chmod(02755, $fh) ? "changed\n" : "$!\n"; <STDIN>'
	chgrp 8 src/u/f
	go
	is "no set-group-id of a group that is another by now ($how)" "$(mode src/u/f)" 755
	end_user
	down
done

# A STATX reply updates the owners that the kernel caches, too.
for how in "" --no-passthrough; do
	up ${how:+"$how"}
	rm -rf src/u; mkdir -m 777 src/u; as $V sh -c 'echo a >src/u/f; chmod 666 src/u/f'
	stat mnt/u/f >/dev/null
	user 'my $empty = ""; my $b = "x" x 256; open my $fh, "+<", "mnt/u/f" or die; print "open\n"; <STDIN>;
		print "statx ", syscall(332, fileno $fh, $empty, 0x1000 | 0x2000, 0xfff, $b), "\n"; <STDIN>; print chmod(06777, $fh) ? "changed\n" : "$!\n"; <STDIN>'
	chown $U:$U src/u/f
	go
	chown $V:$V src/u/f
	go
	is "not by an owner that only STATX told ($how)" "$(mode src/u/f)" 666
	end_user
	down
done

# A request that was answered with ESTALE before.
up --cache=always
rm -rf src/u; mkdir -m 777 src/u; as $U sh -c 'echo a >src/u/f; chmod 600 src/u/f'
user 'sub o { print open(my $fh, "+<", "mnt/u/f") ? "opened\n" : "$!\n" } stat "mnt/u/f"; chmod 0, "src/u/f"; o(); <STDIN>;
	print chmod(0600, "mnt/u/f") ? "changed\n" : "$!\n"; <STDIN>; o(); <STDIN>'
is 'opening is refused' "$got" 'Permission denied'
go
is 'the mode of the mount is another' "$got" changed
chown 0:0 src/u/f; echo secret >src/u/f
go
is 'the second request is no retry of the first' "$got" 'Permission denied'
end_user
down

# A read lock must not make the server open the file for writing: execve(2) would fail with ETXTBSY.
cp "$(type -P true)" src/prog; chmod 755 src/prog
for how in --locks '--locks --cache=always'; do
	# shellcheck disable=SC2086 # words
	up $how
	user 'use Fcntl; open my $fh, "<", "mnt/prog" or die; my $l = pack("ssx4qqi", F_RDLCK, 0, 0, 0, 0); fcntl($fh, F_SETLK, $l) or die "lock $!"; print "locked\n"; <STDIN>'
	is 'a reader takes a lock on the file' "$got" locked
	exits 0 'a program that a reader has locked starts in SOURCE' src/prog
	end_user
	down
done
rm src/prog

# When SOURCE restricts a file to a group, all other users are refused, however long the kernel
# caches modes and access lists.
member() { setpriv --reuid $V --regid $V --groups 1779 "$@"; }
for how in --cache=always '--cache=always --no-passthrough' --timeout=60; do
	# shellcheck disable=SC2086 # words
	up $how
	rm -rf src/d; mkdir -m 777 src/d; echo old >src/d/f; echo listed >src/d/l; chmod 666 src/d/f; chmod 600 src/d/l
	chgrp 1779 src/d src/d/f
	setfacl -m u:$U:rw,u:1780:rw src/d/l
	is 'a user who may read reads both files' "$(as $U cat mnt/d/f mnt/d/l)" "$(printf 'old\nlisted')"
	chmod 770 src/d; chmod 660 src/d/f; setfacl -x u:$U src/d/l
	exits 1 "by a group's bits no other user opens ($how)" as $U cat mnt/d/f
	exits 1 'a user whom the access list no longer names cannot read' as $U cat mnt/d/l
	as $U touch mnt/d/new 2>err
	ok 'the refused call has made no file in SOURCE' test ! -e src/d/new
	exits 0 'a member of the group makes a file' member touch mnt/d/new
	is 'a member of the group reads' "$(member cat mnt/d/f)" old
	exits 0 'a member of the group removes the file' member rm mnt/d/new
	# As many members at once as the server remembers.
	exits 0 'several members at once' member sh -c 'for i in 1 2 3 4 5 6 7 8; do
		{ cat mnt/d/f && touch mnt/d/new.$i && mv mnt/d/new.$i mnt/d/mv.$i && rm mnt/d/mv.$i; } || echo >>failed & done; wait; ! [ -e failed ]'
	down
done

# With --force-user, a set-user-ID program of any user is shown as one of the forced user.
cp "$(command -v id)" src/id; chown $U src/id; chmod 4755 src/id
for how in --force-user=0 --force-user=$V; do
	up -o suid "$how"
	is "a user's set-user-id program stays that user's ($how)" "$(as $U mnt/id -u)" $U
	down
done
rm src/id
finish
