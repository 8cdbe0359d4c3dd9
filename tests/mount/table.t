#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fuse-info's table: widths, windows, columns, raw output, paths in mounts; and the fields of its JSON.
. "$(dirname "$0")/../lib.sh"
start 90
wide=$'\xe6\xbc\xa2\xe5\xad\x97\xe3\x81\xae\xe5\x90\x8d'	# four characters, eight columns
export PYTHONUTF8=1
conns=()
long=http://a.very.long.example.com/with/a/path
mkdir mnt 'a blank' "$wide" stopped other plain
hellofs -b mnt
hellofs -b 'a blank'
hellofs -b -o "fsname=$long" "$wide"
fmount -w stopped -- hellofs
for dir in mnt 'a blank' "$wide" stopped; do conns+=("$(conn_of "$T/$dir")"); done
server_of() { fuse-info --json "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["mounts"][0]["server"]["pid"])'; }
server=$(server_of stopped)
stop "$server"

exits 0 'fuse-info with a stopped server' fuse-info
like 'the table shows the stopped server' "$out" $'\n'"stopped 0 +${conns[3]} +$server hellofs .* $T/stopped"$'\n'
like 'a table that is written to a file has the whole source' "$out" " $long +$T/"
exits 0 '-n' fuse-info -n
is '-n prints only rows' "$(wc -l <<<"$out")" 4
unlike '-n prints no heading' "$out" STATE
exits 0 '-o' fuse-info -no pid,STATE,mountpoint "--types=fuse.hellofs"
like '-o prints these columns in this order' "$out" "(^|"$'\n'")$server +$T/stopped|$server +stopped +$T/stopped"
exits 1 '-o with an unknown column' fuse-info -o state,colour
like '-o names the unknown column, and the known ones' "$err" '^fuse-info: colour: wanted, each once: state,wait,conn,'
exits 1 '-o with a column twice' fuse-info -o state,state
exits 0 '-t' fuse-info -t nofuse.hellofs
is '-t says that no mount has such a type' "$out" 'no mount has such a type'
exits 0 '-r' fuse-info -r
is '-r prints nine words in each line' "$(awk '{ print NF }' <<<"$out" | sort -u)" 9
like '-r escapes a blank in a path' "$out" " $T/a\\\\040blank"$'\n'
like '-r prints an age in seconds' "$out" "serving 0 ${conns[0]} [0-9]+ hellofs [0-9]+ fuse.hellofs hellofs $T/mnt"

# A script asks for the fields of the mounts that it names.
exits 0 '-o with a TARGET' fuse-info -nro state,mountpoint mnt stopped
is '-nro with TARGETs prints a table of those mounts alone' "$(sort <<<"$out")" "serving $T/mnt"$'\n'"stopped $T/stopped"
is '-nro with a path in a mount prints that mount' "$(fuse-info -nro type,pid -T stopped/in/it)" "fuse.hellofs $server"
exits 1 '-o with a TARGET that is not mounted' fuse-info -o state mnt plain
like '-o with a TARGET that is not mounted prints the others' "$out" $'^STATE\nserving$'
is '-o with a TARGET that is not mounted names it' "$err" 'fuse-info: plain: nothing is mounted there'
is '--json with -o and a TARGET prints the whole object' "$(fuse-info --json -o state mnt | python3 -c 'import json, sys; print(json.load(sys.stdin)["mounts"][0]["connection"])')" "${conns[0]}"
exits 1 '-t with a TARGET is a usage error' fuse-info -t fuse.hellofs mnt

# A line on a terminal is not wider than the terminal: python has Unicode's widths.
widest() { python3 -c 'import sys, unicodedata as u; print(max(sum(2 if u.east_asian_width(c) in "WF" else 1 for c in line.rstrip("\n")) for line in sys.stdin))'; }
terminal() { local c=$1; shift; NO_COLOR=1 TERM=xterm script -qec "stty cols $c rows 50; $*" /dev/null </dev/null | tr -d '\r'; }
for columns in 200 110 80 60 50 40; do
	terminal "$columns" 'fuse-info -n; fuse-info -l' >screen
	ok "a table for $columns columns is not wider" test "$(widest <screen)" -le "$columns"
done
all=$(terminal 300 fuse-info)
like 'no column is cut while there is room' "$all" "$long +$T/$wide"$'\n'
like '110 columns: the source is cut' "$(terminal 110 fuse-info)" ' http://[^ ]*\.\.\. +[^ ]*'"/mnt|http://.*\\.\\.\\. "
unlike '70 columns: no age' "$(terminal 70 fuse-info)" AGE
like '70 columns: mountpoints are not cut' "$(terminal 70 fuse-info)" " $T/mnt"$'\n'
like '45 columns: the state and the mountpoint' "$(terminal 45 fuse-info)" 'STATE +(WAIT +)?CONN +(SERVER +)?MOUNTPOINT'
is 'columns are aligned, whatever the script' \
	"$(terminal 200 fuse-info -l | python3 -c '
import sys, unicodedata as u
rows = [l.rstrip("\n") for l in sys.stdin if l.strip()]
print(len({sum(2 if u.east_asian_width(c) in "WF" else 1 for c in r[:r.index(m)]) for r in rows for m in ["MOUNTPOINT" if r.startswith("STATE") else "/tmp"]}))')" 1

# A path in a mount: fuse-info sends no request for it, so a stopped server does not matter.
exits 0 'a path in a mount' timeout 5 fuse-info mnt/hello
is 'a path in a mount selects that mount' "$(head -n 1 <<<"$out")" "$T/mnt"
exits 0 'a path that does not exist in a mount whose server is stopped' timeout 5 fuse-info -T stopped/no/such/path
is 'a path in a mount whose server is stopped selects that mount' "$(head -n 1 <<<"$out")" "$T/stopped"
exits 0 '-T of a mountpoint' timeout 5 fuse-info -T "a blank"
is '-T of a mountpoint selects the mount on it' "$(head -n 1 <<<"$out")" "$T/a blank"
exits 1 '-T elsewhere' fuse-info -T plain
like 'fuse-info -T reports a path in no FUSE mount' "$err" '^fuse-info: plain: n'
exits 1 '-T conn:N' fuse-info -T "conn:${conns[0]}"
is '-T does not take conn:N' "$err" "fuse-info: conn:${conns[0]}: not a path"

# --watch into a file puts the time before each round.
timeout 1.5 fuse-info -l --watch=1 >rounds
like 'the time precedes each round' "$(head -n 1 rounds)" "^---- $(date -u +%Y-%m-%d) [0-9]{2}:[0-9]{2}:[0-9]{2} UTC$"
is 'there are as many times as headings' "$(grep -c '^---- ' rounds)" "$(grep -c '^STATE' rounds)"
exits 0 'a long look on a terminal' terminal 80 'fuse-info --stuck=2 2>/dev/tty'
like '--stuck=2 shows the seconds on a terminal' "$out" $'fuse-info: 1 s\033\\[K'
exits 1 'fuse-info with standard output closed' bash -c 'fuse-info >&-'
is 'the error: fuse-info: standard output: Bad file descriptor' "$err" 'fuse-info: standard output: Bad file descriptor'
exits 1 'fuse-info with standard output full' bash -c 'fuse-info >/dev/full'
is 'the error: fuse-info: standard output: No space left on device' "$err" 'fuse-info: standard output: No space left on device'

# The fields and their types, which programs rely on.
cat >fields.py <<'PY'
import json, sys
def shape(x):
    if isinstance(x, dict): return "{" + " ".join(f"{k}:{shape(x[k])}" for k in sorted(x)) + "}"
    if isinstance(x, list): return "[" + (shape(x[0]) if x else "") + "]"
    return "null" if x is None else {bool: "bool", int: "number", str: "text"}[type(x)]
d = json.load(sys.stdin)
d.pop("unmounted", None)	# those of the machine: nowhere.t
for key in ("parameters", "sysctls"):	# what the kernel has
    k = d.get("kernel", {})
    if key in k: k[key] = {name: k[key][name] for name in sorted(k[key])[:1]} and {"NAME": "VALUE"}
print(shape(d))
PY
fields() { python3 fields.py; }
by='server:{age:number command:text pid:number started:number threads:number user:text} server_hidden:bool'
head='congestion_threshold:number connection:number device:text fs_options:text'
tail='max_background:number mount_id:number mountpoint:text options:text owner:text owner_uid:number parent_id:number propagation:text'
rest='source:text state:text type:text waited_ms:number waiting:number'
is 'JSON of all' "$(fuse-info --json | fields)" "{kernel:{/dev/fuse:text file_systems:[text] init_flags:[text] linux:text max_readahead:number parameters:{NAME:text} protocol:text sysctls:{NAME:text}} mounts:[{$head $tail $by $rest}]}"
is 'JSON of the rows' "$(fuse-info --json -n | fields)" "{mounts:[{$head $tail $by $rest}]}"
exec 7<mnt/hello
mount --bind mnt other
is 'JSON of one' "$(fuse-info --json mnt | fields)" "{mounts:[{also:[{mount_id:number mountpoint:text pid:null}] $head holders:[{command:text file:text how:text pid:number user:text}] $tail $by ${rest% waiting*} waiters:[] waiting:number}]}"
exec 7<&-
umount other
is 'JSON of -l' "$(fuse-info --json -l | fields)" '{mounts:[{connection:number mount_id:number mountpoint:text source:text state:text type:text waiting:number}]}'
kill -CONT "$server"
kill -KILL "$server"
dead=$(fuse-info --json stopped)
like 'JSON of a dead mount has no limits' "$dead" '"max_background":null'
like 'the text of a dead mount says that there are no limits' "$(fuse-info stopped)" 'max_background +none, as the connection is over'
finish
