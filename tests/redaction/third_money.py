"""Documents of the third corpus about money, and what a client sends."""

import re

import make_ids


class Money:
    """Each method returns the object of one document; `call`, the arguments of a call."""

    def payment(self):
        r, who = self.r, self.someone()
        number = self.pan()
        scheme = {"4": "visa", "5": "mastercard", "2": "mastercard"}.get(number[0], "other")
        instrument = self.put({"kind": "card", "scheme": scheme, "bin": re.sub(r"\D", "", number)[:6]}, "PAN", number)
        if r.random() < 0.8:
            self.put(instrument, "CVV")
        instrument["holder"] = self.person(who, "holder") if r.random() < 0.5 else self.mark("PERSON", who.caps, "holder")
        if r.random() < 0.3:
            instrument = self.put(self.put({"kind": "bank_debit", "mandate": f"MND-{self.number(8)}"}, "IBAN", who.iban), "BIC")
            instrument["debtor"] = self.person(who, "debtor")
        return {
            "object": "capture",
            "reference": "pay" + "_" + self.hex(20),
            "amountMinor": r.randint(100, 900000),
            "currency": r.choice(["eur", "gbp", "brl", "pln"]),
            "instrument": instrument,
            "payer": self.put_person({}, who, 0.5),
            "risk": {"score": r.randint(1, 99), "rules": ["velocity_24h", "geo_mismatch"]},
            "shopperIp": self.mark("IP", self.ip(), "shopperIp"),
            "statementText": r.choice(self.words["merchants"]),
            "createdAt": self.stamp(),
            "idempotency": self.uuid(),
        }

    def iso8583(self):
        """Numbered fields: only the standard says what they hold."""
        r, who = self.r, self.someone()
        number, clock = make_ids.pan(r, r.choice(["visa", "mc", "unionpay"])), self.clock().replace(":", "") + "37"
        fields = {
            "0": "0100",
            "2": self.mark("PAN", number, "2"),
            "3": "000000",
            "4": f"{r.randint(100, 99999):012d}",
            "7": self.when().replace("-", "")[4:] + clock,
            "11": self.digits(6),
            "12": clock,
            "18": r.choice(["5411", "5812", "4111"]),
            "22": "051",
            "37": self.number(12),
            "38": self.digits(6),
            "39": "00",
            "41": "TERM" + self.digits(4),
            "42": "MERCH" + self.digits(10),
            "43": f"{r.choice(self.words['merchants'])[:22]:22s}  LEEDS        GB",
            "49": "826",
        }
        form = r.choice(["object", "names", "text"])
        if form == "text":
            return {"mti": "0100", "dump": "\n".join(f"DE{int(k):03d} : {v}" for k, v in fields.items() if k != "0"), "channel": "POS-7"}
        if form == "names":
            return {
                "mti": "0100",
                "primaryAccountNumber": self.mark("PAN", number, "primaryAccountNumber"),
                "processingCode": "000000",
                "stan": fields["11"],
                "rrn": fields["37"],
                "cardholderName": self.mark("PERSON", who.caps, "cardholderName"),
                "acceptor": fields["43"],
                "responseCode": "00",
            }
        return {"message": fields, "bitmap": self.hex(16).upper(), "latencyMs": r.randint(9, 400)}

    def dispute(self):
        who, agent = self.someone(), self.someone()
        story = self.fill_as(who, agent, self.turn("dispute", self.prose["disputes"]))
        return {
            "disputeRef": f"CB{self.number(9)}",
            "reasonCode": self.r.choice(["10.4", "13.1", "4853", "F29"]),
            "card": self.put({}, "PAN"),
            "filedBy": self.person(who, "filedBy"),
            "narrative": story,
            "analyst": self.mark("EMAIL", agent.email, "analyst"),
            "evidenceDue": self.when(),
            **self.plain_fields(2),
        }

    def statement(self):
        r, who = self.r, self.someone()
        if r.random() < 0.4:
            return self.statement_text(who)
        rows = []
        for _ in range(r.randint(3, 6)):
            row = {"booked": self.when(), "value": f"{'-' if r.random() < 0.6 else ''}{self.amount()}", "ref": f"EREF+{self.number(10)}"}
            other = self.someone()
            if r.random() < 0.5:
                row["party"] = self.person(other, "party")
                self.put(row, "IBAN", other.iban)
                row["purpose"] = self.fill_as(
                    other,
                    who,
                    self.turn(
                        "purpose",
                        [
                            "Miete Wohnung 4 OG {p.family}",
                            "Rent May, thanks {d.given}",
                            "loyer octobre",
                            "Geschenk für {q.given}",
                            "alquiler plaza garaje",
                            "CUOTA CLUB",
                            "zwrot za bilety {p.given}",
                        ],
                    ),
                )
            else:
                row["party"] = r.choice(self.words["merchants"])
            rows.append(row)
        owner = self.put(self.put({}, "PERSON", who.full), "IBAN", who.iban)
        return {"account": self.put(owner, "BIC"), "opening": self.amount(), "entries": rows, "closing": self.amount()}

    def statement_text(self, who):
        """SWIFT MT940: tags, and free text behind `?` codes."""
        account = self.mark("IBAN", who.iban.replace(" ", ""))
        lines = [":20:STARTUMSE", f":25:{account}", ":28C:00042/001", f":60F:C261005EUR{self.amount().replace('.', ',')}"]
        for _ in range(self.r.randint(2, 4)):
            other = self.someone()
            lines += [
                f":61:2610061006D{self.amount(900).replace('.', ',')}N051NONREF",
                f":86:105?00SEPA-LASTSCHRIFT?20EREF+{self.number(8)}?21Beitrag Mai?30{self.mark('BIC', self.of('BIC'))}"
                f"?31{self.mark('IBAN', other.iban.replace(' ', ''))}?32{self.person(other)}",
            ]
        return {"format": "MT940", "statement": "\r\n".join([*lines, f":62F:C261007EUR{self.amount().replace('.', ',')}", "-"])}

    # -------------------------------------------------------------------------- what a client sends
    def call(self):
        who = self.someone()
        forms = [
            lambda: {"table": "guests", "values": self.put_person({}, who, 0.9)},
            lambda: {"query": self.fill("SELECT id, total FROM orders WHERE email = '{p.email}' AND phone = '{p.phone}' LIMIT 5")},
            lambda: {
                "to": [self.mark("EMAIL", who.email, "to")],
                "subject": "Your booking",
                "body": self.fill_as(
                    who,
                    self.someone(),
                    "Dear {p},\n\nyour table is booked under {p.family}. Call us on {d.phone} if you are late.\n\nBest, {d.given}",
                ),
            },
            lambda: {
                "summary": "Call back",
                "attendees": [
                    {"email": self.mark("EMAIL", x.email, "email"), "displayName": self.person(x, "displayName")} for x in (who, self.someone())
                ],
            },
            lambda: {"sql": self.fill("UPDATE staff SET iban = '{p.iban}' WHERE email = '{p.email}' -- for {p}")},
            lambda: {"filter": {"and": [{"field": self.key(who.nid_kind), "eq": self.mark(who.nid_kind, who.nid)}, {"field": "active", "eq": True}]}},
        ]
        return self.turn("call", forms)()
