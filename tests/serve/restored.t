#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# passfs has acted for a user, and the kernel has had no memory for going back to root (setfsuid(2) does
# not tell). What root makes next is root's nevertheless.
. "$(dirname "$0")/../lib.sh"
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP root only'; exit 0; }
start 60
need strace setpriv
# shellcheck source=passfs.sh
. "$here/serve/passfs.sh"

up_failing() # up_failing CALL RESULT NUMBER [OPTION...]: passfs, in which this call fails
{
	up --transport=dev --threads=1 -o allow_other "${@:4}"
	strace -qq -f -p "$server" -o trace -e "trace=$1" -e "inject=$1:$2:when=$3" & tracer=$!
	pids+=("$tracer")
	within 5 traced
}
failed() # failed NAME
{
	kill "$tracer"; wait "$tracer" 2>/dev/null
	ok "$1" grep -q INJECTED trace
}

stays() # stays CALL RESULT NUMBER: mkdir by 1777, then by root
{
	up_failing "$@"
	ok "$1: made by the user" as 1777 mkdir "mnt/d/$1"
	ok "$1: made by root" mkdir "mnt/d/root-$1"
	failed "$1: the call that restores it has failed"
	is "$1: the user has what the user made" "$(owner "src/d/$1")" '1777 1777 755'
	is "$1: root has what root made" "$(owner "src/d/root-$1")" '0 0 755'
	down
}

mkdir -m 777 src/d
stays setfsuid retval=1777 3
stays setresgid error=ENOMEM 2

# Going back fails again and again: root makes nothing with a user's credentials, and goes on when the kernel has memory.
stays_away() # stays_away CALL RESULT NUMBER: as above, with all later calls
{
	up_failing "$1" "$2" "$3+"
	ok "$1: made by the user before" as 1777 mkdir "mnt/d/away-$1"
	exits 1 "$1: root makes no directory as long as it fails" mkdir "mnt/d/never"
	like "$1: the error: memory" "$err" 'Cannot allocate memory'
	ok "$1: there is no such directory" [ ! -e src/d/never ]
	failed "$1: all calls that restore it have failed"
	ok "$1: made by root afterwards" mkdir "mnt/d/back-$1"
	is "$1: root has what root made afterwards" "$(owner "src/d/back-$1")" '0 0 755'
	down
}
stays_away setfsuid retval=1777 3
stays_away setresgid error=ENOMEM 2

# Going away from root fails: nothing is made with root's group or as root.
for call in setresgid:error=ENOMEM setfsuid:retval=0; do
	up_failing "${call%:*}" "${call#*:}" 1
	exits 1 "${call%:*}: the user makes nothing" as 1777 mkdir "mnt/d/none"
	failed "${call%:*}: the call has failed"
	ok "${call%:*}: there is nothing" [ ! -e src/d/none ]
	down
done

# passfs fails to take back the groups of the user whom it has served: the next user does not get them. The kernel
# caches the old mode of the directory, so that only its rights in SOURCE stop that user.
mkdir -m 777 src/g; mkdir -m 770 src/h; chgrp 4242 src/g src/h
up_failing setgroups error=ENOMEM 2 --timeout=100
stat mnt/g >/dev/null
chmod 770 src/g
ok 'a user with the group makes a directory' setpriv --reuid 1777 --regid 1777 --groups 4242 mkdir mnt/h/member
exits 1 'a user without it makes none where it takes the group' as 1778 mkdir mnt/g/other
failed 'the call that takes the groups back has failed'
ok 'there is none' [ ! -e src/g/other ]
down

# A user removes a file, for which passfs raises capabilities; it fails to go back to root, and the next user does not
# have them. The first run counts the calls: the last one of the removal goes back.
remove() # remove NUMBER: that call of setfsuid(2) fails
{
	rm -rf src/h/* src/e; mkdir src/e
	touch src/h/x src/e/y; chown 1778 src/e
	up_failing setfsuid retval=1777 "$1" --timeout=3600
	stat mnt/e mnt/e/y mnt/h/x >/dev/null
	as 1778 stat mnt/e/y >/dev/null
	ok 'a user removes a file' setpriv --reuid 1777 --regid 1777 --groups 4242 rm mnt/h/x
	calls=$(grep -c setfsuid trace)
	chown 0 src/e
	exits 1 'another one removes none where only root may' as 1778 rm -f mnt/e/y
	ok 'the file is there' [ -e src/e/y ]
}
remove 1000
kill "$tracer"; wait "$tracer" 2>/dev/null
down
remove "$calls"
failed 'the call that goes back to root has failed'
down
finish
