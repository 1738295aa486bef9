"""Makes the clips and has them heard once; what was heard is kept by content."""
import hashlib
import json
import os
import subprocess
from pathlib import Path

import clips

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("REHEARSE_DATA", ROOT.parent / "shared/data" if (ROOT.parent / "shared").exists()
                           else ROOT.parent.parent / "shared/data"))
HEARD = Path(os.environ.get("REHEARSE_HEARD", ROOT / "build/bench/heard"))
# What is kept of a recording is what this voice head heard and this program writes of it.
HEARD_IN = "heard-" + hashlib.sha256(b"".join((ROOT / p).read_bytes() for p in (
    "src/asr/voice_head_table.c", "bench/heard.c"))).hexdigest()[:12]


def cache_dir():
    base = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
    d = Path(base) / "rehearse-bench"
    (d / "sound").mkdir(parents=True, exist_ok=True)
    (d / HEARD_IN).mkdir(exist_ok=True)
    return d


def hear(found, cache):
    """[(id, path)]: two at a time, for the machine has other work too."""
    todo = [(i, p) for i, p in dict(found).items() if not (cache / HEARD_IN / f"{i}.json").exists()]
    halves = [todo[k::2] for k in range(2)]
    running = []
    for half in halves:
        if half:
            p = subprocess.Popen([HEARD, "hear", cache / HEARD_IN], stdin=subprocess.PIPE, text=True)
            p.stdin.write("".join(f"{i}\t{path}\n" for i, path in half))
            p.stdin.close()
            running.append(p)
    if any([p.wait() for p in running]):
        raise SystemExit("a recording was not heard: see above")


def changed(data=DATA, cache=None, say=lambda text: None, kinds=None, listen=True):
    """{name: {"good": table, (change, strength): table, ...}}; tables are paths, those of changed clips of what was heard
    only where it is to `listen`. Good speakers outside the matrix have "good" only."""
    cache = cache or cache_dir()
    good = clips.good_speakers(data)
    kept = {name: clips.keep(x, cache / "sound") for name, x, _ in good}
    hear(kept.values(), cache)
    table = lambda found: cache / HEARD_IN / f"{found[0]}.json"
    result = {name: {"good": table(kept[name])} for name, _, _ in good}
    changer = clips.Changer(data)
    memo_file = cache / "changes.json"
    memo = json.loads(memo_file.read_text()) if memo_file.exists() else {}
    rounds = [(kind, s) for s in (1, 2, 0) for kind in kinds or clips.CHANGES]  # the medium ones first
    for kind, s in rounds:
        at = clips.CHANGES[kind][s]
        made = []
        for k, (name, x, inside) in enumerate(good):
            if not inside:
                continue
            key = f"{kept[name][0]} {kind} {at} {k} 1"
            found = (memo.get(key, ""), cache / "sound" / f"{memo.get(key)}.wav")
            if not found[1].exists():
                words = clips.words_of(result[name]["good"])
                found = clips.keep(changer.change(x, words, kind, at, k), cache / "sound")
                memo[key] = found[0]
            made.append(found)
            result[name][kind, clips.STRENGTHS[s]] = table(found)
        memo_file.write_text(json.dumps(memo))
        if listen:
            hear(made, cache)
        say(f"{kind}, {clips.STRENGTHS[s]}: {len(made)} clips")
    return result


def judge(cases):
    """[case] -> {id: report}; a case as `heard judge` takes it."""
    p = subprocess.run([HEARD, "judge"], input="".join(json.dumps(c) + "\n" for c in cases), text=True,
                       capture_output=True)
    if p.returncode:
        raise SystemExit(p.stderr)
    found = {}
    for line in p.stdout.splitlines():
        r = json.loads(line)
        found[r["id"]] = r
    return found
