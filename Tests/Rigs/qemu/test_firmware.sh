# The cross-built firmware in an emulated machine: on gpio-sim and vivid, and on a PL061 whose lines are moved
# from outside. A 32-bit machine has no gpio-sim.
on_gpio_sim() {
    chip || return 1
    /node --check || return 1
    /node --input rig-gpio:NOSUCH --check && return 1
    /node >/tmp/out 2>/tmp/errors &
    node=$!
    pull() { echo "pull-$1" >"$lines/sim_gpio0/pull"; }
    relay() { until_true "[ \"\$(cat $lines/sim_gpio2/value)\" = $1 ]"; }
    until_true '[ "$(cat /tmp/out | wc -l)" -ge 0 ]' && sleep 0.5
    for turn in 1 2 3; do
        pull up && relay 1 && pull down && relay 0 || return 1
    done
    # Stopped while its chip goes: where a line is freed in the middle of that, Linux 6.1 writes into memory
    # that it has freed (its folder in /proc/irq), and the guest breaks down later.
    kill -STOP $node
    echo 0 >$rig/live
    kill -CONT $node
    until_true 'grep -q "no longer answers" /tmp/errors' || return 1
    echo 1 >$rig/live
    until_true 'grep -q "lines are back" /tmp/errors' || return 1
    lines=/sys/devices/platform/$(cat $rig/dev_name)/$(cat $rig/bank0/chip_name)
    pull up && relay 1 || return 1
    memory=$(awk '/^Rss/ { print $2 }' /proc/$node/smaps_rollup)
    echo "resident $memory KB"
    [ "$memory" -le 3072 ] || return 1
    kill -TERM $node
    wait $node || return 1
    [ "$(cat $lines/sim_gpio2/value)" = 0 ] || { echo "the output is not safe after the end"; return 1; }
    cat /tmp/out /tmp/errors
    [ "$(grep -c '"outcome":"verdict"' /tmp/out)" = 4 ] || return 1
    grep -q '"lost_edges":0' /tmp/out || return 1

    # Ten thousand edges, two hundred a second: each rising one leaves a record, or is counted as lost.
    pull down
    /node >/tmp/out 2>/tmp/errors &
    node=$!
    sleep 1
    /move_line $lines/sim_gpio0/pull 10000 5000 || return 1
    sleep 1
    kill -TERM $node
    wait $node || return 1
    echo "EDGES"
    cat /tmp/out
    triggers=$(sed -n 's/.*"summary":{"triggers":\([0-9]*\).*/\1/p' /tmp/out)
    lost=$(sed -n 's/.*"lost_edges":\([0-9]*\).*/\1/p' /tmp/out)
    [ $((triggers + lost)) -ge 5000 ] && [ "$triggers" -le 5000 ] || return 1
}

on_pl061() {
    controller=$(for chip in /sys/bus/gpio/devices/gpiochip*; do cat $chip/of_node/compatible 2>/dev/null; done | grep -c pl061)
    [ "$controller" = 1 ] || { echo "no PL061"; return 1; }
    /node --input 9030000.pl061:4 --output 0=9030000.pl061:5 --output 1=9030000.pl061:6 >/tmp/pl061 2>/tmp/errors &
    node=$!
    sleep 1
    cat /tmp/errors
    echo "READY pl061"
    until_true '[ "$(grep -c "\"outcome\":\"verdict\"" /tmp/pl061)" = 3 ]' || { cat /tmp/pl061 /tmp/errors; return 1; }
    sleep 1
    kill -TERM $node
    wait $node
}

camera || return 1
if [ -f /modules/gpio_sim.order ]; then on_gpio_sim || return 1; fi
on_pl061
