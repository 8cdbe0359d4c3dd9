#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The build, from a copy of what git has: to the byte that of the tree, install, and `make run`
# and `make umount` from every end. tests/long/builds.t has its configurations,
# and `make size`.
. "$(dirname "$0")/../lib.sh"
start 300
need git cc make
tree=$BUILD
unset MAKEFLAGS MAKELEVEL MFLAGS BUILD
box=build/fusebox

copy() { mkdir -p "$1" && (cd "$top" && git ls-files -z | xargs -0 tar -cf - --ignore-failed-read 2>/dev/null) | tar -xf - -C "$1"; }
copy one
exits 0 'make' make -j2 -C one
like 'make prints a line for each file' "$out" $'\n  CC core/main.c\n'
unlike 'make prints no command of the compiler' "$out" ' -c -o '
like 'at the end: what it built' "$(grep -v '^make' <<<"$out" | tail -n 3)" \
	$'^build/fusebox: [0-9]+ bytes, static (musl|glibc)\nbuild/fusermount3: [0-9]+ bytes, static-pie (musl|glibc)\nbuild/bin/: [0-9]+ names of the box$'
unlike 'the helper has no server in it' "$out" 'CC core/(fuse|serve)/[a-z]+.c .set-uid'
exits 0 'make help' make -s -C one help
like 'make help names the targets' "$out" $'\nmake test '
is 'make help has no warning' "$(grep -i warning <<<"$err")" ''
# Reproducible builds: $BUILD is in another directory, and the caller of the tests chose its
# compiler and flags.
made_with() { sed "s|file-prefix-map=[^ ]*|file-prefix-map|g" "$1/obj/.made-with"; }
for file in fusebox fusermount3; do
	if [ "$(made_with one/build)" = "$(made_with "$tree")" ]; then
		ok "$file is to the byte that of another directory" cmp "one/build/$file" "$tree/$file"
	else
		skip "$file is to the byte that of another directory" "$tree has other flags"
	fi
done
exits 0 'make a second time' make -C one
unlike 'make a second time builds nothing' "$out" '  (CC|LD) '
exits 0 'make V=1' make -C one V=1 -B build/obj/core/main.o
like 'shows the command' "$out" ' -c -o build/obj/core/main.o'
like 'the box is a static, stripped program' "$(file -b one/$box)" 'statically linked.*(stripped|no section header)'

# ---- install ----
exits 0 'make install' make -s -C one install "DESTDIR=$T/root" PREFIX=/usr
ok 'make install makes the links of the applets' test "$(readlink "$T/root/usr/bin/fumount") $(readlink "$T/root/usr/sbin/mount.fuse3")" = 'fusebox ../bin/fusebox'
is 'an installed link runs the box' "$("$T/root/usr/sbin/mount.fuse3" 2>&1)" \
	'usage: mount.fuse3 type#[source] destination [-t type] [-o opt[,opts...]]'
for file in doc/fusebox/README.md doc/fusebox/WRITING.md doc/fusebox/CHANGELOG.md fusebox/fuse-root fusebox/shutdown \
	fusebox/initramfs-tools/hook fusebox/dracut/module-setup.sh fusebox/mkinitcpio/install fusebox/cpio/make-image; do
	ok "installed: $file" test -s "$T/root/usr/share/$file"
done
ok 'the shutdown script can be run' test -x "$T/root/usr/share/fusebox/shutdown"
ok "systemd's units are there" test -s "$T/root/usr/lib/systemd/system/fuse-shutdown.service"
ok 'make install leaves out the set-uid fusermount3' test ! -e "$T/root/usr/bin/fusermount3"
share=$T/root/usr/share
is 'a page for each name of the box, but for that one' "$(cd "$share/man/man8" && printf '%s\n' ./*.8 | sed 's/^..//; s/.8$//' | LC_ALL=C sort | paste -sd' ')" \
	"$(printf '%s\n' "$T/root/usr"/{,s}bin/* | sed 's|.*/||' | grep -v '^fusermount' | LC_ALL=C sort | paste -sd' ')"
ok "also for the links of BusyBox's mount" cmp "$share/man/man8/mount.fuse.passfs.8" "$share/man/man8/mount.passfs.8"
is 'completion by each name, for bash' "$(for a in $(one/$box --list); do cmp -s "$share/bash-completion/completions/$a" one/build/completion/fusebox.bash || echo "$a"; done)" ''
is 'make install installs the completion for fish' "$(for a in $(one/$box --list); do cmp -s "$share/fish/vendor_completions.d/$a.fish" one/build/completion/fusebox.fish || echo "$a"; done)" ''
ok 'make install installs the completion for zsh' cmp "$share/zsh/site-functions/_fusebox" one/build/completion/_fusebox
# A box built for another architecture does not run here.
cp one/$box native
echo foreign >one/$box
exits 0 'make install of a foreign box' make -s -C one install "DESTDIR=$T/foreign"
names() { (cd "$1/usr" && echo bin/* sbin/*); }
is 'a foreign box gets the same links' "$(names "$T/foreign")" "$(names "$T/root")"
like 'make install of a foreign box reports that there is no completion' "$out" 'no completion: build/fusebox does not run here'
cp native one/$box
exits 0 'make install-setuid' make -s -C one install-setuid "DESTDIR=$T/root"
is 'set-uid root, a file of its own' "$(stat -c '%a %u %F' "$T/root/usr/bin/fusermount3")" '4755 0 regular file'
ok 'make install-setuid installs the page under both names' cmp "$share/man/man1/fusermount3.1" "$share/man/man1/fusermount.1"

# ---- The licence, in every source ----
unlicensed()
{
	local file
	(cd "$top" && git ls-files -z | while IFS= read -r -d '' file; do
		[[ $file =~ (^Makefile|\.([ch178]|sh|t|mk|ld))$ ]] || [ "$(head -c 2 "$file" | tr -d '\0')" = '#!' ] || continue
		[[ $file = tests/fuzz/corpus/* ]] || head -n 2 "$file" | grep -q 'SPDX-License-Identifier: MIT' || echo "$file"
	done)
}
is 'every source file names its licence' "$(unlicensed)" ''

# ---- The version, which the Makefile alone has ----
version=$(sed -n 's/^VERSION = //p' "$top/Makefile") number=${version%-dev} package=$top/configs/package
is 'the box reports the version of the Makefile' "$(one/$box --version)" "fusebox $version"
is "Debian's changelog has it" "$(sed -n '1s/.*(\(.*\)).*/\1/p' "$package/debian/changelog")" "${version/-/\~}"
is 'the APKBUILD has it' "$(sed -n 's/^pkgver=//p' "$package/alpine/APKBUILD")" "${version/-dev/_alpha}"
printf 'generic-package =\ninclude %s\nall:\n\t@echo $(FUSEBOX_VERSION)\n' "$package/buildroot/fusebox.mk" >ask.mk
is 'buildroot reads it' "$(make -s -f ask.mk BR2_EXTERNAL_FUSEBOX_PATH="$package/buildroot")" "$version"
ok 'the changelog has it' grep -qE "^(This is $version\.|## \[$number\] - [0-9-]{10})$" "$top/.github/CHANGELOG.md"

# ---- run, umount ----
hello() { timeout 5 cat one/mnt/hello; }
running() { bg make -s -C one run >/dev/null 2>&1; within 20 mounted "$T/one/mnt" && within 5 hello; }
running
is 'make run serves' "$(hello)" hello
exits 0 'make umount' make -s -C one umount
ok 'make umount unmounts what make run serves' unmounted "$T/one/mnt"
running
kill -9 "$(newest hellofs)"
exits 0 'make umount after kill -9' make -s -C one umount
ok 'make umount clears a dead mount' unmounted "$T/one/mnt"
running
bg sleep 60 7<one/mnt/hello
exits 0 'make umount of a busy one' make -s -C one umount
ok 'make umount detaches a busy mount' unmounted "$T/one/mnt"
exits 0 'make umount of nothing' make -s -C one umount

finish
