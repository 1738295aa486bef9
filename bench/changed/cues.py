"""Live cues with planted faults: see ../cues."""
import argparse
import concurrent.futures
import csv
import hashlib
import json
import os
import re
import subprocess
import sys
import time
import uuid
from pathlib import Path

import numpy as np
import soundfile

import clips
import hear

SESSION_S = 45
PIECE = clips.RATE // 10
PICTURES_PER_S = 4
SOON_S, LATE_S = 20, 30
SIMULATED = hear.ROOT / "build/bench/live_cues"
# change: (strengths, the cue's kind)
SOUND = {"pauses in clauses": (("medium", "strong"), "pauses"), "um": (("medium", "strong"), "fillers"),
         "faster": (("strong",), "pace"), "slower": (("strong",), "pace"), "monotone": (("medium", "strong"), "melody"),
         "too quiet": (("strong",), "loudness")}


def pictures(data, cache):
    """Files: of one person looking at the camera, and 60 degrees beside it; of a wall."""
    with open(data / "pointing04/pose_gt.csv", encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    find = lambda pan: next(r for r in rows if float(r["pan_deg"]) == pan and float(r["tilt_deg"]) == 0)
    path = lambda r: data.resolve() / "pointing04" / r[next(iter(r))]
    wall = cache / "wall.jpeg"
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "color=gray:s=384x288", "-frames:v", "1", wall],
                   check=True)
    return path(find(0)), path(find(60)), wall


def spoken(table, cache):
    """The clip again and again until it is a session long: a file."""
    found = cache / "sound" / f"{table.stem} {SESSION_S} s.wav"
    if not found.exists():
        x = clips.read(cache / "sound" / f"{table.stem}.wav")
        gap = np.zeros(int(0.4 * clips.RATE), np.float32)
        while len(x) < SESSION_S * clips.RATE:
            x = np.concatenate([x, gap, x])
        soundfile.write(found, np.clip(x[:SESSION_S * clips.RATE], -1, 1), clips.RATE, subtype="PCM_16")
    return found


def onset(path):
    """When the voice begins, s."""
    x, _ = soundfile.read(path, dtype="float32")
    level = np.sqrt((x[:len(x) // PIECE * PIECE].reshape(-1, PIECE) ** 2).mean(1))
    return float(np.argmax(level > 0.1 * np.quantile(level, 0.95))) * PIECE / clips.RATE


def cases(data, found, pick):
    """[(fault, kind of the cue or "", name, sound, [(second, picture from then on)])]"""
    cache = hear.cache_dir()
    looks, aside, wall = pictures(data, cache)
    always = [(0, looks)]
    half = [at for t in range(0, SESSION_S, 5) for at in ((t, looks), (t + 2, aside))]
    gone = [(0, looks), (5, wall)]
    out = []
    for name, of in found.items():
        good = spoken(of["good"], cache)
        out.append(("", "", name, good, always))
        if len(of) < 2:
            continue
        out += [("eyes elsewhere", "eye_contact", name, good, half), ("out of the picture", "framing", name, good, gone)]
        for kind, (strengths, cue) in SOUND.items():
            out += [(f"{kind}, {s}", cue, name, spoken(of[kind, s], cache), always) for s in strengths if (kind, s) in of]
    return [c for c in out if not pick or re.search(pick, f"{c[2]}, {c[0] or 'good'}")]


class Simulated:
    """Sessions without a server, in simulated time (bench/live_cues.c)."""

    def __init__(self):
        self.program = subprocess.Popen([SIMULATED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, path, scenes):
        self.program.stdin.write(f"session\t{path}\t{';'.join(f'{t};{p}' for t, p in scenes)}\n")
        self.program.stdin.flush()
        line = self.program.stdout.readline()
        if not line:
            raise SystemExit("the session came to no end: see above")
        return json.loads(line)

    def stop(self):
        self.program.stdin.close()
        self.program.wait()


class Served:
    """Sessions of a real server, at `speed` times real time."""

    def __init__(self, speed):
        sys.path.insert(0, str(hear.ROOT / "tests/server"))
        import harness
        self.harness, self.speed = harness, speed
        self.server = harness.Server()

    def run(self, path, scenes):
        media = self.harness.media
        x, _ = soundfile.read(path, dtype="int16")
        found, began = [], time.monotonic()
        with self.server.ws(f"/v1/session/{uuid.uuid4().hex[:12]}") as ws:
            ws.ask({"type": "start", "sample_rate": clips.RATE, "language": "en"})
            for i in range(0, len(x), PIECE):
                t = i / clips.RATE
                if i % (clips.RATE // PICTURES_PER_S // PIECE * PIECE) == 0:
                    seen = [p for at, p in scenes if at <= t][-1]
                    ws.send(media(1, t * 1e6, seen.read_bytes()), opcode=2)
                ws.send(media(2, t * 1e6, x[i:i + PIECE].tobytes()), opcode=2)
                time.sleep(max(0, began + t / self.speed - time.monotonic()))
            ws.send({"type": "finish"})
            try:
                while (e := ws.recv())["type"] != "report":
                    if e["type"] == "cue":
                        found.append([e["t"], e["kind"]])
            except self.harness.Closed:
                pass
        return {"cues": found}

    def stop(self):
        self.server.stop()


class Kept:
    """Sessions that were run already by the same program, so that a run may be broken off and go on."""

    def __init__(self, path, program):
        self.path, self.found = path, {}
        self.program = hashlib.sha256(program.read_bytes()).hexdigest()[:16]
        if path.exists():
            rows = [json.loads(line) for line in path.read_text().splitlines()]
            self.found = {r["session"]: r for r in rows if r["program"] == self.program}

    def add(self, session, run):
        with open(self.path, "a", encoding="utf-8") as f:
            f.write(json.dumps({"program": self.program, **run, "session": session}) + "\n")
        self.found[session] = run


def why(run):
    """What the cues went by each second, and what was final when."""
    for at, end, text, fillers in run.get("finals", []):
        print(f"    final at {at:5.1f} up to {end:5.1f}, {fillers} fillers: {text}")
    for t, speaking, fast, slow, heard, fillers, broken, n, pitch, level, looking, away in run.get("views", []):
        print(f"    {t:5.1f} {'speaks' if speaking else 'pauses'} pace {slow:3.0f} to {fast:3.0f} heard {heard:4.1f} "
              f"fillers {fillers:4.1f} broken {broken:4.2f} in {n} pitch {pitch:4.1f} level {level:5.1f} "
              f"looking {looking:5.2f} away {away:4.1f}")


def play(sessions, kept, o):
    """Runs those that are not kept."""
    todo = [s for s in sessions if s[0] not in kept.found]
    if not todo:
        return
    runner = Served(o.speed) if o.server else Simulated()
    with concurrent.futures.ThreadPoolExecutor(o.together if o.server else 1) as pool:
        runs = {pool.submit(runner.run, sound, scenes): session for session, sound, scenes in todo}
        for run in concurrent.futures.as_completed(runs):
            kept.add(runs[run], run.result())
    runner.stop()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--server", action="store_true", help="of a real server, not in simulated time")
    p.add_argument("--speed", type=float, default=1, help="of what is sent to it")
    p.add_argument("--together", type=int, default=1, help="so many sessions of it at once")
    p.add_argument("--only", default="", help="sessions whose name, as --list prints it, has this in it (a regular expression)")
    p.add_argument("--list", action="store_true", help="every session and its cues")
    p.add_argument("--why", action="store_true", help="what the cues went by in those that missed theirs, each second")
    o = p.parse_args()
    found = hear.changed(kinds=list(SOUND), listen=False)
    program = Path(os.environ.get("REHEARSE_BIN", hear.ROOT / "build/rehearse")) if o.server else SIMULATED
    kept = Kept(hear.cache_dir() / ("cues-served.jsonl" if o.server else "cues.jsonl"), program)
    rows = {}
    chosen = [(f"{name}, {fault or 'good'}", fault, kind, sound, scenes)
              for fault, kind, name, sound, scenes in cases(hear.DATA, found, o.only)]
    play([(session, sound, scenes) for session, _, _, sound, scenes in chosen], kept, o)
    for session, fault, kind, sound, scenes in chosen:
        cues = kept.found[session]["cues"]
        begun = onset(sound)
        own = [t - begun for t, k in cues if k == kind]
        other = [k for _, k in cues if k != kind]
        row = rows.setdefault(fault or "good speakers", [0, 0, 0, 0])
        row[0] += 1
        row[1] += bool(own) and own[0] <= SOON_S
        row[2] += bool(own) and own[0] <= LATE_S
        row[3] += not other
        missed = other or (kind and not (own and own[0] <= SOON_S))
        if o.list or missed:
            print(f"  {session}: " + (", ".join(f"{k} at {t:.1f} s" for t, k in cues) or "no cue") +
                  f" (voice from {begun:.1f} s)", flush=True)
        if o.why and missed:
            why(kept.found[session])
    for fault, (n, soon, late, alone) in rows.items():
        told = "" if fault == "good speakers" else f"{soon:3d} within {SOON_S} s, {late:3d} within {LATE_S} s, "
        print(f"{fault:28s} {n:3d} sessions: {told}{alone:3d} without another cue")
    faults = [r for f, r in rows.items() if f != "good speakers"]
    n, soon, late = (sum(r[i] for r in faults) for i in range(3))
    everything, quiet = sum(r[0] for r in rows.values()), sum(r[3] for r in rows.values())
    print(f"cues: {100 * soon / max(n, 1):.1f} % of {n} faults within {SOON_S} s, {100 * late / max(n, 1):.1f} % within {LATE_S} s; "
          f"no other cue in {100 * quiet / max(everything, 1):.1f} % of {everything} sessions")
    return 0 if n and soon >= 0.9 * n and quiet >= 0.9 * everything else 1


if __name__ == "__main__":
    raise SystemExit(main())
