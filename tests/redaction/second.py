"""A second corpus, with other key names, other templates and other documents than `corpus.py`: the hold-out.

    python3 second.py --seed 7 --out data          # data/second.jsonl, same line format

Nobody tunes detectors to it: what they find here is what they find where nobody looked. Documents: CRM exports, HR
files, invoices, FHIR-like bundles, HL7 v2 segments, bank statements, CSV in text, support tickets, e-mail threads,
clinical notes, CI logs; a fifth holds nothing sensitive. Text is not ASCII: offsets are in characters.
"""
import argparse
import json
import pathlib
import re
from random import Random

from faker import Faker

import credentials
import make_ids
from corpus import Doc, Maker
from make_corpus import write

HERE = pathlib.Path(__file__).parent
LOCALES = ["en_US", "en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL", "pt_BR", "sv_SE", "en_IN"]
DOMAINS = ["example.com", "example.net", "kliniek.example.org", "mail.acme.example", "uni.example.edu"]
# Half of it records under keys, a fifth without values, as in the first corpus: the two differ in words, not in their mix.
MIX = (["record"] * 4 + ["crm", "hr"] * 2 + ["invoice", "fhir", "statement", "ticket", "mail", "note", "ci", "csv", "hl7"]
       + ["neg"] * 4)


class Second(Maker):
    """Values of the first corpus's kinds, written as other systems write them."""

    def __init__(self, seed):
        super().__init__(seed)
        self.words = json.loads((HERE / "lexicon2.json").read_text())
        self.keys = self.words["keys"]
        self.r = Random(seed * 7919 + 1)
        self.locales = {}
        for locale in sorted(set(LOCALES)):
            self.locales[locale] = Faker(locale)
            self.locales[locale].seed_instance(seed * 31 + sum(map(ord, locale)))

    # -------------------------------------------------------------------------- values
    def local(self):
        return self.locales[self.r.choice(LOCALES)]

    def names(self):
        f = self.local()
        return f.first_name(), f.last_name()

    def person(self):
        first, last = self.names()
        return self.r.choice([f"{first} {last}"] * 4 + [f"{first} {self.r.choice('ABCEGHJKLMRST')}. {last}"])

    def email(self):
        first, last = (re.sub(r"[^a-z]", "", n.lower()) or "kim" for n in self.names())
        r = self.r
        return r.choice([f"{first}.{last}", f"{first[0]}{last}", f"{first}_{last}{r.randint(1, 99)}", last]) + "@" + r.choice(DOMAINS)

    def phone(self):
        r, d = self.r, lambda n: make_ids.draw(self.r, n)
        area = r.choice(["206", "312", "404", "512", "646", "916"])
        return r.choice([f"{area}.{r.randint(200, 999)}.01{d(2)}", f"({area}) {r.randint(200, 999)}-01{d(2)}",
                         f"+1-{area}-{r.randint(200, 999)}-01{d(2)}", f"+44 7700 900{d(3)}", f"+49 (0)89 {d(3)} {d(4)}",
                         f"+33 6 {d(2)} {d(2)} {d(2)} {d(2)}", f"+34 9{d(2)} {d(3)} {d(3)}", f"+31 20 {d(3)} {d(4)}",
                         f"+48 {r.randint(500, 799)} {d(3)} {d(3)}", f"+46 8-{d(3)} {d(2)} {d(2)}", f"+55 11 9{d(4)}-{d(4)}"])

    def dob(self):
        r = self.r
        y, m, d = r.randint(1938, 2007), r.randint(1, 12), r.randint(1, 28)
        return r.choice([f"{y}-{m:02d}-{d:02d}", f"{d:02d}/{m:02d}/{y}", f"{d}.{m}.{y}", f"{m}/{d}/{y}", f"{d:02d}-{m:02d}-{y}"])

    def street(self):
        return self.local().street_address().replace("\n", ", ")

    def account(self):
        return make_ids.draw(self.r, self.r.choice([9, 10, 11]))

    def secret(self):
        return self.value(self.r.choice(self.words["secrets"]))

    def of(self, kind):
        if kind == "SECRET":
            return self.secret()
        if kind in credentials.GENERATORS:
            return self.value(kind)
        return self.value(self.field_of[kind][1]) if kind in self.field_of else self.value(kind)

    # -------------------------------------------------------------------------- pieces
    def put(self, doc, kind, record, key=None, number=False):
        """Puts a value of a kind into a record, under a key of the kind."""
        key = key or self.r.choice(self.keys[kind])
        if key not in record:
            value = self.of(kind)
            record[key] = doc.mark(kind, value, key, number and value.isdigit() and value[0] != "0")
        return record

    def shuffled(self, record):
        items = list(record.items())
        self.r.shuffle(items)
        return dict(items)

    def harmless(self, n):
        r, hx, dg = self.r, self.hex, lambda k: make_ids.draw(self.r, k)
        pool = {
            "RecordTypeId": lambda: "012" + make_ids.draw(r, 15, "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789"),
            "LastModifiedDate": lambda: f"2026-0{r.randint(1, 9)}-{r.randint(10, 28)}T08:{dg(2)[0]}1:22.000+0000",
            "IsDeleted": lambda: r.random() < .5, "StageName": lambda: r.choice(["Prospecting", "Closed Won", "Negotiation"]),
            "AmountNet": lambda: round(r.uniform(10, 9999), 2), "Currency": lambda: r.choice(["EUR", "USD", "GBP", "SEK"]),
            "costCenter": lambda: f"CC-{dg(4)}", "grade": lambda: r.choice(["L4", "M2", "P3"]), "fte": lambda: r.choice([0.5, 0.8, 1.0]),
            "quantity": lambda: r.randint(1, 40), "unitPrice": lambda: round(r.uniform(1, 900), 2), "vatRate": lambda: 19.0,
            "articleNo": lambda: f"{r.randint(1000, 9999)}-{dg(2)}-{dg(4)}", "resourceVersion": lambda: dg(9),
            "generation": lambda: r.randint(1, 60), "uuid": lambda: f"{hx(8)}-{hx(4)}-4{hx(3)}-a{hx(3)}-{hx(12)}",
            "correlationId": lambda: hx(32), "checksum": lambda: hx(64), "elapsedMs": lambda: r.randint(1, 90000),
            "batchNo": lambda: f"B{dg(6)}", "orderNumber": lambda: "40" + dg(6), "revision": lambda: f"r{dg(3)}",
            "lastSync": lambda: 1759000000 + r.randint(0, 10**7), "warehouse": lambda: r.choice(["HAM-2", "RTM-1", "ORD-5"]),
            "weightKg": lambda: round(r.uniform(.1, 80), 3), "eta": lambda: f"2026-12-{r.randint(10, 28)}", "priority": lambda: r.randint(1, 5),
            "tags": lambda: r.sample(["renewal", "q4", "trial", "emea", "b2b", "vip"], 2), "channel": lambda: r.choice(["web", "phone-in", "store"]),
            "firmware": lambda: f"{r.randint(1, 4)}.{r.randint(0, 20)}.{r.randint(0, 99)}.{r.randint(0, 4000)}",
            "gs1": lambda: "(01)0" + dg(13), "container": lambda: "MSKU" + dg(7), "iata": lambda: r.choice(["YYZ", "LHR", "MUC"]),
        }
        return {k: pool[k]() for k in r.sample(list(pool), n)}

    def record(self, doc, size=0):
        kinds = list(self.keys)
        weights = [self.words["weights"].get(k, 1) for k in kinds]
        record = {}
        for kind in self.r.choices(kinds, weights, k=size or self.r.randint(3, 7)):
            self.put(doc, kind, record, number=self.r.random() < .2)
        return self.shuffled({**record, **self.harmless(self.r.randint(3, 6))})

    def prose(self, doc, template):
        fixed = {"SLASHES": "//", "AT": "@", "H64": self.hex(64)}

        def one(m):
            if m[1] in fixed:
                return fixed[m[1]]
            return doc.mark("SECRET" if m[1] in credentials.GENERATORS else m[1], self.of(m[1]))
        return re.sub(r"\{(\w+)\}", one, template)

    # -------------------------------------------------------------------------- documents: (structured, text)
    def crm(self, doc):
        rows = []
        for _ in range(self.r.randint(1, 3)):
            row = {"attributes": {"type": "Contact", "url": f"/services/data/v62.0/sobjects/Contact/003{self.hex(12)}"}}
            for kind, key in (("PERSON", "Name"), ("EMAIL", "Email"), ("PHONE", "MobilePhone"), ("ADDRESS", "MailingStreet")):
                if self.r.random() < .8:
                    self.put(doc, kind, row, key)
            for kind in self.r.sample(["DOB", "SSN", "IBAN", "PAN", "DE_TAX", "IN_PAN", "IP"], 2):
                self.put(doc, kind, row)
            rows.append({**row, **self.harmless(4)})
        return {"totalSize": len(rows), "done": True, "records": rows}, None

    def hr(self, doc):
        worker = {"workerId": f"W{make_ids.draw(self.r, 6)}", "businessTitle": self.r.choice(["Nurse", "Dispatcher", "Controller"])}
        personal, pay = {}, {}
        first, last = self.names()
        personal["givenName"], personal["familyName"] = doc.mark("PERSON", first, "givenName"), doc.mark("PERSON", last, "familyName")
        for kind in ("DOB", "PHONE", "ADDRESS", self.r.choice(["SSN", "NINO", "SIN", "TFN", "NL_BSN", "PL_PESEL", "SE_PNR", "BE_NRN"])):
            self.put(doc, kind, personal)
        self.put(doc, self.r.choice(["IBAN", "ACCOUNT"]), pay)
        self.put(doc, self.r.choice(["BIC", "ROUTING"]), pay)
        emergency = self.put(doc, "PHONE", self.put(doc, "PERSON", {}, "nextOfKinName"))
        return {**worker, "personalData": personal, "payElection": pay, "emergencyContact": emergency, **self.harmless(3)}, None

    def invoice(self, doc):
        buyer = self.put(doc, "ADDRESS", self.put(doc, "EMAIL", self.put(doc, "PERSON", {}, "billToName")))
        card = self.put(doc, "CVV", self.put(doc, "PAN", {"brand": "visa", "funding": "debit"}))
        lines = [self.harmless(4) for _ in range(self.r.randint(1, 4))]
        bank = self.put(doc, "BIC", self.put(doc, "IBAN", {}))
        paid = {"card": card} if self.r.random() < .5 else {"transfer": bank}
        return {"invoiceNumber": f"RE-2026-{make_ids.draw(self.r, 5)}", "billTo": buyer, "lines": lines, "payment": paid,
                "totals": {"net": 1204.5, "vat": 228.86, "gross": 1433.36}}, None

    def fhir(self, doc):
        first, last = self.names()
        patient = {"resourceType": "Patient", "id": self.hex(8), "gender": self.r.choice(["female", "male"]),
                   "identifier": [{"use": "usual", "type": {"text": "Medical record number"},
                                   "system": "urn:oid:1.2.36.146.595.217.0.1", "value": doc.mark("MRN", make_ids.mrn(self.r), "value")}],
                   "name": [{"use": "official", "family": doc.mark("PERSON", last, "family"), "given": [doc.mark("PERSON", first, "given")]}],
                   "telecom": [{"system": "phone", "value": doc.mark("PHONE", self.phone(), "value")},
                               {"system": "email", "value": doc.mark("EMAIL", self.email(), "value")}],
                   "birthDate": doc.mark("DOB", f"{self.r.randint(1938, 2007)}-0{self.r.randint(1, 9)}-1{self.r.randint(0, 9)}", "birthDate"),
                   "address": [{"line": [doc.mark("ADDRESS", self.street(), "line")], "country": "DE"}]}
        observation = {"resourceType": "Observation", "status": "final", "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
                       "valueQuantity": {"value": 13.1, "unit": "g/dL"}, "effectiveDateTime": "2026-08-04T09:30:00Z"}
        if self.r.random() < .5:
            patient["identifier"].append({"system": "http://hl7.org/fhir/sid/us-ssn", "value": doc.mark("SSN", make_ids.ssn(self.r), "value")})
        return {"resourceType": "Bundle", "type": "searchset", "total": 2,
                "entry": [{"resource": patient}, {"resource": observation}]}, None

    def statement(self, doc):
        owner = self.put(doc, "IBAN", self.put(doc, "PERSON", {}, "accountHolderName"), "iban")
        rows = []
        for _ in range(self.r.randint(2, 5)):
            row = {"bookingDate": f"2026-10-{self.r.randint(10, 30)}", "amount": round(self.r.uniform(-900, 900), 2), "endToEndId": "NOTPROVIDED"}
            if self.r.random() < .7:
                self.put(doc, "IBAN", self.put(doc, "PERSON", row, "counterpartyName"), "counterpartyIban")
            else:
                row["remittance"] = f"Card payment {self.r.randint(1000, 9999)} supermarket HAM-2 {make_ids.draw(self.r, 6)}"
            rows.append(row)
        return {"account": owner, "transactions": rows, "closingBalance": 3120.44}, None

    def ticket(self, doc):
        body = "\n\n".join(self.prose(doc, t) for t in self.r.sample(self.words["tickets"], self.r.randint(1, 3)))
        if self.r.random() < .5:
            return None, body
        requester = self.put(doc, "EMAIL", self.put(doc, "PERSON", {}, "requester_name"))
        return {"ticket": {"id": self.r.randint(1000, 99999), "status": "open", "requester": requester, "comment": body}}, None

    def mail(self, doc):
        return None, "\n\n----\n\n".join(self.prose(doc, t) for t in self.r.sample(self.words["mails"], self.r.randint(1, 3)))

    def note(self, doc):
        return None, "\n".join(self.prose(doc, t) for t in self.r.sample(self.words["notes"], self.r.randint(1, 3)))

    def ci(self, doc):
        return None, "\n".join(self.prose(doc, t) for t in self.r.sample(self.words["ci_logs"], self.r.randint(3, 5)))

    def csv(self, doc):
        kinds = ["PERSON", "EMAIL", self.r.choice(["PHONE", "DOB"]), self.r.choice(["SSN", "PAN", "IBAN", "NINO", "CPF"])]
        header = ["order"] + [self.r.choice(self.keys[k]) for k in kinds] + ["total"]
        rows = [[f"40{make_ids.draw(self.r, 6)}"] + [doc.mark(k, self.of(k)) for k in kinds] + [f"{self.r.uniform(1, 900):.2f}"]
                for _ in range(self.r.randint(2, 6))]
        return None, "\n".join(";".join(row) for row in [header, *rows])

    def hl7(self, doc):
        first, last = self.names()
        pid = ["PID", "1", "", doc.mark("MRN", make_ids.mrn(self.r)) + "^^^HOSP^MR", "", doc.mark("PERSON", f"{last}^{first}"), "",
               doc.mark("DOB", f"{self.r.randint(1938, 2007)}{self.r.randint(1, 12):02d}{self.r.randint(1, 28):02d}"), "F", "", "",
               doc.mark("ADDRESS", self.street()) + "^^^^", "", doc.mark("PHONE", self.phone()), "", "", "", "", "",
               doc.mark("SSN", make_ids.ssn(self.r))]
        return None, "\r".join(["MSH|^~\\&|LAB|HOSP|EHR|HOSP|20261002112031||ORU^R01|MSG00441|P|2.5.1", "|".join(pid),
                                "OBX|1|NM|718-7^HGB^LN||13.1|g/dL|12.0-16.0|N|||F"])

    def negative(self):
        r = self.r
        note = "\n\n".join(t.format(H64=self.hex(64), H40=self.hex(40), H16=self.hex(16), E13=make_ids.draw(r, 13))
                           for t in r.sample(self.words["negative_texts"], r.randint(1, 3)))
        return ({"rows": [self.harmless(r.randint(5, 12)) for _ in range(r.randint(2, 5))], "log": note}, None) if r.random() < .5 else (None, note)

    def make(self, bucket):
        doc = Doc()
        if bucket == "neg":
            structured, body = self.negative()
        elif bucket == "record":
            structured, body = {"data": [self.record(doc) for _ in range(self.r.randint(1, 4))]}, None
        else:
            structured, body = getattr(self, bucket)(doc)
        copy = self.r.random()
        content = [{"type": "text", "text": body if body is not None else doc.nest(structured, **({"indent": 1} if copy < .3 else {}))}]
        return doc.render(self.rpc(content, structured if copy < .6 else None))


if __name__ == "__main__":
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--seed", type=int, default=7)
    ap.add_argument("--docs", type=int, default=480)
    ap.add_argument("--out", default="data")
    a = ap.parse_args()
    out = pathlib.Path(a.out)
    out.mkdir(parents=True, exist_ok=True)
    maker, rows = Second(a.seed), []
    for i in range(a.docs):
        bucket = MIX[i % len(MIX)]
        text, spans = maker.make(bucket)
        assert all(0 <= s["s"] < s["e"] <= len(text) for s in spans), "a span lies in its document"
        rows.append({"bucket": bucket, "doc": text, "spans": spans})
    write(out / "second.jsonl", rows)
