#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fmount --keep: the mount outlives its server; when it gives up; what signals do.
. "$(dirname "$0")/../lib.sh"
start 240
mkdir mnt bin
kept() { exec fmount --keep "$@" mnt -- "${program[@]}"; }
program=(hellofs)
reads() { [ "$(timeout 5 cat mnt/hello)" = hello ]; }
lives() { server=$(child_named "${program[0]}" "$keeper") && [ "$server" ] && [ "$(cat "/proc/$server/comm")" = "${program[0]}" ]; }
another() { lives && [ "$server" != "$was" ]; }
waits_and_reads() { exec dd if=mnt/hello of=copy iflag=direct status=none; }
begin() { bg kept "$@" 2>log; keeper=$bg; within 5 reads && lives; }

# ---- It goes on ----
ok 'begins' begin
was=$server
kill -KILL "$server"
ok 'the mount answers after kill -9' reads
ok 'by another server' within 5 another
like 'which is said' "$(cat log)" '^fmount: hellofs: killed by signal 9'
like 'and shown by ps' "$(cat "/proc/$keeper/comm")" '^fuse-keep:1$'
# One who waits meanwhile.
kill -STOP "$server"
bg waits_and_reads
client=$bg
within 5 blocked "$client"
kill -KILL "$server"
ok 'who waits for the server gets the answer of the next one' wait "$client"
is "the next server's answer has the file's data" "$(cat copy)" hello
ok 'the third server' lives
exits 0 'fumount' fumount mnt
ok 'ends the keeper' within 5 gone "$keeper"
ok 'with success' wait "$keeper"
ok 'and the server' within 5 gone "$server"

# ---- Signals ----
ok 'begins' begin
was=$server
kill -HUP "$keeper"
ok 'SIGHUP: another server' within 5 another
ok 'it answers' reads
unlike 'nothing is said of it' "$(cat log)" killed
kill -TERM "$keeper"
ok 'SIGTERM: unmounts' within 5 unmounted "$T/mnt"
ok 'and ends with success' wait "$keeper"
ok 'begins' begin
exec 5<mnt/hello
kill -TERM "$keeper"
ok 'SIGTERM while a file is open: detaches' within 5 unmounted "$T/mnt"
is 'serves it' "$(timeout 5 cat <&5)" hello
lives; kill -KILL "$server"
exec 5<&-
ok 'the keeper ends' within 5 gone "$keeper"
ok 'begins' begin
kill -KILL "$keeper"
ok 'a keeper that is killed takes the server along' within 5 gone "$server"
exits 1 'so that nobody waits' timeout 5 stat mnt
umount -l mnt

# ---- What others see of it ----
cat >bin/flaky <<'END'
#!/bin/sh
[ ! -e fails ] || exit 1
exec hellofs "$@"
END
chmod +x bin/flaky
flaky() { exec fmount --keep --keep-tries 0 mnt -- bin/flaky; }
begin_flaky() { rm -f fails; bg flaky 2>log; keeper=$bg; within 5 reads && lives; }
state() { fuse-info --json "$T/mnt" | grep -o '"state":"[a-z]*"'; }
ok 'begins' begin_flaky
like 'fuse-info shows the keeper' "$(timeout 10 fuse-info "$T/mnt")" "kept_by +$keeper, started again 0 times"
unlike 'not as the server' "$(timeout 10 fuse-info "$T/mnt")" " server +$keeper "
touch fails
kill -KILL "$server"
ok 'a second failure' within 5 grep -q 'ended with status 1' log
is 'restarting' "$(timeout 10 fuse-info --json "$T/mnt" | grep -o '"state":"restarting"')" '"state":"restarting"'
like 'for programs, too' "$(timeout 10 fuse-info --json "$T/mnt")" '"keeper":\{"pid":[0-9]+,"restarts":[0-9]+\}'
bg cat mnt/hello 2>/dev/null
client=$bg
ok 'a caller waits' within 5 blocked "$client"
exits 0 'fumount -R' timeout 20 fumount -R mnt
ok 'unmounts' unmounted "$T/mnt"
ok 'the caller has ended' within 5 gone "$client"
ok 'and the keeper' within 10 gone "$keeper"
ok 'begins' begin_flaky
touch fails
kill -KILL "$server"
within 5 grep -q 'ended with status 1' log
exits 0 'fumount, while no server runs' timeout 20 fumount mnt
ok 'ends the keeper' within 10 gone "$keeper"

# ---- In a container, in the background, as another user ----
as_first() { exec unshare -p -f --kill-child fmount --keep mnt -- hellofs; }
bg as_first 2>log
ok 'as process 1' within 5 reads
read -ra children <"/proc/$bg/task/$bg/children"
keeper=${children[0]}
lives; was=$server
# An orphan that ends, and then the server.
nsenter -t "$keeper" -p -- sh -c '(sleep 0.1 &) ; :'
kill -KILL "$server"
ok 'goes on' within 5 another
no_zombies()
{
	local child children
	read -ra children <"/proc/$keeper/task/$keeper/children"
	for child in "${children[@]}"; do ! gone "$child" || return; done
}
ok 'reaps orphans' within 5 no_zombies
kill -TERM "$keeper"
ok 'mnt is unmounted in time' within 5 unmounted "$T/mnt"
wait "$bg"
exits 0 '--wait' fmount -w --keep mnt -- hellofs
ok 'it answers at once' reads
exits 0 'unmounted' fumount mnt
as_nobody() { exec fmount --keep -u nobody --drop-caps -o allow_other mnt -- hellofs; }
bg as_nobody 2>log; keeper=$bg
ok '--user' within 5 reads
lives; was=$server
kill -KILL "$server"
ok 'goes on' within 5 another
is 'as that user' "$(stat -c %u "/proc/$server")" 65534
kill -KILL "$keeper"
ok 'and ends with the keeper' within 5 gone "$server"
umount -l mnt

# ---- It gives up ----
ok 'begins' begin --keep-tries 3
for _ in 1 2; do was=$server; kill -KILL "$server"; within 5 another; done
ok 'two deaths of three' reads
kill -STOP "$server"
bg waits_and_reads
client=$bg
within 5 blocked "$client"
kill -KILL "$server"
wait "$keeper"
is 'the third: the status of the server' $? 137
like 'fmount --keep reports that the server ends too often' "$(cat log)" 'fmount: hellofs: it ends too often; unmounted'
ok 'nothing is mounted' unmounted "$T/mnt"
wait "$client"
is 'who waited got an error' $? 1
exits 127 'no such program' fmount --keep mnt -- nosuchprogram
ok 'nothing stays mounted' unmounted "$T/mnt"
cat >bin/fails <<'END'
#!/bin/sh
exec 3<&-
exit 5
END
chmod +x bin/fails
began=${EPOCHREALTIME/./}
exits 5 'a program that fails at once' fmount --keep --keep-tries 4 mnt -- bin/fails
ok 'was given time in between: 50 and 100 ms' test $((${EPOCHREALTIME/./} - began)) -ge 150000
is 'is told four times' "$(grep -c 'ended with status 5' <<<"$err")" 4
exits 1 'an unknown way' fmount --keep=relay mnt -- hellofs
like 'the error: fmount: --keep:' "$err" 'fmount: --keep: '
finish
