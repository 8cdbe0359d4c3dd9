#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What is said when something is wrong: one line, which names the thing that is wrong.
. "$(dirname "$0")/../lib.sh"
start 120
mkdir dir over mnt other src
: >file

# says STATUS MESSAGE COMMAND...: the command prints only MESSAGE on standard error.
says()
{
	local status=$1 want=$2; shift 2
	exits "$status" "$*" timeout 20 "$@"
	is "says: $want" "$err" "$want"
}
# A mount to remount and to move, below a private one.
mount -t tmpfs over over

# ---- fmount as mount(8) ----

says 32 'fmount: nothere: No such file or directory' fmount --bind nothere dir
says 32 'fmount: nothere: No such file or directory' fmount --bind src nothere
says 32 'fmount: nothere: No such file or directory' fmount --rbind -r src nothere
says 32 'fmount: dir: nothing is mounted there' fmount --move dir other
says 32 'fmount: file: over is a directory, this is not' fmount --move over file
mount --make-shared over
mkdir over/below
mount -t tmpfs below over/below
says 32 'fmount: over/below: the mount above it is shared, so it cannot move; use --make-private there' fmount --move over/below other
umount over/below
says 32 'fmount: dir: nothing is mounted there' fmount -o remount,ro dir
says 32 'fmount: dir: nothing is mounted there' fmount --make-private dir
says 32 'fmount: nothere: No such file or directory' fmount --make-private nothere
says 32 'fmount: tmpfs: not a FUSE type; use mount(8)' fmount -t tmpfs none dir
says 127 'fmount: nosuchfs: no such program in PATH' fmount -t nosuchfs src dir
says 127 'fmount: nosuchfs: no such program in PATH' fmount 'nosuchfs#src' dir
says 127 'mount.fuse3: nosuchfs: no such program in PATH' mount.fuse3 'nosuchfs#src' dir
says 1 'fmount: no file system type; use -t fuse.TYPE, or TYPE#SOURCE; see fmount --help' fmount src dir

# ---- fmount with a program ----

says 1 'fmount: wanted: a program after --; see fmount --help' fmount dir --
says 1 'fmount: nouser: no such user or group' fmount --user nouser dir -- true
says 1 'fmount: root:nogroup-here: no such user or group' fmount --user root:nogroup-here dir -- true
says 1 'fmount: nouser: no such user or group' fmount --user nouser --fd-socket "$T/sock" dir
for wait in '' -w; do
	# shellcheck disable=SC2086
	says 127 'fmount: nosuchprog: no such program in PATH' fmount $wait dir -- nosuchprog
	# shellcheck disable=SC2086
	says 127 'fmount: ./nosuchprog: No such file or directory' fmount $wait dir -- ./nosuchprog
	# shellcheck disable=SC2086
	says 126 'fmount: ./file: Permission denied' fmount $wait dir -- ./file
done
printf '#!/nowhere/sh\n' >lost
chmod 755 lost
says 127 'fmount: ./lost: its interpreter is missing' fmount -w dir -- ./lost
says 1 'fmount: sh: exited with status 3 before it answered' fmount -w dir -- sh -c 'exit 3'
says 1 'fmount: sh: ended by signal 9 before it answered' fmount -w dir -- sh -c 'kill -9 $$'
ok 'fmount leaves nothing mounted' unmounted "$T/dir"
says 1 'fmount: 0.5: not a whole number; see fmount --help' fmount --timeout 0.5 dir -- true
says 1 'fmount: 99999999999: too large; see fmount --help' fmount --timeout 99999999999 dir -- true
says 1 'fmount: --timeut: unknown option; did you mean --timeout?' fmount --timeut 1 dir -- true
says 1 'fmount: alow_other: unknown option; did you mean allow_other?' fmount -o ro,alow_other dir -- true
says 1 'fmount: hide=x: unknown option; see fmount --help' fmount -o hide=x dir -- true

# ---- The list, and where it comes from ----

exits 0 'fmount without arguments where nothing is mounted' fmount
is 'fmount reports that no FUSE file system is mounted' "$out" 'no FUSE file system is mounted'
passfs -b src mnt
exits 0 'fmount without arguments lists mounts' fmount
like 'the list has the whole path of SOURCE' "$out" "^$T/src on $T/mnt type fuse.passfs "
options=$(sed 's/.*(//; s/)$//' <<<"$out")
is 'the list has no option twice' "$(tr , '\n' <<<"$options" | sort | uniq -d)" ''
like "the table shows the file system's own options" "$options" '^rw,nosuid,nodev,relatime,user_id=0,.*default_permissions'
fumount mnt

# ---- fumount, and fuse-info ----

hellofs -b mnt 2>err
says 32 'fumount: mnt: its type is fuse.hellofs, which -t fuse leaves out' fumount -t fuse mnt
says 32 'fumount: 999999: No such process' fumount -N 999999 mnt
says 32 'fumount: file: not a mount namespace' fumount -N file mnt
says 32 'fumount: nothere: No such file or directory' fumount -N nothere mnt
says 1 'fumount: -O needs -a; see fumount --help' fumount -O ro mnt
says 1 'fumount: --recove: unknown option; did you mean --recover?' fumount --recove mnt
says 1 'fumount: --dry: unknown option; did you mean --dry-run?' fumount --dry mnt
says 1 'hellofs: alow_other: unknown option; did you mean allow_other?' hellofs -o alow_other mnt
says 1 'hellofs: maxread=4096: unknown option; did you mean max_read?' mount.hellofs x mnt -o maxread=4096
says 1 'passfs: hides=x: unknown option; did you mean hide?' passfs -o ro,hides=x src mnt
says 1 'hellofs: alow_other: unknown option; did you mean allow_other?' mount.fuse3 'hellofs#x' mnt -o alow_other
says 1 'hellofs: -q: unknown option; see hellofs --help' hellofs -q mnt
says 1 'fmount: nosiud: unknown option; did you mean nosuid?' fmount -o remount,nosiud mnt
says 1 'hellofs: --transprt=uring: unknown option; did you mean --transport?' hellofs --transprt=uring mnt
exits 1 'fuse-info -N, where no such process is' fuse-info -N 999999
is 'the error: fuse-info: 999999: No such process' "$err" 'fuse-info: 999999: No such process'
is 'fuse-info -N of no such process prints nothing on stdout' "$out" ''
exits 1 'fuse-info --json -N of no such process' fuse-info --json -N 999999
is 'fuse-info --json -N of no such process prints nothing on stdout' "$out" ''

# ---- -r and -v, and libfuse's words ----

exits 0 'fmount -r' fmount -r -w --auto-unmount other -- hellofs
like 'the mount table shows for other: ro,' "$(mount_line "$T/other")" ' ro,'
fumount other
for how in '-r -o rw:rw' '-o rw -r:ro' '-o ro -r -o rw:rw'; do
	# shellcheck disable=SC2086 # words
	exits 0 "fmount ${how%:*}" fmount ${how%:*} -w other -- hellofs
	like 'the last of -r and -o rw counts' "$(mount_line "$T/other")" " ${how#*:},.* - .* ${how#*:},"
	fumount other
done
exits 0 'fmount -v' fmount -v -w -o rw other -- hellofs
is 'fmount -v prints what it mounted' "$err" "fmount: $T/other: mounted, type fuse.hellofs"
fumount other
exits 0 'fmount -v -t' fmount -n -v -t hellofs none other
like 'fmount -v reports the mount and its type' "$err" 'fmount: other: mounted, type fuse.hellofs$'
fumount other
exits 0 'fmount -o auto_unmount' fmount -w -o auto_unmount other -- hellofs
kill -9 "$(newest hellofs)"
ok '-o auto_unmount means --auto-unmount' within 5 unmounted "$T/other"

# ---- Usage ----

says 1 'usage: mount.hellofs source destination [-o opt[,opts...]]' mount.hellofs other
says 1 'usage: mount.passfs source destination [-o opt[,opts...]]' mount.passfs
says 1 'usage: mount.fuse3 type#[source] destination [-t type] [-o opt[,opts...]]' mount.fuse3 other
finish
