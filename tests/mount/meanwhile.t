#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fumount on a mount that goes meanwhile: by another fumount, by its own server, by umount(8).
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../late.sh"
start 200
need strace
mkdir mnt mnt2
# strace delays the command's umount2(2), so that this shell acts first.
late() { strace -f -qq -o /dev/null -e trace=umount2 -e inject=umount2:delay_enter=600000 "$@"; }
# race OTHER COMMAND...: OTHER, words, while COMMAND is about to unmount a mount; then status and err are
# COMMAND's. On a busy machine COMMAND may come first: then once more.
race()
{
	local other
	read -ra other <<<"$1"; shift
	for _ in 1 2 3 4 5; do
		hellofs -b mnt 2>/dev/null
		(begun umount2 fumount; exec "${other[@]}" 2>/dev/null) &
		err=$(late "$@" 2>&1)
		status=$?
		! wait $! || return
	done
}
# meanwhile STATUS NAME COMMAND...: another process unmounts while COMMAND is about to.
meanwhile()
{
	race 'umount -l mnt' "${@:3}"
	is "$2" "$status" "$1"
	is 'no FUSE mount is left' "$(own_mounts)" ''
}
for how in '' -l; do
	# shellcheck disable=SC2086 # none is no argument
	meanwhile 32 "gone meanwhile, ${how:-plain}" fumount $how mnt
	like 'fumount reports that nothing is mounted there any more' "$err" '^fumount: mnt: nothing is mounted there$'
done
meanwhile 0 '-R' fumount -R mnt
like 'fumount -R reports that another process unmounted it' "$err" 'unmounted meanwhile by another process'
meanwhile 0 '-a' fumount -a
meanwhile 0 '-a -R' fumount -a -R

# A mount whose connection -f has aborted may be unmounted by its own server.
hellofs -b mnt 2>/dev/null
exits 0 '-f, and the server unmounts' late fumount -f mnt
is 'no FUSE mount is left' "$(own_mounts)" ''

# A mount that was moved away is not gone.
mount -t tmpfs none mnt2; mkdir mnt2/to
race 'mount --move mnt mnt2/to' fumount mnt
is 'moved meanwhile' "$status" 32
like 'fumount reports a mount that was covered or moved meanwhile' "$err" '^fumount: mnt: covered or moved meanwhile; run fumount again$'
ok 'mnt2/to is mounted' mounted "$T/mnt2/to"
umount mnt2/to; umount mnt2

# No timing is arranged here: many tries.
# shellcheck disable=SC2034 # the cases, which are texts, use it
busy() { hellofs -b mnt 2>/dev/null; server=$(newest hellofs); exec 7<mnt/hello; }
rounds() # rounds NAME COMMAND: COMMAND is at work beside fumount -R
{
	local failed='' i
	for i in {1..12}; do
		busy
		eval "$2" 2>/dev/null &
		timeout 20 fumount -R mnt 2>>said || failed+=" $?"
		wait $!
		exec 7<&-
		within 5 unmounted "$T/mnt" || failed+=' mounted'
	done
	is "-R beside $1" "$failed" '' || diag "$(grep -v held said | sort | uniq -c | sort -rn | head)"
	: >said
}
rounds 'another -R' 'fumount -R mnt'
rounds 'the end of the server' 'kill "$server"'
rounds 'umount -l' 'umount -l mnt'
rounds '-R -f' 'fumount -R -f mnt'
failed=''
for i in {1..12}; do
	faulty good "$T/mnt"; faulty good "$T/mnt"; faulty good "$T/mnt2"
	timeout 20 fumount -a -R 2>said & first=$!
	timeout 20 fumount -a -R 2>>said; failed+=${?#0}
	wait "$first"; failed+=${?#0}
	failed+=$(own_mounts)
done
is 'two -a -R at once' "$failed" '' || diag "$(cat said)"

# umount(8) takes away the upper of two stacked mounts while -R looks for mounts: at each third of -R's system calls.
two() { faulty good "$T/mnt"; faulty good "$T/mnt"; }
failed=''
two
AT_CALL_COUNT=$T/count at_call fumount -R mnt 2>said
read -r most _ <count
for ((n = 1; n < most / 2; n += 3)); do
	two
	at_call -n "$n" -a 'umount -l mnt' timeout 20 fumount -R mnt 2>said || failed+=" $n: $? $(cat said)"
	[ -z "$(own_mounts)" ] || failed+=" $n: mounted"
done
is 'the upper of two mounts goes while -R looks' "$failed" ''
finish
