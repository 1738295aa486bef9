"""The three WebSockets: shapes, order, transcripts, commands."""
import unittest
from harness import *
from test_rest import AUDIO_KEYS, VIDEO_KEYS, check_shape

setUpModule, tearDownModule = one_server(globals())


class Video(unittest.TestCase):
    def test_frame_is_answered(self):
        with server.ws("/ws/video/ann") as w:
            for _ in range(3):
                r = w.ask(frame())
                check_shape(self, r, VIDEO_KEYS)
                self.assertTrue(r["face_detected"])
                self.assertNotIn("annotated_frame", r)

    def test_compression_is_declined_and_fragments_are_joined(self):
        with server.ws("/ws/video/ann", deflate=True) as w:
            self.assertFalse(w.deflate)
            self.assertTrue(w.ask(frame())["face_detected"])
        with server.ws("/ws/video/ann") as w:
            data = json.dumps(frame()).encode()
            for i in range(0, len(data), 5000):
                w.sock.sendall(w.frame(data[i:i + 5000], 1 if i == 0 else 0, fin=i + 5000 >= len(data)))
                w.sock.sendall(w.frame(b"still here", 9))
            self.assertTrue(w.recv()["face_detected"])

    def test_escaped_slashes_and_binary_messages(self):
        with server.ws("/ws/video/ann") as w:
            text = json.dumps(frame()).replace("/", "\\/")
            self.assertTrue(w.ask(text)["face_detected"])
            w.send(json.dumps(frame()).encode(), opcode=2)
            self.assertTrue(w.recv()["face_detected"])

    def test_burst_gets_one_reply_a_message_and_the_newest_is_measured(self):
        with server.ws("/ws/video/ann") as w:
            w.ask(frame())
            message = w.frame(json.dumps(frame()).encode())
            w.sock.sendall(message * 60)
            replies = [w.recv() for _ in range(60)]
            self.assertNotIn("skipped", replies[-1])
            self.assertTrue(any(r.get("skipped") for r in replies))
            for r in replies:
                check_shape(self, r, VIDEO_KEYS)
            # one overtaken has the reading of the one that came after
            for a, b in zip(replies, replies[1:]):
                if a.get("skipped"):
                    self.assertEqual(a["timestamp"], b["timestamp"])

    def test_a_frame_that_gave_way_to_bad_ones_is_measured(self):
        cut = {"frame": data_uri(fixture("astronaut.jpg")[:100])}
        letters = {"frame": "A" * 2000 + "%"}
        with server.ws("/ws/video/ann") as w:
            w.ask(frame())
            good, bad = w.frame(json.dumps(frame()).encode()), w.frame(json.dumps(cut).encode())
            worse = w.frame(json.dumps(letters).encode())
            w.sock.sendall(good * 3 + bad + worse + bad)  # the last ones come while the first is measured
            replies = [w.recv() for _ in range(6)]
            for r in replies[:3]:
                check_shape(self, r, VIDEO_KEYS)
                self.assertTrue(r["face_detected"])
            for r in replies[3:]:
                self.assertIn("error", r)
            self.assertEqual(w.ask(letters)["error"], replies[4]["error"])
            self.assertEqual(w.ask(cut)["error"], replies[5]["error"])
            self.assertEqual(replies[3]["error"], replies[5]["error"])
            # one that came in time answers for those before it, whatever came between
            w.sock.sendall(good * 3 + bad + good)
            replies = [w.recv() for _ in range(5)]
            self.assertNotIn("skipped", replies[-1])
            for r in (*replies[:3], replies[4]):
                check_shape(self, r, VIDEO_KEYS)

    def test_many_bad_frames_each_get_their_error(self):
        bad = [{"frame": data_uri(b"text" * (300 + i))} for i in range(20)]
        with server.ws("/ws/video/ann") as w:
            for m in bad:
                w.send(m)
            for _ in bad:
                self.assertIn("error", w.recv())
            self.assertTrue(w.ask(frame())["face_detected"])

    def test_the_error_of_what_is_not_base64_says_so_once(self):
        with server.ws("/ws/video/ann") as w:
            for text in ("A" * 2000 + "%", "A" * 2001, "AA=A"):
                error = w.ask({"frame": text})["error"]
                self.assertEqual(error.count("not base64"), 1, error)

    def test_gaze_can_be_left_out(self):
        with server.ws("/ws/video/ann?gaze=0") as w:
            r = w.ask(frame())
            check_shape(self, r, VIDEO_KEYS)
            self.assertTrue(r["face_detected"])
            self.assertFalse(r["gaze_known"])

    def test_annotate(self):
        with server.ws("/ws/video/ann?annotate=1") as w:
            r = w.ask(frame())
            self.assertTrue(base64.b64decode(r["annotated_frame"].split(",")[1]).startswith(b"\xff\xd8"))

    def test_calibrate(self):
        with server.ws("/ws/video/ann") as w:
            w.ask(frame())
            self.assertEqual(w.ask({"command": "calibrate"})["status"], "calibrating")
            self.assertTrue(w.ask(frame())["face_detected"])

    def test_bad_messages_get_an_error_and_the_socket_stays(self):
        jpeg = fixture("astronaut.jpg")
        with server.ws("/ws/video/ann") as w:
            for bad in ("{broken", "", "[]", "null", "5", '"x"', {}, {"frame": None}, {"frame": 7},
                        {"frame": ""}, {"frame": "%%%%"}, {"frame": "A" * 2001}, {"frame": "A" * 2000 + "%"},
                        {"frame": data_uri(b"text" * 300)}, {"frame": data_uri(jpeg[:100])}, {"command": "dance"},
                        {"frame": {"@": 0}}, {"audio": "AAAA"}, "\ud800".encode("utf-8", "surrogatepass"),
                        "{\"frame\":\"" + "A" * 70000, "[" * 5000):
                if isinstance(bad, bytes):
                    continue  # invalid UTF-8 closes a text socket by RFC 6455; see test_hostile
                r = w.ask(bad)
                self.assertIn("error", r, str(bad)[:60])
                self.assertGreater(len(r["error"]), 10)
            self.assertTrue(w.ask(frame())["face_detected"])

    def test_order_of_replies_holds_with_errors_between(self):
        with server.ws("/ws/video/ann") as w:
            w.ask(frame())
            good, bad = w.frame(json.dumps(frame()).encode()), w.frame(b"{}")
            w.sock.sendall((good + bad) * 10)
            kinds = ["error" in w.recv() for _ in range(20)]
            self.assertEqual(kinds, [False, True] * 10)


class Audio(unittest.TestCase):
    def stream(self, path, messages, ahead=30):
        """Sends all messages, then analyze; the texts of all results."""
        texts, replies = [], []
        with server.ws(path, timeout=120) as w:
            owed = 0
            for m in [*messages, {"command": "analyze"}]:
                w.send(m)
                owed += 1
                while owed > ahead:
                    replies.append(w.recv())
                    owed -= 1
            replies += [w.recv() for _ in range(owed)]
        for r in replies:
            self.assertNotIn("error", r)
            result = r.get("audio", r)
            if "transcribed_text" in result:
                check_shape(self, result, AUDIO_KEYS)
                texts.append(result["transcribed_text"])
        return " ".join(texts), replies

    def test_jfk_in_100_ms_pieces(self):
        text, replies = self.stream("/ws/audio/jack", [audio_message(p) for p in pieces(jfk())])
        self.assertEqual(words(text), JFK_WORDS)
        self.assertEqual(len(replies), 111)
        first = replies[0]
        self.assertEqual(first["status"], "buffering")
        self.assertAlmostEqual(first["buffered_duration"], 0.1, delta=0.05)

    def test_spoken_ums_are_counted_with_their_times(self):
        text, replies = self.stream("/ws/audio/um", [audio_message(p) for p in pieces(recording("fillers_but_um.flac"))])
        results = [r for r in replies if "transcribed_text" in r]
        starts = [f["start"] for r in results for f in r["fillers"]]
        self.assertTrue(any(abs(t - 5.84) < 0.15 for t in starts), starts)
        self.assertTrue(all(min(abs(t - 2.1), abs(t - 5.84)) < 0.2 for t in starts), starts)
        self.assertEqual(sum(r["filler_words_count"] for r in results), len(starts))
        self.assertEqual(sum(r["filler_words_detail"].get("um", 0) for r in results), len(starts))

    def test_jfk_at_44100_and_48000_and_8000(self):
        for rate, least in ((44100, 0.95), (48000, 0.95), (8000, 0.7)):
            text, _ = self.stream("/ws/audio/jack", [audio_message(p, rate) for p in pieces(jfk(rate), rate, 250)])
            got = words(text)
            same = sum(a == b for a, b in zip(got, JFK_WORDS))
            self.assertGreaterEqual(same / len(JFK_WORDS), least, (rate, text))

    def test_jfk_in_one_message(self):
        text, replies = self.stream("/ws/audio/jack", [audio_message(jfk())])
        self.assertEqual(words(text), JFK_WORDS)
        self.assertIn("transcribed_text", replies[0])

    def test_jfk_over_combined(self):
        messages = [{**audio_message(p), **frame()} for p in pieces(jfk(), ms=250)]
        text, replies = self.stream("/ws/combined/jack", messages)
        self.assertEqual(words(text), JFK_WORDS)
        for r in replies[:-1]:
            check_shape(self, r["video"], VIDEO_KEYS)
            self.assertTrue("audio" in r or r["audio_status"] == "buffering", r.keys())
            self.assertIsInstance(r["timestamp"], float)

    def test_analyze_with_nothing_and_clear(self):
        with server.ws("/ws/audio/jack") as w:
            r = w.ask({"command": "analyze"})
            check_shape(self, r, AUDIO_KEYS)
            self.assertEqual(r["transcribed_text"], "")
            w.ask(audio_message(jfk()[:40000]))
            w.ask({"command": "clear"})
            r = w.ask({"command": "analyze"})
            self.assertEqual(r["transcribed_text"], "")
            r = w.ask({**audio_message(jfk()[:32000]), "command": "analyze"})
            self.assertTrue(r["transcribed_text"].lower().startswith("and so"), r)
            self.assertEqual(w.ask({"command": "analyze"})["transcribed_text"], "")

    def test_bad_audio_gets_an_error_and_the_socket_stays(self):
        x = jfk()[:1600]
        nan, inf = x[:], x[:]
        nan[7], inf[9] = float("nan"), float("inf")
        good = b64(x)
        with server.ws("/ws/audio/jack") as w:
            for bad in ({"audio": "?"}, {"audio": "AAAAA"}, {"audio": "A" * 1001}, {"audio": 5}, {"audio": [1, 2]},
                        {"audio": good + "=="}, {"audio": base64.b64encode(b"123").decode()},
                        {"audio": b64(nan)}, {"audio": b64(inf)},
                        *({"audio": good, "sample_rate": r} for r in (0, -1, 7999, 96001, 1e12, 16000.5, "16000", [])),
                        {"command": 5}, {"command": "Analyze"}, frame()):
                r = w.ask(bad)
                self.assertIn("error", r, str(bad)[:80])
            self.assertEqual(w.ask(audio_message(x))["status"], "buffering")
            self.assertAlmostEqual(w.ask({"audio": "", "sample_rate": 16000})["buffered_duration"], 0.1, delta=0.05)

    def test_combined_spares_the_good_half(self):
        x = jfk()[:1600]
        with server.ws("/ws/combined/jack") as w:
            r = w.ask({**frame(), "audio": "???", "sample_rate": 16000})
            self.assertTrue(r["video"]["face_detected"])
            self.assertIn("audio_error", r)
            r = w.ask({**audio_message(x), "frame": "???"})
            self.assertIn("video_error", r)
            self.assertEqual(r["audio_status"], "buffering")
            self.assertGreater(r["audio_duration"], 0)
            r = w.ask({**frame(), "audio": b64(x), "sample_rate": 5})
            self.assertTrue(r["video"]["face_detected"])
            self.assertIn("audio_error", r)
            self.assertEqual(set(w.ask(frame())), {"timestamp", "video"})
            self.assertEqual(set(w.ask(audio_message(x))), {"timestamp", "audio_status", "audio_duration"})
            self.assertIn("error", w.ask({}))
            self.assertIn("audio", w.ask({"command": "analyze"}))

    def test_clients_do_not_hear_each_other(self):
        with server.ws("/ws/audio/a") as a, server.ws("/ws/audio/b") as b, server.ws("/ws/audio/a") as again:
            a.ask(audio_message(jfk()[:40000]))
            self.assertEqual(b.ask({"command": "analyze"})["transcribed_text"], "")
            self.assertEqual(again.ask({"command": "analyze"})["transcribed_text"], "")
            self.assertNotEqual(a.ask({"command": "analyze"})["transcribed_text"], "")

    def test_silence_makes_no_words(self):
        text, _ = self.stream("/ws/audio/jack", [audio_message([0.0] * 8000)] * 10)
        self.assertEqual(text.strip(), "")

    def test_nothing_said_has_a_reason(self):
        with server.ws("/ws/audio/quiet") as w:
            for _ in range(4):
                w.ask(audio_message([0.0] * 8000))
            r = w.ask({"command": "analyze"})
            self.assertTrue(r["reason"].startswith("There was no speech in the recording"), r)
            self.assertEqual(r["overall_score"], 0)


class Names(unittest.TestCase):
    def test_client_ids(self):
        for name in ("x", "a-b_c.d", "Zo%C3%AB", "a%20b", "x" * 128):
            with server.ws("/ws/video/" + name) as w:
                self.assertIn("error", w.ask({}))
        for path, status in (("/ws/video/", 404), ("/ws/video", 404), ("/ws/other/x", 404), ("/", 404),
                             ("/ws/video/" + "x" * 129, 400), ("/ws/video/a%01b", 400), ("/ws/video/a/b", 404)):
            with self.assertRaises(ConnectionRefusedError, msg=path) as caught:
                server.ws(path)
            self.assertIn(caught.exception.args[0], (400, 404), path)
            self.assertIn("detail", json.loads(caught.exception.args[1]))


if __name__ == "__main__":
    unittest.main()
