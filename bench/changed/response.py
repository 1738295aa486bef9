"""The response matrix: see ../response."""
import argparse
import math

import clips
import hear
import texts

SCORES = ("fluency", "pronunciation", "clarity", "prosody", "pace", "fillers", "content", "overall")
DELIVERY = SCORES[:6]
# change: (its own score, scores that it has to do with)
OWN = {
    "pauses in clauses": ("fluency", {"pace"}),
    "um": ("fillers", {"fluency", "pace"}),
    "faster": ("pace", {"fluency", "clarity"}),
    "babble": ("clarity", set()),
    "low-pass": ("clarity", set()),
    "monotone": ("prosody", set()),
    "slower": ("pace", {"fluency", "clarity"}),
    "pauses between": (None, set()),
    "repetitions": ("fluency", set()),
    "level": (None, set()),
    "too quiet": ("clarity", set()),
}
MOVES, STAYS = 8, 3


def mean(x):
    return sum(x) / len(x) if x else math.nan


def correlation(pairs):
    n = len(pairs)
    if n < 3:
        return 0.0
    ma, mb = mean([a for a, _ in pairs]), mean([b for _, b in pairs])
    saa, sbb = sum((a - ma) ** 2 for a, _ in pairs), sum((b - mb) ** 2 for _, b in pairs)
    return sum((a - ma) * (b - mb) for a, b in pairs) / math.sqrt(saa * sbb) if saa > 0 and sbb > 0 else 0.0


def row(name, values):
    print(f"{name:28s}" + "".join(f"{v:9.1f}" if v is not None and not math.isnan(v) else f"{'':>9s}" for v in values))


def matrix(found, scores, failed):
    print(f"{'change, mean points':28s}" + "".join(f"{s[:8]:>9s}" for s in SCORES))
    for kind, (own, related) in OWN.items():
        for strength in clips.STRENGTHS:
            names = [n for n in found if (kind, strength) in found[n]]
            if not names:
                continue
            moved = [mean([scores[n, kind, strength][s] - scores[n, "good", ""][s] for n in names
                           if s in scores[n, kind, strength] and s in scores[n, "good", ""]]) for s in SCORES]
            row(f"{kind}, {strength}", moved)
            if strength != "medium":
                continue
            for s, v in zip(SCORES[:7], moved):
                if s == own and not v <= -MOVES:
                    failed.append(f"{kind} moves {s} by {v:.1f}")
                if s != own and s not in related and s != "content" and abs(v) > STAYS:
                    failed.append(f"{kind} moves {s} by {v:.1f}")


def content_rows(failed):
    cases, kinds = [], {}
    for i, a in enumerate(texts.variants(hear.DATA)):
        for variant, text in a["texts"].items():
            name = f"{i} {variant}"
            cases.append(texts.case(name, text, a["question"], a["kind"]))
            kinds.setdefault(variant, []).append(i)
    judged = {k: r["scores"] for k, r in hear.judge(cases).items()}
    for variant, which in kinds.items():
        if variant == "good":
            continue
        moved = [mean([judged[f"{i} {variant}"].get(s, 0) - judged[f"{i} good"].get(s, 0) for i in which])
                 for s in SCORES]
        row(f"{variant} ({len(which)})", moved)
        if moved[6] > -MOVES and not variant.endswith('light'):
            failed.append(f"{variant} moves content by {moved[6]:.1f}")
        for s, v in zip(DELIVERY, moved):
            if abs(v) > STAYS and not variant.endswith('strong'):
                failed.append(f"{variant} moves {s} by {v:.1f}")
    worst = [judged[f"{i} {v}"].get("content", 0) for v in ("nonsense", "shuffled", "another text") for i in kinds[v]]
    good = [judged[f"{i} good"].get("content", 0) for i in kinds["good"]]
    print(f"content: good answers {min(good):.0f} to {max(good):.0f}; nonsense and other texts up to {max(worst):.0f}")
    if max(worst) > 40:
        failed.append(f"nonsense or another text has {max(worst):.0f} for content")
    return judged


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--only", action="append", help="a change by name; more than once for several")
    o = p.parse_args()
    found = hear.changed(say=lambda t: print(t, flush=True), kinds=o.only)
    cases = [{"id": f"{n}|{'|'.join(k) if k != 'good' else 'good|'}", "table": str(t)}
             for n in found for k, t in found[n].items()]
    scores = {tuple(i.split("|")): r["scores"] for i, r in hear.judge(cases).items()}
    failed = []
    print("good speakers")
    good = {n: scores[n, "good", ""] for n in found}
    for n, s in good.items():
        row(n, [s.get(k) for k in SCORES])
    for s in DELIVERY:
        share = mean([v[s] >= 85 for v in good.values()])
        if share < 0.9:
            failed.append(f"{s} is at least 85 for {100 * share:.0f} % of good speakers only")
    matrix(found, scores, failed)
    content_rows(failed)
    all_scores = list(scores.values())
    print(f"{'correlation':28s}" + "".join(f"{s[:8]:>9s}" for s in DELIVERY))
    for i, a in enumerate(DELIVERY):
        line = [correlation([(v[a], v[b]) for v in all_scores if a in v and b in v]) for b in DELIVERY[:i]]
        print(f"{a:28s}" + "".join(f"{v:9.2f}" for v in line))
        failed += [f"{a} and {b} correlate by {v:.2f}" for b, v in zip(DELIVERY, line) if abs(v) > 0.85]
    print("response: " + ("; ".join(failed) if failed else "every change moves its own score and no other"))
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
