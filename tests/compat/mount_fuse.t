#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The contract of mount.fuse3, case by case with Debian's 3.14 and sid's 3.18: a
# "server" that shows how it was called takes the place of a real one. Debian's
# hand the command to /bin/sh; ours do not, and what differs for that is said.
# That server mounts nothing, which ours notices: run() takes those words out.
. "$(dirname "$0")/../lib.sh"
start 120
need mount.fuse3 patchelf

mkdir -p ours theirs sid bin mnt
ln -s "$BUILD/fusebox" ours/mount.fuse3
cp "$(PATH=/usr/sbin:/sbin command -v mount.fuse3)" theirs/mount.fuse3
peers=(theirs)
if root=$("$here/fetch" sid fuse3 libfuse3-4 libc6 2>fetch.log); then
	cp -L "$root"/usr/sbin/mount.fuse3 sid/
	cp -L "$root"/usr/lib*/ld-linux-*.so.* sid/ld.so
	cp -L "$root"/usr/lib/*/{libc.so.6,libfuse3.so.4} sid/
	patchelf --set-interpreter "$T/sid/ld.so" --set-rpath "$T/sid" sid/mount.fuse3
	peers+=(sid)
else
	skip "sid's mount.fuse3" "$(tail -n 1 fetch.log)"
fi
for link in mount.fuse.shows mount.fuse. mount.fuse; do
	for which in ours theirs sid; do ln -s mount.fuse3 $which/$link; done
done
cat >bin/shows <<'END'
#!/bin/sh
for word; do printf '<%s>' "$word"; done
echo " HOME=$HOME uid=$(id -u) gid=$(id -g) groups=$(id -G)"
exit "${STATUS:-0}"
END
cp bin/shows 'bin/sho ws'
chmod 755 bin/*

run() # run WHICH COMMAND ARGUMENTS...
{
	local which=$1 name=$2; shift 2
	(cd "$T" && env -i PATH="$T/bin:/usr/bin:/bin" ${HOME_:+HOME=$HOME_} ${STATUS:+STATUS=$STATUS} \
		timeout 10 "$T/$which/$name" "$@" 2>&1 </dev/null
	echo "exit $?") | sed "s|^[^ ]*: m[^:]*: the server exited with status 0, and nothing is mounted$|UNMOUNTED|" |
		sed -z "s|UNMOUNTED\nexit 32|exit 0|" | sed "s|$T/$which/||g; s|^mount.fuse.shows:|mount.fuse:|; s|usage: [a-z.3]*|usage: NAME|"
}
same()
{
	local name=$1 peer ours; shift
	ours=$(run ours "$@")
	for peer in "${peers[@]}"; do is "$name ($peer)" "$ours" "$(run "$peer" "$@")"; done
}
differs_as()
{
	local name=$1 pattern=$2 peer ours; shift 2
	ours=$(run ours "$@")
	like "$name" "$ours" "$pattern"
	for peer in "${peers[@]}"; do ok "$name: $peer differs" [ "$ours" != "$(run "$peer" "$@")" ]; done
}

same 'type#source' mount.fuse3 'shows#src' mnt
same 'type# without a source' mount.fuse3 'shows#' mnt
same 'the type alone' mount.fuse3 shows mnt
same '-t' mount.fuse3 src mnt -t shows
same '-t fuse.' mount.fuse3 src mnt -t fuse.shows
same '-t fuseblk.' mount.fuse3 src mnt -t fuseblk.shows
same '-t, and a # in the source' mount.fuse3 'a#b' mnt -t shows
same 'the type in the name' mount.fuse.shows src mnt
same 'options' mount.fuse3 'shows#src' mnt -o rw,allow_other,foo=bar
same 'what is for mount(8)' mount.fuse3 'shows#src' mnt -o rw,user,nofail,nouser,users,auto,noauto,_netdev
same 'nodev, nosuid' mount.fuse3 'shows#src' mnt -o nodev,nosuid
same 'nodev alone' mount.fuse3 'shows#src' mnt -o nodev
same 'dev and suid given' mount.fuse3 'shows#src' mnt -o dev,suid
same '-v' mount.fuse3 'shows#src' mnt -v -o ro
same '-o twice' mount.fuse3 'shows#src' mnt -o ro -o foo
same 'blanks and quotes' mount.fuse3 "shows#a b'c\"d" "m n't" -o "x=a b'c"
same 'dollars and backslashes' mount.fuse3 'shows#$HOME\n`id`' mnt -o 'x=$(id);y=*'
# shellcheck disable=SC2034 # both are for run
HOME_=/here same 'HOME stays' mount.fuse3 'shows#src' mnt
STATUS=3 same 'the status of the server' mount.fuse3 'shows#src' mnt
HOME_=/here same 'setuid=' mount.fuse3 'shows#src' mnt -o setuid=daemon,ro
HOME_=/here same 'setuid= with nobody' mount.fuse3 'shows#src' mnt -o setuid=
same 'no arguments' mount.fuse3
same 'one' mount.fuse3 'shows#src'
same 'an empty type' mount.fuse3 '#src' mnt
same 'an empty source' mount.fuse3 '' mnt
same 'an empty -t' mount.fuse3 src mnt -t fuse.

same 'a type with a blank' mount.fuse3 src mnt -t 'sho ws'
PATH=$T/bin:$PATH
exits 32 'a server that ends with success and mounts nothing' ours/mount.fuse3 'shows#src' mnt
like 'the error: mount.fuse3: mnt: the server exited with status 0, and nothing is mounted' "$err" 'mount.fuse3: mnt: the server exited with status 0, and nothing is mounted$'
exits 0 'mount.fuse3 -o remount starts no server' "$BUILD/bin/hellofs" -b src mnt
exits 0 'it remounts' ours/mount.fuse3 src mnt -t fuse.hellofs -o remount,rw,noatime,allow_other,user_id=0,servers=own
is 'a remount prints nothing' "$out$err" ''
like 'the mount table shows for mnt: rw,nosuid,nodev,noatime - fuse.hellofs src rw,' "$(mount_line "$T/mnt")" ' rw,nosuid,nodev,noatime - fuse.hellofs src rw,'
exits 0 'mount.fuse3 -o remount takes TYPE#SOURCE' ours/mount.fuse3 'shows#src' mnt -o ro,remount
like 'the mount table shows for mnt: ro,.* - fuse.hellofs src ro,' "$(mount_line "$T/mnt")" ' ro,.* - fuse.hellofs src ro,'
ln -s mount.fuse3 ours/mount.hellofs
exits 0 'mount.hellofs takes -o remount' ours/mount.hellofs src mnt -o remount,rw
like 'the mount table shows for mnt: rw,.* - fuse.hellofs src rw,' "$(mount_line "$T/mnt")" ' rw,.* - fuse.hellofs src rw,'
"$BUILD/bin/fumount" mnt
exits 32 'a remount where nothing is mounted fails' ours/mount.fuse3 'shows#src' mnt -o ro,remount
differs_as 'no type in the name' 'empty type given in the name of this command.exit 1' mount.fuse. src mnt
differs_as 'no such server' 'mount.fuse3: nope: no such program in PATH.*exit 127' mount.fuse3 'nope#src' mnt
differs_as 'x-* and comment= are for mount(8)' '<-o><ro,dev,suid>' mount.fuse3 'shows#src' mnt -o x-systemd.automount,comment=yes,ro
differs_as 'setuid= of nobody' 'mount.fuse3: nosuchuser: .*exit 1' mount.fuse3 'shows#src' mnt -o setuid=nosuchuser
differs_as 'HOME of whom it becomes' 'HOME=/usr/sbin ' mount.fuse3 'shows#src' mnt -o setuid=daemon
finish
