"""Values of the third corpus, keys in the style of one document, and templates in which people keep their identity."""

import datetime
import json
import pathlib
import re
from random import Random

import credentials
import make_ids
from checksums import luhn
from third_page import STYLES, Page
from third_people import Person

HERE = pathlib.Path(__file__).parent
KEY_LANGUAGES = ["en"] * 9 + ["de"] * 3 + ["fr", "es"] * 2 + ["pt", "it", "nl", "pl", "sv"]
KEY_STYLES = ["camel", "camel", "snake", "snake", "kebab", "pascal", "upper", "title"]

# Kinds of keys that are not a country's number for a person or a company.
ELSEWHERE = {"PERSON", "GIVEN", "FAMILY", "EMAIL", "PHONE", "DOB", "STREET", "ZIP", "CITY", "SECRET", "IP", "MAC", "CVV", "PAN", "IBAN", "BIC"}
ELSEWHERE |= {"SSN", "MRN", "NPI", "MBI", "PASSPORT", "ACCOUNT", "ROUTING", "EIN", "DEA", "DL", "VIN", "IMEI"}


def styled(words, style):
    parts = words.split()
    if style == "camel":
        return parts[0] + "".join(w.capitalize() for w in parts[1:])
    return {
        "snake": "_".join(parts),
        "kebab": "-".join(parts),
        "pascal": "".join(w.capitalize() for w in parts),
        "upper": "_".join(parts).upper(),
        "title": " ".join(w.capitalize() for w in parts),
    }[style]


class Values:
    """One seed; `open` begins a document, with its own people, style of keys and style of escapes."""

    def __init__(self, seed):
        self.words = json.loads((HERE / "lexicon3.json").read_text(encoding="utf-8"))
        self.prose = json.loads((HERE / "prose3.json").read_text(encoding="utf-8"))
        self.machines = self.prose["machines"]
        self.r = Random(seed * 104729 + 3)
        self.turns = {}
        self.open()

    def open(self):
        self.page, self.cast, self.names = Page(self.r.choice(STYLES)), {}, {}
        self.moment = datetime.datetime(2026, 1, 5, 7) + datetime.timedelta(self.r.randint(0, 270), self.r.randint(0, 40000))
        self.key_style, self.key_language = self.r.choice(KEY_STYLES), self.r.choice(KEY_LANGUAGES)

    def turn(self, name, items):
        """The next of `items`, round and round, so that each is used."""
        self.turns[name] = self.turns.get(name, -1) + 1
        return items[self.turns[name] % len(items)]

    # -------------------------------------------------------------------------- people and marks
    def someone(self, origin=None, sex=None):
        return Person(self.r, self.words, origin, sex)

    def mark(self, kind, value, key=None, number=False):
        return self.page.mark(kind, value, key, number)

    def person(self, who, key=None):
        return self.mark("PERSON", who.full, key)

    def whole(self, who, between=", ", key=None):
        """Street, code and town, as two values."""
        return self.mark("ADDRESS", who.street, key) + between + self.mark("ADDRESS", who.postal, key)

    def label(self, kind):
        """A name for a kind of value, in the language of this document where that has one."""
        names = self.words["keys"][kind]
        return self.r.choice(names.get(self.key_language, names["en"]) if isinstance(names, dict) else names)

    def key(self, kind):
        """The one key that this document has for a kind of value."""
        return self.names.setdefault(kind, styled(self.label(kind), self.key_style))

    # -------------------------------------------------------------------------- values
    def digits(self, n):
        return make_ids.draw(self.r, n)

    def hex(self, n):
        return make_ids.draw(self.r, n, "0123456789abcdef")

    def ip(self):
        r = self.r
        if r.random() < 0.2:
            network = r.choice(["2a02:8109", "2601:646", "2003:e4"])
            return f"{network}:{self.hex(3).lstrip('0') or 'a'}:{r.randint(1, 9)}::{self.hex(4).lstrip('0') or '7'}"
        return f"{r.choice([24, 62, 78, 81, 93, 109, 177, 188])}.{r.randint(1, 250)}.{r.randint(1, 250)}.{r.randint(1, 250)}"

    def mac(self):
        return self.r.choice([":", "-"]).join(self.hex(2) for _ in range(6))

    def pan(self):
        number = make_ids.pan(self.r, self.r.choice(["visa", "visa", "mc", "mc", "amex", "discover", "jcb", "unionpay", "maestro"]))
        return make_ids.group_pan(number, self.r.choice(["", "", " ", " ", "-"]))

    def passport(self):
        r = self.r
        return r.choice(
            [
                make_ids.us_passport(r),
                self.digits(9),
                r.choice("CFGHJK") + make_ids.draw(r, 8, "0123456789CFGHJKLMNPRTVWXYZ"),
                self.digits(2) + make_ids.draw(r, 2, make_ids.UPPER) + self.digits(5),
            ]
        )

    def licence(self):
        return self.r.choice([make_ids.driver_licence(self.r), "D" + self.digits(3) + "-" + self.digits(4) + "-" + self.digits(4)])

    def of(self, kind):
        own = {
            "PAN": self.pan,
            "IP": self.ip,
            "MAC": self.mac,
            "PASSPORT": self.passport,
            "DL": self.licence,
            "CVV": lambda: self.digits(3),
            "ACCOUNT": lambda: self.digits(self.r.choice([8, 9, 10, 12])),
            "SECRET": lambda: self.secret("any"),
        }
        return own[kind]() if kind in own else make_ids.GENERATORS[kind](self.r)

    def put(self, record, kind, value=None, key=None, number=False):
        """Adds a value under a key of its kind; a place in the lists of keys is not a type (`STREET` is an ADDRESS)."""
        key = key or self.key(kind)
        value = value if value is not None else self.of(kind)
        kind = {"GIVEN": "PERSON", "FAMILY": "PERSON", "STREET": "ADDRESS", "ZIP": "ADDRESS", "CITY": "ADDRESS"}.get(kind, kind)
        record[key] = self.mark(kind, value, key, number and value.isdigit() and value[0] != "0")
        return record

    def put_person(self, record, who, share=0.7):
        """A few of what is known of a person, under keys."""
        r = self.r
        if r.random() < 0.5:
            self.put(record, "PERSON", who.full)
        else:
            self.put(self.put(record, "GIVEN", who.given), "FAMILY", who.family)
        for kind, value in (("EMAIL", who.email), ("PHONE", who.phone), ("DOB", who.dob), ("STREET", who.street)):
            if r.random() < share:
                self.put(record, kind, value)
                if kind == "STREET" and r.random() < 0.6:
                    self.put(record, "ZIP", who.zip)
                    if r.random() < 0.5:
                        self.put(record, "CITY", who.city)
        if r.random() < share:
            self.put(record, who.nid_kind, who.nid, number=r.random() < 0.15)
        if r.random() < share / 3:
            self.put(record, self.turn("more", ["PASSPORT", "DL", "IBAN", "MRN", "IP", "ACCOUNT", "PAN", "IMEI"]))
        return record

    def number_kind(self):
        """A country's number for a person or a company; each in its turn."""
        return self.turn("kind", [k for k in self.words["keys"] if k not in ELSEWHERE])

    # -------------------------------------------------------------------------- secrets
    def secret(self, kind):
        r = self.r
        strong = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
        own = {
            "password": lambda: r.choice(
                [
                    r.choice(["Sommer", "Lisboa", "Tiger", "Zamek", "kitten", "Montblanc"]) + r.choice("!#$%_") + self.digits(4),
                    "-".join(r.sample(["copper", "lantern", "violin", "maple", "orbit", "gravel"], 3)) + self.digits(1),
                    make_ids.draw(r, 14, strong + "!#%*+=?"),
                ]
            ),
            "opaque": lambda: r.choice([self.hex(32), self.hex(40), make_ids.draw(r, 32, strong), credentials.base64_url(r.randbytes(32))]),
            "sendgrid": lambda: "S" + "G." + make_ids.draw(r, 22, credentials.URL_SAFE) + "." + make_ids.draw(r, 43, credentials.URL_SAFE),
            "hugging": lambda: "h" + "f_" + make_ids.draw(r, 34, strong[:-8]),
            "ocean": lambda: "do" + "p_v1_" + self.hex(64),
            "pypi": lambda: "py" + "pi-AgEI" + make_ids.draw(r, 120, credentials.URL_SAFE),
            "storage": lambda: make_ids.draw(r, 86, credentials.STANDARD64) + "==",
            "shop": lambda: "sh" + "pat_" + self.hex(32),
            "totp": lambda: make_ids.draw(r, 32, make_ids.UPPER + "234567"),
        }
        if kind == "any":
            kind = r.choice(
                [
                    "password",
                    "opaque",
                    "opaque",
                    "github",
                    "slack",
                    "stripe",
                    "jwt",
                    "gitlab",
                    "npm",
                    "sendgrid",
                    "hugging",
                    "ocean",
                    "shop",
                    "openai",
                    "anthropic",
                    "google",
                ]
            )
        return own[kind]() if kind in own else credentials.GENERATORS[kind](r)

    # -------------------------------------------------------------------------- what must stay untouched
    def number(self, n):
        """An id of `n` digits that no card could have."""
        while True:
            text = self.r.choice("123456789") + self.digits(n - 1)
            if not luhn(text):
                return text

    def when(self, form="-"):
        """A date; within a document no later date or time is earlier."""
        self.moment += datetime.timedelta(self.r.randint(0, 5))
        if form == "en":
            return f"{self.moment.day} {self.words['months']['en'][self.moment.month - 1]} {self.moment.year}"
        return self.moment.strftime("%Y-%m-%d" if form == "-" else f"%d{form}%m{form}%Y")

    def clock(self):
        self.moment += datetime.timedelta(seconds=self.r.randint(5, 400))
        return self.moment.strftime("%H:%M")

    def stamp(self):
        return self.moment.strftime("%Y-%m-%dT") + self.clock() + self.moment.strftime(":%S.") + self.digits(3) + "Z"

    def uuid(self):
        return f"{self.hex(8)}-{self.hex(4)}-4{self.hex(3)}-b{self.hex(3)}-{self.hex(12)}"

    def amount(self, top=4000):
        return f"{self.r.uniform(3, top):.2f}"

    def plain_fields(self, n):
        r = self.r
        pool = {
            "status": lambda: r.choice(["open", "settled", "PENDING", "archived", "in_review"]),
            "row version": lambda: r.randint(1, 90),
            "created at": self.stamp,
            "updated on": self.when,
            "amount": lambda: float(self.amount()),
            "currency": lambda: r.choice(["EUR", "USD", "PLN", "BRL", "GBP"]),
            "tier": lambda: r.choice(["gold", "basic", "B2"]),
            "trace": lambda: self.hex(32),
            "request id": self.uuid,
            "language": lambda: r.choice(["de", "en-GB", "pt-BR"]),
            "score": lambda: round(r.random(), 4),
            "opted in": lambda: r.random() < 0.5,
            "source": lambda: r.choice(["import", "web form", "partner feed"]),
            "line count": lambda: r.randint(1, 30),
            "locale": lambda: r.choice(["fr_FR", "nl_NL", "en_US"]),
            "checksum": lambda: self.hex(40),
            "department": lambda: r.choice(["Radiology", "Accounts Payable", "Logistik", "Compras"]),
            "branch": lambda: r.choice(["0417", "Nord", "Gare Centrale"]),
            "valid until": self.when,
            "note": lambda: r.choice(["none", "see contract", "second reminder sent", "prefers morning slots"]),
            "product": lambda: r.choice(["Comfort Plus", "Basic 24", "Rose Gold Plan", "Young Saver"]),
            "duration ms": lambda: r.randint(2, 9000),
        }
        return {styled(k, self.key_style): pool[k]() for k in r.sample(list(pool), n)}

    # -------------------------------------------------------------------------- templates
    def role(self, name, origin=None, sex=None):
        if name not in self.cast:
            taken = {who.given for who in self.cast.values()}
            self.cast[name] = next(who for who in iter(lambda: self.someone(origin, sex), None) if who.given not in taken)
        return self.cast[name]

    def fill(self, template, origin=None):
        """A template with its values.

        `%pf qm%` at the start says who is a woman and who a man; `{p}` is a person, `{p.phone}` something of that person, `{PAN}`
        a value, `{!jwt}` a secret, `{&desk}` a shared mailbox, `{~n6}` harmless.
        """
        head = re.match(r"%([a-z ]+)%", template)
        sexes = dict(head[1].split()) if head else {}
        kinds = {
            "street": "ADDRESS",
            "postal": "ADDRESS",
            "city": "ADDRESS",
            "zip": "ADDRESS",
            "phone": "PHONE",
            "email": "EMAIL",
            "dob": "DOB",
            "iban": "IBAN",
            "compact": "DOB",
        }
        harmless = {
            "org": lambda: self.r.choice(self.words["organisations"]),
            "clinic": lambda: self.r.choice(self.words["clinics"]),
            "drug": lambda: self.r.choice(self.words["drugs"]),
            "time": self.clock,
            "amt": self.amount,
            "uuid": self.uuid,
            "hex": lambda: self.hex(24),
            "shop": lambda: self.r.choice(self.words["merchants"]),
            "stamp": self.stamp,
            "min": lambda: f"{self.r.randint(0, 59):02d}",
            "sha": lambda: self.hex(40),
        }

        def one(m):
            word, rest = m[1][0], m[1][1:]
            if word == "~":
                if rest.startswith("date"):
                    return self.when(rest[4:])
                return harmless[rest]() if rest in harmless else self.number(int(rest[1:]))
            if word == "!":
                return self.mark("SECRET", self.secret(rest))
            if word == "&":
                return self.mark("EMAIL", f"{rest}@{self.r.choice(self.words['domains'])}")
            if m[1].isupper():
                return self.mark(m[1], self.of(m[1]))
            name, _, part = m[1].partition(".")
            who = self.role(name, origin if self.r.random() < 0.75 else None, sexes.get(name))
            return self.mark(who.nid_kind if part == "nid" else kinds.get(part, "PERSON"), getattr(who, part or "full"))

        return re.sub(r"\{([\w.!&~/-]+)\}", one, template[head.end() :] if head else template)
