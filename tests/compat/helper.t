#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# As an ordinary user: hellofs through Debian's set-uid fusermount3.
. "$(dirname "$0")/../lib.sh"
start 60
need fusermount3 setpriv

own_dev
mkdir mnt
chown 65534:65534 mnt
user() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }

exits 0 'hellofs -b as an ordinary user' user "$BUILD/bin/hellofs" -b mnt
is 'the user can read what hellofs -b serves' "$(user cat mnt/hello)" hello
like 'the mount has the type, source and owner of hellofs' "$(mount_line "$T/mnt")" \
	'nosuid,nodev.* - fuse.hellofs hellofs .*user_id=65534'
exits 0 'fumount through the helper' user "$BUILD/bin/fumount" mnt
ok 'fumount unmounts through the helper' unmounted "$T/mnt"

bg setpriv --reuid 65534 --regid 65534 --clear-groups "$BUILD/bin/hellofs" mnt 2>log
within 5 user cat mnt/hello
kill "$bg"
wait "$bg"
is 'a signal: unmounted through the helper' "$? $(own_mounts)" '0 '
is 'a signal: the server reports no error' "$(cat log)" "$(printf 'Mounting hellofs on "mnt"\nUnmounting "mnt"')"

# The box is never privileged: it executes a privileged helper in PATH instead.
mkdir bin
install -m 4755 "$BUILD/fusermount3" bin/fusermount3
box() { setpriv --reuid 65534 --regid 65534 --clear-groups env PATH="$1" "$BUILD/tests/tools/commfd" true "$BUILD/fusebox" fusermount3 mnt 2>&1; }
like 'fusebox fusermount3 hands over to the helper in PATH' "$(box "$T/bin:/bin")" 'received: byte 0, /dev/fuse.*exit 0'
umount -l mnt
like 'without a helper in PATH it reports that it may not mount' "$(box /bin/none)" 'fusermount3: no privilege to mount: .*make install-setuid.*exit 1'
like 'a helper without the set-uid bit reports the same' "$(chmod u-s bin/fusermount3; setpriv --reuid 65534 --regid 65534 --clear-groups \
	"$BUILD/tests/tools/commfd" true "$T/bin/fusermount3" mnt 2>&1)" 'no privilege to mount: .*no_new_privs.*exit 1'
chmod u+s bin/fusermount3
like 'a helper with no_new_privs reports the same' "$(setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs \
	"$BUILD/tests/tools/commfd" true "$T/bin/fusermount3" mnt 2>&1)" 'no privilege to mount'
give_dev_back
finish
