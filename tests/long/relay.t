#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fmount --keep=relay over servers of others, each killed many times below two clients: no call by path
# fails, no data is wrong, nothing grows. RELAY_KILLS makes a run longer.
. "$(dirname "$0")/lib.sh"
start 900
need python3 pkg-config
kills=${RELAY_KILLS:-100}
examples=/usr/share/doc/libfuse3-dev/examples
read -ra fuse3 <<<"$(pkg-config --cflags --libs fuse3)"
mkdir mnt src src/dir bin
echo hello >src/file
echo more >src/dir/file
for name in passthrough passthrough_fh passthrough_ll; do cc -w -o "bin/$name" "$examples/$name.c" "${fuse3[@]}"; done
cat >client.py <<'END'
import errno, os, sys
top, mine, bad, count = sys.argv[1], sys.argv[2], {}, 0
def failed(call, e): bad[call.__name__, errno.errorcode[e.errno]] = bad.get((call.__name__, errno.errorcode[e.errno]), 0) + 1
def path(call, *args):
    global count
    count += 1
    try: return call(*args)
    except OSError as e: failed(call, e)
def handle(call, *args):
    while True:
        try: return call(*args)
        except OSError as e:
            if e.errno != errno.ESTALE: return failed(call, e)
def read(name):
    with open(name) as f: data = f.read()
    if data != "hello\n": bad["data", data] = 1
def write(name):
    with open(name, "w") as f: f.write("x" * 5000)
    if os.stat(name).st_size != 5000: bad["size", name] = 1
while not os.path.exists("stop"):
    path(os.stat, top + "/file"), path(os.access, top + "/dir/file", os.R_OK), path(os.statvfs, top + "/dir")
    handle(read, top + "/file"), handle(os.listdir, top), handle(os.listdir, top + "/dir")
    if mine:
        handle(write, top + "/" + mine), path(os.chmod, top + "/" + mine, 0o600), path(os.truncate, top + "/" + mine, 50)
print(f"{count} by path", file=sys.stderr)
print(sorted(bad.items()) if bad else "0 failed" if count > 100 else f"{count} only")
END

is_at() { [ "$(cat "/proc/$keeper/comm")" = "fuse-relay:$1" ]; }
figures() { echo "$(find "/proc/$keeper/fd" -mindepth 1 | wc -l)" "$(awk '/VmRSS/ { print $2 }' "/proc/$keeper/status")"; }
has_begun() { server=$(child_named "$1" "$keeper") && [ "$server" ]; }
# serves NAME DIRECTORY CLIENT-WRITES PROGRAM...
serves()
{
	local name=$1 top=$2 writes=$3 i server one two before="" after; shift 3
	bg fmount --keep=relay --keep-tries 0 mnt -- "$@" 2>log
	keeper=$bg
	ok "$name serves" within 20 test -e "$top/file" || return
	rm -f stop
	command timeout 900 python3 client.py "$top" "${writes:+1}" >found.1 2>count.1 & one=$!
	command timeout 900 python3 client.py "$top" "${writes:+2}" >found.2 2>count.2 & two=$!
	pids+=("$one" "$two")
	for ((i = 1; i <= kills; i++)); do
		sleep "0.$((RANDOM % 10))"
		within 20 has_begun "$name" || break
		kill -KILL "$server"
		within 20 is_at "$i" || break
		[ "$i" != $((kills / 2)) ] || before=$(figures)
	done
	touch stop
	wait "$one" "$two"
	after=$(figures)
	diag "$name: $(cat count.1), $(cat count.2), descriptors and KiB after half of the kills and at the end: $before, $after"
	is "$name: $kills kills" "$((i - 1)) $(cat found.1), $(cat found.2)" "$kills 0 failed, 0 failed"
	is "$name: no descriptor is lost" "${after% *}" "${before% *}"
	ok "$name: the keeper does not grow" test "${after#* }" -le $((${before#* } + 200))
	exits 0 "$name: unmounted" timeout 10 fumount mnt
	ok "$name: the keeper ends" within 10 gone "$keeper"
}

serves passthrough "mnt$T/src" w bin/passthrough -f '{}'
serves passthrough_fh "mnt$T/src" w bin/passthrough_fh -f '{}'
serves passthrough_ll mnt w bin/passthrough_ll -f -o "source=$T/src" '{}'
serves passfs mnt w passfs --threads=1 src
if type -P go >/dev/null; then
	cat >loop.go <<'END'
package main
import (
	"os"
	"github.com/hanwen/go-fuse/fs"
)
func main() {
	root, err := fs.NewLoopbackRoot(os.Args[1])
	if err != nil { panic(err) }
	server, err := fs.Mount(os.Args[2], root, &fs.Options{})
	if err != nil { panic(err) }
	server.Wait()
}
END
	GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$T/gocache command go build -o bin/goloop loop.go || diag 'go-fuse does not build'
	[ ! -e bin/goloop ] || serves goloop mnt w bin/goloop src '{}'
fi
if command -v mksquashfs squashfuse >/dev/null; then
	mksquashfs src image -quiet -no-progress >/dev/null 2>&1
	serves squashfuse mnt '' squashfuse -f image '{}'
fi
if command -v sshfs >/dev/null && [ -x /usr/lib/openssh/sftp-server ]; then
	printf '#!/bin/sh\nexec /usr/lib/openssh/sftp-server\n' >bin/near
	chmod +x bin/near
	serves sshfs mnt w sshfs -f -o "ssh_command=$T/bin/near" "nobody:$T/src" '{}'
fi
if command -v gocryptfs >/dev/null; then
	mkdir cipher
	echo secret >password
	gocryptfs -init -q -scryptn 10 -passfile password cipher
	bg gocryptfs -fg -q -passfile password cipher mnt
	within 10 mounted "$T/mnt" && cp -r src/file src/dir mnt/
	fumount mnt
	serves gocryptfs mnt w gocryptfs -fg -q -passfile password cipher '{}'
fi
finish
