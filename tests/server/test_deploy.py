"""What deploy/ has for service managers: units as systemd reads them, manifests by the schemas of Kubernetes."""
import shutil, unittest
from harness import *
use_packages()
import fastjsonschema, yaml

DEPLOY = os.path.join(ROOT, "deploy")
SCHEMAS = os.path.join(CACHE, "kubernetes-schemas")


class Units(unittest.TestCase):
    def setUp(self):
        self.program = shutil.which("systemd-analyze")
        if not self.program:
            self.skipTest("this machine has no systemd-analyze")

    def analyze(self, name, *words):
        with tempfile.TemporaryDirectory(prefix="rehearse-units-") as folder:
            with open(os.path.join(DEPLOY, name)) as f:
                text = f.read()
            self.assertIn("=/opt/rehearse/rehearse serve", text)
            path = os.path.join(folder, name.replace("@", "@8001"))
            with open(path, "w") as f:
                f.write(text.replace("=/opt/rehearse/rehearse ", f"={binary()} "))
            done = subprocess.run([self.program, *words, path], capture_output=True, text=True, timeout=60)
            said = "\n".join(line for line in (done.stdout + done.stderr).splitlines() if name.partition(".")[0].rstrip("@") in line)
            return done.returncode, said

    def test_systemd_reads_them_without_a_complaint(self):
        for name in ("rehearse.service", "rehearse@.service"):
            code, said = self.analyze(name, "verify", "--man=no")
            self.assertEqual((code, said), (0, ""), name)

    def test_they_are_confined(self):
        for name in ("rehearse.service", "rehearse@.service"):
            code, said = self.analyze(name, "security", "--offline=yes", "--threshold=35", "--no-pager")
            self.assertEqual(code, 0, said)


def manifests():
    for path in sorted(glob.glob(os.path.join(DEPLOY, "kubernetes", "*.yaml"))):
        with open(path) as f:
            yield from yaml.safe_load_all(f)


class Kubernetes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.all = list(manifests())
        cls.of = {m["kind"]: m for m in cls.all}

    def schema(self, kind, api):
        group, _, version = api.rpartition("/")
        name = f"{kind.lower()}-{group.split('.')[0] + '-' if group else ''}{version}.json"
        with open(os.path.join(SCHEMAS, name)) as f:
            schema = json.load(f)
        schema.pop("$id")
        return schema

    def check(self, manifest):
        with open(os.path.join(SCHEMAS, "_definitions.json")) as f:
            definitions = json.load(f)
        definitions.pop("$id")
        fastjsonschema.compile(self.schema(manifest["kind"], manifest["apiVersion"]),
                               handlers={"": lambda _: definitions}, use_default=False)(manifest)

    def test_they_fit_the_schemas(self):
        self.assertEqual(sorted(self.of), ["ConfigMap", "Deployment", "Ingress", "PodDisruptionBudget", "Secret", "Service"])
        for m in self.all:
            self.check(m)
        wrong = json.loads(json.dumps(self.of["Deployment"]))
        wrong["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
        with self.assertRaises(fastjsonschema.JsonSchemaValueException):
            self.check(wrong)

    def test_what_they_name_is_there(self):
        pod = self.of["Deployment"]["spec"]["template"]
        box = pod["spec"]["containers"][0]
        for selector in (self.of["Deployment"]["spec"]["selector"]["matchLabels"], self.of["Service"]["spec"]["selector"],
                         self.of["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]):
            self.assertLessEqual(selector.items(), pod["metadata"]["labels"].items())
        ports = [p["name"] for p in box["ports"]]
        self.assertIn(self.of["Service"]["spec"]["ports"][0]["targetPort"], ports)
        for probe, path in (("livenessProbe", "/live"), ("readinessProbe", "/ready"), ("startupProbe", "/live")):
            self.assertEqual(box[probe]["httpGet"]["path"], path)
            self.assertIn(box[probe]["httpGet"]["port"], ports)
        self.assertEqual({v["name"] for v in pod["spec"]["volumes"]}, {m["name"] for m in box["volumeMounts"]})
        for variable in box["env"]:
            self.assertIn(variable["valueFrom"]["secretKeyRef"]["key"], self.of["Secret"]["stringData"])
        to = self.of["Ingress"]["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
        self.assertEqual((to["name"], to["port"]["name"]),
                         (self.of["Service"]["metadata"]["name"], self.of["Service"]["spec"]["ports"][0]["name"]))

    def test_the_settings_are_settings(self):
        with tempfile.NamedTemporaryFile("w", suffix=".ini") as f:
            f.write(self.of["ConfigMap"]["data"]["rehearse.ini"])
            f.flush()
            env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent",
                   **{v["name"]: self.of["Secret"]["stringData"][v["valueFrom"]["secretKeyRef"]["key"]]
                      for v in self.of["Deployment"]["spec"]["template"]["spec"]["containers"][0]["env"]}}
            done = subprocess.run([binary(), "config", "--config", f.name], capture_output=True, text=True, env=env, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        for line in ("trusted_proxies = 10.0.0.0/8", "store_url = (hidden)", "tokens = (hidden)", "host = 0.0.0.0"):
            self.assertIn(line, done.stdout)


class ClusterFolder(unittest.TestCase):
    """tools/cluster removes what it made, and nothing else, whatever folder it is given."""

    def setUp(self):
        self.top = tempfile.TemporaryDirectory(prefix="rehearse-decoy-")
        self.addCleanup(self.top.cleanup)

    def down(self, folder):
        done = subprocess.run([os.path.join(ROOT, "tools", "cluster"), "--folder", folder, "down"], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def fill(self, *names, mark="tools/cluster made this folder and removes it.\n"):
        folder = os.path.join(self.top.name, "decoy")
        os.mkdir(folder)
        for name in names:
            os.makedirs(os.path.join(folder, os.path.dirname(name)), exist_ok=True)
            with open(os.path.join(folder, name), "w") as f:
                f.write("precious")
        if mark:
            with open(os.path.join(folder, "made-by-tools-cluster"), "w") as f:
                f.write(mark)
        return folder

    def everything(self):
        return sorted(os.path.join(d, f) for d, _, files in os.walk(self.top.name) for f in files)

    def test_what_it_did_not_make_stays(self):
        cases = (dict(names=("db1", "state.json", "dbus-1/system.conf", "debian_version"), mark=None),
                 dict(names=("db1/PG_VERSION", "node1.log"), mark="another\n"),
                 dict(names=("db1/PG_VERSION", "mine.txt")), dict(names=("db10/x",)), dict(names=("node1.log.old",)), dict(names=(".hidden",)))
        for case in cases:
            folder = self.fill(*case["names"], **({"mark": case["mark"]} if "mark" in case else {}))
            before = self.everything()
            code, said = self.down(folder)
            self.assertEqual((code, self.everything()), (1, before), case)
            self.assertIn(folder, said)
            shutil.rmtree(folder)

    def test_links_are_not_followed(self):
        folder = self.fill("db1/PG_VERSION")
        link = os.path.join(self.top.name, "link")
        os.symlink(folder, link)
        before = self.everything()
        self.assertEqual(self.down(link)[0], 1)
        self.assertEqual(self.everything(), before)
        kept = os.path.join(self.top.name, "kept")
        os.mkdir(kept)
        with open(os.path.join(kept, "precious"), "w") as f:
            f.write("x")
        os.symlink(kept, os.path.join(folder, "node1"))
        os.symlink(kept, os.path.join(folder, "db1", "pg_wal"))
        code, said = self.down(folder)
        self.assertEqual((code, os.path.exists(folder), os.listdir(kept)), (0, False, ["precious"]), said)

    def test_what_is_not_there_is_no_trouble(self):
        code, said = self.down(os.path.join(self.top.name, "nowhere"))
        self.assertEqual(code, 0, said)


if __name__ == "__main__":
    unittest.main()
