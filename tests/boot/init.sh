# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# What the first processes of our images begin with: a shell with its tools, /proc, /sys
# and /dev, the module, and checks that say on the console how they went. busybox is here
# for the scripts alone; its tools lie apart, in /bb, so that nothing in /bin but fusebox
# can be found by fusebox.

/bb/busybox --install -s /bb
PATH=/bin:/bb
export PATH

mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
exec </dev/console >/dev/console 2>&1
dmesg -n 1	# a message of the kernel must not split a line of ours
echo 20 2>/dev/null >/proc/sys/kernel/hung_task_timeout_secs
for module in /modules/*.ko; do
	[ -e "$module" ] && insmod "$module"
done
echo	# the firmware left the cursor behind its own words
echo "KERNEL $(uname -r) after $(cut -d' ' -f1 /proc/uptime) s"

# check NAME COMMAND...
check()
{
	name=$1; shift
	if "$@" >/tmp/check 2>&1; then
		echo "CHECK ok $name"
	else
		echo "CHECK failed $name"
		tail -n 10 /tmp/check | sed 's/^/    /'
	fi
}

# exits CODE COMMAND...: checks the exit status; COMMAND's output stays in /tmp/said.
exits()
{
	want=$1; shift
	timeout $((15 * ${SLOWNESS:-1})) "$@" >/tmp/said 2>&1
	code=$?
	[ "$code" = "$want" ] && return
	echo "exit $code, wanted $want: $*"
	cat /tmp/said
	return 1
}

# within SECONDS COMMAND...: SLOWNESS, a word of the kernel's command line, is in the environment of process 1.
within()
{
	tries=$(($1 * 40 * ${SLOWNESS:-1})); shift
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		usleep 25000
	done
}

# says FILE WORD...: checks that the file contains every word.
says()
{
	file=$1; shift
	for word; do
		grep -qwF -e "$word" "$file" || { cat "$file"; echo "no word: $word"; return 1; }
	done
}

reads() { [ "$(timeout 10 cat "$1")" = "$2" ]; }
row() { awk -v at="$1" '$2 == at { print $1, $3 }' /proc/mounts; }
has_row() { row "$1"; [ "$(row "$1")" = "$2" ]; }
mounted() { row "$1" | grep -q ' fuse'; }
unmounted() { ! mounted "$1"; }
nothing_mounted() { ! grep ' fuse' /proc/mounts; }
no_server() { ! pidof hellofs; }
# The server among the processes of that name: its unmounter has the name, but does not hold the
# device.
device_of() { for pid in $(pidof "$1"); do ls -l "/proc/$pid/fd" | grep -q /dev/fuse && echo "$pid"; done; }
lists() { "$@" >/tmp/said && says /tmp/said /mnt hellofs; }
links() { [ -L "/bin/$1" ] && [ -L "/bin/$2" ] && [ -L "/bin/$3" ] && [ -L "/bin/$4" ]; }

# A child that has ended stays a zombie until the shell waits for it.
gone() { [ ! -d "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"; }
ended() # ended CODE PID
{
	within 10 gone "$2" || { echo "$2 still runs"; return 1; }
	wait "$2"
	code=$?
	echo "exit $code, wanted $1"
	[ "$code" = "$1" ]
}

# Starts a process that keeps the mount busy by its working directory: $holder.
inside() { [ "$(readlink "/proc/$1/cwd")" = "$2" ]; }
hold()
{
	(cd "$1" && exec sleep 1000) &
	holder=$!
	within 5 inside "$holder" "$1"
}

# Starts hellofs in the foreground, $server, with its output in /tmp/server.
serve()
{
	hellofs "$1" >/tmp/server 2>&1 &
	server=$!
	within 10 mounted "$1"
}

# The kernel's words for a fault: none of them may appear on the console during the whole run.
quiet_kernel()
{
	! dmesg | grep -E 'BUG|Oops|WARNING:|Call Trace|blocked for more|lockup|UBSAN|KASAN|refcount_t'
}
