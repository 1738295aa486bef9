#!/usr/bin/env python3
"""Learns when an answer sounds finished and writes src/session/turn_table.c.

    build/bench/turns --speakers learned --cpu 1 --features learned.tsv
    build/bench/turns --speakers ocean --answers 40 --cpu 1 --features ocean.tsv
    tools/train_turns.py learned.tsv ocean.tsv [--check apart.tsv] [--out src/session/turn_table.c]

Needs numpy and scipy. One logistic regression for each of the two looks that are taken at a pause
(after 0.45 s and after 1.2 s of silence): ends of recordings, which are ends of sentences, against pauses put
into clauses and between them. Printed: how well ends are told from pauses of speakers left out in
turn, and of those of --check, of whom nothing was learned; and what the interviewer would do there.
"""
import argparse
import math

import numpy as np
from scipy.optimize import minimize

NAMES = ["always", "voice", "full stop", "how sure of it", "comma", "trailing off", "seldom last", "words so far",
         "short sentence"]
LOOKS = [0.45, 1.2]
PENALTY = 0.5
ENOUGH_WORDS = 12  # as in src/session/turns.c


def odds(p, least):
    p = min(max(p, least), 1 - least)
    return math.log(p / (1 - p))


def row(f):
    """As rh_turns has it (src/session/turns.c)."""
    voice, stop, p_stop, maybe, n_sentence, n = float(f[4]), int(f[5]), float(f[6]), int(f[7]), int(f[9]), int(f[10])
    return [1, odds(voice, 0.02), stop == 1, odds(p_stop, 0.05) if stop == 1 and p_stop > 0 else 0, stop == 2,
            stop == 3, maybe == 1, min(math.log(1 + n), 3.0), n_sentence < 4]


def read(paths):
    rows = []
    for path in paths:
        with open(path) as f:
            for line in f:
                fields = line.rstrip("\n").split("\t")
                if len(fields) == 13 and int(fields[10]) > 0:
                    rows.append({"speaker": fields[0], "where": fields[1], "length": float(fields[2]),
                                 "look": float(fields[3]), "x": row(fields),
                                 "held": int(fields[7]) == 2 or fields[8] == "1" or int(fields[10]) < ENOUGH_WORDS,
                                 "end": fields[1] in ("sentence", "last"), "text": fields[12]})
    return rows


def fit(x, y, speakers):
    """Ends count as much as pauses, and each speaker as much as the others."""
    names, which, n = np.unique(speakers, return_inverse=True, return_counts=True)
    share = (len(y) / len(names) / n)[which]
    ends = (share * y).sum() / share.sum()
    weight = share * np.where(y, 0.5 / max(ends, 1e-9), 0.5 / max(1 - ends, 1e-9))

    def loss(w):
        z = x @ w
        p = 1 / (1 + np.exp(-z))
        value = (weight * np.logaddexp(0, np.where(y, -z, z))).sum() + PENALTY * (w[1:] ** 2).sum()
        slope = x.T @ (weight * (p - y))
        slope[1:] += 2 * PENALTY * w[1:]
        return value, slope
    return minimize(loss, np.zeros(x.shape[1]), jac=True).x


def auc(p, y):
    a, b = p[y], p[~y]
    return float(np.mean([(v > b).mean() + 0.5 * (v == b).mean() for v in a])) if len(a) and len(b) else float("nan")


def arrays(rows):
    return np.array([r["x"] for r in rows], float), np.array([r["end"] for r in rows])


def behaviour(rows, soon, late, patience=1.8):
    """What happens at each pause with these probabilities: (where, length, silence waited for or None)."""
    pauses = {}
    for r, p in rows:
        pauses.setdefault((r["speaker"], r["where"], r["length"], r["text"]), {})[r["look"]] = (p, r["held"])
    out = []
    for key, looks in pauses.items():
        wait = 6.0
        first, second = looks.get(LOOKS[0]), looks.get(LOOKS[1])
        if first and first[0] >= soon and not first[1]:
            wait = 0.7
        elif second and second[0] >= late and not second[1]:
            wait = patience
        out.append((key[1], key[2], wait if wait < key[2] else None))
    return out


def summary(name, done):
    inside = [d for d in done if d[0] in ("within", "between")]
    ends = [d for d in done if d[0] == "last"]
    sure = [d for d in ends if d[2] is not None and d[2] < 1]
    late = [d for d in ends if d[2] is not None and 1 < d[2] < 5]
    cut = [d for d in inside if d[2] is not None]
    print(f"{name}: pauses {len(inside)}, cut {100 * len(cut) / max(1, len(inside)):.1f} % "
          f"({sum(d[2] < 1 for d in cut)} at once); "
          f"ends {len(ends)}, sure {len(sure)}, after patience {len(late)}, by silence {len(ends) - len(sure) - len(late)}")


def main():
    a = argparse.ArgumentParser()
    a.add_argument("tables", nargs="+")
    a.add_argument("--check", nargs="*", default=[])
    a.add_argument("--out")
    a.add_argument("--soon", type=float, default=0.88)
    a.add_argument("--late", type=float, default=0.75)
    o = a.parse_args()
    rows, apart = read(o.tables), read(o.check)
    weights, folds, checked = [], [], []
    for look in LOOKS:
        mine = [r for r in rows if r["look"] == look]
        x, y = arrays(mine)
        who = np.array([r["speaker"] for r in mine])
        p = np.zeros(len(mine))
        speakers = sorted({r["speaker"] for r in mine})
        for k in range(6):
            out = np.array([speakers.index(r["speaker"]) % 6 == k for r in mine])
            if out.any():
                p[out] = 1 / (1 + np.exp(-x[out] @ fit(x[~out], y[~out], who[~out])))
        w = fit(x, y, who)
        weights.append(w)
        folds += list(zip(mine, p))
        line = f"look at {look} s: {len(mine)} pauses, {int(y.sum())} ends, area of speakers left out {auc(p, y):.3f}"
        theirs = [r for r in apart if r["look"] == look]
        if theirs:
            xa, ya = arrays(theirs)
            pa = 1 / (1 + np.exp(-xa @ w))
            checked += list(zip(theirs, pa))
            line += f", of --check {auc(pa, ya):.3f} (voice alone {auc(xa[:, 1], ya):.3f}, {len(theirs)} pauses)"
        print(line)
        print("  " + ", ".join(f"{n} {v:+.2f}" for n, v in zip(NAMES, w)))
    for soon in (0.9, 0.93, 0.95, 0.97):
        for late in (0.7, 0.8, 0.85, 0.9, 0.95):
            summary(f"soon {soon} late {late} left out", behaviour(folds, soon, late))
            if checked:
                summary(f"soon {soon} late {late}    apart", behaviour(checked, soon, late))
    if o.out:
        lines = [", ".join(f"{v:.3f}f" for v in w) for w in weights]
        with open(o.out, "w") as f:
            f.write("/* turn_table.c - made by tools/train_turns.py. */\n#include \"turn_table.h\"\n\n"
                    "const float rh_turn_weights[RH_TURN_LOOKS][RH_TURN_FEATURES] = {\n" +
                    "".join(f"    {{{line}}},\n" for line in lines) + "};\n"
                    f"const float rh_turn_sure = {o.soon}f, rh_turn_likely = {o.late}f;\n")


if __name__ == "__main__":
    main()
