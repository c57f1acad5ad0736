# The cross-built firmware on the GPIO of an emulated Raspberry Pi 3B, with the kernel's own driver for it:
# lines found by their names and by their place on the header, outputs that move.
/node --check || return 1
/node >/tmp/out 2>/tmp/errors &
node=$!
echo "READY bcm2835"
until_true '[ "$(grep -c "\"outcome\":\"verdict\"" /tmp/out)" -ge 3 ]' || { cat /tmp/out /tmp/errors; return 1; }
sleep 1
kill -TERM $node
wait $node || return 1
cat /tmp/errors
tail -n 1 /tmp/out
echo "STOPPED"
sleep 1
