"""Starts the real server and speaks HTTP and WebSocket to it, byte by byte
where a well-behaved client library would not let us misbehave."""
import array, base64, contextlib, glob, http.client, json, os, re, site, socket, struct, subprocess, sys
import tempfile, threading, time, wave, weakref, zlib

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "bench"))
from wer import errors as word_errors, longest_lost  # noqa: E402
FIXTURES = os.path.join(ROOT, "tests", "fixtures")
CACHE = os.environ.get("REHEARSE_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "rehearse")
# Sanitizer builds are several times slower.
PATIENCE = float(os.environ.get("REHEARSE_TEST_PATIENCE", "1"))
# No socket waits without an end, not even one whose test sets no time.
socket.setdefaulttimeout(60 * PATIENCE)


def use_packages():
    """Makes what requirements.txt lists importable."""
    found = glob.glob(os.path.join(CACHE, "venv", "lib", "python3*", "site-packages"))
    assert found, "no Python packages of the tests: tools/setup test installs them"
    site.addsitedir(found[0])


def binary():
    named = os.environ.get("REHEARSE_BIN")
    candidates = [named] if named else [os.path.join(ROOT, d, "rehearse") for d in ("build", "build-dev")]
    for path in candidates:
        if os.access(path, os.X_OK):
            return path
    sys.exit("no server to test: build it first, or name it in REHEARSE_BIN")


class Server:
    """One server process on a free port; its log is kept for failures."""
    started = weakref.WeakSet()

    def __init__(self, *args, wait=True, env=None):
        self.log = tempfile.NamedTemporaryFile(prefix="rehearse-test-", suffix=".log")
        self.data = tempfile.TemporaryDirectory(prefix="rehearse-test-")
        full_env = dict(os.environ, XDG_CONFIG_HOME=self.data.name, **(env or {}))
        options = ["--port", "0", "--data-dir", os.path.join(self.data.name, "data")]
        self.process = subprocess.Popen([binary(), "serve", *options, *args], stdout=subprocess.DEVNULL,
                                        stderr=self.log, env=full_env, cwd=self.data.name)
        Server.started.add(self)
        try:
            self.port = self._find_port()
            if wait:
                self.wait_ready()
        except BaseException:
            self.kill()
            raise

    def _find_port(self):
        end = time.time() + 20 * PATIENCE
        while time.time() < end:
            found = re.search(r"listens on \S+ port (\d+)", self.text())
            if found:
                return int(found.group(1))
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError("the server did not start:\n" + self.text())

    def text(self):
        with open(self.log.name, errors="replace") as f:
            return f.read()

    def wait_ready(self):
        end = time.time() + 120 * PATIENCE
        while time.time() < end:
            try:
                if self.get("/health")[0] == 200:
                    return
            except OSError:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError("the server did not get ready:\n" + self.text())

    def stop(self, timeout=40):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout * PATIENCE)
            except subprocess.TimeoutExpired:
                self.kill()
                raise RuntimeError("the server did not stop:\n" + self.text())
        return self.process.returncode

    def kill(self):
        self.process.kill()
        self.process.wait(30)

    def request(self, method, path, body=None, headers=None, timeout=60):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout * PATIENCE)
        try:
            c.request(method, path, body, headers or {})
            r = c.getresponse()
            return r.status, dict((k.lower(), v) for k, v in r.getheaders()), r.read()
        finally:
            c.close()

    def get(self, path, headers=None):
        status, _, body = self.request("GET", path, headers=headers)
        return status, json.loads(body)

    def post_json(self, path, obj):
        data = obj if isinstance(obj, (bytes, str)) else json.dumps(obj)
        status, _, body = self.request("POST", path, data, {"Content-Type": "application/json"})
        return status, json.loads(body)

    def post_form(self, path, fields, timeout=120):
        kind, body = form(fields)
        status, _, reply = self.request("POST", path, body, {"Content-Type": kind}, timeout)
        return status, json.loads(reply)

    def ws(self, path, **kw):
        return WebSocket(self.port, path, **kw)

    def rss_mb(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1)) / 1024

    def cpu_s(self):
        with open(f"/proc/{self.process.pid}/stat") as f:
            parts = f.read().rsplit(")", 1)[1].split()
        return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def logs():
    """The ends of what the servers that still run have written."""
    return "\n".join(f"log of process {s.process.pid} (port {getattr(s, 'port', '?')}):\n" +
                     "\n".join("  " + line for line in s.text().splitlines()[-40:])
                     for s in Server.started if s.process.poll() is None)


def read_reply(f):
    """One HTTP reply from a buffered file: (status, body); body None = no reply but the end."""
    line = f.readline()
    if not line:
        return 0, None
    headers = http.client.parse_headers(f)
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while n := int(f.readline(), 16):
            body += f.read(n)
            f.readline()
        f.readline()
    else:
        body = f.read(int(headers.get("content-length", 0)))
    return int(line.split()[1]), body


def form(fields):
    """fields: list of (name, value) or (name, bytes, filename)."""
    boundary = "----rehearse" + base64.b16encode(os.urandom(8)).decode()
    out = b""
    for field in fields:
        name, value = field[0], field[1]
        head = f'Content-Disposition: form-data; name="{name}"'
        if len(field) > 2:
            head += f'; filename="{field[2]}"\r\nContent-Type: application/octet-stream'
        value = value.encode() if isinstance(value, str) else value
        out += f"--{boundary}\r\n{head}\r\n\r\n".encode() + value + b"\r\n"
    return "multipart/form-data; boundary=" + boundary, out + f"--{boundary}--\r\n".encode()


class Closed(Exception):
    def __init__(self, code, reason=""):
        super().__init__(f"closed {code} {reason}")
        self.code = code


def one_server(module, *args, **kw):
    """setUpModule and tearDownModule of a module whose tests share one `server`, which has to end well."""
    def begin():
        module["server"] = Server(*args, **kw)

    def end():
        code = module["server"].stop()
        assert code == 0, f"the server ended with {code}:\n{module['server'].text()}"
    return begin, end


class WebSocket:
    """RFC 6455 from the client's side, with every liberty to break it."""

    def __init__(self, port, path, deflate=False, headers="", timeout=60, read_buffer=None, wrap=None):
        self.sock = socket.socket()
        if read_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, read_buffer)
        self.timeout = timeout * PATIENCE
        self.sock.settimeout(self.timeout)
        self.sock.connect(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if wrap:
            self.sock = wrap.wrap_socket(self.sock, server_hostname="127.0.0.1")
        if deflate:
            headers += "Sec-WebSocket-Extensions: permessage-deflate\r\n"
        key = base64.b64encode(os.urandom(16)).decode()
        self.sock.sendall((f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
                           f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
                           f"Sec-WebSocket-Version: 13\r\n{headers}\r\n").encode())
        self.buffer = b""
        head = self._read_head()
        self.status = int(head.split()[1])
        if self.status != 101:
            self.body = self._rest(head)
            raise ConnectionRefusedError(self.status, self.body)
        self.deflate = "permessage-deflate" in head.lower()
        self.no_takeover = "server_no_context_takeover" in head.lower()
        self.deflater = zlib.compressobj(wbits=-15)
        self.inflater = zlib.decompressobj(wbits=-15)

    def _read_head(self):
        while b"\r\n\r\n" not in self.buffer:
            piece = self.sock.recv(65536)
            if not piece:
                raise ConnectionResetError("closed before a reply")
            self.buffer += piece
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        return head.decode("latin-1")

    def _rest(self, head):
        n = int(re.search(r"content-length: (\d+)", head, re.I).group(1))
        while len(self.buffer) < n:
            piece = self.sock.recv(65536)
            if not piece:
                break
            self.buffer += piece
        return self.buffer[:n]

    def _need(self, n):
        while len(self.buffer) < n:
            piece = self.sock.recv(262144)
            if not piece:
                raise Closed(None)
            self.buffer += piece
        out, self.buffer = self.buffer[:n], self.buffer[n:]
        return out

    @staticmethod
    def frame(payload, opcode=1, fin=True, rsv1=False, mask=b"\x01\x02\x03\x04"):
        head = bytes([(0x80 if fin else 0) | (0x40 if rsv1 else 0) | opcode])
        n = len(payload)
        bit = 0x80 if mask else 0
        head += bytes([bit | n]) if n < 126 else (
            bytes([bit | 126]) + struct.pack(">H", n) if n < 65536 else bytes([bit | 127]) + struct.pack(">Q", n))
        if not mask:
            return head + payload
        key = int.from_bytes((mask * (n // 4 + 1))[:n], "big") if n else 0
        return head + mask + (int.from_bytes(payload, "big") ^ key).to_bytes(n, "big")

    def send(self, obj, opcode=1):
        data = obj if isinstance(obj, bytes) else (obj if isinstance(obj, str) else json.dumps(obj)).encode()
        if self.deflate:
            data = self.deflater.compress(data) + self.deflater.flush(zlib.Z_SYNC_FLUSH)
            self.sock.sendall(self.frame(data[:-4], opcode, rsv1=True))
        else:
            self.sock.sendall(self.frame(data, opcode))

    def recv_frame(self):
        a, b = self._need(2)
        n = b & 0x7F
        if n == 126:
            n = struct.unpack(">H", self._need(2))[0]
        elif n == 127:
            n = struct.unpack(">Q", self._need(8))[0]
        return a & 0x80, a & 0x40, a & 0x0F, self._need(n)

    def recv(self):
        """The next text message as JSON; answers pings; raises Closed."""
        data, packed, end = b"", False, time.monotonic() + 2 * self.timeout
        while True:
            if time.monotonic() > end:
                raise TimeoutError("pings and pongs, and no message")
            fin, rsv1, opcode, payload = self.recv_frame()
            if opcode == 8:
                code = struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else None
                with contextlib.suppress(OSError):
                    self.sock.sendall(self.frame(payload, 8))
                raise Closed(code, payload[2:].decode(errors="replace"))
            if opcode == 9:
                self.sock.sendall(self.frame(payload, 10))
                continue
            if opcode == 10:
                continue
            packed = packed or bool(rsv1)
            data += payload
            if fin:
                break
        if packed:
            data = self.inflater.decompress(data + b"\0\0\xff\xff")
            if self.no_takeover:
                self.inflater = zlib.decompressobj(wbits=-15)
        return json.loads(data)

    def ask(self, obj):
        self.send(obj)
        return self.recv()

    def close(self):
        with contextlib.suppress(OSError):
            self.sock.sendall(self.frame(struct.pack(">H", 1000), 8))
        self.sock.close()

    def vanish(self):
        """Gone without a word, as a crashed browser."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def fixture(name):
    with open(os.path.join(FIXTURES, name), "rb") as f:
        return f.read()


def jfk(rate=16000):
    """The JFK recording as float32 samples; other rates by linear interpolation."""
    with wave.open(os.path.join(FIXTURES, "jfk_16k.wav")) as w:
        pcm = array.array("h", w.readframes(w.getnframes()))
    x = [v / 32768 for v in pcm]
    if rate != 16000:
        n = int(len(x) * rate / 16000)
        x = [x[min(int(i * 16000 / rate), len(x) - 1)] for i in range(n)]
    return array.array("f", x)


def recording(name):
    """Any of the fixtures as float32 samples at 16 kHz."""
    done = subprocess.run(["ffmpeg", "-loglevel", "error", "-i", os.path.join(FIXTURES, name), "-f", "f32le", "-ar",
                           "16000", "-ac", "1", "-"], stdout=subprocess.PIPE, check=True)
    return array.array("f", done.stdout)


def b64(samples):
    return base64.b64encode(array.array("f", samples).tobytes()).decode()


def pieces(samples, rate=16000, ms=100):
    n = rate * ms // 1000
    return [samples[i:i + n] for i in range(0, len(samples), n)]


def audio_message(samples, rate=16000):
    return {"audio": b64(samples), "sample_rate": rate}


def media(kind, us, payload):
    """A binary message of /v1/session: 1 = picture, 2 and 3 = sound."""
    return bytes([kind]) + struct.pack("<Q", int(us)) + payload


def frame():
    return {"frame": data_uri(fixture("astronaut.jpg"))}


def data_uri(jpeg):
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def wav(samples, rate=16000):
    body = array.array("h", [max(-32768, min(32767, int(v * 32767))) for v in samples]).tobytes()
    return (b"RIFF" + struct.pack("<I", 36 + len(body)) + b"WAVEfmt " +
            struct.pack("<IHHIIHH", 16, 1, 1, rate, rate * 2, 2, 16) + b"data" +
            struct.pack("<I", len(body)) + body)


def words(text):
    return re.sub(r"[^a-z' ]", " ", text.lower()).split()


JFK_WORDS = words("And so, my fellow Americans, ask not what your country can do for you, "
                  "ask what you can do for your country.")


def eventually(check, seconds=20):
    """The last of what `check` said, at once when that is true."""
    end = time.time() + seconds * PATIENCE
    while not (got := check()) and time.time() < end:
        time.sleep(0.05)
    return got


def settled(check, wanted, seconds=20):
    """The last of what `check` said, at once when that is `wanted`: for what follows a state that is told."""
    eventually(lambda: check() == wanted, seconds)
    return check()


def in_background(f, *args):
    box = []

    def run():
        try:
            box.append(f(*args))
        except Exception as e:  # handed to whoever joins
            box.append(e)

    t = threading.Thread(target=run, daemon=True)
    t.start()

    def result(timeout=120):
        t.join(timeout * PATIENCE)
        if not box:
            raise TimeoutError("no answer in the background")
        if isinstance(box[0], Exception):
            raise box[0]
        return box[0]

    return result
