#!/usr/bin/env python3
"""Learns the speech scores from rated recordings and writes src/speech/score_tables.c.

    build/bench/speech_features list.tsv > table.jsonl
    tools/train_scores.py --table table.jsonl --ratings ../shared/data/speechocean762 \
        [--native native.jsonl] [--copies copies.jsonl] [--check] [--out src/speech/score_tables.c] \
        [--folds bench/pronunciation_folds.bin]

Needs numpy and scipy. For each rating (fluency, accuracy, prosodic, total) two parts are learnt:
  * ridge regression on the pooled encoder output (its mean and deviation over time),
  * an additive model: one curve of straight pieces for every named feature and one for the
    output of the first part, each curve monotone in the direction that sense demands
    (non-negative least squares over ramp functions, with a quadratic penalty).
Recordings of --native (the same table for good native readers, here LibriSpeech, whose speakers are
the first part of an id) are learnt with the mark that only 2 % of the rated recordings pass: the
raters heard no such readers, and without them the sound of another room looks like an accent.
--copies: the same table for copies of recordings at another level, sample rate or through a codec,
with ids such as 000010053@mp3. What a copy changes in a prediction is counted as an error beside the
distance to the marks, so that the scores rest on what such copies leave as it is.
The second part sees predictions of the first for speakers that it was not trained on, else it
would trust them too much. --check prints the correlation with the raters in cross-validation
grouped by speaker; the tables are then trained on all speakers.
"""
import argparse
import csv
import json
import os
import struct
import sys

import numpy as np
from scipy.optimize import nnls
from scipy.stats import pearsonr, spearmanr

RATINGS = ["fluency", "accuracy", "prosodic", "total"]
# Direction of each feature: +1 more is better, -1 less is better. Features left out are measured
# but not judged: for the loudness of a voice and its share of voiced sounds no direction is fair.
DIRECTION = {
    "logp": 1, "logp_low": 1, "entropy": -1, "margin": 1, "rate": 1, "articulation": 1,
    "pause_share": -1, "pauses_within": -1, "longest_pause": -1, "stretch": -1, "rhythm": -1,
    "ref_logp": 1, "ref_logp_low": 1, "ref_margin": 1, "ref_entropy": -1, "ref_gap": 1,
    "ref_errors": -1, "ref_letters": -1,
}
FEATURES = ["logp", "logp_low", "entropy", "margin", "rate", "articulation", "pause_share",
            "pauses_within", "longest_pause", "stretch", "rhythm", "pitch_sd", "loud_sd", "voiced",
            "ref_logp", "ref_logp_low", "ref_margin", "ref_entropy", "ref_gap", "ref_errors",
            "ref_letters"]
N_FREE = FEATURES.index("ref_logp")
KNOTS = 6
PENALTY = 3.0
INNER_FOLDS = 5
# How much a change between copies weighs against an error of the same size.
SOUND_STEADY = 30.0
NAMED_STEADY = 20.0


def read_table(path):
    rows = []
    with open(path) as f:
        for line in f:
            o = json.loads(line)
            if o["features"] is None or "pooled" not in o or len(o["features"]) != len(FEATURES):
                continue
            rows.append((o["id"], o["features"], o["pooled"]))
    return rows


def read_ratings(folder):
    ratings = {}
    for name in ("scores.csv", "more.csv"):
        with open(os.path.join(folder, name)) as f:
            for r in csv.DictReader(f):
                ratings[r["id"]] = r
    return ratings


def folds_of(speakers, n, seed):
    names = sorted(set(speakers))
    np.random.RandomState(seed).shuffle(names)
    fold = {s: i % n for i, s in enumerate(names)}
    return np.array([fold[s] for s in speakers])


class Copies:
    """Differences between copies and their originals, which are rows of the table."""

    def __init__(self, of, features, pooled):
        self.of, self.features, self.pooled = of, features, pooled

    def among(self, keep):
        """Those of the rows that `keep` has, renumbered."""
        number = np.cumsum(keep) - 1
        mine = keep[self.of]
        return Copies(number[self.of[mine]], self.features[mine], self.pooled[mine])


class Ridge:
    """Ridge regression of several marks at once, steady between copies; each one's penalty by
    leave-one-out error."""

    def fit(self, x, marks, copies):
        self.mean, self.scale = x.mean(0), x.std(0) + 1e-6
        a = (x - self.mean) / self.scale
        power = a.T @ a
        if len(copies.of):
            d = (copies.pooled - x[copies.of]) / self.scale
            power = power + SOUND_STEADY * len(x) / len(d) * (d.T @ d)
        self.weights, self.offset, best = {}, {}, {}
        for penalty in (700, 1500, 3000, 6000, 12000):
            inverse = np.linalg.inv(power + penalty * np.eye(len(power)))
            z = a @ inverse
            own = (z * a).sum(1)
            for r, y in marks.items():
                w = z.T @ (y - y.mean())
                error = float(np.mean(((y - y.mean() - a @ w) / (1 - own)) ** 2))
                if r not in best or error < best[r]:
                    best[r], self.weights[r], self.offset[r] = error, w, y.mean()
        return self

    def linear(self, r):
        """Weights and offset for raw input."""
        w = self.weights[r] / self.scale
        return w, float(self.offset[r] - w @ self.mean)

    def predict(self, x, r):
        return (x - self.mean) / self.scale @ self.weights[r] + self.offset[r]


class Additive:
    """Sum of monotone curves of straight pieces."""

    def fit(self, x, y, directions, of, copied):
        """copied: the same columns of copies, of[i] the row that copied[i] is a copy of."""
        self.directions = directions
        self.knots = []
        for j in range(x.shape[1]):
            q = np.quantile(x[:, j], np.linspace(0.01, 0.99, KNOTS))
            self.knots.append(np.unique(np.round(q, 5)))
        b = self.basis(x)
        centre = b.mean(0)
        # A small penalty on the height of each piece, so that features which say the same share.
        a = b - centre
        power = a.T @ a + PENALTY * np.eye(a.shape[1])
        if len(of):
            d = self.basis(copied) - b[of]
            power += NAMED_STEADY * len(b) / len(d) * (d.T @ d)
        root = np.linalg.cholesky(power)  # the same problem in as many rows as columns
        self.heights, _ = nnls(root.T, np.linalg.solve(root, a.T @ (y - y.mean())), maxiter=10000)
        self.offset = float(y.mean() - centre @ self.heights)
        return self

    def spread(self, x, y):
        """Regression draws towards the mean; this gives predictions the spread of the marks."""
        p = self.predict(x)
        k, m = y.std() / p.std(), p.mean()
        self.heights = self.heights * k
        self.offset = float(m + k * (self.offset - m))
        return self

    def basis(self, x):
        columns = []
        for j, k in enumerate(self.knots):
            for a, b in zip(k[:-1], k[1:]):
                r = np.clip((x[:, j] - a) / (b - a), 0, 1)
                columns.append(r if self.directions[j] > 0 else 1 - r)
        return np.array(columns).T

    def predict(self, x):
        return self.basis(x) @ self.heights + self.offset

    def curves(self):
        """(knots, points) for each feature, points 0 at the best end, and what the best end adds."""
        out, at, best = [], 0, self.offset
        for j, k in enumerate(self.knots):
            h = self.heights[at:at + len(k) - 1]
            at += len(k) - 1
            best += h.sum()
            rise = np.concatenate([[0], np.cumsum(h)])
            points = rise - h.sum() if self.directions[j] > 0 else -rise
            out.append((k, points))
        return out, best


def used(with_text):
    return [i for i, f in enumerate(FEATURES) if f in DIRECTION and (with_text or i < N_FREE)]


class Model:
    """All ratings: with and without text, with and without the encoder's output."""

    def fit(self, features, pooled, marks, speakers, copies):
        inner = folds_of(speakers, INNER_FOLDS, 7)
        rated = np.array([not s.startswith("native-") for s in speakers])
        unseen = {r: np.zeros(len(speakers)) for r in RATINGS}
        copied = {r: np.zeros(len(copies.of)) for r in RATINGS}
        for k in range(INNER_FOLDS):
            keep, mine = inner != k, inner[copies.of] == k
            ridge = Ridge().fit(pooled[keep], {r: y[keep] for r, y in marks.items()}, copies.among(keep))
            for r in RATINGS:
                unseen[r][inner == k] = ridge.predict(pooled[inner == k], r)
                copied[r][mine] = ridge.predict(copies.pooled[mine], r)
        self.ridge = Ridge().fit(pooled, marks, copies)
        self.additive = {r: {} for r in RATINGS}
        for with_text in (False, True):
            for with_sound in (False, True):
                columns = used(with_text)
                d = [DIRECTION[FEATURES[c]] for c in columns] + [1] * with_sound
                for r in RATINGS:
                    x, c = features[:, columns], copies.features[:, columns]
                    if with_sound:
                        x, c = np.column_stack([x, unseen[r]]), np.column_stack([c, copied[r]])
                    a = Additive().fit(x, marks[r], d, copies.of, c)
                    self.additive[r][with_text, with_sound] = a.spread(x[rated], marks[r][rated])
        return self

    def predict(self, r, features, pooled, with_text, with_sound=True):
        x = features[:, used(with_text)]
        if with_sound:
            x = np.column_stack([x, self.ridge.predict(pooled, r)])
        return np.clip(self.additive[r][with_text, with_sound].predict(x), 0, 10)


def fit_folds(features, pooled, marks, speakers, copies, n):
    """The fold of each recording, and each fold's model, learnt from all others."""
    fold = folds_of(speakers, n, 1)
    models = []
    for k in range(n):
        keep = fold != k
        models.append(Model().fit(features[keep], pooled[keep], {r: y[keep] for r, y in marks.items()},
                                  speakers[keep], copies.among(keep)))
    return fold, models


def predict_unseen(fold, models, features, pooled):
    out = {}
    for r in RATINGS:
        for with_text in (False, True):
            for with_sound in (False, True):
                p = np.zeros(len(fold))
                for k, m in enumerate(models):
                    p[fold == k] = m.predict(r, features[fold == k], pooled[fold == k], with_text, with_sound)
                out[r, with_text, with_sound] = p
    return out


def report_copies(predicted, fold, models, copies, variants):
    """Change of the score (of 100) by kind of copy: 95 % within, largest, share within 3."""
    for with_text in (True, False):
        change = np.zeros((len(RATINGS), len(copies.of)))
        for k, m in enumerate(models):
            mine = fold[copies.of] == k
            for i, r in enumerate(RATINGS):
                p = m.predict(r, copies.features[mine], copies.pooled[mine], with_text)
                change[i, mine] = 10 * np.abs(p - predicted[r, with_text, True][copies.of[mine]])
        for v in sorted(set(variants)):
            c = change[:, np.array(variants) == v]
            print("%-7s copy %-7s n=%d  95%% within %s  largest %s  all within 3: %.3f" % (
                "text" if with_text else "free", v, c.shape[1], np.round(np.quantile(c, 0.95, axis=1), 1),
                np.round(c.max(1), 1), np.mean(c.max(0) <= 3)))


def report_native(predicted, native):
    for with_text in (True, False):
        for with_sound in (True, False):
            p = {r: predicted[r, with_text, with_sound][native] for r in RATINGS}
            print("%-7s %-8s native   n=%d  " % ("text" if with_text else "free", "sound" if with_sound else "named",
                                                native.sum()) +
                  "  ".join("%s mean %.2f lowest tenth %.2f" % (r, p[r].mean(), np.quantile(p[r], 0.1)) for r in RATINGS))


def report(predicted, ratings, ids):
    rows = [ratings[i] for i in ids]
    age = np.array([int(r["age"]) for r in rows])
    sex = np.array([r["gender"] for r in rows])
    groups = {"all": age >= 0, "adults": age >= 18, "children": age < 18, "female": sex == "f",
              "male": sex == "m"}
    for with_text in (True, False):
        for with_sound in (True, False):
            for name, g in groups.items():
                line = []
                for r in RATINGS:
                    y = np.array([float(x[r]) for x in rows])[g]
                    p = predicted[r, with_text, with_sound][g]
                    bias = np.mean(p - np.array([float(x[r + "_mean"]) for x in rows])[g])
                    line.append("%s %.3f/%.3f (%+.2f)" % (r, pearsonr(p, y)[0], spearmanr(p, y)[0], bias))
                print("%-7s %-8s %-8s n=%d " % ("text" if with_text else "free",
                                             "sound" if with_sound else "named", name, g.sum()) + "  ".join(line))


def c_float(v, digits=6):
    text = "%.*g" % (digits, v)
    return text + ("f" if "." in text or "e" in text else ".0f")


def numbers(values, per_line=14):
    return "\n".join("    " + ", ".join(c_float(v) for v in values[i:i + per_line]) + ","
                     for i in range(0, len(values), per_line))


def write_tables(path, model, n_pooled, n_rated, n_native):
    o = open(path, "w")
    o.write("/* score_tables.c - written by tools/train_scores.py; do not edit.\n *\n"
            " * Learnt from %d rated recordings (speechocean762) and %d of native readers (LibriSpeech);\n"
            " * ratings times 10. */\n"
            '#include "score_tables.h"\n\n' % (n_rated, n_native))
    for r in RATINGS:
        w, b = model.ridge.linear(r)
        o.write("static const float sound_%s[%d] = {\n%s\n};\n\n" % (r, n_pooled, numbers(w * 10)))
    for r in RATINGS:
        for key, m in model.additive[r].items():
            curves, best = m.curves()
            columns = used(key[0])
            name = "%s_%s_%s" % (r, "text" if key[0] else "free", "sound" if key[1] else "named")
            o.write("static const rh_score_curve %s[] = {\n" % name)
            n = 0
            for j, (k, p) in enumerate(curves):
                if p.max() - p.min() < 0.005:
                    continue
                feature = "RH_F_" + FEATURES[columns[j]].upper() if j < len(columns) else "RH_F_SOUND"
                k10 = k * 10 if feature == "RH_F_SOUND" else k
                o.write("    {%s, %d, {%s},\n     {%s}},\n" % (
                    feature, len(k), ", ".join(c_float(v, 5) for v in k10),
                    ", ".join(c_float(round(v * 10, 3)) for v in p)))
                n += 1
            o.write("};\n\n")
    o.write("const rh_score_model rh_score_models[RH_RATINGS] = {\n")
    for r in RATINGS:
        w, b = model.ridge.linear(r)
        o.write("    {sound_%s, %s, {\n" % (r, c_float(b * 10)))
        for with_text in (False, True):
            for with_sound in (False, True):
                m = model.additive[r][with_text, with_sound]
                curves, best = m.curves()
                name = "%s_%s_%s" % (r, "text" if with_text else "free", "sound" if with_sound else "named")
                o.write("        {%s, sizeof %s / sizeof *%s, %s},\n" % (name, name, name, c_float(best * 10, 5)))
        o.write("    }},\n")
    o.write("};\n")
    o.close()


def write_folds(path, fold, models, speakers, n_pooled):
    """Tables of every fold for bench/pronunciation, which judges each speaker by the fold that was
    learnt without them. Little-endian; curves as rh_score_curve lies in memory."""
    known = sorted({(s, int(f)) for s, f in zip(speakers, fold) if not s.startswith("native-")})
    o = open(path, "wb")
    o.write(b"RHFOLDS1" + struct.pack("<3i", len(models), len(known), n_pooled))
    for s, f in known:
        o.write(struct.pack("<12si", s.encode(), f))
    for m in models:
        for r in RATINGS:
            w, b = m.ridge.linear(r)
            o.write((w * 10).astype("<f4").tobytes() + struct.pack("<f", b * 10))
            for (with_text, with_sound), additive in m.additive[r].items():
                curves, best = additive.curves()
                columns = used(with_text)
                o.write(struct.pack("<if", len(curves), best * 10))
                for j, (x, points) in enumerate(curves):
                    is_sound = j >= len(columns)
                    x = x * 10 if is_sound else x
                    pad = np.zeros(KNOTS - len(x))
                    o.write(struct.pack("<2i", len(FEATURES) if is_sound else columns[j], len(x)))
                    o.write(np.concatenate([x, pad, points * 10, pad]).astype("<f4").tobytes())
    o.close()


def read_copies(path, ids):
    """Copies of the rows with these ids, and what was done to each."""
    number = {name: k for k, name in enumerate(ids)}
    found = [(number[name.split("@")[0]], x, p, name.split("@")[1])
             for name, x, p in (read_table(path) if path else []) if name.split("@")[0] in number]
    n = len(found)
    return Copies(np.array([f[0] for f in found], int), np.array([f[1] for f in found], float).reshape(n, -1),
                  np.array([f[2] for f in found], float).reshape(n, -1)), [f[3] for f in found]


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--table", required=True)
    a.add_argument("--ratings", required=True)
    a.add_argument("--native")
    a.add_argument("--copies")
    a.add_argument("--out")
    a.add_argument("--folds")
    a.add_argument("--check", action="store_true")
    a.add_argument("--n-folds", type=int, default=5)
    args = a.parse_args()
    ratings = read_ratings(args.ratings)
    rows = [r for r in read_table(args.table) if r[0] in ratings]
    ids = [r[0] for r in rows]
    features = np.array([r[1] for r in rows], float)
    pooled = np.array([r[2] for r in rows], float)
    speakers = np.array([ratings[i]["speaker"] for i in ids])
    marks = {r: np.array([float(ratings[i][r + "_mean"]) for i in ids]) for r in RATINGS}
    is_native = np.zeros(len(ids), bool)
    names = list(ids)
    if args.native:
        extra = read_table(args.native)
        names += [r[0] for r in extra]
        features = np.vstack([features, np.array([r[1] for r in extra], float)])
        pooled = np.vstack([pooled, np.array([r[2] for r in extra], float)])
        speakers = np.concatenate([speakers, ["native-" + r[0].split("-")[0] for r in extra]])
        is_native = np.arange(len(speakers)) >= len(ids)
        marks = {r: np.concatenate([y, np.full(len(extra), np.quantile(y, 0.98))]) for r, y in marks.items()}
    print("%d recordings of %d speakers, %d of native readers" % (len(ids), len(set(speakers[~is_native])),
                                                                is_native.sum()), file=sys.stderr)
    copies, variants = read_copies(args.copies, names)
    if not len(copies.of):
        copies = Copies(np.zeros(0, int), features[:0], pooled[:0])
    if args.check or args.folds:
        fold, models = fit_folds(features, pooled, marks, speakers, copies, args.n_folds)
        predicted = predict_unseen(fold, models, features, pooled)
        report({k: p[~is_native] for k, p in predicted.items()}, ratings, ids)
        if len(copies.of):
            report_copies(predicted, fold, models, copies, variants)
        if args.native:
            report_native(predicted, is_native)
        if args.folds:
            write_folds(args.folds, fold, models, speakers, pooled.shape[1])
    if args.out:
        model = Model().fit(features, pooled, marks, speakers, copies)
        write_tables(args.out, model, pooled.shape[1], len(ids), int(is_native.sum()))


if __name__ == "__main__":
    main()
