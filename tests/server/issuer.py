"""An OpenID Connect issuer on loopback, for tests: its description, its keys, signed tokens good and bad, and the code
flow with PKCE for the page. Keys and signatures are openssl's. `python3 issuer.py PORT ORIGIN` serves a page's tests."""
import base64, hashlib, http.server, json, os, re, secrets, subprocess, sys, tempfile, threading, time, urllib.parse

CLIENT = "rehearse-test"


def b64u(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*args, data=None):
    return subprocess.run(["openssl", *args], input=data, capture_output=True, check=True).stdout


class Key:
    """A private key, "RS256" or "ES256"."""

    def __init__(self, kid, alg="RS256", bits=2048):
        self.kid, self.alg, self.file = kid, alg, tempfile.NamedTemporaryFile(suffix=".pem")
        if alg == "RS256":
            openssl("genrsa", "-out", self.file.name, str(bits))
            n = int(re.search(rb"Modulus=([0-9A-F]+)", openssl("rsa", "-in", self.file.name, "-noout", "-modulus"))[1], 16)
            self.jwk = {"kty": "RSA", "n": b64u(n.to_bytes(bits // 8, "big")), "e": "AQAB"}
        else:
            openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.file.name)
            point = openssl("ec", "-in", self.file.name, "-pubout", "-outform", "DER")[-64:]
            self.jwk = {"kty": "EC", "crv": "P-256", "x": b64u(point[:32]), "y": b64u(point[32:])}
        self.jwk.update(kid=kid, use="sig", alg=alg)
        self.public = openssl("pkey", "-in", self.file.name, "-pubout")

    def sign(self, data):
        der = openssl("dgst", "-sha256", "-sign", self.file.name, data=data)
        if self.alg == "RS256":
            return der
        numbers, at = b"", 4 if der[1] < 128 else 5  # SEQUENCE { INTEGER r, INTEGER s }
        for _ in range(2):
            n = der[at - 1]
            numbers += der[at:at + n].lstrip(b"\0").rjust(32, b"\0")
            at += n + 2
        return numbers


class Issuer:
    """Serves `keys`; who signs in is `user`."""

    def __init__(self, port=0, origin="*"):
        self.keys, self.origin, self.codes, self.n_fetched, self.away = [Key("one")], origin, {}, 0, False
        self.user = {"sub": "anna", "name": "Anna"}
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def answer(self, status, body, **headers):
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)),
                                    "Access-Control-Allow-Origin": issuer.origin, **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self):
                url = urllib.parse.urlsplit(self.path)
                query = dict(urllib.parse.parse_qsl(url.query))
                if issuer.away:
                    return self.answer(503, {})
                if url.path == "/.well-known/openid-configuration":
                    return self.answer(200, issuer.description())
                if url.path == "/jwks":
                    issuer.n_fetched += 1
                    return self.answer(200, {"keys": [k.jwk for k in issuer.keys]})
                if url.path == "/authorize":
                    return self.authorize(query)
                if url.path == "/logout":
                    return self.answer(302, b"", Location=query["post_logout_redirect_uri"])
                self.answer(404, {})

            def authorize(self, q):
                good = (q.get("client_id") == CLIENT and q.get("response_type") == "code" and "openid" in q.get("scope", "").split()
                        and q.get("code_challenge_method") == "S256" and q.get("state") and q.get("nonce"))
                if not good:
                    return self.answer(400, {"error": "invalid_request"})
                code = secrets.token_urlsafe(16)
                issuer.codes[code] = q
                back = q["redirect_uri"] + "?" + urllib.parse.urlencode({"code": code, "state": q["state"]})
                self.answer(302, b"", Location=back)

            def do_POST(self):
                form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                q = issuer.codes.pop(form.get("code"), None)
                challenge = b64u(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
                if not q or form.get("grant_type") != "authorization_code" or form.get("client_id") != CLIENT or \
                        form.get("redirect_uri") != q["redirect_uri"] or challenge != q["code_challenge"]:
                    return self.answer(400, {"error": "invalid_grant"})
                self.answer(200, {"token_type": "Bearer", "id_token": issuer.token(nonce=q["nonce"], **issuer.user)})

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def description(self):
        return {"issuer": self.url, "authorization_endpoint": self.url + "/authorize", "token_endpoint": self.url + "/token",
                "jwks_uri": self.url + "/jwks", "end_session_endpoint": self.url + "/logout"}

    def claims(self, **more):
        now = int(time.time())
        return {"iss": self.url, "aud": CLIENT, "sub": "anna", "iat": now, "exp": now + 600, **more}

    def token(self, key=None, head=None, **more):
        key = key or self.keys[0]
        claims = {k: v for k, v in self.claims(**more).items() if v is not None}
        return sign(key, {"alg": key.alg, "kid": key.kid, "typ": "JWT", **(head or {})}, json.dumps(claims).encode())

    def close(self):
        self.http.shutdown()
        self.http.server_close()


def sign(key, head, claims):
    head = head if isinstance(head, bytes) else json.dumps({k: v for k, v in head.items() if v is not None}).encode()
    text = (b64u(head) + "." + b64u(claims)).encode()
    return text.decode() + "." + b64u(key.sign(text))


if __name__ == "__main__":
    Issuer(int(sys.argv[1]), sys.argv[2])
    print("ready", flush=True)
    sys.stdin.read()
