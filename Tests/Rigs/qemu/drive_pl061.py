"""Sets off the firmware in the guest through line 4 of a PL061, three times, and sees line 5 signal.

    drive_pl061.py QTEST QMP LOG
"""
import sys

from machine import Machine

machine = Machine(*sys.argv[1:4])
machine.wait_for("READY pl061")
controller = machine.find("pl061")[0]
machine.tell(f"irq_intercept_out {controller}")


def moves():
    machine.tell("readl 0x9030000")
    return [level for line, level in machine.raised if line == 5]


for turn in range(3):
    machine.tell(f"set_irq_in {controller} unnamed-gpio-in 4 1")
    machine.until(lambda: len(moves()) >= 2 * turn + 1, "line 5 is raised")
    machine.tell(f"set_irq_in {controller} unnamed-gpio-in 4 0")
    machine.until(lambda: len(moves()) >= 2 * turn + 2, "line 5 is lowered")
seen = moves()  # the machine is gone soon after its last line
machine.wait_for("RIG status")
if seen[:6] != [True, False] * 3:
    sys.exit(f"line 5 moved {seen}")
