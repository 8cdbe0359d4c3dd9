#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# For SOAK_SECONDS (ten minutes; 3600 before a release): mixed load on servers that stay, by
# /dev/fuse and by io_uring, whose memory and descriptors must not grow, and on one that is
# killed, aborted, unmounted busy and mounted again all the time, with other options each time. Another
# process works in SOURCE. All data is verified. SOAK_OPTIONS are options for the servers that stay
# (--no-passthrough); "each": one set after the other.
. "$(dirname "$0")/lib.sh"
length=${SOAK_SECONDS:-600} runtime=5
[ "$length" -ge 60 ] || runtime=2
if [ "${SOAK_OPTIONS:-}" = each ]; then
	start $(((length + 300) * ${#configs[@]}))
	each SOAK_OPTIONS $((length + 300)) 'soak passfs'
fi
start $((length + 300))
need fio
begin_configs
switch_uring Y
mkdir ctl logs
mount -t fusectl none ctl
stays=(dev uring)
workers=(replace append map stir)

for how in "${stays[@]}" struck; do
	mkdir "src.$how" "mnt.$how"
	mount -t tmpfs none "src.$how"
done
# --locks and --sandbox exclude io_uring.
transport() { [[ "${*:2}" = *--locks* || "${*:2}" = *--sandbox* ]] || echo --transport="$1"; } # transport HOW OPTION...
declare -A server
for how in "${stays[@]}"; do
	read -ra options <<<"${SOAK_OPTIONS---no-passthrough}"
	# shellcheck disable=SC2046 # none, or one
	exits 0 "passfs, $how" passfs -b --threads=2 $(transport "$how" "${options[@]}") "${options[@]}" "src.$how" "mnt.$how"
	server[$how]=$(newest passfs)
	pids+=("${server[$how]}")
done

# work HOW ROUND: works for some seconds, removes everything, and has the kernel forget its inodes.
work()
{
	local how=$1 at=mnt.$1/$2 w clients=()
	mkdir "$at"
	start_neighbour "src.$how" "mnt.$how"
	for w in "${workers[@]}"; do
		mkdir "$at/$w"
		durable "$w" "$at/$w" "logs/$how.$w" >"logs/$how.$w.out" 2>&1 &
		clients+=($!)
	done
	run_fio --name=verify --directory="$at" --size=8M --rw=randrw --bs=4k-64k --verify=crc32c --verify_fatal=1 \
		--do_verify=1 --time_based --runtime="$runtime" --output=/dev/null >>faults || echo "$how: fio" >>faults
	kill "${clients[@]}"
	wait "${clients[@]}" 2>/dev/null
	for w in "${workers[@]}"; do
		durable -c "$w" "$at/$w" "logs/$how.$w" >>faults 2>&1 || echo "$how: $w" >>faults
		rm -f "logs/$how.$w"
	done
	end_neighbour "src.$how" >>faults 2>&1 || echo "$how: neighbour" >>faults
	rm -rf "$at" || echo "$how: rm" >>faults
	[ "$(ls -A "src.$how")" = '' ] || echo "$how: left" >>faults
}

# The data that fsync(2) has confirmed is safe, however the server ends.
strike()
{
	local w pid clients=() end=$((RANDOM % 4)) config=${configs[RANDOM % ${#configs[@]}]} options
	read -ra options <<<"$config"
	# shellcheck disable=SC2046 # none, or one
	passfs -b $(transport "${stays[RANDOM % 2]}" "${options[@]}") "${options[@]}" src.struck mnt.struck 2>struck.err ||
		{ echo "struck: $config: $(cat struck.err)" >>faults; return; }
	pid=$(newest passfs)
	for w in "${workers[@]}"; do
		mkdir -p "src.struck/$w"
		durable "$w" "mnt.struck/$w" "logs/$w" >/dev/null 2>&1 &
		clients+=($!)
	done
	sleep "1.$((RANDOM % 1000))"
	case $end in
	0) kill -KILL "$pid" ;;
	1) timeout 20 fumount --abort mnt.struck ;;
	2) kill -STOP "$pid"; timeout 20 fumount -R -f mnt.struck; kill -KILL "$pid" ;;
	3) for _ in {1..60}; do kill "$pid" || break; sleep 0.3; done ;;	# two may come as one
	esac >/dev/null 2>&1
	wait "${clients[@]}" 2>/dev/null
	timeout 20 fumount -R -f mnt.struck >/dev/null 2>&1
	within 5 unmounted "$T/mnt.struck" || echo "struck: $end $config: mounted" >>faults
	within 5 gone "$pid" || { echo "struck: $end $config: server" >>faults; kill -KILL "$pid"; }
	for w in "${workers[@]}"; do durable -c "$w" "src.struck/$w" "logs/$w" >>faults 2>&1 || echo "struck: $end $config: $w" >>faults; done
	echo >>strikes
}
strikes() { while [ ! -e over ]; do strike; done; }
: >faults
: >strikes
: >sizes
strikes & pids+=($!)
striker=$!

# Each round appends a line for each server: memory in KiB, and descriptors.
sample()
{
	local how
	echo 2 >/proc/sys/vm/drop_caches
	sleep 0.5
	for how in "${stays[@]}"; do
		echo "$how $(awk '$1 == "Rss:" { print $2 }' "/proc/${server[$how]}/smaps_rollup") $(find "/proc/${server[$how]}/fd" -mindepth 1 | wc -l)"
	done >>sizes
}
until=$((SECONDS + length)) rounds=0
while [ $SECONDS -lt $until ] || [ $rounds -lt 3 ]; do
	rounds=$((rounds + 1))
	for how in "${stays[@]}"; do work "$how" $rounds; done
	[ $rounds = 1 ] || sample	# by then each server has all of its threads
done
touch over
wait "$striker"

is 'all data is as it was written' "$(head -n 20 faults)" ''
ok "struck $(wc -l <strikes) times in $rounds rounds" test "$(wc -l <strikes)" -gt $((length / 20))
for how in "${stays[@]}"; do
	# Compare the maximum of the second half with that of the first.
	mapfile -t halves < <(awk -v how="$how" '$1 == how { kib[++n] = $2; fds[n] = $3 }
		END { for (i = 1; i <= n; i++) { h = i > n / 2; if (kib[i] > k[h]) k[h] = kib[i]; if (fds[i] > f[h]) f[h] = fds[i] }
		print k[0] + 0; print k[1] + 0; print f[0] + 0; print f[1] + 0 }' sizes)
	ok "$how: memory is flat: ${halves[0]} KiB, then ${halves[1]}" test "${halves[1]}" -le $((halves[0] + 64)) ||
		diag "$(awk -v how="$how" '$1 == how { print $2 " KiB, " $3 " descriptors" }' sizes)"
	is "$how: as many descriptors in the second half as in the first" "${halves[3]}" "${halves[2]}"
	exits 0 "$how: unmounts" fumount "mnt.$how"
	ok 'the server ends after fumount' within 5 gone "${server[$how]}"
	umount "src.$how"
done
umount src.struck ctl
finish
