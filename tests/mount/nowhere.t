#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Connections that are mounted nowhere any more, or in another mount namespace only.
. "$(dirname "$0")/../lib.sh"
start 90
mkdir mnt other

# serve: a server whose pid is $server, a process with its working directory there, $holder, and one
# that waits for a request as soon as ./go exists, $waiter.
serve()
{
	bg hellofs mnt 2>/dev/null; server=$bg
	within 5 mounted "$T/mnt"
	conn=$(conn_of "$T/mnt")
	cat mnt/hello >/dev/null
	bg bash -c 'cd mnt && exec sleep 100'; holder=$bg
	within 5 open_in "$T/mnt" "$holder"
	bg python3 -c 'import os, time
fd = os.open("mnt", os.O_RDONLY)
while not os.path.exists("go"): time.sleep(0.02)
os.stat("none", dir_fd=fd)' 2>/dev/null
	waiter=$bg
	within 5 open_in "$T/mnt" "$waiter"
}
# part CONN: what fuse-info says of this connection below its table; others may be on the machine.
part() { awk -v head="^conn:$1 " '/^[^ ]/ { on = $0 ~ head } on'; }
of_json() { python3 -c 'import json, sys
for one in json.load(sys.stdin)[sys.argv[2]]:
    if one["connection"] == int(sys.argv[1]): print(eval(sys.argv[3]))' "$@"; }

serve
exits 0 'a mounted one' fuse-info
is 'is none of them' "$(part "$conn" <<<"$out")" ''
umount -l mnt
exits 0 'detached' fuse-info
out=$(part "$conn" <<<"$out")
like 'is listed' "$out" "^conn:$conn is (mounted nowhere|in no visible mount namespace)"
like 'with its state' "$out" $'\n'"  state                serving"$'\n'
like 'its server' "$out" $'\n'"  server               $server [(]hellofs[)] of root, "
like 'what keeps it' "$out" $'\n'"  held_by              $holder [(]sleep[)] of root: cwd"
like 'and what ends it' "$out" $'\n'"  to_end               fumount --abort conn:$conn"$
for option in -l -n -r '-t nofuse' '-o state' --stuck "-N $$"; do
	# shellcheck disable=SC2086 # a word or two
	is "$option shows mounts alone" "$(fuse-info $option | grep -c "conn:$conn ")" 0
done
is '-n in JSON' "$(fuse-info -n --json | grep -c unmounted)" 0

stop "$server"
touch go
within 5 blocked "$waiter"
sleep 1.2
exits 0 'hung' fuse-info "conn:$conn"
like 'is shown' "$out" "^conn:$conn is .*"$'\n'"  state                stopped"
like 'with its waiter, and for how long' "$out" "waits_for_it +$waiter [(]python3[.0-9]*[)] of root: [a-z]+, for ([1-9]|[1-9][0-9])[.][0-9] s"
fuse-info --json >json
is 'JSON has the same' "$(of_json "$conn" unmounted '[one["mountpoint"], one["state"], one["server"]["pid"], one["waiters"][0]["pid"]]' <json)" \
	"[None, 'stopped', $server, $waiter]"
is 'in these fields' "$(of_json "$conn" unmounted '" ".join(one)' <json)" \
	'mountpoint state connection server_hidden server waiting waited_ms max_background congestion_threshold waiters holders'
is 'the waiter, too' "$(of_json "$conn" unmounted '" ".join(one["waiters"][0])' <json)" 'pid user command call waited_ms'
ok 'it has waited' test "$(of_json "$conn" unmounted 'one["waiters"][0]["waited_ms"]' <json)" -ge 1000
is 'JSON of one' "$(fuse-info --json "conn:$conn" | of_json "$conn" mounts '" ".join(one)')" \
	'mountpoint state connection server_hidden server waiting waited_ms max_background congestion_threshold waiters holders also'
exits 0 'what it says' fumount --abort "conn:$conn"
ok 'ends it' within 5 gone "$waiter"
kill -KILL "$server" "$holder"
within 5 gone "$holder"
ok 'and it is gone' within 5 eval '! fuse-info "conn:$conn"'

# ---- Mounted in another mount namespace ----

rm go
serve
kill "$waiter"
bg unshare -m --propagation private sleep 100; elsewhere=$bg
within 5 eval '[ "$(cat /proc/$elsewhere/comm)" = sleep ]'
kill "$holder"
within 5 gone "$waiter" && within 5 gone "$holder"
umount -l mnt
exits 0 'elsewhere' fuse-info
is 'is not nowhere' "$(part "$conn" <<<"$out")" ''
is 'nor in JSON' "$(fuse-info --json | of_json "$conn" unmounted '1')" ''
exits 0 'one of it' fuse-info "conn:$conn"
like 'says where' "$out" "^conn:$conn is mounted in other mount namespaces only.*also_in +$T/mnt, the mount namespace of $elsewhere [(]sleep[)]"
unlike 'and offers no abort' "$out" to_end
is 'JSON says where, too' "$(fuse-info --json "conn:$conn" | of_json "$conn" mounts 'one["also"][0]["pid"]')" "$elsewhere"
is 'it is still served' "$(nsenter -m -t "$elsewhere" cat "$T/mnt/hello")" hello

# Whoever cannot see that namespace sees none of its processes either: the connection is not listed.
exits 0 'in a PID namespace' unshare -m -p -f --mount-proc fuse-info
is 'it is not called nowhere' "$(part "$conn" <<<"$out")" ''
exits 0 'an ordinary user' setpriv --reuid 1777 --regid 1777 --clear-groups fuse-info
is 'is not told of it' "$(part "$conn" <<<"$out")" ''

exits 0 'its abort' fumount --abort "conn:$conn"
like 'names the mount that is dead now' "$err" "dead as well: in the mount namespace of $elsewhere [(]sleep[)], at $T/mnt"
finish
