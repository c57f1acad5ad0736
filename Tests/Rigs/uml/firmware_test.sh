# shellcheck shell=bash
# What can happen to the firmware, in User Mode Linux: each program given goes through all of it.
set -euo pipefail

lines() {
    local rig=$ESPALIER_RIG_CONFIGFS
    echo "/sys/devices/platform/$(cat $rig/dev_name)/$(cat $rig/bank0/chip_name)"
}
# A failing left side of && does not stop a script, nor does what ! turns round: every check goes through these.
expect() {
    "$@" && return
    echo "not so: $*" >&2
    exit 1
}
expect_not() {
    "$@" || return 0
    echo "so, and should not be: $*" >&2
    exit 1
}
pull() { echo "pull-$2" >"$(lines)/sim_gpio$1/pull"; }
level() { cat "$(lines)/sim_gpio$1/value"; }
until_true() {
    local turn=0
    until eval "$1"; do
        turn=$((turn + 1))
        [ $turn -lt 400 ] || { echo "never came true: $1" >&2; cat /run/errors >&2; return 1; }
        sleep 0.02
    done
}
start() {
    "$node" "$@" >/run/out 2>/run/errors &
    process=$!
    until_true '[ -e /proc/$process ]'
    sleep 0.4
}
stop() {
    kill -"${1:-TERM}" $process
    local status=0
    wait $process || status=$?
    [ $status -eq "${2:-0}" ] || { echo "exit status $status" >&2; cat /run/errors >&2; return 1; }
    [ "$(level 2)" = 0 ] || { echo "the output is not safe after the end" >&2; return 1; }
}
verdicts() { grep -c '"outcome":"verdict"' /run/out || true; }
signal() { # signal: an edge, and the output follows
    pull 0 up
    until_true '[ "$(level 2)" = 1 ]'
    pull 0 down
    until_true '[ "$(level 2)" = 0 ]'
}

# control NUMBER: one of vivid's controls that inject errors (drivers/media/test-drivers/vivid/vivid-ctrls.c).
control() {
    python3 -c 'import fcntl, struct, sys
VIDIOC_S_CTRL, VIVID_BASE = 0xC008561C, 0x00F0F000
fcntl.ioctl(open(sys.argv[1], "rb"), VIDIOC_S_CTRL, struct.pack("Ii", VIVID_BASE + int(sys.argv[2]), 1))' \
        "$ESPALIER_RIG_VIDEO" "$1"
}
BUFFER_ERROR=66 QUEUE_ERROR=70 DISCONNECT=65

for node; do
    echo "== $node"
    mkdir -p /run/snapshots
    rm -f /run/snapshots/*
    "$node" --check | tee /run/check
    expect grep -q 'camera: vivid: 3 frames of 320x240 YUYV' /run/check

    echo "edges to signals; snapshots bounded and whole; SIGTERM, SIGINT"
    start
    for turn in 1 2 3 4 5; do signal; done
    until_true '[ "$(ls /run/snapshots | grep -c annotated)" = 3 ]'
    expect [ "$(ls /run/snapshots | wc -l)" = 6 ]
    ls /run/snapshots >/run/listed
    expect_not grep -q part /run/listed
    stop TERM
    expect [ "$(verdicts)" = 5 ]
    start
    pull 0 up
    until_true '[ "$(level 2)" = 1 ]'
    stop INT # while the output is high
    pull 0 down

    echo "bounces do not count"
    start
    pull 0 up
    pull 0 down
    sleep 0.1
    expect [ "$(level 2)" = 0 ]
    stop
    expect [ "$(verdicts)" = 0 ]

    echo "a line that is busy, one that is not there, one that two chips have"
    start
    expect_not "$node" --check 2>/run/second
    expect grep -q 'in use by espalier' /run/second
    stop
    for line in NOSUCH BUTTON; do
        status=0
        "$node" --input $line --check 2>/run/second || status=$?
        expect [ $status -eq 78 ]
        expect [ "$(wc -l </run/second)" = 1 ]
    done

    echo "a chip that goes and comes back while the reaction waits"
    start
    # Stopped meanwhile, for the reason in qemu/test_firmware.sh.
    kill -STOP $process
    echo 0 >$ESPALIER_RIG_CONFIGFS/live
    kill -CONT $process
    until_true 'grep -q "no longer answers" /run/errors'
    echo 1 >$ESPALIER_RIG_CONFIGFS/live
    until_true 'grep -q "lines are back" /run/errors'
    signal
    stop

    echo "a buffer the driver calls damaged, and a queue that breaks down"
    start
    control $BUFFER_ERROR
    signal
    control $QUEUE_ERROR
    until_true 'grep -q "camera .* failed" /run/errors'
    until_true 'grep -q "camera is back" /run/errors'
    signal
    stop

    echo "a camera program that is killed, and one that is silent"
    picture='head -c 153600 /dev/zero | tr "\\0" "\\200"'
    start --camera "pipe:while :; do $picture; sleep 0.03; done"
    signal
    # The program is the leader of its own group, so this ends it and what it has started.
    kill -KILL -- "-$(ps -o pid= --ppid $process | tr -d ' ')"
    until_true 'grep -q "camera .* failed (it was ended by signal 9" /run/errors'
    until_true '[ "$(level 3)" = 1 ]'
    until_true 'grep -q "camera is back" /run/errors'
    until_true '[ "$(level 3)" = 0 ]'
    signal
    stop
    expect grep -q '"camera_restarts":1' /run/out

    echo "a camera program that ends at once is told, and never back"
    rm -f /run/starts
    start --camera 'pipe:echo >>/run/starts; echo no cameras available >&2; exit 3'
    until_true 'grep -q "exit status 3 and last said: no cameras available" /run/errors'
    until_true '[ "$(level 3)" = 1 ]'
    sleep 8
    expect [ "$(level 3)" = 1 ]
    expect [ "$(wc -l </run/starts)" -ge 4 ]
    expect [ "$(wc -l </run/starts)" -le 7 ]
    stop
    expect_not grep -q "is back" /run/errors
    expect grep -q '"camera_restarts":0' /run/out
    start --camera "pipe:$picture; sleep 1000"
    until_true 'grep -q "no frame for 1000 ms" /run/errors'
    until_true '[ "$(level 3)" = 1 ]'
    stop

    echo "a program whose frames have another size is no camera"
    start --camera "pipe:while :; do head -c 100000 /dev/zero; sleep 0.1; done"
    until_true 'grep -q "it writes 100000 bytes at a time" /run/errors'
    until_true '[ "$(level 3)" = 1 ]'
    pull 0 up
    sleep 0.2
    pull 0 down
    stop
    expect [ "$(verdicts)" = 0 ]
    expect_not grep -q "is back" /run/errors

    echo "options change size and rate, and what cannot be is refused"
    "$node" --camera "pipe:while :; do head -c \$(({width}*{height}*2)) /dev/zero; sleep 0.03; done" --size 160x120 \
        --check | grep -q 'frames of 160x120 YUYV'
    status=0
    "$node" --size 161x120 2>/run/second || status=$?
    expect [ $status -eq 2 ]
    expect grep -q 'width is 161' /run/second

    echo "a full disk, and a folder that is not there"
    mkdir -p /run/full
    mount -t tmpfs -o size=16k full /run/full
    start --snapshots /run/full
    for turn in 1 2 3; do signal; done
    until_true 'grep -q "No space left on device" /run/errors'
    stop
    expect [ "$(verdicts)" = 3 ]
    expect grep -q '"snapshots_failed":[1-9]' /run/out
    ls /run/full >/run/listed
    expect_not grep -q part /run/listed
    umount /run/full
    status=0
    "$node" --snapshots /run/nowhere 2>/run/second || status=$?
    expect [ $status -eq 78 ]

    echo "a jump of the clock changes nothing"
    start
    date -s 2030-01-01 >/dev/null
    signal
    date -s 2001-01-01 >/dev/null
    signal
    stop
    expect [ "$(verdicts)" = 2 ]

    echo "a crash leaves the outputs safe"
    start
    pull 0 up
    until_true '[ "$(level 2)" = 1 ]'
    stop SEGV 139
    pull 0 down
done
echo "a camera that is unplugged while it streams"
start
signal
control $DISCONNECT
until_true 'grep -q "camera .* failed" /run/errors'
until_true '[ "$(level 3)" = 1 ]'
pull 0 up
until_true 'grep -q "\"outcome\":\"camera_failed\"" /run/out'
pull 0 down
stop
expect [ "$(level 3)" = 0 ]
echo "all of it"
