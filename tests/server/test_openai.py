"""The official client of OpenAI's API with only base_url and api_key changed."""
import io, unittest
from harness import *

use_packages()
import openai  # noqa: E402

server = client = None


def setUpModule():
    global server, client
    server = Server(env={"REHEARSE_TOKENS": "sesame"})
    client = openai.OpenAI(base_url=f"http://127.0.0.1:{server.port}/v1", api_key="sesame", max_retries=0, timeout=120 * PATIENCE)


def tearDownModule():
    client.close()
    code = server.stop()
    assert code == 0, f"the server ended with {code}:\n{server.text()}"


def sound():
    return "jfk.flac", io.BytesIO(fixture("jfk.flac"))


class Client(unittest.TestCase):
    def test_models(self):
        self.assertEqual([m.id for m in client.models.list()], ["whisper-1", "whisper-base"])
        self.assertEqual(client.models.retrieve("whisper-base").object, "model")

    def test_transcriptions(self):
        r = client.audio.transcriptions.create(model="whisper-1", file=sound())
        self.assertEqual(words(r.text), JFK_WORDS)
        r = client.audio.transcriptions.create(model="whisper-1", file=sound(), language="en", temperature=0, prompt="A speech.",
                                               response_format="verbose_json", timestamp_granularities=["word", "segment"])
        self.assertEqual(words(" ".join(w.word for w in r.words)), JFK_WORDS)
        self.assertEqual(words(" ".join(s.text for s in r.segments)), JFK_WORDS)
        self.assertAlmostEqual(float(r.duration), 11, delta=0.1)
        r = client.audio.transcriptions.create(model="whisper-1", file=sound(), response_format="vtt")
        self.assertTrue(r.startswith("WEBVTT"))

    def test_stream(self):
        events = list(client.audio.transcriptions.create(model="whisper-1", file=sound(), stream=True))
        self.assertEqual({e.type for e in events[:-1]}, {"transcript.text.delta"})
        self.assertEqual("".join(e.delta for e in events[:-1]), events[-1].text)
        with self.assertRaises(openai.APIError) as caught:
            list(client.audio.transcriptions.create(model="whisper-1", file=("a.wav", b"no sound"), stream=True))
        self.assertEqual((caught.exception.param, caught.exception.type), ("file", "invalid_request_error"))

    def test_errors_are_the_clients_own(self):
        create = client.audio.transcriptions.create
        cases = ((openai.NotFoundError, "model", "model_not_found", {"model": "gpt-4o-transcribe", "file": sound()}),
                 (openai.BadRequestError, "file", None, {"model": "whisper-1", "file": ("a.wav", b"no sound")}),
                 (openai.BadRequestError, "temperature", None, {"model": "whisper-1", "file": sound(), "temperature": 7}))
        for kind, param, code, arguments in cases:
            with self.assertRaises(kind) as caught:
                create(**arguments)
            e = caught.exception
            self.assertEqual((e.param, e.code, e.type), (param, code, "invalid_request_error"))
            self.assertTrue(e.body["message"])
        with self.assertRaises(openai.AuthenticationError) as caught:
            client.with_options(api_key="wrong").models.list()
        self.assertEqual(caught.exception.code, "invalid_api_key")
        for path, kind in (("/nowhere", openai.NotFoundError), ("/models/whisper-2", openai.NotFoundError)):
            with self.assertRaises(kind) as caught:
                client.get(path, cast_to=object)
            self.assertTrue(caught.exception.body["message"])


if __name__ == "__main__":
    unittest.main()
