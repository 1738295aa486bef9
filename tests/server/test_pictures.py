"""Pictures of every kind, the same through REST and the WebSocket; what a client may ask of them."""
import struct, unittest, zlib
from harness import *

setUpModule, tearDownModule = one_server(globals())


def png(width, height, depth, colour, rows):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def turned(jpeg, orientation):
    """The JPEG with an EXIF orientation put in front."""
    tiff = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0" + struct.pack("<HH", orientation, 0) + b"\0\0\0\0"
    body = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def animated(webp):
    """Two pictures that move, made of one that does not."""
    def chunk(name, data):
        return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1)
    size = (64 - 1).to_bytes(3, "little") + (48 - 1).to_bytes(3, "little")
    frame = b"\0" * 6 + size + (40).to_bytes(3, "little") + b"\0" + webp[12:]
    parts = (chunk(b"VP8X", b"\x02\0\0\0" + size) + chunk(b"ANIM", b"\0" * 6) + chunk(b"ANMF", frame) * 2)
    return b"RIFF" + struct.pack("<I", len(parts) + 4) + b"WEBP" + parts


def through_both(picture, query=""):
    """(status, reply) of REST, reply of the WebSocket."""
    status, rest = server.post_json("/api/analyze-frame" + query, {"frame": data_uri(picture)})
    with server.ws("/ws/video/pictures" + query) as w:
        w.send({"frame": data_uri(picture)})
        reply = w.recv()
    return status, rest, json.loads(reply) if isinstance(reply, (str, bytes)) else reply


class Pictures(unittest.TestCase):
    def test_harmless_faults_are_told_in_the_reply(self):
        good = fixture("astronaut.jpg")
        at = good.index(b"\xff\xda")
        odd_scan = good[:at + 5 + 2 * good[at + 4]] + b"\0\0\0" + good[at + 5 + 2 * good[at + 4] + 3:]
        for picture, word in ((good, None), (good[:-2], "end marker"), (odd_scan, "scan header")):
            status, rest, ws = through_both(picture)
            with server.ws("/v1/session/warned") as w:
                w.send({"type": "start", "sample_rate": 16000})
                w.recv()
                w.send(media(1, 1000000, picture), 2)
                while (live := w.recv())["type"] != "face":
                    pass
                w.send({"type": "discard"})
                with self.assertRaises(Closed):
                    while True:
                        w.recv()
            for reply in (rest, ws, live):
                self.assertTrue(reply["face_detected"])
                self.assertRegex(reply.get("warning", ""), word or "^$")

    def test_good_ones_are_measured(self):
        grey16 = png(64, 48, 16, 0, b"".join(b"\0" + bytes(range(128)) for _ in range(48)))
        rgb16 = png(40, 30, 16, 2, b"".join(b"\0" + bytes(240) for _ in range(30)))
        good = [fixture("images/" + n) for n in
                ("baseline.jpg", "grey.jpg", "cmyk.jpg", "progressive.jpg", "subsampled.jpg", "one.jpg", "rgb.png",
                 "palette.png", "alpha.png", "lossless.webp", "lossy.webp", "exif6.png", "exif6.webp")]
        for picture in [*good, grey16, rgb16, *(turned(fixture("images/baseline.jpg"), i) for i in range(1, 9))]:
            status, rest, ws = through_both(picture)
            self.assertEqual((status, rest["face_detected"], ws["face_detected"]), (200, False, False))

    def test_broken_ones_get_the_reason(self):
        jpeg, rgb = fixture("astronaut.jpg"), fixture("images/rgb.png")
        huge = png(20000, 20000, 8, 2, b"")
        for picture, word in ((jpeg[:len(jpeg) // 2], "JPEG"), (rgb[:-20], "PNG"), (huge, "at most"),
                              (animated(fixture("images/lossy.webp")), "WebP"),
                              (fixture("images/lossy.webp")[:-10], "WebP"), (b"GIF89a" + bytes(40), "JPEG, PNG")):
            status, rest, ws = through_both(picture)
            self.assertIn(status, (400, 413, 415), rest)
            self.assertIn(word.lower(), rest["detail"].lower())
            self.assertIn(word.lower(), ws["error"].lower())
        status, rest, ws = through_both(b"")
        self.assertEqual(status, 400)
        self.assertIn("empty", ws["error"])

    def test_exif_mirrors_the_head(self):
        _, plain, _ = through_both(turned(fixture("astronaut.jpg"), 1))
        _, mirrored, ws = through_both(turned(fixture("astronaut.jpg"), 2))
        self.assertTrue(mirrored["face_detected"] and ws["face_detected"])
        for key in ("yaw", "roll", "gaze_yaw"):
            self.assertAlmostEqual(plain[key], -mirrored[key], delta=2.5, msg=key)
        self.assertAlmostEqual(plain["pitch"], mirrored["pitch"], delta=2.5)

    def test_field_of_view_gives_centimetres(self):
        _, plain, _ = through_both(fixture("astronaut.jpg"))
        self.assertNotIn("distance_cm", plain)
        _, wide, ws = through_both(fixture("astronaut.jpg"), "?fov=80")
        _, narrow, _ = through_both(fixture("astronaut.jpg"), "?fov=40")
        self.assertEqual(wide["yaw"], plain["yaw"])
        self.assertEqual(wide["distance_cm"], ws["distance_cm"])
        self.assertAlmostEqual(narrow["distance_cm"] / wide["distance_cm"], 0.8391 / 0.36397, delta=0.05)
        # Her face is in the picture's upper part, left of the middle.
        self.assertLess(wide["axis_pitch"], narrow["axis_pitch"])
        self.assertLess(narrow["axis_pitch"], plain["pitch"])
        self.assertLess(wide["axis_yaw"], plain["yaw"])

    def test_a_field_of_view_that_cannot_be_is_refused(self):
        for value in ("5", "200", "wide"):
            status, rest, ws = through_both(fixture("astronaut.jpg"), "?fov=" + value)
            self.assertEqual(status, 400)
            self.assertIn("10 to 170", rest["detail"])
            self.assertIn("10 to 170", ws["error"])
