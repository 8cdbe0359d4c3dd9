#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# CONFIG=tiny: its size, what it does beside a server of the whole box, and that it refuses each option of
# the parts that configs/tiny.mk leaves out.
. "$(dirname "$0")/../lib.sh"
start 180
need git cc make
whole=$BUILD/fusebox
unset MAKEFLAGS MAKELEVEL MFLAGS BUILD

mkdir one mnt
(cd "$top" && git ls-files -z | xargs -0 tar -cf - --ignore-failed-read 2>/dev/null) | tar -xf - -C one
exits 0 'make CONFIG=tiny' make -s -j2 -C one CONFIG=tiny
is 'the compiler gives no warning' "$(grep -i warning <<<"$err")" ''
box=one/build/tiny/fusebox tiny=$T/one/build/tiny/bin
is 'the box has fmount and fumount, no more' "$("$box" --list | sort | tr '\n' ' ')" 'fmount fumount '
if [ -e "$(command -v musl-gcc)" ]; then
	ok 'tiny has at most 41,000 bytes' test "$(wc -c <"$box")" -le 41000
else
	skip 'the size of tiny' 'no musl-gcc'
fi

# ---- Mounting ----
serve() { bg "$tiny/fmount" "$@" 2>>log; within 10 mounted "$T/mnt" && within 10 grep -q hello mnt/hello; }
serve mnt -- hellofs
is 'a server of the whole box answers' "$(timeout 5 cat mnt/hello)" hello
like 'type and source are the name of the program' "$(grep " $T/mnt " /proc/self/mountinfo)" ' - fuse\.hellofs hellofs '
exits 1 'a second mount there' "$tiny/fmount" mnt -- hellofs
is 'the error names what this build has' "$err" "fmount: $T/mnt: already mounted; unmount it first (fumount; fumount -l if it is dead)"
exits 0 'fumount' "$tiny/fumount" mnt
ok 'it is unmounted' unmounted "$T/mnt"

serve -v -t sshfs -s host: -o ro,allow_other,noauto,_netdev,x-systemd.automount mnt -- hellofs
like 'a line of fstab: its options, type and source' "$(grep " $T/mnt " /proc/self/mountinfo)" ' ro,.* - fuse\.sshfs host: .*allow_other'
exec 7<mnt/hello
exits 32 'fumount of a busy mount' "$tiny/fumount" mnt
is 'the error: busy; fumount -l detaches it' "$err" 'fumount: mnt: busy; fumount -l detaches it'
exits 0 'fumount -l' "$tiny/fumount" -v -l mnt
is 'fumount -v reports that' "$err" 'fumount: mnt: detached'
ok 'it is detached' unmounted "$T/mnt"
exec 7<&-

for target in source number; do
	serve -s "only-$T" mnt -- hellofs
	minor=$(awk -v at="$T/mnt" '$5 == at { sub("0:", "", $3); print $3 }' /proc/self/mountinfo)
	[ $target = source ] && word=only-$T || word=conn:$minor
	exits 0 "fumount by the $target" "$tiny/fumount" "$word"
	ok "by the $target: it is unmounted" unmounted "$T/mnt"
done
exits 0 'X-mount.mkdir' "$tiny/fmount" -o X-mount.mkdir made/here -- true
ok 'the directory is made' mounted "$T/made/here"
exits 1 'a mount where a dead one is' "$tiny/fmount" made/here -- true
like 'the error tells how this build clears it' "$err" 'fumount -l (clears it|if it is dead)'
exits 0 'fumount of a dead mount' "$tiny/fumount" made/here
exits 127 'a program that does not exist' "$tiny/fmount" mnt -- /nowhere/server
is 'the error: No such file or directory' "$err" 'fmount: /nowhere/server: No such file or directory'
ok 'and nothing is mounted' unmounted "$T/mnt"
exits 1 'no mountpoint' "$tiny/fmount" none -- true
is 'the error: make the directory first' "$err" 'fmount: none: No such file or directory; make the directory first'

# ---- What cannot be unmounted ----
exits 32 'fumount where nothing is mounted' "$tiny/fumount" mnt
is 'the error: nothing is mounted there' "$err" 'fumount: mnt: nothing is mounted there'
exits 32 'fumount of what is not FUSE' "$tiny/fumount" /proc
is 'the error: not a FUSE mount' "$err" 'fumount: /proc: not a FUSE mount'
exits 1 'fumount without a target' "$tiny/fumount"
is 'the error: no mountpoint is given' "$err" 'fumount: no mountpoint is given; see fumount --help'
mkdir -p src/inner mnt
passfs -b --timeout 0 src mnt
server=$(newest passfs)
bg "$tiny/fmount" mnt/inner -- hellofs
within 10 mounted "$T/mnt/inner" && within 10 grep -q hello mnt/inner/hello
kill -STOP "$server"
exits 32 'fumount below a mount whose server is stopped' timeout 20 "$tiny/fumount" mnt/inner
is 'the error: Connection timed out' "$err" 'fumount: mnt/inner: Connection timed out'
exits 0 'fumount -l of the mount whose server is stopped' timeout 20 "$tiny/fumount" -l mnt
kill -CONT "$server"
ok 'it is detached, with the mount below it' unmounted "$T/mnt"

# ---- The options that this build refuses ----
options() { "$1" "$2" --help | grep -oE '^  (-., )?--?[a-zA-Z][-a-z]*|^  -.' | grep -oE -- '--?[a-zA-Z][-a-z]*' | sort -u; }
for applet in fmount fumount; do
	options "$box" "$applet" >has
	options "$whole" "$applet" >could
	is "$applet --help shows no option that the whole box does not have" "$(comm -23 has could)" ''
	comm -13 has could >lacks
	ok "$applet: some options are left out" test "$(wc -l <lacks)" -gt 10
	wrong=
	while read -r option; do
		"$box" "$applet" "$option" mnt >said 2>&1
		[ "$? $(cat said)" = "1 $applet: $option: this build has no such option; see $applet --help" ] || wrong+="$option "
	done <lacks
	is "$applet refuses each of them, with these words and status 1" "$wrong" ''
done
exits 1 'so is what -o has for a part' "$tiny/fmount" -o auto_unmount mnt -- true
is 'the error: auto_unmount: this build has no such option' "$err" 'fmount: auto_unmount: this build has no such option; see fmount --help'
ok 'and nothing is mounted' unmounted "$T/mnt"
exits 1 'no program' "$tiny/fmount" -t sshfs host: mnt
is 'the error: wanted: MOUNTPOINT -- PROGRAM' "$err" 'fmount: wanted: MOUNTPOINT -- PROGRAM ARGUMENTS; see fmount --help'
unlike 'no --help names an option or an applet that is left out' \
	"$("$box" --help; "$box" fmount --help; "$box" fumount --help)" '--install|--wait|--check|fumount -[^l]|fuse-info|umount.fuse'
exits 1 '--install' "$box" --install "$T/links"
is 'the error: this build has no --install' "$err" 'fusebox: this build has no --install; see fusebox --help'
exits 127 'a mistyped applet' "$box" fumont
is 'the error makes no guess' "$err" 'fusebox: fumont: no such applet; see fusebox --help'
is 'fumount --version' "$("$tiny/fumount" --version)" "fumount ($("$box" --version))"
finish
