#!/usr/bin/env bash
# Random calls on a passfs mount and on the file system itself, which must not differ; then
# its source is compared as well. MODEL_SEED, MODEL_SEEDS and MODEL_STEPS repeat a run, and
# `MODEL_TRACE=1 model MOUNT NATIVE SEED STEPS` shows each call.
. "$(dirname "$0")/../lib.sh"
start 900
seed=${MODEL_SEED:-$((RANDOM * 1000))} seeds=${MODEL_SEEDS:-30} steps=${MODEL_STEPS:-2000}
configs=(
	''
	'--threads=1'
	'--threads=4'
	'--transport=uring'
	'--cache=none'
	'--cache=always'
	'--writeback'
	'--no-passthrough'
	'--threads=4 --writeback'
)
diag "MODEL_SEED=$seed MODEL_SEEDS=$seeds MODEL_STEPS=$steps"

# Whether passfs has all of these options.
known()
{
	local word help
	help=$(passfs --help)
	for word; do [[ $help =~ [[:space:],]"${word%%=*}"[[:space:]=[] ]] || return 1; done
}

# One seed after the other, in directories of its own; $1 of two.
worker()
{
	local i found=0
	for ((i = $1; i < seeds; i += 2)); do
		mkdir -m 777 "mnt/$i" "native/$i"
		if ! timeout -k 1 60 model "mnt/$i" "native/$i" $((seed + i)) "$steps" >"log.$1" 2>&1; then
			echo "seed $((seed + i)): $(cut -c1-700 "log.$1")"
			[ $((++found)) -lt 3 ] || return
			continue
		fi
		# What is dirty is written; what the mount shows is what is there.
		sync -f "mnt/$i"
		timeout 60 model "src/$i" "native/$i" 0 0 || echo "seed $((seed + i)): its source differs"
		rm -rf "mnt/$i" "native/$i" || echo "seed $((seed + i)): rm"
	done
}

# The kernel has io_uring for FUSE switched off, in most places.
uring=/sys/module/fuse/parameters/enable_uring
uring_was=$(cat "$uring" 2>/dev/null)
give_uring_back() { [ -z "$uring_was" ] || echo "$uring_was" >"$uring"; }
trap 'give_uring_back; cleanup' EXIT

for config in "${configs[@]}"; do
	name="passfs $config"
	read -ra options <<<"$config"
	known "${options[@]}" || { skip "$name" 'passfs has no such option'; continue; }
	[[ $config != *uring* ]] || ok 'io_uring for FUSE' dd of="$uring" <<<1
	mkdir src native mnt
	# As FUSE mounts are.
	mount -t tmpfs -o nosuid,nodev none src
	mount -t tmpfs -o nosuid,nodev none native
	exits 0 "$name" passfs -b "${options[@]}" src mnt
	server=$(newest passfs)
	pids+=("$server")
	if mounted "$T/mnt"; then
		began=$SECONDS
		worker 0 >found.0 2>&1 & one=$!
		worker 1 >found.1 2>&1
		wait "$one"
		is "$name: $seeds seeds of $steps steps, no difference" "$(cat found.0 found.1)" ''
		diag "$((SECONDS - began)) s"
	fi
	exits 0 'unmounted' timeout 10 fumount mnt
	ok 'the server ends' within 2 gone "$server"
	umount src native
	rmdir src native mnt
done
finish
