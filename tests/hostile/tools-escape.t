#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What users name their mounts, files and processes is shown so that no terminal obeys it.
. "$(dirname "$0")/../lib.sh"
start 60

bad=$'\xc2\x9b2J\x9b31m\e[1m\xe2\x80\xaegpj\xe2\x81\xa6\xe2\x80\xa8\xef\xbb\xbf\x7f\x01'
good=$'\xc3\xa4\xe2\x82\xac'
mkdir "mnt$bad$good" cwd
exits 0 'a mount of such names' fmount --wait -t "t$bad" -s "src$bad" "mnt$bad$good" -- hellofs
cp "$(command -v sleep)" "x$bad"
bg sh -c "cd 'mnt$bad$good' && exec '$T/x$bad' 50"
within 5 sh -c "ls -l /proc/$bg/cwd | grep -q mnt"
within 5 sh -c "readlink /proc/$bg/exe | grep -q '/x'"

# clean NAME COMMAND...: checks that the output is UTF-8, without control characters.
clean()
{
	local name=$1; shift
	"$@" >out 2>&1
	ok "$name: is UTF-8" iconv -f UTF-8 -t UTF-8 out
	ok "$name: nothing that a terminal obeys" eval \
		"! LC_ALL=C grep -aqP '[\\x00-\\x08\\x0b-\\x1f\\x7f]|\\xc2[\\x80-\\x9f]|\\xe2\\x80[\\x8b-\\x8f\\xa8-\\xae]|\\xe2\\x81[\\xa0-\\xaf]|\\xef\\xbb\\xbf' out"
	ok "$name: letters stay" grep -aq "$good" out
}
clean 'fuse-info' fuse-info
clean 'fuse-info -l' fuse-info -l
clean 'fuse-info TARGET' fuse-info "mnt$bad$good"
clean 'fuse-info --json' fuse-info --json
clean 'fuse-info --json TARGET' fuse-info --json "mnt$bad$good"
clean 'fumount' fumount "mnt$bad$good"
like 'fumount: the holder is told' "$(cat out)" 'held by [0-9]+ \(x\\302\\2332J'
clean 'fumount --json' fumount --json "mnt$bad$good"
clean 'fumount -l -v' fumount -l -v "mnt$bad$good"
clean 'fmount' fmount "no$bad$good" -- true
clean 'fmount: its program' fmount cwd -- "no$bad$good"

finish
