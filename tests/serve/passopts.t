#!/usr/bin/env bash
# passfs's options, each by what it changes; and what a table of calls does not reach:
# groups, access lists, locks, file handles, the limit of descriptors, transports.
. "$(dirname "$0")/../lib.sh"
start 300
mkdir src mnt
mount -t tmpfs none src
chmod 777 "$T" src
server=0

up() # up OPTION...: mounted, $server its pid
{
	exits 0 "passfs $*" passfs -b "$@" src mnt
	server=$(newest passfs)
	pids+=("$server")
}
down() { exits 0 'unmounted' fumount mnt; within 5 gone "$server"; }
as() { local id=$1; shift; setpriv --reuid "$id" --regid "$id" --clear-groups "$@"; }
owner() { stat -c '%u %g %a' "$1"; }

# Owners and permissions.
echo 1 >src/one; chown 1:1 src/one; chmod 640 src/one
echo 2 >src/two; chown 2:3 src/two; chmod 4755 src/two
mkdir src/dir; chmod 700 src/dir
up --map 1:1001,@1:@1002,2:1003
is 'one owner shown as another' "$(owner mnt/one)" '1001 1002 640'
is 'the group that is not named stays' "$(owner mnt/two)" '1003 3 4755'
ok 'a chown' chown 1003:1002 mnt/one
is 'the other way round' "$(owner src/one)" '2 1 640'
ok 'who is shown as owner writes' as 1003 sh -c 'echo x >mnt/one'
ok 'he makes a file' as 1001 touch mnt/his
is "it is the first one's" "$(owner src/his)" "1 1001 $(stat -c %a src/his)"
is 'and shown as his' "$(stat -c %u mnt/his)" 1001
down
up --uid-offset 100 --gid-offset 200
is 'offsets' "$(owner mnt/two)" '102 203 4755'
as 103 touch mnt/offset
is 'taken back' "$(stat -c %u src/offset)" 3
down
up --force-user 77 --force-group 78 --perms u=rwX,g=rX,o=
is 'forced' "$(owner mnt/one)" '77 78 640'
is 'a directory' "$(stat -c %a mnt/dir)" 750
is 'set-id bits stay' "$(stat -c %a mnt/two)" 4750
exits 1 'others may not' as 79 cat mnt/one
ok 'he may' as 77 sh -c 'cat mnt/two'
down
up --perms 0444
is 'octal' "$(stat -c %a mnt/one mnt/two mnt/dir | paste -sd' ')" '444 444 444'
down
# Access lists: who is named there is shown as owners are, and no list lets in more than the
# mode that is shown.
acl() { getfacl -cpnE "$1" | xargs; }
mkdir -m 777 src/lists
echo x >src/lists/all; chmod 666 src/lists/all; setfacl -m u:1005:rw src/lists/all
echo x >src/lists/some; chmod 600 src/lists/some; setfacl -m u:1005:rw,g:1006:r src/lists/some
echo x >src/lists/write; chmod 600 src/lists/write; setfacl -m u:1005:w src/lists/write
setfacl -d -m u:1005:rwx,g:1006:r src/lists
listed=$(acl src/lists/some)
up --perms go-w
is 'without w' "$(stat -c %a mnt/lists/all) $(acl mnt/lists/all)" '644 user::rw- user:1005:rw- group::rw- mask::r-- other::r--'
exits 2 'whom the list names cannot write' as 1005 sh -c 'echo y >>mnt/lists/all'
exits 2 'nor can others' as 2000 sh -c 'echo y >>mnt/lists/all'
ok 'he reads' as 1005 cat mnt/lists/all
down
up --perms a+r
is 'with r' "$(stat -c %a mnt/lists/write) $(acl mnt/lists/write)" '664 user::rw- user:1005:-w- group::--- mask::rw- other::r--'
ok 'others read' as 2000 cat mnt/lists/write
exits 1 'whom the list names has no more than there' as 1005 cat mnt/lists/write
exits 1 'nor has the group' setpriv --reuid 2000 --regid 0 --clear-groups cat mnt/lists/write
down
up --uid-offset 1000 --gid-offset 2000
is 'as owners are' "$(acl mnt/lists/some)" 'user::rw- user:2005:rw- group::--- group:3006:r-- mask::rw- other::---'
exits 1 'who has the number in SOURCE' as 1005 cat mnt/lists/some
exits 1 'or the group there' as 1006 cat mnt/lists/some
ok 'who has the one that is shown' as 2005 sh -c 'cat mnt/lists/some; echo y >>mnt/lists/some'
ok 'and the group' as 3006 cat mnt/lists/some
ok 'one more' setfacl -m u:2007:r,g:3008:r mnt/lists/some
is 'the other way round' "$(acl src/lists/some)" 'user::rw- user:1005:rw- user:1007:r-- group::--- group:1006:r-- group:1008:r-- mask::rw- other::---'
setfacl -x u:2007,g:3008 mnt/lists/some
is 'as it was' "$(acl src/lists/some)" "$listed"
like 'by default' "$(acl mnt/lists)" ' default:user:2005:rwx .* default:group:3006:r-- '
ok 'made there' touch mnt/lists/made
like 'has it' "$(acl src/lists/made)" '^user::rw- user:1005:rwx .*group:1006:r-- mask::rw- '
ok 'one more by default' setfacl -d -m u:2007:r mnt/lists
like 'the other way round as well' "$(acl src/lists)" ' default:user:1007:r-- '
down
up -o noallow_other --map 1005:1015,@1006:@1016
is 'where nobody else comes in' "$(acl mnt/lists/some)" 'user::rw- user:1015:rw- group::--- group:1016:r-- mask::rw- other::---'
down
up --force-user 77 --perms g=r
is 'no other user is named' "$(acl mnt/lists/some)" 'user::rw- group::--- group:1006:r-- mask::r-- other::---'
exits 1 'he does not come in' as 1005 cat mnt/lists/some
ok 'who owns all' as 77 cat mnt/lists/some
ok 'whom the list names by his group' as 1006 cat mnt/lists/some
down
up --force-group 78
is 'nor a group' "$(acl mnt/lists/some)" 'user::rw- user:1005:rw- group::--- mask::rw- other::---'
down
is 'in SOURCE it stays' "$(acl src/lists/some)" "$listed"
up
is 'without options it is the same' "$(acl mnt/lists/some)" "$listed"
down

# Where a file system that is mounted in SOURCE has no lists, the mode counts.
mkdir src/plain
mount -t ramfs none src/plain
echo x >src/plain/f; chmod 664 src/plain/f
up
ok 'without access lists' as 1005 cat mnt/plain/f
exits 2 'by the mode' as 1005 sh -c 'echo x >>mnt/plain/f'
like 'it says' "$err" 'Permission denied'
exits 1 'none is set' setfacl -m u:1005:rw mnt/plain/f
like 'it says' "$err" 'Operation not supported'
down
umount src/plain

# In a list of mount options, as in fstab.
up -o 'map=1:1001\,@1:@1002,ro,threads=1,rw,perms=u+x'
is 'own options in -o' "$(owner mnt/one)" '2 1002 740'
ok 'among mount options' touch mnt/two
down
like 'a wrong one' "$(passfs -o ro,cache=some src mnt 2>&1)" '^passfs: .*cache=some.* not auto, none or always'
like 'one without its value' "$(passfs -o cache src mnt 2>&1)" '^passfs: .*cache.*needs a value'
like 'an unknown one' "$(passfs -o ro,nonsense src mnt 2>&1)" '^passfs: .*nonsense.*unknown option'
exits 0 'by mount.fuse.passfs' mount.fuse3 passfs#src mnt -o 'rw,perms=0444'
is 'they come there' "$(owner mnt/one)" '2 1 444'
fumount mnt
for bad in '--map 1' '--map 1:@2' '--map a:b' '--map 1:2,' '--perms rwz' '--perms 9' '--cache some' '--transport x' '--threads 65' '--timeout x' '--locks --transport=uring'; do
	# shellcheck disable=SC2086 # words
	case $bad in
	'--map 1:2,') exits 0 "an empty end is none ($bad)" passfs -b $bad src mnt; fumount mnt ;;
	*) exits 1 "refused: $bad" passfs $bad src mnt ;;
	esac
	[ "$bad" = '--map 1:2,' ] || like 'names itself' "$err" '^passfs: .*see passfs --help'
done

# Names that are not there.
touch src/a.swp src/.secret src/shown
up --hide '*.swp' --hide '.s[a-f]*'
is 'not listed' "$(find mnt -name '*.swp' -o -name '.s*')" ''
is 'others are' "$(find mnt -name 'shown')" mnt/shown
exits 1 'not found' stat mnt/a.swp
exits 1 'not made' touch mnt/b.swp
like 'it says' "$err" 'Operation not permitted'
exits 1 'nor by a rename' mv mnt/shown mnt/shown.swp
exits 1 'not removed' rm mnt/.secret
ok 'all is there' test -e src/a.swp -a -e src/.secret -a -e src/shown
down

# Links that lead out.
mkdir -p src/d/e
ln -s ../one src/d/in; ln -s /etc/passwd src/d/absolute; ln -s ../../out src/d/out
ln -s ../d/e/../../one src/d/round; ln -s nowhere src/d/dangling; ln -s ../.. src/d/e/up
ln -s e/up/../../../../etc src/d/through
up --no-symlinks-out
for link in in dangling; do is "$link is shown" "$(readlink "mnt/d/$link")" "$(readlink "src/d/$link")"; done
is 'a link up to the root stays in' "$(readlink mnt/d/e/up)" ../..
for link in absolute out round through; do exits 1 "$link is not" cat "mnt/d/$link"; like 'it says' "$err" 'Permission denied'; done
mkdir -p mnt/1/2/3/4/5/6/7/8
ln -s ../../../../../../../../etc/passwd mnt/1/2/3/4/5/6/7/8/deep
is 'from deep below it stays in' "$(readlink mnt/1/2/3/4/5/6/7/8/deep)" ../../../../../../../../etc/passwd
ln -P mnt/1/2/3/4/5/6/7/8/deep mnt/near
exits 1 'not by another name' cat mnt/near
like 'it says' "$err" 'Permission denied'
rm -r mnt/near mnt/1
# While something is renamed, somewhere, the kernel cannot tell where ".." leads.
mkdir stir
perl -e 'chdir "stir"; mkdir "a"; for (;;) { rename "a", "b"; rename "b", "a" }' & stirrer=$!
pids+=("$stirrer")
wrong=0
for _ in {1..300}; do
	[ "$(readlink mnt/d/in)" = ../one ] || wrong=$((wrong + 1))
	[ "$(readlink mnt/d/out)" = '' ] || wrong=$((wrong + 1))
	[ "$(readlink mnt/d/through)" = '' ] || wrong=$((wrong + 1))
done
is 'whatever else is being renamed' "$wrong" 0
kill "$stirrer"
wait "$stirrer" 2>/dev/null
down

# What the kernel may keep.
reads() { grep -c ' READ node' log; }
log() # log OPTION...: mounted, each request in the log
{
	passfs -d --threads=1 --no-passthrough "$@" src mnt 2>log & server=$!
	pids+=("$server")
	within 5 grep -q Mounting log
	within 5 mountpoint -q mnt
}
head -c 100000 /dev/urandom >src/data
touch -d '1 hour ago' src/data; sleep 3	# what has just changed is not trusted
for cache in auto none always; do
	log --cache=$cache
	cat mnt/data >/dev/null; cat mnt/data >/dev/null; first=$(reads)
	cat mnt/data >/dev/null
	case $cache in
	none) ok 'none: read again' test "$(reads)" -gt "$first" ;;
	*) is "$cache: an unchanged file is not read again" "$(reads)" "$first" ;;
	esac
	head -c 100000 /dev/urandom >src/data
	case $cache in
	auto) sleep 1.1; ok 'auto: a changed one is' cmp mnt/data src/data ;;
	none) ok 'none: a changed one is' cmp mnt/data src/data ;;
	always) exits 1 'always: that is not noticed' cmp mnt/data src/data ;;
	esac
	fumount mnt; wait "$server"
	sleep 2.5
done
log --timeout=100
stat mnt/one >/dev/null; chmod 600 src/one
is 'attributes kept for as long as is said' "$(stat -c %a mnt/one)" 640
fumount mnt; wait "$server"
chmod 640 src/one
log
( exec 3<mnt/data; exec 3<&- )
is 'a close that wrote nothing is not told' "$(grep -c FLUSH log)" 0
echo x >mnt/written
is 'nor one on a file system that does nothing then' "$(grep -c FLUSH log)" 0
is 'what is only written asks for no attribute' "$(grep -c GETXATTR log)" 0
echo x 1<>mnt/written
is 'otherwise the first write asks for one' "$(grep -c GETXATTR log)" 1
echo x 1<>mnt/written
is 'the next for none' "$(grep -c GETXATTR log)" 1
# Who writes a file anew does so past the cache, whatever else is there; all see the same.
mapped='import mmap, os, sys
fd = os.open("mnt/both", os.O_RDWR)
map = mmap.mmap(fd, 12)
map[8:12] = b"maps"
print(os.pread(fd, 12, 0).decode(), map[:12].decode())'
both() { python3 -c "$mapped"; cat src/both; }
exec 6>mnt/both
echo written anew >&6
is 'mapped while it is written anew' "$(both)" $'written maps written maps\nwritten maps'
echo more >&6
is 'that goes on' "$(both; cat mnt/both)" $'written maps written maps\nwritten maps\nmore\nwritten maps\nmore'
exec 5<>mnt/both 6>&-
exec 6>mnt/both
echo by the cache >&6
is 'written anew while somebody might map it' "$(both)" $'by the cmaps by the cmaps\nby the cmaps'
exec 5<&- 6>&-
fumount mnt; wait "$server"

log --no-xattrs -o noallow_other
mkdir src/private; touch src/private/{1,2,3}
perl -e 'rename "mnt/private/$_", "mnt/private/to$_" or die for 1 .. 3'
ok 'renamed' test -e src/private/to3
exits 1 'no attributes' setfattr -n user.x -v y mnt/one
like 'it says' "$err" 'Operation not supported'
is 'nobody else comes in: no attributes are asked for to check' "$(grep -c 'GETATTR node [^1]' log)" 0
exits 2 'nobody else' as 1001 ls mnt
fumount mnt; wait "$server"

# The umask, default access lists, the group of a directory.
up
(umask 027; mkdir mnt/masked; touch mnt/masked/file)
is 'umask' "$(stat -c %a src/masked src/masked/file | paste -sd' ')" '750 640'
mkdir mnt/acl
ok 'a default access list' setfacl -d -m u:1005:rwx,g::rx,o::- mnt/acl
(umask 077; touch mnt/acl/file)
is 'it and not the umask' "$(getfacl -cp mnt/acl/file 2>/dev/null | paste -sd' ')" "$(getfacl -cp src/acl/file | paste -sd' ')"
like 'with its entry' "$(getfacl -cp src/acl/file)" 'user:1005:rwx'
setfacl -m u:1006:rw mnt/one
chmod 755 mnt
ok 'an access list lets in' as 1006 sh -c 'cat mnt/one; echo x >>mnt/one'
exits 1 'and nobody else' as 1007 cat mnt/one
mkdir src/team; chown 0:500 src/team; chmod 2777 src/team
ok 'with a further group' setpriv --reuid 1008 --regid 1008 --groups 500 sh -c 'touch mnt/team/f; chmod 2755 mnt/team/f; mkdir mnt/team/d'
is "the group is the directory's" "$(stat -c '%g %a' src/team/f src/team/d | paste -sd' ')" "500 2755 500 $(setpriv --reuid 1008 --regid 1008 --groups 500 sh -c 'mkdir src/team/n; stat -c %a src/team/n')"
mkdir src/team/mine; chown 1009:500 src/team/mine; chmod 2777 src/team/mine
as 1009 setfacl -d -m u:1005:rwx mnt/team/mine
is 'a default list leaves it its set-group-id' "$(stat -c %a src/team/mine)" 2777
as 1009 setfacl -m u:1005:rwx mnt/team/mine
is 'an access list does not' "$(stat -c %a src/team/mine)" 777
setpriv --reuid 1008 --regid 1008 --groups 500 chmod 2775 mnt/team/f
chmod 2775 src/team/f
is 'who is not in it loses the bit' "$(as 1008 chmod 2775 mnt/team/f; stat -c %a src/team/f)" "$(chmod 2775 src/team/f; chown 1008 src/team/f; as 1008 chmod 2775 src/team/f; stat -c %a src/team/f)"

# Set-id bits go with what anybody but root writes, opened before or after.
printf '#!/bin/sh\n' >src/suid; chown 1009:1009 src/suid; chmod 6777 src/suid
as 1010 sh -c 'echo x >>mnt/suid'
is 'written by another' "$(stat -c %a src/suid)" 777
( exec 3>>mnt/suid; chmod 6777 src/suid; as 1010 sh -c 'echo y >&3' )
is 'through a descriptor that was open before' "$(stat -c %a src/suid)" 777
chmod 6777 src/suid
as 1010 truncate -s 1 mnt/suid
is 'truncated' "$(stat -c %a src/suid)" 777
chmod 6777 src/suid
as 1010 sh -c ': >mnt/suid'
is 'opened with O_TRUNC' "$(stat -c %a src/suid)" 777

# What appends is told by each write, not by the open. (In passthrough the kernel goes by
# the open.)
for how in --no-passthrough --writeback; do
	down
	up $how
	is "appends, and then does not ($how)" "$(perl -e 'use Fcntl; open F, ">>", "mnt/appended" or die; syswrite F, "12345"; fcntl F, F_SETFL, 0;
		sysseek F, 0, 0; syswrite F, "ab"; fcntl F, F_SETFL, O_APPEND; sysseek F, 0, 0; syswrite F, "6"; close F; print `cat src/appended`')" ab3456
	rm -f mnt/appended
done
printf 12345 >src/grows
chattr +a src/grows
ok 'where the kernel collects: a file that only grows' sh -c 'printf 6 >>mnt/grows'
sync -f mnt
is 'grows by what was written' "$(cat src/grows)" 123456
chattr -a src/grows
down
up

# Attributes of the file system, and the time it was made.
ok 'chattr' chattr +A mnt/one
is 'goes through' "$(lsattr src/one | cut -d' ' -f1)" "$(lsattr mnt/one | cut -d' ' -f1)"
like 'lsattr' "$(lsattr mnt/one)" '^-*A'
chattr +a src/shown
exits 2 'append only: not otherwise' sh -c 'echo x 1<>mnt/shown'
like 'it says' "$err" 'Operation not permitted'
ok 'at its end' sh -c 'echo x >>mnt/shown'
chattr -a src/shown; chattr +i src/shown
exits 2 'immutable' sh -c 'echo x >>mnt/shown'
chattr -i src/shown
mkdir src/sub
mount -t tmpfs none src/sub
: >src/sub/grows
chattr +a src/sub/grows
ok 'append only, on another file system: closed' perl -e 'open F, ">>", "mnt/sub/grows" or die; close F or die $!'
umount -l src/sub	# what is to be forgotten may still hold it
rmdir src/sub
# Where the kernel opens it by itself, too.
mount -o remount,ro src
exits 2 'SOURCE is read-only now' sh -c 'echo x >>mnt/shown'
like 'it says' "$err" 'Read-only file system'
mount -o remount,rw src
cp "$(command -v sleep)" src/program
bg src/program 60
within 5 grep -q program "/proc/$bg/comm"
exits 2 'a program that runs' sh -c 'echo x >>mnt/program'
like 'it says' "$err" 'Text file busy'
kill "$bg"
mkdir src/free; chmod 777 src/free
ok 'a whiteout' as 1010 mknod mnt/free/whiteout c 0 0
is "is the caller's" "$(stat -c '%u %g' src/free/whiteout)" '1010 1010'
is 'birth' "$(stat -c %w mnt/one)" "$(stat -c %w src/one)"
unlike 'is known' "$(stat -c %w mnt/one)" '^-$'
down

# Locks of others in SOURCE.
up --locks
mkfifo hold
lock src/one w 0 10 <hold >held & pids+=($!)
: >held	# what the last one wrote there
exec 8>hold
within 5 grep -q got held
exits 1 'a POSIX lock of SOURCE is seen' lock mnt/one r 5 1 </dev/null
is 'it says' "$out" 'Resource temporarily unavailable'
like 'who is asked for names the process' "$(lock mnt/one '?' 0 0)" "^write 0 10 $(newest lock)"
exits 0 'beside it there is room' lock mnt/one w 10 1 </dev/null
lock mnt/one w 0 1 wait </dev/null >waited 8>&- & waiter=$!
sleep 0.3
is 'one waits' "$(cat waited)" ''
ok 'other requests are served meanwhile' timeout 5 ls mnt
exec 8>&-
ok 'until it is free' within 5 grep -q got waited
wait "$waiter"
lock mnt/one w 0 10 <hold >held & pids+=($!)
: >held	# what the last one wrote there
exec 8>hold
within 5 grep -q got held
exits 1 'and the other way round' lock src/one w 0 1 </dev/null
lock mnt/one w 0 1 wait </dev/null >waited 8>&- & waiter=$!
sleep 0.2
kill -INT "$waiter"; kill -TERM "$waiter"
ok 'who waits can be interrupted' within 5 gone "$waiter"
exec 8>&-
ok 'a close gives it back' within 5 lock src/one w 0 1 </dev/null
flock src/two sleep 2 8>&- & pids+=($!)
sleep 0.2
exits 1 'flock(2) too' flock -n mnt/two true
ok 'and waits' timeout 10 flock mnt/two true
# F_OFD_SETLK: the lock is the open file's, of which another one, or a duplicate, is no end.
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
sleep 0.2
exits 1 'the lock of an open file is seen in SOURCE' lock src/two w 0 1 </dev/null
exec 8>&-
ok 'and ends with it' within 5 lock src/two w 0 1 </dev/null
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
exits 0 'a close ends what is locked' lock src/one w 20 10 </dev/null
exec 8>&-
ok 'who waits goes on' within 5 grep -q got waited
exits 1 'and has got it' lock src/one w 0 1 </dev/null
kill "$waiter"
ok 'until his own end' within 5 lock src/one w 0 1 </dev/null
down
up
lock src/one w 0 10 <hold >held & pids+=($!)
: >held	# what the last one wrote there
exec 8>hold
within 5 grep -q got held
exits 0 'without --locks they are those of the mount' lock mnt/one w 0 1 </dev/null
exec 8>&-
down

# File handles outlive what the kernel forgets.
up --export
echo handle >src/exported
mkdir -p src/h/i; echo deep >src/h/i/f
handle take mnt/exported >h1; handle take mnt/h/i/f >h2
echo 2 >/proc/sys/vm/drop_caches
is 'open by handle' "$(handle open mnt <h1)" handle
mv src/exported src/renamed; echo 2 >/proc/sys/vm/drop_caches
is 'renamed meanwhile' "$(handle open mnt <h1)" handle
is 'deeper' "$(handle open mnt <h2)" deep
rm src/renamed; echo 2 >/proc/sys/vm/drop_caches; sleep 1.1
exits 1 'removed: no' sh -c 'handle open mnt <h1'
like 'as NFS has it' "$err" 'Stale file handle'
down
# A new file may have the inode number of one that was removed; ext4 sees to that at once.
mkdir ext
let_go() { ! find "/proc/$server/fd" -lname "$T/ext/$1*" | grep -q .; }
stale() # stale NAME HANDLE
{
	exits 1 "$1" sh -c "handle open mnt <$2"
	like 'it says' "$err" 'Stale file handle'
}
if truncate -s 16M image && mkfs.ext4 -q image && mount -o loop image ext; then
	exits 0 'on ext4' passfs -b --export ext mnt
	server=$(newest passfs)
	pids+=("$server")
	echo first >mnt/a; handle take mnt/a >h1; number=$(stat -c %i ext/a)
	rm mnt/a; within 5 let_go a; sleep 0.2
	echo second >mnt/b; handle take mnt/b >h2
	is 'the number of another one' "$(stat -c %i ext/b)" "$number"
	stale 'whose handle does not open it' h1
	is 'its own does' "$(handle open mnt <h2)" second
	echo 2 >/proc/sys/vm/drop_caches; within 5 let_go b
	is 'and goes on to' "$(handle open mnt <h2)" second
	stale 'the other one stays what it is' h1
	rm mnt/b; within 5 let_go b; sleep 0.2
	echo third >ext/c; find mnt -size 1 >/dev/null
	is 'the number again' "$(stat -c %i ext/c)" "$number"
	stale 'when it is listed' h2
	down
	umount ext
else
	skip 'inode numbers that come again' 'no ext4, or no loop device'
fi

# More files than descriptors.
mkdir src/many
perl -e 'open F, ">", "src/many/$_" or die for 1 .. 3000'
exits 0 'few descriptors' prlimit --nofile=600:600 setpriv --bounding-set -sys_resource --inh-caps -sys_resource \
	passfs -b src mnt
server=$(newest passfs)
pids+=("$server")
find mnt/many -type f -exec stat -c %i {} + >seen 2>refused
ok 'all are seen in the end, the kernel forgetting others' within 20 sh -c 'find mnt/many -type f -size 0 2>/dev/null | wc -l | grep -q 3000'
ok 'within the limit' test "$(find "/proc/$server/fd" -mindepth 1 | wc -l)" -le 600
unlike 'never something else' "$(cat refused)" 'No such file'
down

# A directory of 100,000, listed with attributes.
rm -rf src/many
mkdir src/many
perl -e 'open F, ">", "src/many/$_" or die for 1 .. 100_000'
up
ok 'a hundred thousand, each once' test "$(find mnt/many -mindepth 1 -printf '%f\n' | sort -un | wc -l)" = 100000
ok 'each with its attributes' test "$(find mnt/many -type f -size 0 -links 1 -printf x 2>/dev/null | wc -c)" = 100000
down
rm -rf src/many

# In a user namespace: as who owns it, and without passthrough, which is not his.
own_dev
ok 'in a user namespace' timeout 20 setpriv --reuid 65534 --regid 65534 --clear-groups unshare -Urm --propagation private sh -c '
	mount -t tmpfs none mnt && mkdir mnt/s mnt/m && passfs -b mnt/s mnt/m &&
	echo x >mnt/m/f && [ "$(cat mnt/s/f)" = x ] && [ "$(stat -c %u mnt/m/f)" = 0 ] && mkdir mnt/m/d &&
	chmod 1777 mnt/m/d && mv mnt/m/f mnt/m/d && fumount mnt/m && [ -f mnt/s/d/f ]'
give_dev_back

# One thread or several, either transport; what is asked of io_uring where it is not to be had.
params=/sys/module/fuse/parameters/enable_uring
before=$(cat "$params")
echo Y >"$params"
ring() { find "/proc/$server/fd" -lname '*io_uring*' -printf x | wc -c; }
for how in '--transport=dev --threads=1' '--transport=dev --threads=4' '--transport=uring --threads=1' '--transport=uring --threads=8' '--transport=auto -o noallow_other' --transport=auto; do
	# shellcheck disable=SC2086 # words
	up $how
	rm -rf mnt/w; mkdir mnt/w
	for i in 1 2 3 4; do (for j in $(seq 50); do echo "$i $j" >"mnt/w/$i.$j"; done) & writers[i]=$!; done
	wait "${writers[@]}"
	is "all is written ($how)" "$(cat mnt/w/* | sort | sum)" "$(for i in 1 2 3 4; do for j in $(seq 50); do echo "$i $j"; done; done | sort | sum)"
	case $how in
	*dev*|*auto) is 'no ring' "$(ring)" 0 ;;
	*) ok 'a ring' test "$(ring)" -ge 1 ;;
	esac
	down
done
echo N >"$params"
exits 0 'io_uring switched off' passfs -b --transport=uring src mnt
like 'it says so' "$err" 'io_uring: not to be had'
ok 'and serves' ls mnt
down
echo "$before" >"$params"
finish
