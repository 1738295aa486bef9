#!/usr/bin/env python3
"""Learns the speech scores from rated recordings and writes src/speech/score_tables.c.

    build/bench/speech_features list.tsv > table.jsonl
    tools/train_scores.py --table table.jsonl --heads heads.npz --ratings ../shared/data/speechocean762 \
        [--native native.jsonl] [--copies copies.jsonl] [--disturbed disturbed.jsonl] [--worse worse.jsonl] [--check] \
        [--out src/speech/score_tables.c] [--folds bench/pronunciation_folds.bin]

Needs numpy and scipy. For each rating (fluency, accuracy, prosodic, total) an additive model: one curve of straight
pieces for every named feature and one for what the voice head says (tools/train_voice, --heads), each curve monotone in
the direction that sense demands (ramp functions with non-negative heights and a quadratic penalty).
A third kind of additive model has the sounds of the words beside these (their norms: tools/sound_norms), and two sets
of curves: raters judge children by another measure, and children's sounds are less like those the encoder learnt. The
voice head tells how young a voice is, and between the two sets the score passes gradually.
Recordings of --native (the same table for good native readers, here LibriSpeech, whose speakers are
the first part of an id) are learnt with full marks: the raters heard no such readers, and without
them the sound of another room looks like an accent.
--copies: the same table for copies of recordings at another level, sample rate or through a codec,
with ids such as 000010053@mp3. What a copy changes in a prediction is counted as an error beside the
distance to the marks, large changes above all, so that the scores rest on what such copies leave as it is.
--disturbed: the same with other sounds behind them or muffled, for clarity has rules of its own for these; they count less.
--worse: the same for copies made worse (slowed down, chopped with silences, hesitations spliced in): a fluency that does not
fall by a margin is counted as an error; the other ratings shall stay as they are, for they are of other sides of speech.
tools/score_copies makes the recordings and lists of these three.
The curves see what networks said of speakers that these were not trained on, else they would trust them too much.
--check prints the correlation with the raters in cross-validation
grouped by speaker; the tables are then trained on all speakers. A recording and all its copies are
its speaker's, so no family is ever in two folds; still such figures flatter: docs/scoring.md has
those of the official test split, which is kept apart.
"""
import argparse
import csv
import json
import os
import struct
import sys

import numpy as np
from scipy.optimize import minimize

from score_agreement import KINDS, RATINGS, report, report_copies, report_native, report_worse

# Direction of each feature: +1 more is better, -1 less is better. Features left out are measured
# but not judged: for the loudness of a voice and its share of voiced sounds no direction is fair.
DIRECTION = {
    "logp": 1, "logp_low": 1, "entropy": -1, "margin": 1, "rate": 1, "articulation": 1,
    "pause_share": -1, "pauses_within": -1, "longest_pause": -1, "stretch": -1, "rhythm": -1,
    "ref_logp": 1, "ref_logp_low": 1, "ref_margin": 1, "ref_entropy": -1, "ref_gap": 1,
    "ref_errors": -1, "ref_letters": -1,
    "phone_logp": 1, "phone_logp_low": 1, "phone_margin": 1, "phone_margin_low": 1,
}
PHONES = ["phone_logp", "phone_logp_low", "phone_margin", "phone_margin_low"]
FEATURES = ["logp", "logp_low", "entropy", "margin", "rate", "articulation", "pause_share",
            "pauses_within", "longest_pause", "stretch", "rhythm", "pitch_sd", "loud_sd", "voiced", *PHONES,
            "ref_logp", "ref_logp_low", "ref_margin", "ref_entropy", "ref_gap", "ref_errors",
            "ref_letters"]
N_FREE = FEATURES.index("ref_logp")
# A row here: the features with the text, then those of the sounds of the words recognised without it.
FREE_PHONES = list(range(len(FEATURES), len(FEATURES) + len(PHONES)))
TEXT_PHONES = [FEATURES.index(p) for p in PHONES]
PHONE_COLUMNS = TEXT_PHONES + FREE_PHONES
# Who speaks without a text is heard for flow and melody alone there; raters of read sentences let sounds count for all.
OF_PHONES = {"accuracy", "total"}
# Where the words heard are another sentence in each copy of a mumbled recording, measures of these
# words say little; with a text the forced ones say the same.
NOT_WITH_TEXT = {"logp", "logp_low", "entropy", "margin", "ref_gap", "rhythm"}
# 120 words a minute: from there on pace is as good as any, and haste gains nothing.
TOP_KNOT = {"rate": 2.9, "articulation": 3.7}
KNOTS = 6
PENALTY = 3.0
ALIKE = 30.0  # of the heights of the two sets of curves
# Weights beside an error of the same size against the marks: of a change between copies, of a
# copy made worse that does not fall by its margin (of 10).
NAMED_MARGIN = 0.4
STEADY = {"sound": 100.0, "phones": 8.0, "named": 20.0}  # named: there is no encoder's output to rely on
STEADIER = {"accuracy": 3.0, "total": 4.0}  # times as much: they rest on single sounds, of which copies differ most
DISTURBED = {"sound": 0.75, "phones": 0.3, "named": 0.0}  # of a change between a recording and one in noise or muffled
LESS_DISTURBED = {"accuracy": 0.13, "total": 0.13}  # times: single sounds are what noise takes away
WORSE = {"sound": 60.0, "phones": 5.0, "named": 50.0}  # fluency falls
STAY = {"sound": 2.0, "phones": 1.0, "named": 2.0}  # the others do not
# Changes from here on (of 10) weigh more than in proportion to their square.
LARGE_CHANGE = 0.2
# Where the voice passes from grown-up to young.
YOUNG_FROM, YOUNG_TO = 0.35, 0.65
NATIVE_MARK, NATIVE_WEIGHT = 10.0, 2.0

def read_table(path, heads):
    """(id, features) of the recordings that the voice head's networks heard."""
    rows = []
    with open(path) as f:
        for line in f:
            o = json.loads(line)
            if o["features"] is None or o["id"] not in heads.row or len(o["features"]) != len(FEATURES):
                continue
            features = o["features"] + [o["free"][c] for c in TEXT_PHONES]
            rows.append((o["id"], [np.nan if x is None else x for x in features]))
    return rows


def read_ratings(folder):
    ratings = {}
    for name in ("scores.csv", "more.csv"):
        with open(os.path.join(folder, name)) as f:
            for r in csv.DictReader(f):
                ratings[r["id"]] = r
    return ratings


class Copies:
    """Copies of recordings that are rows of the table: of[i] is the row of copy i."""

    def __init__(self, of, features, said):
        self.of, self.features, self.said = of, features, said

    def among(self, keep):
        """Those of the rows that `keep` has, renumbered: a copy goes where its recording goes."""
        number = np.cumsum(keep) - 1
        mine = keep[self.of]
        return Copies(number[self.of[mine]], self.features[mine], self.said[mine])

    def only(self, mine):
        return Copies(self.of[mine], self.features[mine], self.said[mine])


def young_of(said):
    """How young a voice is, 0 to 1."""
    return np.clip((said[:, len(RATINGS)] - YOUNG_FROM) / (YOUNG_TO - YOUNG_FROM), 0, 1)


class Heads:
    """What tools/train_voice left: said[row][4 ratings, young] by networks that do not know the row's speaker; heads of
    each fold, and of all."""

    def __init__(self, path):
        f = np.load(path)
        self.row = {str(name): i for i, name in enumerate(f["ids"])}
        self.said = f["said"].astype(float)
        self.fold = dict(zip(f["speakers"], f["folds"]))
        self.heads = [Head(b.tobytes(), out.astype(float), at) for b, out, at in zip(f["heads"], f["out"], f["at"])]

    def of(self, ids):
        return self.said[[self.row[i] for i in ids]]


class Head:
    """What the voice head's network gives a score: weights of its linear layers."""

    def __init__(self, bytes_, out, at):
        self.bytes, self.out, self.at = bytes_, out, at

    def linear(self, r):
        k = RATINGS.index(r)
        return self.out[:, k], float(self.at[k])

    def young(self):
        k, span = len(RATINGS), YOUNG_TO - YOUNG_FROM
        return self.out[:, k] / span, (float(self.at[k]) - YOUNG_FROM) / span


class Additive:
    """Sum of monotone curves of straight pieces; two sets of curves where it is told how young a voice is."""

    def fit(self, x, y, weights, names, copied, disturbed, worsened, rating, kind, young=None):
        """copied, disturbed, worsened: (of, the same columns of copies). young: of the rows and of these three.
        Rows that lack a measure are left out."""
        known = np.isfinite(x).all(1)
        number = np.cumsum(known) - 1
        keep = [known[of] & np.isfinite(c).all(1) for of, c in (copied, disturbed, worsened)]
        copied, disturbed, worsened = (
            (number[of[g]], c[g]) for (of, c), g in zip((copied, disturbed, worsened), keep))
        young = [z[g] for z, g in zip(young, (known, *keep))] if young else [None] * 4
        x, y, weights = x[known], y[known], weights[known]
        self.middle = np.median(x[weights == weights.max()], 0)
        self.directions = [DIRECTION.get(n, 1) for n in names]
        self.knots = []
        for j, name in enumerate(names):
            q = np.quantile(x[:, j], np.linspace(0.01, 0.99, KNOTS))
            self.knots.append(np.unique(np.round(np.minimum(q, TOP_KNOT.get(name, q[-1])), 5)))
        b = self.basis(x, young[0])
        centre, mean = np.average(b, 0, weights), np.average(y, weights=weights)
        # A small penalty on the height of each piece, so that features which say the same share.
        a = b - centre
        power = (a.T * weights) @ a + PENALTY * np.eye(a.shape[1])
        if young[0] is not None:
            n = a.shape[1] // 2
            power[:2 * n, :2 * n] += ALIKE * np.kron([[1, -1], [-1, 1]], np.eye(n))
        right = a.T @ (weights * (y - mean))
        falls = rating == "fluency"
        change = np.concatenate([self.basis(c, z) - b[of] for (of, c), z in zip((copied, disturbed), young[1:])])
        fall = b[worsened[0]] - self.basis(worsened[1], young[3])
        pairs = ((copied, STEADY[kind] * STEADIER.get(rating, 1.0)),
                 (disturbed, DISTURBED[kind] * LESS_DISTURBED.get(rating, 1.0)))
        steady = np.concatenate([np.full(len(of), w * len(b) / max(1, len(of))) for (of, _), w in pairs])
        worse = (WORSE if falls else STAY)[kind] * len(b) / max(1, len(fall))

        def loss(h):
            d = change @ h
            large = (d / LARGE_CHANGE) ** 2
            short = np.maximum(NAMED_MARGIN - fall @ h, 0) if falls else -fall @ h
            value = h @ (power @ h) / 2 - right @ h
            value += np.sum(steady * d * d * (1 + large / 2)) / 2 + worse * np.sum(short * short) / 2
            slope = power @ h - right + change.T @ (steady * d * (1 + large)) - worse * fall.T @ short
            return value / len(b), slope / len(b)

        bounds = [(0, None)] * a.shape[1]
        if young[0] is not None:
            bounds[-1] = (None, None)  # the step between the sets
        self.heights = minimize(loss, np.full(a.shape[1], 0.02), jac=True, method="L-BFGS-B", bounds=bounds,
                                options={"maxiter": 5000, "maxfun": 6000, "ftol": 1e-11, "gtol": 1e-8}).x
        self.offset = float(mean - centre @ self.heights)
        if kind == "named":  # words alone say little and regression draws to the mean: give back the marks' spread
            k = y.std() / self.predict(x).std()
            self.heights, self.offset = k * self.heights, float(mean + k * (self.offset - mean))
        return self

    def basis(self, x, young=None):
        columns = []
        for j, k in enumerate(self.knots):
            for a, b in zip(k[:-1], k[1:]):
                r = np.clip((x[:, j] - a) / (b - a), 0, 1)
                columns.append(r if self.directions[j] > 0 else 1 - r)
        b = np.array(columns).T
        return b if young is None else np.column_stack([b * (1 - young)[:, None], b * young[:, None], young])

    def predict(self, x, young=None):
        return self.basis(x, young) @ self.heights + self.offset

    def curves(self, young=None):
        """(knots, points) for each feature, points 0 at the middle of the native readers, and what that gets.
        young: None where there is one set, else which of them, 0 or 1."""
        out, at = [], len(self.heights) // 2 if young else 0
        for j, k in enumerate(self.knots):
            h = self.heights[at:at + len(k) - 1]
            at += len(k) - 1
            rise = np.concatenate([[0], np.cumsum(h)]) * (1 if self.directions[j] > 0 else -1)
            out.append((k, rise - np.interp(self.middle[j], k, rise)))
        return out, float(self.predict(self.middle[None], None if young is None else np.array([float(young)]))[0])


def used(with_text, kind, rating="total"):
    """Numbers of the features. Without the encoder's output the words carry the whole score."""
    left_out = NOT_WITH_TEXT if with_text and kind != "named" else ()
    columns = [i for i, f in enumerate(FEATURES) if f in DIRECTION and f not in left_out and f not in PHONES and
               (with_text or i < N_FREE)]
    return columns + (TEXT_PHONES if with_text else FREE_PHONES) * (
        kind == "phones" and (with_text or rating in OF_PHONES))


def name_of(column):
    return FEATURES[column] if column < len(FEATURES) else PHONES[column - len(FEATURES)]


class Model:
    """All ratings: with and without text, of each kind."""

    def fit(self, features, said, marks, speakers, copies, disturbed, worse):
        """said: of every row by a network that does not know its speaker."""
        weights = np.where([s.startswith("native-") for s in speakers], NATIVE_WEIGHT, 1.0)
        young = [young_of(x) for x in (said, copies.said, disturbed.said, worse.said)]
        self.additive = {r: {} for r in RATINGS}
        for with_text in (False, True):
            for kind in KINDS:
                with_sound = kind != "named"
                for k, r in enumerate(RATINGS):
                    columns = used(with_text, kind, r)
                    names = [name_of(c) for c in columns] + ["sound"] * with_sound
                    columns_of = lambda f, s: np.column_stack([f[:, columns], s[:, k]]) if with_sound else f[:, columns]
                    pairs = [(c.of, columns_of(c.features, c.said)) for c in (copies, disturbed, worse)]
                    self.additive[r][with_text, kind] = Additive().fit(
                        columns_of(features, said), marks[r], weights, names, *pairs, r, kind,
                        young if kind == "phones" else None)
        return self

    def predict(self, r, features, said, with_text, kind=KINDS[-1]):
        x = features[:, used(with_text, kind, r)]
        if kind != "named":
            x = np.column_stack([x, said[:, RATINGS.index(r)]])
        young = young_of(said) if kind == "phones" else None
        p = np.clip(self.additive[r][with_text, kind].predict(x, young), 0, 10)
        if kind != "phones":
            return p
        known = np.isfinite(x).all(1)
        if not known.all():
            p[~known] = self.predict(r, features[~known], said[~known], with_text, "sound")
        return p


def fit_folds(fold, features, said, marks, speakers, copies, disturbed, worse):
    """Each fold's model, learnt from all others."""
    models = []
    for k in range(max(fold) + 1):
        keep = fold != k
        models.append(Model().fit(features[keep], said[keep], {r: y[keep] for r, y in marks.items()},
                                  speakers[keep], *(c.among(keep) for c in (copies, disturbed, worse))))
    return models


def predict_unseen(fold, models, features, said):
    out = {}
    for r in RATINGS:
        for with_text in (False, True):
            for kind in KINDS:
                p = np.zeros(len(fold))
                for k, m in enumerate(models):
                    p[fold == k] = m.predict(r, features[fold == k], said[fold == k], with_text, kind)
                out[r, with_text, kind] = p
    return out


def c_float(v, digits=6):
    text = "%.*g" % (digits, v)
    return text + ("f" if "." in text or "e" in text else ".0f")


def numbers(values, per_line=128):
    return "\n".join("    " + ", ".join(c_float(v) for v in values[i:i + per_line]) + ","
                     for i in range(0, len(values), per_line))


def sets_of(additive, kind):
    """(name, curves, middle) of each set of curves."""
    if kind != "phones":
        return [(kind, *additive.curves())]
    return [("phones", *additive.curves(0)), ("young", *additive.curves(1))]


def write_tables(path, model, head, n_rated, n_native):
    o = open(path, "w")
    o.write("/* score_tables.c - written by tools/train_scores.py; do not edit.\n *\n"
            " * Learnt from %d rated recordings (speechocean762) and %d of native readers (LibriSpeech);\n"
            " * ratings times 10. */\n"
            '#include "score_tables.h"\n\n/* clang-format off */\n' % (n_rated, n_native))
    for r in RATINGS:
        w, _ = head.linear(r)
        o.write("static const float sound_%s[%d] = {\n%s\n};\n\n" % (r, len(w), numbers(w * 10)))
    w, young_offset = head.young()
    o.write("static const float sound_young[%d] = {\n%s\n};\n\n" % (len(w), numbers(w)))
    for r in RATINGS:
        for key, m in model.additive[r].items():
            columns = used(*key, r)
            for kind, curves, _ in sets_of(m, key[1]):
                rows = []
                for j, (k, p) in enumerate(curves):
                    if p.max() - p.min() < 0.005:
                        continue
                    feature = "RH_F_" + name_of(columns[j]).upper() if j < len(columns) else "RH_F_SOUND"
                    k10 = k * 10 if feature == "RH_F_SOUND" else k
                    rows.append("{%s, %d, {%s}, {%s}}," % (feature, len(k), ", ".join(c_float(v, 5) for v in k10),
                                                           ", ".join(c_float(round(v * 10, 3)) for v in p)))
                pairs = ("    " + " ".join(rows[i:i + 2]) for i in range(0, len(rows), 2))
                o.write("static const rh_score_curve %s_%s_%s[] = {\n%s\n};\n\n" % (
                    r, "text" if key[0] else "free", kind, "\n".join(pairs)))
    o.write("const rh_score_model rh_score_models[RH_RATINGS] = {\n")
    for r in RATINGS:
        _, b = head.linear(r)
        o.write("    {sound_%s, %s, sound_young, %s, {\n" % (r, c_float(b * 10), c_float(young_offset)))
        for with_text in (False, True):
            for kind in KINDS:
                for kind, _, middle in sets_of(model.additive[r][with_text, kind], kind):
                    name = "%s_%s_%s" % (r, "text" if with_text else "free", kind)
                    o.write("        {%s, sizeof %s / sizeof *%s, %s},\n" % (name, name, name, c_float(middle * 10, 5)))
        o.write("    }},\n")
    o.write("};\n")
    o.close()


def write_folds(path, fold, models, heads, speakers):
    """Tables of every fold for bench/pronunciation, which judges each speaker by the fold that was
    learnt without them. Little-endian; heads and curves as voice_head and rh_score_curve lie in memory."""
    known = sorted({(s, int(f)) for s, f in zip(speakers, fold) if not s.startswith("native-")})
    o = open(path, "wb")
    o.write(b"RHFOLDS4" + struct.pack("<3i", len(models), len(known), len(heads[0].out)))
    for s, f in known:
        o.write(struct.pack("<12si", s.encode(), f))
    for m, head in zip(models, heads):
        o.write(head.bytes)
        w, b = head.young()
        o.write(w.astype("<f4").tobytes() + struct.pack("<f", b))
        for r in RATINGS:
            w, b = head.linear(r)
            o.write((w * 10).astype("<f4").tobytes() + struct.pack("<f", b * 10))
            for (with_text, kind), additive in m.additive[r].items():
                columns = used(with_text, kind, r)
                for _, curves, middle in sets_of(additive, kind):
                    o.write(struct.pack("<if", len(curves), middle * 10))
                    for j, (x, points) in enumerate(curves):
                        is_sound = j >= len(columns)
                        x = x * 10 if is_sound else x
                        pad = np.zeros(KNOTS - len(x))
                        o.write(struct.pack("<2i", len(FEATURES) if is_sound else FEATURES.index(name_of(columns[j])),
                                            len(x)))
                        o.write(np.concatenate([x, pad, points * 10, pad]).astype("<f4").tobytes())
    o.close()


def read_copies(path, ids, features, heads):
    """Copies of the rows with these ids, and what was done to each."""
    number = {name: k for k, name in enumerate(ids)}
    found = [(number[name.split("@")[0]], x, name)
             for name, x in (read_table(path, heads) if path else []) if name.split("@")[0] in number]
    if not found:
        return Copies(np.zeros(0, int), features[:0], heads.of([])), []
    names = [f[2] for f in found]
    return (Copies(np.array([f[0] for f in found], int), np.array([f[1] for f in found], float), heads.of(names)),
            [name.split("@")[1] for name in names])


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--table", required=True)
    a.add_argument("--ratings", required=True)
    a.add_argument("--heads", required=True)
    a.add_argument("--native")
    a.add_argument("--copies")
    a.add_argument("--disturbed")
    a.add_argument("--worse")
    a.add_argument("--out")
    a.add_argument("--folds")
    a.add_argument("--check", action="store_true")
    args = a.parse_args()
    ratings, heads = read_ratings(args.ratings), Heads(args.heads)
    rows = [r for r in read_table(args.table, heads) if r[0] in ratings]
    ids = [r[0] for r in rows]
    features = np.array([r[1] for r in rows], float)
    speakers = np.array([ratings[i]["speaker"] for i in ids])
    marks = {r: np.array([float(ratings[i][r + "_mean"]) for i in ids]) for r in RATINGS}
    names = list(ids)
    if args.native:
        extra = read_table(args.native, heads)
        names += [r[0] for r in extra]
        features = np.vstack([features, np.array([r[1] for r in extra], float)])
        speakers = np.concatenate([speakers, ["native-" + r[0].split("-")[0] for r in extra]])
        marks = {r: np.concatenate([y, np.full(len(extra), NATIVE_MARK)]) for r, y in marks.items()}
    is_native = np.arange(len(speakers)) >= len(ids)
    fold, said = np.array([heads.fold[s] for s in speakers]), heads.of(names)
    print("%d recordings of %d speakers, %d of native readers" % (len(ids), len(set(speakers[~is_native])),
                                                                is_native.sum()), file=sys.stderr)
    copies, variants = read_copies(args.copies, names, features, heads)
    disturbed, disturbances = read_copies(args.disturbed, names, features, heads)
    worse, worse_variants = read_copies(args.worse, names, features, heads)
    if args.check or args.folds:
        models = fit_folds(fold, features, said, marks, speakers, copies, disturbed, worse)
        predicted = predict_unseen(fold, models, features, said)
        report({k: p[~is_native] for k, p in predicted.items()}, ratings, ids)
        heard = lambda f: np.isfinite(f[:, PHONE_COLUMNS])
        for report_of, c, kinds in ((report_copies, copies, variants), (report_copies, disturbed, disturbances),
                                    (report_worse, worse, worse_variants)):
            alike = (heard(c.features) == heard(features[c.of])).all(1)
            report_of(predicted, fold, models, c.only(alike), np.array(kinds)[alike], is_native)
        if args.native:
            report_native(predicted, is_native)
        if args.folds:
            write_folds(args.folds, fold, models, heads.heads, speakers)
    if args.out:
        model = Model().fit(features, said, marks, speakers, copies, disturbed, worse)
        write_tables(args.out, model, heads.heads[-1], len(ids), int(is_native.sum()))


if __name__ == "__main__":
    main()
