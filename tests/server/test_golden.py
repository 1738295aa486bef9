"""What the program says about recordings, live sessions and clients of the legacy API, compared
with what it said before: tests/golden/analysis/NAME.json.

A difference names its path. After a change that is meant, REHEARSE_GOLDEN=write records anew, and
the difference of the files is to be read before it is kept. Numbers agree to 1 in 50 for recordings on a machine that computes as the one that wrote them. Elsewhere
recognition rounds in another way, and what is recognised while it is said is cut where a decode
had come to: there the same fields are looked for, and the same words but for one in ten.
REHEARSE_GOLDEN=strict compares all of it, for a quiet machine of that kind."""
import difflib
import unittest
from harness import *

FOLDER = os.path.join(ROOT, "tests", "golden", "analysis")
WRITE = os.environ.get("REHEARSE_GOLDEN") == "write"
STRICT = os.environ.get("REHEARSE_GOLDEN") == "strict"
SANITIZED = "san" in os.path.basename(os.path.dirname(binary()))
# What is worth a line hangs on single words of no great sureness: compared by REHEARSE_GOLDEN=strict alone.
ON_THE_EDGE = {"events", "transcript", "evidence", "keep", "change", "markdown", "advice", "mark", "note", "srt"}
# What no two runs share.
DROPPED = {"timestamp", "created", "updated", "id", "resume", "token", "client", "seq"}
READ_ALOUD = ("And so, my fellow Americans: ask not what your nation can do for you - ask what you can "
              "really do for your country.")


def arithmetic():
    with open("/proc/cpuinfo") as f:
        text = f.read()
    for kind in ("amx_bf16", "avx512_bf16", "avx512_vnni", "avx2", "asimd"):
        if kind in text:
            return kind
    return "plain"


def plain(v):
    if isinstance(v, dict):
        return {k: plain(x) for k, x in v.items() if k not in DROPPED}
    return [plain(x) for x in v] if isinstance(v, list) else v


def number_differs(path, a, b):
    key = path.rsplit(".", 1)[-1].split("[")[0]
    if key in ("start", "end", "t", "from_s"):
        return abs(a - b) > 0.0201
    if key in ("yaw", "pitch", "roll", "gaze_yaw", "gaze_pitch"): # smoothed over the time between pictures
        return abs(a - b) > 0.4
    if key.startswith(("attention", "eye_contact")):
        return abs(a - b) > 3
    if re.search(r"words\[\d+\]\.score$", path): # hangs on a few frames of sound
        return abs(a - b) > 5
    # The encoder adds in another order beside other work; a score of whole points may round to the next one.
    return abs(a - b) > max(0.02 * max(abs(a), abs(b)), 1 if key in ("good", "bad", "score") else 0.11 if key == "points" else 0.011)


def differences(a, b, path=""):
    """`a` is what was recorded."""
    number = (int, float)
    if isinstance(a, bool) or isinstance(b, bool) or not (isinstance(a, number) and isinstance(b, number)):
        if type(a) is not type(b):
            return [f"{path}: {a!r:.80} became {b!r:.80}"]
    if isinstance(a, dict):
        out = [f"{path}.{k}: is gone, was {a[k]!r:.80}" for k in a if k not in b]
        out += [f"{path}.{k}: is new: {b[k]!r:.80}" for k in b if k not in a]
        return out + [d for k in a if k in b and (STRICT or k not in ON_THE_EDGE or k == "transcript" and isinstance(a[k], str)) for d in differences(a[k], b[k], f"{path}.{k}")]
    if isinstance(a, list):
        out = [f"{path}: had {len(a)} items, has {len(b)}"] if len(a) != len(b) else []
        return out + [d for i, (x, y) in enumerate(zip(a, b)) for d in differences(x, y, f"{path}[{i}]")]
    if isinstance(a, number) and not isinstance(a, bool):
        return [f"{path}: {a} became {b}"] if number_differs(path, a, b) else []
    return [f"{path}: {a!r:.80} became {b!r:.80}"] if sentences_differ(a, b) else []


def sentences_differ(a, b):
    """Rounded numbers in a sentence may be one off, and what they lead to two."""
    if not (isinstance(a, str) and isinstance(b, str)):
        return a != b
    x, y = ([float(n) for n in re.findall(r"\d+(?:\.\d+)?", s)] for s in (a, b))
    return re.sub(r"\d+(?:\.\d+)?", "#", a) != re.sub(r"\d+(?:\.\d+)?", "#", b) or \
        any(abs(m - n) > (2 if m >= 10 else 1.01) for m, n in zip(x, y))


def fields_of(v, path="", depth=2):
    """Paths of the upper fields, whatever place in a list they have."""
    if isinstance(v, list):
        return {f for x in v for f in fields_of(x, path + "[]", depth)}
    if not isinstance(v, dict):
        return set()
    return {f"{path}.{k}" for k in v} | ({f for k, x in v.items() for f in fields_of(x, f"{path}.{k}", depth - 1)}
                                         if depth > 1 else set())


def words_of(v):
    """What was said, as often as it is written."""
    if isinstance(v, dict):
        return [w for k, x in v.items() if k not in ("words", "events", "evidence", "advice", "cues", "fillers", "slips")
                for w in (x.split() if k in ("text", "transcript") and isinstance(x, str) else words_of(x))]
    return [w for x in v for w in words_of(x)] if isinstance(v, list) else []


def rough_differences(a, b):
    # Which moments are worth a line, and which advice is given, hang on single words.
    loose = ("events", "advice", "evidence", "cues", "segments", "words", "fillers", "slips", "warnings")
    out = [f"{f}: is gone or new" for f in sorted(fields_of(a) ^ fields_of(b)) if not any(k in f for k in loose)]
    x, y = ([w.strip(".,!?").lower() for w in words_of(v)] for v in (a, b))
    same = difflib.SequenceMatcher(None, x, y, autojunk=False).ratio()
    return out + ([f": {same:.2f} of the words are the same: {' '.join(y)!r:.300}"] if x and same < 0.8 else [])


def text_of(v, indent=""):
    """JSON with a line for each item of its upper levels."""
    if isinstance(v, dict) and v and len(indent) < 2:
        inner = ",\n".join(f"{indent} {json.dumps(k)}: {text_of(x, indent + ' ')}" for k, x in v.items())
        return "{\n" + inner + "\n" + indent + "}"
    return json.dumps(v, separators=(",", ":"))


def analyze(sound, name="a.wav", **fields):
    status, reply = server.post_form("/api/analyze-audio", [("audio", sound, name), *fields.items()])
    assert status == 200, reply
    return reply


def session_of(name):
    """A kept session with its report, as soon as it has one."""
    end = time.time() + 120 * PATIENCE
    while time.time() < end:
        status, s = server.get("/v1/sessions/" + name)
        if status == 200 and s.get("report"):
            return {"segments": s["segments"], "report": s["report"]}
        time.sleep(0.1)
    raise TimeoutError(f"no report of {name}: {s}")


def upload(file, **fields):
    status, made = server.post_form("/v1/sessions", [("file", fixture(file), file), *fields.items()])
    assert status == 202, made
    kept = session_of(made["id"])
    for form in ("markdown", "html"):
        kept[form] = server.request("GET", f"/v1/sessions/{made['id']}/report?format={form}")[2].decode()
    kept["html"] = len(kept["html"]) > 5000
    kept["srt"] = server.request("GET", f"/v1/sessions/{made['id']}/transcript?format=srt")[2].decode()
    return kept


def live(name, sound, frames=0, **start):
    """All sound at once: then recognition does not depend on when a piece came."""
    with server.ws("/v1/session/" + name, timeout=120) as w:
        w.send({"type": "start", "sample_rate": 16000, "language": "en", **start})
        for i in range(frames): # each is measured before the next comes: none gives way to it
            w.send(bytes([1]) + struct.pack("<Q", (i + 1) * 500000) + fixture("astronaut.jpg"), opcode=2)
            while w.recv()["type"] != "face":
                pass
        w.send(bytes([3]) + struct.pack("<Q", 0) + sound.tobytes(), opcode=2)
        w.send({"type": "finish"})
        finals, e = [], {"type": ""}
        while e["type"] != "report":
            e = w.recv()
            assert e["type"] != "error", e
            if e["type"] == "transcript.final":
                finals.append(e)
    return {"finals": finals, "report": e["report"]}


def lockstep(path, messages):
    """One message, one reply."""
    with server.ws(path, timeout=120) as w:
        replies = [w.ask(m) for m in messages]
    for r in replies:
        assert "error" not in r, r
    return replies


def pieces(samples, seconds):
    n = int(seconds * 16000)
    return [audio_message(samples[i:i + n]) for i in range(0, len(samples), n)]


def gap(seconds):
    return array.array("f", bytes(4 * int(16000 * seconds)))


ASK = {"command": "analyze"}
FRAME = {"frame": data_uri(fixture("astronaut.jpg"))}


def legacy_audio():
    return lockstep("/ws/audio/ann", [*pieces(jfk() + gap(1.5), 1), ASK, *pieces(recording("237-134500-0025.flac"), 0.5), ASK, ASK])


def legacy_whole():
    return lockstep("/ws/audio/bo", [audio_message(jfk() + gap(2) + recording("237-134500-0025.flac")), ASK])


def legacy_clear():
    x = jfk()
    return lockstep("/ws/audio/cy", [audio_message(x[:40000]), {"command": "clear"}, audio_message(x[52800:]), ASK])


def legacy_combined():
    said = pieces(jfk(), 3.5)
    return lockstep("/ws/combined/dee", [{**FRAME, **m} for m in said[:2]] + said[2:] + [FRAME, ASK])


def legacy_video():
    return lockstep("/ws/video/eve", [FRAME, FRAME, {"command": "calibrate"}, FRAME])


CASES = {
    "recording_jfk": lambda: analyze(fixture("jfk.flac")),
    "recording_read_aloud": lambda: analyze(fixture("jfk_44k_stereo.mp3"), "a.mp3", reference_text=READ_ALOUD),
    "recording_fillers": lambda: analyze(fixture("fillers_but_um.flac"), "a.flac"),
    "recording_reading": lambda: analyze(fixture("1688-142285-0002.flac"), "a.flac"),
    "recording_silence": lambda: analyze(wav(gap(3))),
    "upload_video": lambda: upload("jfk_3s_video.mp4", question="Who are you?"),
    "upload_sound": lambda: upload("2033-164914-0006.ogg", kind="behavioural"),
    "upload_pictures": lambda: upload("head_turn.mp4"),
    "live_jfk": lambda: live("golden-1", jfk(), frames=4, question="Why?"),
    "live_fillers": lambda: live("golden-2", recording("fillers_but_um.flac") + gap(1) + recording("367-130732-0003.ogg")),
    "live_read_aloud": lambda: live("golden-3", jfk(), reference=READ_ALOUD),
    "legacy_audio": legacy_audio,
    "legacy_whole": legacy_whole,
    "legacy_clear": legacy_clear,
    "legacy_combined": legacy_combined,
    "legacy_video": legacy_video,
}

server = None
said = {}


def setUpModule():
    """Everything is asked of one server; a second one tells what the legacy clients left."""
    global server
    if SANITIZED:
        return
    server = first = Server()
    for name, ask in CASES.items():
        said[name] = ask()
    assert first.stop() == 0, first.text()
    server = Server("--data-dir", os.path.join(first.data.name, "data"))
    try:
        for s in server.get("/v1/sessions")[1]["sessions"]:
            if s["meta"].get("source") == "ws":
                kept = session_of(s["id"])
                # How long its pauses were depends on when each message came.
                said["kept_" + s["meta"]["client"]] = {
                    "segments": [p["text"] for p in kept["segments"]],
                    "transcript": [p["verbatim"] for p in kept["report"]["transcript"]],
                    "events": [[e["kind"], e["text"]] for e in kept["report"]["events"] if e["kind"] in ("filler", "slip")]}
    finally:
        server.stop()


@unittest.skipIf(SANITIZED, "sanitizers see the same code in the other suites")
class Golden(unittest.TestCase):
    maxDiff = None

    def test_every_analysis_is_as_recorded(self):
        files = {f[:-5] for f in os.listdir(FOLDER) if f.endswith(".json")}
        if WRITE:
            for name, v in said.items():
                with open(os.path.join(FOLDER, name + ".json"), "w") as f:
                    f.write(text_of({"arithmetic": arithmetic(), "said": plain(v)}) + "\n")
            return
        self.assertEqual(sorted(files), sorted(said))
        found = []
        for name in sorted(said):
            with open(os.path.join(FOLDER, name + ".json")) as f:
                golden = json.load(f)
            now = json.loads(json.dumps(plain(said[name])))
            strict = STRICT or (golden["arithmetic"] == arithmetic() and name.startswith(("recording_", "upload_")))
            found += [name + d for d in (differences if strict else rough_differences)(golden["said"], now)]
        self.assertEqual(found, [], "\n" + "\n".join(found[:200]))


if __name__ == "__main__":
    unittest.main()
