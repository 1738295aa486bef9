#!/usr/bin/env python3
"""Word error rate of `rehearse transcribe` on LibriSpeech utterances.

Usage: bench/wer.py [--program build/rehearse] [--data DIR] [OPTION of transcribe]...
       bench/wer.py --texts FILE    score what another program heard: id, tab, text

The data folder holds refs.tsv (id, tab, text) and audio/<id>.flac; without it
the benchmark says so and ends with 77. Texts are compared after the English
normaliser of openai-whisper when that package can be imported (run this script
with a Python that has it), and otherwise after plain rules: lower case, no
punctuation, common contractions and titles written out. The line says which.
"""
import os
import re
import subprocess
import sys
import unicodedata

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def plain(text):
    text = unicodedata.normalize("NFKD", text.lower().replace("\u2019", "'"))
    text = re.sub(r"\[.*?\]|\(.*?\)", " ", text)
    for short, full in {"won't": "will not", "can't": "can not", "let's": "let us", "n't": " not",
                        "'re": " are", "'ll": " will", "'ve": " have", "'m": " am", "'s": " is",
                        "'d": " would"}.items():
        text = re.sub(re.escape(short) + r"\b", full, text)
    for short, full in {"mr": "mister", "mrs": "missus", "dr": "doctor", "st": "saint"}.items():
        text = re.sub(r"\b%s\b" % short, full, text)
    text = re.sub(r"\b(hmm|mm|mhm|mmm|uh|um)\b", " ", text)
    return " ".join(re.sub(r"[^a-z0-9 ]", " ", text).split())


def normaliser():
    try:
        from whisper.normalizers import EnglishTextNormalizer
        return EnglishTextNormalizer(), "openai-whisper"
    except ImportError:
        return plain, "plain"


def errors(ref, hyp):
    """Substitutions, insertions and deletions of the cheapest alignment."""
    row = list(range(len(hyp) + 1))
    for i, r in enumerate(ref, 1):
        last, row[0] = row[0], i
        for k, h in enumerate(hyp, 1):
            last, row[k] = row[k], min(row[k] + 1, row[k - 1] + 1, last + (r != h))
    return row[-1]


def longest_lost(ref, hyp):
    """The longest run of words of `ref` without a counterpart in the cheapest alignment with `hyp`."""
    cost = [list(range(len(hyp) + 1))]
    for i, r in enumerate(ref, 1):
        cost.append([i])
        for k, h in enumerate(hyp, 1):
            cost[i].append(min(cost[i - 1][k] + 1, cost[i][k - 1] + 1, cost[i - 1][k - 1] + (r != h)))
    i, k, run, longest = len(ref), len(hyp), 0, (0, 0)
    while i > 0:
        if k == 0 or cost[i][k] == cost[i - 1][k] + 1:
            i, run = i - 1, run + 1
            longest = max(longest, (run, i))
        elif cost[i][k] == cost[i][k - 1] + 1:
            k -= 1
        else:
            i, k, run = i - 1, k - 1, 0
    return ref[longest[1]:longest[1] + longest[0]]


def take(args, name, default):
    if name in args:
        i = args.index(name)
        value = args[i + 1]
        del args[i:i + 2]
        return value
    return default


def score(refs, hyps):
    norm, name = normaliser()
    wrong = total = 0
    for key, ref in refs.items():
        r, h = norm(ref).split(), norm(hyps.get(key, "")).split()
        e = errors(r, h)
        wrong += e
        total += len(r)
        if e and os.environ.get("VERBOSE"):
            print("%s %d\n  %s\n  %s" % (key, e, " ".join(r), " ".join(h)), file=sys.stderr)
    return wrong / total, total, name


def main():
    args = sys.argv[1:]
    program = take(args, "--program", os.path.join(ROOT, "build", "rehearse"))
    texts = take(args, "--texts", None)
    data = take(args, "--data", os.path.join(
        os.environ.get("REHEARSE_DATA", os.path.join(ROOT, "..", "shared", "data")), "librispeech"))
    if not os.path.exists(os.path.join(data, "refs.tsv")):
        print("skipped: no LibriSpeech utterances in %s" % data)
        return 77
    with open(os.path.join(data, "refs.tsv"), encoding="utf-8") as f:
        refs = dict(line.rstrip("\n").split("\t", 1) for line in f if "\t" in line)
    if texts:
        with open(texts, encoding="utf-8") as f:
            hyps = dict(line.rstrip("\n").split("\t", 1) for line in f if "\t" in line)
        refs = {key: text for key, text in refs.items() if key in hyps}
        wer, words, name = score(refs, hyps)
        print("wer files=%d words=%d normaliser=%s wer=%.2f%%" % (len(refs), words, name, 100 * wer))
        return 0
    files = [os.path.join(data, "audio", key + ".flac") for key in refs]
    run = subprocess.run([program, "transcribe", "--format", "tsv", "--stats", *args, *files],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if run.returncode != 0:
        print(run.stderr, file=sys.stderr)
        return 1
    hyps = dict(line.split("\t", 1) for line in run.stdout.splitlines() if "\t" in line)
    wer, words, name = score(refs, hyps)
    print("wer files=%d words=%d normaliser=%s wer=%.2f%% %s" %
          (len(refs), words, name, 100 * wer, run.stderr.strip().splitlines()[-1]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
