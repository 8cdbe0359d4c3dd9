#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The contract of fusermount3: every case below is run with Debian's own (3.14
# and sid's 3.18) and with ours, as root and as an ordinary user through the
# set-uid bit. What it prints, its exit status, what comes over the socket and
# the line in the mount table must be the same, or the case says why not.
. "$(dirname "$0")/../lib.sh"
start 300
need fusermount3 setpriv patchelf

# ---- The three, each as bin/fusermount3 in a directory of its own ----

mkdir -p ours/bin theirs/bin sid/bin
install -m 4755 "$BUILD/fusermount3" ours/bin/fusermount3
install -m 4755 "$(PATH=/usr/bin:/bin command -v fusermount3)" theirs/bin/fusermount3
peers=(theirs)
if root=$("$here/fetch" sid fuse3 libc6 2>fetch.log); then
	cp "$root"/usr/bin/fusermount3 sid/bin/
	cp -L "$root"/usr/lib*/ld-linux-*.so.* sid/ld.so
	cp -L "$root"/usr/lib/*/libc.so.6 sid/
	patchelf --set-interpreter "$T/sid/ld.so" --set-rpath "$T/sid" sid/bin/fusermount3
	chmod 4755 sid/bin/fusermount3
	peers+=(sid)
else
	skip "sid's fusermount3" "$(tail -n 1 fetch.log)"
fi

own_dev
[ -e /etc/fuse.conf ] || : >/etc/fuse.conf
# A minimal Debian has no /etc/mtab, and libfuse's helper fails without it.
[ -e /etc/mtab ] || ln -s ../proc/self/mounts /etc/mtab

# ---- One case ----

cat >case.sh <<'END'
# shellcheck disable=SC2317
w=$(pwd)
table()	# the FUSE mounts here: point, options, type, source, super options
{
	awk -v w="$w/" 'index($5, w) == 1 && / - fuse/ { sub(w, "", $5); sub(/.* - /, "- ", $0); print "table:", $0 }
		' /proc/self/mountinfo
	awk -v w="$w/" 'index($5, w) == 1 && / - fuse/ { sub(w, "", $5); print "at:", $5, $6 }' /proc/self/mountinfo
}
export -f table; export w
F() { fusermount3 "$@"; echo "exit $?"; }
M() { commfd table fusermount3 "$@"; }
# COMMAND runs with a server that answers INIT, as --sync-init needs.
eval "$1"
table | sed 's/^/left /'
END

clean() # whatever a case left mounted
{
	local at
	while read -r at; do umount -l "$at"; done < <(
		awk -v w="$T/w/" 'index($5, w) == 1 { printf "%s\n", $5 }' /proc/self/mountinfo | tac |
			while read -r at; do printf '%b\n' "${at//\\/\\0}"; done)
	rm -rf --one-file-system w
}
prepare()
{
	clean
	mkdir -p w/mnt w/rootdir w/sticky w/file.d
	: >w/file
	ln -s mnt w/link
	mkdir w/sub
	ln -s . w/sub/self
	chown -R 65534:65534 w
	chown 0:0 w/rootdir w/sticky
	chmod 1777 w/sticky
	: >w/rootfile
	: >conf
	chmod 644 conf
	mount --bind conf /etc/fuse.conf
}
run() # run WHICH WHO CODE
{
	local as=()
	prepare
	printf '%b' "$conf" >conf
	[ "$2" = root ] || as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	[ -z "${before:-}" ] || (cd w && eval "$before")
	(cd w && PATH="$T/$1/bin:$BUILD/tests/tools:/usr/sbin:/usr/bin:/sbin:/bin" HOME=/ \
		timeout 20 "${as[@]}" bash "$T/case.sh" "$3" </dev/null 2>&1) |
		sed "s|$T/$1/bin/||g; s|$T/w|W|g; s|,user_id=0,group_id=0|,ROOT|; s|,user_id=65534,group_id=65534|,USER|"
	umount /etc/fuse.conf
}

# same NAME WHO CODE: all helpers behave alike. differs NAME WHO CODE PATTERN REASON: our output
# matches PATTERN, and REASON says why it differs. conf: the content of fuse.conf.
conf='' before=''
same()
{
	local name=$1 who code=$3 ours peer theirs whos=$2
	[ "$whos" = both ] && whos='user root'
	for who in $whos; do
		ours=$(run ours "$who" "$code")
		for peer in "${peers[@]}"; do
			theirs=$(run "$peer" "$who" "$code")
			is "$name ($who, $peer)" "$ours" "$theirs"
		done
	done
	conf='' before=''
}
# Compares with libfuse 3.18 alone, since 3.14 lacks the feature.
since_318() { local peers=("${peers[@]:1}"); same "$@"; }
unlike_theirs()
{
	local name=$1 who=$2 code=$3 pattern=$4 reason=$5 ours peer theirs
	ours=$(run ours "$who" "$code")
	like "$name ($who): $reason" "$ours" "$pattern"
	for peer in "${peers[@]}"; do
		theirs=$(run "$peer" "$who" "$code")
		ok "$name: $peer differs" [ "$ours" != "$theirs" ]
		[ -z "${VERBOSE:-}" ] || diag "$peer: $theirs"
	done
	conf='' before=''
}

# ---- Mounting ----

same 'a mount' both 'M mnt'
same 'an absolute path' both 'M "$w/mnt"'
same 'a path through links and dots' both 'M sub/self/self/../mnt'
same 'slashes behind it' both 'M mnt//'
same 'the dot' user 'cd mnt; M .'
same 'a regular file' both 'M file'
same 'fsname and subtype' both 'M -o fsname=some,subtype=thing mnt'
same 'a comma and a backslash in fsname' both 'M -o "fsname=a\\,b\\\\c,subtype=x" mnt'
same 'a newline in fsname' both 'M -o "fsname=a
b" mnt'
unlike_theirs 'an empty fsname' user 'M -o fsname= mnt' "mount failed: Invalid argument; .*Bad value for 'source'.*exit 1" \
	"the kernel's own words besides"
unlike_theirs 'an empty subtype' user 'M -o fsname=x,subtype= mnt' "mount failed: Invalid argument; .*'subtype'.*exit 1" \
	"likewise"
same 'subtype alone' both 'M -o subtype=thing mnt'
same 'a long fsname' both 'M -o "fsname=$(printf %0300d 1)" mnt'
same 'ro' both 'M -o ro mnt'
same 'rw after ro' both 'M -o ro,rw mnt'
same 'flags' both 'M -o noexec,sync,dirsync,noatime mnt'
since_318 'the atime family' both 'M -o nodiratime,strictatime mnt; M -o relatime,lazytime file'
since_318 'norelatime and the like' both 'M -o diratime,norelatime,nostrictatime,nolazytime mnt'
since_318 'nosymfollow' both 'M -o nosymfollow mnt'
same 'default_permissions and max_read' both 'M -o default_permissions,max_read=65536 mnt'
same 'dev and suid' both 'M -o dev,suid mnt'
same 'exec, nodev, nosuid' both 'M -o exec,nodev,nosuid mnt'
same 'what libfuse passes along' both 'M -o fd=9,rootmode=40000,user_id=1,group_id=2 mnt'
same 'nonempty' both 'touch mnt/full; M -o nonempty mnt'
same 'the last -o counts' both 'M -o ro -o rw mnt'
unlike_theirs 'an empty option' user 'M -o ro,,noexec, mnt' 'at: mnt ro,nosuid,nodev,noexec' \
	'is none, as for mount(8)'
same 'allow_other, root' root 'M -o allow_other mnt'
same 'allow_other, not allowed' user 'M -o allow_other mnt'
same 'allow_root, not allowed' user 'M -o allow_root mnt'
conf='user_allow_other\n' same 'allow_other, allowed' user 'M -o allow_other mnt'
conf='# a comment\n\n  user_allow_other  \nmount_max = 500\n' same 'comments and blanks' user 'M -o allow_other mnt'
conf='user_allow_other # yes\n' same 'a comment behind a setting' user 'M -o allow_other mnt'
conf='mount_max = 0	# none\n' unlike_theirs 'a comment behind mount_max' user 'M mnt' 'too many FUSE filesystems mounted.*mount_max=0\)' \
	'the same line names the count and the limit besides'
same 'an unknown option' both 'M -o bogus mnt'
same 'an unknown option with a value' both 'M -o bogus=1 mnt'
same 'blkdev' user 'M -o blkdev mnt'
conf='mount_max = 0\n' unlike_theirs 'mount_max' user 'M mnt' 'too many FUSE filesystems mounted; mount_max=N can be set in /etc/fuse.conf \(mounted: [0-9]+, mount_max=0\)' \
	'the same line names the count and the limit besides'
conf='mount_max = -1\n' same 'mount_max, none' user 'M mnt'
conf='mount_max = 0\n' same 'mount_max is not for root' root 'M mnt'
conf='bogus line\n' same 'an unknown line in fuse.conf' user 'M mnt'
conf='user_allow_other' unlike_theirs 'no newline at the end of fuse.conf' user 'M -o allow_other mnt' 'received: byte 0, /dev/fuse' \
	'the last line counts, newline or not'

# ---- Refusals ----

same 'no mountpoint' both 'M'
same 'two mountpoints' both 'M mnt file'
same 'none such' both 'M nope'
same 'none such, a level up' both 'M nope/nope'
same 'an empty path' both 'M ""'
unlike_theirs 'not a directory on the way' user 'M file/x' 'bad mount point file/x: Not a directory.*exit 1' \
	'seen while the way is gone, not at its end'
same 'somebody else'"'"'s directory' user 'M rootdir'
same 'somebody else'"'"'s, sticky' user 'M sticky'
same 'a symbolic link' user 'M link'
before='chmod 0 rootdir' unlike_theirs 'in a directory that is closed' user 'M rootdir/x' \
	'bad mount point rootdir/x: Permission denied.*exit 1' 'theirs names it at the end of the way'
before='mkfifo -m 666 fifo' same 'a fifo' user 'M fifo'
before='chmod 444 file' same 'a file that is read-only' user 'M file'
before='chmod 555 mnt' same 'a directory that is read-only' user 'M mnt'
before='chmod 666 mnt' same 'a directory that cannot be entered' user 'M mnt'
before='chmod 0 file' same 'no matter to root' root 'M file'
same '/proc' user 'M /proc/self; M /proc/1/net; M /proc/thread-self'
unlike_theirs 'a file in /proc' user 'M /proc/$$/comm' 'mounting over filesystem type proc is forbidden' 'by its name'
same '/sys' user 'M /sys; M /sys/kernel/mm'
before='mount -t devpts none rootdir; chown 65534 rootdir' unlike_theirs 'over a file system that may not be' user 'M rootdir' \
	'mounting over filesystem type devpts is forbidden; allow_fstype = devpts' 'by its name, and what to do'
before='mount -t devpts none rootdir; chown 65534 rootdir' conf='allow_fstype = devpts\n' \
	unlike_theirs 'unless fuse.conf allows it' user 'M rootdir' 'received: byte 0, /dev/fuse' 'theirs knows no allow_fstype'
same 'no socket' both 'F mnt'
since_318 'a socket that is none' both '_FUSE_COMMFD=1 F mnt'
since_318 'a socket that is no number' user '_FUSE_COMMFD=x F mnt'
before='rm /dev/fuse' unlike_theirs 'no device' user 'M mnt' "fuse device not found, try 'modprobe fuse' first; .*mknod.*exit 1" \
	'and what else it may be'
mknod -m 666 /dev/fuse c 10 229
before='chmod 600 /dev/fuse' unlike_theirs 'a closed device' user 'M mnt' 'failed to open /dev/fuse: Permission denied; .*exit 1' \
	'and why'
chmod 666 /dev/fuse

# ---- Unmounting ----

held() { printf 'commfd "%s" fusermount3 %s' "$1" "${2:-mnt}"; }
same 'unmount' both "$(held 'fusermount3 -u mnt; echo \$?; table')"
same 'unmount, a long option' both "$(held 'fusermount3 --unmount --lazy --quiet mnt; echo \$?; table')"
same 'by an absolute path' both "$(held 'fusermount3 -u \$w/mnt; echo \$?; table')"
same 'while busy' both "$(held 'hold_path mnt fusermount3 -u mnt; echo \$?; hold_path mnt fusermount3 -uz mnt; echo \$?; table')"
same 'a file' both "$(held 'fusermount3 -u file; echo \$?; table' file)"
same 'nothing there' user 'F -u mnt; F -u -q mnt'
same 'none such' user 'F -u nope; F -u nope/nope'
unlike_theirs 'a directory in it' user "$(held 'fusermount3 -u mnt/x; echo \$?; table')" \
	'bad mount point mnt/x: Permission denied.*1' 'not even looked at'
unlike_theirs 'the root' user 'F -u /' 'bad mount point /: Device or resource busy' 'it has no parent to go by'
unlike_theirs 'on the root' user 'M /' 'bad mount point /: Device or resource busy' 'likewise'
before='PATH=$BUILD/tests/tools:$PATH commfd "sleep 15" '"$T/theirs/bin/fusermount3"' -o allow_other mnt >/dev/null 2>&1 & within 5 mounted "$T/w/mnt"' \
	same 'that of root' user 'F -u mnt; table'
unlike_theirs 'no FUSE' root 'mkdir t; mount -t tmpfs none t; F -u t; umount t' 'entry for W/t not found.*exit 1' \
	'fusermount3 unmounts FUSE alone, whoever asks'
same '-z alone' both 'F -z mnt'
same 'no mountpoint' both 'F -u'

# ---- auto_unmount, and the socket by its number ----

gone='; for ((i = 0; i < 9 * SLOWNESS; i++)); do sleep 0.1; [ -n "$(table)" ] || break; done; table'
same 'auto_unmount' root "M -o auto_unmount mnt$gone"
since_318 'auto_unmount' user "M -o auto_unmount mnt$gone"
since_318 'auto_unmount of a file' both "M -o auto_unmount file$gone"
# The helper watches a mount that the server has made by itself.
since_318 '--auto-unmount' both "commfd true fusermount3 mnt; commfd -u table fusermount3 --auto-unmount mnt$gone"
since_318 '--auto-unmount --comm-fd' both "commfd true fusermount3 mnt; commfd -u table fusermount3 --auto-unmount --comm-fd=@ -- mnt$gone"
unlike_theirs '--auto-unmount of nothing' user 'commfd -u true fusermount3 --auto-unmount mnt' \
	'entry for W/mnt not found in /etc/mtab.*exit 1' 'said at once, where theirs waits for nothing'
since_318 '--comm-fd' both 'commfd -n table fusermount3 --comm-fd=@ mnt; commfd -n table fusermount3 --comm-fd @ file'
since_318 '--comm-fd before the variable' user 'export _FUSE_COMMFD=2; commfd -n table fusermount3 --comm-fd=@ mnt'
since_318 '--comm-fd that is none' user 'F --comm-fd=2 mnt'

# ---- The rest ----

same '-q while mounting' user 'M -q mnt'
same '-h' user 'F -h | head -n 1; fusermount3 -h >/dev/null; echo $?; fusermount3 --help >/dev/null; echo $?'
unlike_theirs '-V' user 'F -V' '^fusermount3 version: 3\.[0-9.]+.*exit 0' 'our number behind it'
unlike_theirs 'an unknown letter' user 'F -y mnt' 'exit 1' 'the words are not those of getopt'
kill "$(newest sleep)" 2>/dev/null
clean
give_dev_back
finish
