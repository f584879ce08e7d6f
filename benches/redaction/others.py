"""The other engines that Python can call over a corpus, as findings for the scorers, and the CPU time that took.

    python3 others.py cpex data/corpus.jsonl out/cpex.jsonl
    python3 others.py datafog data/evasion.jsonl out/datafog-evasion.jsonl --mode decoded

cpex is IBM ContextForge's filter (the wheel `cpex-pii-filter`), datafog the wheel `datafog-core`; both are Rust inside.
doc: the whole message as text.  decoded: the engine's own walk over the parsed document, types only.
"""
import argparse
import json
import pathlib
import time

import json_leaves

CPEX_DETECTORS = "ssn bsn credit_card email phone ip_address date_of_birth passport driver_license bank_account medical_record"


def cpex(mode):
    from cpex_pii_filter.pii_filter_rust import PIIDetectorRust
    detector = PIIDetectorRust({f"detect_{k}": True for k in CPEX_DETECTORS.split()} | {
        "default_mask_strategy": "redact", "max_text_bytes": 10485760, "max_nested_depth": 32, "max_collection_items": 4096})
    label = lambda k: str(k).upper()
    if mode == "decoded":
        return lambda doc: [(0, 0, label(k)) for k in detector.process_nested(json.loads(doc), "")[2]]
    return lambda doc: [(x["start"], x["end"], label(k)) for k, found in detector.detect(doc).items() for x in found]


def datafog(mode):
    import datafog_core

    def bounds(span):
        return (span.start, span.end) if hasattr(span, "start") else (span[0], span[1])

    def scan(doc):
        if mode == "decoded":
            result = datafog_core.scan_structured(json.loads(doc))
            return [(0, 0, str(getattr(x, "finding", x).entity_type)) for x in getattr(result, "findings", result)]
        result = datafog_core.scan(doc)
        return [(*bounds(x.codepoint_range), str(x.entity_type)) for x in getattr(result, "findings", result)]
    return scan


if __name__ == "__main__":
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("engine", choices=["cpex", "datafog"])
    ap.add_argument("corpus")
    ap.add_argument("out")
    ap.add_argument("--mode", choices=["doc", "decoded"], default="doc")
    a = ap.parse_args()
    docs, scan = json_leaves.load(a.corpus), {"cpex": cpex, "datafog": datafog}[a.engine](a.mode)
    pathlib.Path(a.out).parent.mkdir(parents=True, exist_ok=True)
    start = time.process_time()
    with open(a.out, "w") as f:
        for d in docs:
            try:
                found = scan(d["doc"])
            except (ValueError, TypeError, OverflowError):      # what an engine cannot take, it does not find
                found = []
            preds = [{"s": s, "e": e, "type": kind, "score": 1} for s, e, kind in found]
            f.write(json.dumps({"id": d["id"], "preds": preds}) + "\n")
    cpu, size = time.process_time() - start, sum(len(d["doc"]) for d in docs)
    print(json.dumps({"engine": a.engine, "documents": len(docs), "bytes": size, "cpu_s": cpu}))
