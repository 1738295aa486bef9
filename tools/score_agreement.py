"""How far scores agree with raters and copies with each other: what tools/train_scores.py --check prints."""
import numpy as np
from scipy.stats import pearsonr, spearmanr

RATINGS = ["fluency", "accuracy", "prosodic", "total"]
# What a rating rests on, in the order of rh_score_kind; the last has two sets of curves.
KINDS = ["named", "sound", "phones"]


def changes(predicted, fold, models, copies, with_text):
    """Change of each score (of 100) from the original to each copy, by tables that know neither."""
    change = np.zeros((len(RATINGS), len(copies.of)))
    for k, m in enumerate(models):
        mine = fold[copies.of] == k
        for i, r in enumerate(RATINGS):
            p = m.predict(r, copies.features[mine], copies.said[mine], with_text)
            change[i, mine] = 10 * (p - predicted[r, with_text, KINDS[-1]][copies.of[mine]])
    return change


def report_copies(predicted, fold, models, copies, variants, native):
    """By kind of copy: 95 % within, largest, share within 3. A table may hold the sounds of a recording and not of its
    copy: such pairs are left out."""
    of_native = native[copies.of]
    for with_text in (True, False):
        change = np.abs(changes(predicted, fold, models, copies, with_text))
        for v in sorted(set(variants)) + [""]:
            for who, g in (("native", of_native), ("rated", ~of_native)):
                c = change[:, g & ((np.array(variants) == v) | (v == ""))]
                if c.shape[1]:
                    print("%-7s copy %-10s %-6s n=%d  95%% within %s  largest %s  all within 3: %.3f" % (
                        "text" if with_text else "free", v or "all", who, c.shape[1],
                        np.round(np.quantile(c, 0.95, axis=1), 1), np.round(c.max(1), 1), np.mean(c.max(0) <= 3)))


def report_worse(predicted, fold, models, worse, variants, native):
    """By kind of worse copy: share that fell, median and smallest fall of each rating. Pairs as with copies."""
    of_native = native[worse.of]
    for with_text in (True, False):
        fall = -changes(predicted, fold, models, worse, with_text)
        for v in sorted(set(variants)):
            for who, g in (("native", of_native), ("rated", ~of_native)):
                c = fall[:, g & (np.array(variants) == v)]
                if c.shape[1]:
                    print("%-7s worse %-9s %-6s n=%d  fell %s  median %s  least %s" % (
                        "text" if with_text else "free", v, who, c.shape[1], np.round((c > 0).mean(1), 3),
                        np.round(np.median(c, axis=1), 1), np.round(c.min(1), 1)))


def report_native(predicted, native):
    for with_text in (True, False):
        for kind in KINDS[::-1]:
            p = {r: predicted[r, with_text, kind][native] for r in RATINGS}
            print("%-7s %-8s native   n=%d  " % ("text" if with_text else "free", kind, native.sum()) +
                  "  ".join("%s mean %.2f lowest tenth %.2f" % (r, p[r].mean(), np.quantile(p[r], 0.1))
                            for r in RATINGS))


def report(predicted, ratings, ids):
    rows = [ratings[i] for i in ids]
    age = np.array([int(r["age"]) for r in rows])
    sex = np.array([r["gender"] for r in rows])
    groups = {"all": age >= 0, "adults": age >= 18, "children": age < 18, "female": sex == "f",
              "male": sex == "m"}
    for with_text in (True, False):
        for kind in KINDS[::-1]:
            for name, g in groups.items():
                line = []
                for r in RATINGS:
                    y = np.array([float(x[r]) for x in rows])[g]
                    p = predicted[r, with_text, kind][g]
                    bias = np.mean(p - np.array([float(x[r + "_mean"]) for x in rows])[g])
                    line.append("%s %.3f/%.3f (%+.2f)" % (r, pearsonr(p, y)[0], spearmanr(p, y)[0], bias))
                print("%-7s %-8s %-8s n=%d " % ("text" if with_text else "free", kind, name, g.sum()) +
                      "  ".join(line))
