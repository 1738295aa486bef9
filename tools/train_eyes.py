#!/usr/bin/env python3
"""Learns how likely a look at the camera is, from labelled photographs and Pointing'04.

usage: REHEARSE_DATA=folder build/bench/eyes --dump > signs.csv
       tools/train_eyes.py signs.csv

Writes src/vision/contact_table.c (learned from all) and bench/eyes_left_out.txt (a line for each tenth of the
photographs and for each person of Pointing'04: learned from the others), for build/bench/eyes to judge them by.
Needs numpy.

Logistic regression with a quadratic penalty on standardised signs: few numbers, since some two hundred labelled
photographs are all there is. Pictures of Pointing'04 teach what looks 15 and 30 degrees aside; they are seven
people in one room, so each counts less than a photograph."""
import pathlib
import sys
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
SIGNS, HEAD_SIGNS = 7, 3
# Of contact_model.c: those that may only count against a look.
AGAINST = [True, True, False, False, False, False, True]
HEAD_AGAINST = [True, True, False]
PENALTY = 0.1
POSED = {0: 0.6, 15: 0.2}  # weight of a picture of Pointing'04 by how far off the camera it looks
POSED_FAR = 0.4            # 30 degrees and more
THRESHOLD = 0.5            # probability from which a look counts as contact


class Data:
    def __init__(self, path):
        rows = [line.rstrip().split(",") for line in open(path)]
        self.group = np.array([r[1] for r in rows])
        self.posed, self.off, self.looks, self.known, self.hidden, self.blink = (
            np.array([int(r[k]) for r in rows]) for k in range(2, 8))
        angles = np.array([[float(v) for v in r[8:12]] for r in rows])
        self.head_pitch, self.gaze_pitch = angles[:, 1], angles[:, 3]
        self.sign = np.array([[float(v) for v in r[12:]] for r in rows])
        assert self.sign.shape[1] == SIGNS + HEAD_SIGNS
        self.weight = np.where(self.posed == 0, 1, [POSED.get(o, POSED_FAR) for o in self.off])
        self.seen = (self.hidden == 0) & (self.blink == 0)


def newton(x, y, w):
    mean, dev = x.mean(0), x.std(0)
    z = np.c_[np.ones(len(x)), (x - mean) / dev]
    penalty = np.diag([0] + [PENALTY] * x.shape[1])
    b = np.zeros(z.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-z @ b))
        b += np.linalg.solve((z * (w * p * (1 - p))[:, None]).T @ z + penalty, z.T @ (w * (y - p)) - penalty @ b)
    coef = b[1:] / dev
    return b[0] - coef @ mean, coef


def logistic(x, y, w, against):
    """Constant and weights; a sign that would count the wrong way is left out."""
    use = np.ones(x.shape[1], bool)
    while True:
        constant, coef = newton(x[:, use], y, w)
        full = np.zeros(x.shape[1])
        full[use] = coef
        wrong = np.array(against) & (full > 0)
        if not wrong.any():
            return np.r_[constant, full]
        use &= ~wrong


def learn(d, use):
    eyes, head = use & d.seen & (d.known == 1), use & d.seen
    return np.r_[logistic(d.sign[eyes, :SIGNS], d.looks[eyes], d.weight[eyes], AGAINST),
                 logistic(d.sign[head, SIGNS:], d.looks[head], d.weight[head], HEAD_AGAINST)]


def judge(d, which, b):
    eyes = 1 / (1 + np.exp(-(b[0] + d.sign[which, :SIGNS] @ b[1:1 + SIGNS])))
    head = 1 / (1 + np.exp(-(b[1 + SIGNS] + d.sign[which, SIGNS:] @ b[2 + SIGNS:])))
    return np.where(d.seen[which], np.where(d.known[which] == 1, eyes, head), 0)


def numbers(values):
    text = [f"{v:.5g}" for v in values]
    return ", ".join(t + ("f" if "." in t or "e" in t else ".0f") for t in text)


def write_table(b, head_pitch, gaze_pitch, n):
    (ROOT / "src/vision/contact_table.c").write_text(f"""/* contact_table.c - what tools/train_eyes.py learned of looks at the camera, from {n[0]} faces of photographs (WIDER
 * FACE, labelled anew) and {n[1]} pictures of the seven people of Pointing'04. The pictures are not here, only these
 * coefficients; contact_model.c tells how they are used. */
#include "contact_internal.h"

/* clang-format off */
const rh_contact_table rh_learned_contact = {{
.constant = {numbers(b[:1])},
.weight = {{{numbers(b[1:1 + SIGNS])}}},
.head_constant = {numbers(b[1 + SIGNS:2 + SIGNS])},
.head = {{{numbers(b[2 + SIGNS:])}}},
.head_pitch = {numbers([head_pitch])}, .gaze_pitch = {numbers([gaze_pitch])},
.threshold = {numbers([np.log(THRESHOLD / (1 - THRESHOLD))])}, /* a probability of {THRESHOLD} */
}};
""")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    d = Data(sys.argv[1])
    p = np.zeros(len(d.looks))
    with open(ROOT / "bench/eyes_left_out.txt", "w") as out:
        for group in sorted(set(d.group)):
            left = d.group == group
            b = learn(d, ~left)
            out.write(" ".join([group] + [f"{v:.6g}" for v in b]) + "\n")
            p[left] = judge(d, left, b)
    photo, said, looks = d.posed == 0, p >= THRESHOLD, d.looks == 1
    print("photographs left out: F1 %.3f; Pointing'04, person left out: frontal %.2f, 15 degrees %.2f, 30 and more %.3f" % (
        2 * (said & looks & photo).sum() / ((said & photo).sum() + (looks & photo).sum()),
        *(said[(d.posed == 1) & part].mean() for part in (d.off == 0, d.off == 15, d.off >= 30))))
    everything = np.ones(len(p), bool)
    look = looks & photo & d.seen
    # The middle of both: people of photographs lift their chins less than those of Pointing'04.
    pitches = [(v[look].mean() + v[looks & ~photo].mean()) / 2 for v in (d.head_pitch, d.gaze_pitch)]
    write_table(learn(d, everything), *pitches, [photo.sum(), (~photo).sum()])


main()
