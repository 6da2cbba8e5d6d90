# SPDX-License-Identifier: GPL-2.0
"""CPython's sys.intern(): sysintern.py LABELS ROUNDS, figures as users.c's.

Labels come as strings that are equal to those interned but not the same, and
whose hash nobody has computed yet, as those read from outside do.
"""
import gc
import random
import sys
from time import perf_counter_ns as now

CHUNK = 16384  # as users.c


def pss():
    with open("/proc/self/smaps_rollup") as file:
        for line in file:
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def fresh(labels, order):
    """The labels as new strings, made in the order of the file."""
    made = [label.decode() for label in labels]
    return [made[i] for i in order]


def one_pass(call, strings):
    """What the calls gave, and nanoseconds each, of every chunk."""
    gave, times = [], []
    for i in range(0, len(strings), CHUNK):
        chunk = strings[i:i + CHUNK]
        begin = now()
        some = list(map(call, chunk))
        times.append((now() - begin) / len(chunk))
        gave += some
    return gave, times


def at(times, share):
    return times[int(len(times) * share)]


def show(what, order, times, loop):
    times = sorted(max(t - loop, 0.1) for t in times)
    name = f"{what}.{order}.1cpu.sysintern"
    median = at(times, 0.5)
    print(f"{name}.p50_ns {median:.1f}")
    print(f"{name}.p99_ns {at(times, 0.99):.1f}")
    print(f"{name}.spread_pct {(at(times, 0.75) - at(times, 0.25)) * 100 / median:.0f}")
    print(f"{name}.mops {1000 * len(times) / sum(times):.2f}")


def main():
    path, rounds = sys.argv[1], int(sys.argv[2])
    with open(path, "rb") as file:
        labels = file.read().split(b"\n")[:-1]
    gc.disable()
    before = pss()
    held = [sys.intern(label.decode()) for label in labels]
    # Beside the word by which the program knows a label.
    took = (pss() - before) / len(labels) - 8
    del held
    print(f"usermem.sysintern.bytes {took:.1f}")
    same = list(range(len(labels)))
    shuffled = same[:]
    random.Random(1).shuffle(shuffled)
    # A builtin of one argument that has nothing to do.
    loop = at(sorted(one_pass(callable, fresh(labels, same))[1]), 0.5)
    for name, order in ("same", same), ("shuffled", shuffled):
        new, again = [], []
        for _ in range(rounds):
            # The only ones that stay.
            held, times = one_pass(sys.intern, fresh(labels, order))
            new += times
            again += one_pass(sys.intern, fresh(labels, order))[1]
            del held
        show("usermiss", name, new, loop)
        show("userhit", name, again, loop)


main()
