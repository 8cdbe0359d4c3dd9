#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What a server says when it is asked to end and cannot know its mountpoint: it got the descriptor of a mount
# from another process, and without /proc nothing tells where that mount is.
. "$(dirname "$0")/../lib.sh"
start 60
mkdir -p root/{bin,dev,mnt}
cp "$STATIC_BOX" root/bin/fusebox || bail 'no box'
if ! chroot root /bin/fusebox --version >/dev/null 2>&1; then
	skip 'everything' 'the box is not static'
	finish
	exit
fi
ln -s fusebox root/bin/hellofs
touch root/dev/fuse root/dev/null
mount --bind /dev/fuse root/dev/fuse
mount --bind /dev/null root/dev/null
# serve OPTION...: fmount mounts, and becomes the server.
serve()
{
	bg chroot root /bin/fusebox fmount "$@" /mnt -- /bin/hellofs 2>log
	within 5 mounted "$T/root/mnt" || bail 'not mounted'
	within 5 cat root/mnt/hello || bail 'no answer'
}
ended() { kill -TERM "$(newest hellofs)" && within 5 gone "$bg"; }

serve
ok 'a server ends by SIGTERM' ended
is 'it says that it does not unmount, and what does' "$(cat log)" \
	'hellofs: not unmounted, since its mountpoint is not visible to this server; fumount does it, or fmount --auto-unmount'
ok 'which is so' mounted "$T/root/mnt"
exits 0 'fumount unmounts it' chroot root /bin/fusebox fumount /mnt

# Detached meanwhile: that it is still mounted would be untrue.
serve
exec 9<root/mnt/hello
umount -l root/mnt
ok 'a server whose mount was detached ends by SIGTERM' ended
unlike 'it does not call it mounted' "$(cat log)" 'still mounted'
exec 9<&-

serve --auto-unmount
ok 'with --auto-unmount, a server ends by SIGTERM' ended
ok 'its mount is unmounted' within 5 unmounted "$T/root/mnt"
is 'it says nothing' "$(cat log)" ''

# A server that mounted for itself knows its mountpoint.
bg chroot root /bin/hellofs /mnt 2>log
within 5 mounted "$T/root/mnt" || bail 'not mounted'
exec 9<root/mnt/hello
umount -l root/mnt
kill -TERM "$(newest hellofs)"
ok 'a mount that was detached meanwhile' within 5 grep -q 'meanwhile' log
unlike 'is not called covered by another' "$(cat log)" 'another mount covers'
exec 9<&-
ok 'its server ends once no process holds it' within 5 gone "$bg"
umount root/dev/fuse root/dev/null
finish
