#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Real servers, as an ordinary user, through our set-uid helper in the place of the
# system's: libfuse 3's sshfs, bindfs, squashfuse and an example of its own,
# libfuse 2's archivemount. Read, write, unmount, kill -9, auto_unmount.
. "$(dirname "$0")/../lib.sh"
start 120
need sshfs sshd bindfs squashfuse mksquashfs archivemount setpriv pkg-config

install -m 4755 "$BUILD/fusermount3" fusermount3
mkdir home home/mnt home/tree home/bin
own_dev
mount -t devpts none /dev/pts 2>/dev/null
# Covers both names of the system's helper in this mount namespace.
system=$(readlink -f "$(PATH=/usr/bin:/bin command -v fusermount3)")
mount --bind fusermount3 "$system"
like 'the helper is ours' "$("$system" -V)" fusebox
echo 'some text' >home/tree/file
mkdir home/tree/sub
mksquashfs home/tree home/image.sqfs -quiet -no-progress >/dev/null 2>&1
tar -C home/tree -cf home/archive.tar file sub
example=/usr/share/doc/libfuse3-dev/examples/hello.c
read -ra fuse3 <<<"$(pkg-config --cflags --libs fuse3)"
cc -o home/bin/hello "$example" "${fuse3[@]}"
chown -R 65534:65534 home
cd home || exit

PATH=/usr/sbin:/usr/bin:/sbin:/bin
user() { setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$T/home" "$@"; }
contents() { timeout 5 setpriv --reuid 65534 --regid 65534 --clear-groups cat "$1"; }
unmount_all() { local at; while read -r _ at; do umount -l "$at"; done < <(own_mounts); }

# Starts sshd on loopback only, with keys of its own, for the same user.
ssh-keygen -q -t ed25519 -N '' -f "$T/hostkey"
user ssh-keygen -q -t ed25519 -N '' -f key
cp key.pub "$T/authorized"
chmod 644 "$T/authorized"
port=$((20000 + $$ % 20000))
cat >"$T/sshd_config" <<END
ListenAddress 127.0.0.1:$port
HostKey $T/hostkey
AuthorizedKeysFile $T/authorized
StrictModes no
UsePAM no
PidFile none
Subsystem sftp internal-sftp
END
# The user needs a shell and a home for sshd; this namespace has its own passwd.
sed 's|^nobody:.*|nobody:x:65534:65534::'"$T/home"':/bin/sh|' /etc/passwd >"$T/passwd"
mount --bind "$T/passwd" /etc/passwd
mkdir -p /run/sshd
bg "$(command -v sshd)" -D -e -f "$T/sshd_config" 2>"$T/sshd.log"
within 5 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"

sshfs_=(sshfs "nobody@127.0.0.1:$T/home/tree" mnt -p "$port" -o "IdentityFile=$T/home/key,StrictHostKeyChecking=no,UserKnownHostsFile=/dev/null,LogLevel=ERROR")
bindfs_=(bindfs --no-allow-other tree mnt)
squashfuse_=(squashfuse image.sqfs mnt)
archivemount_=(archivemount archive.tar mnt)
hello_=(bin/hello mnt)

# server NAME FILE TEXT WRITABLE COMMAND...
server()
{
	local name=$1 file=$2 text=$3 writable=$4 pid; shift 4
	exits 0 "$name mounts" user "$@"
	like "$name: by the user, nosuid and nodev" "$(mount_line "$T/home/mnt")" 'nosuid,nodev.* - fuse.* .*user_id=65534'
	is "$name: read" "$(contents "mnt/$file")" "$text"
	if [ "$writable" = 1 ]; then
		exits 0 "$name: write" user bash -c 'echo more >mnt/new'
		is "$name: and read" "$(contents mnt/new)" more
	fi
	exits 0 "$name: fusermount3 -u" user "$system" -u mnt
	ok "$name: unmounted" unmounted "$T/home/mnt"
	exits 0 "$name mounts again" within 5 user "$@"
	pid=$(newest "$name")
	kill -9 "$pid"
	within 5 gone "$pid"
	ok "$name, killed: the dead mount stays" mounted "$T/home/mnt"
	exits 0 "$name, killed: fusermount3 -u -z" user "$system" -u -z mnt
	ok "$name, killed: unmounted" unmounted "$T/home/mnt"
	exits 0 "$name with auto_unmount" within 5 user "$@" -o auto_unmount
	is "$name: read" "$(contents "mnt/$file")" "$text"
	kill -9 "$(newest "$name")"
	ok "$name with auto_unmount, killed: unmounted" within 5 unmounted "$T/home/mnt"
	unmount_all
}
server bindfs file 'some text' 1 "${bindfs_[@]}"
server sshfs file 'some text' 1 "${sshfs_[@]}"
server squashfuse file 'some text' 0 "${squashfuse_[@]}"
# archivemount does not write to an archive here, whichever helper mounts it.
server archivemount file 'some text' 0 "${archivemount_[@]}"
server hello hello 'Hello World!' 0 "${hello_[@]}"
like 'what only the administrator can allow' "$(user bin/hello -o allow_other mnt 2>&1)" 'fusermount3: option allow_other only allowed if .user_allow_other. is set in /etc/fuse.conf'
umount /etc/passwd "$system"
give_dev_back
finish
