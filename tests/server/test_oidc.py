"""People known by an OpenID Connect issuer: roles, keys that change, an issuer that is away, and tokens that are not
what they say."""
import hmac, hashlib, unittest
from harness import *
from issuer import CLIENT, Issuer, Key, b64u, sign

issuer = server = None


def setUpModule():
    global issuer, server
    issuer = Issuer()
    issuer.keys.append(Key("two", "ES256"))
    server = Server("--oidc-issuer", issuer.url, "--oidc-client-id", CLIENT, "--oidc-role", "realm.roles", env={"REHEARSE_TOKENS": "sesame"})
    assert eventually(lambda: server.get("/signin")[1]["oidc"])


def tearDownModule():
    code = server.stop()
    issuer.close()
    assert code == 0, f"the server ended with {code}:\n{server.text()}"


def ask(token, path="/v1/me", **headers):
    status, sent, body = server.request("GET", path, headers={"Authorization": "Bearer " + token, **headers})
    return status, json.loads(body), sent


class Known(unittest.TestCase):
    def test_names_and_roles(self):
        for roles, role in (([], "member"), (["x", "rehearse-mentor"], "mentor"), (["rehearse-mentor", "rehearse-owner"], "owner"),
                            ("rehearse-owner", "owner"), (["owner"], "member"), ({"rehearse-owner": 1}, "member")):
            for key in issuer.keys[:2]:
                self.assertEqual(ask(issuer.token(key, realm={"roles": roles}))[:2], (200, {"name": "anna", "role": role}), roles)
        self.assertEqual(ask(issuer.token(aud=["other", CLIENT]))[0], 200)
        self.assertEqual(ask(issuer.token(exp=int(time.time()) - 30, nbf=int(time.time()) + 30))[0], 200, "clocks differ a little")
        self.assertEqual(ask("sesame")[1], {"name": None, "role": "owner"})

    def test_pages_have_it_in_their_cookie(self):
        token = issuer.token(sub="bob")
        status, _, body = server.request("GET", "/v1/me", headers={"Cookie": "rehearse_token=" + token})
        self.assertEqual((status, json.loads(body)["name"]), (200, "bob"))
        server.ws("/v1/session/s-bob", headers=f"Cookie: rehearse_token={token}\r\n").close()
        with self.assertRaises(ConnectionRefusedError) as caught:
            server.ws("/v1/session/s-bob", headers=f"Cookie: rehearse_token={token[:-4]}\r\n")
        self.assertEqual(caught.exception.args[0], 401)

    def test_what_the_page_is_told(self):
        self.assertEqual(server.get("/signin")[1], {"tokens": True, "oidc": {
            "issuer": issuer.url, "client_id": CLIENT, "scope": "openid profile", "authorization_endpoint": issuer.url + "/authorize",
            "token_endpoint": issuer.url + "/token", "end_session_endpoint": issuer.url + "/logout"}})
        policy = server.request("GET", "/index.html")[1]["content-security-policy"]
        self.assertIn(f"connect-src 'self' ws: wss: {issuer.url};", policy)

    def test_keys_that_change_are_fetched_once_in_a_while(self):
        new, unknown, before = Key("three"), Key("four"), issuer.n_fetched
        issuer.keys.insert(0, new)
        try:
            replies = []
            self.assertTrue(eventually(lambda: replies.append(ask(issuer.token(new))) or replies[-1][0] == 503), "at most 10 s after another")
            self.assertEqual(replies[-1][2]["retry-after"], "1")
            self.assertTrue(eventually(lambda: ask(issuer.token(new))[0] == 200))
            self.assertEqual([ask(issuer.token(unknown))[0] for _ in range(20)], [401] * 20)
            self.assertEqual(issuer.n_fetched, before + 1)
        finally:
            issuer.keys.remove(new)


class Hostile(unittest.TestCase):
    def refused(self, token, said, status=401):
        got, body, sent = ask(token)
        self.assertEqual((got, sent["www-authenticate"]), (status, "Bearer"), body)
        self.assertRegex(body["detail"], said)
        self.assertNotIn(token[-40:], server.text())

    def test_algorithms(self):
        key, claims = issuer.keys[0], json.dumps(issuer.claims()).encode()
        for alg in ("none", "None", "NONE", ""):
            text = b64u(json.dumps({"alg": alg, "kid": key.kid}).encode()) + "." + b64u(claims)
            self.refused(text + ".", "neither one of")
            self.refused(text + "." + b64u(b"x"), "not signed with")
        head = {"alg": "HS256", "kid": key.kid}
        text = b64u(json.dumps(head).encode()) + "." + b64u(claims)
        for secret in (key.public, key.public.strip(), json.dumps(key.jwk).encode(), b""):
            self.refused(text + "." + b64u(hmac.new(secret, text.encode(), hashlib.sha256).digest()), "not signed with")
        for alg in ("RS512", "PS256", "EdDSA", ["RS256"], None, 5):
            self.refused(sign(key, {"alg": alg, "kid": key.kid}, claims), "not signed with")
        self.refused(sign(issuer.keys[1], {"alg": "RS256", "kid": key.kid}, claims), "signature")
        self.refused(sign(key, {"alg": "ES256", "kid": "two"}, claims), "signature")
        self.refused(sign(key, {"alg": "RS256", "kid": key.kid, "crit": ["exp"]}, claims), "crit")
        stranger = Key("one")
        self.refused(issuer.token(stranger), "signature")
        self.refused(sign(stranger, {"alg": "RS256", "kid": "one", "jwk": stranger.jwk, "jku": "http://127.0.0.1:1/x"}, claims), "signature")

    def test_claims(self):
        now = int(time.time())
        for more, said in (({"iss": "https://evil.example"}, "another issuer"), ({"iss": issuer.url + "/"}, "another issuer"),
                           ({"iss": None}, "another issuer"), ({"aud": "other"}, "another program"), ({"aud": None}, "another program"),
                           ({"aud": [CLIENT + "x", 5]}, "another program"), ({"aud": {CLIENT: 1}}, "another program"),
                           ({"exp": now - 90}, "expired"), ({"exp": None}, "no time"), ({"exp": str(now + 60)}, "no time"),
                           ({"exp": True}, "no time"), ({"nbf": now + 90}, "not good yet"), ({"nbf": "0"}, "not good yet"),
                           ({"iat": now + 90}, "not good yet"), ({"sub": ""}, "names nobody"), ({"sub": None}, "names nobody"),
                           ({"sub": 7}, "names nobody"), ({"sub": "an na"}, "oidc_name"), ({"sub": "x" * 65}, "oidc_name"),
                           ({"sub": "anna\n"}, "oidc_name"), ({"sub": "\N{SNOWMAN}"}, "oidc_name")):
            self.refused(issuer.token(**more), said)

    def test_no_tokens_at_all(self):
        key = issuer.keys[0]
        good = issuer.token()
        head, claims, signature = good.split(".")
        for bad in (good + ".", "." + good, good + "x.y", f"{head}.{claims}", f"{head}..{signature}", f"{head}.{claims}.", "a.b.c", "...",
                    "e30.e30.e30", f"{head}.{claims}.{signature[:-8]}", f"{head}.{claims}.{signature}=", f"{head}.{claims} .{signature}",
                    f"{head}.{b64u(b'{}')}.{signature}", good.swapcase(),
                    good[:-1] + chr(ord(good[-1]) + 1), good[:-1] + "B"):
            self.refused(bad, "token")
        for head in (b"[]", b"5", b"{", b"\xff\xfe", b'{"alg":"RS256","alg":"none","kid":"one"}', b'{"alg":"RS256","kid":"one"}\0', b"[" * 3000):
            self.refused(sign(key, head, b"{}"), "head|too long")
        for body in (b"[]", b"null", b"{", b"\xff", b'{"iss":1,"iss":2}', b"x" * 2000):
            self.refused(sign(key, {"alg": "RS256", "kid": "one"}, body), "claims|issuer")
        self.refused(issuer.token(pad="x" * 7000), "token|too long")
        self.refused("x" * 7900, "neither one of")
        status = server.request("GET", "/v1/me", headers={"Authorization": "Bearer " + "x" * 12000})[0]
        self.assertEqual(status, 401)

    def test_a_name_that_is_not_known_and_none_at_all(self):
        for kid in ("nobody", "x" * 500, 5, None):
            status, body, _ = ask(issuer.token(head={"kid": kid}))
            self.assertIn(status, (401, 503) if kid != None and kid != 5 else (200, 401, 503), (kid, body))
        self.assertEqual(ask(issuer.token(head={"kid": None}))[0], 200, "there is one RSA key: it is meant")


class Settings(unittest.TestCase):
    def test_what_cannot_be_is_said(self):
        for args, said in ((("--oidc-issuer", "http://issuer.example", "--oidc-client-id", "x"), "must be https"),
                           (("--oidc-issuer", "https://a:b@issuer.example", "--oidc-client-id", "x"), "must be https"),
                           (("--oidc-issuer", "nowhere", "--oidc-client-id", "x"), "must be https"),
                           (("--oidc-issuer", "https://issuer.example"), "oidc_client_id is missing")):
            got = subprocess.run([binary(), "serve", "--port", "0", "--data-dir", server.data.name + "/other", *args], capture_output=True,
                                 text=True, timeout=60)
            self.assertNotEqual(got.returncode, 0)
            self.assertIn(said, got.stderr)

    def test_an_issuer_that_is_away_or_lies_lets_nobody_in(self):
        away, liar = Issuer(), Issuer()
        away.away, liars_place = True, liar.url
        liar.url += "/elsewhere"
        for issuer_, place, said in ((away, away.url, "answers 503"), (liar, liars_place, "calls itself")):
            s = Server("--oidc-issuer", place, "--oidc-client-id", CLIENT, wait=False)
            try:
                self.assertTrue(eventually(lambda: said in s.text()), s.text())
                self.assertEqual(s.request("GET", "/v1/me")[0], 401, "this machine needs a token too")
                self.assertEqual(s.request("GET", "/v1/me", headers={"Authorization": "Bearer " + issuer_.token(iss=place)})[0], 503)
                self.assertIsNone(s.get("/signin")[1]["oidc"])
            finally:
                self.assertEqual(s.stop(), 0)
                issuer_.close()


if __name__ == "__main__":
    unittest.main()
