#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The Debian packages: built by an ordinary user in a fresh Debian, installed there beside
# fuse3, then instead of it and back again, and removed. sshfs, squashfuse and hellofs mount
# for an ordinary user each time. PACKAGE_SUITES takes other releases: "bookworm trixie sid".
# shellcheck disable=SC2317 # what is handed to ok and exits is reached
. "$(dirname "$0")/../lib.sh"
need mmdebstrap dpkg-deb
start 2400	# the first run makes the Debians

tools=(build-essential debhelper musl-tools libcmocka-dev lintian dpkg-repack fuse3 sshfs squashfuse
	squashfs-tools openssh-sftp-server)
declare -A packages=(
	[fusebox]='/usr/bin/fusebox /usr/bin/passfs /usr/sbin/umount.fuse /usr/share/man/man8/fumount.8.gz
		/usr/share/doc/fusebox/README.md.gz /usr/share/doc/fusebox/WRITING.md.gz /usr/share/fusebox/fuse-root /usr/share/fusebox/shutdown'
	[fusebox-fusermount3]='/usr/bin/fusermount3 /usr/bin/fusermount /usr/sbin/mount.fuse3
		/usr/share/man/man1/fusermount3.1.gz')

in_root() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }
as_user()
{
	chroot --userspec=1000:1000 --groups= "$root" env -i HOME=/home/user PATH=/usr/bin:/bin \
		sh -c 'cd && exec "$@"' sh "$@"
}

make_root()
{
	root=$T/$1
	"$here/long/root" "$1" "$root" "${tools[@]}" 2>"$T/fetch" || { diag "$(tail -n 5 "$T/fetch")"; return 1; }
	mount --bind "$root" "$root"
	mount --rbind /dev "$root/dev"
	mount -t proc proc "$root/proc"
	mkdir -p "$root/home/user"/{fusebox,mnt,tree}
	echo 'some text' >"$root/home/user/tree/file"
	(cd "$top" && git ls-files -z | xargs -0 tar -c) | tar -x -C "$root/home/user/fusebox"
	cp -r "$root/home/user/fusebox/configs/package/debian" "$root/home/user/fusebox/debian"
	printf '#!/bin/sh\nexec /usr/lib/openssh/sftp-server\n' >"$root/home/user/ssh"
	chmod 755 "$root/home/user/ssh"
	chown -R 1000:1000 "$root/home/user"
	# A minimal Debian lacks /etc/mtab, which libfuse's helper needs.
	echo 'user:x:1000:1000::/home/user:/bin/sh' >>"$root/etc/passwd"
	ln -sf ../proc/self/mounts "$root/etc/mtab"
	in_root sh -c 'cd / && dpkg-repack fuse3 >/dev/null && mv fuse3_*.deb fuse3.deb'
}
leave_root()
{
	umount -l "$root"
	rm -rf --one-file-system "$root"
}

builds()
{
	exits 0 "$suite: dpkg-buildpackage, without root" \
		as_user sh -c 'cd fusebox && dpkg-buildpackage -us -uc -b' ||
		{ diag "$(tail -n 20 <<<"$out")"; return 1; }
	is "$suite: without a warning of the compiler" "$(grep -E '^(core|applets)/.*warning:' <<<"$err$out")" ''
	like "$suite: the unit tests ran" "$out" 'All tests successful'
	exits 0 "$suite: lintian has no error" as_user sh -c 'lintian --fail-on error *.changes'
	diag "$out"
	is "$suite: the box has no set-uid file" "$(set_uid_of fusebox)" ''
	like "$suite: the helper has one, root's" "$(set_uid_of fusebox-fusermount3)" \
		'^-rwsr-xr-x root/root \./(usr/)?bin/fusermount3$'
	for package in "${!packages[@]}"; do
		cp "$root/home/user/$package"_*.deb "$root/$package.deb"
	done
}
set_uid_of() { dpkg-deb -c "$root"/home/user/"$1"_*.deb | awk '$1 ~ /s/ { print $1, $2, $6 }'; }

installed() { [ "$(in_root dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
absent() { ! installed "$1"; }
# whole PACKAGE: every file of it is there, as it was packed.
whole() { [ -z "$(in_root dpkg -V "$1" 2>&1)" ]; }
helper_says() { as_user fusermount3 -V; }

# serves NAME FILE TEXT COMMAND...: COMMAND mounts for the user, and the user reads TEXT from FILE.
serves()
{
	local name="$suite: $how: $1" file=$2 text=$3; shift 3
	exits 0 "$name mounts for a user" as_user timeout "$(longer 20)" "$@"
	like "$name: as his" "$(mount_line "$root/home/user/mnt")" 'nosuid,nodev.* - fuse.*user_id=1000'
	is "$name: is read" "$(as_user timeout "$(longer 5)" cat "mnt/$file")" "$text"
	exits 0 "$name: fusermount3 -u" as_user fusermount3 -u mnt
	ok "$name: unmounted" unmounted "$root/home/user/mnt"
}
all_serve()
{
	how=$1
	serves hellofs hello hello hellofs -b mnt
	serves sshfs file 'some text' sshfs -o ssh_command=/home/user/ssh any:/home/user/tree mnt
	serves squashfuse file 'some text' squashfuse image.sqfs mnt
}

beside()
{
	exits 0 "$suite: fusebox beside fuse3" in_root apt-get -qq install /fusebox.deb
	ok "$suite: fuse3 is whole" whole fuse3
	ok "$suite: and so is fusebox" whole fusebox
	like "$suite: beside: the helper is libfuse's" "$(helper_says)" '^fusermount3 version: 3'
	all_serve beside
}

is_instead()
{
	for package in "${!packages[@]}"; do
		ok "$suite: $1: $package is whole" whole "$package"
		for file in ${packages[$package]}; do ok "$suite: $1: $file" in_root test -s "$file"; done
	done
	ok "$suite: $1: fuse3 is gone" absent fuse3
	ok "$suite: $1: nothing is broken" in_root apt-get check
	is "$suite: $1: set-uid root" "$(stat -c '%a %u %g' "$root/usr/bin/fusermount3")" '4755 0 0'
	ok "$suite: $1: nothing else of it is" [ "$(in_root dpkg -L fusebox fusebox-fusermount3 |
		(cd "$root" && sed 's/^/./' | xargs stat -c '%a %n') | grep -c '^[2-7][0-7][0-7][0-7] ')" = 1 ]
	like "$suite: $1: the helper is ours" "$(helper_says)" fusebox
	all_serve "$1"
}

instead()
{
	exits 0 "$suite: fusebox-fusermount3 by apt" in_root apt-get -qq -y install /fusebox-fusermount3.deb
	is_instead 'instead, by apt'
	exits 0 "$suite: fuse3 again" in_root apt-get -qq -y install --reinstall /fuse3.deb
	ok "$suite: fuse3 is whole again" whole fuse3
	ok "$suite: fusebox-fusermount3 is gone" absent fusebox-fusermount3
	how='fuse3 again'
	serves sshfs file 'some text' sshfs -o ssh_command=/home/user/ssh any:/home/user/tree mnt
	exits 0 "$suite: fusebox-fusermount3 by dpkg alone" in_root dpkg -i /fusebox-fusermount3.deb
	is_instead 'instead, by dpkg'
}

# Purge the package and those that depend on it: then none of its files is left, and dpkg does not
# know it.
removed()
{
	local paths left
	for package in sshfs squashfuse; do ok "$suite: $package is still there" installed "$package"; done
	paths=$(in_root dpkg -L fusebox fusebox-fusermount3 | grep fus | sort -u)
	ok "$suite: they have paths" [ "$(wc -l <<<"$paths")" -gt 30 ]
	exits 0 "$suite: purged" in_root apt-get -qq -y purge fusebox fusebox-fusermount3
	left=$(while read -r path; do [ ! -L "$root$path" ] && [ ! -e "$root$path" ] || echo "$path"; done <<<"$paths")
	is "$suite: nothing of it is left" "$left" ''
	is "$suite: dpkg does not know it" "$(in_root dpkg-query -W -f '${Package}\n' 'fusebox*' 2>/dev/null)" ''
	ok "$suite: dpkg is content" [ -z "$(in_root dpkg --audit)" ]
}

own_dev
for suite in ${PACKAGE_SUITES:-bookworm}; do
	ok "$suite: a fresh Debian" make_root "$suite" || continue
	as_user mksquashfs tree image.sqfs -quiet -no-progress >/dev/null 2>&1
	if builds; then beside; instead; removed; fi
	leave_root
done
give_dev_back
finish
