"""Real speech of many people for tests and benchmarks: clips of ../shared/data or REHEARSE_DATA, if they are there."""
import array, glob, os, random, subprocess

RATE = 16000
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def clip_paths():
    """Read aloud (LibriSpeech) and spontaneous (fillers), in a fixed order that mixes them; none where there is no data."""
    data = os.environ.get("REHEARSE_DATA", os.path.join(ROOT, "..", "shared", "data"))
    found = sorted(p for kind in ("librispeech", "fillers") for p in glob.glob(os.path.join(data, kind, "audio", "*.*")))
    random.Random(1).shuffle(found)
    return found


def samples_of(path):
    done = subprocess.run(["ffmpeg", "-loglevel", "error", "-i", path, "-f", "s16le", "-ar", str(RATE), "-ac", "1", "-"],
                          stdout=subprocess.PIPE, check=True)
    return array.array("h", done.stdout)


def joined(index, seconds, pause_s=0.6):
    """Clips one after the other, that many seconds at least; each `index` begins at another one."""
    paths, out, i = clip_paths(), array.array("h"), index * 7
    while len(out) < seconds * RATE:
        out.extend(samples_of(paths[i % len(paths)]))
        out.extend([0] * int(pause_s * RATE))
        i += 1
    return out
