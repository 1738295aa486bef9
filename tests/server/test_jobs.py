"""Recordings of servers that share a PostgreSQL: what one took in another one does, with nothing but the database."""
import unittest
from harness import *
from postgres import Postgres
from test_recordings import kill, media_of, upload, wait_for


class Elsewhere(unittest.TestCase):
    def test_another_server_does_what_a_killed_one_took_in(self):
        db = Postgres()
        self.addCleanup(db.end)
        first = Server(env={"REHEARSE_STORE_URL": db.url})
        names = [upload(first, jfk(), keep_media="true"), upload(first, jfk(), question="Why?")]
        self.assertIn("progress", wait_for(first, names[0], ("analysing",)))
        self.assertEqual([f for f in media_of(first) if f.startswith(names[1])], [])  # not in its folder alone
        kill(first)
        began = time.time()
        other = Server(env={"REHEARSE_STORE_URL": db.url})
        try:
            wait_for(other, names[0], ("analysing", "done"))
            while db.ask(f"SELECT attempts FROM job WHERE id = '{names[0]}'") == ["1"]:
                self.assertLess(time.time() - began, 30 * PATIENCE)
                time.sleep(0.2)
            sounding, silent = [wait_for(other, name) for name in names]
            self.assertEqual([sounding["state"], silent["state"]], ["done", "done"])
            self.assertEqual(words(" ".join(p["text"] for p in silent["segments"])), JFK_WORDS)
            self.assertEqual(silent["meta"]["question"], "Why?")
            self.assertEqual(db.ask("SELECT count(*) FROM job"), ["0"])
            kept = [f"{names[0]}.wav"]
            self.assertEqual(settled(lambda: db.ask("SELECT name FROM media"), kept), kept)  # recordings go with their reports
            status, headers, part = other.request("GET", f"/v1/sessions/{names[0]}/media", headers={"Range": "bytes=300000-300011"})
            self.assertEqual((status, len(part), headers["content-range"].split("/")[0]), (206, 12, "bytes 300000-300011"))
            whole = other.request("GET", f"/v1/sessions/{names[0]}/media")[2]
            self.assertEqual((whole[300000:300012], whole[:4]), (part, b"RIFF"))
            self.assertEqual(settled(lambda: media_of(other), []), [])
            self.assertEqual(other.request("DELETE", f"/v1/sessions/{names[0]}")[0], 204)
            self.assertEqual(db.ask("SELECT (SELECT count(*) FROM media) + (SELECT count(*) FROM media_piece)"), ["0"])
        finally:
            self.assertEqual(other.stop(), 0)


if __name__ == "__main__":
    unittest.main()
