#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fusermount3 --sync-init, by the protocol of libfuse's coming release: no
# packaged peer has it yet, so tests/tools/syncpeer.c plays the server.
. "$(dirname "$0")/../lib.sh"
start 60
need setpriv
mkdir bin mnt
install -m 4755 "$BUILD/fusermount3" bin/fusermount3
chown 65534:65534 mnt
own_dev

peer() # peer HOW: as an ordinary user, and what is left of it
{
	timeout 20 setpriv --reuid 65534 --regid 65534 --clear-groups \
		syncpeer "$1" "$T/bin/fusermount3" --sync-init --comm-fd @ "$T/mnt" 2>&1
	umount -l "$T/mnt" 2>/dev/null
}
like 'answered: status 0, mounted' "$(peer serve)" 'status 0.*exit 0.*mounted'
got=$(peer silent)
like 'no word to mount: exit 1' "$got" 'gave no word to mount.*exit 1'
unlike 'without the word to mount, nothing is mounted' "$got" mounted
got=$(peer mute)
if [[ $got =~ synchronous ]]; then
	like 'the server dies over INIT: exit 1' "$got" 'the server went away.*exit 1'
	unlike 'after the server dies over INIT, nothing is mounted' "$got" mounted
	like 'an error as the answer comes back' "$(peer refuse)" 'status -[0-9]+.*exit 1'
	ok 'no helper is left waiting after that error' test -z "$(newest fusermount3)"
else
	skip 'the server dies over INIT' "this kernel's mount does not wait: $got"
fi
give_dev_back
finish
