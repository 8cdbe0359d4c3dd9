#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# include/fuse_kernel.h against the newest linux/fuse.h that can be had: every
# constant, every structure's size, every member's place, size and sign.
#
# The names are read from both headers. One program, made of those that both
# have, is compiled against each, and must print the same. A name that only one
# has is a fault as well; but what a newer protocol than ours brings is TODO.
. "$(dirname "$0")/../lib.sh"
need cc
T=$(mktemp -d "${TMPDIR:-/tmp}/fusebox-test.XXXXXX") || bail 'no temporary directory'
trap 'rm -rf "$T"' EXIT

ours=$top/include/fuse_kernel.h
# ---- The newest header: that of Debian sid ----

if command -v apt-get >/dev/null && package=$("$here/fetch" sid linux-libc-dev 2>"$T/fetch"); then
	theirs=$package/usr/include/linux/fuse.h of=$(tr '\n' ' ' <"$package/.complete")
else
	diag "no newer header fetched: $(tail -n 1 "$T/fetch" 2>/dev/null)"
fi
[ -e "${theirs:-}" ] || theirs=/usr/include/linux/fuse.h of='the one installed'
if [ ! -e "$theirs" ]; then
	skip 'the kernel ABI' 'no linux/fuse.h'
	finish
fi

# ---- What a header has ----

minor() { sed -n 's/^#define FUSE_KERNEL_MINOR_VERSION[[:blank:]]*//p' "$1"; }

# "constant NAME", "macro NAME" (with arguments), "enum TAG", "struct TAG",
# "member TAG NAME"; NAME[] is an array without a size.
names()
{
	cc -fpreprocessed -dD -E -P "$1" 2>/dev/null | awk '
		{ while (sub(/\\$/, "") && (getline more) > 0) $0 = $0 more }
		/^#define [A-Za-z_0-9]+\(/ { sub(/\(.*/, ""); macro[$2] = "macro"; next }
		/^#define [A-Za-z_0-9]+[ \t]+[^ \t]/ { macro[$2] = "constant"; next }
		/^#undef / { delete macro[$2]; next }
		/^#/ { next }
		{ text = text " " $0 }

		function enumerators(list,   i, n, e) {
			n = split(list, e, ",")
			for (i = 1; i <= n; i++)
				if (match(e[i], /[A-Za-z_][A-Za-z_0-9]*/))
					print "constant", substr(e[i], RSTART, RLENGTH)
		}
		# "uint32_t a, b[4]" declares " a b"; `inner` has the members of a structure inside
		# another.
		function declared(text, inner,   i, n, d, name, names) {
			gsub(/\[[ \t]*[^] \t][^]]*\]/, "", text)
			n = split(text, d, ",")
			for (i = 1; i <= n; i++) {
				name = d[i]
				sub(/[ \t]+$/, "", name)
				sub(/.*[ \t*]/, "", name)
				names = names " " name
				if (inner) { gsub(/ /, " " name ".", inner); names = names inner }
			}
			return text ~ /[^ \t]/ ? names : inner
		}
		function members(tag, list,   i, n, m) {
			print "struct", tag
			n = split(list, m, " ")
			for (i = 1; i <= n; i++) print "member", tag, m[i]
		}
		END {
			for (name in macro) print macro[name], name
			while (match(text, /[{};]/)) {
				word = substr(text, 1, RSTART - 1)
				mark = substr(text, RSTART, 1)
				text = substr(text, RSTART + 1)
				if (mark == "{") {
					n = split(word, w, " ")
					is_enum = w[1] == "enum"
					if (!depth++) tag = w[n]
					if (is_enum && n == 2) print "enum", tag
					has[depth] = inner = ""
				} else if (mark == "}") {
					if (is_enum) enumerators(word)
					else if (depth == 1) members(tag, has[1])
					is_enum = 0
					inner = has[depth--]
				} else if (depth) {
					has[depth] = has[depth] declared(word, inner)
					inner = ""
				}
			}
		}' | LC_ALL=C sort -u
}

# Writes the program that prints the value or size of each name on standard input. A negative number
# equals its bit pattern: the kernel has 1 << 31.
program()
{
	cat <<-'END'
		#include <stddef.h>
		#include <stdint.h>
		#include <stdio.h>
		#include <sys/ioctl.h>
		#define PAGE_SIZE 4096
		#define constant(c) printf("constant %s: %llx\n", #c, sizeof(c) > 4 ? \
			(unsigned long long)(c) : (unsigned long long)(uint32_t)(c))
		#define size(kind, t) printf(#kind " %s: %zu bytes\n", #t, sizeof(kind t))
		#define sign(m) _Generic(m, signed char: "signed", short: "signed", int: "signed", \
			long: "signed", long long: "signed", unsigned char: "unsigned", \
			unsigned short: "unsigned", unsigned: "unsigned", \
			unsigned long: "unsigned", unsigned long long: "unsigned", default: "other")
		#define member(s, m, first) printf("member %s %s: %zu bytes at %zu, %s\n", #s, #m, \
			sizeof(((struct s *)0)->first), offsetof(struct s, m), \
			sign(((struct s *)0)->first))
		#define macro(f, argument) for (unsigned i = 0; i < 18; i++) \
			printf("macro %s %u: %zu\n", #f, i, (size_t)f(argument))
		int main(void)
		{
	END
	awk '
		BEGIN {
			argument["FUSE_REC_ALIGN"] = argument["FUSE_DIRENT_ALIGN"] = "i"
			argument["FUSE_DIRENT_SIZE"] = "(&(struct fuse_dirent){ .namelen = i })"
			argument["FUSE_DIRENTPLUS_SIZE"] = "(&(struct fuse_direntplus){ .dirent.namelen = i })"
		}
		$1 == "constant" { print "constant(" $2 ");" }
		$1 == "struct" || $1 == "enum" { print "size(" $1 ", " $2 ");" }
		$1 == "member" { m = $3; sub(/\[\]/, "", m); print "member(" $2 ", " m ", " (m == $3 ? m : m "[0]") ");" }
		$1 == "macro" { print "macro(" $2 ", " argument[$2] ");" }
		END { print "return 0; }" }'
}
figures() # figures HEADER [COMPILER]: what $T/p.c prints with it
{
	"${2:-cc}" -w -std=gnu11 -static -o "$T/p" -include "$1" "$T/p.c" && "$T/p" | LC_ALL=C sort
}

# ---- The comparison ----

# wrong THEIRS OURS: prints the differences, one per line. $T/todo gets what a newer header adds.
# Reserved members (unused, padding, ...) may shrink from one minor version to the next.
wrong()
{
	local between room='^(member [a-z_0-9]+ _*(unused|padding|spare|reserved|dummy)[0-9]*|constant FUSE_KERNEL_MINOR_VERSION)(:|$)'
	between=$(($(minor "$1") - $(minor "$2")))
	[ "$between" != 0 ] || room='^$'
	names "$1" >"$T/theirs"
	names "$2" >"$T/ours"
	comm -12 "$T/theirs" "$T/ours" | program >"$T/p.c"
	figures "$1" >"$T/their-figures" 2>&1
	figures "$2" >"$T/our-figures" 2>&1
	comm -23 "$T/their-figures" "$T/our-figures" | grep -vE "$room" | sed 's/^/theirs: /'
	comm -13 "$T/their-figures" "$T/our-figures" | grep -vE "$room" | sed 's/^/ours: /'
	comm -23 "$T/theirs" "$T/ours" | grep -vE "$room" >"$T/todo"
	[ "$between" -gt 0 ] || sed 's/^/only theirs: /' "$T/todo"
	[ "$between" -gt 0 ] || : >"$T/todo"
	[ "$between" -lt 0 ] || comm -13 "$T/theirs" "$T/ours" | grep -vE "$room" | sed 's/^/only ours: /'
}

diag "ours is 7.$(minor "$ours"), theirs 7.$(minor "$theirs"): $of"
is 'every figure is the same' "$(wrong "$theirs" "$ours")" ''
diag "$(comm -12 "$T/theirs" "$T/ours" | wc -l) names compared"
[ ! -s "$T/todo" ] || diag "$(sed 's/^/TODO newer than ours: /' "$T/todo")"

# If the system's header is older than ours, it cannot show what we lack of 7.45; this count can.
is 'our header has all constants of protocol 7.45' "$(minor "$ours") $(names "$ours" | wc -l)" '45 584'

# FUSE's structures have no holes: if the members do not fill one, a member was overlooked.
names "$theirs" | grep -v '^macro' | program >"$T/p.c"
holes()
{
	figures "$theirs" | awk '
		$1 == "member" && $3 !~ /\[\]/ { filled[$2] += $4 }
		$1 == "struct" { sub(/:/, "", $2); size[$2] = $3; n++ }
		END { for (s in size) if (filled[s] < size[s]) print s; if (!n) print "none" }'
}
is 'every member was looked at' "$(holes)" ''

# Compile with each compiler and C library that fusebox is built with, with all warnings.
names "$ours" | program >"$T/p.c"
figures "$ours" >"$T/our-figures"
echo '#include "fuse_kernel.h"' >"$T/empty.c"
for compiler in gcc clang musl-gcc; do
	command -v "$compiler" >/dev/null || continue
	ok "$compiler has no warning" "$compiler" -std=c11 -Wall -Wextra -Wshadow -Wstrict-prototypes \
		-Wconversion -Wpedantic -Werror -I"$top/include" -c -o "$T/empty.o" "$T/empty.c"
	is "$compiler sees the same" "$(figures "$ours" "$compiler" 2>&1 | comm -3 - "$T/our-figures")" ''
done

# ---- The comparison itself: it notices ----

change() # change FILE SED...: a copy of ours that differs
{
	local file=$1; shift
	sed "$@" "$ours" >"$file"
	! cmp -s "$file" "$ours" || bail "nothing changed by: $*"
}
notices() # notices NAME LINE SED...
{
	local name=$1 line=$2; shift 2
	change "$T/changed.h" "$@"
	like "notices $name" "$(wrong "$ours" "$T/changed.h")" "$line"
}
notices 'a changed constant' 'ours: constant FATTR_GID: 1000' -e '/FATTR_GID/s/<< 2/<< 12/'
notices 'a changed opcode' 'ours: constant FUSE_STATX: 39' -e '/FUSE_STATX/s/52/57/'
notices 'swapped members' 'ours: member fuse_in_header uid: 4 bytes at 28' -e 's/uid, gid, pid/gid, uid, pid/'
notices 'a member without its sign' 'ours: member fuse_out_header error: 4 bytes at 4, unsigned' \
	-e 's/int32_t error/uint32_t error/'
notices 'a structure that has grown' 'ours: struct fuse_kstatfs: 88 bytes' \
	-e 's/uint32_t spare.6./uint32_t spare[8]/' -e '/^FUSE_IS/d'
notices 'a lost member' 'only theirs: member fuse_dirent name\[\]' -e '/char name/d' -e '/^FUSE_[IA]/d'
notices 'a lost opcode' 'only theirs: constant FUSE_COPY_FILE_RANGE_64' -e '/FUSE_COPY_FILE_RANGE_64/d'
notices 'a lost structure' 'only theirs: struct fuse_notify_prune_out' \
	-e '/^struct fuse_notify_prune_out/,/^}/d' -e '/^FUSE_IS/d'
notices 'an invented constant' 'only ours: constant FUSE_INVENTED' -e '/define FUSE_ROOT_ID/a #define FUSE_INVENTED 1'
notices 'what does not compile' 'ours: .*error' -e 's/uint64_t nlookup/uint65_t nlookup/'

# 7.46, perhaps: a flag, an opcode, a structure with another inside, and a
# member where there was room.
newer=(-e '/MINOR_VERSION/s/45/46/'
	-e '/define FUSE_REQUEST_TIMEOUT/a #define FUSE_NEWER (1ULL << 43)'
	-e '/FUSE_COPY_FILE_RANGE_64/a FUSE_NEWEST = 54,'
	-e 's/uint16_t unused.11.;/uint16_t newer; uint16_t unused[10];/'
	-e '/^struct fuse_lseek_out/i struct fuse_new { union { uint32_t a; struct { uint16_t b, c; }; }; struct { int d; } e; };')
change "$T/newer.h" "${newer[@]}"
is 'a newer system header is no fault' "$(wrong "$T/newer.h" "$ours")" ''
is 'what a newer system header adds is listed as to do' "$(tr '\n' ',' <"$T/todo")" "$(printf '%s,' 'constant FUSE_NEWER' \
	'constant FUSE_NEWEST' 'member fuse_init_out newer' 'member fuse_new a' 'member fuse_new b' \
	'member fuse_new c' 'member fuse_new e' 'member fuse_new e.d' 'struct fuse_new')"
is 'an older system header is no fault' "$(wrong "$ours" "$T/newer.h")" ''
change "$T/newer.h" "${newer[@]}" -e '/FATTR_GID/s/<< 2/<< 12/'
like 'a fault is one in a newer header, too' "$(wrong "$T/newer.h" "$ours")" 'ours: constant FATTR_GID: 4'
finish
