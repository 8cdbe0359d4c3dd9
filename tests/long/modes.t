#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fio and stress-ng on passfs in each of its modes, for MODES_SECONDS each (10), while another
# process works in SOURCE; data is verified through the mount and in SOURCE.
. "$(dirname "$0")/lib.sh"
seconds=${MODES_SECONDS:-10}
start $((200 + 30 * seconds * ${#configs[@]} / 10))
need fio stress-ng
begin_configs

# fio verifies each block while others are written, and at the end.
verified()
{
	run_fio --name=verify --directory="$T/mnt/fio" --numjobs=2 --size=16M --rw=randrw --bs=512-64k \
		--verify=crc32c --verify_fatal=1 --verify_dump=0 --do_verify=1 --fsync=128 \
		--time_based --runtime="$seconds" --output=fio.out || { cat fio.out; return 1; }
}
same_as_source() { sync -f mnt/fio && diff -rq mnt/fio src/fio; }
# The stressors' own checks found no fault; on a slow machine some do not finish one round.
stressors=(dentry rename link fallocate hdd seek mmap flock)
stressed()
{
	local options=() one
	for one in "${stressors[@]}"; do options+=(--"$one" 1); done
	if ! stress-ng "${options[@]}" --timeout "$seconds" --temp-path "$T/mnt/stress" --verify \
		--hdd-bytes 8m --metrics-brief >stress.out 2>&1 ||
		[ "$(awk '/metrc/ && $5 ~ /^[1-9][0-9]*$/' stress.out | wc -l)" -lt 5 ]; then
		cat stress.out
		return 1
	fi
}

for config in "${configs[@]}"; do
	configured "$config" || continue
	mkdir src mnt
	mount -t tmpfs -o size=1g none src
	exits 0 "passfs $config" passfs -b "${options[@]}" src mnt
	server=$(newest passfs)
	pids+=("$server")
	start_neighbour src mnt
	mkdir mnt/fio mnt/stress
	ok "$config: fio verifies what it wrote" verified
	ok 'the mount shows what SOURCE has' same_as_source
	ok "$config: stress-ng" stressed
	is 'nothing is left of it' "$(ls -A mnt/stress)" ''
	ok 'what another process did in SOURCE meanwhile is whole' end_neighbour src
	exits 0 'unmounted' timeout 10 fumount mnt
	ok 'the server ends' within 5 gone "$server"
	umount src
	rmdir src mnt
done
finish
