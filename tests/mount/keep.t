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
ok 'fmount --keep mounts, and a server answers' begin
was=$server
kill -KILL "$server"
ok 'the mount answers after kill -9' reads
ok 'after kill -9 another server serves the mount' within 5 another
like 'the keeper says that the server was killed' "$(cat log)" '^fmount: hellofs: killed by signal 9'
like 'the command name of the keeper counts the restart' "$(cat "/proc/$keeper/comm")" '^fuse-keep:1$'
# A process waits while the server is replaced.
kill -STOP "$server"
bg waits_and_reads
client=$bg
within 5 blocked "$client"
kill -KILL "$server"
ok 'the process that waited gets its answer from the next server' wait "$client"
is "the next server's answer has the file's data" "$(cat copy)" hello
ok 'a third server runs' lives
exits 0 'fumount' fumount mnt
ok 'fumount ends the keeper' within 5 gone "$keeper"
ok 'the keeper ends with status 0' wait "$keeper"
ok 'the server ends after fumount' within 5 gone "$server"

# ---- Signals ----
ok 'fmount --keep for SIGHUP' begin
was=$server
kill -HUP "$keeper"
ok 'SIGHUP: another server' within 5 another
ok 'SIGHUP: the next server answers' reads
unlike 'SIGHUP: the keeper does not report the old server as killed' "$(cat log)" killed
kill -TERM "$keeper"
ok 'SIGTERM: unmounts' within 5 unmounted "$T/mnt"
ok 'SIGTERM: the keeper ends with status 0' wait "$keeper"
# Each time by a newer program, while others ask.
asks() { until [ -e enough ]; do [ "$(cat mnt/hello)" = hello ] || echo wrong; echo asked >"asked.$1"; done; }
newer() { cp "$BUILD/fusebox" bin/new && truncate -s "+$1" bin/new && mv bin/new bin/hellofs; }
is_newest() { another && [ "/proc/$server/exe" -ef bin/hellofs ]; }
was_asked() { [ -e asked.1 ] && [ -e asked.2 ]; }
replaced()
{
	local i
	for i in {1..10}; do
		was=$server
		rm -f asked.*
		newer "$i"
		kill -HUP "$keeper"
		within 5 is_newest && within 5 was_asked || return
	done
}
newer 0
by_path() { exec fmount --keep --keep-tries 0 mnt -- bin/hellofs; }
program=(hellofs)
bg by_path 2>log
keeper=$bg
ok 'fmount --keep for SIGHUP while others ask' eval 'within 5 reads && lives'
clients=()
for i in 1 2; do bg asks "$i" >>wrong 2>&1; clients+=("$bg"); done
ok 'SIGHUP: ten newer programs serve one after the other' replaced
: >enough
wait "${clients[@]}"
is 'SIGHUP: no request is lost' "$(cat wrong)" ''
memory() { awk '/^Rss(Anon|Shmem):/ { sum += $2 } END { print sum }' "/proc/$keeper/status"; }
if [ "$(getconf PAGESIZE)" = 4096 ] && [ "$BUILD/fusebox" -ef "$STATIC_BOX" ] && ! strings "$STATIC_BOX" | grep -q 'GNU C Library'; then
	ok 'the keeper has at most 100 KiB of memory that is not the program file' test "$(memory)" -le 100 || diag "$(memory) KiB"
fi
kill -TERM "$keeper"
wait "$keeper"
rm bin/hellofs enough
# As nohup(1) and a shell in the background start it.
nohup_kept() { trap '' HUP INT; kept "$@"; }
bg nohup_kept 2>log
keeper=$bg
ok 'begins, with SIGHUP ignored' eval 'within 5 reads && lives'
was=$server
kill -HUP "$keeper"
kill -INT "$keeper"
sleep 0.3
ok 'ignored at the start, SIGHUP starts no other server, and SIGINT does not unmount' eval 'lives && ! another && reads'
kill -TERM "$keeper"
ok 'SIGTERM, not ignored, unmounts' within 5 unmounted "$T/mnt"
wait "$keeper"
ok 'fmount --keep for SIGTERM with an open file' begin
exec 5<mnt/hello
kill -TERM "$keeper"
ok 'SIGTERM while a file is open: detaches' within 5 unmounted "$T/mnt"
is 'SIGTERM while a file is open: the file is still served' "$(timeout 5 cat <&5)" hello
lives; kill -KILL "$server"
exec 5<&-
ok 'the keeper of a detached mount ends once the file is closed' within 5 gone "$keeper"
ok 'fmount --keep whose keeper is killed' begin
kill -KILL "$keeper"
ok 'a keeper that is killed takes the server along' within 5 gone "$server"
exits 1 'a killed keeper: a call fails, and does not wait' timeout 5 stat mnt
umount -l mnt

# ---- The keeper has no descriptor, or no process, for the next server ----
# lowest_free: the number that the keeper's next descriptor would have.
lowest_free() { local n=3; while [ -L "/proc/$keeper/fd/$n" ]; do n=$((n + 1)); done; echo "$n"; }
was_not_started() { grep -q "^fmount: ${program[0]}: not started: $1" log; }
ok 'fmount --keep whose descriptors come to an end' begin
was=$server
prlimit --pid "$keeper" --nofile="$(lowest_free):"
kill -KILL "$server"
ok 'no descriptor is left: the keeper says that no server is started' within 5 was_not_started 'Too many open files'
bg waits_and_reads
client=$bg
ok 'a caller waits' within 5 blocked "$client"
prlimit --pid "$keeper" --nofile=1024:
ok 'the next server answers once there are descriptors again' wait "$client"
ok 'another server runs' another
prlimit --pid "$keeper" --nofile="$(lowest_free):"
kill -KILL "$server"
within 5 grep -c 'not started' log
kill -TERM "$keeper"
ok 'SIGTERM while no server can be started: unmounts' within 10 unmounted "$T/mnt"
ok 'the keeper ends' within 10 gone "$keeper"

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
ok 'fmount --keep of a server that can fail' begin_flaky
like 'fuse-info shows the keeper' "$(timeout 10 fuse-info "$T/mnt")" "kept_by +$keeper, started again 0 times"
unlike 'fuse-info does not show the keeper as the server' "$(timeout 10 fuse-info "$T/mnt")" " server +$keeper "
touch fails
kill -KILL "$server"
ok 'the next server fails, and the keeper says so' within 5 grep -q 'ended with status 1' log
# But not while the next server begins.
is_restarting() { timeout 10 fuse-info --json "$T/mnt" | grep '"state":"restarting"'; }
ok 'fuse-info: the state is restarting' within 5 is_restarting
like 'fuse-info --json has the keeper, and its restarts' "$(timeout 10 fuse-info --json "$T/mnt")" '"keeper":\{"pid":[0-9]+,"restarts":[0-9]+,"relays":false\}'
bg cat mnt/hello 2>/dev/null
client=$bg
ok 'a caller waits while no server runs' within 5 blocked "$client"
exits 0 'fumount -R while no server runs' timeout 20 fumount -R mnt
ok 'fumount -R unmounts while no server runs' unmounted "$T/mnt"
ok 'fumount -R wakes the caller that waits' within 5 gone "$client"
ok 'fumount -R ends the keeper' within 10 gone "$keeper"
ok 'fmount --keep of a server that can fail, for fumount' begin_flaky
touch fails
kill -KILL "$server"
within 5 grep -q 'ended with status 1' log
exits 0 'fumount, while no server runs' timeout 20 fumount mnt
ok 'fumount ends the keeper while no server runs' within 10 gone "$keeper"

# ---- In a container, in the background, as another user ----
as_first() { exec unshare -p -f --kill-child fmount --keep mnt -- hellofs; }
bg as_first 2>log
ok 'the keeper as process 1: the mount answers' within 5 reads
read -ra children <"/proc/$bg/task/$bg/children"
keeper=${children[0]}
lives; was=$server
# An orphan ends, then the server.
nsenter -t "$keeper" -p -- sh -c '(sleep 0.1 &) ; :'
kill -KILL "$server"
ok 'the keeper as process 1 starts the next server' within 5 another
no_zombies()
{
	local child children
	read -ra children <"/proc/$keeper/task/$keeper/children"
	for child in "${children[@]}"; do ! gone "$child" || return; done
}
ok 'the keeper as process 1 reaps orphans' within 5 no_zombies
kill -TERM "$keeper"
ok 'mnt is unmounted in time' within 5 unmounted "$T/mnt"
wait "$bg"
exits 0 '--keep with --wait' fmount -w --keep mnt -- hellofs
ok '--keep --wait returns once the mount answers' reads
exits 0 'fumount of the mount of --keep --wait' fumount mnt
as_nobody() { exec fmount --keep -u nobody --drop-caps -o allow_other mnt -- hellofs; }
bg as_nobody 2>log; keeper=$bg
ok '--keep --user: the mount answers' within 5 reads
lives; was=$server
kill -KILL "$server"
ok '--keep --user: the next server starts' within 5 another
is '--keep --user: the next server runs as that user' "$(stat -c %u "/proc/$server")" 65534
kill -KILL "$keeper"
ok '--keep --user: the server ends with the keeper' within 5 gone "$server"
umount -l mnt

# ---- It gives up ----
ok 'fmount --keep-tries 3 mounts' begin --keep-tries 3
for _ in 1 2; do was=$server; kill -KILL "$server"; within 5 another; done
ok '--keep-tries 3: the mount answers after two deaths' reads
kill -STOP "$server"
bg waits_and_reads
client=$bg
within 5 blocked "$client"
kill -KILL "$server"
wait "$keeper"
is 'at the third death fmount exits with the status of the server' $? 137
like 'fmount --keep reports that the server ends too often' "$(cat log)" 'fmount: hellofs: it ends too often; unmounted'
ok 'after the last death nothing is mounted' unmounted "$T/mnt"
wait "$client"
is 'the process that waited gets an error' $? 1
exits 127 'fmount --keep of a program that does not exist' fmount --keep mnt -- nosuchprogram
ok 'a program that does not exist leaves nothing mounted' unmounted "$T/mnt"
cat >bin/fails <<'END'
#!/bin/sh
exec 3<&-
exit 5
END
chmod +x bin/fails
began=${EPOCHREALTIME/./}
exits 5 'fmount --keep of a program that fails at once' fmount --keep --keep-tries 4 mnt -- bin/fails
ok 'fmount waited 50 and 100 ms between the starts' test $((${EPOCHREALTIME/./} - began)) -ge 150000
is 'fmount reports each of the four failures' "$(grep -c 'ended with status 5' <<<"$err")" 4
printf '#!/bin/sh\nexit 0\n' >bin/leaves
chmod +x bin/leaves
exits 1 'a program that goes to the background: nothing is mounted, which is no success' fmount --keep --keep-tries 2 mnt -- bin/leaves
ok 'fmount --keep leaves nothing mounted after it' unmounted "$T/mnt"
exits 1 '--keep with an unknown value' fmount --keep=other mnt -- hellofs
like 'the error: fmount: --keep:' "$err" 'fmount: --keep: '
finish
