#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Connections that are mounted nowhere any more, or in another mount namespace only.
. "$(dirname "$0")/../lib.sh"
start 90
mkdir mnt other

# serve: starts a server, $server; a process whose working directory is in the mount, $holder; and
# one that waits for a request as soon as ./go exists, $waiter.
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
# part CONN: what fuse-info prints about this connection below its table; the machine may have
# others.
part() { awk -v head="^conn:$1 " '/^[^ ]/ { on = $0 ~ head } on'; }
of_json() { python3 -c 'import json, sys
for one in json.load(sys.stdin)[sys.argv[2]]:
    if one["connection"] == int(sys.argv[1]): print(eval(sys.argv[3]))' "$@"; }

serve
exits 0 'fuse-info with a connection that is mounted' fuse-info
is 'a mounted connection is not listed as mounted nowhere' "$(part "$conn" <<<"$out")" ''
umount -l mnt
exits 0 'fuse-info with a connection that is detached' fuse-info
out=$(part "$conn" <<<"$out")
like 'fuse-info lists the detached connection as mounted nowhere' "$out" "^conn:$conn is (mounted nowhere|in no visible mount namespace)"
like 'a detached connection: its state' "$out" $'\n'"  state                serving"$'\n'
like 'a detached connection: its server' "$out" $'\n'"  server               $server [(]hellofs[)] of root, "
like 'a detached connection: what keeps it' "$out" $'\n'"  held_by              $holder [(]sleep[)] of root: cwd"
like 'a detached connection: the command that ends it' "$out" $'\n'"  to_end               fumount --abort conn:$conn"$
for option in -l -n -r '-t nofuse' '-o state' --stuck "-N $$"; do
	# shellcheck disable=SC2086 # a word or two
	is "$option shows mounts alone" "$(fuse-info $option | grep -c "conn:$conn ")" 0
done
is '-n --json lists no unmounted connections' "$(fuse-info -n --json | grep -c unmounted)" 0

# In the table, as awk(1) reads it, it has a line as each mount has.
exits 0 '-r conn:N of a detached connection' fuse-info -r "conn:$conn"
is '-r conn:N prints a heading and one line of as many words' "$(awk '{ print NF }' <<<"$out" | xargs)" '9 9'
like '-r conn:N: the words of the line' "$(tail -n 1 <<<"$out")" "^serving 0 $conn $server hellofs [0-9]+ - - -$"
is '-n -o of conn:N' "$(fuse-info -n -o conn,mount,state "conn:$conn" | xargs)" "$conn - serving"
fuse-info -r "conn:$conn" --json >json
is '-r --json conn:N prints JSON' "$(of_json "$conn" mounts 'one["state"]' <json)" serving

stop "$server"
touch go
within 5 blocked "$waiter"
sleep 1.2
exits 0 'fuse-info conn:N of a detached connection whose server is stopped' fuse-info "conn:$conn"
like 'conn:N shows that the server is stopped' "$out" "^conn:$conn is .*"$'\n'"  state                stopped"
like 'conn:N shows which process waits, and for how long' "$out" "waits_for_it +$waiter [(]python3[.0-9]*[)] of root: [a-z]+, for ([1-9]|[1-9][0-9])[.][0-9] s"
fuse-info --json >json
is '--json of conn:N has the state and the waiting process' "$(of_json "$conn" unmounted '[one["mountpoint"], one["state"], one["server"]["pid"], one["waiters"][0]["pid"]]' <json)" \
	"[None, 'stopped', $server, $waiter]"
is 'the fields of an unmounted connection in JSON' "$(of_json "$conn" unmounted '" ".join(one)' <json)" \
	'mountpoint state connection server_hidden server waiting waited_ms max_background congestion_threshold waiters holders'
is 'the fields of a waiting process in JSON' "$(of_json "$conn" unmounted '" ".join(one["waiters"][0])' <json)" 'pid user command call waited_ms'
ok 'waited_ms of the waiting process is at least 1000' test "$(of_json "$conn" unmounted 'one["waiters"][0]["waited_ms"]' <json)" -ge 1000
is 'the fields of --json conn:N' "$(fuse-info --json "conn:$conn" | of_json "$conn" mounts '" ".join(one)')" \
	'mountpoint state connection server_hidden server waiting waited_ms max_background congestion_threshold waiters holders also'
exits 0 'the command that to_end shows succeeds' fumount --abort "conn:$conn"
ok 'fumount --abort conn:N wakes the waiting process' within 5 gone "$waiter"
kill -KILL "$server" "$holder"
within 5 gone "$holder"
ok 'conn:N is not known once nothing holds the connection' within 5 eval '! fuse-info "conn:$conn"'

# ---- Mounted in another mount namespace ----

rm go
serve
kill "$waiter"
bg unshare -m --propagation private sleep 100; elsewhere=$bg
within 5 eval '[ "$(cat /proc/$elsewhere/comm)" = sleep ]'
kill "$holder"
within 5 gone "$waiter" && within 5 gone "$holder"
umount -l mnt
exits 0 'fuse-info with a connection that is mounted in another mount namespace only' fuse-info
is 'a connection that is mounted elsewhere is not listed as mounted nowhere' "$(part "$conn" <<<"$out")" ''
is '--json does not list a connection that is mounted elsewhere as unmounted' "$(fuse-info --json | of_json "$conn" unmounted '1')" ''
exits 0 'fuse-info conn:N of a connection that is mounted elsewhere' fuse-info "conn:$conn"
like 'conn:N names the mount namespace where it is mounted' "$out" "^conn:$conn is mounted in other mount namespaces only.*also_in +$T/mnt, the mount namespace of $elsewhere [(]sleep[)]"
unlike 'conn:N offers no abort of a connection that is mounted elsewhere' "$out" to_end
is '--json names the mount namespace where it is mounted' "$(fuse-info --json "conn:$conn" | of_json "$conn" mounts 'one["also"][0]["pid"]')" "$elsewhere"
is 'the mount in the other mount namespace is still served' "$(nsenter -m -t "$elsewhere" cat "$T/mnt/hello")" hello

# A process that cannot see that namespace does not see the namespace's processes either: the
# connection is not listed.
exits 0 'fuse-info in a PID namespace that does not show the other mount namespace' unshare -m -p -f --mount-proc fuse-info
is 'the connection is not listed as mounted nowhere there' "$(part "$conn" <<<"$out")" ''
exits 0 'fuse-info by an ordinary user' setpriv --reuid 1777 --regid 1777 --clear-groups fuse-info
is 'an ordinary user does not see the connection of root' "$(part "$conn" <<<"$out")" ''

exits 0 'fumount --abort of a connection that is mounted elsewhere' fumount --abort "conn:$conn"
like '--abort names the mount in the other mount namespace, which is dead now' "$err" "dead as well: in the mount namespace of $elsewhere [(]sleep[)], at $T/mnt"
finish
