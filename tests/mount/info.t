#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fuse-info: every state, what is told of a mount and of the kernel, and how it looks.
. "$(dirname "$0")/../lib.sh"
start 120
mkdir mnt{1..8} ctl other
mount -t fusectl none ctl
serve() { faulty "$@"; server=$(newest faulty); pids+=("$server"); }
# json EXPRESSION: evaluates it with d, the JSON that fuse-info printed last.
json() { python3 -c 'import json,sys; d = json.load(sys.stdin); m = {x["mountpoint"].split("/")[-1]: x for x in d.get("mounts", [])}; print(eval(sys.argv[1]))' "$1" <<<"$out"; }

exits 0 'fuse-info where nothing is mounted' fuse-info
like 'it reports that no FUSE file system is mounted' "$out" 'no FUSE file system is mounted'
like 'it shows what the kernel offers' "$out" "^Linux $(uname -r), FUSE 7\.[0-9]+ with [0-9]+ flags of INIT, /dev/fuse: opens"
exits 0 'fuse-info -l where nothing is mounted' fuse-info -l
exits 0 'fuse-info --stuck where nothing is mounted' fuse-info --stuck

# One of each state.
serve good -n "a source" "$T/mnt1"; good=$server
serve good "$T/mnt2"; hung=$server
serve good "$T/mnt3"; kill -KILL "$server"
serve good "$T/mnt4"; echo 1 >"ctl/$(conn_of "$T/mnt4")/abort"
cat mnt2/file >/dev/null
idle() { [ "$(cat "ctl/$(conn_of "$1")/waiting")" = 0 ]; }
within 5 idle "$T/mnt2"	# the close is told when it has happened
stop "$hung"
bg cat mnt2/none
within 5 blocked "$bg"
serve slow "$T/mnt5"
mkdir -p "mnt6/$(printf 'x%.0s' {1..60})"
hellofs -b "$(echo mnt6/x*)"
exits 0 'fuse-info with a serving, a stopped, a dead and an aborted mount' fuse-info
like 'the line of a mount that serves' "$out" $'\n'"serving +0 +[0-9]+ +$good faulty +[0-9]+ s +fuse.faulty +a source +$T/mnt1"$'\n'
like 'the line of a mount whose server is stopped' "$out" $'\n'"stopped +1 +[0-9]+ +$hung faulty .* $T/mnt2"$'\n'
like 'the line of a dead mount' "$out" $'\n'"dead +0 +[0-9]+ +- .* $T/mnt3"$'\n'
like 'the line of an aborted mount' "$out" $'\n'"(aborted|dead) .* $T/mnt4"$'\n'
like 'columns are aligned' "$(awk '/^STATE/ { c = index($0, "MOUNTPOINT") } /fusebox-test/ && index($0, "/tmp") != c { bad++ } END { print bad + 0 }' <<<"$out")" '^0$'
like 'the table suggests the next steps' "$out" $'\n\nstopped: kill -CONT PID resumes the server\nfumount -R MOUNTPOINT clears a mount that does not answer($|\n)'
unlike 'no colour but on a terminal' "$out" $'\033'
exits 0 '--json' fuse-info --json
is '--json: the states' "$(json '[m["mnt%d" % i]["state"] for i in (1, 2, 3)]')" "['serving', 'stopped', 'dead']"
is '--json: pid, user, command and threads of the server' "$(json '[m["mnt1"]["server"][k] for k in ("pid", "user", "command", "threads")]')" "[$good, 'root', 'faulty', 1]"
is '--json: the age of the server in seconds' "$(json 'm["mnt1"]["server"]["age"] < 60')" True
is '--json: when the server started' "$(json "abs(m['mnt1']['server']['started'] - $(date +%s)) < 60")" True
is '--json: a dead mount has no server' "$(json 'm["mnt3"]["server"]')" None
is '--json: what the kernel offers' "$(json '"ASYNC_READ" in d["kernel"]["init_flags"] and d["kernel"]["/dev/fuse"]')" opens
exits 0 '-l' fuse-info -l
like '-l: waiting' "$out" $'\n'"waiting +1 .* $T/mnt2"$'\n'
like '-l: idle' "$out" $'\n'"idle +0 .* $T/mnt1"$'\n'
like '-l: dead' "$out" $'\n'"dead +0 .* $T/mnt3"$'\n'
exits 0 '-l --json' fuse-info -l --json
is '-l --json: the fields of a mount' "$(json 'sorted(m["mnt1"])')" "['connection', 'mount_id', 'mountpoint', 'source', 'state', 'type', 'waiting']"
is '-l --json: connection and mount id are those of the kernel' "$(json 'm["mnt1"]["connection"], m["mnt1"]["mount_id"]')" "($(conn_of "$T/mnt1"), $(mount_line "$T/mnt1" | cut -d' ' -f1))"

exits 1 '--stuck: there is one' fuse-info --stuck
like '--stuck shows the mount that does not answer' "$out" "$T/mnt2"$'\n'
unlike '--stuck shows no other mount' "$out" 'mnt1|mnt3'
exits 1 '--stuck=0' fuse-info --stuck=0
exits 2 '--stuck: a failure is another status' fuse-info --stuck=0.5 --json
exits 1 '--stuck=1 --json' fuse-info --stuck=1 --json
is '--stuck --json shows that mount alone' "$(json '[*m]')" "['mnt2']"
# Other connections do not change a verdict: one is busy all the time, another one hangs.
serve mute "$T/mnt7"; mute=$server
bg stat mnt7/none
bg python3 -c 'import os, time
while True:
    for _ in range(8): os.statvfs("mnt1")
    time.sleep(0.001)'
busy=$bg
hellofs -b "$T/mnt8"
user() { setpriv --reuid 65534 --regid 65534 --clear-groups "$BUILD/bin/fuse-info" "$@"; }
# The user, too, waits for root's stopped server, and not for the lock of the directory.
bg setpriv --reuid 65534 --regid 65534 --clear-groups stat -f mnt2
user_waits=$bg
ok 'a request of a user waits for the stopped server, beside that of root' within 5 grep -q '^2' "ctl/$(conn_of "$T/mnt2")/waiting"
# root's slow server answers, but three clients keep its queue full.
clients=()
for _ in 1 2 3; do bg bash -c 'until stat mnt5/none; do :; done 2>/dev/null'; clients+=("$bg"); done
for _ in 1 2 3; do
	# A server that is not visible is not reported as hung.
	exits 0 'fuse-info in a PID namespace that does not show the servers' timeout -k 1 10 unshare -pf --kill-child --mount-proc bash -c \
		'stat -f mnt2 & sleep 0.2; fuse-info mnt2 mnt1; kill $!'
	is 'two mounts whose servers are not visible are unknown' "$(awk '$1 == "state" { print $2 }' <<<"$out" | paste -sd' ')" 'unknown unknown'
	like 'it tells how many requests wait, and for how long' "$out" $'waiting +3\n +waited_ms +[0-9]{3,4}\n'
	exits 0 '--json by an ordinary user, with servers of root' user --json
	is 'mounts with servers of root are unknown to a user, neither hung nor dead' "$(json 'm["mnt8"]["state"], m["mnt5"]["state"]')" "('unknown', 'unknown')"
done
kill "${clients[@]}"
exits 1 '--stuck=0, which does not watch' fuse-info --stuck=0 --json
is '--stuck=0: with waiting requests, the state is unknown or stopped' "$(json 'm["mnt7"]["state"], m["mnt2"]["state"]')" "('unknown', 'stopped')"
serve silent "$T/mnt6"
# The silent server may still be on its way to sleep at the first look.
has_four_states() { out=$(fuse-info --json) && [ "$(json '[m["mnt%d" % i]["state"] for i in (2, 6, 7, 8)]')" = "['stopped', 'starting', 'hung', 'serving']" ]; }
ok '--json with a stopped, a starting, a hung and a busy server: each has its own state' within 5 has_four_states
is 'waited_ms of those that do not answer, and 0 of the busy one' "$(json '[900 < m["mnt%d" % i]["waited_ms"] < 5000 * '"$SLOWNESS"' for i in (2, 6, 7)], m["mnt8"]["waited_ms"]')" '([True, True, True], 0)'
kill "$busy" "$user_waits"
kill -KILL "$server" "$mute"
fumount -l mnt6 mnt7 mnt8
kill -CONT "$hung"
within 2 grep -q '^0' "ctl/$(conn_of "$T/mnt2")/waiting"
exits 0 '--stuck once the server continues' fuse-info --stuck
bg bash -c 'while cat mnt5/none; do :; done 2>/dev/null; while :; do cat mnt5/none; done' 2>/dev/null
sleep 0.3
exits 0 'slow is not stuck' fuse-info --stuck=2
kill "$bg"

# One mount is starting, and one is aborted, whose server goes on.
serve silent "$T/mnt7"
exits 0 '--json while INIT is not answered' fuse-info --json
is 'a mount whose INIT is not answered is starting' "$(json 'm["mnt7"]["state"]')" starting
echo 1 >"ctl/$(conn_of "$T/mnt7")/abort"
exits 0 'fuse-info of an aborted connection whose server goes on' fuse-info --json mnt7
is 'its state is aborted, not dead' "$(json 'm["mnt7"]["state"]')" aborted
is 'the server of an aborted connection is named' "$(json 'm["mnt7"]["server"]["pid"]')" "$server"
kill -KILL "$server"

# A stopped server without waiting requests. (Closing an open file would be a request.)
stop "$good"
exits 0 'fuse-info of a mount whose server is stopped' timeout 5 fuse-info mnt1
like 'in full: the server is stopped' "$out" 'state +stopped'
like 'in full: how to resume and how to clear' "$out" $'\n'"  to_resume +kill -CONT $good"$'\n'"  to_clear +fumount -R $T/mnt1\$"
like 'in full: the line of the server says stopped' "$out" 'server .*, stopped'
exits 0 'the table with a stopped server' timeout 5 fuse-info
like 'the table says stopped even if no request waits' "$out" $'\n'"stopped +0 +[0-9]+ +$good faulty "
exits 0 '--stuck counts no stopped server for which no request waits' fuse-info --stuck
kill -CONT "$good"
if freezer=$(awk '$9 == "cgroup2" || / - cgroup2 / { print $5; exit }' /proc/self/mountinfo) && [ -n "$freezer" ] &&
	mkdir "$freezer/fusebox-test.$$" 2>/dev/null && [ -e "$freezer/fusebox-test.$$/cgroup.freeze" ]; then
	freezer+=/fusebox-test.$$
	from=$(sed -n 's/^0:://p' "/proc/$good/cgroup")
	echo "$good" >"$freezer/cgroup.procs"
	echo 1 >"$freezer/cgroup.freeze"
	within 2 grep -q 'frozen 1' "$freezer/cgroup.events"
	exits 0 'frozen by a cgroup' timeout 5 fuse-info mnt1
	like 'a server that a cgroup freezes is stopped' "$out" 'state +stopped'
	echo 0 >"$freezer/cgroup.freeze"
	echo "$good" >"${freezer%/*}/$from/cgroup.procs"
	rmdir "$freezer"
else
	skip 'frozen by a cgroup' 'no cgroup2 to be made'
fi

# A server keeps the descriptor of a connection that has ended: its number is free, and the next
# mount gets it.
serve good "$T/mnt8"
past=$server
stop "$past"
number=$(conn_of "$T/mnt8")
umount -l mnt8
# If other processes unmount meanwhile, lower numbers become free and are given first.
for _ in {1..16}; do
	serve good "$T/mnt8"
	[ "$(conn_of "$T/mnt8")" != "$number" ] || break
done
is 'a new mount gets the number of an earlier connection' "$(conn_of "$T/mnt8")" "$number"
exits 0 'fuse-info of a mount with a reused connection number' fuse-info --json mnt8
is 'its server is that of the new connection' "$(json 'm["mnt8"]["server"]["pid"]')" "$server"
while mounted "$T/mnt8"; do umount mnt8 || break; done
kill -KILL "$past"

# One in full.
exec 7<mnt1/file
mount --bind mnt1 other
mount --make-shared other
unshare -m --propagation private sleep 100 & elsewhere=$!
pids+=("$elsewhere")
within 2 grep -q "$T/mnt1" "/proc/$elsewhere/mountinfo"
line=$(mount_line "$T/mnt1")
exits 0 'fuse-info of one mount' fuse-info mnt1
read -r id parent device _ _ options _ <<<"$line"
for fact in "state +serving" "type +fuse.faulty" "source +a source" "options +$options" "fs_options +rw,user_id=0,group_id=0,allow_other" \
	"owner +root" "mount_id +$id" "parent_id +$parent" "propagation +private" "device +$device" \
	"connection +${device#*:}" "server +$good \(faulty\) of root, 1 thread, for [0-9]+ (s|min)" "waiting +0" \
	"max_background +[0-9]+" "congestion_threshold +[0-9]+" "held_by +$$ \(bash\) of root: open file $T/mnt1/file" \
	"also_at +$T/other" "also_in +$T/mnt1, the mount namespace of $elsewhere \(sleep\)"; do
	like "in full: ${fact%% *}" "$out" "(^|"$'\n'")  $fact($|"$'\n'")"
done
exits 0 'fuse-info of the bind mount' fuse-info other
like 'the bind mount is shared' "$out" 'propagation +shared:[0-9]+'
exits 0 '--json of one mount' fuse-info --json mnt1
is '--json: the holders' "$(json '[h["file"] for h in m["mnt1"]["holders"] if h["pid"] == '$$']')" "['$T/mnt1/file']"
is '--json: the other mounts of the file system' "$(json '[a["mountpoint"] for a in m["mnt1"]["also"]]')" "['$T/other', '$T/mnt1', '$T/other']"
exits 0 'fuse-info of a source' fuse-info 'a source'
is 'a source selects both of its mounts' "$(grep -c '^/' <<<"$out")" 2
exits 0 'fuse-info of conn:N' fuse-info "conn:${device#*:}"
exits 0 'fuse-info of mnt-id:N' fuse-info "mnt-id:$id"
is 'mnt-id:N shows one mount' "$(grep -c '^/' <<<"$out")" 1
exits 0 'fuse-info of two mounts' fuse-info mnt1 mnt3
for word in nothing mnt8 conn:99999 conn:x mnt-id:0 /proc; do exits 1 "not a mount: $word" fuse-info "$word"; done
like 'the error: not a FUSE mount' "$err" 'not a FUSE mount'
exits 1 '-k with -l is a usage error' fuse-info -k -l
exits 1 '-A with -N is a usage error' fuse-info -A -N 1
exits 2 '--stuck takes a number' fuse-info --stuck=x
exits 1 '--watch takes no 0' fuse-info --watch=0
is 'the error names the options, and what they take' "$err" 'fuse-info: --stuck and --watch take whole seconds, --watch at least 1; see fuse-info --help'

# Other mount namespaces.
umount mnt3
exits 0 '-N PID: the mounts of another mount namespace' fuse-info -l -N "$elsewhere"
like '-N PID shows the mount there' "$out" "$T/mnt3"
exits 0 '-A' fuse-info -A -l
like '-A: a heading for the other mount namespace' "$out" "in the mount namespace [0-9]+, of $elsewhere \(sleep\):"
is '-A shows a mount in both mount namespaces' "$(grep -c "$T/mnt1\$" <<<"$out")" 2
exits 0 '-A -n' fuse-info -Anl
unlike '-A -n: no heading for a mount namespace' "$out" 'in the mount'
exits 0 '-A --json' fuse-info -A --json
is '-A --json names a process of the mount namespace' "$(json '[x.get("namespace_of") for x in d["mounts"] if x["mountpoint"] == "'"$T"'/mnt3"]')" "['$elsewhere']"
exits 1 '-N: no such process' fuse-info -N 999999999
kill "$elsewhere"
exec 7<&-

# Every flag that the kernel offers is shown by the name that linux/fuse.h gives it.
exits 0 '-k' fuse-info -k
for fact in "linux +$(uname -r)" 'file_systems +fuse fuseblk fusectl' '/dev/fuse +opens' 'protocol +7\.[0-9]+' \
	'parameters .*max_user_bgreq=[0-9]+' 'max_readahead +[0-9]+'; do
	like "-k: ${fact%% *}" "$out" "$fact"
done
[ ! -e /proc/sys/fs/fuse/max_pages_limit ] || like '-k: sysctls' "$out" "max_pages_limit=$(cat /proc/sys/fs/fuse/max_pages_limit)"
exits 0 '-k --json' fuse-info -k --json
unlike 'no flag is without a name' "$(json 'd["kernel"]["init_flags"]')" bit_
is '-k leaves no mount behind' "$(own_mounts | wc -l)" 7
flags=$(json '" ".join(d["kernel"]["init_flags"])')
if header=$(ls /usr/include/linux/fuse.h); then
	# shellcheck disable=SC2016 # awk's
	strange=$(for f in $flags; do grep -Eq "define FUSE_${f}[[:space:]]" "$header" "$top/include/fuse_kernel.h" || echo "$f"; done)
	is 'each flag of INIT that fuse-info names is in linux/fuse.h or newer' "$strange" ''
fi
bits=$(awk '/^#define FUSE_/ && /<< / { n = $2; sub(/FUSE_/, "", n); b = $5; sub(/\).*/, "", b); if (!(b in seen) && n !~ /UNIQUE/) { seen[b] = 1; print b, n } }
	/FUSE_REQUEST_TIMEOUT/ { exit }' "$top/include/fuse_kernel.h" | sort -n | awk '{ print $2 }' | paste -sd' ')
named=$(strings -n 2 "$BUILD/fusebox.full" 2>/dev/null | awk 'sub(/^.*ASYNC_READ$/, "ASYNC_READ") { on = 1 } on { print } /^REQUEST_TIMEOUT$/ { exit }' | paste -sd' ')
is 'the names of flags are in the order of the bits' "$named" "$bits"
exits 0 'fuse-info -k by a user who may not open /dev/fuse' setpriv --reuid 65534 --regid 65534 --clear-groups "$BUILD/bin/fuse-info" -k
like '-k tells an ordinary user the protocol, or why it is not known' "$out" 'protocol +7|not known:'
own_dev
exits 0 'fuse-info -k by a user who may open /dev/fuse' setpriv --reuid 65534 --regid 65534 --clear-groups "$BUILD/bin/fuse-info" -k
like '-k by a user who may open /dev/fuse asks in a user namespace' "$out" 'protocol +7'
exits 0 'an ordinary user lists the mounts of other users' setpriv --reuid 65534 --regid 65534 --clear-groups "$BUILD/bin/fuse-info"
like 'their state is serving or unknown' "$out" "serving|unknown"
give_dev_back

# On a terminal.
terminal() { local c=$1; shift; script -qec "stty cols $c rows 50; $*" /dev/null </dev/null | tr -d '\r'; }
screen=$(NO_COLOR='' TERM=linux terminal 80 fuse-info)
like 'on a terminal: serving is green' "$screen" $'\033\\[32mserving\033\\[0m'
like 'on a terminal: dead is bold red' "$screen" $'\033\\[1;31mdead'
plain=$(NO_COLOR=1 TERM=linux terminal 80 fuse-info)
unlike 'no colour with NO_COLOR' "$plain" $'\033'
unlike 'no colour with TERM=dumb' "$(TERM=dumb terminal 80 fuse-info)" $'\033'
is 'no line is wider than the terminal' "$(awk 'length > 80' <<<"$plain")" ''
like 'the end of a long path is what is shown' "$plain" ' \.\.\.[^ ]*x{20}'$'\n'
is 'no line is wider than a terminal of 132 columns' "$(NO_COLOR=1 TERM=linux terminal 132 fuse-info | awk 'length > 132')" ''
is 'no line of -k is wider than the terminal' "$(TERM=linux terminal 60 fuse-info -k | awk 'length > 60')" ''
screen=$(TERM=linux terminal 80 timeout 2.5 fuse-info -l --watch=1)
rounds=$(grep -o STATE <<<"$screen" | wc -l)
is '--watch clears the screen before each round' "$(grep -o $'\033\\[H\033\\[2J' <<<"$screen" | wc -l)" "$rounds"
ok '--watch=1: two rounds at least in 2.5 s' test "$rounds" -ge 2

# Each round samples anew.
hellofs -b "$T/mnt8"
server=$(newest hellofs)
fuse-info --watch=1 --json mnt8 >rounds & watching=$!
pids+=("$watching")
served_by() { tail -n 1 rounds | grep -q "\"pid\":$1,"; }
ok '--watch shows the server' within 5 served_by "$server"
kill -KILL "$server"
ok '--watch shows that the server has died' within 5 eval 'tail -n 1 rounds | grep -q "\"state\":\"dead\""'
fumount mnt8
hellofs -b "$T/mnt8"
ok '--watch shows the next server' within 5 served_by "$(newest hellofs)"
kill "$watching"
fumount mnt8
fuse-info --watch=1 >rounds & watching=$!
pids+=("$watching")
has_shown() { [ "$(grep -c '^---- ' rounds)" -ge "$1" ]; }
within 10 has_shown 2
memory=$(awk '/^VmRSS/ { print $2 }' "/proc/$watching/status")
within 20 has_shown 5
ok '--watch takes no more memory with time' test "$(awk '/^VmRSS/ { print $2 }' "/proc/$watching/status")" -lt $((memory + 64))
kill "$watching"

# Hostile names take one line each, and no control character reaches the terminal.
evil=$'e\nvil\033[31m\\\t'
mkdir "$evil"
hellofs -b -o "fsname=so$(printf '\033')urce" "$evil"
exits 0 'fuse-info with control characters in source and path' fuse-info
like 'control characters in names are escaped' "$out" 'so\\033urce +'"$T"'/e\\nvil\\033\[31m\\\\\\t'
unlike 'no escape character reaches the terminal' "$out" $'\033'
exits 0 '-l --json with control characters in a path' fuse-info -l --json
is 'JSON has the path as it is' "$(json '[x["mountpoint"] for x in d["mounts"]][-1] == "'"$T"'/e\nvil\x1b[31m\\\t"')" True
mkdir $'\377'
hellofs -b $'\377'
exits 0 '-l --json with a path that is not UTF-8' fuse-info -l --json
is 'a byte that is not UTF-8 becomes U+FFFD in JSON' "$(json 'ascii([x["mountpoint"] for x in d["mounts"]][-1][-1])')" "'\\ufffd'"

# A connection with more mounts than fuse-info shows at once.
mkdir many bind-{1..17}
hellofs -b many
for i in bind-*; do mount --bind many "$i"; done
exits 0 'fuse-info of a connection with 18 mounts' fuse-info "conn:$(conn_of "$T/many")"
like 'the error: only the first 16 mounts are shown; fuse-info -l lists all' "$err" 'only the first 16 mounts are shown; fuse-info -l lists all'
finish
