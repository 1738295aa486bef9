"""Recordings of good speakers, and the same changed in one way at three strengths.

Needs numpy, soundfile and pyworld, and ffmpeg for the tempo; see ../response.
Every clip is a pure function of its source and its change, so what was heard of it may be kept.
"""
import hashlib
import json
import re
import subprocess
from pathlib import Path

import numpy as np
import pyworld
import soundfile

RATE = 16000
STRENGTHS = ("light", "medium", "strong")

# change: what it takes at each strength
CHANGES = {
    "pauses in clauses": (4, 8, 14),      # a minute, 0.9 s each
    "um": (6, 14, 25),                    # a minute
    "faster": (1.25, 1.5, 1.8),           # tempo
    "babble": (15, 9, 4),                 # dB below the speech
    "low-pass": (2400, 1500, 1000),       # Hz
    "monotone": (0.65, 0.35, 0.1),        # of the melody that is left
    "slower": (0.8, 0.65, 0.5),           # tempo
    "pauses between": (0.5, 1.0, 1.7),    # s more at every full stop and comma
    "repetitions": (6, 14, 24),           # a minute
    "level": (-8, -16, -24),              # dB
    "too quiet": (-30, -36, -42),         # dB
}


def read(path):
    out = subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), "-ac", "1", "-ar", str(RATE), "-f", "f32le", "-"],
                         check=True, capture_output=True).stdout
    return np.frombuffer(out, np.float32).copy()


def joined(paths, least_s):
    """Utterances of one reader one after the other until they are long enough."""
    parts, n = [], 0
    for p in paths:
        parts += [read(p), np.zeros(int(0.35 * RATE), np.float32)]
        n += len(parts[-2])
        if n >= least_s * RATE:
            break
    return np.concatenate(parts[:-1])


def good_speakers(data):
    """[(name, samples, in the matrix?)]"""
    found = []
    readers = {}
    for p in sorted((data / "librispeech/audio").glob("*.flac")):
        readers.setdefault(p.stem.rsplit("-", 1)[0], []).append(p)
    for name, paths in readers.items():
        for k in range(0, min(len(paths), 20), 4):
            group = paths[k:k + 4]
            if len(group) >= 2:
                found.append((f"librispeech {name} {k}", joined(group, 12), k == 0 and not name.startswith(("1089", "2033"))))
    for name, path in (("jfk", "speech/jfk.flac"), ("azure 1", "speech/azure_training/audio1.wav"),
                       ("azure 2", "speech/azure_training/audio2.wav"), ("sonnet 1", "speech/sonnets/p001.mp3"),
                       ("sonnet 2", "speech/sonnets/p002.mp3"), ("sonnet 3", "speech/sonnets/p003.mp3")):
        x = read(data / path)
        found.append((name, x[:16 * RATE], name not in ("azure 2", "sonnet 2", "sonnet 3")))
        if len(x) > 44 * RATE:
            found.append((name + " later", x[22 * RATE:42 * RATE], False))
    return found


def quiet_places(x):
    """Middles of the least loud 40 ms between two loud places, s: between words, more or less."""
    hop = RATE // 100
    n = len(x) // hop
    level = 10 * np.log10(np.convolve((x[:n * hop] ** 2).reshape(n, hop).mean(1), np.ones(4) / 4, "same") + 1e-9)
    return level


def between_words(words, kind):
    """Times where a word ends and the next begins: inside a clause, or at a full stop or comma."""
    openers = set("and but because which who that when where while so if or as since then before after what how "
                  "why".split())
    out = []
    for a, b in zip(words, words[1:]):
        stop = a[0].rstrip("\"')")[-1:] in ".,;:?!-"
        opens = re.sub(r"\W", "", b[0].lower()) in openers
        at = (a[2] + b[1]) / 2
        if kind == "in clauses" and not stop and not opens:
            out.append(at)
        if kind == "between" and stop:
            out.append(at)
    return out


def spread(places, n, seed):
    """n of them, evenly but not regularly."""
    rng = np.random.default_rng(seed)
    if not places:
        return []
    n = max(1, min(n, len(places)))
    groups = np.array_split(np.array(places), n)
    return [float(g[rng.integers(len(g))]) for g in groups]


def snap(x, t):
    """The quietest place within 80 ms."""
    level = quiet_places(x)
    i = int(t * 100)
    a, b = max(0, i - 8), min(len(level), i + 9)
    return int((a + int(np.argmin(level[a:b]))) * RATE / 100) if b > a else int(t * RATE)


def insert(x, places, piece_of):
    """A piece of sound at each place, softly joined."""
    out, last = [], 0
    fade = np.linspace(0, 1, RATE // 100, dtype=np.float32)
    for k, at in enumerate(sorted(snap(x, t) for t in places)):
        part = x[last:at].copy()
        if len(part) > len(fade):
            part[-len(fade):] *= fade[::-1]
        out += [part, piece_of(k)]
        last = at
    tail = x[last:].copy()
    if last and len(tail) > len(fade):
        tail[:len(fade)] *= fade
    return np.concatenate(out + [tail]).astype(np.float32)


def room(x, n):
    """n samples of the recording's own silence."""
    hop = RATE // 50
    m = len(x) // hop
    energy = (x[:m * hop] ** 2).reshape(m, hop).mean(1)
    i = int(np.argmin(np.convolve(energy, np.ones(5), "valid")))
    piece = x[i * hop:(i + 5) * hop]
    mirrored = np.concatenate([piece, piece[::-1]])
    return np.tile(mirrored, n // len(mirrored) + 1)[:n]


def tempo(x, factor):
    steps, left = [], factor
    while left < 0.5 or left > 2:
        steps.append(0.5 if left < 0.5 else 2)
        left /= steps[-1]
    chain = ",".join(f"atempo={s}" for s in steps + [left])
    out = subprocess.run(["ffmpeg", "-v", "error", "-f", "f32le", "-ac", "1", "-ar", str(RATE), "-i", "-", "-af", chain,
                          "-f", "f32le", "-"], check=True, capture_output=True, input=x.tobytes()).stdout
    return np.frombuffer(out, np.float32).copy()


def ums(data):
    """Real hesitations."""
    places = (("acoustic_corpus", 8.06, 8.62), ("acoustic_corpus", 22.87, 23.60), ("mfa_crossword", 5.82, 6.60))
    return [read(data / f"fillers/audio/{name}.flac")[int(a * RATE):int(b * RATE)] for name, a, b in places]


def speech_level(x):
    level = quiet_places(x)
    return np.sqrt(10 ** (np.quantile(level, 0.85) / 10))


def low_pass(x, hz):
    f = np.fft.rfft(x)
    freq = np.fft.rfftfreq(len(x), 1 / RATE)
    f *= 1 / np.sqrt(1 + (freq / hz) ** 12)
    return np.fft.irfft(f, len(x)).astype(np.float32)


def babble(voices, n, seed):
    rng = np.random.default_rng(seed)
    out = np.zeros(n, np.float32)
    for v in voices:
        v = v / (speech_level(v) + 1e-9)
        out += np.roll(np.tile(v, n // len(v) + 1)[:n], int(rng.integers(n)))
    return out / (speech_level(out) + 1e-9)


def monotone(x, left):
    x = x.astype(np.float64)
    f0, t = pyworld.harvest(x, RATE)
    spectrum, aperiodic = pyworld.cheaptrick(x, f0, t, RATE), pyworld.d4c(x, f0, t, RATE)
    voiced = f0 > 0
    middle = np.exp(np.median(np.log(f0[voiced])))
    f0[voiced] = middle * (f0[voiced] / middle) ** left
    return pyworld.synthesize(f0, spectrum, aperiodic, RATE)[:len(x)].astype(np.float32)


class Changer:
    def __init__(self, data):
        self.um = ums(data)
        self.voices = [read(p)[:16 * RATE] for p in
                       sorted((data / "librispeech/audio").glob("*.flac"))[-60::10]]

    def change(self, x, words, kind, at, seed):
        minutes = len(x) / RATE / 60
        if kind in ("slower", "faster"):
            return tempo(x, at)
        if kind == "pauses in clauses":
            places = spread(between_words(words, "in clauses"), round(at * minutes), seed)
            return insert(x, places, lambda k: room(x, int(0.9 * RATE)))
        if kind == "pauses between":
            return insert(x, between_words(words, "between"), lambda k: room(x, int(at * RATE)))
        if kind == "um":
            places = spread([(a[2] + b[1]) / 2 for a, b in zip(words, words[1:])], round(at * minutes), seed)
            gap = room(x, int(0.22 * RATE))
            level = speech_level(x)

            def um(k):
                u = self.um[(k + seed) % len(self.um)]
                return np.concatenate([gap, u * (0.9 * level / (speech_level(u) + 1e-9)), gap])
            return insert(x, places, um)
        if kind == "repetitions":
            # two or three words of a phrase said twice, with a breath between
            inner = [k for k in range(1, len(words) - 3) if all(w[0][-1:] not in ".,;:?!" for w in words[k - 1:k + 3])]
            chosen = [inner[int(i)] for i in spread(list(range(len(inner))), round(at * minutes), seed)]
            out, last = [], 0
            for k in sorted(chosen):
                a, b = snap(x, words[k][1]), snap(x, words[k + 2 + k % 2][1])
                if a < last or b - a < RATE // 8:
                    continue
                out += [x[last:b], room(x, int(0.12 * RATE)), x[a:b]]
                last = b
            return np.concatenate(out + [x[last:]]).astype(np.float32)
        if kind == "low-pass":
            return low_pass(x, at)
        if kind == "babble":
            return (x + babble(self.voices, len(x), seed) * speech_level(x) * 10 ** (-at / 20)).astype(np.float32)
        if kind == "monotone":
            return monotone(x, at)
        if kind in ("level", "too quiet"):
            return (x * 10 ** (at / 20)).astype(np.float32)
        raise ValueError(kind)


def keep(x, folder):
    """Writes the clip where its content says; returns its id and path."""
    peak = float(np.abs(x).max())
    pcm = np.round(x * (0.98 / peak if peak > 0.98 else 1) * 32767).astype(np.int16)
    name = hashlib.sha256(pcm.tobytes()).hexdigest()[:20]
    path = Path(folder) / f"{name}.wav"
    if not path.exists():
        soundfile.write(path, pcm, RATE)
    return name, path


def words_of(table):
    o = json.loads(Path(table).read_text())
    return [w for s in o["segments"] for w in s["clean"]]
