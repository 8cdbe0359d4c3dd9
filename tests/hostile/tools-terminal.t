#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The server of another user is started from root's terminal: it can neither type there, nor
# read what root types.
. "$(dirname "$0")/../lib.sh"
start 60
need setpriv script
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP takes root'; exit 0; }

mkdir mnt home bin
chown 65534:65534 home
cat >bin/probe <<'E'
#!/bin/sh
# Prints what a server can see of the terminal.
exec 9>"$HOME/found"
if (exec 3<>/dev/tty) 2>/dev/null; then echo controlling; else echo none; fi >&9
[ -t 0 ] && echo 'stdin is a terminal' >&9
for fd in 1 2; do
	flags=$(sed -n 's/^flags:[^0-9]*//p' "/proc/$$/fdinfo/$fd")
	[ -t $fd ] && [ $((flags & 3)) != 1 ] && echo "$fd can be read" >&9
done
id -u >&9
exit 7
E
chmod 755 bin/probe
export HOME=$T/home PATH=$T/bin:$PATH

# in_terminal COMMAND: prints what the server found, in one line. Returns COMMAND's status.
in_terminal()
{
	local status
	rm -f home/found
	script -qec "$1" /dev/null </dev/null >out 2>&1
	status=$?
	tr '\n' ' ' <home/found
	umount -l mnt 2>/dev/null
	return $status
}

is 'fmount -u, in the session of the terminal' \
	"$(in_terminal "sh -c 'fmount -u 65534 mnt -- probe; exit \$?'; exit \$?")" 'none 65534 '
is 'fmount -u, which leads the session' "$(in_terminal 'exec fmount -u 65534 mnt -- probe')" 'none 65534 '
in_terminal 'exec fmount -u 65534 mnt -- probe' >/dev/null
is 'fmount -u, which leads the session: the status is handed on' $? 7
is 'fmount --wait -u' "$(in_terminal 'fmount --wait -u 65534 mnt -- probe')" 'none 65534 '
chmod 777 home
is 'fmount --drop-caps' "$(in_terminal 'exec fmount --drop-caps mnt -- probe')" 'none 0 '
is 'mount.fuse3 -o setuid=' "$(in_terminal "mount.fuse3 -t probe '' '$T/mnt' -o setuid=65534; :")" 'none 65534 '
is 'a server of the same rights has it' "$(in_terminal 'exec fmount mnt -- probe')" \
	'controlling stdin is a terminal 1 can be read 2 can be read 0 '

# Signals reach the server.
bg script -qec 'exec fmount -u 65534 mnt -- sh -c "echo \$\$ >$HOME/server; exec sleep 40"' /dev/null >/dev/null 2>&1
within 5 test -s home/server
server=$(cat home/server)
kill -TERM "$(ps -o ppid= -p "$server")"
ok 'SIGTERM to fmount ends the server' within 5 gone "$server"

finish
