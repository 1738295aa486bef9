"""Live cues with planted faults: see ../cues."""
import argparse
import csv
import re
import subprocess
import sys
import time
import uuid

import numpy as np

import clips
import hear

sys.path.insert(0, str(hear.ROOT / "tests/server"))
from harness import Closed, Server, media  # noqa: E402

SESSION_S = 45
PIECE = clips.RATE // 10
PICTURES_PER_S = 4
SOON_S, LATE_S = 20, 30
# change: (strengths, the cue's kind)
SOUND = {"pauses in clauses": (("medium", "strong"), "pauses"), "um": (("medium", "strong"), "fillers"),
         "faster": (("strong",), "pace"), "slower": (("strong",), "pace"), "monotone": (("medium", "strong"), "melody"),
         "too quiet": (("strong",), "loudness")}


def pictures(data):
    """Of one person: looking at the camera, and 60 degrees beside it."""
    with open(data / "pointing04/pose_gt.csv", encoding="utf-8") as f:
        rows = [r for r in csv.DictReader(f)]
    find = lambda pan: next(r for r in rows if float(r["pan_deg"]) == pan and float(r["tilt_deg"]) == 0)
    read = lambda r: (data / "pointing04" / r[next(iter(r))]).read_bytes()
    return read(find(0)), read(find(60))


def nobody():
    """A wall."""
    return subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=gray:s=384x288", "-frames:v", "1", "-f", "mjpeg",
                           "-"], check=True, capture_output=True).stdout


def cases(data, found, pick):
    """[(fault, kind of the cue or "", name, samples, what is seen at second t)]"""
    looks, aside = pictures(data)
    wall = nobody()
    always = lambda t: looks
    half = lambda t: looks if t % 5 < 2 else aside
    gone = lambda t: looks if t < 5 else wall
    out = []
    for name, of in found.items():
        if len(of) < 2:
            continue
        sound = lambda table: clips.read(table.parent.parent / "sound" / f"{table.stem}.wav")
        good = sound(of["good"])
        out += [("", "", name, good, always), ("eyes elsewhere", "eye_contact", name, good, half),
                ("out of the picture", "framing", name, good, gone)]
        for kind, (strengths, cue) in SOUND.items():
            out += [(f"{kind} {s}", cue, name, sound(of[kind, s]), always) for s in strengths if (kind, s) in of]
    return [c for c in out if not pick or re.search(pick, f"{c[2]}, {c[0] or 'good'}")]


def session(server, x, seen, speed):
    """The cues: [(second, kind)]."""
    gap = np.zeros(int(0.4 * clips.RATE), np.float32)
    while len(x) < SESSION_S * clips.RATE:
        x = np.concatenate([x, gap, x])
    x = (np.clip(x[:SESSION_S * clips.RATE], -1, 1) * 32767).astype("<i2")
    cues, began = [], time.monotonic()
    with server.ws(f"/v1/session/{uuid.uuid4().hex[:12]}") as ws:
        ws.ask({"type": "start", "sample_rate": clips.RATE, "language": "en"})
        for i in range(0, len(x), PIECE):
            t = i / clips.RATE
            if i % (clips.RATE // PICTURES_PER_S // PIECE * PIECE) == 0:
                ws.send(media(1, t * 1e6, seen(t)), opcode=2)
            ws.send(media(2, t * 1e6, x[i:i + PIECE].tobytes()), opcode=2)
            time.sleep(max(0, began + t / speed - time.monotonic()))
        ws.send({"type": "finish"})
        try:
            while (e := ws.recv())["type"] != "report":
                if e["type"] == "cue":
                    cues.append((e["t"], e["kind"]))
        except Closed:
            pass
    return cues


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--speed", type=float, default=2)
    p.add_argument("--only", default="", help="sessions whose name, as --list prints it, has this in it (a regular expression)")
    p.add_argument("--list", action="store_true", help="every session and its cues")
    o = p.parse_args()
    found = hear.changed(kinds=list(SOUND))
    server = Server()
    rows, wrong = {}, []
    try:
        for fault, kind, name, x, seen in cases(hear.DATA, found, o.only):
            cues = session(server, x, seen, o.speed)
            own = [t for t, k in cues if k == kind]
            other = [(t, k) for t, k in cues if k != kind]
            row = rows.setdefault(fault or "good speakers", [0, 0, 0, 0])
            row[0] += 1
            row[1] += bool(own) and own[0] <= SOON_S
            row[2] += bool(own) and own[0] <= LATE_S
            row[3] += not other
            if o.list or other or (kind and not own):
                wrong.append(f"{name}, {fault or 'good'}: " + (", ".join(f"{k} at {t:.0f} s" for t, k in cues) or "no cue"))
                print("  " + wrong[-1], flush=True)
    finally:
        server.stop()
    for fault, (n, soon, late, alone) in rows.items():
        print(f"{fault:28s} {n:3d} sessions: {soon:3d} within {SOON_S} s, {late:3d} within {LATE_S} s, {alone:3d} without another cue")
    faults = [r for f, r in rows.items() if f != "good speakers"]
    n, soon, late, alone = (sum(r[i] for r in faults) for i in range(4))
    everything = sum(r[0] for r in rows.values())
    quiet = sum(r[3] for r in rows.values())
    print(f"cues: {100 * soon / max(n, 1):.1f} % of {n} faults within {SOON_S} s, {100 * late / max(n, 1):.1f} % within {LATE_S} s; "
          f"no other cue in {100 * quiet / max(everything, 1):.1f} % of {everything} sessions")
    return 0 if n and late >= 0.9 * n and quiet >= 0.9 * everything else 1


if __name__ == "__main__":
    raise SystemExit(main())
