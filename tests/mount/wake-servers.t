#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fumount --wake, of servers in other namespaces, that a debugger or a cgroup holds, and that end meanwhile; a
# process that gets the number of a server that has ended is left alone.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/wake.sh"
own_pids	# whose numbers it chooses
start 200
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP takes root'; exit 0; }
begin_wake

# wakes NAME COMMAND...: the command wakes who waits, and the server then works.
wakes()
{
	exits 0 "$1: woken" timeout 20 "${@:2}"
	ok "nobody waits" within 2 all_over
	is 'each got the error' "$(results)" 'read=110*1 stat=110*1 '
}
works_again()
{
	come_back
	is 'then the mount works' "$(timeout 5 ls mnt 2>&1 | wc -l)" 5
	finished
	over
}
two_wait()
{
	begin -k stat,read
	hang
	go
	within 5 all_wait
}
mount_is_there() { grep -q " $T/mnt " "/proc/$1/mountinfo"; }

# ---- Another fumount --wake ----

serve -t 3
two_wait
# The second one begins while the first holds the server, before it has the kernel send the requests again.
wakes 'two at once' at_call -c writev -n 1 -a '(fumount --wake -f mnt; echo "status $?") >second 2>&1 & sleep 1; cp second early' fumount --wake -f mnt
is 'the second one does nothing while the first holds the server' "$(cat early)" ''
ok 'the second one waits for its turn' within 5 grep -q '^status 0' second
diag "$(cat second)"
ok 'no thread stands still' within 2 none_stopped "$server"
works_again

serve -t 2 -u
two_wait
ok 'the kernel runs a thread of the server' grep -q iou-sqp "/proc/$server/task"/*/comm
wakes 'a server with an io_uring' fumount --wake -f mnt
ok 'no thread stands still' within 2 none_stopped "$server"
works_again

# Its children have the device open, too: more of them than fumount may have descriptors at first.
for tool in '' 'at_call -t'; do
	serve -t 2 -f 200
	two_wait
	wakes "a server and 200 children with its device${tool:+, of which fdinfo does not tell}" sh -c "ulimit -Sn 100; exec $tool fumount --wake -f mnt"
	works_again
done

# The woken processes run for a while, and then wait again, as they close their files.
serve -t 4
begin -k read,stat -s 400
hang; go
within 5 all_wait
exits 0 '--wake of processes that run and wait again' wake -f mnt
ok 'they do not wait for what they close' within 1 all_over
come_back
finished
over

# ---- Namespaces ----

# The server is the only child of unshare(1), which does not exec.
bg unshare -p -f --kill-child backend "$T/stats" "$T/mnt"
within 5 mounted "$T/mnt"
server=$(child_named backend "$bg") conn=$(conn_of "$T/mnt")
two_wait
wakes 'a server in another PID namespace' fumount --wake -f mnt
ok 'it does not stand still' none_stopped "$server"
works_again

# Where the server does not see the callers, they have no pid there.
bg unshare -p -f --kill-child backend "$T/stats" "$T/mnt"
within 5 mounted "$T/mnt"
server=$(child_named backend "$bg") conn=$(conn_of "$T/mnt")
two_wait
exits 0 'its requests, from outside of its PID namespace' fumount --wake --dry-run -f mnt
like 'are not said to be the kernel'"'"'s' "$err" 'by the kernel, or from outside of its PID namespace'
for by in --older=0 "--pid=$$"; do
	exits 32 "$by cannot tell who waits" fumount --wake -f "$by" mnt
	like "$by: says so" "$err" 'of another PID namespace, from which --older and --pid cannot tell who waits'
done
wakes 'without these' fumount --wake -f mnt
works_again

serve
two_wait
exits 1 'from a PID namespace where the server is not visible' timeout 10 unshare -p -f --mount-proc --kill-child fumount --wake -f mnt
like 'it is refused' "$err" 'its server is not visible; run this with CAP_SYS_PTRACE, outside of PID namespaces'
is 'and nobody is woken' "$(results)" ''
wakes 'by the one who sees it' fumount --wake -f mnt
works_again

for how in '-m' '-Ur -m'; do
	read -ra options <<<"$how"
	bg unshare "${options[@]}" --propagation private backend "$T/stats" "$T/mnt"
	server=$bg
	within 5 mount_is_there "$server" || bail "backend in unshare $how does not mount"
	conn=$(awk -v at="$T/mnt" '$5 == at { sub(".*:", "", $3); print $3 }' "/proc/$server/mountinfo")
	inside=(nsenter -t "$server" -U -m --preserve-credentials)
	[ "$how" != -m ] || inside=(nsenter -t "$server" -m)
	for from in "fumount --wake -f conn:$conn" "fumount --wake -f -N $server $T/mnt" "${inside[*]} fumount --wake -f $T/mnt"; do
		rm -f in waited
		mkfifo in
		"${inside[@]}" waiters -k stat,read "$T/mnt" <in >waited 2>waited.err & waiters=$!
		exec 8>in
		within 5 grep -q ready waited || bail "waiters: $(cat waited.err)"
		hang
		go
		within 5 all_wait
		read -ra command <<<"$from"
		wakes "a server in unshare $how, by ${from%% *} ${from##* -f }" "${command[@]}"
		ok 'it does not stand still' none_stopped "$server"
		come_back
		finished
		is 'then the mount works' "$(timeout 5 "${inside[@]}" ls "$T/mnt" 2>&1 | wc -l)" 5
	done
	kill -KILL "$server"
	within 5 gone "$server"
done

# ---- Held by others ----

for how in '' -r; do
	serve -t 3
	two_wait
	mkfifo debugger.in
	debugger ${how:+"$how"} "$server" <debugger.in >debugger.out 2>&1 & debugger=$!
	pids+=("$debugger")
	exec 9>debugger.in
	within 5 grep -q ready debugger.out
	if [ -z "$how" ]; then
		wakes 'a server that a debugger has stopped' fumount --wake -f mnt 9>&-
		is 'the debugger still has it' "$(state_of "$server")" t
	else
		exits 1 'a server that runs under a debugger' timeout 20 fumount --wake -f mnt 9>&-
		like 'is refused, and the debugger named' "$err" "process $server, is traced by process $debugger \\(debugger\\); end that first"
		is 'nobody is woken' "$(results)" ''
	fi
	exec 9>&-
	wait "$debugger"
	rm debugger.in
	[ -z "$how" ] || wakes 'when it has ended' fumount --wake -f mnt
	ok 'no thread stands still' within 2 none_stopped "$server"
	works_again
done

if freezer=$(awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo) && [ -n "$freezer" ] &&
	mkdir "$freezer/fusebox-wake.$$" 2>/dev/null && [ -e "$freezer/fusebox-wake.$$/cgroup.freeze" ]; then
	cgroup=$freezer/fusebox-wake.$$
	serve -t 3
	two_wait
	echo "$server" >"$cgroup/cgroup.procs"
	echo 1 >"$cgroup/cgroup.freeze"
	within 2 grep -q 'frozen 1' "$cgroup/cgroup.events"
	wakes 'a server that a cgroup has frozen' fumount --wake -f mnt
	ok 'it is frozen as it was' within 2 grep -q 'frozen 1' "$cgroup/cgroup.events"
	echo 0 >"$cgroup/cgroup.freeze"
	ok 'then no thread stands still' within 2 none_stopped "$server"
	works_again
	within 5 rmdir "$cgroup"
else
	skip 'a server that a cgroup has frozen' 'no cgroup2 to be made'
fi

# ---- It ends meanwhile ----

export AT_CALL_COUNT=$T/count
serve -t 2
two_wait
timeout 20 at_call fumount --wake -f mnt >/dev/null 2>&1
read -r calls first <count
come_back
finished
over
late=0 wrong=
for n in $((first - 30)) $((first - 12)) $((first - 6)) $((first - 3)) "$first" $((first + 1)) $((first + 3)) $((first + 5)) \
	$((first + 8)) $((first + 12)) $((first + 16)) $((first + 20)) $((first + 25)) $((first + 30)) $((first + 40)) $((first + 60)); do
	serve -t 2
	two_wait
	rm -f struck
	timeout 20 at_call -n "$n" -a "kill -KILL $server; echo >struck" fumount --wake -f mnt >said 2>&1 8>&-
	code=$?
	[ ! -e struck ] || late=$((late + 1))
	[[ $code = 0 || $code = 32 ]] || wrong+="call $n: exit $code: $(cat said); "
	within 2 all_over || wrong+="call $n: somebody waits: $(cat said waited); "
	within 2 gone "$server" || wrong+="call $n: the server is left; "
	finished
	over
done
is 'a server that is killed meanwhile: fumount ends, and nobody waits' "$wrong" ''
ok "at each of $late calls" [ "$late" -ge 10 ]

# ---- Another process sends a request meanwhile ----

# Before Linux 6.10, where no request waits to be read, fumount sends one of its own, by its last fstatfs(2).
mkdir old
echo 6.1.0-9 >old/release
mount --bind old/release /proc/sys/kernel/osrelease
printf 'timeout 60 stat mnt/f8 >/dev/null 2>&1 &\nsleep 0.3\necho >struck\n' >another
wake_at() # wake_at N
{
	serve -a
	two_wait
	sleep 0.2
	timeout 20 at_call -o -c fstatfs -n "$1" -a 'sh another' fumount --wake=ETIMEDOUT -f mnt >said 2>&1 8>&- || wrong+="call $1: $(cat said); "
	within 2 all_over || wrong+="call $1: somebody waits: $(cat waited); "
	over
	finished
}
wrong=''
wake_at 1000
read -r calls _ <count
rm -f struck
for n in $((calls - 1)) "$calls"; do wake_at "$n"; done
is 'another request right before its own: fumount ends what waits' "$wrong" ''
ok 'there was one' test -e struck
umount /proc/sys/kernel/osrelease

# ---- Its number is another's meanwhile ----

# The server is a grandchild, so that nobody but the first process is to reap it.
mkdir mnt2
cat >swap <<'END'
kill -KILL "$1"
while [ -e "/proc/$1" ]; do :; done
until [ "$decoy" = "$1" ]; do	# /proc forgets a number a little before it is free
	echo $(($1 - 1)) >/proc/sys/kernel/ns_last_pid
	sh -c '[ "$$" = "$1" ] && exec backend "$PWD/stats2" "$PWD/mnt2"' sh "$1" </dev/null >/dev/null 2>&1 &
	decoy=$!
done
echo "$decoy" >decoy
while ! grep -q "$PWD/mnt2" /proc/self/mountinfo; do :; done
END
for call in pidfd_open pidfd_getfd ptrace; do
	(backend "$T/stats" "$T/mnt" & echo $! >pid)
	server=$(cat pid)
	within 5 mounted "$T/mnt"
	conn=$(conn_of "$T/mnt")
	timeout 5 ls mnt >/dev/null
	two_wait
	timeout 20 at_call -c "$call" fumount --wake --dry-run -f mnt >/dev/null 2>&1 8>&-
	read -r calls _ <count
	n=1
	[ "$call" = ptrace ] || n=$calls	# the pass comes last
	exits 32 "the server's number is another process's before $call" timeout 20 at_call -c "$call" -n "$n" -a "sh swap $server" \
		fumount --wake -f mnt 8>&-
	like 'it says so' "$err" 'its server ended or changed meanwhile'
	is 'it was another' "$(cat decoy)" "$server"
	ok 'which does not stand still' none_stopped "$server"
	rm -f stats2
	kill -HUP "$server"
	within 5 test -e stats2
	like 'and has got nothing a second time' "$(cat stats2)" ' resent=0 '
	ok 'nobody waits for the one that ended' within 2 all_over
	finished
	umount -l mnt
	abort_detach "$T/mnt2"
	within 5 gone "$server"
done
finish
