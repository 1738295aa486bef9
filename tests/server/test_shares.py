"""Links by which others see one report: what a link opens and what not, with tokens and without, expiry, revocation,
comments, guesses, the report as one file."""
import base64, html.parser, subprocess, tempfile, unittest
from harness import *

guarded = open_one = None
OWNER = {"Authorization": "Bearer sesame"}
XSS = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
sessions = {}


def setUpModule():
    global guarded, open_one
    guarded = Server("--public-origins", "https://coach.example", "--trusted-proxies", "203.0.113.0/24", env={"REHEARSE_TOKENS": "sesame"})
    open_one = Server("--public-origins", "https://coach.example")
    for server in (guarded, open_one):
        ids = sessions[server] = []
        for fields in ([("question", XSS), ("client", "secret-client"), ("keep_media", "true")], [("question", XSS), ("client", "secret-client")]):
            kind, body = form([*fields, ("file", fixture("jfk.flac"), "private-name.flac")])
            status, _, reply = server.request("POST", "/v1/sessions", body, {"Content-Type": kind, **OWNER}, 120)
            assert status == 202, reply
            ids.append(json.loads(reply)["id"])
            wait_done(server, ids[-1])


def tearDownModule():
    for s in (guarded, open_one):
        code = s.stop()
        assert code == 0, f"the server ended with {code}:\n{s.text()}"


def wait_done(server, id):
    end = time.time() + 90 * PATIENCE
    while json.loads(server.request("GET", f"/v1/sessions/{id}", headers=OWNER)[2]).get("state") != "done":
        assert time.time() < end, "not analysed in time"
        time.sleep(0.2)


def owner(server, method, path, body=None, status=None):
    got, _, reply = server.request(method, path, None if body is None else json.dumps(body),
                                   {"Content-Type": "application/json", **OWNER})
    assert status in (None, got), (got, reply)
    return json.loads(reply) if reply else None


def share(server, which=0, **wish):
    return owner(server, "POST", f"/v1/sessions/{sessions[server][which]}/shares", wish, 201)


def comment(server, url, status=201, headers=None, **body):
    got, _, reply = server.request("POST", url + "/comments", json.dumps(body), {"Content-Type": "application/json", **(headers or {})})
    assert got == status, (got, reply)
    return json.loads(reply)


class Scripts(html.parser.HTMLParser):
    """The JSON of the page, and how many scripts and elements with handlers it has."""
    def __init__(self, page):
        super().__init__()
        self.scripts, self.odd, self.texts, self.inside = 0, [], {}, None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.odd += [k for k in attrs if k.startswith("on")] + ([tag] if tag in ("img", "iframe", "form") else [])
        self.inside = attrs.get("id", "") if tag == "script" else None
        self.scripts += tag == "script"

    def handle_data(self, data):
        if self.inside:
            self.texts[self.inside] = self.texts.get(self.inside, "") + data


class Links(unittest.TestCase):
    def test_a_link_opens_one_report_and_nothing_else(self):
        for server in (guarded, open_one):
            before = time.time()
            made = share(server)
            self.assertRegex(made["url"], "^/shared/[0-9a-f]{32}$")
            self.assertAlmostEqual(made["expires"] - before, 7 * 86400, delta=60)
            self.assertEqual((made["comments"], made["sound"], made["video"]), (False, False, False))
            status, headers, body = server.request("GET", made["url"])
            self.assertEqual(status, 200)
            self.assertEqual((headers["referrer-policy"], headers["x-robots-tag"], headers["cache-control"]),
                             ("no-referrer", "noindex, nofollow", "no-store"))
            self.assertIn("default-src 'none'", headers["content-security-policy"])
            self.assertNotIn("set-cookie", headers)
            page = Scripts(body.decode())
            self.assertEqual(page.odd, [])
            self.assertEqual(page.scripts, 4)
            told = json.loads(page.texts["report"])
            self.assertEqual(told["title"], XSS)
            self.assertEqual(told["shared"], {"expires": made["expires"], "comments": False, "sound": False, "video": False})
            self.assertTrue(told["transcript"] and told["measures"])
            for private in ("private-name", "secret-client", *sessions[server]):
                self.assertNotIn(private.encode(), body)
            self.assertFalse({"trend", "id", "media", "interview"} & set(told))
            token = made["url"][8:]
            for path in ("/v1/sessions", f"/v1/sessions/{sessions[server][0]}", f"/v1/sessions/{token}", "/v1/export"):
                if server is guarded:
                    for as_token in ({}, {"Authorization": "Bearer " + token}, {"Cookie": "rehearse_token=" + token}):
                        self.assertEqual(server.request("GET", path, headers=as_token)[0], 401, path)
            self.assertEqual(server.request("GET", made["url"] + "/media")[0], 404)
            comment(server, made["url"], 404, t=1, text="x", name="y")
            for method, path in (("POST", ""), ("DELETE", ""), ("PUT", ""), ("GET", "/comments"), ("DELETE", "/media")):
                self.assertEqual(server.request(method, made["url"] + path, b"{}")[0], 405, (method, path))
            for path in ("/report", "/notes", "/../v1/sessions"):
                self.assertIn(server.request("GET", made["url"] + path)[0], (400, 404), path)

    def test_their_path_is_the_one_that_the_proxy_says(self):
        path = f"/v1/sessions/{sessions[open_one][0]}/shares"
        for prefix, expected in (("/coach", "/coach"), ("/a/b-c/", "/a/b-c"), ("/x, /coach", "/coach"), ("", ""), ("/", ""),
                                 ("coach", ""), ("//evil.example", ""), ("/a\"><b>", ""), ("/" + "x" * 200, "")):
            status, _, body = open_one.request("POST", path, b"{}", {"X-Forwarded-Prefix": prefix, "Content-Type": "application/json"})
            made = json.loads(body)
            self.assertEqual((status, made["url"][:-32]), (201, expected + "/shared/"), prefix)
            open_one.request("DELETE", f"{path}/{made['id']}")
        status, _, body = guarded.request("POST", f"/v1/sessions/{sessions[guarded][0]}/shares", b"{}",
                                          {"X-Forwarded-Prefix": "/coach", "Content-Type": "application/json", **OWNER})
        made = json.loads(body)  # this one trusts no proxy
        self.assertEqual((status, made["url"][:-32]), (201, "/shared/"))
        guarded.request("DELETE", f"/v1/sessions/{sessions[guarded][0]}/shares/{made['id']}", headers=OWNER)

    def test_strangers_may_not_make_list_or_revoke_them(self):
        made = share(guarded)
        path = f"/v1/sessions/{sessions[guarded][0]}/shares"
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"X-Forwarded-For": "203.0.113.9"}):
            for method, p in (("GET", path), ("POST", path), ("DELETE", f"{path}/{made['id']}")):
                self.assertEqual(guarded.request(method, p, b"{}", headers)[0], 401)
        self.assertEqual(guarded.request("GET", made["url"])[0], 200)
        for server in (guarded, open_one):  # pages of other origins, rebound names
            url = share(server, comments=True)["url"]
            for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}, {"Origin": "null"},
                            {"Origin": "https://evil.example", **OWNER}):
                status, got, _ = server.request("GET", url, headers=headers)
                self.assertEqual(status, 403, headers)
                comment(server, url, 403, headers, t=1, text="x", name="y")
                asks = {**headers, "Access-Control-Request-Method": "POST"}
                self.assertEqual(server.request("OPTIONS", url + "/comments", headers=asks)[0], 403)
            proxied = {"Host": "coach.example", "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
            self.assertEqual(server.request("GET", url, headers=proxied)[0], 200)
            comment(server, url, 201, {**proxied, "Origin": "https://coach.example"}, t=1, text="x", name="y")

    def test_they_expire_and_are_revoked_and_go_with_the_session(self):
        id = sessions[open_one][1]
        path = f"/v1/sessions/{id}/shares"
        made = share(open_one, 1, expires_in_s=3600)
        listed = [s for s in owner(open_one, "GET", path)["shares"] if s["id"] == made["id"]]
        self.assertEqual(listed, [{k: made[k] for k in listed[0]}])
        self.assertFalse({"url", "hash", "token"} & set(listed[0]))
        with open(os.path.join(open_one.data.name, "data", "sessions.db"), "rb") as db, contextlib.ExitStack() as files:
            wal = os.path.join(open_one.data.name, "data", "sessions.db-wal")
            kept = db.read() + (files.enter_context(open(wal, "rb")).read() if os.path.exists(wal) else b"")
        self.assertIn(made["id"].encode(), kept)
        self.assertNotIn(made["url"][8:].encode(), kept)
        self.assertEqual(open_one.request("DELETE", f"/v1/sessions/{sessions[open_one][0]}/shares/{made['id']}")[0], 404)
        self.assertEqual(open_one.request("DELETE", f"{path}/{made['id']}")[0], 204)
        self.assertEqual(open_one.request("DELETE", f"{path}/{made['id']}")[0], 404)
        self.gone(open_one, made["url"])
        status, s = open_one.post_form("/v1/sessions", [("file", fixture("jfk.flac"), "a.flac")])
        wait_done(open_one, s["id"])
        made = json.loads(open_one.request("POST", f"/v1/sessions/{s['id']}/shares", b"{}")[2])
        self.assertEqual(open_one.request("GET", made["url"])[0], 200)
        self.assertEqual(open_one.request("DELETE", f"/v1/sessions/{s['id']}")[0], 204)
        self.gone(open_one, made["url"])

    def gone(self, server, url):
        status, headers, body = server.request("GET", url)
        self.assertEqual((status, headers["content-type"]), (404, "text/html; charset=utf-8"))
        self.assertIn(b"This link does not work", body)
        self.assertNotIn(b"<script", body)
        self.assertEqual(server.request("GET", url + "/media")[0], 404)
        self.assertEqual(server.request("GET", url + "/video")[0], 404)
        comment(server, url, 404, t=1, text="x", name="y")

    def test_after_their_time_they_are_gone(self):
        made = share(open_one, expires_in_s=60)
        self.assertEqual(open_one.request("GET", made["url"])[0], 200)
        # The clock cannot be moved; what the database says can.
        import sqlite3
        db = sqlite3.connect(os.path.join(open_one.data.name, "data", "sessions.db"), timeout=20)
        with db:
            self.assertEqual(db.execute("UPDATE share SET expires = ? WHERE id = ?", (time.time() - 1, made["id"])).rowcount, 1)
        db.close()
        self.gone(open_one, made["url"])
        self.assertNotIn(made["id"], [s["id"] for s in owner(open_one, "GET", f"/v1/sessions/{sessions[open_one][0]}/shares")["shares"]])

    def test_the_sound_only_where_the_owner_says_so(self):
        made = share(open_one, sound=True)
        status, headers, body = open_one.request("GET", made["url"] + "/media", headers={"Range": "bytes=0-3"})
        self.assertEqual((status, body, headers["x-robots-tag"]), (206, b"RIFF", "noindex, nofollow"))
        self.assertTrue(json.loads(Scripts(open_one.request("GET", made["url"])[2].decode()).texts["report"])["shared"]["sound"])
        unkept = share(open_one, 1, sound=True)
        self.assertEqual(open_one.request("GET", unkept["url"] + "/media")[0], 404)
        self.assertFalse(json.loads(Scripts(open_one.request("GET", unkept["url"])[2].decode()).texts["report"])["shared"]["sound"])

    def test_the_video_only_where_the_owner_says_so(self):
        clip = fixture("jfk_3s_video.mp4")
        status, s = open_one.post_form("/v1/sessions", [("keep_video", "true"), ("file", clip, "a.mp4")])
        wait_done(open_one, s["id"])
        path = f"/v1/sessions/{s['id']}/shares"
        own = open_one.request("GET", f"/v1/sessions/{s['id']}/video?part=1")[2]
        without, made = owner(open_one, "POST", path, {"sound": True}, 201), owner(open_one, "POST", path, {"video": True}, 201)
        self.assertEqual((without["video"], made["video"]), (False, True))
        self.assertEqual(open_one.request("GET", without["url"] + "/video?part=1")[0], 404)
        told = json.loads(Scripts(open_one.request("GET", without["url"])[2].decode()).texts["report"])
        self.assertFalse(told["shared"]["video"] or "videos" in told)
        page = open_one.request("GET", made["url"])[2]
        told = json.loads(Scripts(page.decode()).texts["report"])
        self.assertTrue(told["shared"]["video"])
        self.assertEqual([(v["part"], v["start"], v["type"]) for v in told["videos"]], [(1, 0, "video/mp4")])
        self.assertNotIn(s["id"].encode(), page)
        status, headers, some = open_one.request("GET", made["url"] + "/video?part=1", headers={"Range": "bytes=4-11"})
        self.assertEqual((status, some, headers["content-type"], headers["x-robots-tag"]), (206, own[4:12], "video/mp4", "noindex, nofollow"))
        self.assertEqual(headers["content-range"], f"bytes 4-11/{len(own)}")
        status, _, none = open_one.request("GET", made["url"] + "/video?part=2")
        self.assertEqual(status, 404)
        self.assertNotIn(s["id"].encode(), none)
        self.assertEqual(open_one.request("GET", made["url"] + "/media")[0], 404)
        self.assertEqual(open_one.request("DELETE", f"{path}/{made['id']}")[0], 204)
        self.assertEqual(open_one.request("GET", made["url"] + "/video?part=1")[0], 404)
        # as one file
        report = f"/v1/sessions/{s['id']}/report?format=html"
        status, headers, file = open_one.request("GET", report + "&sound=1&video=1")
        self.assertIn("media-src data:", headers["content-security-policy"])
        self.assertIn(b'data-kind="video/mp4" data-start="0.000">' + base64.b64encode(own) + b"<", file)
        without = open_one.request("GET", report + "&sound=1")[2]
        self.assertNotIn(b"data-start=", without)
        self.assertIn("The video is not in this file.", json.loads(Scripts(without.decode()).texts["report"])["notes"])

    def test_wishes(self):
        path = f"/v1/sessions/{sessions[open_one][1]}/shares"
        for body, param in (({"expires_in_s": 59}, "expires_in_s"), ({"expires_in_s": 90 * 86400 + 1}, "expires_in_s"),
                            ({"expires_in_s": "7"}, "expires_in_s"), ({"comments": "yes"}, "comments"), ({"sound": 1}, "sound"), ({"video": "no"}, "video")):
            self.assertEqual(owner(open_one, "POST", path, body, 400)["error"]["param"], param)
        self.assertEqual(open_one.post_json(path, b"[]")[0], 400)
        self.assertEqual(open_one.post_json("/v1/sessions/nobody/shares", {})[0], 404)
        made = [owner(open_one, "POST", path, {}, 201) for _ in range(20 - len(owner(open_one, "GET", path)["shares"]))]
        self.assertIn("20 links", owner(open_one, "POST", path, {}, 429)["detail"])
        for m in made:
            self.assertEqual(open_one.request("DELETE", f"{path}/{m['id']}")[0], 204)


class Comments(unittest.TestCase):
    def test_they_reach_the_owner_and_nobody_else(self):
        id = sessions[guarded][1]
        mine = owner(guarded, "POST", f"/v1/sessions/{id}/notes", {"t": 1, "text": "my own"}, 201)
        first, second = share(guarded, 1, comments=True), share(guarded, 1, comments=True)
        said = comment(guarded, first["url"], t=3.5, text=XSS, name="Zo\u00eb " + XSS[:20])
        self.assertEqual((said["author"], said["share"], said["text"]), ("Zo\u00eb " + XSS[:20], first["id"], XSS))
        notes = owner(guarded, "GET", f"/v1/sessions/{id}/notes")["notes"]
        self.assertEqual([n["id"] for n in notes], [mine["id"], said["id"]])
        page = guarded.request("GET", first["url"])[2].decode()
        told = Scripts(page)
        self.assertEqual((told.odd, told.scripts), ([], 4))
        self.assertEqual(json.loads(told.texts["report"])["moment_notes"], [said])
        self.assertEqual(json.loads(Scripts(guarded.request("GET", second["url"])[2].decode()).texts["report"])["moment_notes"], [])
        markdown = owner_text(guarded, f"/v1/sessions/{id}/report?format=md")
        self.assertNotIn("<script>", markdown)
        self.assertRegex(markdown, r"(?s)## Notes\n\n- 0:01 my own\n- 0:03 Zo\u00eb \\</script\\>.*: \\</script\\>")
        guarded.request("DELETE", f"/v1/sessions/{id}/shares/{first['id']}", headers=OWNER)
        self.assertEqual(len(owner(guarded, "GET", f"/v1/sessions/{id}/notes")["notes"]), 2)  # it stays with the owner
        self.assertEqual(guarded.request("DELETE", f"/v1/sessions/{id}/notes/{said['id']}", headers=OWNER)[0], 204)

    def test_limits(self):
        url = share(open_one, comments=True)["url"]
        for body, param in (({"text": "x", "name": "y"}, "t"), ({"t": 1, "name": "y"}, "text"), ({"t": 1, "text": " \n", "name": "y"}, "text"),
                            ({"t": 1, "text": "x"}, "name"), ({"t": 1, "text": "x", "name": "y" * 61}, "name"),
                            ({"t": 1, "text": "x" * 1001, "name": "y"}, "text"), ({"t": -1, "text": "x", "name": "y"}, "t")):
            self.assertIn(param, comment(open_one, url, 400, **body)["detail"])
        for i in range(100):
            comment(open_one, url, t=i, text="x" * 1000, name="y" * 60)
        comment(open_one, url, 429, t=1, text="x", name="y")
        self.assertEqual(open_one.request("POST", url + "/comments", b" " * 200000)[0], 413)


def owner_text(server, path):
    return server.request("GET", path, headers=OWNER)[2].decode()


class OneFile(unittest.TestCase):
    def test_the_sound_is_in_it_where_it_was_kept(self):
        kept, unkept = sessions[open_one]
        status, headers, body = open_one.request("GET", f"/v1/sessions/{kept}/report?format=html&sound=1")
        self.assertIn("media-src data:", headers["content-security-policy"])
        page = Scripts(body.decode())
        self.assertEqual(page.scripts, 5)
        self.assertEqual(base64.b64decode(page.texts["sound"]), open_one.request("GET", f"/v1/sessions/{kept}/media")[2])
        for path in (f"{kept}/report?format=html", f"{unkept}/report?format=html&sound=1"):
            self.assertNotIn("sound", Scripts(open_one.request("GET", "/v1/sessions/" + path)[2].decode()).texts)

    def test_what_is_too_long_is_left_out_and_named(self):
        kept = sessions[open_one][0]
        media = os.path.join(open_one.data.name, "data", "media")
        name = os.path.join(media, json.loads(open_one.request("GET", f"/v1/sessions/{kept}")[2])["media"])
        with open(name, "rb") as f:
            sound = f.read()
        try:
            with open(name, "ab") as f:
                f.truncate((16 << 20) + 1)
            page = Scripts(open_one.request("GET", f"/v1/sessions/{kept}/report?format=html&sound=1")[2].decode())
        finally:
            with open(name, "wb") as f:
                f.write(sound)
        self.assertNotIn("sound", page.texts)
        self.assertIn("16 MB", " ".join(json.loads(page.texts["report"])["notes"]))


    def test_the_sound_is_in_the_place_of_a_video_that_is_too_large(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "snow.mp4")
            subprocess.run(["ffmpeg", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "640x480", "-r", "20", "-i", "/dev/urandom",
                            "-i", os.path.join(FIXTURES, "jfk_16k.wav"), "-t", "3", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "4",
                            "-c:a", "aac", path], check=True)
            with open(path, "rb") as f:
                snow = f.read()
        status, s = open_one.post_form("/v1/sessions", [("keep_media", "true"), ("keep_video", "true"), ("file", snow, "a.mp4")])
        self.assertEqual(status, 202, s)
        wait_done(open_one, s["id"])
        base = f"/v1/sessions/{s['id']}"
        sound = open_one.request("GET", base + "/media")[2]
        mb = sum(v["bytes"] for v in json.loads(open_one.request("GET", base + "/report")[2])["videos"]) >> 20
        self.assertGreaterEqual(mb, 25)
        told = {}
        for wish in ("sound=1&video=1", "video=1"):
            status, _, body = open_one.request("GET", f"{base}/report?format=html&{wish}")
            self.assertEqual((status, b"data-start=" in body), (200, False))
            page = Scripts(body.decode())
            notes = [n for n in json.loads(page.texts["report"])["notes"] if "not in this file" in n]
            told[wish] = (base64.b64decode(page.texts.get("sound", "")), notes)
        self.assertEqual(told["sound=1&video=1"], (sound, [f"The video is not in this file, its sound is: it has {mb} MB, and 24 MB fit."]))
        self.assertEqual(told["video=1"], (b"", [f"The video is not in this file: it has {mb} MB, and 24 MB fit."]))
        self.assertEqual(open_one.request("DELETE", base)[0], 204)


class Zguesses(unittest.TestCase):
    """At the end, for the address has had its guesses then."""

    def test_nobody_can_try_many(self):
        good = share(open_one)["url"]
        other = {"Host": "coach.example", "X-Forwarded-For": "198.51.100.7, 203.0.113.9"}
        wrong = ("/shared/" + "0" * 32, "/shared/x", "/shared/" + "Z" * 128, good.upper().replace("SHARED", "shared"), good + "0")
        codes = [open_one.request("GET", wrong[i % len(wrong)], headers=other)[0] for i in range(21)]
        self.assertEqual(codes, [404] * 20 + [429])
        status, headers, _ = open_one.request("GET", good, headers=other)
        self.assertEqual((status, headers["retry-after"]), (429, "60"))
        self.assertEqual(open_one.request("GET", good)[0], 200)  # others are not kept from theirs
        self.assertEqual(open_one.request("GET", good, headers={**other, "X-Forwarded-For": "203.0.113.10"})[0], 200)


if __name__ == "__main__":
    unittest.main()
