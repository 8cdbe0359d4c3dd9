#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Random calls on a kept passfs, which must not differ from those on the file system itself, while
# its server is killed again and again: no error, no difference, nothing lost over time.
# KEEP_KILLS and KEEP_STEPS make a run longer; MODEL_SEED repeats one.
. "$(dirname "$0")/lib.sh"
start 900
seed=${MODEL_SEED:-$((RANDOM * 1000))} kills=${KEEP_KILLS:-60} steps=${KEEP_STEPS:-2000}
diag "MODEL_SEED=$seed KEEP_KILLS=$kills KEEP_STEPS=$steps"

restarts() { local name; read -r name <"/proc/$keeper/comm" && echo "${name#*:}"; }

# killer: sends SIGKILL after 20 ms to 2 s, mostly early.
killer()
{
	local n=0 server
	while [ "$n" -lt "$kills" ]; do
		sleep "0.$((20 + RANDOM % 30 * (RANDOM % 10 ? 1 : 60)))" 2>/dev/null || sleep 0.5
		server=$(child_named passfs "$keeper")
		[ -z "$server" ] || { kill -KILL "$server" && n=$((n + 1)); }
	done
	echo "$n" >killed
}

# worker NAME: runs one seed after another until the killer has finished.
worker()
{
	local i=0
	while [ ! -e killed ]; do
		mkdir -p {mnt,native}/"$1.$i/top"
		chmod 777 {mnt,native}/"$1.$i/top"
		if ! timeout -k 1 100 model "mnt/$1.$i/top" "native/$1.$i/top" $((seed + 1000 * $1 + i)) "$steps" >"log.$1" 2>&1; then
			echo "seed $((seed + 1000 * $1 + i)): $(cut -c1-700 "log.$1")"
			return
		fi
		rm -rf "mnt/$1.$i" "native/$1.$i" || echo "rm -rf $1.$i"
		i=$((i + 1))
	done
	echo "$i" >"rounds.$1"
}

descriptors() { find "/proc/$(child_named passfs "$keeper")/fd" -mindepth 1 | wc -l; }
forgotten() { timeout 5 fmount -o remount,ro mnt && timeout 5 fmount -o remount,rw mnt && [ "$(descriptors)" -le "$1" ]; }

for options in --threads=1 --threads=4 '--no-passthrough --threads=1' '--no-passthrough --threads=4' '--locks --threads=4' '--cache=none --no-passthrough' '--sandbox --threads=4'; do
	case $options in
	*--no-passthrough* | *--locks* | *--sandbox*) unset MODEL_PASSTHROUGH; export MODEL_NO_HOLES=1 ;;
	*) export MODEL_PASSTHROUGH=1; unset MODEL_NO_HOLES ;;
	esac
	if [[ $options = *--sandbox* ]]; then export MODEL_SANDBOX=1; else unset MODEL_SANDBOX; fi
	mkdir src native mnt
	mount -t tmpfs -o nosuid,nodev none src
	mount -t tmpfs -o nosuid,nodev none native
	read -ra words <<<"$options"
	bg fmount --keep --keep-tries 0 -o allow_other,default_permissions mnt -- passfs "${words[@]}" src 2>log
	keeper=$bg
	within 5 mounted "$T/mnt"
	within 5 stat mnt
	before=$(descriptors)
	rm -f killed rounds.*
	worker 1 >found.1 2>&1 & one=$!
	worker 2 >found.2 2>&1 & two=$!
	killer 2>/dev/null
	wait "$one" "$two"
	is "passfs $options: $(cat killed) kills, $(cat rounds.1) and $(cat rounds.2) rounds, no difference" "$(cat found.1 found.2)" ''
	is 'the keeper counts a restart for each death' "$(restarts)" "$(cat killed)"
	is 'no file is left in SOURCE' "$(ls src)" ''
	ok "descriptors as before: $before" within 5 forgotten "$before" || diag "$(ls -l "/proc/$(child_named passfs "$keeper")/fd")"
	exits 0 'fumount unmounts the kept mount' timeout 10 fumount mnt
	ok 'the keeper ends' within 5 gone "$keeper"
	ok 'no process of the mount holds SOURCE' within 5 umount src
	umount native
	rmdir src native mnt
done
finish
