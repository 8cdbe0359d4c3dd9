. "$(dirname "$0")/lib.sh"
start 100
mkdir src mnt; rm -rf /tmp/hf-tsan; mkdir /tmp/hf-tsan
export TSAN_OPTIONS="log_path=$T/tsan exitcode=66"
for how in "--transport=dev" "--transport=uring" "--transport=uring --threads=1"; do
[[ $how = *uring* ]] && echo Y >/sys/module/fuse/parameters/enable_uring
$top/build/threads/bin/passfs -b --threads=4 $how src mnt; echo $?
for i in 1 2 3 4; do ( for j in $(seq 30); do echo a >mnt/f$i; cat mnt/f$i >/dev/null; mv mnt/f$i mnt/g$i; ls -l mnt >/dev/null; ln mnt/g$i mnt/h$i$j; rm mnt/g$i mnt/h$i$j; done ) & done; wait
timeout 10 $top/build/threads/bin/fumount mnt
sleep 0.5
done
echo N >/sys/module/fuse/parameters/enable_uring
cat tsan* | grep ^SUMMARY | sort | uniq -c; cp tsan* /tmp/hf-tsan/
