# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# For the tests of passfs: a tmpfs at src, to be served at mnt.
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
# A tracer has each thread of the server.
traced() { for task in "/proc/$server/task/"*; do grep -q '^TracerPid:	[1-9]' "$task/status" || return; done; }
owner() { stat -c '%u %g %a' "$1"; }
