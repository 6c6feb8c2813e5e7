"""Mutations of the program that the simulation must catch: each is made alone, built, and simulated until a seed fails.

    python3 Tests/Mutants/mutants.py [NAME…]        make mutants

A mutation is a file of `mutations.txt`: a name, what is broken, the source file, and the text before and after. The
repository is copied, so that nothing here is touched; the table of results is written to docs/mutants.md.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
COPY = ROOT / ".build/mutants"
STEPS = [(1, 40), (41, 160), (201, 300)]  # first seed and how many: 500 in all


def mutations():
    """Name, reason, path, before, after of each mutation."""
    for block in (ROOT / "Tests/Mutants/mutations.txt").read_text().split("\n=== ")[1:]:
        head, before, after = re.split(r"\n<<<\n|\n>>>\n", block.rstrip("\n"), maxsplit=2)
        name, reason, path = head.split("\n")[:3]
        yield name.strip(), reason.strip(), path.strip(), before, after.removesuffix("\n---")


def run(*command, timeout=1500, **more):
    return subprocess.run(command, cwd=COPY, capture_output=True, text=True, timeout=timeout, **more)


def build():
    result = run("swift", "build", "--build-tests")
    return None if result.returncode == 0 else (result.stdout + result.stderr)[-2000:]


def simulate():
    """The seed that failed and what it said; None when all passed."""
    import os
    for first, count in STEPS:
        try:
            result = run("swift", "test", "--disable-xctest", "--skip-build", "--filter", "SimulationTests",
                         env={**os.environ, "SEED": str(first), "SEEDS": str(count), "STOP": "1"})
        except subprocess.TimeoutExpired:
            return f"{first}…", "the simulation does not end"
        if result.returncode == 0:
            continue
        problem = re.search(r"↳ (.*)\n\s*again: make simulate SEEDS=1 SEED=(\d+)", result.stdout + result.stderr)
        return (problem[2], problem[1]) if problem else (f"{first}…", "the program ends with a fault")
    return None


def main(names):
    COPY.mkdir(parents=True, exist_ok=True)
    files = subprocess.run(["git", "ls-files", "-z", "Package.swift", "Sources", "Tests", "Firmware-protocol"], cwd=ROOT, capture_output=True,
                           text=True, check=True).stdout.split("\0")
    for path in [p for folder in ("Sources", "Tests") for p in (COPY / folder).rglob("*") if p.is_file()]:
        if str(path.relative_to(COPY)) not in files:
            path.unlink()  # a file that has moved would be compiled twice
    for name in filter(None, files):
        (COPY / name).parent.mkdir(parents=True, exist_ok=True)
        if not (COPY / name).exists() or (COPY / name).read_bytes() != (ROOT / name).read_bytes():
            shutil.copy2(ROOT / name, COPY / name)
    fault = build()
    if fault:
        sys.exit(f"the program as it is does not build:\n{fault}")
    rows, missed = [], 0
    for name, reason, path, before, after in mutations():
        if names and name not in names:
            continue
        begun = time.monotonic()
        source = (COPY / path).read_text()
        if source.count(before) != 1:
            result = f"the text to change stands {source.count(before)} times in {path}"
            missed += 1
        else:
            (COPY / path).write_text(source.replace(before, after))
            try:
                fault = build()
                caught = None if fault else simulate()
            finally:
                (COPY / path).write_text(source)
            if fault:
                result, missed = f"does not build: {fault[-300:]}", missed + 1
            elif caught:
                result = f"seed {caught[0]}: {caught[1]}"
            else:
                result, missed = "**not caught in 500 seeds**", missed + 1
        rows.append(f"| {name} | {reason} | {result[:160].replace('|', '/')} |")
        print(f"{name}: {result} ({time.monotonic() - begun:.0f} s)", flush=True)
    if not names:
        (ROOT / "docs/mutants.md").write_text(
            "# Mutants\n\nThe simulation must be able to fail. `make mutants` breaks the program in each of these ways, alone, and simulates\n"
            "until a seed catches it, 500 at most.\n\n| mutation | what is broken | caught by |\n| --- | --- | --- |\n"
            + "\n".join(rows) + "\n")
    print(f"{len(rows)} mutations, {missed} not caught")
    sys.exit(1 if missed else 0)


main(sys.argv[1:])
