"""Sees line 27 beat and line 22 signal on an emulated BCM2837, and both low after the end.

    drive_bcm2835.py QTEST QMP LOG

GPLEV0, the levels of lines 0 to 31: BCM2835 ARM Peripherals, section 6.1.
"""
import sys

from machine import Machine

GPLEV0 = 0x3F200034
machine = Machine(*sys.argv[1:4])
machine.wait_for("READY bcm2835")


def level(line):
    return int(machine.tell(f"readl {GPLEV0:#x}")[0], 0) >> line & 1


for turn in range(3):
    machine.until(lambda: level(27) == 1, "the heartbeat is high")
    machine.until(lambda: level(27) == 0, "the heartbeat is low")
machine.until(lambda: level(22) == 1, "the output signals")
machine.wait_for("STOPPED")
if level(27) or level(22):
    sys.exit("an output is not at its safe level after the end")
machine.wait_for("RIG status")
