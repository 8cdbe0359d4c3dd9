#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A thread of passfs stays the user for whom it has acted until a request needs root. Root and users in turn on one
# thread: what each makes, changes and is refused is what it would be on the tree itself.
. "$(dirname "$0")/../lib.sh"
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP root only'; exit 0; }
start 120
need strace setpriv renice prlimit
# shellcheck source=passfs.sh
. "$here/serve/passfs.sh"

ids() { sed -n 's/^[UG]id:	//p' "/proc/$server/task/$server/status" | tr '\t\n' '  '; }

up --transport=dev --threads=1 -o allow_other
mkdir -m 777 src/d; mkdir -m 700 src/mine; mkdir -m 2775 src/setgid; chgrp 4242 src/setgid
touch src/mine/file
mkdir -p src/group/x; chgrp 4242 src/group; chmod 770 src/group
ok 'a user makes a directory' as 1777 mkdir mnt/d/a
is 'the thread is still that user' "$(ids)" '0 0 0 1777 0 1777 0 1777 '
ok 'whom it lets do nothing to it' as 1777 sh -c '! kill -0 "$1" && ! cat "/proc/$1/environ" "/proc/$1/task/$1/mem" && ! ls "/proc/$1/fd" &&
	! renice -n 5 -p "$1" && ! prlimit --pid "$1" --core=0' sh "$server"
exits 1 'another user does not remove it in a directory of its own' as 1778 rm -f mnt/mine/file
ok 'root finds what the user does not' [ -e mnt/mine/file ]
ok 'root makes a directory' mkdir mnt/d/root
is 'it is root'\''s' "$(owner src/d/root)" '0 0 755'
is 'the thread is root' "$(ids)" '0 0 0 0 0 0 0 0 '
ok 'a user makes one' as 1777 mkdir mnt/d/b
ok 'another user makes one' as 1778 mkdir mnt/d/c
is 'it is the other'\''s' "$(owner src/d/c)" '1778 1778 755'
exits 1 'who cannot write in the directory of the one before' as 1778 mkdir mnt/d/b/none
ok 'with another group' setpriv --reuid 1778 --regid 4242 --clear-groups mkdir mnt/d/e
is 'it has that group' "$(owner src/d/e)" '1778 4242 755'
ok 'as a member' setpriv --reuid 1777 --regid 1777 --groups 4242 mkdir mnt/setgid/f
is 'the directory gives the group' "$(owner src/setgid/f)" '1777 4242 2755'
exits 1 'the group does not stay' as 1778 mkdir mnt/setgid/g
ok 'a user makes a directory, of whose group another one is' as 1777 mkdir mnt/d/k
ok 'the other makes one' setpriv --reuid 1778 --regid 1777 --clear-groups mkdir mnt/d/l
is 'it is the other'\''s' "$(owner src/d/l)" '1778 1777 755'
ok 'a user makes a directory' as 1777 mkdir mnt/d/m
ok 'and removes one as a member of the group above it' setpriv --reuid 1777 --regid 1777 --groups 4242 rmdir mnt/group/x
ok 'a user makes a file that only root may open' as 1777 sh -c 'umask 777; : >mnt/d/closed'
ok 'root reads it' cat mnt/d/closed
ok 'after a user has made a directory' as 1777 mkdir mnt/d/h
ok 'root has a file linked' ln mnt/mine/file mnt/d/linked
ok 'a user makes another' as 1777 mkdir mnt/d/i
ok 'and root lists what is closed to the user' ls mnt/mine
mkdir src/d/private
bg hellofs "$T/src/d/private"
within 5 mounted "$T/src/d/private"
ok 'a user makes another' as 1777 mkdir mnt/d/o
is 'root finds what is mounted in SOURCE for root alone' "$(timeout 5 cat mnt/d/private/hello)" hello
fumount -q -l src/d/private
ok 'a user makes another' as 1777 mkdir mnt/d/j
ok 'root writes into its own file' sh -c 'echo data >mnt/mine/file'
is 'it is written' "$(cat src/mine/file)" data
down

# The kernel refuses a backing id: the server opens the new file itself, by whose mode the user may not write.
up --transport=dev --threads=1 -o allow_other
strace -qq -f -p "$server" -o trace -e trace=ioctl -e inject=ioctl:error=ENOMEM & tracer=$!
pids+=("$tracer")
within 5 traced
ok 'a user writes into a new file of mode 400' as 1777 sh -c 'umask 377; echo data >mnt/d/once'
kill "$tracer"; wait "$tracer" 2>/dev/null
ok 'there was no backing id' grep -q INJECTED trace
is 'it has the data' "$(cat src/d/once)" data
is 'it is the user'\''s' "$(owner src/d/once)" '1777 1777 400'
down

# The same calls on the mount and on the tree itself, by root and two users, each for a few calls.
random() # random SEED OPTION...
{
	local seed=$1; shift
	mkdir -p "src/$seed" "native/$seed"
	chmod 777 "src/$seed" "native/$seed"
	up "$@" -o allow_other
	ok "seed $seed $*: no difference" model "mnt/$seed" "native/$seed" "$seed" 3000
	down
	ok "seed $seed $*: nor in SOURCE" model "src/$seed" "native/$seed" 0 0
}
mkdir native
umount src
machine exclusive	# model drops the machine's caches
mount -t tmpfs -o nosuid,nodev none src
mount -t tmpfs -o nosuid,nodev none native
export MODEL_USERS=1 MODEL_PASSTHROUGH=1
seed=${MODEL_SEED:-$((RANDOM * 1000 + 1))}
diag "MODEL_SEED=$seed"
for i in 0 1 2; do random "$((seed + i))" --transport=dev --threads=1; done
random "$((seed + 3))" --transport=dev --threads=2
unset MODEL_PASSTHROUGH
MODEL_NO_HOLES=1 random "$((seed + 4))" --transport=dev --threads=1 --no-passthrough
machine free
umount native
finish
