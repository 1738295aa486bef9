"""Interviews: the plan, a live session that answers one of its questions, what is kept, what goes."""
import unittest
from harness import *
from test_v1 import Session as Live

AD = """Senior Data Engineer (m/f/d)
REQUIREMENTS
You have 3+ years of experience with Apache Kafka and PostgreSQL, good knowledge of data modelling, and enjoy mentoring.
- Experience in stakeholder management
- Python or Scala; experience with dashboards such as Tableau
We offer 30 days of holiday and a 401k. Start: January. GmbH, Berlin."""
CV = "2019 to 2024: built streaming pipelines with Apache Kafka, wrote dashboards. Mentored two juniors."
BANK = {q["id"]: q for f in glob.glob(os.path.join(ROOT, "web", "questions", "*.json")) for q in json.load(open(f))["questions"]}

setUpModule, tearDownModule = one_server(globals())


def make(status=201, **wish):
    got, reply = server.post_json("/v1/interviews", wish)
    assert got == status, (got, reply)
    return reply


def ids(interview):
    return [q["question_id"] for q in interview["plan"]]


class Plans(unittest.TestCase):
    def test_each_length_has_its_kinds_in_order(self):
        kinds = {1: ["behavioural"], 3: ["opening", "behavioural", "role"],
                 5: ["opening", "behavioural", "situational", "role", "closing"],
                 8: ["opening", "behavioural", "role", "situational", "behavioural", "role", "situational", "closing"]}
        for n, wanted in kinds.items():
            i = make(role="nursing", questions=n, client=f"kinds-{n}")
            self.assertEqual((i["role"], i["role_name"], i["questions"]), ("nursing", "Nursing", n))
            self.assertEqual([q["kind"] for q in i["plan"]], wanted)
            self.assertEqual([q["index"] for q in i["plan"]], list(range(n)))
            self.assertEqual(len(set(ids(i))), n)
            for q in i["plan"]:
                b = BANK[q["question_id"]]
                self.assertEqual((q["text"], q["kind"], q["shows"]), (b["text"], b["kind"], b["shows"]))
                self.assertIn(b["role"], ("nursing", "general"))
                self.assertNotIn("model", q)
        general = make(role="general", questions=8, client="kinds-general")  # has no questions of the work
        self.assertEqual(len(general["plan"]), 8)
        self.assertEqual((general["plan"][0]["kind"], general["plan"][-1]["kind"]), ("opening", "closing"))

    def test_the_seed_decides_and_other_interviews_ask_other_questions(self):
        a, b = (make(role="software", questions=5, seed=7, client=f"seed-{k}") for k in "ab")
        self.assertEqual(a["plan"], b["plan"])
        self.assertEqual(a["seed"], 7)
        plans = {tuple(ids(make(role="software", questions=3, seed=s, client=f"seeds-{s}"))) for s in range(6)}
        self.assertGreater(len(plans), 2)
        seen = [ids(make(role="software", questions=5, seed=1, client="same person")) for _ in range(4)]
        for i, plan in enumerate(seen):  # at least four of each of these kinds, so nothing comes again
            for other in seen[:i]:
                self.assertEqual(set(plan) & set(other), set())

    def test_what_is_pasted_is_asked_about(self):
        made = []
        for s in range(8):
            i = make(role="data", questions=3, job_ad=AD, cv=CV, seed=s, client=f"ad-{s}")
            q = [q for q in i["plan"] if "term" in q]
            self.assertEqual(len(q), 1)
            self.assertEqual(q[0]["kind"], "behavioural")
            self.assertIn(q[0]["term"], q[0]["text"])
            self.assertIn("dvertisement", q[0]["text"])
            self.assertEqual(len(q[0]["shows"]), 3)
            made.append(q[0]["term"])
        allowed = {"Apache Kafka", "PostgreSQL", "Python", "Scala", "Tableau", "knowledge of data modelling",
                   "experience in stakeholder management"}
        self.assertLessEqual(set(made), allowed)
        self.assertIn("Apache Kafka", made)
        both = [q for s in range(3) for q in make(role="data", questions=8, job_ad=AD, cv=CV, seed=s, client="again")["plan"] if "term" in q]
        self.assertEqual([q["kind"] for q in both], ["behavioural", "role"] * 3)
        self.assertGreater(len({q["term"] for q in both}), 3)  # not the same again and again
        # What an advertisement speaks of is asked first.
        talk = "You will teach pupils who refuse to work and whose parents complain, and you calm conflicts in the classroom."
        with_ad = [make(role="teaching", questions=5, job_ad=talk, seed=s, client=f"talk-{s}")["plan"] for s in range(5)]
        self.assertTrue(all(not any("term" in q for q in plan) for plan in with_ad))
        hits = [any(w in q["text"].lower() for w in ("pupil", "parent", "class", "conflict", "refuse", "complain")) for plan in with_ad for q in plan if q["kind"] in ("situational", "role")]
        self.assertGreater(sum(hits), 7)

    def test_bad_wishes_name_the_fault(self):
        for wish, status, param, why in (({}, 400, "role", "missing"), ({"role": "pirate"}, 400, "role", "general, support"),
                                         ({"role": 3}, 400, "role", "text"), ({"role": "general", "questions": 4}, 400, "questions", "1, 3, 5 or 8"),
                                         ({"role": "general", "cv": "x" * 20001}, 413, "cv", "20001 characters"),
                                         ({"role": "general", "job_ad": ["x"]}, 400, "job_ad", "text"),
                                         ({"role": "general", "seed": -1}, 400, "seed", "whole number"),
                                         ({"role": "general", "language": "klingon"}, 400, "language", "klingon"),
                                         ({"role": "general", "client": "a\u0001"}, 400, "client", "control")):
            error = make(status, **wish)["error"]
            self.assertEqual(error["param"], param, error)
            self.assertIn(why, error["message"])
        self.assertEqual(server.request("POST", "/v1/interviews", b"[1]")[0], 400)
        self.assertEqual(server.request("POST", "/v1/interviews", b"{")[0], 400)
        self.assertEqual(server.request("POST", "/v1/interviews", b'{"role":"' + b"x" * (600 << 10) + b'"}')[0], 413)
        longest = make(role="general", job_ad="ä" * 20000, cv="\u4e16" * 20000, client="longest")
        self.assertEqual(len(server.get(f"/v1/interviews/{longest['id']}")[1]["cv"]), 20000)
        self.assertEqual(server.get("/v1/interviews/none")[0], 404)
        self.assertEqual(server.request("DELETE", "/v1/interviews/none")[0], 404)
        self.assertEqual(server.get("/v1/interviews?limit=0")[0], 400)


class Kept(unittest.TestCase):
    def test_a_running_answer_goes_with_its_interview(self):
        i = make(role="sales", questions=1, client="bo")
        live = Live("bo-0", server.port, interview=i["id"], question_index=0)
        live.sound(jfk()[:32000])
        self.assertEqual(server.request("DELETE", f"/v1/interviews/{i['id']}")[0], 204)
        eventually(lambda: server.get("/v1/sessions/bo-0")[0] == 404)
        self.assertEqual(server.get(f"/v1/interviews/{i['id']}")[0], 404)

    def test_a_start_that_fits_no_interview_names_its_fault(self):
        i = make(role="sales", questions=3, client="cy")
        for start, why in (({"interview": "none", "question_index": 0}, "POST /v1/interviews"),
                           ({"interview": i["id"], "question_index": 3}, "from 0 to 2"),
                           ({"interview": i["id"]}, "question_index"), ({"question_index": 1}, "interview"),
                           ({"interview": i["id"], "question_index": 0, "follow_up": 3}, "from 0 to 2"),
                           ({"interview": i["id"], "question_index": 0.5}, "whole number")):
            ws = WebSocket(server.port, "/v1/session/cy")
            ws.send({"type": "start", "sample_rate": 16000, **start})
            error = ws.recv()
            self.assertEqual(error["type"], "error")
            self.assertIn(why, error["detail"])
            with self.assertRaises(Closed) as closed:
                ws.recv()
            self.assertEqual(closed.exception.code, 1008)
        self.assertEqual(server.get("/v1/sessions/cy")[0], 404)

    def test_pages_of_the_list(self):
        made = [make(role="hr", questions=1, client="dee")["id"] for _ in range(3)]
        page = server.get("/v1/interviews?client=dee&limit=2")[1]["interviews"]
        self.assertEqual([r["id"] for r in page], made[:0:-1])
        rest = server.get(f"/v1/interviews?client=dee&limit=2&before={page[-1]['created']}")[1]["interviews"]
        self.assertEqual([r["id"] for r in rest], made[:1])


class Restarted(unittest.TestCase):
    """Comes last: it stops the server of the others."""

    def answer(self, interview, name, **start):
        live = Live(name, server.port, interview=interview["id"], **start)
        live.sound(jfk())
        live.ws.send({"type": "finish"})
        return live.until("report")["report"]

    def test_from_the_plan_to_the_answers_and_after_a_restart(self):
        i = make(role="software", questions=3, client="ann", job_ad="You serve your country.\n- Kubernetes\n- Fellow Americans",
                 cv="2019: Kubernetes, Terraform")
        first = self.answer(i, "ann-0", client="ann", question_index=0)
        self.assertEqual((first["question"], first["kind"]), (i["plan"][0]["text"], "opening"))
        self.assertEqual((first["interview"], first["question_index"], first["follow_up"]), (i["id"], 0, 0))
        terms = {t["text"]: t for t in first["job_terms"]["terms"]}
        self.assertTrue({"country", "Kubernetes", "fellow Americans", "Terraform"} <= set(terms), terms)
        self.assertEqual((terms["country"]["times"], terms["fellow Americans"]["times"]), (2, 1))
        self.assertTrue(0 < terms["fellow Americans"]["start"] < terms["country"]["start"] < 11, terms)
        self.assertEqual((terms["Kubernetes"]["from"], terms["Terraform"]["from"]), ("job_ad", "cv"))
        self.assertEqual((terms["Kubernetes"]["times"], "start" in terms["Kubernetes"]), (0, False))
        self.assertTrue(0 < first["job_terms"]["covered"] < 1)
        self.assertIn("- not in this answer: ", server.request("GET", "/v1/sessions/ann-0/report?format=md")[2].decode())
        self.answer(i, "ann-0-1", client="ann", question_index=0, follow_up=1, question="You mentioned a country?", kind="opening")
        running = Live("ann-1", server.port, interview=i["id"], question_index=1, client="ann")
        kept = server.get(f"/v1/interviews/{i['id']}")[1]
        self.assertEqual([[(s["id"], s["state"], s["follow_up"]) for s in q["sessions"]] for q in kept["plan"]],
                         [[("ann-0", "done", 0), ("ann-0-1", "done", 1)], [("ann-1", "live", 0)], []])
        self.assertEqual(kept["plan"][0]["sessions"][1]["question"], "You mentioned a country?")
        self.assertGreater(kept["plan"][0]["sessions"][0]["scores"]["overall"], 0)
        meta = server.get("/v1/sessions/ann-0-1")[1]["meta"]
        self.assertEqual((meta["interview"], meta["question_index"], meta["follow_up"]), (i["id"], 0, 1))
        running.ws.vanish()
        server.stop()
        again = Server("--data-dir", os.path.join(server.data.name, "data"))
        self.addCleanup(again.stop)
        row = next(r for r in again.get("/v1/interviews?client=ann")[1]["interviews"])
        self.assertEqual((row["id"], row["answered"], len(row["plan"])), (i["id"], 1, 3))
        self.assertGreater(row["overall"], 0)
        self.assertNotIn("job_ad", row)
        export = again.get("/v1/export")[1]
        self.assertEqual([len(q["sessions"]) for e in export["interviews"] if e["id"] == i["id"] for q in e["plan"]], [2, 1, 0])
        # Without one of its sessions it is still right.
        self.assertEqual(again.request("DELETE", "/v1/sessions/ann-0")[0], 204)
        kept = again.get(f"/v1/interviews/{i['id']}")[1]
        self.assertEqual([s["id"] for s in kept["plan"][0]["sessions"]], ["ann-0-1"])
        # And with it go all of them.
        self.assertEqual(again.request("DELETE", f"/v1/interviews/{i['id']}")[0], 204)
        for path in (f"/v1/interviews/{i['id']}", "/v1/sessions/ann-0-1", "/v1/sessions/ann-1"):
            self.assertEqual(again.get(path)[0], 404, path)


if __name__ == "__main__":
    unittest.main()
