"""For the benchmarks that speak to the server: real recordings, where speech begins and ends in them, messages,
and a person who speaks them in real time."""
import array, math, os, random, statistics, struct, subprocess, sys, threading, time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "server"))
from harness import Closed

RATE, FRAME, PIECE = 16000, 320, 1600
PAUSE_S = 1.0


def references():
    data = os.environ.get("REHEARSE_DATA", os.path.join(ROOT, "..", "shared", "data"))
    path = os.path.join(data, "librispeech", "refs.tsv")
    if not os.path.exists(path):
        print("skipped: no " + path, file=sys.stderr)
        sys.exit(77)
    with open(path) as f:
        ids = [line.split("\t")[0] for line in f if "\t" in line]
    return [(i, os.path.join(data, "librispeech", "audio", i + ".flac")) for i in ids]


def samples(path):
    """16-bit sound at RATE."""
    return subprocess.run(["ffmpeg", "-loglevel", "error", "-i", path, "-f", "s16le", "-ar", str(RATE), "-ac", "1", "-"],
                          stdout=subprocess.PIPE, check=True).stdout


def speech_ends(pcm):
    """Seconds of the first and the last loud 20 ms of 16-bit sound."""
    x = array.array("h", pcm)
    levels = []
    for i in range(0, len(x) - FRAME, FRAME):
        power = sum(v * v for v in x[i:i + FRAME:4]) / (FRAME / 4)
        levels.append(10 * math.log10(power + 1))
    ranked = sorted(levels)
    quiet, loud = ranked[len(ranked) // 10], ranked[len(ranked) * 95 // 100]
    over = [i for i, v in enumerate(levels) if v > max(quiet + 9, loud - 30)]
    return over[0] * FRAME / RATE, (over[-1] + 1) * FRAME / RATE


def faint(rng, seconds):
    """Noise of a quiet room."""
    return array.array("h", [rng.randint(-6, 6) for _ in range(int(seconds * RATE))]).tobytes()


def binary(kind, us, payload):
    """A masked binary frame; a mask of zeros costs the generator nothing."""
    n = 9 + len(payload)
    head = b"\x82" + (bytes([0x80 | 126]) + struct.pack(">H", n) if n < 65536 else bytes([0x80 | 127]) + struct.pack(">Q", n))
    return head + b"\0\0\0\0" + struct.pack("<BQ", kind, us) + payload


class Utterance:
    def __init__(self, name, at, pcm):
        first, last = speech_ends(pcm)
        self.name, self.at, self.to = name, at, at + len(pcm) / 2 / RATE + PAUSE_S
        self.onset, self.end = at + first, at + last
        self.first_text = self.last_final = None
        self.partials, self.words = [], []

    def final_s(self):
        """From its last sound to its last final word; None: not all of it was final while the person was there."""
        return self.last_final - self.end if self.last_final and self.last_final > self.end else None


class Person(threading.Thread):
    """Speaks the files over /v1/session, 100 ms a message, a second of faint noise between two of them; with a picture, ten
    a second, each of which is answered. Falls silent after `seconds`: what is cut off then does not count as said. Begins
    `after_s` seconds after start(), so that the pieces of many do not come all at the same moment."""

    def __init__(self, server, i, files, after_s, picture=None, seconds=math.inf):
        super().__init__()
        self.sound, self.utterances, self.picture = bytearray(), [], picture
        self.pictures, self.video = 0, []  # sent; seconds to their replies
        pause = faint(random.Random(i), PAUSE_S)
        self.sound += pause
        for name, path in files:
            pcm = samples(path)
            said = Utterance(name, len(self.sound) / 2 / RATE, pcm)
            self.utterances += [said] if said.to <= seconds else []
            self.sound += pcm + pause
            if said.to >= seconds:
                del self.sound[int(2 * RATE * seconds):]
                break
        self.ws = server.ws(f"/v1/session/live-{os.getpid()}-{time.time_ns()}-{i}")
        self.ws.send({"type": "start", "sample_rate": RATE, "language": "en", "face_hz": 20 if picture else 1})
        while self.ws.recv()["type"] != "ready":
            pass
        self.after_s, self.lag = after_s, 0

    def run(self):
        time.sleep(self.after_s)
        self.began = time.time()
        reader = threading.Thread(target=self.read)
        reader.start()
        for k in range(0, len(self.sound) // 2, PIECE):
            # a piece is there when its last sample has been spoken
            time.sleep(max(0, self.began + (k + PIECE) / RATE - time.time()))
            us = k * 1000000 // RATE
            self.ws.sock.sendall(binary(2, us, bytes(self.sound[2 * k:2 * (k + PIECE)])))
            if self.picture:
                self.ws.sock.sendall(binary(1, us, self.picture))
                self.pictures += 1
        time.sleep(3)
        self.ws.close()
        reader.join()

    def of(self, t):
        return next((u for u in self.utterances if u.at - 0.2 <= t < u.to - 0.2), None)

    def read(self):
        try:
            while True:
                m = self.ws.recv()
                now = time.time() - self.began
                if m["type"] == "face":
                    self.video.append(now - m["t"] - PIECE / RATE)  # sent with the piece that began then
                if m["type"] == "lag":
                    self.lag = max(self.lag, m["seconds"])
                if m["type"] in ("transcript.partial", "transcript.final") and m.get("words"):
                    self.take(m, now)
        except (Closed, OSError):
            pass

    def take(self, m, now):
        u = self.of(m["words"][-1]["start"])
        if u and u.first_text is None:
            u.first_text = now
        if u and m["type"] == "transcript.partial":
            u.partials.append(now)
        if m["type"] == "transcript.final":
            for w in m["words"]:
                to = self.of((w["start"] + w["end"]) / 2)
                if to:
                    to.words.append(w["word"])
                    to.last_final = now


def share(files, i, n):
    """A session is one person: neighbours in the list, most of them of one reader."""
    return files[i * len(files) // n:(i + 1) * len(files) // n]


def p95(values):
    return sorted(values)[int(0.95 * (len(values) - 1) + 0.5)] if values else math.nan


def figures(values, scale=1, form=".3g"):
    """Of those that are known."""
    values = [scale * v for v in values if v is not None]
    return f"p50={statistics.median(values):{form}} p95={p95(values):{form}}" if values else "none"
