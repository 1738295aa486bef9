"""Answers as interviewers hear them, and the same worse in one way; as text, for words alone decide content."""
import json
import random
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
VAGUE = ["I think it was sort of a big thing.", "There was a lot of stuff to do and so on.",
         "Maybe it was kind of difficult for some people.", "I guess things like that just happen.",
         "I'm not sure, but it was probably really a lot of work or something.", "It was pretty much okay, more or less.",
         "I would say we tried to do many things."]


def words(text, wpm=148):
    """[[word, start, end]] at an even pace, with a breath at every comma and full stop."""
    out, t = [], 0.4
    unit = 60 / wpm / 1.62
    for w in text.split():
        letters = sum(c.isalnum() for c in w)
        length = unit * max(0.6, min(3.5, 0.45 + letters / 4.2))
        out.append([w, round(t, 3), round(t + length, 3)])
        t += length
        t += 0.5 if w[-1] in ".?!" else 0.3 if w[-1] in ",;:" else 0
    return out


def case(name, text, question, kind, **seen):
    return {"id": name, "words": words(text), "question": question, "kind": kind, **seen}


def read_answers():
    """[{question, kind, say: sentences, result: sentences}]"""
    return json.loads((HERE / "answers.json").read_text())


def without_facts(sentence):
    sentence = re.sub(r"\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|eighteen|twenty|thirty|forty|"
                      r"sixty|ninety|hundred|thousand|million|percent|point|half|\d+)\b", "some", sentence)
    return re.sub(r"(?<=[a-z] )(Saint Mary's|[A-Z][a-z]+)\b", lambda m: m[0] if m[0] == "I" else "somewhere", sentence)


def vague(sentences, share):
    """Facts taken out of a share of the sentences, and a vague one put behind each of these."""
    out = []
    for i, s in enumerate(sentences):
        if (i * 7) % 10 < share * 10:
            out += [without_facts(s), VAGUE[i % len(VAGUE)]]
        else:
            out.append(s)
    return out


def other_text(data, n, skip):
    """n words of a reader, a full stop after each utterance."""
    out = []
    for line in (data / "librispeech/refs.tsv").read_text().splitlines()[skip:]:
        text = line.split("\t")[1]
        out += (text[0].upper() + text[1:] + ".").split()
        if len(out) >= n:
            break
    return " ".join(out[:n]).rstrip(".") + "."


def shuffled(words, rng):
    """None of them twice in a row, for that would be a repetition, which has a score of its own."""
    plain = lambda w: re.sub(r"\W", "", w).lower()
    out = rng.sample(words, len(words))
    for i in range(1, len(out)):
        while plain(out[i]) == plain(out[i - 1]):
            k = rng.randrange(len(out))
            if k == i or plain(out[k]) == plain(out[i - 1]):
                continue
            around = [plain(out[j]) for j in (k - 1, k + 1) if 0 <= j < len(out) and j != i]
            if plain(out[i]) not in around:
                out[i], out[k] = out[k], out[i]
    return " ".join(out)


def variants(data):
    """[{question, kind, texts: {variant: text}}]"""
    all_words = [w for line in (data / "librispeech/refs.tsv").read_text().splitlines() for w in line.split("\t")[1].split()]
    found = []
    for i, a in enumerate(read_answers()):
        sentences = a["say"] + a["result"]
        good = " ".join(sentences)
        rng = random.Random(i)
        own = [re.sub(r"\W", "", w).lower() for w in good.split()]
        long_words = [w for w in all_words + own if len(w) > 3]
        salad = [rng.choice(long_words) for _ in own]
        texts = {"good": good, "another text": other_text(data, len(own), 8 * i),
                 "nonsense": " ".join(" ".join(salad[k:k + 11]).capitalize() + "." for k in range(0, len(salad), 11)),
                 "shuffled": shuffled(good.split(), rng),
                 "vague, light": " ".join(vague(sentences, 0.2)), "vague, medium": " ".join(vague(sentences, 0.5)),
                 "vague, strong": " ".join(vague(sentences, 1))}
        if a["result"]:
            texts["no result"] = " ".join(a["say"])
        found.append({"question": a["question"], "kind": a["kind"], "texts": texts})
    return found
