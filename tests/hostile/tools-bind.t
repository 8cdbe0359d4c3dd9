#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Root binds with options that restrict what users can do there: no moment comes in which the mount is there
# without them. And what users put in the place of a user namespace holds nobody up.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../late.sh"
start 120
need strace
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP takes root'; exit 0; }

mkdir src there
mount -t tmpfs none src
for how in '-B' '--rbind' '--idmap 0:1000:1'; do
	read -ra words <<<"$how"
	# The first mount(2) is the one that sets the options of the mount that is there.
	strace -f -qq -o /dev/null -e trace=mount -e inject=mount:delay_enter=1s fmount "${words[@]}" -o ro,nosuid,nodev,noexec src there &
	pids+=("$!")
	begun mount fmount
	like "$how: once it is there, so are the options" "$(mount_line "$T/there" | cut -d' ' -f6)" '^ro,nosuid,nodev,noexec,'
	wait "$!"
	is "$how: works" $? 0
	umount there
done
fmount -B -o ro,rw,nosuid,suid src there
like 'of contradicting options the last one counts' "$(mount_line "$T/there" | cut -d' ' -f6)" '^rw,relatime'
umount there
is 'the source keeps its own options' "$(mount_line "$T/src" | cut -d' ' -f6)" rw,relatime

mkfifo fifo
exits 32 '--idmap of a FIFO is refused, and nobody waits' timeout 10 fmount --idmap "$T/fifo" src there
finish
