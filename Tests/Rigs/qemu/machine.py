"""The lines of an emulated machine, moved and read from outside while it runs.

QEMU, docs/devel/qtest.rst (set_irq_in, irq_intercept_out, readl, writel) and docs/interop/qmp-spec.rst.
"""
import json
import socket
import time


def connect(path):
    for _ in range(200):
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(path)
            return connection.makefile("rw", newline="\n")
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"cannot connect to {path}")


class Machine:
    def __init__(self, qtest, qmp, log):
        self.log = log
        self.qtest = connect(qtest)
        self.qmp = connect(qmp)
        self.raised = []  # (line, level) of outputs as they change
        self.qmp.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.qmp.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.qmp.flush()
        while True:
            reply = json.loads(self.qmp.readline())
            if "return" in reply:
                return reply["return"]
            if "error" in reply:
                raise SystemExit(str(reply["error"]))

    def find(self, kind, root="/machine"):
        """Paths of all devices of a kind."""
        found = []
        for child in self.ask("qom-list", path=root):
            if child["type"].startswith("child<") and not child["type"].startswith("child<qemu:memory"):
                path = root + "/" + child["name"]
                found += [path] if child["type"] == f"child<{kind}>" else self.find(kind, path)
        return found

    def tell(self, line):
        self.qtest.write(line + "\n")
        self.qtest.flush()
        while True:
            reply = self.qtest.readline()
            if reply.startswith("IRQ "):
                _, level, number = reply.split()
                self.raised.append((int(number), level == "raise"))
            elif reply.startswith("OK"):
                return reply.split()[1:]
            else:
                raise SystemExit(f"{line}: {reply}")

    def until(self, condition, what, seconds=120):
        """Waits for a state; reading a register lets changes of outputs come in."""
        end = time.time() + seconds
        while not condition():
            if time.time() > end:
                raise SystemExit(f"never came true: {what}")
            time.sleep(0.02)

    def has_printed(self, text):
        return text in open(self.log, errors="replace").read()

    def wait_for(self, text):
        self.until(lambda: self.has_printed(text), f"the guest prints {text}")
