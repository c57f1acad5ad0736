"""The lines of an emulated machine, moved and read from outside while it runs.

QEMU, docs/devel/qtest.rst (set_irq_in, irq_intercept_out, readl, writel) and docs/interop/qmp-spec.rst.
"""
import json
import socket
import time


class Connection:
    """Lines to and from a socket. Two files: one for both drops what it has read ahead when it writes."""

    def __init__(self, path):
        for _ in range(200):
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(path)
                break
            except OSError:
                time.sleep(0.05)
        else:
            raise SystemExit(f"cannot connect to {path}")
        self.replies = connection.makefile("r", newline="\n")
        self.requests = connection.makefile("w", newline="\n")

    def write_line(self, line):
        self.requests.write(line + "\n")
        self.requests.flush()

    def read_line(self):
        return self.replies.readline()


class Machine:
    def __init__(self, qtest, qmp, log):
        self.log = log
        self.qtest = Connection(qtest)
        self.qmp = Connection(qmp)
        self.raised = []  # (line, level) of outputs as they change
        self.qmp.read_line()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.qmp.write_line(json.dumps({"execute": command, "arguments": arguments}))
        while True:
            reply = json.loads(self.qmp.read_line())
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
        self.qtest.write_line(line)
        while True:
            reply = self.qtest.read_line()
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
