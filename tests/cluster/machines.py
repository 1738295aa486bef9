"""Servers, database and balancer of a test's own (tools/cluster), what is done to them, and who speaks meanwhile."""
import importlib.machinery, importlib.util, random, statistics
from harness import *
from keeping_client import Keeping, Killed, kept_sound
import real_clips, sqlite3



def option(name, otherwise):
    return type(otherwise)(os.environ.get("REHEARSE_CLUSTER_TEST_" + name, otherwise))


def load_tool():
    loader = importlib.machinery.SourceFileLoader("cluster_tool", os.path.join(ROOT, "tools", "cluster"))
    tool = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(tool)
    return tool


tool = load_tool()


class Machines:
    """A cluster that is removed with this process, however that ends."""
    more_faults = ["restart", "failover"]  # of the database, beside servers that are killed

    def __init__(self, nodes=3):
        os.environ["REHEARSE_BIN"] = os.path.abspath(binary())
        self.cluster = tool.Cluster(os.path.join(tempfile.gettempdir(), f"rehearse-cluster-test-{os.getpid()}-{random.randrange(10 ** 6)}"))
        remove = f'cat; exec "{ROOT}/tools/cluster" --folder "{self.cluster.folder}" down'
        self.watcher = subprocess.Popen(["setsid", "-f", "sh", "-c", remove], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, cwd="/")
        self.n = nodes
        self.cluster.up(nodes, self.free_ports(nodes + 1))

    @staticmethod
    def free_ports(n):
        for _ in range(100):
            first = random.randrange(20000, 30000)
            with contextlib.suppress(OSError), contextlib.ExitStack() as all_of_them:
                for port in range(first, first + n):
                    s = all_of_them.enter_context(socket.socket())
                    s.bind(("127.0.0.1", port))
                return first
        raise RuntimeError(f"no {n} free ports in a row")

    def end(self):
        self.cluster.down()
        self.watcher.stdin.close()
        self.watcher.wait(30)

    def port(self, n=0):
        """The balancer's, or that of server n."""
        return self.cluster.port(n)

    def request(self, method, path, body=None, headers=None, port=None, timeout=60):
        c = http.client.HTTPConnection("127.0.0.1", port or self.port(), timeout=timeout * PATIENCE)
        try:
            c.request(method, path, body, headers or {})
            r = c.getresponse()
            return r.status, r.read()
        finally:
            c.close()

    def get(self, path):
        status, body = self.request("GET", path)
        return status, json.loads(body)

    def kept_sound(self, name):
        """The balancer's answer; else that of whichever server has the file."""
        for port in [self.port(n) for n in range(self.n + 1)]:
            status, body = self.request("GET", f"/v1/sessions/{name}/media", port=port)
            if status == 200:
                return body
        raise AssertionError(f"no server has the sound of {name}: {status} {body[:300]}")

    def ask(self, sql):
        return (self.cluster.ask(self.cluster.state["primary"], sql) or "").split("\n")

    def logs(self):
        return "\n".join(f"node {n}:\n{tool.tail(self.cluster.path(f'node{n}.log'), 40)}" for n in range(1, self.n + 1))

    # ---- what is done to them ----

    def ready(self):
        return [n for n in range(1, self.n + 1) if self.cluster.pid(f"node{n}") and tool.get(self.cluster.port(n), "/ready")[0] == 200]

    def clients(self, n):
        found = tool.get(self.cluster.port(n), "/health")[1]
        return found.get("clients", 0) if isinstance(found, dict) else 0

    def start_ended(self):
        """As deploy/'s services do: a server that starts while the database fails over ends and is started again."""
        for n in range(1, self.n + 1):
            if not self.cluster.pid(f"node{n}"):
                self.cluster.start_node(n, wait=False)

    def make_whole(self):
        self.start_ended()
        for n in range(1, self.n + 1):
            self.cluster.wait_node(n, 120 * PATIENCE)

    def kill_one(self, rng):
        """One that serves somebody, of those without which another is left; it starts again at once."""
        def two():
            self.start_ended()
            return found if len(found := self.ready()) > 1 else None
        ready = eventually(two, 60)
        assert ready, "no two servers are ready\n" + self.logs()
        serving = [n for n in ready if self.clients(n)]
        n = rng.choice(serving or ready)
        self.cluster.kill_node(n)
        time.sleep(rng.uniform(0, 1))
        self.cluster.start_node(n, wait=False)
        return f"node {n} killed{'' if serving else ' (nobody was there)'}"

    def disturb(self, what, rng):
        if what == "kill":
            return self.kill_one(rng)
        if what == "restart":
            self.cluster.restart_db()
            return "database restarted"
        return f"failover in {self.cluster.failover():.1f} s"


class Alone:
    """One server on SQLite, with the same face."""
    more_faults = []

    def __init__(self):
        self.killed = Killed()
        self.make_whole()

    def end(self):
        self.killed.server.stop()

    def port(self, n=0):
        return self.killed.at

    def make_whole(self):
        self.killed.server.wait_ready()

    def request(self, *what):
        status, _, body = self.killed.server.request(*what)
        return status, body

    def disturb(self, what, rng):
        assert what == "kill"
        self.killed.kill()
        return "killed"

    def kept_sound(self, name):
        return kept_sound(self.killed.server, name)

    def ask(self, sql):
        with contextlib.closing(sqlite3.connect(os.path.join(self.killed.data.name, "sessions.db"), timeout=10)) as db:
            return ["|".join(map(str, row)) for row in db.execute(sql)]

    def logs(self):
        return self.killed.server.text()


class Speaker(Keeping):
    """Is told that the database takes nothing for a while, and goes on."""
    report_s = None  # from its last word to the report

    def run(self):
        self.began, self.final_s = time.time(), []  # from the end of each final to when it came
        super().run()
        self.report_s = time.time() - self.began - len(self.pcm) / 16000

    def take(self, m):
        if m["type"] == "transcript.final":
            self.final_s.append(time.time() - self.began - m["end"])
        if m["type"] != "error" or m.get("code") != "storage" or "seq" in m:
            super().take(m)


def clear_speech():
    return array.array("h", (max(-32768, min(32767, round(v * 32767))) for v in jfk()))


def spoken(i, seconds, n):
    """Sound of at least that many seconds, 16-bit samples, and its words: clear speech, which comes out the same however
    much else the machine does. Person `i` of `n` begins at another time and thinks for as long as most others speak, so
    that two processors do for many of them: all of their sound comes in real time, and two fifths of it has a voice."""
    rng, out, times = random.Random(i), array.array("h"), 0
    clip = clear_speech()
    out.extend([0] * int(16000 * 9 * i / n))
    while len(out) < seconds * 16000:
        out.extend(clip)
        out.extend([0] * int(16000 * rng.uniform(4, 6)))
        times += 1
    return out, times * JFK_WORDS


def differs(wav_bytes, pcm):
    """By how much the samples differ at most; all of them where they are not as many."""
    kept = array.array("h", wav_bytes[44:])
    return max(abs(a - b) for a, b in zip(kept, pcm)) if len(kept) == len(pcm) else 65536


def median(values):
    return statistics.median(values) if values else float("nan")
