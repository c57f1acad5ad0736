"""Sets off the firmware a thousand times and prints what it took; then lets it wait.

    latency.py FIRMWARE
"""
import json
import os
import subprocess
import sys
import time

rig = os.environ["ESPALIER_RIG_CONFIGFS"]
word = lambda path: open(path).read().strip()
pull = f"/sys/devices/platform/{word(rig + '/dev_name')}/{word(rig + '/bank0/chip_name')}/sim_gpio0/pull"


def move(level):
    with open(pull, "w") as file:
        file.write("pull-up" if level else "pull-down")


def processor_seconds(process):
    fields = word(f"/proc/{process.pid}/stat").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_kilobytes(process):
    return int(next(line for line in open(f"/proc/{process.pid}/status") if line.startswith("VmHWM")).split()[1])


def start(*options):
    return subprocess.Popen([sys.argv[1], *options], stdout=open("/run/out", "w"))


def show(name, values):
    values = sorted(values)
    print(f"{name}: median {values[len(values) // 2]:.0f}, p99 {values[len(values) * 99 // 100]:.0f}, "
          f"longest {values[-1]:.0f} us, of {len(values)}")


process = start()
time.sleep(1)
for _ in range(1000):
    move(True)
    time.sleep(0.012)
    move(False)
    time.sleep(0.012)
memory = resident_kilobytes(process)
process.terminate()
process.wait()
records = [json.loads(line) for line in open("/run/out")]
verdicts = [record for record in records if record.get("outcome") == "verdict" and record["signal_ns"]]
show("edge to signal", [(each["signal_ns"] - each["edge_ns"]) / 1000 for each in verdicts])
show("inference", [each["inference_ns"] / 1000 for each in verdicts])
show("edge to signal without the inference",
     [(each["signal_ns"] - each["edge_ns"] - each["inference_ns"]) / 1000 for each in verdicts])
show("  of it edge to run: waking, reading, capturing, preparing",
     [(each["run_ns"] - each["edge_ns"]) / 1000 for each in verdicts])
show("  of it verdict to signal", [(each["signal_ns"] - each["verdict_ns"]) / 1000 for each in verdicts])
print(f"lost edges {records[-1]['summary']['lost_edges']}; resident at most {memory} KB")

for name, options in [("camera at 30 frames a second", []), ("a camera that is silent", ["--camera", "pipe:sleep 1000"])]:
    process = start(*options)
    time.sleep(1)
    before = processor_seconds(process)
    time.sleep(10)
    used = processor_seconds(process) - before
    process.terminate()
    process.wait()
    print(f"waiting, {name}: {used * 10:.2f} % of a processor")
