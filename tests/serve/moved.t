#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A server that stays in the initramfs loses /proc, which moves to the new root. passfs
# reaches files by their names in there, and goes on all the same.
# shellcheck disable=SC2317 # what is handed to ok and bg is reached
. "$(dirname "$0")/../lib.sh"

need unshare setfattr getfattr
start 60

mkdir src mnt there src/d
echo one >src/one
echo long >src/d/long
ln -s d/long src/link

# In a mount namespace of its own, which ends with it.
cat >moved <<'END'
set -e
passfs -b "$@" src mnt
mount --move /proc there
[ ! -e /proc/self ]
cat mnt/one mnt/link
echo two >mnt/two; chmod 640 mnt/two; truncate -s 1 mnt/two	# each by a call of its own
setfattr -n user.x -v y mnt/two; [ "$(getfattr --only-values -n user.x mnt/two)" = y ]
ln mnt/two mnt/three; touch -d @7 mnt/three; rm mnt/two
[ "$(stat -c '%a %s %h %Y' mnt/three)" = '640 1 1 7' ]
cp mnt/three mnt/d/four; cmp src/three src/d/four
rm mnt/three mnt/d/four
mount --move there /proc
fumount mnt
END
goes_on() { exits 0 "$1" unshare -m --propagation private timeout "$(longer 30)" bash moved "${@:2}"; }
goes_on 'passfs goes on without the /proc that it had'
is 'passfs reads files without /proc' "$out" $'one\nlong'
goes_on 'with one thread' --threads=1
goes_on 'and several' --threads=3
goes_on 'when all comes through it' --no-passthrough
goes_on 'when it looks where links lead' --no-symlinks-out

foreground()
{
	fmount --wait mnt -- passfs src {} && mount --move /proc there && chmod 600 mnt/one && ls mnt || return
	mount --move there /proc && fumount mnt
}
export -f foreground
exits 0 'and as the program of fmount' unshare -m --propagation private timeout "$(longer 30)" bash -c foreground
is 'its directory' "$out" $'d\nlink\none'
finish
