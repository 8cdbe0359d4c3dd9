#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fmount, fumount and fuse-info on real mounts.
. "$(dirname "$0")/../lib.sh"
start 60
mkdir mnt

bg fmount -t mine -s source -o noexec mnt -- hellofs
within 5 cat mnt/hello
is 'fmount: the program serves' "$(cat mnt/hello)" hello
like 'the mount table has type, source and options' "$(mount_line "$T/mnt")" 'nosuid,nodev,noexec,.* - fuse.mine source '
exits 0 'fuse-info' fuse-info
like 'fuse-info lists the mount of fmount' "$out" "fuse.mine +source +$T/mnt"
kill "$bg"
wait "$bg"
is 'a signal to an adopted mount ends it cleanly' "$? $(own_mounts)" '0 '

# shellcheck disable=SC2016 # that shell is to expand it
exits 0 'fmount puts the descriptor in place of {}' fmount mnt -- /bin/sh -c 'echo $0 $1 $2' a {} b
like 'the descriptor stands where {} stood' "$out" '^a /dev/fd/[0-9]+ b$'
fumount mnt
exits 127 'fmount of a program that does not exist' fmount mnt -- /nonexistent
is 'a program that does not exist leaves nothing mounted' "$(own_mounts)" ''
exits 32 'fmount without a program looks into fstab' fmount -T /dev/null mnt

hellofs -b mnt
exec 7<mnt/hello
exits 32 'fumount of a mount with an open file' fumount mnt
like 'the error names the process with the open file' "$err" "held by $$ \\(bash\\) of root: open file"
exits 0 'fumount -l' fumount -l mnt
ok 'fumount -l detaches the busy mount' unmounted "$T/mnt"
is 'the process with the open file can read on' "$(cat <&7)" hello
exec 7<&-

hellofs -b mnt
bg hold_map mnt/hello >map.log
within 5 grep -q mapped map.log
exits 32 'fumount of a mount whose file is mapped' fumount mnt
like 'the error tells that the process has a mapping' "$err" "held by $bg \\(hold_map\\) of root: mapping"
kill "$bg"
fumount mnt || fumount -l mnt

hellofs -b mnt
kill -STOP "$(newest hellofs)"
bg stat mnt/never
exits 0 'fumount -f on a server that hangs' timeout 5 fumount -f mnt
wait "$bg"
ok 'the process that waited is woken with an error' test $? = 1
ok 'mnt is unmounted' unmounted "$T/mnt"
kill -CONT "$(newest hellofs)" 2>/dev/null

mkdir tmp
mount -t tmpfs none tmp
exits 32 'not a FUSE mount' fumount tmp
like 'the error: not a FUSE mount' "$err" 'not a FUSE mount'
umount tmp
hellofs -b mnt
exits 64 'fumount of a mount and of a path where nothing is mounted' fumount mnt nothere
exits 32 'fumount where nothing is mounted' fumount mnt

# An ordinary user may open the device, but has no privilege to mount.
exits 1 'fmount without privilege and without a helper' setpriv --reuid 65534 --regid 65534 \
	--clear-groups env PATH=/nonexistent "$BUILD/bin/hellofs" /tmp
like 'the error: no fusermount3 in PATH' "$err" 'no fusermount3 in PATH'
# Of two options that contradict each other the last one counts.
mkdir -p source
exits 0 'passfs -r -o rw' passfs -b -r -o rw source mnt
like 'with -r -o rw the last option counts: writable' "$(mount_line "$T/mnt")" "- fuse.passfs $T/source rw,"
exits 0 'fumount' fumount mnt
for options in '-o rw -r' '-o rw,ro' '-o rw --ro'; do
	# shellcheck disable=SC2086 # several
	exits 0 "passfs $options" passfs -b $options source mnt
	like "passfs $options: the mount is read-only" "$(mount_line "$T/mnt")" "- fuse.passfs $T/source ro,"
	exits 0 'fumount' fumount mnt
done
finish
