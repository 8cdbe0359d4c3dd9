#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fmount --check by an ordinary user: it judges a mountpoint and mount_max as the set-uid helper does.
. "$(dirname "$0")/../lib.sh"
start 60
need setpriv
own_dev
mkdir helper theirs mine
install -m 4755 "$BUILD/fusermount3" helper/fusermount3
chown 65534 mine
: >conf
[ -e /etc/fuse.conf ] || : >/etc/fuse.conf
mount --bind conf /etc/fuse.conf
nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups /usr/bin/env PATH="$T/helper:$PATH")
way() { "${nobody[@]}" fmount --check --json "$@" | sed 's/.*"way":"\([a-z]*\)".*/\1/'; }

is 'a directory of the user: by the helper' "$(way mine)" helper
"${nobody[@]}" hellofs -b mine
is 'which is so' "$(conn_of "$T/mine" | grep -c .)" 1
"${nobody[@]}" fumount mine
like 'a directory of root: not by the helper' "$(way theirs)" '^(userns|none)$'
out=$("${nobody[@]}" fmount --check theirs)
like 'the reason is what the helper says' "$out" "no +mountpoint +user has no write access to mountpoint $T/theirs"
like 'which is so' "$("${nobody[@]}" hellofs -b theirs 2>&1)" "user has no write access to mountpoint $T/theirs"
like '/proc: not by the helper, whose rules permit no mount on it' "$(way /proc/self)" '^(userns|none)$'
mkdir -m 1777 sticky
like 'a sticky directory of root: not by the helper' "$(way sticky)" '^(userns|none)$'
is 'root needs no helper' "$(fmount --check --json theirs | sed 's/.*"way":"\([a-z]*\)".*/\1/')" direct

echo mount_max=0 >conf
like 'mount_max is reached: not by the helper' "$(way mine)" '^(userns|none)$'
like 'the reason' "$("${nobody[@]}" fmount --check)" 'fuse.conf .*; too many FUSE filesystems mounted; mount_max=N.* \(so the helper mounts nothing\)'
echo mount_max=x >conf
like 'mount_max is no number: not by the helper' "$(way mine)" '^(userns|none)$'
echo mount_max=1000 >conf
is 'by the helper again' "$(way mine)" helper
umount /etc/fuse.conf
give_dev_back
finish
