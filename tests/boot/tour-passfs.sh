# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# The part of the tour that mounts passfs, of /src on /mnt.

echo data >/src/file
mkdir /src/dir
check 'passfs' exits 0 passfs -b /src /mnt
check 'what is there' reads /mnt/file data
written() { echo more >>/mnt/file && prints "$(printf 'data\nmore')" cat /src/file; }
check 'written' written
large() { dd if=/dev/urandom of=/tmp/large bs=64k count=36 2>/dev/null && cp /tmp/large /mnt/large && cmp /tmp/large /src/large && cmp /tmp/large /mnt/large; }
check 'two megabytes and more' large
dd_direct() { dd if=/mnt/large of=/tmp/copy bs=2M iflag=direct 2>/dev/null && cmp /tmp/large /tmp/copy; }
check 'read in large pieces' dd_direct
beyond() { probe write /mnt/large there 5000000000 && prints there sh -c 'tail -c 5 /src/large' && prints there sh -c 'head -c 5 /src/large'; }
check 'beyond 4 GiB, and by a shared mapping' beyond
truncated() { truncate -s 4300000000 /mnt/large && prints 4300000000 stat -c %s /src/large && rm /mnt/large && [ ! -e /src/large ]; }
check 'truncated, removed' truncated
renamed() { mv /mnt/file /mnt/dir/moved && ln /mnt/dir/moved /mnt/link && ln -s link /mnt/sym && prints 2 stat -c %h /src/link && reads /mnt/sym "$(cat /src/dir/moved)"; }
check 'renamed, linked' renamed
owned() { chown 12:34 /mnt/link && chmod 2640 /mnt/link && prints '12 34 2640' stat -c '%u %g %a' /src/link; }
check 'owner and mode' owned
check 'times, to the nanosecond' prints 1234567890.123456789 probe times /mnt/link 1234567890
check 'and beyond 2038' prints 5000000000.123456789 probe times /mnt/link 5000000000
check 'they are the same below' prints 5000000000.123456789 probe time /src/link
touch -d '2001-01-01 00:00' /mnt/link	# there are busyboxes that know no later time than 2038
device() { mknod /mnt/node c 259 1048575 && prints "$(stat -c '%t %T' /src/node)" stat -c '%t %T' /mnt/node && prints '103 fffff' stat -c '%t %T' /mnt/node; }
check 'a device' device
many() { i=0; while [ $i -lt 300 ]; do : >/mnt/dir/$i; i=$((i + 1)); done; prints 301 sh -c 'ls /mnt/dir | wc -l' && prints 301 sh -c 'ls /src/dir | wc -l'; }
check 'many entries' many
attributes() { probe setxattr /mnt/link trusted.x value && prints value probe getxattr /src/link trusted.x && prints value probe getxattr /mnt/link trusted.x && probe listxattr /mnt/link | grep -qx trusted.x; }
check 'extended attributes' attributes
no_attributes() { probe rmxattr /mnt/link trusted.x && ! probe getxattr /src/link trusted.x; }
check 'removed' no_attributes
flags_of() { probe flags "$1" 2>&1 | sed 's/.*: //'; }
flags() { prints "$(flags_of /src/link)" flags_of /mnt/link; }
check 'flags of lsattr, or none, as below' flags
check 'how much is free' prints "$(stat -f -c '%b %S %l' /src)" stat -f -c '%b %S %l' /mnt
check 'synced' exits 0 sync
check 'fumount of passfs' exits 0 fumount /mnt
check 'it ends' within 5 no_passfs
check 'passfs, read-only, with one thread' exits 0 passfs -b --threads=1 --ro --hide=sym /src /mnt
check 'is that' exits 1 touch /mnt/x
check 'hides' exits 1 ls /mnt/sym
check 'and goes' exits 0 fumount /mnt
check 'passfs --threads, writeback, as others' exits 0 passfs -b --threads=8 --writeback --map=12:1000,@34:@1000 /src /mnt
check 'shows another owner' prints '1000 1000' stat -c '%u %g' /mnt/link
copies() { for i in 1 2 3 4; do dd if=/dev/zero of=/mnt/copy$i bs=64k count=8 2>/dev/null & done; wait; sync; prints 2097152 sh -c 'cat /src/copy? | wc -c'; }
check 'copies at once' copies
check 'fumount once more' exits 0 fumount /mnt
check 'passfs --locks' exits 0 passfs -b --locks /src /mnt
check 'a lock is seen below' prints 'locked 21474836480+7' probe locks /mnt/link /src/link
check 'and goes with it' exits 0 fumount /mnt
check 'passfs --cache=none' exits 0 passfs -b --cache=none /src /mnt
check 'a large read of it' exits 0 cmp /tmp/large /mnt/link -n 0
uncached() { cp /tmp/large /mnt/large && dd if=/mnt/large of=/tmp/copy bs=2M 2>/dev/null && cmp /tmp/large /tmp/copy; }
check 'comes whole' uncached
check 'and away' exits 0 fumount /mnt
check 'in the end nothing is mounted' nothing_mounted
check 'and nobody is left' within 5 no_one
