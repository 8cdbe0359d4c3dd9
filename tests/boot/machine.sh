# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Images with fusebox, and machines to boot them in. For the .t files, after lib.sh.
# shellcheck disable=SC2154 # top and bg are lib.sh's

boot=$top/tests/boot
busybox=$(command -v busybox)	# one of the machine's own kind
machine=(qemu-system-x86_64 -m 256)
console=ttyS0

# The FUSE module, unless it is built in. It is unpacked here because not every insmod can.
add_modules()
{
	local file
	mkdir "$T/root/modules"
	while read -r file; do
		case $file in
		*.xz) xz -dc "$file" >"$T/root/modules/fuse.ko" ;;
		*.zst) zstd -qdc "$file" >"$T/root/modules/fuse.ko" ;;
		*) cp "$file" "$T/root/modules/" ;;
		esac
	done < <(find "$1" -name 'fuse.ko*')
}

# make_image INIT MODULES [DIRECTORY=PROGRAM...]: makes $T/image with INIT as the first process, its
# parts INIT-*.sh, this kernel's modules, and the programs in their directories. The same input gives
# the same image.
make_image()
{
	local init=$1 modules=$2 program dir part; shift 2
	rm -rf "$T/root"
	mkdir -p "$T"/root/{bin,bb,dev,proc,sys,tmp,mnt,mnt2}
	cp "$init" "$T/root/init"
	for part in "$boot/init.sh" "$init"-*.sh; do
		[ ! -e "$part" ] || cp "$part" "$T/root/"
	done
	cp "$busybox" "$T/root/bb/busybox"
	for program; do
		dir=$T/root/${program%%=*} program=${program#*=}
		mkdir -p "$dir"
		cp "$program" "$dir/" || return
		chmod 755 "$dir/${program##*/}"
	done
	chmod 755 "$T/root/init" "$T/root/bb/busybox"
	add_modules "$modules"
	find "$T/root" -exec touch -h -d @0 {} +
	(cd "$T/root" && find . | sort | cpio -o -H newc -R 0:0 --reproducible --quiet) >"$T/image"
}

# QEMU without firmware cannot start a compressed EFI image: prints the offset of the kernel in it.
bare_kernel()
{
	local offset size how
	if ! head -c 8 "$1" | tail -c 4 | grep -qx zimg; then
		echo "$1"
		return
	fi
	read -r offset size < <(od -An -tu4 -j8 -N8 "$1")
	how=$(dd if="$1" bs=1 skip=24 count=4 status=none)
	tail -c "+$((offset + 1))" "$1" | head -c "$size" | "$how" -dc >"$T/kernel" 2>/dev/null
	echo "$T/kernel"
}

run_machine()
{
	exec "${machine[@]}" -nographic -no-reboot -nic none -kernel "$(bare_kernel "$1")" -initrd "$T/image" \
		-append "console=$console quiet panic=-1 SLOWNESS=${SLOWNESS:-2}" </dev/null >"$T/console.raw" 2>&1
}

# boots NAME SECONDS KERNEL: boots the machine, which turns itself off within SECONDS. Its output is
# in $T/console afterwards.
boots()
{
	local began=$SECONDS
	: >"$T/console.raw"
	bg run_machine "$3"
	ok "$1: the machine turns itself off within $2 s" within "$2" gone "$bg"
	{ kill -9 "$bg"; wait "$bg"; } 2>/dev/null
	tr -d '\r' <"$T/console.raw" >"$T/console"
	diag "$1: $((SECONDS - began)) s; $(grep '^KERNEL ' "$T/console")"
}

# boots_suite SUITE SECONDS INIT [DIRECTORY=PROGRAM...]: boots the kernel of that Debian release with this image. Fails,
# once it has skipped that, if the kernel cannot be fetched.
boots_suite()
{
	local suite=$1 seconds=$2 init=$3 paths; shift 3
	mapfile -t paths < <("$boot/kernel" "$suite" 2>"$T/fetch")
	if [ "${#paths[@]}" != 2 ]; then
		diag "$(cat "$T/fetch")"
		skip "the kernel of $suite" 'it cannot be fetched'
		return 1
	fi
	make_image "$init" "${paths[1]}" "$@" || bail 'no image'
	boots "$suite" "$seconds" "${paths[0]}"
}

# console_checks NAME FILE: each check in the file, of the image's first process, went well on the machine.
console_checks()
{
	local name
	while read -r name; do
		ok "$1: $name" grep -qxF -e "CHECK ok $name" "$T/console"
	done < <(checks_of "$2")
	grep -A 10 '^CHECK failed' "$T/console" | head -n 60 | sed 's/^/# /'
	ok "$1: no complaint of the kernel" calm
}

# checks_of FILE...: prints the names of the checks in the files, one per line.
checks_of() { sed -n "s/^check '\([^']*\)' .*/\1/p" "$@"; }

# The kernel has printed no warning or error on the console.
complains() { grep -E 'Kernel panic|BUG:|Oops|Call Trace' "$T/console"; }
calm() { ! complains; }

# ---- The tour ----
tour=("$boot/tour" "$boot"/tour-*.sh)

# The features that tour-features.sh tries, and the Linux release that brought each.
features='
fsopen(2), and its reasons|5.2
statmount(2): the table without /proc|6.8
statmount(2): types and sources|6.13
mount ids that are never reused|6.8
whose connection it is|6.16
io_uring, one thread|6.14
io_uring, several threads|6.14
passthrough|6.9
O_TMPFILE|6.1
statx: the time of birth|6.6
set-id bits: left to the server|5.11
more files than descriptors|6.18
--beneath: below the mount that is there|6.5
--reattach: the dead mount of a container|5.12
--trace: requests|6.12
--idmap: other owners in hellofs|6.12
--request-timeout|6.15
'

tour_release() { sed -n 's/^KERNEL \([^ ]*\) .*/\1/p' "$T/console"; }
# said KIND NAME [CONSOLE]
said() { K=$1 N=$2 awk 'index($0, ENVIRON["K"] " " ENVIRON["N"] ": ") == 1 { print substr($0, length(ENVIRON["K"] ENVIRON["N"]) + 4) }' "${3:-$T/console}"; }

# tour_checks NAME [FEATURE...]: checks what the tour has printed, where these features are missing
# whatever the kernel's version.
tour_checks()
{
	local who=$1 name since want got missing release; shift
	release=$(tour_release)
	ok "$who: it comes up" [ -n "$release" ] || { diag "$(cat -v "$T/console")"; return; }
	while read -r name; do
		ok "$who: $name" grep -qxF -e "CHECK ok $name" "$T/console"
	done < <(checks_of "${tour[@]}")
	while IFS='|' read -r name since; do
		[ -n "$name" ] || continue
		want=works got=$(said CELL "$name")
		printf '%s\n' "$since" "${release%%-*}" | sort -CV || want=without
		for missing; do [ "$missing" != "$name" ] || want=without; done
		[ "$got" != degrades ] && [ "$got" != n.a. ] || got=without
		is "$who: $name" "$got" "$want"
	done <<<"$features"
	ok "$who: no complaint of the kernel" calm
	grep -A 10 -E '^CHECK failed|FAILED' "$T/console" | head -n 60 | sed 's/^/# /'
}

# The matrix has a column for each tour, under a short name.
columns=()
tour_column()
{
	columns+=("$1")
	cp "$T/console" "$T/column.$1"
}

tour_matrix()
{
	local name column format='%-40s' row
	for column in "${columns[@]}"; do format+=' %-12s'; done
	# shellcheck disable=SC2059 # the format is above
	{
		printf "$format\n" '' "${columns[@]}"
		for name in FUSE 'flags of INIT' page; do
			row=()
			for column in "${columns[@]}"; do row+=("$(said FACT "$name" "$T/column.$column")"); done
			printf "$format\n" "$name" "${row[@]}"
		done
		while IFS='|' read -r name _; do
			[ -n "$name" ] || continue
			row=()
			for column in "${columns[@]}"; do row+=("$(said CELL "$name" "$T/column.$column")"); done
			printf "$format\n" "$name" "${row[@]}"
		done <<<"$features"
	} | sed 's/^/# /; s/ *$//'
}
