#!/usr/bin/env python3
"""Learns when an answer sounds finished and writes src/session/turn_table.c.

    build/bench/turns --speakers learned --cpu 1 --features learned.tsv
    build/bench/turns --speakers ocean --answers 100 --cpu 1 --features ocean.tsv
    tools/train_turns.py learned.tsv ocean.tsv [--check apart.tsv] [--out src/session/turn_table.c]

Needs numpy and scipy. One logistic regression: ends of recordings, which are ends of sentences, against pauses put
into clauses and between them, by what is known when an utterance has become final. Then the two limits, from which an
end is sure and from which it is likely, by speakers left out in turn: those with which pauses of 0.5 to 3 s are cut
into least often enough (--cuts, percent) and the ends that are not sure are told soonest. Printed: how well ends are
told from pauses, of speakers left out and of those of --check, of whom nothing was learned; and what the interviewer
would do there.
"""
import argparse
import math

import numpy as np
from scipy.optimize import minimize

NAMES = ["always", "full stop expected", "voice", "seldom last", "short sentence"]
LOOK = 0.65
PENALTY = 0.5
ENOUGH_WORDS = 12  # as in src/session/turns.c; the waits too
SURE_S, LIKELY_S, DOUBT_S, SILENCE_S, DOUBT_P = 0.75, 1.7, 3.1, 6.0, 0.06


def odds(p, least):
    p = min(max(p, least), 1 - least)
    return math.log(p / (1 - p))


def sentence_over(f):
    """As sentence_over() of src/session/turns.c."""
    stop, comma, dots, end, word = (float(v) for v in f[11:16])
    if stop + comma + dots + end + word <= 0:
        return 0.5 if f[5] == "1" else -0.5
    return math.log((stop + 0.02) / (comma + dots + word + 0.02))


def row(f):
    """As rh_turns has it."""
    return [1, sentence_over(f), odds(float(f[4]), 0.01), f[6] == "1", int(f[8]) < 4]


def read(paths):
    rows = []
    for path in paths:
        with open(path) as file:
            for line in file:
                f = line.rstrip("\n").split("\t")
                if len(f) == 17 and int(f[9]) > 0 and float(f[3]) == LOOK:
                    rows.append({"speaker": f[0], "where": f[1], "x": row(f), "end": f[1] in ("sentence", "last"), "text": f[16],
                                 "open": f[6] == "2" or f[7] == "1", "held": int(f[9]) < ENOUGH_WORDS, "first": int(f[8]) >= int(f[9])})
    return rows


def fit(x, y, speakers):
    """Ends count as much as pauses, and each speaker as much as the others."""
    names, which, n = np.unique(speakers, return_inverse=True, return_counts=True)
    share = (len(y) / len(names) / n)[which] ** 0.5
    ends = (share * y).sum() / share.sum()
    weight = share * np.where(y, 0.5 / max(ends, 1e-9), 0.5 / max(1 - ends, 1e-9))

    def loss(w):
        z = x @ w
        p = 1 / (1 + np.exp(-z))
        value = (weight * np.logaddexp(0, np.where(y, -z, z))).sum() + PENALTY * (w[1:] ** 2).sum()
        slope = x.T @ (weight * (p - y))
        slope[1:] += 2 * PENALTY * w[1:]
        return value, slope
    bounds = [(None, None)] * 3 + [(None, 0)] * 2  # words and sentences that speak against an end never speak for one
    return minimize(loss, np.zeros(x.shape[1]), jac=True, bounds=bounds).x


def auc(p, y):
    a, b = p[y], p[~y]
    return float(np.mean([(v > b).mean() + 0.5 * (v == b).mean() for v in a])) if len(a) and len(b) else float("nan")


def arrays(rows):
    return np.array([r["x"] for r in rows], float), np.array([r["end"] for r in rows])


def chances(rows, w):
    p = 1 / (1 + np.exp(-arrays(rows)[0] @ w))
    return np.where([r["open"] for r in rows], np.minimum(p, 0.01), p)


def behaviour(rows, p, sure, likely):
    """Percent of pauses cut into, were each as long as any from 0.5 to 3 s; percent of ends that are sure; the median wait of
    the others."""
    held = np.array([r["held"] for r in rows])
    first = np.array([r["first"] for r in rows])
    wait = np.where((p >= sure) & ~held & ~first, SURE_S, np.where(p >= np.where(held, sure, likely), LIKELY_S, np.where(p >= DOUBT_P, DOUBT_S, SILENCE_S)))
    inside = np.array([r["where"] in ("within", "between") for r in rows])
    last = np.array([r["where"] == "last" for r in rows])
    cuts = np.clip(3 - wait[inside], 0, 2.5) / 2.5
    others = wait[last & (wait > 1)]
    return 100 * cuts.mean(), 100 * (wait[last] < 1).mean(), float(np.median(others)) if len(others) else 0.0, float(np.mean(others <= 1.8)) if len(others) else 1.0


def limits(rows, p, most_cuts):
    best = (-1.0, 0.99, 0.9)
    steps = [k / 100 for k in range(50, 99)]
    for sure in steps:
        for likely in steps:
            if likely > sure:
                break
            cuts, share, _, soon = behaviour(rows, p, sure, likely)
            if cuts <= most_cuts and soon + 0.3 * share / 100 > best[0]:
                best = (soon + 0.3 * share / 100, float(sure), float(likely))
    return best[1:]


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("tables", nargs="+")
    a.add_argument("--check", nargs="*", default=[])
    a.add_argument("--out")
    a.add_argument("--cuts", type=float, default=3.0)
    a.add_argument("--limits", type=float, nargs=2, metavar=("SURE", "LIKELY"), help="instead of those found")
    o = a.parse_args()
    rows, apart = read(o.tables), read(o.check)
    x, y = arrays(rows)
    who = np.array([r["speaker"] for r in rows])
    p = np.zeros(len(rows))
    speakers = sorted(set(who))
    for k in range(min(len(speakers), 12)):
        out = np.array([speakers.index(s) % 12 == k for s in who])
        p[out] = chances([r for r, b in zip(rows, out) if b], fit(x[~out], y[~out], who[~out]))
    w = fit(x, y, who)
    print(f"{len(rows)} pauses, {int(y.sum())} ends; area of speakers left out {auc(p, y):.3f} (voice alone {auc(x[:, 2], y):.3f}, "
          f"full stop alone {auc(x[:, 1], y):.3f})")
    print("  " + ", ".join(f"{n} {v:+.3f}" for n, v in zip(NAMES, w)))
    sure, likely = o.limits or limits(rows, p, o.cuts)
    told = "pauses cut %.1f %%, ends sure %.0f %%, others after %.2f s (median; %.0f %% by 1.8 s)"
    show = lambda b: told % (b[0], b[1], b[2], 100 * b[3])
    print(f"limits {sure:.3f} {likely:.3f}; left out: " + show(behaviour(rows, p, sure, likely)))
    if apart:
        q = chances(apart, w)
        print(f"--check: {len(apart)} pauses, area {auc(q, arrays(apart)[1]):.3f}; " + show(behaviour(apart, q, sure, likely)))
    if o.out:
        with open(o.out, "w") as f:
            f.write("/* turn_table.c - made by tools/train_turns.py. */\n#include \"turn_table.h\"\n\n"
                    "const float rh_turn_weights[RH_TURN_FEATURES] = {" + ", ".join(f"{v:.3f}f" for v in w) + "};\n"
                    f"const float rh_turn_sure = {sure:.3f}f, rh_turn_likely = {likely:.3f}f;\n")


if __name__ == "__main__":
    main()
