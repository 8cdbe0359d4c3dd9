#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fmount --idmap: hellofs through an idmapped mount; and passfs on an idmapped SOURCE, for the users of
# a container and their root.
. "$(dirname "$0")/../lib.sh"
start 60
need setpriv unshare setfacl getfacl python3
[ "$(id -u)" = 0 ] || { skip 'all' 'not root'; finish; }
# shellcheck source=passfs.sh
. "$here/serve/passfs.sh"
mkdir hello mapped dark there
A=101777 B=101778	# users of the container, 1777 and 1778 inside
map() { exits 0 "fmount --idmap ${*:2}" fmount --idmap "$1" "${@:2}"; }

# ---- hellofs ----

hellofs -b hello
if fuse-info -k | grep -qw ALLOW_IDMAP; then
	map 0:100000:65536 hello mapped
	is 'hellofs: root of the container owns the file' "$(stat -c '%u %g' mapped/hello)" '100000 100000'
	is 'hellofs: the first mount keeps the ids' "$(stat -c '%u %g' hello/hello)" '0 0'
	is 'hellofs: a user of the container reads the file' "$(as $A cat mapped/hello)" hello
	is 'hellofs: a user outside reads it at the first mount' "$(as 1777 cat hello/hello)" hello
	exits 32 'an idmapped mount of an idmapped mount' fmount --idmap 0:1:1 mapped there
	fumount mapped
	map 0:7:1,1:100001:9 hello mapped
	is 'a map of two ranges' "$(stat -c '%u %g' mapped/hello)" '7 7'
	fumount mapped
	exits 0 'hellofs without default_permissions' hellofs -b -o nodefault_permissions dark
	is 'hellofs without default_permissions serves' "$(cat dark/hello)" hello
else
	exits 0 'hellofs, before Linux 6.12' hellofs -b dark
fi
exits 32 'fmount --idmap of a server that does not ask for it' fmount --idmap 0:100000:65536 dark mapped
like 'the error says what is missing' "$err" '^fmount: dark: its file system has no idmapped mounts'
ok 'nothing is mounted' unmounted "$T/mapped"
fumount dark
fumount hello

# ---- Refused command lines ----

for wrong in 0:1 0:1:2:3 a 0:0:1,0:5:1 /proc/self/ns/mnt ''; do
	exits 32 "--idmap '$wrong'" fmount --idmap "$wrong" src there
done
exits 32 '--idmap by a file that is not there' fmount --idmap /proc/none src there
like 'the error names that file' "$err" '^fmount: /proc/none: No such file'
exits 1 '--idmap with --rbind' fmount --idmap 0:1:1 --rbind src there
exits 1 '--idmap with --move' fmount --idmap 0:1:1 --move src there
exits 1 '--idmap with a program' fmount --idmap 0:1:1 mnt -- hellofs
exits 32 '--idmap by an ordinary user' as 1777 "$BUILD/bin/fmount" --idmap 0:1:1 src there
is 'what is refused mounts nothing' "$(awk -v t="$T/" 'index($5, t) == 1 { print $5 }' /proc/self/mountinfo)" "$T/src"

# ---- passfs ----

# A user namespace as a container's, and its root. The mount takes its map from that.
bg unshare -U sleep infinity
container=$bg
in_namespace() { [ "$(readlink "/proc/$container/ns/user")" != "$(readlink /proc/self/ns/user)" ]; }
within 5 in_namespace
echo '0 100000 65536' >"/proc/$container/uid_map"
echo '0 100000 65536' >"/proc/$container/gid_map"
root() { nsenter -t "$container" -U -S 0 -G 0 "$@"; }
if ! fmount --idmap "/proc/$container/ns/user" src mapped; then
	skip 'passfs on an idmapped SOURCE' 'this kernel has no idmapped tmpfs'
	finish
fi
map 0:100000:65536 -r src there
exits 1 '-r makes an idmapped bind read-only' touch there/x
is 'and only that' "$(touch src/x; ls src)" x
rm src/x
umount there
for options in '' '--no-passthrough --cache=none' '--writeback'; do
	with="passfs $options:"
	mkdir -m 1777 src/tmp
	mkdir -m 2770 src/team
	chown 1777:1778 src/team
	# shellcheck disable=SC2086
	exits 0 "$with mounts" passfs -b $options mapped mnt
	server=$(newest passfs)
	pids+=("$server")

	makes() { touch mnt/tmp/file && mkdir mnt/tmp/dir && ln -s to mnt/tmp/link && mkfifo mnt/tmp/fifo; }
	export -f makes
	exits 0 "$with a user makes files" as $A bash -c makes
	is "$with on the disk they are the user's inside" "$(stat -c '%u:%g' src/tmp/*)" "$(yes 1777:1777 | head -n 4)"
	is "$with on the mount they are the user's outside" "$(stat -c '%u:%g' mnt/tmp/*)" "$(yes $A:$A | head -n 4)"
	is "$with in the container they are the user's" "$(root stat -c '%u:%g' mnt/tmp/file)" 1777:1777
	exits 0 "$with root of the container makes a file" root touch mnt/tmp/root
	is "$with on the disk it is root's" "$(stat -c '%u:%g' src/tmp/root)" 0:0
	exits 1 "$with a user whom the map leaves out makes none" as 1777 touch mnt/tmp/none
	exits 1 "$with nor does root outside" touch mnt/tmp/none
	ok "$with nothing is made" test ! -e src/tmp/none

	as $A sh -c 'echo secret >mnt/tmp/file; chmod 600 mnt/tmp/file'
	is "$with the owner reads what is 600" "$(as $A cat mnt/tmp/file)" secret
	exits 1 "$with another user does not" as $B cat mnt/tmp/file
	exits 1 "$with nor the user with the id of the disk" as 1777 cat mnt/tmp/file
	is "$with root of the container does" "$(root cat mnt/tmp/file)" secret
	exits 1 "$with another user does not chmod" as $B chmod 666 mnt/tmp/file
	exits 1 "$with nor remove it from the sticky directory" as $B rm -f mnt/tmp/file
	exits 1 "$with nor put a file in its place" as $B sh -c 'echo x >mnt/tmp/mine && mv -f mnt/tmp/mine mnt/tmp/file'

	exits 32 "$with no idmapped mount of passfs itself" fmount --idmap 0:100000:65536 mnt there
	exits 0 "$with an access list lets another user in" as $A setfacl -m u:$B:r mnt/tmp/file
	is "$with on the disk the list has the user inside" "$(getfacl -cnp src/tmp/file | grep user:1778)" user:1778:r--
	is "$with who reads then" "$(as $B cat mnt/tmp/file)" secret
	is "$with in the container the list has the user inside" "$(root getfacl -cnp mnt/tmp/file | grep user:1778)" user:1778:r--

	exits 1 "$with a user gives no file away" as $A chown $B mnt/tmp/file
	exits 0 "$with root of the container does" root chown 1778:1778 mnt/tmp/file
	is "$with on the disk it is the other user's" "$(stat -c '%u:%g' src/tmp/file)" 1778:1778
	exits 1 "$with to an owner whom the map leaves out: not" chown 1777 mnt/tmp/dir
	is "$with the owner stays" "$(stat -c %u src/tmp/dir)" 1777

	as $A sh -c 'echo >mnt/tmp/setid; chmod 6777 mnt/tmp/setid'
	is "$with the owner sets the set-id bits" "$(stat -c %a src/tmp/setid)" 6777
	as $B sh -c 'echo more >>mnt/tmp/setid'
	is "$with another user's write takes them" "$(stat -c '%a %s' src/tmp/setid)" '777 6'
	as $A sh -c 'umask 7; echo >mnt/team/file; mkdir mnt/team/dir; chmod 2770 mnt/team/file'
	is "$with a set-group-ID directory gives its group" "$(stat -c '%u:%g %a' src/team/file src/team/dir)" $'1777:1778 770\n1777:1778 2770'
	exits 0 "$with unmounted" fumount mnt
	within 5 gone "$server"
	rm -r src/tmp src/team
done
umount mapped
finish
