#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# passfs's options, each by what it changes; and what a table of calls does not reach:
# groups, access lists, attributes, the limit of descriptors, large directories.
. "$(dirname "$0")/../lib.sh"
start 300
# shellcheck source=passfs.sh
. "$here/serve/passfs.sh"

# Owners and permissions.
echo 1 >src/one; chown 1:1 src/one; chmod 640 src/one
echo 2 >src/two; chown 2:3 src/two; chmod 4755 src/two
mkdir src/dir; chmod 700 src/dir
up --map 1:1001,@1:@1002,2:1003
is '--map shows the owner as another user' "$(owner mnt/one)" '1001 1002 640'
is '--map leaves a group that it does not name' "$(owner mnt/two)" '1003 3 4755'
ok '--map: chown in the mount' chown 1003:1002 mnt/one
is '--map: chown in the mount sets the mapped owner in SOURCE' "$(owner src/one)" '2 1 640'
ok '--map: the user who is shown as owner may write' as 1003 sh -c 'echo x >mnt/one'
ok '--map: a user makes a file' as 1001 touch mnt/his
is '--map: the new file has the mapped owner in SOURCE' "$(owner src/his)" "1 1001 $(stat -c %a src/his)"
is '--map: the new file is shown as the file of its creator' "$(stat -c %u mnt/his)" 1001
down
up --uid-offset 100 --gid-offset 200
is '--uid-offset and --gid-offset shift owner and group' "$(owner mnt/two)" '102 203 4755'
as 103 touch mnt/offset
is '--uid-offset: a new file has the unshifted owner in SOURCE' "$(stat -c %u src/offset)" 3
down
up --force-user 77 --force-group 78 --perms u=rwX,g=rX,o=
is '--force-user, --force-group and --perms' "$(owner mnt/one)" '77 78 640'
is '--perms of a directory' "$(stat -c %a mnt/dir)" 750
is '--force-user: no set-id bits of an owner that is not shown' "$(stat -c %a mnt/two)" 750
exits 1 '--perms: others may not read' as 79 cat mnt/one
ok '--perms: the forced owner may read' as 77 sh -c 'cat mnt/two'
down
up --perms 0444
is '--perms takes an octal mode' "$(stat -c %a mnt/one mnt/two mnt/dir | paste -sd' ')" '444 444 444'
down
# Access lists: users and groups in them are mapped as owners are, and no list grants more than the
# mode that is shown.
acl() { getfacl -cpnE "$1" | xargs; }
mkdir -m 777 src/lists
echo x >src/lists/all; chmod 666 src/lists/all; setfacl -m u:1005:rw src/lists/all
echo x >src/lists/some; chmod 600 src/lists/some; setfacl -m u:1005:rw,g:1006:r src/lists/some
echo x >src/lists/write; chmod 600 src/lists/write; setfacl -m u:1005:w src/lists/write
setfacl -d -m u:1005:rwx,g:1006:r src/lists
listed=$(acl src/lists/some)
up --perms go-w
is '--perms go-w takes w from the access list, too' "$(stat -c %a mnt/lists/all) $(acl mnt/lists/all)" '644 user::rw- user:1005:rw- group::rw- mask::r-- other::r--'
exits 2 '--perms go-w: a user of the list cannot write' as 1005 sh -c 'echo y >>mnt/lists/all'
exits 2 '--perms go-w: others cannot write' as 2000 sh -c 'echo y >>mnt/lists/all'
ok '--perms go-w: a user of the list can read' as 1005 cat mnt/lists/all
down
up --perms a+r
is '--perms a+r adds r to the mask and to others' "$(stat -c %a mnt/lists/write) $(acl mnt/lists/write)" '664 user::rw- user:1005:-w- group::--- mask::rw- other::r--'
ok '--perms a+r: others can read' as 2000 cat mnt/lists/write
exits 1 '--perms a+r: a user of the list has only what the list grants' as 1005 cat mnt/lists/write
exits 1 '--perms a+r: the group has only what the list grants' setpriv --reuid 2000 --regid 0 --clear-groups cat mnt/lists/write
down
up --uid-offset 1000 --gid-offset 2000
is 'the ids of an access list are shifted as owners are' "$(acl mnt/lists/some)" 'user::rw- user:2005:rw- group::--- group:3006:r-- mask::rw- other::---'
exits 1 'a user with an id of the list in SOURCE cannot read' as 1005 cat mnt/lists/some
exits 1 'a user with a group of the list in SOURCE cannot read' as 1006 cat mnt/lists/some
ok 'a user with an id of the list that is shown can read and write' as 2005 sh -c 'cat mnt/lists/some; echo y >>mnt/lists/some'
ok 'a user with a group of the list that is shown can read' as 3006 cat mnt/lists/some
ok 'setfacl adds an entry in the mount' setfacl -m u:2007:r,g:3008:r mnt/lists/some
is 'the new entry has the unshifted ids in SOURCE' "$(acl src/lists/some)" 'user::rw- user:1005:rw- user:1007:r-- group::--- group:1006:r-- group:1008:r-- mask::rw- other::---'
setfacl -x u:2007,g:3008 mnt/lists/some
is 'SOURCE has the former list once the entry is removed' "$(acl src/lists/some)" "$listed"
like 'the ids of a default list are shifted' "$(acl mnt/lists)" ' default:user:2005:rwx .* default:group:3006:r-- '
ok 'a file can be made in a directory with a default list' touch mnt/lists/made
like 'the new file has the entries of the default list' "$(acl src/lists/made)" '^user::rw- user:1005:rwx .*group:1006:r-- mask::rw- '
ok 'setfacl -d adds an entry to the default list' setfacl -d -m u:2007:r mnt/lists
like 'the new default entry has the unshifted id in SOURCE' "$(acl src/lists)" ' default:user:1007:r-- '
down
up -o noallow_other --map 1005:1015,@1006:@1016
is '--map maps access lists without allow_other, too' "$(acl mnt/lists/some)" 'user::rw- user:1015:rw- group::--- group:1016:r-- mask::rw- other::---'
down
up --force-user 77 --perms g=r
is '--force-user shows no users of an access list' "$(acl mnt/lists/some)" 'user::rw- group::--- group:1006:r-- mask::r-- other::---'
exits 1 '--force-user: a user of the list cannot read' as 1005 cat mnt/lists/some
ok '--force-user: the forced owner can read' as 77 cat mnt/lists/some
ok '--force-user: a group of the list can read' as 1006 cat mnt/lists/some
down
up --force-group 78
is '--force-group shows no groups of an access list' "$(acl mnt/lists/some)" 'user::rw- user:1005:rw- group::--- mask::rw- other::---'
down
is 'the access list in SOURCE is unchanged' "$(acl src/lists/some)" "$listed"
up
is 'without options the access list is that of SOURCE' "$(acl mnt/lists/some)" "$listed"
down

# If a file system that is mounted in SOURCE has no access lists, the mode decides.
mkdir src/plain
mount -t ramfs none src/plain
echo x >src/plain/f; chmod 664 src/plain/f
up
ok 'in a file system without access lists the mode lets others read' as 1005 cat mnt/plain/f
exits 2 'in a file system without access lists the mode keeps others from writing' as 1005 sh -c 'echo x >>mnt/plain/f'
like 'the error is: Permission denied' "$err" 'Permission denied'
exits 1 'no access list is set in a file system without them' setfacl -m u:1005:rw mnt/plain/f
like 'the error is: Operation not supported' "$err" 'Operation not supported'
down
umount src/plain

# Options of passfs in a list of mount options, as in fstab.
up -o 'map=1:1001\,@1:@1002,ro,threads=1,rw,perms=u+x'
is 'own options in -o' "$(owner mnt/one)" '2 1002 740'
ok 'rw among the options of -o: a file can be written' touch mnt/two
down
like '-o with a wrong value of an own option' "$(passfs -o ro,cache=some src mnt 2>&1)" '^passfs: .*cache=some.* not auto, none or always'
like '-o with an own option without its value' "$(passfs -o cache src mnt 2>&1)" '^passfs: .*cache.*needs a value'
like '-o with an unknown option' "$(passfs -o ro,nonsense src mnt 2>&1)" '^passfs: .*nonsense.*unknown option'
exits 0 'passfs by mount.fuse3' mount.fuse3 passfs#src mnt -o 'rw,perms=0444'
is 'the options reach passfs: owner, group and mode' "$(owner mnt/one)" '2 1 444'
fumount mnt
for bad in '--map 1' '--map 1:@2' '--map a:b' '--map 1:2,' '--perms rwz' '--perms 9' '--cache some' '--transport x' '--threads 65' '--timeout x' '--locks --transport=uring' '--locks --request-timeout=20' \
	'--request-timeout=14' '--request-timeout=65536'; do
	# shellcheck disable=SC2086 # words
	case $bad in
	'--map 1:2,') exits 0 "an empty end is none ($bad)" passfs -b $bad src mnt; fumount mnt ;;
	*) exits 1 "refused: $bad" passfs $bad src mnt ;;
	esac
	[ "$bad" = '--map 1:2,' ] || like 'the error is one of passfs, and names --help' "$err" '^passfs: .*see passfs --help'
done

# --hide: hidden names.
touch src/a.swp src/.secret src/shown
up --hide '*.swp' --hide '.s[a-f]*'
is '--hide: hidden names are not listed' "$(find mnt -name '*.swp' -o -name '.s*')" ''
is '--hide: other names are listed' "$(find mnt -name 'shown')" mnt/shown
exits 1 '--hide: a hidden name is not found' stat mnt/a.swp
exits 1 '--hide: a hidden name cannot be made' touch mnt/b.swp
like 'the error is: Operation not permitted' "$err" 'Operation not permitted'
exits 1 '--hide: no rename to a hidden name' mv mnt/shown mnt/shown.swp
exits 1 '--hide: a hidden name cannot be removed' rm mnt/.secret
ok 'the refused calls have changed nothing in SOURCE' test -e src/a.swp -a -e src/.secret -a -e src/shown
down

# --no-symlinks-out: links that lead out of SOURCE.
mkdir -p src/d/e
ln -s ../one src/d/in; ln -s /etc/passwd src/d/absolute; ln -s ../../out src/d/out
ln -s ../d/e/../../one src/d/round; ln -s nowhere src/d/dangling; ln -s ../.. src/d/e/up
ln -s e/up/../../../../etc src/d/through
up --no-symlinks-out
for link in in dangling; do is "$link is shown" "$(readlink "mnt/d/$link")" "$(readlink "src/d/$link")"; done
is 'a link up to the root of the mount is shown' "$(readlink mnt/d/e/up)" ../..
for link in absolute out round through; do exits 1 "$link is not" cat "mnt/d/$link"; like 'the error is: Permission denied' "$err" 'Permission denied'; done
mkdir -p mnt/1/2/3/4/5/6/7/8
ln -s ../../../../../../../../etc/passwd mnt/1/2/3/4/5/6/7/8/deep
is 'a link from deep below that stays inside is shown' "$(readlink mnt/1/2/3/4/5/6/7/8/deep)" ../../../../../../../../etc/passwd
ln -P mnt/1/2/3/4/5/6/7/8/deep mnt/near
exits 1 'a hard link to that link leads out and is refused' cat mnt/near
like 'the error is: Permission denied' "$err" 'Permission denied'
rm -r mnt/near mnt/1
# While any directory is being renamed, the kernel returns EAGAIN for a path with "..".
mkdir stir
perl -e 'chdir "stir"; mkdir "a"; for (;;) { rename "a", "b"; rename "b", "a" }' & stirrer=$!
pids+=("$stirrer")
wrong=0
for _ in {1..300}; do
	[ "$(readlink mnt/d/in)" = ../one ] || wrong=$((wrong + 1))
	[ "$(readlink mnt/d/out)" = '' ] || wrong=$((wrong + 1))
	[ "$(readlink mnt/d/through)" = '' ] || wrong=$((wrong + 1))
done
is 'links are judged alike while other names are renamed' "$wrong" 0
kill "$stirrer"
wait "$stirrer" 2>/dev/null
down

# The umask, default access lists, the group of a directory.
up
(umask 027; mkdir mnt/masked; touch mnt/masked/file)
is 'the umask of the caller applies to new files' "$(stat -c %a src/masked src/masked/file | paste -sd' ')" '750 640'
mkdir mnt/acl
ok 'setfacl sets a default access list' setfacl -d -m u:1005:rwx,g::rx,o::- mnt/acl
(umask 077; touch mnt/acl/file)
is 'the default list applies, and not the umask' "$(getfacl -cp mnt/acl/file 2>/dev/null | paste -sd' ')" "$(getfacl -cp src/acl/file | paste -sd' ')"
like 'a new file has the entry of the default list' "$(getfacl -cp src/acl/file)" 'user:1005:rwx'
setfacl -m u:1006:rw mnt/one
chmod 755 mnt
ok 'a user of the access list can read and write' as 1006 sh -c 'cat mnt/one; echo x >>mnt/one'
exits 1 'other users cannot read' as 1007 cat mnt/one
mkdir src/team; chown 0:500 src/team; chmod 2777 src/team
ok 'a user makes a file and a directory by a supplementary group' setpriv --reuid 1008 --regid 1008 --groups 500 sh -c 'touch mnt/team/f; chmod 2755 mnt/team/f; mkdir mnt/team/d'
is 'file and directory have the group of the directory, and its set-group-id bit' "$(stat -c '%g %a' src/team/f src/team/d | paste -sd' ')" "500 2755 500 $(setpriv --reuid 1008 --regid 1008 --groups 500 sh -c 'mkdir src/team/n; stat -c %a src/team/n')"
mkdir src/team/mine; chown 1009:500 src/team/mine; chmod 2777 src/team/mine
as 1009 setfacl -d -m u:1005:rwx mnt/team/mine
is 'setting a default access list keeps the set-group-id bit' "$(stat -c %a src/team/mine)" 2777
as 1009 setfacl -m u:1005:rwx mnt/team/mine
is 'setting an access list by a user outside the group clears it' "$(stat -c %a src/team/mine)" 777
setpriv --reuid 1008 --regid 1008 --groups 500 chmod 2775 mnt/team/f
chmod 2775 src/team/f
is 'chmod by a user outside the group clears the set-group-id bit' "$(as 1008 chmod 2775 mnt/team/f; stat -c %a src/team/f)" "$(chmod 2775 src/team/f; chown 1008 src/team/f; as 1008 chmod 2775 src/team/f; stat -c %a src/team/f)"

# A write by any user but root clears set-id bits, whether the file was opened before or after they
# were set.
printf '#!/bin/sh\n' >src/suid; chown 1009:1009 src/suid; chmod 6777 src/suid
as 1010 sh -c 'echo x >>mnt/suid'
is 'a write by another user clears the set-id bits' "$(stat -c %a src/suid)" 777
( exec 3>>mnt/suid; chmod 6777 src/suid; as 1010 sh -c 'echo y >&3' )
is 'a write by another user through an older descriptor clears the set-id bits' "$(stat -c %a src/suid)" 777
chmod 6777 src/suid
as 1010 truncate -s 1 mnt/suid
is 'truncate(2) by another user clears the set-id bits' "$(stat -c %a src/suid)" 777
chmod 6777 src/suid
as 1010 sh -c ': >mnt/suid'
is 'O_TRUNC by another user clears the set-id bits' "$(stat -c %a src/suid)" 777

# O_APPEND is taken from each write, not from the open. (With passthrough the kernel uses the flags
# of the open.)
for how in --no-passthrough --writeback; do
	down
	up $how
	is "O_APPEND counts as it is at each write ($how)" "$(perl -e 'use Fcntl; open F, ">>", "mnt/appended" or die; syswrite F, "12345"; fcntl F, F_SETFL, 0;
		sysseek F, 0, 0; syswrite F, "ab"; fcntl F, F_SETFL, O_APPEND; sysseek F, 0, 0; syswrite F, "6"; close F; print `cat src/appended`')" ab3456
	rm -f mnt/appended
done
printf 12345 >src/grows
chattr +a src/grows
ok 'an append-only file can be appended to, with --writeback' sh -c 'printf 6 >>mnt/grows'
sync -f mnt
is 'an append-only file grows by what was appended, with --writeback' "$(cat src/grows)" 123456
chattr -a src/grows
down
up

# Attributes of the file system, and the time it was made.
ok 'chattr +A in the mount' chattr +A mnt/one
is 'SOURCE has the attribute that chattr has set' "$(lsattr src/one | cut -d' ' -f1)" "$(lsattr mnt/one | cut -d' ' -f1)"
like 'lsattr in the mount shows the attribute' "$(lsattr mnt/one)" '^-*A'
chattr +a src/shown
exits 2 'an append-only file cannot be written at its start' sh -c 'echo x 1<>mnt/shown'
like 'the error is: Operation not permitted' "$err" 'Operation not permitted'
ok 'an append-only file can be appended to' sh -c 'echo x >>mnt/shown'
chattr -a src/shown; chattr +i src/shown
exits 2 'an immutable file cannot be appended to' sh -c 'echo x >>mnt/shown'
chattr -i src/shown
mkdir src/sub
mount -t tmpfs none src/sub
: >src/sub/grows
chattr +a src/sub/grows
ok 'an append-only file on another file system closes without an error' perl -e 'open F, ">>", "mnt/sub/grows" or die; close F or die $!'
umount -l src/sub	# what is to be forgotten may still hold it
rmdir src/sub
# With passthrough the kernel itself writes to the file, and must refuse, too.
mount -o remount,ro src
exits 2 'no file can be written once SOURCE is read-only' sh -c 'echo x >>mnt/shown'
like 'the error is: Read-only file system' "$err" 'Read-only file system'
mount -o remount,rw src
cp "$(command -v sleep)" src/program
bg src/program 60
within 5 grep -q program "/proc/$bg/comm"
exits 2 'a program that runs from SOURCE cannot be written to' sh -c 'echo x >>mnt/program'
like 'the error is: Text file busy' "$err" 'Text file busy'
kill "$bg"
mkdir src/free; chmod 777 src/free
ok 'an ordinary user makes a whiteout' as 1010 mknod mnt/free/whiteout c 0 0
is 'the whiteout in SOURCE belongs to that user' "$(stat -c '%u %g' src/free/whiteout)" '1010 1010'
is 'the time of birth is that in SOURCE' "$(stat -c %w mnt/one)" "$(stat -c %w src/one)"
unlike 'the time of birth is known' "$(stat -c %w mnt/one)" '^-$'
down

# More files than descriptors.
mkdir src/many
perl -e 'open F, ">", "src/many/$_" or die for 1 .. 3000'
exits 0 'passfs with a limit of 600 descriptors' prlimit --nofile=600:600 setpriv --bounding-set -sys_resource --inh-caps -sys_resource \
	passfs -b src mnt
server=$(newest passfs)
pids+=("$server")
find mnt/many -type f -exec stat -c %i {} + >seen 2>refused
ok 'all files are seen in the end, while the kernel forgets others' within 20 sh -c 'find mnt/many -type f -size 0 2>/dev/null | wc -l | grep -q 3000'
ok 'passfs stays within its limit of descriptors' test "$(find "/proc/$server/fd" -mindepth 1 | wc -l)" -le 600
unlike 'no file is reported missing' "$(cat refused)" 'No such file'
down

# A directory of 100,000 files, listed with attributes.
rm -rf src/many
mkdir src/many
perl -e 'open F, ">", "src/many/$_" or die for 1 .. 100_000'
up
ok 'a directory of 100,000 files is listed with each once' test "$(find mnt/many -mindepth 1 -printf '%f\n' | sort -un | wc -l)" = 100000
ok 'each of the 100,000 files has its attributes' test "$(find mnt/many -type f -size 0 -links 1 -printf x 2>/dev/null | wc -c)" = 100000
down
rm -rf src/many

# In a user namespace passfs acts as the user who owns it, without passthrough, for which the user
# lacks the privilege.
own_dev
ok 'passfs in a user namespace of an ordinary user: write, own, rename, unmount' timeout 20 setpriv --reuid 65534 --regid 65534 --clear-groups unshare -Urm --propagation private sh -c '
	mount -t tmpfs none mnt && mkdir mnt/s mnt/m && passfs -b mnt/s mnt/m &&
	echo x >mnt/m/f && [ "$(cat mnt/s/f)" = x ] && [ "$(stat -c %u mnt/m/f)" = 0 ] && mkdir mnt/m/d &&
	chmod 1777 mnt/m/d && mv mnt/m/f mnt/m/d && fumount mnt/m && [ -f mnt/s/d/f ]'
give_dev_back
finish
