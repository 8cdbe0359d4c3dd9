#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# --request-timeout: the kernel aborts the connection of a server that keeps a request for too long.
. "$(dirname "$0")/../lib.sh"
start 90
mkdir mnt
if [ "$(uname -r | awk -F. '{ print $1 * 100 + $2 }')" -lt 615 ]; then
	bg hellofs --request-timeout=15 mnt 2>log
	within 5 cat mnt/hello
	like 'an older kernel: hellofs reports that there is no limit' "$(cat log)" '--request-timeout: takes Linux 6.15; there is no limit'
	finish
fi
bg hellofs --request-timeout=15 mnt 2>log
server=$bg
ok 'hellofs without a limit serves' within 5 cat mnt/hello
is 'no word about a limit that the kernel does not have' "$(cat log)" 'Mounting hellofs on "mnt"'
# The kernel checks for expired requests every 15 seconds.
sleep 16
is 'a server that answers is left alone' "$(timeout 5 cat mnt/hello)" hello
stop "$server"
begun=$SECONDS
exits 1 'a call that a stopped server does not answer fails' timeout 60 stat mnt/hello
ok 'it fails after 15 seconds or more' test $((SECONDS - begun)) -ge 14
ok 'it fails within the limit and a look of the kernel' test $((SECONDS - begun)) -le $((35 * SLOWNESS))
exits 1 'the mount is dead' timeout 5 stat mnt/hello
like 'the next call says what a dead mount says' "$err" 'not connected|connection abort'
kill -CONT "$server"
ok 'the server ends' within 5 gone "$server"
umount -l mnt 2>/dev/null
finish
