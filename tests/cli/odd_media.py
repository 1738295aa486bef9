"""Files as no ffmpeg makes them: boxes of MP4 changed, channels without a layout."""
import struct
import subprocess

# a, b, c, d of the eight ways a picture may be stored, by EXIF's number
MATRICES = {1: (1, 0, 0, 1), 2: (-1, 0, 0, 1), 3: (-1, 0, 0, -1), 4: (1, 0, 0, -1),
            5: (0, 1, 1, 0), 6: (0, 1, -1, 0), 7: (0, -1, -1, 0), 8: (0, -1, 1, 0)}


def edit(path, kind, change):
    """Each box of a kind in an MP4 becomes change(its body)."""
    inside = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts"}

    def walk(b):
        out, at = b"", 0
        while at + 8 <= len(b):
            size, name = struct.unpack(">I4s", b[at:at + 8])
            body = b[at + 8:at + size]
            body = change(body) if name == kind else walk(body) if name in inside else body
            out += body if name == kind and kind == b"trak" else struct.pack(">I4s", len(body) + 8, name) + body
            at += size
        return out

    with open(path, "rb") as f:
        b = f.read()
    with open(path, "wb") as f:
        f.write(walk(b))


def turn(path, orientation):
    a, b, c, d = (v * 65536 for v in MATRICES[orientation])
    matrix = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    edit(path, b"tkhd", lambda body: body[:40] + matrix + body[76:])


def spread(path, n, on, seconds=3):
    """A WAV of n channels with the recording on channel `on` and silence on the others."""
    raw = subprocess.run(["ffmpeg", "-loglevel", "error", "-t", str(seconds), "-i", path, "-ar", "16000", "-ac", "1", "-f", "s16le",
                          "-"], check=True, stdout=subprocess.PIPE).stdout
    many = b"".join(b"\0\0" * on + raw[i:i + 2] + b"\0\0" * (n - 1 - on) for i in range(0, len(raw), 2))
    return struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(many), b"WAVE", b"fmt ", 16, 1, n, 16000, 32000 * n, 2 * n, 16,
                       b"data", len(many)) + many
