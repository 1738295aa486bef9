"""Every kind of client at the same time, then once more with a stop in the middle: what one thread
of the server takes from another is seen here, above all under the thread sanitizer."""
import unittest
from harness import *

SOUND = jfk()[:int(2.2 * 16000)]
FACE = fixture("astronaut.jpg")
GONE = (OSError, Closed, http.client.HTTPException, ValueError)


def media(kind, at_s, data):
    return bytes([kind]) + struct.pack("<Q", int(at_s * 1e6)) + data


class Session:
    def __init__(self, s, name, **start):
        self.w = s.ws(f"/v1/session/{name}", timeout=120)
        self.w.send({"type": "start", "sample_rate": 16000, **start})
        self.ready = self.until("ready")

    def until(self, kind):
        while (m := self.w.recv())["type"] != kind:
            pass
        return m

    def say(self, samples, at_s=0.0):
        for i in range(0, len(samples), 4000):
            self.w.send(media(3, at_s + i / 16000, samples[i:i + 4000].tobytes()), 2)
            self.w.send(media(1, at_s + i / 16000, FACE), 2)


def pictures(s, name):
    with s.ws(f"/ws/video/{name}") as w:
        return [w.ask({"frame": data_uri(FACE)})["face_detected"] for _ in range(4)] == [True] * 4


def sound(s, name):
    with s.ws(f"/ws/audio/{name}") as w:
        for i in range(0, len(SOUND), 8000):
            w.ask(audio_message(SOUND[i:i + 8000]))
        return "transcribed_text" in w.ask({"command": "analyze"})


def both(s, name):
    with s.ws(f"/ws/combined/{name}") as w:
        for i in range(0, len(SOUND), 8000):
            w.ask({"frame": data_uri(FACE), **audio_message(SOUND[i:i + 8000])})
        return "video" in w.ask({"frame": data_uri(FACE)})


def practice(s, name):
    live = Session(s, name, keep_media=True)
    live.say(SOUND)
    live.w.send({"type": "finish"})
    live.until("report")
    status, r = s.get(f"/v1/sessions/{name}")
    part = s.request("GET", f"/v1/sessions/{name}/media", headers={"Range": "bytes=0-99"})[0]
    return (status, r["state"], part, s.request("DELETE", f"/v1/sessions/{name}")[0]) == (200, "done", 206, 204)


def broken_practice(s, name):
    first = Session(s, name)
    first.say(SOUND[:16000])
    first.w.vanish()
    time.sleep(0.2)
    again = Session(s, name, resume=first.ready["resume"])
    again.say(SOUND[16000:], 1.0)
    again.w.send({"type": "discard"})
    try:
        while True:
            again.w.recv()
    except Closed as e:
        return e.code == 1000


def recording(s, name):
    status, r = s.post_form("/v1/sessions", [("file", wav(SOUND), "a.wav"), ("client", name), ("keep_media", "1")])
    end = time.time() + 100 * PATIENCE
    while time.time() < end and s.get(f"/v1/sessions/{r['id']}")[1]["state"] not in ("done", "failed"):
        time.sleep(0.2)
    page = s.request("GET", f"/v1/sessions/{r['id']}/report?format=html")[0]
    return (status, page, s.request("DELETE", f"/v1/sessions/{r['id']}")[0]) == (202, 200, 204)


def transcript(s, _):
    status, r = s.post_form("/v1/audio/transcriptions", [("file", wav(SOUND), "a.wav"), ("model", "whisper-1")])
    return status == 200 and "fellow" in r["text"]


def impatient(s, name):
    """Goes while it is worked for."""
    kind, body = form([("audio", wav(SOUND), "a.wav")])
    with socket.create_connection(("127.0.0.1", s.port)) as c:
        c.sendall((f"POST /api/analyze-audio HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n"
                   f"Content-Length: {len(body)}\r\n\r\n").encode() + body)
        time.sleep(0.3)
    w = s.ws(f"/ws/audio/{name}")
    w.send(audio_message(SOUND))
    w.send({"command": "analyze"})
    time.sleep(0.3)
    w.vanish()
    return True


def refused(s, name):
    got = [s.post_form("/v1/sessions", [("file", b"no sound at all", "a.wav")])[0],
           s.post_form("/v1/sessions", [("question", "?")])[0],
           s.post_form("/v1/audio/transcriptions", [("file", b"x" * (2 << 20), "a.wav")])[0],
           s.post_json("/api/analyze-frame", {"frame": data_uri(b"no picture")})[0],
           s.request("DELETE", f"/v1/sessions/{name}")[0]]
    return got == [202, 422, 413, 415, 404] or got


def reader(s, name):
    paths = ("/health", "/metrics", "/", "/openapi.json", "/v1/sessions?limit=5", "/v1/models", f"/v1/sessions?client={name}")
    got = [s.request("GET", p, headers={"Accept": "text/html"})[0] for p in paths for _ in range(5)]
    return got == [200] * len(got) or got


ACTORS = (pictures, sound, both, practice, broken_practice, recording, transcript, impatient, refused, reader)


class Together(unittest.TestCase):
    def test_all_at_once_and_again_with_a_stop_in_the_middle(self):
        s = Server("--max-upload-mb", "1")
        running = [(f.__name__, in_background(f, s, f"{f.__name__}-1")) for f in ACTORS]
        self.assertEqual([(name, r) for name, result in running if (r := result(150)) is not True], [], s.text())
        running = [in_background(f, s, f"{f.__name__}-2") for f in ACTORS]
        time.sleep(0.7)
        self.assertEqual(s.stop(60), 0, s.text())
        for result in running:
            try:
                result(60)
            except GONE:  # as the server is
                pass
        self.assertNotIn("Sanitizer", s.text())
        if PATIENCE < 5:  # the thread sanitizer takes its time over what is running
            self.assertNotIn("did not end in time", s.text())


if __name__ == "__main__":
    unittest.main()
