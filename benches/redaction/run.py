"""Every engine over the same corpora in one run: what is found, what else, and at what cost.

    python3 benches/redaction/run.py                  # about ten minutes, most of them Presidio's; writes benches/record
    python3 benches/redaction/run.py --limit 60 --no-record

Builds the crate beside this file (release; the product's lock file is not touched) and sets up `benches/run/redaction` on
the first run. Corpora come from `tests/redaction`, of a seed that is not the one of the tests. Time is process CPU time of
each engine over the whole corpus, without making it ready; findings of peers count from a score of 0.35, Presidio's own
floor. Peers see each message as text (Presidio each leaf, with the words of its key as context: its best), and the
evasion set decoded. "Broken" is the share of touched documents that are no JSON any more: of peers when what they found
is replaced as text, of sluicegate as it writes them.
"""
import argparse
import collections
import datetime
import json
import os
import pathlib
import platform
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TESTS = ROOT / "tests" / "redaction"
VENV = ROOT / "benches" / "run" / "redaction"
WORK = ROOT / "benches" / "run" / "redaction-data"
sys.path.insert(0, str(TESTS))
sys.dont_write_bytecode = True

from labels import types_of  # noqa: E402
from score import load, score  # noqa: E402

MIN_SCORE = 0.35
SETS = ["corpus", "second", "third", "traps", "carriers", "wide", "evasion"]
NAMES = {"sluicegate": "sluicegate", "presidio": "Presidio 2.2.366, default, per leaf", "datadog": "DataDog SDS + 57 rules of ours",
         "cpex": "IBM cpex-pii-filter 0.3.9", "datafog": "datafog-core 0.4.4", "redact": "redact-core 0.12.7"}


def run(*words, **more):
    done = subprocess.run([str(w) for w in words], stdout=subprocess.PIPE, text=True, **more)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{words[0]} failed: {done.stdout[-400:]}")
    return done.stdout


def setup():
    if not (VENV / "bin" / "python").exists():
        run(sys.executable, "-m", "venv", VENV)
        run(VENV / "bin" / "pip", "install", "-q", "-r", HERE / "requirements.txt")
    run("nice", "cargo", "build", "--release", "--locked", "--quiet", cwd=HERE)
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", HERE / "target")) / "release"


def corpora(seed, limit):
    python = VENV / "bin" / "python"
    WORK.mkdir(parents=True, exist_ok=True)
    run(python, TESTS / "make_corpus.py", "--seed", seed, "--out", WORK, cwd=TESTS)
    for script in ("second.py", "third.py"):
        run(python, TESTS / script, "--seed", seed, "--out", WORK, cwd=TESTS)
    for name in SETS if limit else []:
        path = WORK / f"{name}.jsonl"
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:limit]))


def command(engine, name, out, release):
    """How an engine is run over a set."""
    python, corpus = VENV / "bin" / "python", WORK / f"{name}.jsonl"
    is_decoded = name == "evasion"
    if engine == "presidio":
        return [python, HERE / "presidio.py", corpus, out, "--mode", "decoded" if is_decoded else "leaf", "--min-score", MIN_SCORE]
    if engine in ("cpex", "datafog"):
        return [python, HERE / "others.py", engine, corpus, out, "--mode", "decoded" if is_decoded else "doc"]
    return [release / "findings", engine, corpus, out] + (["decoded"] if is_decoded and engine != "sluicegate" else [])


def figures(name, out):
    """The figures of a set of findings."""
    found = collections.defaultdict(list)
    for row in load(out):
        found[row["id"]] += [p for p in row["preds"] if p.get("score", 1) >= MIN_SCORE]
    cases = load(WORK / f"{name}.jsonl")
    if name == "evasion":
        caught = sum(any(c["type"] in types_of(p["type"]) for p in found[c["id"]]) for c in cases)
        return {"caught": caught, "cases": len(cases)}
    t, buckets, _, false = score(cases, found)
    neg = buckets.get("neg", collections.Counter())
    recall, precision = t["leak_ok"] / max(t["gold"], 1), t["hits"] / max(t["preds"], 1)
    return {"leak_recall": recall, "typed_recall": t["typed_ok"] / max(t["gold"], 1), "precision": precision,
            "f2": 5 * recall * precision / max(4 * precision + recall, 1e-9),
            "false_hits_per_kb": 1024 * (neg["preds"] - neg["hits"]) / neg["bytes"] if neg["bytes"] else None,
            "eaten_percent": 100 * t["eaten"] / max(t["clean"], 1), "broken_percent": 100 * t["broken"] / max(t["touched"], 1),
            "buckets": {b: c["leak_ok"] / c["gold"] for b, c in sorted(buckets.items()) if c["gold"]},
            "false_findings": dict(false.most_common(10))}


def measure(engine, release, reuse):
    result = {}
    for name in SETS:
        out, kept = WORK / f"{engine}-{name}.out", WORK / f"{engine}-{name}.json"
        if not (reuse and kept.exists() and engine != "sluicegate"):
            kept.write_text(run(*command(engine, name, out, release), stderr=subprocess.DEVNULL).splitlines()[-1])
        told = json.loads(kept.read_text())
        if engine == "sluicegate":
            corpus = WORK / f"{name}.jsonl"
            own = json.loads(run(release / "sluicegate", "scan", "--score", corpus, "--findings", out, "-o", "json"))
        result[name] = {**figures(name, out), "bytes": told["bytes"], "cpu_s": told["cpu_s"], "mb_s": told["bytes"] / told["cpu_s"] / 1e6}
        if engine == "sluicegate" and name != "evasion":
            redacted = own["redacted"]
            result[name]["redacted"] = redacted
            result[name]["broken_percent"] = 100 * redacted["broken"] / max(redacted["documents"], 1)
        print(engine, name, {k: v for k, v in result[name].items() if isinstance(v, (int, float))}, flush=True)
    return result


def machine():
    info = pathlib.Path("/proc/cpuinfo").read_text() if pathlib.Path("/proc/cpuinfo").exists() else ""
    model = next((line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"


def number(value, digits):
    return "-" if value is None else f"{value:.{digits}f}"


def table(results):
    yield ("| engine | leak recall | typed | precision | F2 | false/KB without data | clean bytes eaten | JSON broken | traps false/KB "
           "| carriers | encoded, of 216 | second corpus: recall, precision | third | MB/s |")
    yield "|" + " --- |" * 14
    for engine, sets in results.items():
        c, two, three, ev = (sets[name] for name in ("corpus", "second", "third", "evasion"))
        yield (f"| {NAMES[engine]} | {c['leak_recall']:.3f} | {c['typed_recall']:.3f} | {c['precision']:.3f} | {c['f2']:.3f} "
               f"| {number(c['false_hits_per_kb'], 2)} | {c['eaten_percent']:.2f} % | {c['broken_percent']:.0f} % "
               f"| {number(sets['traps']['false_hits_per_kb'], 2)} | {sets['carriers']['leak_recall']:.2f} | {ev['caught']} "
               f"| {two['leak_recall']:.3f}, {two['precision']:.3f} "
               f"| {three['leak_recall']:.3f}, {three['precision']:.3f} | {c['mb_s']:.3g} |")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--seed", type=int, default=43)
    ap.add_argument("--limit", type=int, default=0, help="only so many documents of each set: shows that it runs")
    ap.add_argument("--engines", default=",".join(NAMES), help="which, with commas")
    ap.add_argument("--reuse", action="store_true", help="what peers found in the run before, of the same seed")
    ap.add_argument("--no-record", action="store_true")
    a = ap.parse_args()
    release = setup()
    corpora(a.seed, a.limit)
    results = {engine: measure(engine, release, a.reuse) for engine in a.engines.split(",")}
    throughput = run(release / "throughput")
    revision = run("git", "rev-parse", "--short=7", "HEAD", cwd=ROOT).strip()
    words = " ".join(["python3 benches/redaction/run.py", *sys.argv[1:]])
    text = "\n".join([
        "# Redaction beside other engines", "", f"Commit {revision}, {machine()}.", f"Command: `{words}`.", "",
        f"Seed {a.seed}; findings of peers from a score of {MIN_SCORE}; time is process CPU time. Compare inside this file only.", "",
        *table(results), "", "Leak recall by kind of document, sluicegate: " + ", ".join(
            f"{bucket} {share:.2f}" for name in ("corpus", "second", "third") for bucket, share in results["sluicegate"][name]["buckets"].items())
        + "." if "sluicegate" in results else "", "",
        "## Throughput", "", "The least CPU time of rounds in turns. The message is parsed already where that is needed; edits are applied.",
        "", "```text", throughput.rstrip(), "```", ""])
    print(text)
    if not a.no_record:
        stem = ROOT / "benches" / "record" / f"{datetime.date.today()}-{revision}-redaction"
        stem.with_suffix(".md").write_text(text)
        data = {"commit": revision, "machine": machine(), "command": words, "seed": a.seed, "engines": results,
                "throughput": throughput.splitlines()}
        stem.with_suffix(".json").write_text(json.dumps(data, indent=1) + "\n")


if __name__ == "__main__":
    main()
