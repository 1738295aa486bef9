"""A client of /v1/session that loses nothing: it keeps its sound until it is acknowledged, comes back when the
connection breaks, whatever has become of the server, and sends again what the server may not have."""
from harness import *

PIECE = 1600


class Keeping(threading.Thread):
    """Speaks `pcm` (16-bit samples at 16 kHz) in real time, then finishes. `port` says where the server is now."""

    def __init__(self, port, name, pcm, **start):
        super().__init__(daemon=True)
        self.port, self.name, self.pcm = port, name, pcm
        self.start_message = {"type": "start", "sample_rate": 16000, "language": "en", "acks": True, **start}
        self.ws = self.token = self.report = self.problem = None
        self.kept = []  # pieces (microseconds, bytes) that are not acknowledged
        self.events = []  # by number: events[i] is number i + 1
        self.acked_us = self.acked_seq = 0
        self.faults, self.returns = [], []  # what breaks the protocol; seconds from each break to the next ready
        self.ready_at = 0
        self.finished = False

    @property
    def text(self):
        return words(" ".join(e["text"] for e in self.events if e["type"] == "transcript.final"))

    # ---- the connection ----

    def connect(self):
        began = time.time()
        while time.time() - began < 60 * PATIENCE:
            try:
                self.ws = WebSocket(self.port(), "/v1/session/" + self.name, timeout=60)
                more = {"resume": self.token, "last_seq": len(self.events)} if self.token else {}
                self.ws.send({**self.start_message, **more})
                ready = self.ws.recv()
                if ready["type"] == "ready":
                    return self.go_on(ready)
                self.ws.recv()  # it is still loading, and says so; then comes the close
            except (OSError, Closed):
                time.sleep(0.05)
        raise TimeoutError("no server for 60 s")

    def go_on(self, ready):
        if self.ready_at and self.token:
            self.returns.append(time.time() - self.ready_at)
        if ready["audio_us"] < self.acked_us:
            self.faults.append(f"{self.acked_us} us were acknowledged, {ready['audio_us']} are there")
        if ready["seq"] < self.acked_seq:
            self.faults.append(f"{self.acked_seq} events were acknowledged, {ready['seq']} are there")
        self.token = ready["resume"]
        del self.events[ready["seq"]:]  # of what the server has not kept it tells anew
        for us, piece in self.kept:
            if us + len(piece) // 2 * 1000000 // 16000 > ready["audio_us"]:
                self.ws.send(media(2, us, piece), 2)
        if self.finished:
            self.ws.send({"type": "finish"})

    def take(self, m):
        if m["type"] == "ack":
            if m["seq"] > len(self.events) or m["audio_us"] < self.acked_us or m["seq"] < self.acked_seq:
                self.faults.append(f"{m} after {self.acked_us} us and {self.acked_seq} of {len(self.events)} events")
            self.acked_us, self.acked_seq = m["audio_us"], m["seq"]
            self.kept = [k for k in self.kept if k[0] + len(k[1]) // 2 * 1000000 // 16000 > self.acked_us]
        elif "seq" in m:
            if m["seq"] != len(self.events) + 1:
                self.faults.append(f"number {m['seq']} after {len(self.events)}")
            self.events.append(m)
            if m["type"] == "report":
                self.report = m["report"]
        elif m["type"] == "error":
            self.faults.append(m["detail"])

    def listen(self, until):
        """Takes what comes, up to that time or the report; comes back where the connection breaks."""
        while not self.report and (left := until - time.time()) > 0:
            try:
                self.ws.sock.settimeout(max(left, 0.001))
                if not self.ws.buffer:
                    self.ws.buffer = self.ws.sock.recv(262144)
                    if not self.ws.buffer:
                        raise Closed(None)
                self.ws.sock.settimeout(self.ws.timeout)
                self.take(self.ws.recv())
            except TimeoutError:
                self.ws.sock.settimeout(self.ws.timeout)
                return
            except (OSError, Closed):
                self.come_back()

    def come_back(self):
        self.ready_at = time.time()
        self.connect()

    def send(self, *message):
        try:
            self.ws.send(*message)
        except (OSError, Closed):
            self.come_back()

    def run(self):
        try:
            self.connect()
            began = time.time()
            for at in range(0, len(self.pcm), PIECE):
                self.listen(began + (at + PIECE) / 16000)
                piece = (at * 1000000 // 16000, array.array("h", self.pcm[at:at + PIECE]).tobytes())
                self.kept.append(piece)
                self.send(media(2, *piece), 2)
            self.finished = True
            self.send({"type": "finish"})
            self.listen(time.time() + 90 * PATIENCE)
        except Exception as e:  # for whoever joins
            self.problem = e


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Killed:
    """A server at one address, on one data folder, that is killed and started anew."""

    def __init__(self):
        self.at, self.data = free_port(), tempfile.TemporaryDirectory(prefix="rehearse-test-")
        self.begin(True)

    def begin(self, wait=False):
        self.server = Server("--port", str(self.at), "--data-dir", self.data.name, wait=wait)

    def port(self):
        return self.at

    def kill(self):
        self.server.kill()
        self.begin()


def kept_sound(s, name):
    status, _, body = s.request("GET", f"/v1/sessions/{name}/media")
    assert status == 200, status
    return body
