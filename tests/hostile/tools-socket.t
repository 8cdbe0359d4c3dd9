#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fmount --fd-socket among users: who gets the descriptor, and what happens to the socket's
# place.
. "$(dirname "$0")/../lib.sh"
start 60
need setpriv strace
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP takes root'; exit 0; }

own_dev
mkdir mnt home victim tool
cp "$BUILD/tests/tools/take_fd" "$STATIC_BOX" tool/
ln -s fusebox tool/hellofs
as() { setpriv --reuid "$1" --regid "$1" --clear-groups --inh-caps=-all "${@:2}"; }
take() { as "$1" tool/take_fd "$2" true; }

# A path is bound relative to its directory, so that /proc/net/unix does not have it whole.
bound() { if [[ $1 = @* ]]; then grep -q "${1#@}" /proc/net/unix; else [ -S "$1" ]; fi; }

# ---- Who gets it ----
for socket in "@fusebox-$$" "$T/sock"; do
	chmod 755 "$T"
	bg fmount --fd-socket "$socket" -u 65534 -o allow_other mnt 2>err
	within 5 bound "$socket"
	[ -S sock ] && chmod 666 sock		# whoever may connect there, is still asked who they are
	ok "$socket: a stranger gets nothing" eval "! take 12345 '$socket'"
	like "$socket: which is reported" "$(cat err)" '^fmount: a process of user 12345 connected, and was refused'
	ok "$socket: it waits on" kill -0 "$bg"
	ok "$socket: the user gets it" take 65534 "$socket"
	wait "$bg"
	is "$socket: fmount is done" $? 0
	abort_detach "$T/mnt" || umount -l mnt
done
bg fmount --fd-socket "@fusebox-$$" -u 65534 mnt
within 5 grep -q "fusebox-$$" /proc/net/unix
ok 'root gets it' take_fd "@fusebox-$$" true
wait "$bg"
abort_detach "$T/mnt" || umount -l mnt

# ---- Its directory is a user's ----
mkdir home/run
chown 65534:65534 home home/run
echo keep >victim/sock
bg fmount --fd-socket "$T/home/run/sock" -u 65534 mnt
within 5 test -S home/run/sock
is 'the socket is the user'"'"'s' "$(stat -c '%a %u' home/run/sock)" '600 65534'
as 65534 sh -c "mv '$T/home/run' '$T/home/run2'; ln -s '$T/victim' '$T/home/run'"
ok 'it goes on in the directory that it was in' take 65534 "$T/home/run2/sock"
wait "$bg"
ok "another directory's file stays" test -f victim/sock
ok 'the socket of fmount is removed' test ! -e home/run2/sock
abort_detach "$T/mnt" || umount -l mnt

# fmount does not remove a file that the user has put in the socket's place.
bg fmount --fd-socket "$T/home/run2/sock" -u 65534 --timeout 2 mnt 2>/dev/null
within 5 test -S home/run2/sock
as 65534 sh -c "rm '$T/home/run2/sock'; echo keep >'$T/home/run2/sock'"
wait "$bg"
is 'another file at the path of the socket stays' "$(cat home/run2/sock)" keep
ok 'nothing stays mounted' unmounted "$T/mnt"

# ---- Signals, and a place that is taken ----
for signal in TERM INT HUP; do
	# bash starts a background job with SIGINT ignored.
	bg env --default-signal=INT fmount --fd-socket "$T/sock" mnt
	within 5 test -S sock
	kill -$signal "$bg"
	wait "$bg"
	is "SIG$signal: the status" $? $((128 + $(kill -l $signal)))
	ok "SIG$signal: no socket stays" test ! -e sock
	ok "SIG$signal: no mount stays" unmounted "$T/mnt"
done
: >sock
exits 1 '--fd-socket at a path that is taken is refused' fmount --fd-socket "$T/sock" mnt
is '--fd-socket at a path that is taken: the error says so' "$err" "fmount: $T/sock: Address already in use; remove it, or choose another name"
ok '--fd-socket at a path that is taken: nothing stays mounted' unmounted "$T/mnt"

# ---- Before Linux 6.16, a child closes what strangers have sent, and there may be no process for it ----
older=(strace -f -qq -o trace -e 'trace=setsockopt,clone,fork,accept4,sendmsg' -e inject=setsockopt:error=ENOPROTOOPT)
exits 1 'without a process for the listener: fails' timeout 10 "${older[@]}" -e inject=clone,fork:error=EAGAIN fmount --fd-socket "$T/none" mnt
like 'without a process for the listener: the error' "$err" '^fmount: .*none: Resource temporarily unavailable'
ok 'without a process for the listener: nothing stays' eval "unmounted '$T/mnt' && [ ! -e none ]"
bg "${older[@]}" -e inject=clone,fork:error=EAGAIN:when=2..4 fmount --fd-socket "$T/sock2" mnt
within 10 test -S sock2
ok 'without a process for the peer: it is served later' timeout 10 take_fd "$T/sock2" true
wait "$bg"
is 'the device is sent once a child holds the socket' "$(sed -n '/accept4/,/SCM_RIGHTS/p' trace | grep -oE 'EAGAIN|(clone|fork)\(.*= [0-9]+$|SCM_RIGHTS' | sed 's/(.*//;s/fork/clone/' | xargs)" \
	'EAGAIN EAGAIN EAGAIN clone SCM_RIGHTS'
abort_detach "$T/mnt" || umount -l mnt

finish
