# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# For pass and newest: servers and their samples. In $T.

# ---- Servers: of who, at mnt/who, over src/who ----

declare -A pid=() told=()
CPUS=0
server() # server WHO COMMAND...: on CPUS, until its mount answers
{
	local who=$1; shift
	taskset -c "$CPUS" "$@" >"$T/said" 2>&1 & pid[$who]=$!
	for _ in $(seq 200); do
		if grep -q " $T/mnt/$who " /proc/self/mountinfo; then
			timeout 5 stat "$T/mnt/$who" >/dev/null 2>&1 && return
		fi
		kill -0 "${pid[$who]}" 2>/dev/null || break
		sleep 0.02
	done
	end "$who"
	[ -n "${told[$who]:-}" ] || echo "bench: $who does not start: $(head -n 1 "$T/said")"
	told[$who]=1
	return 1
}
end() # end WHO
{
	local p=${pid[$1]}
	"$BUILD/tests/tools/abort_detach" "$T/mnt/$1" 2>/dev/null
	for _ in $(seq 25); do
		kill -0 "$p" 2>/dev/null || break
		sleep 0.02
	done
	kill -9 "$p" 2>/dev/null
	wait "$p" 2>/dev/null
	unset "pid[$1]"
}
end_all()
{
	local who
	for who in "${!pid[@]}"; do end "$who"; done
}

# ---- Samples: $T/samples/WORK.WHO ----

round=0
mkdir "$T/samples"
note() # note WORK WHO FIGURE: a sample of this round
{
	[ -z "$3" ] || echo "$round $3" >>"$T/samples/$1.$2"
}
# One round of WORK by WHO. A round that fails leaves no sample. All processes run on one CPU: on
# this machine the CPUs need up to 100 us to wake each other, which would hide everything else.
sample() # sample WORK WHO COUNT [PATH]
{
	local took
	took=$(timeout 60 taskset -c 0 "$bench/files" "$1" "$T/mnt/$2/${4:-}" "$3" 2>/dev/null) && note "$1" "$2" "$took"
}
# A server answers each request with one write(2), but for FORGET.
replies() { awk '/^syscw/ { print $2 }' "/proc/${pid[$1]:-none}/io" 2>/dev/null; }
# A sample, and the round trips that one took: WORK.WHO.trips.
counted() # counted COMMAND WORK WHO COUNT
{
	local before after
	before=$(replies "$3")
	"$@" || return
	after=$(replies "$3")
	[ -z "$after" ] || note "$2" "$3.trips" "$(ratio $((after - before)) "$4")"
}
figure() # figure SAMPLES: the median, or nothing
{
	[ ! -f "$T/samples/$1" ] || figures "$T/samples/$1" | median
}
