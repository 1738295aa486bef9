#!/usr/bin/env python3
"""The bank of questions, as docs/questions.md describes it: enough of them, complete,
and nothing there twice.

  questions.py [FOLDER_OF_THE_PAGE]"""
import collections
import json
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COMMON = "general"
KINDS = ("opening", "behavioural", "situational", "role", "closing")
LEVELS = ("entry", "senior")
FIELDS = ("id", "kind", "role", "text", "shows", "follow_ups", "model")
QUESTIONS, ROLES, OWN = 400, 12, 20  # at least
# (fewest, most) characters of a text, words of a model answer, points, follow-ups
TEXT, POINT, FOLLOW_UP, WORDS, POINTS, FOLLOW_UPS = (15, 160), (5, 100), (8, 120), (60, 120), (2, 4), (2, 2)
RUN, RUN_IN = 6, 2  # so many words in a row are in at most so many model answers

faults = []


def fault(where, what):
    faults.append(f"{where}: {what}")


def read(folder, name):
    """The JSON of a file; a key that is there twice is a fault, and so is a byte order mark."""
    def pairs(items):
        keys = [k for k, _ in items]
        for k in {k for k in keys if keys.count(k) > 1}:
            fault(name, f'an object has "{k}" twice')
        return dict(items)
    with open(os.path.join(folder, name), encoding="utf-8", newline="") as f:
        return json.loads(f.read(), object_pairs_hook=pairs)


def within(where, what, n, limits):
    if not limits[0] <= n <= limits[1]:
        fault(where, f"{what}: {n}, not {limits[0]} to {limits[1]}")


def plain(where, text):
    if not isinstance(text, str):
        fault(where, f"{text!r} is no text")
        return ""
    if text != text.strip() or "  " in text or any(ord(c) < 32 or ord(c) == 127 for c in text) or re.search("[\u2010-\u201f\u00a0\ufffd]", text):
        fault(where, f"spaces or signs that are not plain in {text[:60]!r}")
    return text


def check_question(q, role):
    where = q.get("id", f"a question of {role}")
    missing, odd = set(FIELDS) - set(q), set(q) - set(FIELDS) - {"level"}
    if missing or odd:
        fault(where, f"without {sorted(missing)}, with unknown {sorted(odd)}")
        return False
    if not re.fullmatch(rf"{role}(-[a-z0-9]+)+", q["id"]):
        fault(where, f"the id is not {role}-words-in-small-letters")
    if q["role"] != role:
        fault(where, f"its role is {q['role']!r}, its file is of {role!r}")
    if q["kind"] not in KINDS:
        fault(where, f"unknown kind {q['kind']!r}")
    if q.get("level", "entry") not in LEVELS:
        fault(where, f"unknown level {q['level']!r}")
    within(where, "characters of the question", len(plain(where, q["text"])), TEXT)
    within(where, "points", len(q["shows"]), POINTS)
    within(where, "follow-ups", len(q["follow_ups"]), FOLLOW_UPS)
    within(where, "words of the model answer", len(plain(where, q["model"]).split()), WORDS)
    for point in q["shows"]:
        within(where, f"characters of {point!r}", len(plain(where, point)), POINT)
    for text in q["follow_ups"]:
        within(where, f"characters of {text!r}", len(plain(where, text)), FOLLOW_UP)
    for text in (q["text"], *q["follow_ups"], q["model"]):
        if text[-1:] not in (".", "?") and not text.endswith('."') and not text.endswith('?"'):
            fault(where, f"no end of a sentence in {text[-40:]!r}")
    return True


def words(text):
    return re.findall(r"[\w']+", text.lower())


def check_doubles(questions):
    for what, values in (("id", [(q["id"], q["id"]) for q in questions]),
                         ("line", [(" ".join(words(t)), q["id"]) for q in questions
                                   for t in (q["text"], q["model"], *q["shows"], *q["follow_ups"])])):
        found = collections.defaultdict(list)
        for value, where in values:
            found[value].append(where)
        for value, places in found.items():
            if len(places) > 1:
                fault(", ".join(places), f"the same {what}: {value[:80]!r}")
    runs = collections.defaultdict(set)
    for q in questions:
        w = words(q["model"])
        for i in range(len(w) - RUN + 1):
            runs[" ".join(w[i:i + RUN])].add(q["id"])
    for run, places in runs.items():
        if len(places) > RUN_IN:
            fault(", ".join(sorted(places)), f"the same words in {len(places)} model answers: {run!r}")


def main(folder):
    index = read(folder, "questions.json")["roles"]
    listed, there = {r["file"] for r in index}, {f"questions/{n}" for n in os.listdir(os.path.join(folder, "questions"))}
    for name in sorted(there ^ listed):
        fault(name, "is listed in questions.json or there, not both")
    for key in ("id", "name", "file"):
        if len({r[key] for r in index}) != len(index):
            fault("questions.json", f'"{key}" of two roles is the same')
    questions = []
    for r in (r for r in index if r["file"] in there):
        part = read(folder, r["file"])
        if part["role"] != r["id"] or r["file"] != f"questions/{r['id']}.json":
            fault(r["file"], f"is listed as {r['id']!r}, has the role {part['role']!r}")
        own = [q for q in part["questions"] if check_question(q, r["id"])]
        kinds = {q["kind"] for q in own}
        needed = {"opening", "behavioural", "situational", "closing"} if r["id"] == COMMON else {"opening", "behavioural", "situational", "role"}
        if len(own) < OWN or not needed <= kinds:
            fault(r["file"], f"{len(own)} questions of the kinds {sorted(kinds)}; at least {OWN}, with each of {sorted(needed)}")
        questions += own
    if COMMON not in {r["id"] for r in index} or len(index) - 1 < ROLES or len(questions) < QUESTIONS:
        fault("the bank", f"{len(questions)} questions of {len(index)} roles; at least {QUESTIONS}, of {ROLES} and {COMMON!r}")
    check_doubles(questions)
    for line in faults:
        print(line)
    kinds = collections.Counter(q["kind"] for q in questions)
    print(f"{len(questions)} questions of {len(index) - 1} roles and for every role: {', '.join(f'{n} {k}' for k, n in kinds.most_common())}; {len(faults)} faults")
    return 1 if faults else 0


sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "web")))
