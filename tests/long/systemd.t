#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The unit of `fmount --keep` under systemd itself, as a user's manager in a cgroup of its own: the mount outlives
# keepers that are killed, and `systemctl restart`. SYSTEMD_KILLS is how many.
. "$(dirname "$0")/lib.sh"
start 300
need systemctl python3
manager=/lib/systemd/systemd kills=${SYSTEMD_KILLS:-20} unit=passfs-keep@own.service
[ -x "$manager" ] || bail 'no systemd: tests/deps-long'

# Where it looks whether the machine runs systemd, and for its sockets and units.
mkdir src mnt units cgroup
mount -t tmpfs none /run
mkdir -p /run/systemd/system /run/user/0
export XDG_RUNTIME_DIR=/run/user/0 SYSTEMD_UNIT_PATH=$T/units HOME=$T
printf '[Unit]\nDescription=none\n' | tee units/{default,basic,shutdown}.target >/dev/null
sed "s,/usr/bin/,$BUILD/bin/,g; s,/etc/passfs/,$T/,; s,^StartLimitBurst=.*,StartLimitBurst=10000," \
	"$top/configs/systemd/passfs-keep@.service" >units/passfs-keep@.service
printf '%s\n' "SOURCE=$T/src" "MOUNTPOINT=$T/mnt" OPTIONS= >own.conf

# A cgroup that looks like the root to the manager; those of version 1 are of no use to it.
mount -t cgroup2 none cgroup || bail 'no cgroup2'
own=$T/cgroup/fusebox-test.$$
mkdir "$own" || bail 'no cgroup of its own'
trap 'cd /; kill -KILL $(cat "$own/cgroup.procs" "$own"/*/cgroup.procs "$own"/*/*/cgroup.procs 2>/dev/null) 2>/dev/null
	within 5 remove_cgroup; cleanup' EXIT
remove_cgroup() { find "$own" -depth -type d -exec rmdir {} \; ; [ ! -e "$own" ]; }
as_manager()
{
	echo "$BASHPID" >"$own/cgroup.procs"
	mount -t tmpfs none /sys/fs
	mkdir /sys/fs/cgroup
	exec unshare -C sh -c "mount -t cgroup2 none /sys/fs/cgroup; exec '$manager' --user --log-target=null"
}
bg as_manager >manager 2>&1
ok 'the manager answers' within 20 systemctl --user is-system-running || { diag "$(cat manager)"; finish; }

value() { systemctl --user show -p "$1" --value "$unit"; }
is_now() { [ "$(value "$1")" = "$2" ]; }
another() { keeper=$(value MainPID) && [ "${keeper:-0}" != 0 ] && [ "$keeper" != "$was" ] && is_now ActiveState active; }
exits 0 'systemctl start' systemctl --user start "$unit"
ok 'the mount is there' mounted "$T/mnt"
mounted_as=$(mount_line "$T/mnt")
was=0; another
ok 'systemd stores the device, the memory, the server, and the socket' within 5 is_now NFileDescriptorStore 4
bg "$here/mount/append-work" >worked 2>wrong
client=$bg
within 5 test -s src/log
for ((i = 0; i < kills; i++)); do
	was=$keeper
	kill -KILL "$keeper"
	within 10 another || break
	sleep "0.0$((RANDOM % 90))"
done
is "killed $kills times" "$i" "$kills"
is 'systemd restarted the service as often' "$(value NRestarts)" "$kills"
for i in 1 2 3; do
	was=$keeper
	exits 0 "systemctl restart, $i" systemctl --user restart "$unit"
	ok 'another keeper serves' within 10 another
done
server=$(child_named passfs "$keeper") was=$server
exits 0 'systemctl reload' systemctl --user reload "$unit"
another_server() { server=$(child_named passfs "$keeper") && [ "$server" ] && [ "$server" != "$was" ]; }
ok 'reload starts another server' within 10 another_server
ok 'of the same keeper' is_now MainPID "$keeper"
: >enough
ok 'work with open and removed files, all the time' wait "$client"
is 'saw no error' "$(cat wrong)" ''
ok 'and wrote each line once' cmp -s src/log <(seq -f %08.0f 0 $(($(cat worked) - 1)))
is 'it is the same mount' "$(mount_line "$T/mnt")" "$mounted_as"
ok 'systemd stores no more than at first' within 5 is_now NFileDescriptorStore 4
exits 0 'systemctl stop' systemctl --user stop "$unit"
ok 'systemctl stop unmounts' unmounted "$T/mnt"
is 'and is a success' "$(value Result) $(value ActiveState)" 'success inactive'
ok 'systemd stores nothing any more' within 5 is_now NFileDescriptorStore 0
no_process() { ! grep -q . "$own"/app.slice/*/cgroup.procs; }
ok 'no process of the service is left' within 5 no_process
finish
