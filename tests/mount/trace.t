#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fuse-info --trace and --top: every request is shown once, with who, what and how long; what the
# kernel keeps for it is removed however it ends.
. "$(dirname "$0")/../lib.sh"
start 120
need python3
mkdir mnt slow mute next tracefs
if ! mount -t tracefs none tracefs 2>/dev/null || [ ! -d tracefs/events/fuse ]; then
	exits 1 '--trace where the kernel has no FUSE events' fuse-info --trace=1 mnt
	finish
fi
hellofs -b "$T/mnt"
instance_of() { compgen -G "tracefs/instances/fusebox-$1-*" >/dev/null; }
# trace ARGUMENTS...: starts a trace in the background, into out and err; returns once it records.
trace()
{
	fuse-info "$@" >out 2>err </dev/null & tracer=$!; pids+=("$tracer")
	within 10 recording "$tracer"
}
recording() { local d; for d in tracefs/instances/fusebox-"$1"-*; do [ "$(cat "$d/events/fuse/fuse_request_send/enable")" = 1 ]; done; }
end() { kill "$tracer"; wait "$tracer"; status=$?; }
# requests COUNT: makes that many requests from a process of its own.
requests() { bg python3 -c 'import os, sys
for _ in range(int(sys.argv[1])): os.statvfs("mnt")' "$1"; client=$bg; wait "$client"; }
# json EXPRESSION: evaluates it with r, the objects of out, and s, the last of them.
json() { python3 -c 'import json,sys
r = [json.loads(line) for line in open("out")]; s = r.pop()
print(eval(sys.argv[1]))' "$1"; }
top() { python3 -c 'import json,sys
d = json.load(open("out")); m = {x["mountpoint"]: x for x in d["mounts"]}
o = {x["operation"]: x for x in m.get("'"$T/mnt"'", {"operations": []})["operations"]}
print(eval(sys.argv[1]))' "$1"; }

# ---- --trace ----

trace --trace mnt
requests 200
cat mnt/hello >/dev/null
end
is '--trace ends with success' "$status" 0
is '--trace prints each request once' "$(grep -c " $client python3 .* STATFS " out)" 200
like '--trace prints the lengths and the time of a request' "$(grep -m 1 STATFS out)" ' STATFS +40 +96 +[0-9]+$'
like '--trace prints the error of a reply' "$(grep OPEN out)" ' cat +OPEN +48 +16 ENOSYS +[0-9]+$'
like 'the error: fuse-info: 20[0-9] requests, 0 of them in flight; 0 sent before; 0 events lost' "$(cat err)" '^fuse-info: 20[0-9] requests, 0 of them in flight; 0 sent before; 0 events lost$'
ok 'requests are printed in the order of time' sort -c -n -k 1,1 <(grep STATFS out)
is 'the tracefs instance is removed at the end' "$(instance_of "$tracer" || echo gone)" gone

trace --trace --json mnt
requests 20
end
is 'JSON has the requests' "$(json 'len(r), {x["operation"] for x in r}, {x["command"] for x in r}')" "(20, {'STATFS'}, {'python3'})"
is 'JSON has the time of each request' "$(json 'all(abs(x["time_us"] / 1e6 - '"$(date +%s)"') < 100 for x in r)')" True
is 'JSON has the summary' "$(json 's')" "{'requests': 20, 'in_flight': 0, 'sent_before': 0, 'lost_events': 0}"

# ---- Selected requests ----

trace --trace --trace-ops=LOOKUP,READDIRPLUS mnt
ls mnt >/dev/null
stat mnt/none 2>/dev/null
requests 5
end
is '--trace-ops prints only these operations' "$(awk 'NR > 1 { print $4 }' out | sort -u | paste -sd,)" LOOKUP,READDIRPLUS
exits 1 '--trace-ops with an unknown operation' fuse-info --trace --trace-ops=READ,NONE mnt
is 'the error: fuse-info: --trace-ops: NONE: not an operation; wanted: names such as LOOKUP,READ' "$err" 'fuse-info: --trace-ops: NONE: not an operation; wanted: names such as LOOKUP,READ'
# --trace-pid includes the threads of the process.
bg python3 -c 'import os, threading, time
while not os.path.exists("go"): time.sleep(0.01)
def look():
    for _ in range(10): os.statvfs("mnt")
    time.sleep(1)
t = [threading.Thread(target=look) for _ in range(3)]
[x.start() for x in t]; [x.join() for x in t]'; client=$bg
trace --trace --trace-pid="$client" mnt
touch go
stat -f mnt >/dev/null
wait "$client"
end
is '--trace-pid prints only the requests of this process' "$(grep -c ' python3 .*STATFS' out),$(grep -c ' stat ' out)" 30,0

faulty slow "$T/slow"
trace --trace --slower=50 slow
stat -f slow >/dev/null
stat slow/none 2>/dev/null
end
like '--slower shows a request that took long' "$(cat out)" 'stat +[A-Z]+ .* [0-9]{5,}'
trace --trace --slower=50 mnt
requests 20
end
is '--slower leaves out the fast requests' "$(grep -c STATFS out)" 0

# ---- What hangs ----

faulty mute "$T/mute"
trace --trace mute
bg stat mute/none
within 5 blocked "$bg"
sleep 0.2
end
like 'a request without a reply is printed as in flight' "$(cat out)" " $bg stat +LOOKUP +[0-9]+ +- \(in flight\) +[0-9]+$"
like 'the request in flight is counted' "$(cat err)" ': 1 request, 1 of them in flight'
trace --trace --json mute
abort_detach "$T/mute"
ok '--trace ends when the mount goes' within 10 gone "$tracer"
is 'a request that was sent before is counted as such' "$(json 's["sent_before"], s["requests"]')" '(1, 0)'
# The number of a connection that is gone is given to the next one.
for how in --trace --top; do
	faulty mute "$T/mute"
	number=$(conn_of "$T/mute")
	trace "$how" --json mute
	stop "$tracer"
	abort_detach "$T/mute"
	hellofs -b "$T/next"
	diag "connection $number, then $(conn_of "$T/next")"
	ls next >/dev/null
	kill -CONT "$tracer"
	wait "$tracer"
	is "$how shows no request of the next connection" "$(grep -c INIT out)" 0
	umount next
done
# fumount --wake has the kernel send the request again, which changes its number.
mkdir woken
hellofs -b --transport=dev "$T/woken"
server=$(newest hellofs)
trace --trace woken
stop "$server"
bg stat woken/none
within 5 blocked "$bg"
exits 0 'fumount --wake of a traced mount' fumount --wake woken
kill -CONT "$server"
wait "$bg"
end
like 'a request that was sent again is printed with its end' "$(cat out)" " [A-Z]+ +[0-9]+ +[0-9]+ ETIMEDOUT +[0-9]+"
like 'a request that was sent again is neither in flight nor sent before' "$(cat err)" ', 0 of them in flight; 0 sent before'
fuse-info --trace=1 --json mnt >out
is '--trace=1 ends after a second without a request' "$(json 'len(r)')" 0

# ---- The end ----

for signal in TERM HUP; do
	trace --trace mnt
	kill -"$signal" "$tracer"; wait "$tracer"
	is "SIG$signal removes the tracefs instance" "$(instance_of "$tracer" || echo gone)" gone
done
trace --trace mnt
kill -KILL "$tracer"; wait "$tracer" 2>/dev/null
killed=$tracer
bg_timeout 20 bash -c 'fuse-info --trace=1 mnt >out'
wait "$bg"
is 'the next --trace removes the instance of a killed one' "$(instance_of "$killed" || echo gone)" gone
trace --trace mnt
mkdir tracefs/instances/fusebox-{other,12-other,}$$
fuse-info --trace=1 mnt >/dev/null 2>&1
ok 'the next --trace leaves an instance that is in use' instance_of "$tracer"
is 'the next --trace leaves the instances of other programs' "$(for i in tracefs/instances/fusebox-{other,12-other,}$$; do rmdir "$i" || echo lost; done)" ''
end
# One reader closes the pipe, and another one never reads.
fuse-info --trace mnt > >(head -n 1 >/dev/null) 2>err & tracer=$!; pids+=("$tracer")
within 10 recording "$tracer"
for _ in 1 2 3; do requests 100; sleep 0.1; done
ok '--trace ends when its reader goes away' within 10 gone "$tracer"
mkfifo fifo
exec 5<>fifo
fuse-info --trace mnt >fifo 2>/dev/null & tracer=$!; pids+=("$tracer")
within 10 recording "$tracer"
requests 5000
kill "$tracer"; sleep 0.2; kill "$tracer"
wait "$tracer"
is 'a second signal ends --trace while nobody reads its output' "$?,$(instance_of "$tracer" || echo gone)" 143,gone
exec 5>&-

# ---- What is lost ----

trace --trace mnt
stop "$tracer"
requests 100000
kill -CONT "$tracer"
end
lost=$(sed -n 's/.* \([0-9]*\) events\{0,1\} lost$/\1/p' err)
ok '--trace reports lost events' [ "${lost:-0}" -gt 0 ]
# Each request is two events: count those shown, those lost, and those whose other event was lost.
shown=$(grep -c STATFS out) before=$(sed -n 's/.* \([0-9]*\) sent before.*/\1/p' err) flying=$(grep -c 'in flight' out)
is 'shown, half-seen and lost events add up to all' $(((shown - flying) * 2 + flying + before + lost)) 200000

# ---- Names of others ----

trace --trace mnt
python3 -c 'import ctypes, os
ctypes.CDLL(None).prctl(15, b"1 \x1b[31minit", 0, 0, 0)
os.statvfs("mnt")'
end
like 'a control character in a process name is escaped' "$(cat out)" ' 1 \\033\[31minit +STATFS'

# ---- What it takes ----

user() { setpriv --reuid 65534 --regid 65534 --clear-groups "$BUILD/bin/fuse-info" "$@"; }
exits 1 '--trace by an ordinary user' user --trace=1 mnt
is '--trace names the privilege that it needs' "$err" 'fuse-info: tracefs: tracing needs root (CAP_SYS_ADMIN in the first user namespace)'
exits 1 '--trace by root of a user namespace' unshare -Ur fuse-info --trace=1 mnt
like 'the error: first user namespace' "$err" 'first user namespace'
exits 1 '--trace-pid in another PID namespace' unshare -pf --mount-proc fuse-info --trace=1 --trace-pid=1 mnt
like 'the error names the PID namespace that --trace-pid needs' "$err" '^fuse-info: --trace-pid: .*first PID namespace'
exits 1 '--trace where the kernel has no tracefs' forbid 38 430 "$BUILD/bin/fuse-info" --trace=1 mnt
is 'the error tells which kernel has tracefs' "$err" 'fuse-info: tracefs: this kernel has no tracefs; tracing needs Linux 6.12 with CONFIG_FTRACE'
exits 1 '--trace of a directory that is no FUSE mount' fuse-info --trace=1 "$T"
like 'the error: not a FUSE mount|not mounted|nothing is mounted|no FUSE mount' "$err" 'not a FUSE mount|not mounted|nothing is mounted|no FUSE mount'
exits 1 '--trace with two mounts' fuse-info --trace mnt slow
exits 1 '--slower without --trace' fuse-info --slower=3 mnt
exits 1 '--trace with a time that is no number' fuse-info --trace=x mnt
exits 1 '--top without a mount' fuse-info --top
exits 1 '--top with a time of 0' fuse-info --top=0 mnt

# ---- --top ----

fuse-info --top=2 --json mnt >out 2>err & tracer=$!; pids+=("$tracer")
within 10 recording "$tracer"
requests 300
stat mnt/another 2>/dev/null
wait "$tracer"
is '--top counts the requests' "$(top 'o["STATFS"]["count"], o["LOOKUP"]["count"]')" '(300, 1)'
is '--top has the rate in a second' "$(top '130 <= o["STATFS"]["rate"] <= 150 and 2000 <= d["milliseconds"] <= 2300')" True
is '--top has the percentiles of the time' "$(top '0 < o["STATFS"]["p50_us"] <= o["STATFS"]["p95_us"] <= o["STATFS"]["p99_us"] <= o["STATFS"]["max_us"]')" True
is '--top has the bytes of requests and replies' "$(top 'o["STATFS"]["request_bytes"], o["STATFS"]["reply_bytes"]')" '(12000, 28800)'
is '--top of one mount has no other mount' "$(top '[*m]')" "['$T/mnt']"
fuse-info --top=2 -A >out 2>err & tracer=$!; pids+=("$tracer")
within 10 recording "$tracer"
requests 10
stat -f slow >/dev/null
wait "$tracer"
like '--top -A has the first mount' "$(cat out)" $'\n'"$T/mnt, connection [0-9]+, 0 waiting"$'\n'"  STATFS +10 "
like '--top -A has the second mount' "$(cat out)" $'\n'"$T/slow, connection [0-9]+, 0 waiting"
is 'columns are aligned' "$(awk '/^OPERATION/ { n = length } /STATFS/ && length != n { bad++ } END { print bad + 0 }' out)" 0
# The request is sent in the first interval, and waits in those after it.
faulty mute "$T/mute"
fuse-info --top=1 --watch --json mute >out & tracer=$!; pids+=("$tracer")
within 10 recording "$tracer"
bg stat mute/none
within 10 bash -c '[ "$(wc -l <out)" -ge 3 ]'
kill "$tracer"
is '--top has what is in flight since an earlier interval' "$(sed -n '3s/.*"operation":"\([A-Z]*\)".*\("in_flight":[a-z0-9]*\).*/\1 \2/p' out)" 'LOOKUP "in_flight":1'
# -f: without it script(1) writes what it has read when it ends.
bg script -qefc 'fuse-info --top=1 mnt' out
within 10 grep -q OPERATION out
requests 10
ok '--top on a terminal prints a new table each second' within 10 bash -c '[ "$(grep -c OPERATION out)" -ge 3 ]'
finish
