"""People of the third corpus: names of many origins, with an address, numbers and accounts of one country each."""

import re
import unicodedata

import make_ids
from checksums import mod97

# What stands behind country and check digits of an IBAN, for countries that `make_ids` does not hold.
IBAN_BODY = {
    **make_ids.IBAN_BODY,
    "AT": "16n",
    "CH": "5n12c",
    "CZ": "20n",
    "DK": "14n",
    "FI": "14n",
    "GR": "7n16c",
    "NO": "11n",
    "PT": "21n",
    "RO": "4a16c",
    "TR": "22n",
}
DAY_FIRST = {
    "GB": "/",
    "IE": "/",
    "FR": "/",
    "ES": "/",
    "PT": "/",
    "BR": "/",
    "IT": "/",
    "AU": "/",
    "MX": "/",
    "CL": "-",
    "AR": "/",
    "BE": "/",
    "ZA": "/",
    "IN": "-",
    "SG": "/",
    "GR": "/",
    "DE": ".",
    "AT": ".",
    "CH": ".",
    "PL": ".",
    "CZ": ".",
    "RO": ".",
    "TR": ".",
    "NO": ".",
    "FI": ".",
    "DK": "-",
    "NL": "-",
}
LANGUAGE = {"GB": "en", "IE": "en", "US": "en", "CA": "en", "AU": "en", "DE": "de", "AT": "de", "FR": "fr", "ES": "es", "MX": "es"}
FOLD = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ı": "i", "æ": "ae", "đ": "d", "Đ": "D"})
HANDLES = ["sunflower", "tabby", "northwind", "kiteflyer", "mossy", "ravenna", "oldharbour"]


def plain(text):
    """The ASCII letters of a name; nothing is left of a name in another script."""
    return re.sub(r"[^A-Za-z]", "", unicodedata.normalize("NFKD", text.translate(FOLD)))


def shaped(r, shape):
    """A digit for each `#`; the first of a group is never 0 where the group begins the text."""
    text = re.sub("#", lambda _: r.choice("0123456789"), shape)
    return r.choice("123456789") + text[1:] if shape[0] == "#" else text


def iban(r, country):
    alphabet = {"n": make_ids.DIGITS, "a": make_ids.UPPER, "c": make_ids.DIGITS + make_ids.UPPER}
    body = "".join(make_ids.draw(r, int(n), alphabet[k]) for n, k in re.findall(r"(\d+)([anc])", IBAN_BODY[country]))
    text = f"{country}{98 - mod97(body + country + '00'):02d}{body}"
    return make_ids.spaced(r, text, range(4, len(text), 4), 0.5)


class Person:
    """One made-up person; every attribute stays the same wherever a document names it again."""

    def __init__(self, r, words, origin=None, sex=None):
        origins = words["origin_weights"]
        origin = origin or r.choices(list(origins), list(origins.values()))[0]
        name = words["people"][origin]
        self.r, self.words = r, words
        self.country = r.choice(name["countries"])
        self.place = words["places"][self.country]
        names = name[{"f": "women", "m": "men"}[sex or r.choice("fm")]]
        self.given, self.family = r.choice(names), r.choice(name["family"])
        script = name.get("own_script", "given family")
        middle = ""
        if origin in ("en", "de", "fr", "it", "nl", "ng") and r.random() < 0.2:
            middle = " " + r.choice([r.choice("ABCDEFGHJKLMNPRSTW") + ".", r.choice([n for n in names if n != self.given])])
        self.full = script.replace("given", self.given + middle).replace("family", self.family)
        self.reversed = f"{self.family}, {self.given}"
        self.caps, self.lower = self.full.upper(), self.full.lower()
        self.born = (r.randint(1934, 2008), r.randint(1, 12), r.randint(1, 28))
        self.dob, self.compact = self.date(), self.iso_born().replace("-", "")
        self.email = self.address_of_mail()
        self.phone = shaped(r, r.choice(self.place["phones"]))
        self.street, (self.city, self.zip, self.postal) = self.line(), self.post()
        self.nid_kind = r.choice(self.place["ids"])
        self.nid = make_ids.GENERATORS[self.nid_kind](r)
        self.iban = iban(r, self.country if self.country in IBAN_BODY else r.choice(["DE", "GB", "IE", "NL", "ES"]))

    def date(self):
        y, m, d = self.born
        if self.r.random() < 0.2 and self.country in LANGUAGE:
            month = self.words["months"][LANGUAGE[self.country]][m - 1]
            return {
                "DE": f"{d}. {month} {y}",
                "AT": f"{d}. {month} {y}",
                "US": f"{month} {d}, {y}",
                "ES": f"{d} de {month} de {y}",
                "MX": f"{d} de {month} de {y}",
            }.get(self.country, f"{d} {month} {y}")
        if self.country == "US":
            return self.r.choice([f"{m:02d}/{d:02d}/{y}", f"{m}/{d}/{y}", f"{m:02d}-{d:02d}-{y}"])
        dot = DAY_FIRST.get(self.country)
        return f"{d:02d}{dot}{m:02d}{dot}{y}" if dot else self.iso_born()

    def iso_born(self):
        return "{}-{:02d}-{:02d}".format(*self.born)

    def address_of_mail(self):
        r, given, family = self.r, plain(self.given).lower(), plain(self.family).lower()
        local = r.choice(HANDLES) + str(r.randint(10, 99))
        if given and family:
            local = r.choice(
                [
                    f"{given}.{family}",
                    f"{given[0]}.{family}",
                    f"{family}{given[0]}",
                    f"{given}_{family}",
                    f"{given}{r.randint(60, 99)}",
                    f"{family}.{given}",
                    f"{given}.{family}+shop",
                    local,
                ]
            )
        return f"{local}@{r.choice(self.words['domains'])}"

    def line(self):
        r = self.r
        parts = {
            "n1": str(r.randint(1, 9)),
            "n2": str(r.randint(2, 98)),
            "n3": str(r.randint(101, 890)),
            "n4": str(r.randint(1001, 9800)),
            "street": r.choice(self.place["streets"]),
            "house": r.choice(["The Old Vicarage", "Rose Cottage", "Larkfield", "2 Mill Barns"]),
        }
        return r.choice(self.place["line"]).format(**parts)

    def post(self):
        r, upper = self.r, make_ids.UPPER
        city, _, state = r.choice(self.place["cities"]).partition("/")
        if self.country == "TR" and state:
            city, state = f"{city}/{state}", ""
        letter, digit = lambda n: make_ids.draw(r, n, "ABEGHJLNPRSTWX"), lambda n: make_ids.draw(r, n)
        codes = {
            "state": state,
            "gbcode": f"{letter(2)}{r.randint(1, 19)} {r.randint(1, 9)}{letter(2)}",
            "eircode": letter(1) + digit(2) + letter(1),
            "province": r.choice(["QC", "BC", "ON", "NB"]),
            "cacode": f"{letter(1)}{digit(1)}{letter(1)} {digit(1)}{letter(1)}{digit(1)}",
            "austate": r.choice(["NSW", "VIC", "WA"]),
            "nlcode": f"{r.randint(1000, 9999)} {make_ids.draw(r, 2, upper[:18])}",
        }
        whole = shaped(r, self.place["postal"].format(city=city, **codes))
        code = whole.replace(city, "", 1) if city != "Singapore" else whole.replace("Singapore ", "")
        code = re.sub(r"^(C\.P\.|〒)|\b(" + "|".join(["QC", "BC", "ON", "NB", "NSW", "VIC", "WA", state or "QC"]) + r")\b", "", code)
        return city, code.strip(" ,"), whole
