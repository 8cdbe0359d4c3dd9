. /tmp/helper-faults/tests/faults/lib.sh
start 600
own_dev; echo Y >/sys/module/fuse/parameters/enable_uring
scene "$HF_S" ${HF_O}
cat log; give_dev_back; echo N >/sys/module/fuse/parameters/enable_uring
