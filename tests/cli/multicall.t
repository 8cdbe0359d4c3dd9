#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The box: dispatch, lists, help, --install. Nothing is mounted.
. "$(dirname "$0")/../lib.sh"
start 60
box=$BUILD/fusebox

exits 0 'no arguments: usage, exit 0' "$box"
like 'without arguments the usage on stdout has the applets' "$out" 'hellofs'
is 'without arguments nothing is on stderr' "$err" ''
exits 0 '--list' "$box" --list
is '--list: one name a line' "$(sort <<<"$out")" "$(printf '%s\n' fmount fumount fuse-info fusermount \
	fusermount3 hellofs mount.fuse mount.fuse3 mount.hellofs mount.passfs passfs umount.fuse)"
exits 0 '--list-full' "$box" --list-full
like '--list-full: install paths' "$out" 'usr/bin/fumount'
exits 0 '--version' "$box" --version
exits 0 'APPLET --help' hellofs --help
like 'help goes to stdout' "$out" 'Usage: hellofs'
exits 0 'help APPLET' "$box" help fumount
like 'help APPLET shows the options of the applet' "$out" 'lazy'
exits 127 'an unknown applet' "$box" nope
like 'the error: nope: no such applet' "$err" 'nope: no such applet'
exits 127 'a mistyped applet' "$box" fumont
is 'the error: fusebox: fumont: no such applet; did you mean fumount?' "$err" 'fusebox: fumont: no such applet; did you mean fumount?'
is 'the applet whose name ends so comes before those with other letters' "$("$box" umount 2>&1)" 'fusebox: umount: no such applet; did you mean fumount?'
exits 0 'argv[0] with a leading @' bash -c "exec -a @hellofs $box --help"
like 'the "@" is left out of the name of the applet' "$out" 'Usage: hellofs'
exits 0 'argv[0] with a leading -' bash -c "exec -a -hellofs $box --help"
exits 1 'an unknown option' hellofs --bogus
like 'the error: hellofs: --bogus: unknown option' "$err" '^hellofs: --bogus: unknown option'
exits 1 'no mountpoint' hellofs
exits 1 'fumount without operands' fumount

if strings "$STATIC_BOX" | grep -q 'Linux-PAM\|glibc\|GNU C Library'; then
	diag 'glibc: the size is not compared'
else
	ok 'fusebox has at most 271,500 bytes' test "$(wc -c <"$STATIC_BOX")" -le 271500
fi

without_helper() { PATH=/nonexistent "$@"; }
exits 0 '--install -s' without_helper "$box" --install -s "$T/new/bin"
ok 'makes directories and links' test -L "$T/new/bin/fumount"
is '--install makes the helper links that BusyBox mount needs' "$(cd "$T/new/bin" && echo mount.fuse.* mount.passfs)" \
	'mount.fuse.hellofs mount.fuse.passfs mount.passfs'
is '--install tells how many links it made' "$out" "made 14 links in $T/new/bin"
exits 0 '--install a second time' without_helper "$box" --install -s "$T/new/bin"
is 'a second --install makes no link' "$out" "made 0 links in $T/new/bin"
rm "$T/new/bin/hellofs"
echo mine >"$T/new/bin/hellofs"
exits 1 '--install where another program has the name of an applet' without_helper "$box" --install -s "$T/new/bin"
is '--install leaves the file as it is' "$(cat "$T/new/bin/hellofs")" mine
like 'the error: hellofs: exists and is not ours' "$err" 'hellofs: exists and is not ours'
names=$(ls "$T/new/bin") deep=$T/new/bin
while [ ${#deep} -lt 4088 ]; do deep+=/.; done
exits 1 '--install where the names would be too long' without_helper "$box" --install -s "$deep"
like 'the error: File name too long' "$err" 'File name too long'
is '--install makes no link with a part of a name' "$(ls "$T/new/bin")" "$names"
exits 0 '--uninstall' without_helper "$box" --uninstall "$T/new/bin"
is '--uninstall tells how many links it removed' "$out" "removed 13 links in $T/new/bin"
is '--uninstall leaves the file of another program' "$(ls "$T/new/bin")" hellofs
exits 0 '--uninstall a second time' without_helper "$box" --uninstall "$T/new/bin"
is '--uninstall counts no link that was not there' "$out" "removed 0 links in $T/new/bin"
exits 0 '--uninstall from a directory that does not exist' without_helper "$box" --uninstall "$T/none"
ok '--uninstall makes no directory' test ! -e "$T/none"
cp "$box" "$T/fusebox"
(cd "$T" && without_helper "$box" --install -s relative/bin) >"$T/log"
ok 'a relative directory is below the current one' test -L "$T/relative/bin/fumount"
exits 0 '--install --root' without_helper "$T/fusebox" --install --root "$T/root"
ok '--install --root makes hard links at the install paths' test "$T/root/usr/bin/fumount" -ef "$T/fusebox"
is '--install --root tells below which root' "$out" "made 14 links below $T/root"
exits 0 '--uninstall --root' without_helper "$T/fusebox" --uninstall --root "$T/root"
is '--uninstall --root removes all links' "$out" "removed 14 links below $T/root"
ok 'no link is left' test -z "$(find "$T/root" ! -type d)"
without_helper "$T/fusebox" --install --root "$T/root" >"$T/log"
# --install does not shadow a set-uid fusermount3, on which other programs rely.
mkdir helper
cp "$BUILD/fusermount3" helper/fusermount3
chmod 4755 helper/fusermount3
with_helper() { PATH=$T/helper:/usr/bin:/bin "$@"; }
exits 1 'a set-uid fusermount3 in PATH' with_helper "$box" --install -s "$T/shadow"
like 'a set-uid fusermount3 is not shadowed, and --install says why' "$err" 'fusermount3: not installed, since the link would shadow a set-uid one in PATH; use --force'
ok 'there is no link of the name fusermount3' test ! -e "$T/shadow/fusermount3" -a ! -L "$T/shadow/fusermount3"
ok '--install makes all other links if one name is taken' test -L "$T/shadow/hellofs"
exits 0 '--install --force with a set-uid fusermount3 in PATH' with_helper "$box" --install -s --force "$T/shadow"
ok '--force makes the link fusermount3' test -L "$T/shadow/fusermount3"
exits 0 'below another root there is nothing to shadow' with_helper "$box" --install -s --root "$T/image"
ok 'the link fusermount3 is there, below the root' test -L "$T/image/usr/bin/fusermount3"

# When strace starts a program for another user, the set-uid bit takes effect.
chmod u+s "$T/fusebox"
strace -u nobody -o "$T/trace" "$T/fusebox" --version >/dev/null
like 'set-uid: given up for good' "$(cat "$T/trace")" 'setresuid\(65534, 65534, 65534\) += 0'
like 'a set-uid fusebox gives up its capabilities' "$(cat "$T/trace")" 'capset\(.*effective=0, permitted=0.* = 0'
like 'a set-uid fusebox checks that it cannot become root again' "$(cat "$T/trace")" 'setresuid\(-1, 0, -1\) += -1 EPERM'
finish
