#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# passfs, one thread: whatever it did for the one before, for each it acts as he.
. "$(dirname "$0")/../lib.sh"
start 60
need setpriv
mkdir -m 777 src mnt
chmod 777 src
exits 0 'passfs' setpriv --groups 6,1900 passfs -b --threads=1 src mnt
like "the server's own groups are nobody else's" "$(grep Groups "/proc/$(newest passfs)/status")" '^Groups:[[:space:]]*$'
as() { setpriv --reuid "$1" --regid "$2" --groups "$3" "${@:4}"; }
touch_as() { as "$1" "$2" "$3" touch "mnt/$4" && stat -c '%u %g' "src/$4"; }
is 'a new file belongs to its creator' "$(touch_as 1000 1000 5 a)" '1000 1000'
is 'root after him' "$(touch_as 0 0 0 b)" '0 0'
is 'a file of another user has their uid and gid' "$(touch_as 1001 7 6 c)" '1001 7'
is 'root, with another group' "$(touch_as 0 9 0 d)" '0 9'
echo secret >mnt/e
chmod 600 mnt/e
is 'root reads his own' "$(cat mnt/e)" secret
exits 1 'nobody else does' as 1000 1000 5 cat mnt/e
is 'root, once more' "$(cat mnt/e; touch_as 0 0 0 f)" $'secret\n0 0'
mkdir -m 770 mnt/team
chgrp 5 mnt/team
is 'a member of the group makes a file in its directory' "$(touch_as 1000 1000 5 team/a)" '1000 1000'
exits 1 'a user outside the group makes no file there' as 1001 7 6 touch mnt/team/b
# When a user reopens a file, the server drops CAP_FSETID; root's chown(2) needs it to keep set-
# group-ID.
as 0 0 0 sh -c 'touch mnt/g; chown 0:7 mnt/g; chmod 2644 mnt/g; touch mnt/h; chmod 666 mnt/h'
as 1000 1000 5 sh -c ': >mnt/h'
as 0 0 0 chown 5 mnt/g
is "root's chown after a user's open" "$(stat -c '%u %a' src/g)" '5 2644'
exits 0 'fumount' fumount mnt
finish
