"""GPUs, as far as a machine without one shows: what is said and taken where CUDA can't be used, which kernels
are built, and that bench/gpu measures the rest."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from program import FIXTURES, ROOT, binary, run

CLIP = os.path.join(FIXTURES, "1688-142285-0002.flac")
LIB = os.path.join(os.path.dirname(binary()), "lib")
HAS_WHISPER = os.path.exists(os.path.join(LIB, "libwhisper.so.1"))
SOURCE = os.path.join(os.environ.get("REHEARSE_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "rehearse"), "whisper.cpp", "src")
INSTANCES = "ggml/src/ggml-cuda/template-instances"


class Cuda(unittest.TestCase):
    """The program beside a library for GPUs that is of no use here."""

    def setUp(self):
        if not HAS_WHISPER:
            self.skipTest("this build has no whisper.cpp")
        self.folder = tempfile.mkdtemp(prefix="rehearse-gpu-")
        self.addCleanup(shutil.rmtree, self.folder)
        os.mkdir(os.path.join(self.folder, "lib"))
        for name in os.listdir(LIB):
            os.symlink(os.path.join(LIB, name), os.path.join(self.folder, "lib", name))
        self.program = shutil.copy(binary(), self.folder)
        self.library = os.path.join(self.folder, "lib", "libggml-cuda.so")

    def compile(self, *options):
        subprocess.run(["cc", "-shared", "-fPIC", "-o", self.library, "-x", "c", os.devnull, *options], check=True)

    def expect(self, reason):
        for engine in ("auto", "whisper.cpp"):
            code, out, err = run("transcribe", "--engine", engine, "--device", "cuda", CLIP, binary_path=self.program)
            self.assertEqual((code, out), (1, ""))
            self.assertRegex(err, "^rehearse: no CUDA here: .*" + reason)
        code, out, err = run("transcribe", CLIP, binary_path=self.program)
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, "[a-z]+ [a-z]+")

    def test_a_build_without_it_says_how_to_get_one(self):
        self.expect("make GPU=cuda")

    def test_a_library_that_cannot_be_loaded_is_named_with_the_reason(self):
        with open(self.library, "w") as f:
            f.write("no library")
        self.expect("libggml-cuda.so: .*driver")

    def test_a_missing_driver_is_named(self):
        absent = os.path.join(self.folder, "libdriver.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-Wl,-soname,libcuda-absent.so.1", "-o", absent, "-x", "c", os.devnull],
                       check=True)
        self.compile("-Wl,--no-as-needed", "-L" + self.folder, "-ldriver")
        self.expect("libcuda-absent.so.1: cannot open")

    def test_a_library_that_sees_no_gpu_says_so(self):
        self.compile()
        self.expect("CUDA_VISIBLE_DEVICES")


class Setup(unittest.TestCase):
    def function(self, name):
        with open(os.path.join(ROOT, "tools", "setup")) as f:
            return re.search(r"(?ms)^%s\(\) \{.*?^\}" % name, f.read()).group(0)

    def test_kernels_are_built_for_the_formats_of_our_files_and_no_others(self):
        if not os.path.exists(os.path.join(SOURCE, INSTANCES)):
            self.skipTest("the source of whisper.cpp is not in the cache")
        with tempfile.TemporaryDirectory() as folder:
            for name in ("CMakeLists.txt", "mmq.cu"):
                shutil.copy(os.path.join(SOURCE, "ggml/src/ggml-cuda", name), folder)
            subprocess.run(["bash", "-ec", self.function("keep_few_formats") + '\nkeep_few_formats "$1"', "-", folder],
                           check=True)
            with open(os.path.join(folder, "mmq.cu")) as f:
                kept = re.findall(r"mul_mat_q_case<GGML_TYPE_(\w+)>", f.read())
            with open(os.path.join(folder, "CMakeLists.txt")) as f:
                self.assertEqual(f.read().count("mmq-instance-q[458]_[01].cu"), 1)
        self.assertEqual(kept, ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"])
        files = [n for n in os.listdir(os.path.join(SOURCE, INSTANCES)) if re.fullmatch(r"mmq-instance-q[458]_[01]\.cu", n)]
        self.assertEqual(len(files), len(kept))

    def test_code_is_built_for_the_gpus_at_hand(self):
        for told, kinds in (("9.0\n9.0\n", "90"), ("8.6\n12.0\n", "120;86"), ("No devices were found\n", "")):
            script = self.function("gpu_kinds") + "\nnvidia-smi() { printf '%s' \"$told\"; }\ngpu_kinds"
            p = subprocess.run(["bash", "-euo", "pipefail", "-c", script], env=dict(os.environ, told=told),
                               capture_output=True, text=True)
            self.assertEqual((p.returncode, p.stdout.strip()), (0, kinds), p.stderr)


class Bench(unittest.TestCase):
    def test_without_a_gpu_the_cpu_is_measured_and_the_rest_named(self):
        folder = os.path.dirname(os.path.abspath(binary()))
        if not os.path.exists(os.path.join(folder, "bench", "engines")):
            self.skipTest("bench/engines is not built")
        p = subprocess.run([sys.executable, os.path.join(ROOT, "bench", "gpu"), "--ready", folder, "--dry", "--only", "jfk"],
                           env=dict(os.environ, PATH="/nonexistent"), capture_output=True, text=True)
        self.assertEqual(p.returncode, 0, p.stderr + p.stdout)
        self.assertRegex(p.stdout, r"(?m)^gpu: none is seen")
        self.assertRegex(p.stdout, r"(?m)^jfk +gpu +not measured: no NVIDIA GPU here$")
        self.assertRegex(p.stdout, r"(?m)^jfk +cpu +model=base .* files=1 .* speed=\d+ .* median_ms=\d+")
