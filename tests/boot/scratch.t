#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A directory with nothing in it but fusebox, its links, /dev/fuse and /proc, as
# in a container image from scratch: no shell, no library, no passwd, no mtab.
# It is driven from outside, with chroot(8). Then the same without /proc.
# shellcheck disable=SC2317 # what is handed to ok and bg is reached
. "$(dirname "$0")/../lib.sh"

need chroot unshare
start 120

root=$T/root
chroot=$(command -v chroot)	# env -i forgets where it is

# These two are not FUSE mounts, so lib.sh's clean-up leaves them.
unbind()
{
	umount -l "$root/dev/fuse" "$root/proc" 2>/dev/null
}
trap 'unbind; cleanup' EXIT

make_root()
{
	mkdir -p "$root"/{bin,dev,proc,mnt,mnt2}
	cp "$BUILD/fusebox" "$root/bin/fusebox"
	: >"$root/dev/fuse"
	mount --bind /dev/fuse "$root/dev/fuse"
	mount --bind /proc "$root/proc"
}

# in_root PROGRAM ARGS...: runs PROGRAM in the root with an empty environment.
in_root() { env -i timeout "$(longer 20)" "$chroot" "$root" "$@"; }

type_of() { mount_line "$1" | sed 's/.* - //' | cut -d' ' -f1,2; }
read_hello() { timeout 10 cat "$1/hello"; }

# Starts a process outside the root whose working directory is in the mount: $holder.
inside() { [ "$(readlink "/proc/$1/cwd")" = "$2" ]; }
stand_in() { cd "$1" && exec sleep 1000; }
hold()
{
	bg stand_in "$1"
	holder=$bg
	within 5 inside "$holder" "$1"
}
release() { kill "$holder"; within 5 gone "$holder"; }

# The servers whose root is $root: a background one is no child of this shell. (Their exe links lead
# to the binary; no path on the mount is followed.)
servers() { find /proc/[0-9]*/exe -lname "$root/bin/fusebox" 2>/dev/null; }
no_server() { [ -z "$(servers)" ]; }

# says NAME TEXT WORD...: checks that the text contains every word.
says()
{
	local name=$1 text=$2 word; shift 2
	for word; do
		like "$name: $word" "$text" "(^|[^[:alnum:]])$word([^[:alnum:]]|\$)"
	done
}

[ -x "$BUILD/fusebox" ] || bail "no $BUILD/fusebox"
make_root || bail 'cannot bind /dev/fuse and /proc'

installs()
{
	exits 0 'it installs its links' in_root /bin/fusebox --install -s /bin
	local link
	for link in hellofs fmount fumount fuse-info; do
		ok "the link $link is there" [ -L "$root/bin/$link" ]
	done
}

serves()
{
	exits 0 'hellofs mounts in the background' in_root /bin/hellofs -b /mnt
	is 'the mount is in the table' "$(type_of "$root/mnt")" 'fuse.hellofs hellofs'
	is 'hello is read' "$(read_hello "$root/mnt")" hello
	exits 0 'fuse-info runs' in_root /bin/fuse-info
	says 'fuse-info lists' "$out" /mnt hellofs
	unlike 'fuse-info knows nothing of outside' "$out" "$root"
	exits 0 'fumount unmounts' in_root /bin/fumount /mnt
	ok 'the mount is gone' unmounted "$root/mnt"
	ok 'its server ends' within 5 no_server
}

hands_over()
{
	bg in_root /bin/fmount /mnt2 -- /bin/hellofs '{}' 2>"$T/server"
	ok 'fmount mounts for another program' within 10 mounted "$root/mnt2"
	is 'hello is read through the handed descriptor' "$(read_hello "$root/mnt2")" hello
	exits 0 'fumount unmounts what fmount mounted' in_root /bin/fumount /mnt2
	ok 'the program that fmount started ends' within 5 no_server
}

is_busy()
{
	exits 0 'hellofs mounts again' in_root /bin/hellofs -b /mnt
	hold "$root/mnt"
	exits 32 'a busy mount is refused with 32' in_root /bin/fumount /mnt
	says 'the refusal names who holds it' "$err" "$holder" sleep cwd
	is 'a busy mount stays' "$(read_hello "$root/mnt")" hello
	exits 0 'fumount -l recovers it' in_root /bin/fumount -l /mnt
	ok 'the busy mount is detached' unmounted "$root/mnt"
	is 'its holder still reads it' "$(read_hello "/proc/$holder/cwd")" hello
	release
	ok 'the server ends when the holder does' within 5 no_server
}

# Runs the server in the foreground; chroot(8) executes it, so $bg is its pid.
foreground() { exec env -i "$chroot" "$root" /bin/hellofs /mnt 2>"$T/server"; }
ends_on_signal()
{
	bg foreground
	ok 'hellofs mounts in the foreground' within 10 mounted "$root/mnt"
	kill -TERM "$bg"
	ok 'SIGTERM ends it' within 10 gone "$bg"
	wait "$bg"
	is 'the server ends with status 0 on SIGTERM' $? 0
	like 'the server reports what it mounts' "$(cat "$T/server")" 'Mounting hellofs on "'
	like 'the server reports what it unmounts' "$(cat "$T/server")" 'Unmounting "'
	ok 'the mount is gone after SIGTERM' unmounted "$root/mnt"
}

installs
serves
hands_over
is_busy
ends_on_signal

# Without /proc there is no mount table to read and no holder to name, but fusebox can mount, serve
# and unmount. It has to report what it does not know.
umount "$root/proc" || bail 'cannot take /proc away'
diag 'without /proc from here on'

serves_blind()
{
	exits 0 'hellofs mounts' in_root /bin/hellofs -b /mnt
	is 'hellofs -b prints nothing' "$out$err" ''
	is 'the mount is in the table' "$(type_of "$root/mnt")" 'fuse.hellofs hellofs'
	is 'hello is read' "$(read_hello "$root/mnt")" hello
	exits 0 'fumount unmounts' in_root /bin/fumount /mnt
	is 'fumount prints nothing' "$out$err" ''
	ok 'its server ends' within 5 no_server
}

informs_blind()
{
	in_root /bin/hellofs -b /mnt
	in_root /bin/fuse-info >"$T/info" 2>&1
	like 'fuse-info lists the mount, or says that it needs /proc' "$(cat "$T/info")" '/mnt|/proc'
}

is_busy_blind()
{
	hold "$root/mnt"
	exits 32 'a busy mount is refused with 32' in_root /bin/fumount /mnt
	like 'the refusal says why it names nobody' "$err" /proc
	exits 0 'fumount -l recovers it' in_root /bin/fumount -l /mnt
	ok 'the busy mount is detached' unmounted "$root/mnt"
	release
	ok 'the server ends when the holder does' within 5 no_server
}

installs_blind()
{
	mkdir "$root/bin2"
	exits 0 'it installs its links' in_root /bin/fusebox --install -s /bin2
	exits 0 'the links lead to the binary' in_root /bin2/hellofs --help
}

serves_blind
informs_blind
is_busy_blind
ends_on_signal
hands_over
installs_blind

ok 'nothing is left mounted' [ -z "$(own_mounts)" ]
finish
