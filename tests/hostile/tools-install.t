#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fusebox --install --root DIR, where what is in DIR is somebody else's: nothing is made
# outside of it.
. "$(dirname "$0")/../lib.sh"
start 60

made_outside() { find outside -mindepth 1 | wc -l; }
install() { "$@" "$STATIC_BOX" --install -s --root "$T/root" >out 2>&1; }

for with in '' 'forbid 38 437'; do
	rm -rf root outside
	mkdir -p root outside/bin outside/sbin
	rmdir outside/*
	ln -s "$T/outside" root/usr
	ln -s ../../../../../../../../../../../.."$T"/outside root/sbin
	# shellcheck disable=SC2086
	install $with
	is "$with: links that lead out: refused" $? 1
	is "$with: links that lead out: nothing is made there" "$(made_outside)" 0

	rm -rf root
	mkdir -p root/usr
	ln -s "$T/outside" root/usr/bin
	# shellcheck disable=SC2086
	install $with
	is "$with: a later one: nothing is made there" "$(made_outside)" 0
done

rm -rf root
mkdir -p root/usr/sbin
ln -s /usr/sbin root/sbin
install
is 'links that stay inside: followed, as below that root' $? 0
ok 'links that stay inside: what is there' test -L root/usr/sbin/mount.fuse3
install
is '--install --root a second time works' $? 0
rm -rf root
install
is 'a directory that is not there: made' $? 0
ok 'the links are in the directory that was made' test -L root/usr/bin/fumount

finish
