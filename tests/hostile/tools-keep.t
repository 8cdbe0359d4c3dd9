#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fmount --keep by root, with a server that runs as a user, and a mountpoint in a user's directory: the
# keeper unmounts its own mount only, cannot be killed by what the server does, and ends.
. "$(dirname "$0")/../lib.sh"
start 120
need setpriv
need strace
need python3
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP takes root'; exit 0; }

mkdir -p home/x/at home/other victim/at bin
ln -s "$T/victim" home/lnk
chown -h 65534:65534 home home/x home/lnk
mount -t tmpfs roots victim/at
reads() { [ "$(timeout 5 cat home/x/at/hello)" = hello ]; }
begin() { bg "$@" 2>begun; keeper=$bg; within 10 reads; }

# ---- Its mountpoint's directory is exchanged for a link, between the look at the mount and umount2(2) ----
slowly() { exec strace -f -qq -o trace -e trace=umount2 -e inject=umount2:delay_enter=2000000 "$@"; }
ok 'begins' begin slowly fmount --keep home/x/at -- hellofs
keeper=$(child_named fuse-keep:0 "$keeper")
kill -TERM "$keeper"
within 10 grep -q umount2 trace
setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all mv home/x home/y
setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all mv home/lnk home/x
ok 'the keeper ends' within 20 gone "$keeper"
ok 'the mount of root stays' mounted "$T/victim/at"
is "the keeper's own is unmounted" "$(own_mounts)" ''

# ---- The server, as a user, does what it can to the keeper ----
# The descriptor is the program's last argument, as /dev/fd/N.
cat >bin/shrinks <<'END'
#!/bin/bash
: >"/proc/self/fd/$FUSE_RESUME" 2>/dev/null
exit 3
END
# It leaves a process behind that reads each request some time after poll(2) has told the keeper of it.
cat >bin/leaves <<'END'
#!/usr/bin/python3
import os, select, sys, time
device = int(sys.argv[-1].rsplit('/')[-1])
if os.fork(): sys.exit(3)
poll = select.poll()
poll.register(device, select.POLLIN)
while not poll.poll()[0][1] & select.POLLERR:
    time.sleep(0.3)
    try: os.read(device, 1 << 20)
    except OSError: break
END
chmod 755 bin bin/*
for server in shrinks leaves; do
	bg strace -qq -o /dev/null -e trace=poll -e inject=poll:delay_exit=600000 fmount --keep --keep-tries 1 -u 65534 -o allow_other home/other -- "$T/bin/$server" 2>"$server.log"
	ok "$server: the keeper ends" within 15 gone "$bg" || kill -9 "$(child_named fuse-keep:0 "$bg")"
	wait "$bg"
	is "$server: with the status of the server" $? 3
	like "$server: it says why" "$(cat "$server.log")" 'fmount: .*; unmounted$'
	ok "$server: nothing is mounted" unmounted "$T/home/other"
	kill -9 "$bg" 2>/dev/null
	umount -l home/other 2>/dev/null
done

# It ends all the time, and has forgotten each time.
cat >bin/forgets <<'END'
#!/usr/bin/python3
import os, sys
os.pwrite(int(os.environ['FUSE_RESUME']), bytes(60000), 16)
sys.exit(3)
END
chmod 755 bin/forgets
bg fmount --keep --keep-tries 3 -u 65534 -o allow_other home/other -- "$T/bin/forgets" 2>ends
ok 'a server that clears the memory: the keeper ends' within 15 gone "$bg" || kill -9 "$bg"
like 'because the server ends too often' "$(cat ends)" 'ends too often; unmounted$'
umount -l home/other 2>/dev/null

# ---- A file keeps the mount busy, and is closed before the unmounter could say so ----
bg strace -f -qq -o unmounts -e trace=umount2 -e inject=umount2:delay_exit=300000 fmount --keep home/other -- hellofs 2>late
ok 'serves' within 10 [ -e home/other/hello ]
exec 7<home/other/hello
kill -TERM "$(child_named fuse-keep:0 "$bg")"
ok 'begins to detach' within 10 grep -q MNT_DETACH unmounts
exec 7<&-
ok 'the keeper ends' within 10 gone "$bg"
sleep 0.5
is 'nothing is said of a busy mount that is gone' "$(grep -c busy late)" 0

# ---- A descriptor whose close waits, as that of a file does on a FUSE mount of the server's user ----
# Here it is a socket that lingers. The first server sends it itself; or it has put its descriptors in a store (as the memory
# says), and leaves a process behind that sends it to the socket that the keeper has for the next server,
# and closes when that one has a store.
cat >bin/sends <<'END'
#!/usr/bin/python3
import os, socket, struct, sys, time
how, memory = sys.argv[1], int(os.environ['FUSE_RESUME'])
lives = struct.unpack('I', os.pread(memory, 4, 16))[0]
if lives == 1 and how == 'later' and os.fork():
    os.pwrite(memory, struct.pack('I', lives), 24)
    sys.exit(3)
if lives > 1:
    os.closerange(memory + 1, 256)      # so that only the keeper has that socket
    open('second' if lives == 2 else 'third', 'w').close()
    while lives > 2 or not os.path.exists('sent'): time.sleep(0.02)
    os.pwrite(memory, struct.pack('I', lives), 24)
    sys.exit(3)
open('pids', 'a').write(f'{os.getpid()}\n')
numbers = [int(n) for n in os.environ['FUSE_RESUME_STORE'].split(',')]
os.closerange(3, numbers[0]); os.closerange(numbers[0] + 1, 256)
if how == 'later':
    while not os.path.exists('second'): time.sleep(0.02)
hold = socket.socket(fileno=numbers[0])
listener = socket.create_server(('127.0.0.1', 0))
s = socket.create_connection(listener.getsockname())
s.setblocking(False)
try:
    while True: s.send(bytes(1 << 16))
except BlockingIOError: pass
s.setblocking(True)
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 30))
try: socket.send_fds(hold, [b'x'], [s.fileno()])
except PermissionError: open('refused', 'w').close()
else:
    open('sent', 'w').close()
    os.close(s.detach())                # which waits here if the keeper's end has been closed already
time.sleep(100)
END
chmod 755 bin/sends
mkdir -m 777 run
# Linux before 6.16 has no SO_PASSRIGHTS (83). Among the options that fmount sets here, it alone has the bit 64, by
# which `forbid` refuses setsockopt(2).
for how in now later; do
	for without in '' 'forbid 92 54:2:64'; do
		rm -f run/*
		# shellcheck disable=SC2086
		bg env -C run $without fmount --keep -u 65534 -o allow_other "$T/home/other" -- "$T/bin/sends" "$how" 2>sent
		ok "$how, $without: the server tries to send a descriptor" within 10 eval '[ -e run/sent ] || [ -e run/refused ]'
		[ "$how$without" = now ] || ok "$how, $without: and has sent it" test -e run/sent
		[ "$how" = now ] || ok "$how, $without: another server begins" within 8 test -e run/third
		kill -TERM "$bg"; sleep 0.3; kill -TERM "$bg" 2>/dev/null
		ok "$how, $without: the keeper ends" within 8 gone "$bg"
		ok "$how, $without: and nothing is mounted" unmounted "$T/home/other"
		umount -l home/other 2>/dev/null
		xargs kill -9 <run/pids 2>/dev/null	# the process that the server left behind
	done
done

# ---- A server that cannot start, and leaves children that end: the pauses are 0, 50, 100, 200 and 400 ms ----
printf '#!/bin/sh\nfor i in 1 2 3 4 5 6 7 8 9; do sleep 0.0$i & done\nexit 3\n' >bin/fails; chmod 755 bin/fails
began=$(date +%s%3N)
# Process 1 has the orphans.
timeout 30 unshare -pf --kill-child fmount --keep --keep-tries 6 home/other -- "$T/bin/fails" 2>fails.log
took=$(($(date +%s%3N) - began))
ok 'pauses between servers' [ "$took" -ge 750 ]
diag "$took ms"
umount -l home/other 2>/dev/null

# ---- Users who go on asking while the keeper gives up ----
cat >asks <<'END'
#!/usr/bin/python3
import os, signal
mount = os.open('home/other', os.O_PATH)
for process in range(4):
    if os.fork(): continue
    signal.alarm(60)
    for i in range(1000000):
        try: os.stat(f'{process}-{i}', dir_fd=mount)
        except FileNotFoundError: open(f'asked{process}', 'w').close()
        except OSError as error:
            if error.errno != 5: os._exit(0)
END
bg strace -qq -o /dev/null -e trace=write -e inject=write:delay_exit=30000 fmount --keep --keep-tries 1 -o allow_other home/other -- hellofs 2>ends
keeper=$(within 10 [ -e home/other/hello ]; child_named fuse-keep:0 "$bg")
python3 asks >/dev/null 2>&1
ok 'users ask' within 10 test -e asked3
kill -9 "$(child_named hellofs "$keeper")"
ok 'users ask without end: the keeper ends' within 8 gone "$keeper" || kill -9 "$keeper"
ok 'and nothing is mounted' unmounted "$T/home/other"
wait
finish
