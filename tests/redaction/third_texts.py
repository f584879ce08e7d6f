"""Documents of the third corpus that are text: letters, mail, chats, tables, and the formats that systems print."""


class Texts:
    """Each method returns the text of one document."""

    # -------------------------------------------------------------------------- prose
    def letter(self):
        language = self.turn(
            "language",
            [
                "en",
                "de",
                "fr",
                "es",
                "pt",
                "it",
                "nl",
                "pl",
                "sv",
                "tr",
                "en",
                "de",
                "fr",
                "es",
                "pt",
                "it",
                "nl",
                "pl",
                "en",
                "de",
                "ro",
                "ru",
                "el",
                "ja",
            ],
        )
        template = self.turn("letter " + language, self.prose["letters"][language])
        return self.fill(template, self.prose["letter_origins"][language])

    def mail(self):
        return self.fill(self.turn("mail", self.prose["mails"]), self.r.choice([None, "en"]))

    def chat(self):
        return self.fill(self.turn("chat", self.prose["chats"]))

    def ticket(self):
        return self.fill(self.turn("ticket", self.prose["tickets"]))

    # -------------------------------------------------------------------------- tables
    def table(self):
        """Headings, and rows of (type, value) or plain text; a person's cells belong together."""
        r = self.r
        kinds = (
            ["PERSON"]
            + r.sample(["EMAIL", "PHONE", "DOB", "STREET", "CITY"], 2)
            + [self.turn("table", ["NID", "PAN", "IBAN", "NID", "ACCOUNT", "MRN", "IP"])]
        )
        origin = r.choice(["pl", "de", "es", "en", "it", "nl", "fr"] if kinds[-1] == "NID" else [None, None, "de", "pt", "sv"])
        people = [self.someone(origin) for _ in range(r.randint(2, 5))]
        if kinds[-1] == "NID":
            kinds[-1] = people[0].nid_kind
        heads = [self.label(k) for k in kinds]
        rows = []
        for who in people:
            known = {
                "PERSON": r.choice([who.full, who.reversed]) if self.key_style == "upper" else who.full,
                "EMAIL": who.email,
                "PHONE": who.phone,
                "DOB": who.dob,
                "STREET": who.street,
                "CITY": who.city,
                "IBAN": who.iban,
            }
            cells = [(k, known.get(k) or self.of(k)) for k in kinds]
            rows.append([(None, str(r.randint(1, 999))), *cells, (None, self.amount()), (None, r.choice(["paid", "open", "offen", "x"]))])
        return [r.choice(["no", "lfd", "#", "id"]), *heads, r.choice(["total", "saldo", "betrag"]), "state"], rows

    def cell(self, kind, value):
        return self.mark({"STREET": "ADDRESS", "CITY": "ADDRESS"}.get(kind, kind), value) if kind else value

    def csv(self):
        heads, rows = self.table()
        comma = self.r.choice([",", ";", "\t", "|"])
        quoted = lambda cell: self.cell(*cell) if comma not in cell[1] else f'"{self.cell(*cell)}"'
        style = self.r.choice(["_", " ", ""])
        return "\n".join([comma.join(h.replace(" ", style) for h in heads), *(comma.join(map(quoted, row)) for row in rows)])

    def markdown(self):
        heads, rows = self.table()
        lines = [" | ".join(h.title() for h in heads), " | ".join("---" for _ in heads), *(" | ".join(self.cell(*c) for c in row) for row in rows)]
        return self.r.choice(["### Open items\n\n", "Here are the matching rows:\n\n", ""]) + "\n".join(f"| {line} |" for line in lines)

    def fixed(self):
        heads, rows = self.table()
        widths = [max(len(h), *(len(row[i][1]) for row in rows)) + 2 for i, h in enumerate(heads)]
        padded = lambda row: "".join(self.cell(*c) + " " * (w - len(c[1])) for c, w in zip(row, widths)).rstrip()
        rule = "".join("-" * (w - 2) + "  " for w in widths).rstrip()
        return "\n".join(["".join(h.upper().ljust(w) for h, w in zip(heads, widths)).rstrip(), rule, *map(padded, rows), f"({len(rows)} rows)"])

    # -------------------------------------------------------------------------- clinics
    def hl7(self):
        who, kin, doctor = self.someone(), self.someone(), self.someone()
        name = lambda x: self.mark("PERSON", x.family) + "^" + self.mark("PERSON", x.given)
        place = f"{self.mark('ADDRESS', who.street)}^^{self.mark('ADDRESS', who.city)}^^{self.mark('ADDRESS', who.zip)}^{who.country}"
        day = "20261" + self.r.choice("01") + f"{self.r.randint(1, 28):02d}"
        lines = [
            f"MSH|^~\\&|ADT1|STBRIGID|LABSYS|LAB|{day}0830||ADT^A08^ADT_A01|{self.number(7)}|P|2.4",
            f"EVN|A08|{day}0829",
            f"PID|1||{self.mark('MRN', self.of('MRN'))}^^^STB^PI||{name(who)}^^^^L||{self.mark('DOB', who.compact)}|M|||{place}||"
            f"{self.mark('PHONE', who.phone)}^PRN^CP|||S",
            f"NK1|1|{name(kin)}|SPO||{self.mark('PHONE', kin.phone)}",
            f"PV1|1|I|7B^214^2|||| {self.mark('NPI', self.of('NPI'))}^{name(doctor)}^^^DR".replace("| ", "|"),
        ]
        if self.r.random() < 0.5:
            lines.append(f"IN1|1|PPO|DD01|Delta Dental Plan||||GRP-{self.digits(4)}|||||||{name(who)}|SEL|{self.mark('DOB', who.compact)}")
        if self.r.random() < 0.5:
            lines += ["OBX|1|NM|2345-7^Glucose^LN||104|mg/dL|70-99|H|||F", f"NTE|1||Phoned to {self.person(kin)}, read back"]
        return "\r".join(lines)

    def claim(self):
        """X12 837P: segments end with `~`, elements are split by `*`."""
        r, who, doctor, other = self.r, self.someone("en"), self.someone(), self.someone("en")
        person = lambda x: f"{self.mark('PERSON', x.family.upper())}*{self.mark('PERSON', x.given.upper())}"
        member = self.mark("MBI", self.of("MBI").replace("-", ""))
        day = "2026" + f"{r.randint(1, 10):02d}{r.randint(1, 28):02d}"
        segments = [
            f"ISA*00*          *00*          *ZZ*SUBMIT7        *ZZ*PAYER01        *261006*0830*^*00501*{self.number(9)}*0*P*:",
            f"ST*837*{self.digits(4)}*005010X222A1",
            f"BHT*0019*00*{self.number(6)}*{day}*0830*CH",
            f"NM1*85*2*STONE HARBOR MEDICAL GROUP*****XX*{self.mark('NPI', self.of('NPI'))}",
            f"N3*{self.mark('ADDRESS', other.street.upper())}",
            f"REF*EI*{self.mark('EIN', self.of('EIN').replace('-', ''))}",
            f"PER*IC*{self.mark('PERSON', other.caps)}*TE*{self.mark('PHONE', '503555' + '01' + self.digits(2))}",
            f"NM1*IL*1*{person(who)}****MI*{member}",
            f"N3*{self.mark('ADDRESS', who.street.upper())}",
            f"N4*{self.mark('ADDRESS', who.city.upper())}**{self.mark('ADDRESS', who.zip)}",
            f"DMG*D8*{self.mark('DOB', who.compact)}*F",
            f"REF*SY*{self.mark('SSN', self.of('SSN').replace('-', ''))}",
            "NM1*PR*2*GILT PAGE INSURANCE*****PI*60054",
            f"CLM*{self.mark('MRN', self.of('MRN'))}*{self.amount(900)}***11:B:1*Y*A*Y*Y",
            "HI*ABK:E119*ABF:I10",
            f"NM1*82*1*{person(doctor)}****XX*{self.mark('NPI', self.of('NPI'))}",
            f"SV1*HC:99213*{self.amount(200)}*UN*1***1",
            f"DTP*472*D8*{day}",
            f"SE*18*{self.digits(4)}",
        ]
        return "~\n".join(segments) + "~" if r.random() < 0.5 else "~".join(segments) + "~"

    # -------------------------------------------------------------------------- markup
    def sepa(self):
        """ISO 20022 credit transfers."""
        payer, out = self.someone("de"), []
        bare = lambda x: self.mark("IBAN", x.iban.replace(" ", ""))
        for _ in range(self.r.randint(1, 3)):
            to = self.someone()
            out.append(
                f'<CdtTrfTxInf><PmtId><EndToEndId>E-{self.number(8)}</EndToEndId></PmtId><Amt><InstdAmt Ccy="EUR">{self.amount()}</InstdAmt></Amt>'
                f"<CdtrAgt><FinInstnId><BIC>{self.mark('BIC', self.of('BIC'))}</BIC></FinInstnId></CdtrAgt><Cdtr><Nm>{self.person(to)}</Nm></Cdtr>"
                f"<CdtrAcct><Id><IBAN>{bare(to)}</IBAN></Id></CdtrAcct><RmtInf><Ustrd>Lohn 10/2026</Ustrd></RmtInf></CdtTrfTxInf>"
            )
        head = f"<GrpHdr><MsgId>{self.hex(20)}</MsgId><CreDtTm>2026-10-06T08:00:00</CreDtTm><NbOfTxs>{len(out)}</NbOfTxs></GrpHdr>"
        return (
            f'<?xml version="1.0"?>\n<CstmrCdtTrfInitn>{head}<PmtInf><Dbtr><Nm>{self.person(payer)}</Nm></Dbtr>'
            + f"<DbtrAcct><Id><IBAN>{bare(payer)}</IBAN></Id></DbtrAcct>"
            + "".join(out)
            + "</PmtInf></CstmrCdtTrfInitn>"
        )

    def ibans(self):
        """A list to be paid, as people paste it."""
        rows = []
        for _ in range(self.r.randint(3, 6)):
            who = self.someone()
            rows.append(f"{self.person(who)}: {self.mark('IBAN', who.iban)} ({self.amount(300)} EUR)")
        return self.r.choice(["Refunds for the cancelled trip:\n", "Rückzahlungen Klassenfahrt\n", "Reembolsos pendientes:\n"]) + "\n".join(
            "- " + row for row in rows
        )

    def xml(self):
        return self.fill(self.turn("xml", self.machines["xml"]))

    def html(self):
        return self.fill(self.turn("html", self.machines["html"]))

    # -------------------------------------------------------------------------- calendars and cards
    def ics(self):
        who, boss = self.someone(), self.someone()
        text = self.fill_as(
            who,
            boss,
            self.turn(
                "event",
                [
                    "Interview with {p.given}, call {p.phone} first",
                    "Kontrolltermin {p.family}, Befund mitbringen",
                    "1:1 {p.given} / {d.given}",
                    "Moving day! New place: {p.street}",
                ],
            ),
        )
        return "\r\n".join(
            [
                "BEGIN:VCALENDAR",
                "VERSION:2.0",
                "PRODID:-//Grant Street//Calendar 4.1//EN",
                "BEGIN:VEVENT",
                f"UID:{self.uuid()}",
                "DTSTAMP:20261006T083000Z",
                "DTSTART:20261012T090000Z",
                f"ORGANIZER;CN={self.person(boss)}:mailto:{self.mark('EMAIL', boss.email)}",
                f'ATTENDEE;CN="{self.person(who)}";PARTSTAT=ACCEPTED:mailto:{self.mark("EMAIL", who.email)}',
                f"SUMMARY:{text}",
                "LOCATION:Bishop Room\\, 2nd floor",
                "END:VEVENT",
                "END:VCALENDAR",
            ]
        )

    def vcard(self):
        cards = []
        for _ in range(self.r.randint(1, 3)):
            who = self.someone()
            cards += [
                "BEGIN:VCARD",
                "VERSION:4.0",
                f"FN:{self.person(who)}",
                f"N:{self.mark('PERSON', who.family)};{self.mark('PERSON', who.given)};;;",
                f"ORG:{self.r.choice(self.words['organisations'])}",
                f"TEL;TYPE=cell:{self.mark('PHONE', who.phone)}",
                f"EMAIL:{self.mark('EMAIL', who.email)}",
                f"ADR;TYPE=home:;;{self.mark('ADDRESS', who.street)};{self.mark('ADDRESS', who.city)};;{self.mark('ADDRESS', who.zip)};{who.country}",
            ]
            if self.r.random() < 0.5:
                cards.append(f"BDAY:{self.mark('DOB', who.compact)}")
            cards.append("END:VCARD")
        return "\r\n".join(cards)
