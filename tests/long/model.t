#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Random calls on a passfs mount and on the file system itself, which must not differ, while
# another process works in SOURCE; then SOURCE is compared as well. MODEL_SEED, MODEL_SEEDS and
# MODEL_STEPS repeat a run (a failure tells its seed; one is enough), and MODEL_TRACE=1 shows
# each call.
. "$(dirname "$0")/lib.sh"
start 900
begin_configs
seed=${MODEL_SEED:-$((RANDOM * 1000))} seeds=${MODEL_SEEDS:-30} steps=${MODEL_STEPS:-2000}
diag "MODEL_SEED=$seed MODEL_SEEDS=$seeds MODEL_STEPS=$steps"

# Runs one seed after another in directories of its own, which no link to ../ leaves; $1 of two.
worker()
{
	local i found=0
	for ((i = $1; i < seeds; i += 2)); do
		mkdir -p {mnt,native}/"$i/top"
		chmod 777 {mnt,native}/"$i/top"
		if ! timeout -k 1 60 model "mnt/$i/top" "native/$i/top" $((seed + i)) "$steps" >"log.$1" 2>&1; then
			cut -c1-700 "log.$1"
			[ $((++found)) -lt 2 ] || return
			continue
		fi
		# Writes back dirty pages, so that the mount shows what SOURCE has.
		sync -f "mnt/$i"
		timeout 60 model "src/$i" "native/$i" 0 0 || echo "seed $((seed + i)): its source differs"
		rm -rf "mnt/$i" "native/$i" || echo "seed $((seed + i)): rm"
	done
}

for config in "${configs[@]}"; do
	configured "$config" || continue
	# The kernel's own effects in this mode: see model.c.
	case $config in
	*--no-passthrough* | *--writeback* | *--sandbox* | *--locks*)
		unset MODEL_PASSTHROUGH
		export MODEL_NO_HOLES=1
		;;
	*)
		export MODEL_PASSTHROUGH=1
		unset MODEL_NO_HOLES
		;;
	esac
	if [[ $config = *--writeback* ]]; then export MODEL_WRITEBACK=1; else unset MODEL_WRITEBACK; fi
	if [[ $config = *--sandbox* ]]; then export MODEL_SANDBOX=1; else unset MODEL_SANDBOX; fi
	mkdir src native mnt
	# Mounted nosuid and nodev, like FUSE mounts.
	mount -t tmpfs -o nosuid,nodev none src
	mount -t tmpfs -o nosuid,nodev none native
	exits 0 "passfs $config" passfs -b "${options[@]}" src mnt
	server=$(newest passfs)
	pids+=("$server")
	began=$SECONDS
	start_neighbour src mnt
	worker 0 >found.0 2>&1 & one=$!
	worker 1 >found.1 2>&1
	wait "$one"
	is "$seeds seeds of $steps steps, no difference" "$(cat found.0 found.1)" ''
	diag "$((SECONDS - began)) s"
	ok 'what another process did in SOURCE meanwhile is whole' end_neighbour src
	exits 0 'unmounted' timeout 10 fumount mnt
	ok 'the server ends' within 5 gone "$server"
	umount src native
	rmdir src native mnt
done
finish
