#!/usr/bin/env bash
# include/fuse_kernel.h against the newest linux/fuse.h that can be had: every
# constant, every structure's size, every member's offset and size.
. "$(dirname "$0")/../lib.sh"
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
need cc apt-get

# Debian sid's linux-libc-dev, with lists and state of its own.
fetch()
{
	local dir=$1 options
	mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial" || return
	echo 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian sid main' >"$dir/sources.list"
	options=(-o "Dir::Etc::sourcelist=$dir/sources.list" -o Dir::Etc::sourceparts=-
		-o "Dir::State=$dir/state" -o "Dir::Cache=$dir/cache" -o Acquire::Languages=none
		-o APT::Sandbox::User=root)
	(cd "$dir" && apt-get -qq "${options[@]}" update &&
		apt-get -qq "${options[@]}" download linux-libc-dev &&
		dpkg-deb -x linux-libc-dev_*.deb .) >/dev/null 2>&1
}

cache=$BUILD/cache/linux-libc-dev
[ -e "$cache/usr/include/linux/fuse.h" ] || fetch "$cache"
theirs=$cache/usr/include/linux/fuse.h
if [ ! -e "$theirs" ]; then
	theirs=/usr/include/linux/fuse.h
	diag "no newer header to be had: compared with the installed one"
fi
[ -e "$theirs" ] || { [ "${CI:-}" = true ] && bail 'no linux/fuse.h'; echo '1..0 # SKIP no linux/fuse.h'; exit 0; }

# Names, from a header without its comments. Left out: macros with arguments,
# and one that needs PAGE_SIZE, which no libc's user can compile.
plain() { cc -fpreprocessed -dD -E -P "$1" 2>/dev/null; }
constants()
{
	plain "$1" | awk '
		/^#define [A-Z_0-9]+ [^ ]/ { print $2 }
		/^enum/ { inside = 1; next }
		/^}/ { inside = 0 }
		inside && match($1, /^[A-Z_0-9]+/) { print substr($1, 1, RLENGTH) }' |
		grep -E '^(FUSE|CUSE|FATTR|FOPEN)_' | grep -v 'FUSE_REMOVEMAPPING_MAX_ENTRY' | sort -u
}
# "structure member", flat members only: one in a union is held by its size.
members()
{
	plain "$1" | awk '
		/^struct [a-z_0-9]+ \{/ { name = $2; print name; depth = 1; next }
		name && /\{/ { depth++ }
		name && /\}/ { depth--; if (!depth) name = ""; next }
		name && depth == 1 && /;/ {
			sub(/;.*/, ""); gsub(/\[[^]]*\]/, ""); sub(/^[ \t]*(struct )?[a-z_0-9]+[ \t]+/, "")
			n = split($0, m, /[ \t,]+/)
			for (i = 1; i <= n; i++) if (m[i] != "") print name, m[i]
		}' | grep -E '^(fuse|cuse)_' | sort -u
}
# shellcheck disable=SC2028 # the escapes are C's
program() # program HEADER NAMES-OF: what HEADER says of those names
{
	echo '#include <stdio.h>'
	echo '#include <stdint.h>'
	echo '#include <stddef.h>'
	echo '#include <sys/ioctl.h>'
	echo "#include \"$1\""
	echo 'int main(void) {'
	constants "$2" | while read -r c; do
		echo "printf(\"$c %llx\\n\", (unsigned long long)(uint32_t)($c) == (unsigned long long)($c) || ($c) < 0 ? (unsigned long long)(uint32_t)($c) : (unsigned long long)($c));"
	done
	members "$2" | while read -r s m; do
		if [ -z "$m" ]; then
			echo "printf(\"$s size %zu\\n\", sizeof(struct $s));"
		else
			echo "printf(\"$s.$m at %zu\\n\", offsetof(struct $s, $m));"
		fi
	done
	echo 'return 0; }'
}
figures() # figures HEADER NAMES-OF
{
	program "$1" "$2" >"$T/p.c"
	cc -w -I"$(dirname "$(dirname "$theirs")")" -o "$T/p" "$T/p.c" 2>"$T/cc" && "$T/p"
}

ours=$top/include/fuse_kernel.h
minor=$(awk '/define FUSE_KERNEL_MINOR_VERSION/ { print $3 }' "$theirs")
diag "theirs is 7.$minor"
if [ "$minor" -le 45 ]; then
	figures "$theirs" "$theirs" >"$T/theirs"
	ok 'ours has every name of theirs' figures "$ours" "$theirs" || diag "$(head -n 5 "$T/cc")"
	figures "$ours" "$theirs" >"$T/ours"
else
	comm -13 <(constants "$ours") <(constants "$theirs") | sed 's/^/# newer than ours: /'
	figures "$theirs" "$ours" >"$T/theirs"
	figures "$ours" "$ours" | sed 's/^\(FUSE_KERNEL_MINOR_VERSION\) .*/\1 '"$(printf %x "$minor")/" >"$T/ours"
fi
ok 'there is something to compare' test "$(wc -l <"$T/ours")" -gt 500
ok 'every figure is the same' diff "$T/theirs" "$T/ours"
is 'ours has nothing that theirs lacks' \
	"$(comm -23 <(constants "$ours") <(constants "$theirs") | tr '\n' ' ')" ''

# The comparison notices: a constant changed, two members swapped.
sed 's/\(#define FATTR_GID.*\)4/\18/' "$ours" >"$T/wrong.h"
ok 'a wrong constant is noticed' bash -c "! cmp -s '$ours' '$T/wrong.h'"
figures "$T/wrong.h" "$ours" >"$T/wrong"
ok 'by its figure' grep -q '^FATTR_GID 8' "$T/wrong"
sed 's/uint64_t ino, size, blocks/uint64_t size, ino, blocks/' "$ours" >"$T/wrong.h"
figures "$T/wrong.h" "$ours" >"$T/wrong"
ok 'swapped members are noticed' grep -q '^fuse_attr.ino at 8' "$T/wrong"
finish
