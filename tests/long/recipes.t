#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The recipes for Alpine and buildroot, without Alpine and buildroot: what abuild and
# buildroot would run is run, with the variables that they document.
# shellcheck disable=SC2317 # what is handed to ok and exits is reached
. "$(dirname "$0")/../lib.sh"
need mmdebstrap busybox shellcheck file make
start 1200	# the first run makes a Debian

package=$top/configs/package
long=$here/long

# --- Alpine: in a root where there is no libc to build with but musl

make_musl_root()
{
	root=$T/root
	"$long/root" bookworm "$root" gcc make musl-tools busybox-static file 2>"$T/fetch" ||
		{ diag "$(tail -n 5 "$T/fetch")"; return 1; }
	chroot "$root" dpkg --purge --force-depends libc6-dev libcrypt-dev linux-libc-dev >/dev/null || return
	mkdir -p "$root"/{bb,src,pkg,sub}
	chroot "$root" /bin/busybox --install -s /bb
	# The root's cc is musl's, as on Alpine: it reports musl, and can link a static-pie.
	local specs=$root/usr/lib/x86_64-linux-musl/musl-gcc.specs
	sed -i -e 's|%{!shared: \([^ ]*\)/Scrt1.o}|%{static-pie:\1/rcrt1.o;!shared:\1/Scrt1.o}|' \
		-e 's|%{static:-static}|& %{static-pie:-static -pie --no-dynamic-linker -z text}|' "$specs"
	rm "$root/usr/bin/musl-gcc"
	cat >"$root/bb/cc" <<-END
		#!/bin/sh
		[ "\$*" != -dumpmachine ] || { echo x86_64-alpine-linux-musl; exit; }
		exec /usr/bin/gcc "\$@" -specs ${specs#"$root"}
	END
	chmod 755 "$root/bb/cc"
	(cd "$top" && git ls-files -z | xargs -0 tar -c) | tar -x -C "$root/src"
	cp "$package/alpine/APKBUILD" "$root/"
}
only_musl() { ! find "$root/usr" -name libc.a -o -name libc.so -o -name stdio.h | grep -v musl; }

# abuild FUNCTION: runs a function of the APKBUILD as abuild does, in $builddir.
abuild()
{
	"$long/enter" "$root" env PATH=/bb:/usr/bin:/bin /bb/sh -ec '
		srcdir=/ builddir=/src pkgdir=/pkg subpkgdir=/sub
		amove() {
			for path; do
				mkdir -p "$subpkgdir/${path%/*}"
				mv "$pkgdir/$path" "$subpkgdir/$path"
			done
		}
		cd / && . /APKBUILD && cd "$builddir" && "$1"
		echo "$pkgname $pkgver-r$pkgrel: $depends $provides"' sh "$1"
}

alpine()
{
	local value
	ok 'APKBUILD: shellcheck' shellcheck "$package/alpine/APKBUILD"
	for value in pkgname pkgver pkgrel pkgdesc url arch license source sha512sums; do
		ok "APKBUILD: $value" grep -q "^$value=" "$package/alpine/APKBUILD"
	done
	ok 'a musl root for the APKBUILD' make_musl_root || return
	ok 'no libc but musl is in it' only_musl
	exits 0 'build()' abuild build
	like 'made with musl' "$out" 'build/fusebox: [0-9]+ bytes, static musl.*build/fusermount3: [0-9]+ bytes, static-pie musl'
	unlike 'build() gives no warning' "$err" 'warning:'
	like 'the helper is a static-pie' "$(file "$root/src/build/fusermount3")" 'pie executable.*static-pie linked'
	exits 0 'check()' abuild check
	exits 0 'package()' abuild package
	ok 'package() has the box' test -x "$root/pkg/usr/bin/fusebox"
	exits 0 'the subpackage fusermount3' abuild fusermount3
	like 'the subpackage stands in for fuse3' "$out" '!fuse3.* fuse3=3'
	is 'the helper is set-uid, and alone' "$(find "$root/pkg" "$root/sub" -perm /6000 -printf '%m %P')" '4755 usr/bin/fusermount3'
	is 'they share no file' "$(cd "$root" && { find pkg ! -type d; find sub ! -type d; } | sed 's|^...||' | sort | uniq -d)" ''
	# A root directory in which nothing else is installed.
	mkdir -p "$T/bare"/{dev,proc,mnt}
	cp -a "$root/pkg/usr" "$T/bare/"
	own_dev
	mount --bind "$T/bare" "$T/bare"
	mount --rbind /dev "$T/bare/dev"
	mount -t proc proc "$T/bare/proc"
	exits 0 'what was packed serves where nothing else is' chroot "$T/bare" /usr/bin/hellofs -b /mnt
	is 'the packed hellofs answers' "$(timeout 5 cat "$T/bare/mnt/hello")" hello
	exits 0 'the packed fumount unmounts' chroot "$T/bare" /usr/bin/fumount /mnt
	umount -l "$T/bare"
	give_dev_back
}

# --- buildroot

# As much of buildroot's infrastructure as a generic package of this kind uses.
infrastructure='
define sep


endef
INSTALL = install
TARGET_CC = cc
TARGET_STRIP = strip
TARGET_MAKE_ENV = PATH=$(PATH)
generic-package =
include $(RECIPE)
all:
	$(FUSEBOX_BUILD_CMDS)
	$(FUSEBOX_INSTALL_TARGET_CMDS)
	$(foreach hook,$(FUSEBOX_POST_INSTALL_TARGET_HOOKS),$($(hook))$(sep))
'
# buildroot NAME VARIABLE=VALUE...
buildroot()
{
	local name=$1; shift
	mkdir -p "$T/$name/target"
	(cd "$top" && git ls-files -z | xargs -0 tar -c) | tar -x -C "$T/$name"
	(unset BUILD MAKEFLAGS MAKELEVEL MFLAGS
	make -f <(printf '%s' "$infrastructure") -C "$T/$name" RECIPE="$package/buildroot/fusebox.mk" \
		TARGET_DIR="$T/$name/target" "$@" "@D=$T/$name")
}
dangling() { chroot "$T/$1/target" /busybox find / -type l ! -exec /busybox test -e {} \; -print; }

from_buildroot()
{
	exits 0 'buildroot: static, with the helper' buildroot static BR2_STATIC_LIBS=y BR2_PACKAGE_FUSEBOX_FUSERMOUNT3=y
	unlike 'buildroot gives no warning about the package' "$err" 'warning:'
	like 'buildroot, static: the box is linked statically' "$(file "$T/static/target/usr/bin/fusebox")" 'statically linked'
	is 'the helper is set-uid, and alone' "$(find "$T/static/target" -perm /6000 -printf '%m %P')" '4755 usr/bin/fusermount3'
	exits 0 'buildroot: shared, beside libfuse' buildroot shared BR2_SHARED_LIBS=y BR2_PACKAGE_LIBFUSE3=y
	like 'buildroot, shared: the box is linked dynamically' "$(file "$T/shared/target/usr/bin/fusebox")" 'dynamically linked'
	ok 'the names of libfuse are not taken' test ! -e "$T/shared/target/usr/sbin/mount.fuse3"
	cp "$(command -v busybox)" "$T/static/target/busybox"
	is 'every link leads to something' "$(dangling static)" ''
	is 'it has a link for each name of the box' \
		"$(cd "$T/static/target/usr" && printf '%s\n' bin/* sbin/* | sed 's|.*/||' | grep -vx fusebox | sort)" \
		"$({ "$T/static/target/usr/bin/fusebox" --list; echo mount.fuse.hellofs; echo mount.fuse.passfs; } | sort)"
	is 'the licence is the one that is known' "$(cd "$top" && sha256sum LICENSE)" \
		"$(awk '$3 == "LICENSE" { print $2 "  " $3 }' "$package/buildroot/fusebox.hash")"
}

alpine
from_buildroot
finish
