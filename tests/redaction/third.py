"""A third corpus, by another hand than the first two: a second hold-out.

    python3 third.py --seed 11 --out data          # data/third.jsonl, same line format

Names, streets and numbers come from `lexicon3.json`, letters and conversations from `prose3.json`, and neither from the
lists of the other corpora nor from Faker: 28 origins of names, eight scripts besides Latin, addresses of 33 countries.
Kinds of documents: see MIX. A person stays one person through a document. Labelled are people, mailboxes, telephones,
postal addresses (street, code and town), birthdays, numbers of people and their accounts, public network addresses,
and secrets; not labelled are companies, other dates, private networks, the parts of a card that may be shown, and ids
of rows. A fifth holds nothing to be found.
"""

import argparse
import collections
import pathlib

from make_corpus import write
from third_money import Money
from third_page import verify
from third_quiet import Quiet
from third_records import Records
from third_systems import Systems
from third_texts import Texts
from third_values import Values

OBJECTS = (
    ["lookup"] * 8
    + ["fhir"] * 2
    + ["sql"] * 3
    + ["graphql", "nested"]
    + ["crm"] * 2
    + ["hr"] * 2
    + ["order"] * 2
    + ["kyc"]
    + ["payment"] * 3
    + ["integration"] * 2
    + ["iso8583", "dispute"]
    + ["statement"] * 2
)
TEXTS = (
    ["letter"] * 5
    + ["mail", "chat", "ticket"] * 2
    + ["csv", "markdown", "fixed", "sepa", "ibans", "xml", "html", "ics", "vcard", "claim"]
    + ["hl7"] * 2
)
SYSTEMS = ["jsonlog", "kvlog", "access", "trace"] + ["env", "config"] * 2
MIX = OBJECTS + TEXTS + SYSTEMS + ["call", "cli", "cli"] + ["neg"] * 17
FILES = {"env": ".env", "config": "settings", "ics": "invite.ics", "vcard": "people.vcf", "csv": "export.csv", "sepa": "pain001.xml"}


class Third(Systems, Records, Money, Texts, Quiet, Values):
    """Documents of one seed, each as a message of the protocol."""

    def result(self, content, **rest):
        return {"jsonrpc": "2.0", "id": self.r.randint(1, 9000), "result": {"content": content, **rest}}

    def carry_object(self, body):
        r = self.r
        text = {"type": "text", "text": self.page.nest(body, **({"indent": 2} if r.random() < 0.3 else {}))}
        return self.result([text], structuredContent=body) if r.random() < 0.4 else self.result([text], isError=False)

    def carry_text(self, bucket, body):
        r, uri = self.r, f"file:///srv/share/{self.digits(3)}/{FILES.get(bucket, 'note.txt')}"
        if bucket in FILES and r.random() < 0.5:
            return {"jsonrpc": "2.0", "id": r.randint(1, 9000), "result": {"contents": [{"uri": uri, "mimeType": "text/plain", "text": body}]}}
        if bucket in ("kvlog", "trace") and r.random() < 0.4:
            return {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "error", "logger": "app", "data": body}}
        return self.result([{"type": "text", "text": body}], isError=bucket == "trace")

    def make(self, bucket):
        self.open()
        if bucket in ("call", "cli"):
            arguments = getattr(self, bucket)()
            name = {"cli": "run_command"}.get(bucket) or self.r.choice(["insert_row", "query", "send"])
            return self.page.render(
                {"jsonrpc": "2.0", "id": self.r.randint(1, 9000), "method": "tools/call", "params": {"name": name, "arguments": arguments}}
            )
        body = self.quiet() if bucket == "neg" else getattr(self, bucket)()
        return self.page.render(self.carry_text(bucket, body) if isinstance(body, str) else self.carry_object(body))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--seed", type=int, default=11)
    ap.add_argument("--docs", type=int, default=480)
    ap.add_argument("--out", default="data")
    a = ap.parse_args()
    out = pathlib.Path(a.out)
    out.mkdir(parents=True, exist_ok=True)
    maker, rows = Third(a.seed), []
    for i in range(a.docs):
        bucket = MIX[i % len(MIX)]
        doc, spans = maker.make(bucket)
        assert not (spans and bucket == "neg"), doc
        verify(doc, spans)
        rows.append({"bucket": bucket, "doc": doc, "spans": spans})
    write(out / "third.jsonl", rows)
    buckets = collections.Counter(row["bucket"] for row in rows)
    print(", ".join(f"{name} {n}" for name, n in buckets.items()))


if __name__ == "__main__":
    main()
