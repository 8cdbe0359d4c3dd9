#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# An ordinary user's mounts without a set-uid helper, or with one that is hard to find.
. "$(dirname "$0")/../lib.sh"
start 90
need setpriv
own_dev
umount /sys/fs/fuse/connections 2>/dev/null
mkdir helper user tools
ln -s "$(command -v sh)" "$(command -v sleep)" tools/
install -m 4755 "$BUILD/fusermount3" helper/fusermount3
ln -s fusermount3 helper/fusermount
chown 65534 user
# The machine's own helper is not in this PATH.
nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups /usr/bin/env "PATH=$T/helper:$T/tools")

# The helper is removed while the server runs.
bg "${nobody[@]}" "$BUILD/bin/hellofs" user 2>log
within 5 mounted "$T/user"
mv helper/fusermount3 helper/away
kill -TERM "$bg"
within 5 gone "$bg" || kill -KILL "$bg"
wait "$bg"
is 'a server that cannot unmount ends at the first signal' $? 1
like 'the server reports that the mount is no longer served' "$(cat log)" "hellofs: user: still mounted, but no longer served"
mv helper/away helper/fusermount3
exits 0 'what it left is unmounted' "${nobody[@]}" "$BUILD/bin/fumount" user

# A helper that waits for ever, as for an outer mount whose server does not answer: the second signal ends the server.
for how in hellofs 'fmount --keep user -- hellofs'; do
	words=("$BUILD/bin/hellofs" user)
	[ "$how" = hellofs ] || words=("$BUILD/bin/fmount" --keep user -- "$BUILD/bin/hellofs")
	bg "${nobody[@]}" "${words[@]}" 2>log
	within 5 "${nobody[@]}" sh -c 'test -r user/hello'
	mv helper/fusermount3 helper/away
	printf '#!/bin/sh\necho $$ >>%s\nexec sleep 100\n' "$T/waiting" >helper/fusermount3
	: >waiting
	chmod 755 helper/fusermount3
	chmod 666 waiting
	kill -TERM "$bg"
	within 5 grep -q Unmounting log
	sleep 0.3	# not an echo of the first signal
	kill -TERM "$bg"
	ok "$how: ends at the second signal although the helper does not" within 5 gone "$bg"
	mv helper/away helper/fusermount3
	xargs kill -KILL <waiting	# Its callers then unmount by the helper that works.
	"${nobody[@]}" "$BUILD/bin/fumount" -q user
	ok "$how: what is left is unmounted" within 5 unmounted "$T/user"
done

# A busy mount: the server detaches it, and goes on.
bg "${nobody[@]}" "$BUILD/bin/hellofs" user 2>log
within 5 mounted "$T/user"
server=$bg
bg "${nobody[@]}" sh -c 'cd user && exec sleep 100'
within 5 grep -q sleep "/proc/$bg/comm"
kill -TERM "$server"
within 5 unmounted "$T/user"
ok 'the server of a busy mount goes on' kill -0 "$server"
kill "$bg"
wait "$server"
is 'fumount -w ends with success once the mount is free' $? 0

# The box's own fusermount3 comes first in PATH.
box=(setpriv --reuid 65534 --regid 65534 --clear-groups /usr/bin/env "PATH=$BUILD/bin:$T/helper:$T/tools")
exits 0 'a mount by way of the box' "${box[@]}" hellofs -b user
bg "${nobody[@]}" sh -c 'cd user && exec sleep 100'
within 5 grep -q sleep "/proc/$bg/comm"
exits 32 'fumount of a busy mount in a user namespace' "${box[@]}" fumount user
like 'the error names both ways, since no fusectl tells whether the server answers' "$err" 'fumount: user: busy; if its server answers, fumount -l detaches it; if not, fumount -R -f clears it'
like 'the error names the holder' "$err" "held by $bg \\(sleep\\) of nobody: cwd"
exits 0 'fumount -w of a mount in a user namespace' timeout 20 sh -c '(sleep 0.5; kill "$0") & "$@"' "$bg" "${box[@]}" fumount -w 10 user
ok 'fumount -w returns once the mount is unmounted' unmounted "$T/user"
give_dev_back
finish
