"""rehearse store: a history goes from a data folder to PostgreSQL and back, row by row and byte by byte; a store is brought
up to date, looked through, and refused where it should be."""
import contextlib, fcntl, hashlib, itertools, random, shutil, sqlite3, unittest
from harness import *
from postgres import Postgres
from test_disk import Person, small_disk

NOT_ROWS = {"node", "copying", "upload", "media", "media_piece", "audio"}  # of the database itself, of clients that begin anew, or files
SECRET = "hush-hush-42"


def setUpModule():
    global scratch
    scratch = tempfile.TemporaryDirectory(prefix="rehearse-test-")


def tearDownModule():
    scratch.cleanup()


def rehearse(*args, url=None, data="none", timeout=120):
    env = dict(os.environ, XDG_CONFIG_HOME=scratch.name)
    env.pop("REHEARSE_STORE_URL", None)
    if url:
        env["REHEARSE_STORE_URL"] = url
    p = subprocess.run([binary(), *args, "--data-dir", os.path.join(scratch.name, data)], capture_output=True, text=True,
                       env=env, stdin=subprocess.DEVNULL, timeout=timeout * PATIENCE)
    return p.returncode, p.stdout, p.stderr


def folder(name):
    return os.path.join(scratch.name, name)


def make_store(name):
    """An empty one of the newest schema."""
    code, _, err = rehearse("report", data=name)
    assert code == 0, err
    return folder(name)


@contextlib.contextmanager
def database(where):
    db = sqlite3.connect(os.path.join(where, "sessions.db"), isolation_level=None)
    try:
        yield db
    finally:
        db.close()


def columns(db, table):
    return [(c[1], c[2]) for c in db.execute(f"PRAGMA table_info({table})")]


def tables(db):
    return {r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")}


def rows(db, table):
    return sorted(db.execute(f"SELECT * FROM {table}").fetchall(), key=repr)


JSON = '{"b": [1, 2.50, 1e-7], "a": "M\\u00fcller \u4f60 \\ud83d\\ude00", "b2": null,\n "0": {"z":1,"y":{}}}'
TYPED = ("data", "meta", "report")  # columns of JSON


def fill(db, sessions=7, each=3):
    """Something in every column of every table, whatever tables and columns there are."""
    dice, numbers = random.Random(7), itertools.count(1000, 7)
    db.execute("BEGIN")

    def value(table, name, kind, session, k):
        if name == "session":
            return session
        if name == "state":
            return {"session": "queued", "job": "queued"}.get(table, "x")
        if name == "id" and table == "session":
            return session
        if name in TYPED:
            return JSON.replace("0", str(k), 1)
        if kind == "TEXT":
            return f"{table}.{name} of {session} {k} 'ä\"\n"
        if kind == "REAL":
            return dice.choice([1e9 * dice.random(), 1 / 3 + k, 0.1 + dice.random(), 1764230000.1234567])
        if kind == "INTEGER":
            return next(numbers) if name in ("id", "n") else k
        return bytes(dice.randrange(256) for _ in range(100))

    def insert(table, session, k):
        cs = columns(db, table)
        row = [value(table, name, kind, session, k) for name, kind in cs]
        db.execute(f"INSERT INTO {table} ({', '.join(c[0] for c in cs)}) VALUES ({', '.join('?' * len(cs))})", row)

    parts = sorted(t for t in tables(db) - NOT_ROWS - {"session"})
    for s in [f"s-{i}" for i in range(sessions)]:
        insert("session", s, 1)
        for t in parts:
            for k in range(1 if t == "job" else each):
                insert(t, s, k)
    db.execute("UPDATE session SET media = NULL, client = NULL WHERE id = 's-1'")
    db.execute("UPDATE job SET session = NULL WHERE session = 's-2'")
    db.execute("COMMIT")


def put_files(where):
    """Kept sound, recordings that wait, videos, samples of a session that did not end."""
    media, made = os.path.join(where, "media"), {}
    os.makedirs(media, exist_ok=True)
    dice = random.Random(3)
    sizes = {"s-0.wav": 3 * 1048576 + 17, "s-3.wav": 1048576, "s-0.upload": 100, "s-4.upload": 2 * 1048576 + 1,
             "001-000-s-0.webm": 5000, "live.pcm": 32000 * 70 + 16000}
    for name, size in sizes.items():
        made[name] = dice.randbytes(size)
        with open(os.path.join(media, name), "wb") as f:
            f.write(made[name])
        os.utime(os.path.join(media, name), (1764230000, 1764230000))
    with open(os.path.join(media, "nobody.wav"), "wb") as f:
        f.write(b"of no session")
    with database(where) as db:
        db.execute("UPDATE session SET media = 's-0.wav' WHERE id = 's-0'")
        db.execute("UPDATE session SET media = 's-3.wav' WHERE id = 's-3'")
        db.execute("UPDATE session SET media = NULL WHERE id NOT IN ('s-0', 's-3')")
        db.execute("INSERT INTO session (id, created, updated, state) VALUES ('live', 1.5, 2.5, 'live')")
    return made


def files(where):
    media = os.path.join(where, "media")
    return {n: open(os.path.join(media, n), "rb").read() for n in os.listdir(media)} if os.path.isdir(media) else {}


class WithDatabase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pg = Postgres()
        cls.addClassCleanup(cls.pg.end)

    def fresh(self):
        """The URL of an empty database."""
        WithDatabase.n = getattr(WithDatabase, "n", 0) + 1
        name = f"fresh_{WithDatabase.n}"
        self.pg.ask(f"CREATE DATABASE {name}")
        return self.pg.url.replace("///postgres?", f"///{name}?")

    def ask(self, url, sql):
        done = subprocess.run(["psql", "-XAtq", "-c", sql, url], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.split("\n")[:-1]

    def copy(self, source, target, code=0, **more):
        got, out, err = rehearse("store", "copy", source, target, **more)
        self.assertEqual((got, out), (code, ""), err)
        self.assertNotIn("postgresql://", err)
        return err


class ThereAndBack(WithDatabase):
    def test_every_row_of_every_table_and_every_file(self):
        a = make_store("a")
        with database(a) as db:
            fill(db)
        made, url, b = put_files(a), self.fresh(), folder("b")
        with database(a) as db:
            before = {t: rows(db, t) for t in tables(db)}
            for t in tables(db) - NOT_ROWS:
                self.assertTrue(before[t], f"fill() put nothing into table {t}")
        self.assertIn("8 sessions and 6 files", self.copy(a, url, data="server"))
        with database(a) as db:
            self.assertEqual({t: rows(db, t) for t in tables(db)}, before)  # the source is as it was
        self.assertEqual(set(files(folder("server"))), {"001-000-s-0.webm"})
        self.assertEqual(self.ask(url, "SELECT count(*) FROM media_piece"), ["9"])
        self.assertEqual(self.ask(url, "SELECT count(*), sum(length(data)) FROM audio"), ["71|2256000"])
        # What is new there does not get a number that is taken.
        self.ask(url, "INSERT INTO note (session, created, t, data) VALUES ('s-0', 1, 1, '{}')")
        self.ask(url, "INSERT INTO audit (t, data) VALUES (1, '{}'); DELETE FROM note WHERE t = 1 AND created = 1;"
                      "DELETE FROM audit WHERE t = 1 AND CAST(data AS TEXT) = '{}'")
        self.copy(url, b, data="server")
        with database(b) as db:
            self.assertEqual({t: rows(db, t) for t in tables(db)}, before)
        self.assertEqual(files(b), made)
        self.assertEqual(os.stat(os.path.join(b, "media", "s-0.wav")).st_mtime, 1764230000)
        self.assertEqual(os.stat(os.path.join(b, "media", "s-0.wav")).st_mode & 0o777, 0o600)
        self.assertEqual(rehearse("report", "--export", data="a")[1], rehearse("report", "--export", data="b")[1])
        # From one folder to another, and from one database to another.
        self.copy(b, folder("c"))
        self.assertEqual(files(folder("c")), made)
        other = self.fresh()
        self.copy(url, other, data="server")
        for sql in ("SELECT md5(string_agg(name || n || md5(data), ',' ORDER BY name, n)) FROM media_piece",
                    "SELECT md5(string_agg(at || md5(data), ',' ORDER BY at)) FROM audio",
                    "SELECT md5(string_agg(session || data, ',' ORDER BY id)) FROM event"):
            self.assertEqual(self.ask(url, sql), self.ask(other, sql))

    def test_an_interrupted_copy_is_refused_as_a_store_and_goes_on(self):
        a = make_store("long")
        with database(a) as db:
            fill(db, sessions=5)
            db.execute("CREATE TABLE good_session AS SELECT * FROM told WHERE session = 's-3'")
            db.execute("UPDATE told SET data = 'no JSON' WHERE session = 's-3'")  # PostgreSQL refuses it
        url = self.fresh()
        err = self.copy(a, url, code=1)
        self.assertIn("json", err.lower())
        self.assertEqual(self.ask(url, "SELECT count(*) FROM session"), ["3"])
        code, _, err = rehearse("report", url=url)
        self.assertEqual(code, 1)
        self.assertIn("not whole", err)
        with self.assertRaises(RuntimeError) as refused:
            Server(env={"REHEARSE_STORE_URL": url}).stop()
        self.assertIn("not whole", str(refused.exception))
        self.assertIn("unfinished copy", self.copy(make_store("other"), url, code=1))
        code, out, _ = rehearse("store", "check", url=url)
        self.assertEqual(code, 1)
        self.assertIn("unfinished copy", out)
        with database(a) as db:  # a server went on with it meanwhile
            db.execute("UPDATE told SET data = (SELECT data FROM good_session WHERE good_session.seq = told.seq)"
                       " WHERE session = 's-3'")
            db.execute("DROP TABLE good_session")
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("DELETE FROM session WHERE id = 's-0'")
            db.execute("UPDATE session SET error = 'changed' WHERE id = 's-1'")
            db.execute("DELETE FROM note WHERE session = 's-2' AND rowid = (SELECT min(id) FROM note WHERE session = 's-2')")
            db.execute("UPDATE goal SET created = 5")
            before = {t: rows(db, t) for t in tables(db)}
        self.assertIn("earlier copy", self.copy(a, url))
        self.copy(url, folder("long-back"))
        with database(folder("long-back")) as db:
            self.assertEqual({t: rows(db, t) for t in tables(db)}, before)
        self.assertEqual(rehearse("report", url=url)[0], 0)

    def test_what_is_refused(self):
        a = make_store("refusing")
        with database(a) as db:
            fill(db, sessions=1)
        url = self.fresh()
        self.assertIn("no store in", self.copy(folder("nowhere"), url, code=1))
        self.assertFalse(os.path.exists(folder("nowhere")))
        self.assertIn("itself", self.copy(a, a + "/", code=1))
        self.copy(a, url)
        self.assertIn("something in the store", self.copy(a, url, code=1))
        self.assertIn("itself", self.copy(url, url + "&application_name=x", code=1))
        self.ask(url, "UPDATE schema_version SET version = 1000")
        for args in (("copy", url, folder("newer")), ("copy", a, url), ("migrate", url), ("check", url)):
            code, out, err = rehearse("store", *args)
            self.assertEqual((code, out), (1, ""))
            self.assertIn("newer version (schema 1000", err)
        self.assertEqual(rehearse("store", "copy", a)[0], 2)

    def test_right_after_a_server_was_stopped(self):
        url = self.fresh()
        server = Server(env={"REHEARSE_STORE_URL": url})
        server.stop()
        self.assertEqual(self.ask(url, "SELECT count(*) FROM node"), ["0"])
        server = Server(env={"REHEARSE_STORE_URL": url})
        with server.ws("/v1/session/goes-on") as w:
            w.send({"type": "start", "sample_rate": 16000, "acks": True})
            while w.recv()["type"] != "ready":
                pass
            server.stop()
        owner = "SELECT count(*) FROM node WHERE id = (SELECT owner FROM session WHERE id = 'goes-on' AND state = 'live')"
        self.assertEqual(self.ask(url, owner), ["1"])  # its client has as long to come back as ever
        self.copy(url, folder("stopped"))

    def test_nobody_may_use_either(self):
        a, url, held = make_store("used"), self.fresh(), make_store("held")
        rehearse("store", "migrate", url=url)
        beat = "INSERT INTO node VALUES ('n', 'host:8000', 1, date_part('epoch', clock_timestamp()) - {})"
        self.ask(url, beat.format(3))
        for source, target in ((a, url), (url, folder("target"))):
            self.assertRegex(self.copy(source, target, code=1), "in use by the server host:8000, .*stop it first")
        with open(os.path.join(held, "lock"), "w") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            f.write("rehearse serve, port 8000\n")
            f.flush()
            for source, target in ((a, held), (held, folder("target"))):
                self.assertRegex(self.copy(source, target, code=1), "in use by rehearse serve, port 8000: stop it first")
            self.assertIn("in use", rehearse("store", "migrate", held)[2])
            self.assertEqual(rehearse("store", "check", held), (0, "", ""))
        self.ask(url, "DELETE FROM node; " + beat.format(11))
        self.copy(a, url)

    def test_no_word_of_a_password(self):
        a = make_store("secretive")
        for url in (f"postgresql://me:{SECRET}@127.0.0.1:1/x", f"postgresql://me:{SECRET}%zz@127.0.0.1/x",
                    f"postgresql://me:pre@{SECRET}@127.0.0.1/x", f"postgresql://me:{SECRET}/y@127.0.0.1/x",
                    f"postgresql://me@127.0.0.1:1/x?password={SECRET}", f"postgresql://127.0.0.1:1/x?password={SECRET}%zz",
                    f"postgresql://me:{SECRET}@127.0.0.1/x?no_such=1", f"mysql://me:{SECRET}@127.0.0.1/x"):
            for args in (("copy", a, url), ("copy", url, a), ("check", url), ("migrate", url)):
                code, out, err = rehearse("store", *args)
                self.assertEqual(code, 1, err)
                self.assertTrue(err.startswith("rehearse: "), err)
                self.assertNotIn("hush", out + err)


class AHistoryOfReal(WithDatabase):
    def test_practice_sounds_and_reads_the_same_there_and_back(self):
        s = Server()
        data = os.path.join(s.data.name, "data")
        try:
            p = Person(s, "spoken", keep_media=True, question="Why?")
            p.say(jfk())
            p.finish()
            self.assertEqual(s.post_json("/v1/sessions/spoken/notes", {"t": 2, "text": "well said"})[0], 201)
            self.assertEqual(s.post_json("/v1/sessions/spoken/shares", {"days": 3})[0], 201)
            report = s.get("/v1/sessions/spoken/report")
            sound = s.request("GET", "/v1/sessions/spoken/media")[2]
        finally:
            self.assertEqual(s.stop(), 0)
        url = self.fresh()
        export = rehearse("report", "--export", data=data)[1]
        self.assertGreater(len(sound), 300000)
        self.assertEqual(rehearse("store", "check", data), (0, "", ""))
        self.copy(data, url)
        self.assertEqual(rehearse("store", "check", url=url), (0, "", ""))
        t = Server(env={"REHEARSE_STORE_URL": url})
        try:
            self.assertEqual(t.get("/v1/sessions/spoken/report"), report)
            self.assertEqual(hashlib.sha256(t.request("GET", "/v1/sessions/spoken/media")[2]).hexdigest(),
                             hashlib.sha256(sound).hexdigest())
        finally:
            self.assertEqual(t.stop(), 0)
        self.ask(url, "DELETE FROM node")  # as if it were a while ago
        self.copy(url, folder("returned"))
        self.assertEqual(rehearse("report", "--export", data="returned")[1], export)


class Migrate(WithDatabase):
    def test_an_old_store_and_an_empty_database(self):
        old = folder("old")
        os.makedirs(old)
        newest = len(glob.glob(os.path.join(ROOT, "src", "store", "migration_*.sql")))
        with database(old) as db, open(os.path.join(ROOT, "src", "store", "migration_1.sql")) as f:
            db.executescript(f.read())
            db.execute("PRAGMA user_version = 1")
            db.execute("INSERT INTO session (id, created, updated, state) VALUES ('old', 1, 2, 'done')")
        for action in ("check", "copy"):
            code, _, err = rehearse("store", action, old, *([folder("up")] if action == "copy" else []))
            self.assertEqual(code, 1)
            self.assertIn(f"has schema 1 of {newest}: `rehearse store migrate`", err)
        with database(old) as db:
            self.assertEqual(db.execute("PRAGMA user_version").fetchone(), (1,))
        self.assertEqual(rehearse("store", "migrate", data="old"), (0, f"schema 1 -> {newest}\n", ""))
        self.assertEqual(rehearse("store", "migrate", old), (0, f"schema {newest}: nothing to do\n", ""))
        self.assertIn("old", rehearse("report", data="old")[1])
        url = self.fresh()
        code, _, err = rehearse("store", "check", url=url)
        self.assertEqual(code, 1)
        self.assertIn("no store", err)
        self.assertEqual(rehearse("store", "migrate", url=url), (0, f"schema 0 -> {newest}\n", ""))
        self.assertEqual(rehearse("store", "check", url=url), (0, "", ""))
        with database(old) as db:
            db.execute("PRAGMA user_version = 1000")
        code, out, err = rehearse("store", "migrate", old)
        self.assertEqual((code, out), (1, ""))
        self.assertIn("newer version (schema 1000", err)
        code, _, err = rehearse("store", "migrate", folder("not-there"))
        self.assertEqual(code, 1)
        self.assertIn("no store in", err)
        self.assertFalse(os.path.exists(folder("not-there")))


class Check(WithDatabase):
    def findings(self, *args, code=1, **more):
        got, out, err = rehearse("store", "check", "--json", *args, **more)
        self.assertEqual((got, err), (code, ""))
        return {(f["what"], f["about"]) for f in map(json.loads, out.splitlines())}

    def broken(self, db):
        """Rows that should not be; what is found of them."""
        old = time.time() - 7200
        db("INSERT INTO session (id, created, updated, state) VALUES ('stands', 1, 1, 'live')")
        db(f"INSERT INTO session (id, created, updated, state) VALUES ('runs', 1, {time.time()}, 'live')")
        db("INSERT INTO session (id, created, updated, state) VALUES ('lonely', 1, 1, 'queued')")
        db("INSERT INTO session (id, created, updated, state, media) VALUES ('mute', 1, 1, 'done', 'mute.wav')")
        db("INSERT INTO session (id, created, updated, state) VALUES ('stuck', 1, 1, 'analysing')")
        db("INSERT INTO job (id, kind, state, session, created, due, data)"
           f" VALUES ('stuck', 'recording', 'running', 'stuck', 1, {old}, '{{}}')")
        db("INSERT INTO job (id, kind, state, session, created, due, data)"
           f" VALUES ('mute', 'recording', 'queued', 'mute', {time.time()}, 0, '{{}}')")
        db("INSERT INTO job (id, kind, state, session, created, due, data)"
           f" VALUES ('words', 'transcription', 'queued', NULL, {time.time()}, 0, '{{}}'),"
           f" ('written', 'transcription', 'done', NULL, 1, {time.time() + 9}, '{{}}')")
        return {("unfinished", "stands"), ("file-missing", "words.upload"), ("unfinished", "lonely"), ("file-missing", "mute.wav"), ("job", "stuck"),
                ("job", "mute"), ("file-missing", "stuck.upload")}

    def test_a_folder(self):
        where = make_store("checked")
        self.assertEqual(self.findings(where, code=0), set())
        media = os.path.join(where, "media")
        os.makedirs(media, exist_ok=True)
        for name, age in (("gone.wav", 7200), ("young.wav", 60), ("stands.pcm", 7200), ("letter.txt", 7200)):
            with open(os.path.join(media, name), "wb") as f:
                f.write(b"x")
            os.utime(os.path.join(media, name), (time.time() - age,) * 2)
        with database(where) as db:
            expected = self.broken(db.execute)
            db.execute("PRAGMA foreign_keys = OFF")
            db.execute("INSERT INTO told (session, seq, data) VALUES ('nobody', 1, '{}')")
            db.execute("INSERT INTO event (id, session, kind, start_s, end_s, data) VALUES (1, 'mute', 'x', 0, 0, '{no')")
        found = self.findings(where)
        self.assertEqual(found, expected | {("file-left", "gone.wav"), ("orphan", "nobody"), ("json", "mute"),
                                            ("database", "sessions.db"), ("file-missing", "lonely.upload")})
        code, out, _ = rehearse("store", "check", data="checked")
        self.assertEqual((code, len(out.splitlines())), (1, len(found)))
        self.assertIn("file-left     gone.wav: no session needs it\n", out)

    def test_a_database(self):
        url = self.fresh()
        rehearse("store", "migrate", url=url)
        expected = self.broken(lambda sql: self.ask(url, sql))
        self.ask(url, "INSERT INTO media VALUES ('short.wav', 'mute', 1, 5), ('half.wav', 'mute', 1, NULL),"
                      " ('gone.wav', 'nobody', 1, 0); INSERT INTO media_piece VALUES ('short.wav', 0, '\\x0102')")
        self.assertEqual(self.findings(url=url), expected | {("file-missing", "short.wav"), ("file-left", "half.wav"),
                                                             ("file-left", "gone.wav"), ("file-missing", "mute.upload")})

    def test_damaged_files(self):
        where = make_store("damaged")
        with database(where) as db:
            fill(db, sessions=40)
            pages = db.execute("PRAGMA page_count").fetchone()[0]
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        path = os.path.join(where, "sessions.db")
        whole = open(path, "rb").read()
        middle = len(whole) // 2 // 4096 * 4096
        with open(path, "wb") as f:
            f.write(whole[:middle] + random.Random(1).randbytes(40960) + whole[middle + 40960:])
        self.assertGreater(pages, 30)
        self.assertIn("database", {what for what, _ in self.findings(where)})
        for damaged, word in ((whole[:len(whole) // 3], "malformed|damaged|database"),
                              (b"not a database at all, but a text\n" * 300, "not a session database")):
            with open(path, "wb") as f:
                f.write(damaged)
            for args in (("check", where), ("migrate", where), ("copy", where, folder("of-damaged"))):
                code, out, err = rehearse("store", *args)
                self.assertEqual(code, 1, out)
                self.assertRegex(out + err, word)
            shutil.rmtree(folder("of-damaged"), ignore_errors=True)


class WhatCanNotBeUsed(unittest.TestCase):
    """Each is said in a sentence, by the server too, and nothing is changed."""

    def refused(self, where, says, *commands):
        for args in commands:
            code, out, err = rehearse(*args, data=where)
            self.assertEqual((code, out), (1, ""), (args, err))
            self.assertRegex(err, says)
            self.assertEqual(err.count("\n"), 1, err)

    def test_a_folder_that_can_only_be_read(self):
        with small_disk() as where:
            self.assertEqual(rehearse("report", data=where)[0], 0)
            with database(where) as db:
                fill(db, sessions=2)
            subprocess.run(["mount", "-o", "remount,ro", where], check=True)
            self.refused(where, "Read-only file system", ("report",), ("serve", "--port", "0"), ("store", "check"),
                         ("store", "migrate"), ("store", "copy", where, folder("from-read-only")))
            subprocess.run(["mount", "-o", "remount,rw", where], check=True)
            self.assertIn("s-1", rehearse("report", data=where)[1])

    def test_a_newer_one_and_what_is_none(self):
        where = make_store("unusable")
        with database(where) as db:
            fill(db, sessions=2)
            db.execute("PRAGMA user_version = 1000")
            before = db.execute("SELECT count(*) FROM event").fetchone()
        self.refused("unusable", "newer version .schema 1000", ("report",), ("serve", "--port", "0"))
        with database(where) as db:
            self.assertEqual(db.execute("SELECT count(*) FROM event").fetchone(), before)
        path = os.path.join(where, "sessions.db")
        with open(path, "wb") as f:
            f.write(b"a text that somebody put here\n" * 200)
        self.refused("unusable", "not a session database", ("report",), ("serve", "--port", "0"))
        with open(path, "rb") as f:
            self.assertEqual(f.read(14), b"a text that so")


if __name__ == "__main__":
    unittest.main()
