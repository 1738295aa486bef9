"""For the benchmarks that speak to the server: real recordings, where speech begins and ends in them, messages."""
import array, math, os, struct, sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
RATE, FRAME = 16000, 320


def references():
    data = os.environ.get("REHEARSE_DATA", os.path.join(ROOT, "..", "shared", "data"))
    path = os.path.join(data, "librispeech", "refs.tsv")
    if not os.path.exists(path):
        print("skipped: no " + path, file=sys.stderr)
        sys.exit(77)
    with open(path) as f:
        ids = [line.split("\t")[0] for line in f if "\t" in line]
    return [(i, os.path.join(data, "librispeech", "audio", i + ".flac")) for i in ids]


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


def binary(kind, us, payload):
    """A masked binary frame; a mask of zeros costs the generator nothing."""
    n = 9 + len(payload)
    head = b"\x82" + (bytes([0x80 | 126]) + struct.pack(">H", n) if n < 65536 else bytes([0x80 | 127]) + struct.pack(">Q", n))
    return head + b"\0\0\0\0" + struct.pack("<BQ", kind, us) + payload

