"""RFC 6455 from its awkward sides, group by group as the Autobahn suite has them:
framing, pings, reserved bits, opcodes, fragments, UTF-8, closing."""
import unittest
from harness import *

setUpModule, tearDownModule = one_server(globals(), "--max-message-kb", "64")


class Raw:
    """A socket on which frames are put together by hand."""

    def __init__(self):
        self.w = WebSocket(server.port, "/ws/video/raw", timeout=15)

    def frames(self, *frames, chop=0):
        data = b"".join(frames)
        for i in range(0, len(data), chop or len(data)):
            self.w.sock.sendall(data[i:i + (chop or len(data))])
            if chop:
                time.sleep(0.0005)
        return self

    def opcode(self):
        return self.w.recv_frame()[2:]

    def answered(self):
        """One text reply, as every message gets."""
        opcode, payload = self.opcode()
        return opcode == 1 and "error" in json.loads(payload)

    def closed(self):
        """The close code; None when the line was cut without one."""
        try:
            while True:
                opcode, payload = self.opcode()
                if opcode == 8:
                    code = struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else 0
                    try:
                        self.w.sock.sendall(WebSocket.frame(payload, 8))
                        while self.w.sock.recv(4096):
                            pass
                    except OSError:
                        pass
                    return code
        except (Closed, OSError):
            return None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.w.close()


f = WebSocket.frame
VIOLATION = (None, 1002, 1007, 1008)


class Framing(unittest.TestCase):
    def test_every_size_of_length_field(self):
        for n in (0, 1, 125, 126, 127, 128, 65535):
            for opcode in (1, 2):
                with Raw() as r:
                    self.assertTrue(r.frames(f(b"*" * n, opcode)).answered(), (n, opcode))

    def test_lengths_longer_than_needed_or_absurd_harm_nobody(self):
        for head in (b"\x81\xfe\x00\x05", b"\x81\xff" + struct.pack(">Q", 5), b"\x81\xff" + struct.pack(">Q", 1 << 63),
                     b"\x81\xff" + b"\xff" * 8):
            with Raw() as r:
                r.frames(head + b"\0\0\0\0hello")
                r.w.sock.settimeout(1)
                try:
                    r.opcode()
                except (OSError, Closed):
                    pass
        self.alive()

    def test_byte_by_byte(self):
        with Raw() as r:
            self.assertTrue(r.frames(f(b"no json, but whole " * 8), chop=1).answered())

    def test_unmasked_frames_close(self):
        for opcode in (1, 2, 8, 9, 10):
            with Raw() as r:
                self.assertEqual(r.frames(f(b"hi", opcode, mask=b"")).closed(), 1002, opcode)
        self.alive()

    def test_a_subprotocol_that_is_offered_does_no_harm(self):
        for offer in ("chat", "graphql-ws, chat", "a"):
            w = WebSocket(server.port, "/ws/video/raw", headers=f"Sec-WebSocket-Protocol: {offer}\r\n")
            self.assertIn("error", w.ask("{}"))
            w.close()

    def test_pings_are_answered_with_their_payload_also_between_fragments(self):
        for n in (0, 5, 125):
            with Raw() as r:
                self.assertEqual(r.frames(f(b"\xfe" * n, 9)).opcode(), (10, b"\xfe" * n))
        with Raw() as r:
            r.frames(f(b"a", 1, fin=False), f(b"mid", 9), f(b"b", 0))
            self.assertEqual(r.opcode(), (10, b"mid"))
            self.assertTrue(r.answered())
        with Raw() as r:  # pongs nobody asked for; then ten, each after the pong of the one before
            r.frames(*[f(b"", 10)] * 3)
            for i in range(10):
                self.assertEqual(r.frames(f(bytes([i]), 9)).opcode(), (10, bytes([i])))
            r.frames(*[f(bytes([i % 256]) * 3, 9) for i in range(2000)])  # and a burst, each one
            for i in range(2000):
                self.assertEqual(r.opcode(), (10, bytes([i % 256]) * 3))

    def test_broken_control_frames_close(self):
        for bad in (f(b"x" * 126, 9), f(b"x" * 126, 10), f(b"x" * 126, 8), f(b"x", 9, fin=False), f(b"", 8, fin=False)):
            with Raw() as r:
                self.assertIn(r.frames(bad).closed(), VIOLATION, bad[:4])
        self.alive()

    def test_reserved_bits_close(self):
        for bits in (0x40, 0x20, 0x10, 0x70):
            for opcode in (1, 2, 9, 8):
                frame = f(b"hello", opcode)
                with Raw() as r:
                    self.assertIn(r.frames(bytes([frame[0] | bits]) + frame[1:]).closed(), VIOLATION, (bits, opcode))

    def test_reserved_opcodes_close(self):
        for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
            with Raw() as r:
                self.assertIn(r.frames(f(b"", opcode)).closed(), VIOLATION, opcode)

    def test_fragments(self):
        with Raw() as r:
            self.assertTrue(r.frames(f(b"", 1, fin=False), f(b"", 0, fin=False), f(b"", 0)).answered())
            self.assertTrue(r.frames(f(b"a", 2, fin=False), *[f(b"b", 0, fin=False)] * 50, f(b"c", 0), chop=3).answered())
            self.assertTrue(r.frames(f(b"next", 1)).answered())
        for bad in ([f(b"x", 0)], [f(b"x", 0, fin=False)], [f(b"a", 1, fin=False), f(b"b", 1)],
                    [f(b"a", 1, fin=False), f(b"b", 2, fin=False)], [f(b"a", 1), f(b"b", 0)]):
            with Raw() as r:
                self.assertIn(r.frames(*bad).closed(), VIOLATION, bad)
        self.alive()

    def test_utf8_good_and_bad_and_cut_anywhere(self):
        good = "Hellö-µ@ßöäüàá-UTF-8!! κόσμε \U0001f600 \ufffe \U0010ffff".encode()
        with Raw() as r:
            self.assertTrue(r.frames(f(good)).answered())
            for cut in range(1, len(good)):
                self.assertTrue(r.frames(f(good[:cut], 1, fin=False), f(good[cut:], 0)).answered(), cut)
        for bad in (b"\xce\xba\xe1\xbd\xb9\xcf\x83\xed\xa0\x80edited", b"\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80",
                    b"\xed\xbf\xbf", b"\xe0\x80\xaf", b"\xff", b"abc\xe2\x82"):
            with Raw() as r:
                self.assertIn(r.frames(f(bad)).closed(), VIOLATION, bad)
            with Raw() as r:  # bytes are no text
                self.assertTrue(r.frames(f(bad, 2)).answered(), bad)
        self.alive()

    def test_closing(self):
        for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999):
            with Raw() as r:
                self.assertIn(r.frames(f(struct.pack(">H", code) + b"why", 8)).closed(), (code, 1000), code)
        with Raw() as r:
            self.assertIn(r.frames(f(b"", 8)).closed(), (0, 1000))
        with Raw() as r:  # nothing is answered behind a close
            r.frames(f(struct.pack(">H", 1000), 8), f(b"late", 1), f(b"ping", 9))
            self.assertIn(r.closed(), (0, 1000))
        for bad in (b"x", struct.pack(">H", 0), struct.pack(">H", 999), struct.pack(">H", 1004), struct.pack(">H", 1005),
                    struct.pack(">H", 1006), struct.pack(">H", 5000), struct.pack(">H", 65535), struct.pack(">H", 1000) + b"\xce\xba\xe1\xbd"):
            with Raw() as r:
                r.frames(f(bad, 8))
                started = time.time()
                r.closed()
                self.assertLess(time.time() - started, 10, bad)
        self.alive()

    def test_a_message_over_the_limit_is_told_in_one_piece_or_many(self):
        with Raw() as r:
            self.assertTrue(r.frames(f(b"*" * 200000)).answered())
            self.assertTrue(r.frames(f(b"*" * 60000, 1, fin=False), f(b"*" * 60000, 0)).answered())
            self.assertTrue(r.frames(f(b"short")).answered())

    def alive(self):
        self.assertEqual(server.get("/health")[0], 200)


if __name__ == "__main__":
    unittest.main()
