#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fumount -R --dry-run: it says what -R would do, to which mounts and processes, and does nothing.
. "$(dirname "$0")/../lib.sh"
start 60
mkdir mnt bind
faulty good "$T/mnt"; server=$(newest faulty); pids+=("$server")
mount --bind mnt bind
bg unshare -m --propagation private sleep 100
elsewhere=$bg
within 5 grep -q sleep "/proc/$elsewhere/comm"
conn=$(conn_of "$T/mnt")
untouched() { mounted "$T/mnt" && mounted "$T/bind" && [ "$(state_of "$server")" = "$1" ]; }

exits 0 'of a mount that answers' timeout 10 fumount -R --dry-run mnt
like 'its state is told' "$err" 'mnt: its server answers'
for at in mnt bind; do
	like "$at would go" "$err" "mnt: fuse.faulty at $T/$at: would be unmounted, or detached if it is busy"
done
like 'so would its mounts elsewhere' "$err" "mnt: in the mount namespace of $elsewhere \\(sleep\\): would be unmounted as well"
unlike 'no abort is announced' "$err" 'abort'
ok 'nothing is done' untouched S
exits 0 'with -f' timeout 10 fumount -Rf --dry-run mnt
like 'the abort is announced' "$err" "connection $conn: would be aborted"
ok 'nothing is done with -f' cat mnt/file

stop "$server"
bg stat mnt/none
waiter=$bg
within 5 blocked "$waiter"
exits 0 'of a mount that hangs' timeout 10 fumount -R --dry-run bind
like 'the stopped server is named' "$err" "its server is stopped: process $server \\(faulty\\), [0-9]+ waiting"
like 'what it would be sent is told' "$err" "connection $conn: what waits would be ended with ETIMEDOUT; if that does not suffice, it would be aborted, and its server resumed by SIGCONT"
ok 'no process is signalled, and none is woken' untouched T
ok 'the waiter waits' blocked "$waiter"
exits 0 'all, in JSON' timeout 10 fumount -aR --dry-run --json
like 'the events say would' "$out" '"event":"would","text":"connection '
ok 'nothing is done by -a' untouched T

exits 1 '--dry-run of a plain unmount' fumount --dry-run mnt
is 'is refused' "$err" 'fumount: --dry-run goes with --wake and -R; see fumount --help'
exits 0 '--dry-run where nothing is mounted' fumount -R --dry-run "$T"
like 'says so' "$err" 'nothing is mounted there'
exits 0 'without --dry-run' timeout 10 fumount -R mnt
is 'all is done that was announced' "$(own_mounts; grep -c "$T" "/proc/$elsewhere/mountinfo")" 0
kill -KILL "$server"
finish
