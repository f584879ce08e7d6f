"""Documents of the third corpus that are objects: what registers, clinics, shops and staff systems answer."""

import make_ids

HEALTH_IDS = {
    "US": ("MBI", "http://hl7.org/fhir/sid/us-mbi"),
    "GB": ("NHS", "https://fhir.nhs.uk/Id/nhs-number"),
    "NL": ("NL_BSN", "http://fhir.nl/fhir/NamingSystem/bsn"),
    "FR": ("FR_NIR", "urn:oid:1.2.250.1.213.1.4.8"),
    "IT": ("IT_CF", "http://hl7.it/sid/codiceFiscale"),
    "AU": ("AU_MEDICARE", "http://ns.electronichealth.net.au/id/medicare-number"),
    "SE": ("SE_PNR", "urn:oid:1.2.752.129.2.1.3.1"),
    "DK": ("DK_CPR", "urn:oid:1.2.208.176.1.2"),
}


class Records:
    """Each method returns the object of one document."""

    # -------------------------------------------------------------------------- clinics
    def human_name(self, who, use="official"):
        name = {"use": use, "family": self.mark("PERSON", who.family, "family"), "given": [self.mark("PERSON", who.given, "given")]}
        return {**name, "text": self.person(who, "text")} if self.r.random() < 0.4 else name

    def fhir(self):
        who, kin, doctor = self.someone(), self.someone(), self.someone()
        kind, system = HEALTH_IDS.get(who.country, ("MRN", f"https://{self.r.choice(self.words['domains'])}/fhir/sid/pid"))
        patient = {
            "resourceType": "Patient",
            "id": self.uuid(),
            "meta": {"versionId": str(self.r.randint(1, 9)), "lastUpdated": self.stamp()},
            "identifier": [{"system": system, "value": self.mark(kind, self.of(kind), "value")}],
            "active": True,
            "name": [self.human_name(who)],
            "telecom": [{"system": "phone", "use": "mobile", "value": self.mark("PHONE", who.phone, "value")}],
            "gender": self.r.choice(["female", "male", "other"]),
            "birthDate": self.mark("DOB", who.iso_born(), "birthDate"),
            "address": [
                {
                    "use": "home",
                    "line": [self.mark("ADDRESS", who.street, "line")],
                    "city": self.mark("ADDRESS", who.city, "city"),
                    "postalCode": self.mark("ADDRESS", who.zip, "postalCode"),
                    "country": who.country,
                }
            ],
            "contact": [
                {
                    "relationship": [{"coding": [{"code": "N", "display": "Next-of-Kin"}]}],
                    "name": self.human_name(kin, "usual"),
                    "telecom": [{"system": "phone", "value": self.mark("PHONE", kin.phone, "value")}],
                }
            ],
            "generalPractitioner": [{"reference": "Practitioner/p-7", "display": self.person(doctor, "display")}],
        }
        if self.r.random() < 0.5:
            patient["telecom"].append({"system": "email", "value": self.mark("EMAIL", who.email, "value")})
        entries = [patient]
        if self.r.random() < 0.6:
            entries.append(
                {
                    "resourceType": "Practitioner",
                    "id": "p-7",
                    "name": [self.human_name(doctor)],
                    "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": self.mark("NPI", self.of("NPI"), "value")}],
                }
            )
        entries.append(
            self.r.choice(
                [
                    {
                        "resourceType": "Condition",
                        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "44054006", "display": "Diabetes mellitus type 2"}]},
                        "subject": {"display": self.person(who, "display")},
                        "recordedDate": self.when(),
                    },
                    {
                        "resourceType": "MedicationRequest",
                        "status": "active",
                        "medicationCodeableConcept": {"text": self.r.choice(self.words["drugs"])},
                        "requester": {"display": self.person(doctor, "display")},
                        "authoredOn": self.when(),
                    },
                ]
            )
        )
        return {"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": f"urn:uuid:{self.uuid()}", "resource": e} for e in entries]}

    # -------------------------------------------------------------------------- databases
    def sql(self):
        """A result as columns and rows: the name of a field is far from its values."""
        r = self.r
        extra = {self.number_kind(), r.choice(["PAN", "PAN", "IBAN", "MRN", "ACCOUNT", "SSN", "PASSPORT", "IP", "SECRET"])}
        kinds = r.choice([["PERSON"], ["GIVEN", "FAMILY"]]) + r.sample(["EMAIL", "PHONE", "DOB", "STREET", "ZIP"], r.randint(2, 4)) + sorted(extra)
        columns = [self.key(k) for k in kinds]
        rows = []
        for _ in range(r.randint(2, 5)):
            who = self.someone()
            known = {
                "PERSON": who.full,
                "GIVEN": who.given,
                "FAMILY": who.family,
                "EMAIL": who.email,
                "PHONE": who.phone,
                "DOB": who.iso_born(),
                "STREET": who.street,
                "ZIP": who.zip,
                "IBAN": who.iban.replace(" ", ""),
            }
            cells = {}
            for column, kind in zip(columns, kinds):
                self.put(cells, kind, known.get(kind), column)
            rows.append([r.randint(1, 90000), *[cells[c] for c in columns], self.stamp(), r.choice([None, 0, 1, "A"])])
        names = ["id", *columns, "updated_at", "flag"]
        if r.random() < 0.4:
            return {"rowCount": len(rows), "command": "SELECT", "rows": [dict(zip(names, row)) for row in rows]}
        if r.random() < 0.5:
            names = [{"name": n, "type": "text"} for n in names]
        return {"columns": names, "rows": rows, "elapsed_ms": r.randint(1, 400), "truncated": False}

    def lookup(self):
        """Rows of one register: a few numbers that belong together, under the names of one system."""
        domain, kinds = self.turn(
            "register",
            [
                ("payroll", ["SSN", "ROUTING", "ACCOUNT"]),
                ("providers", ["NPI", "DEA", "PHONE"]),
                ("fleet", ["VIN", "DL", "PHONE"]),
                ("handsets", ["IMEI", "MAC", "IP", "EMAIL"]),
                ("wallet", ["PAN", "CVV", "ZIP"]),
                ("payees", ["IBAN", "BIC", "EMAIL"]),
                ("travellers", ["PASSPORT", "DOB", "PHONE"]),
                ("admissions", ["MRN", "DOB", "NUMBER"]),
                ("taxpayers", ["NUMBER", "NUMBER", "STREET"]),
                ("identities", ["NUMBER", "NUMBER", "EMAIL"]),
                ("vendors", ["EIN", "ACCOUNT", "ROUTING"]),
                ("beneficiaries", ["MBI", "DOB", "SSN"]),
                ("residents", ["NID", "DOB", "STREET", "CITY"]),
            ],
        )
        kinds, rows = [self.number_kind() if k == "NUMBER" else k for k in kinds], []
        for _ in range(self.r.randint(2, 5)):
            who = self.someone()
            known = {"PHONE": who.phone, "EMAIL": who.email, "DOB": who.dob, "ZIP": who.zip, "STREET": who.street, "CITY": who.city, "IBAN": who.iban}
            row = self.put({}, "PERSON", who.full) if self.r.random() < 0.5 else {}
            for kind in kinds:
                if kind == "NID":
                    self.put(row, who.nid_kind, who.nid)
                else:
                    self.put(row, kind, known.get(kind), number=self.r.random() < 0.1)
            items = list({**row, **self.plain_fields(self.r.randint(1, 4))}.items())
            self.r.shuffle(items)
            rows.append(dict(items))
        return {domain: rows, "count": len(rows)}

    def graphql(self):
        edges = []
        for _ in range(self.r.randint(1, 3)):
            who, card = self.someone(), {"__typename": "StoredCard", "network": "VISA"}
            node = self.put_person({"__typename": "Customer", "id": f"gid://shop/Customer/{self.number(9)}"}, who)
            if self.r.random() < 0.5:
                node["paymentMethod"] = self.put(card, "PAN")
            edges.append({"cursor": self.hex(16), "node": {**node, **self.plain_fields(2)}})
        return {
            "data": {"customers": {"edges": edges, "pageInfo": {"hasNextPage": True, "endCursor": self.hex(16)}}},
            "extensions": {"cost": {"requestedQueryCost": 42, "throttleStatus": {"maximumAvailable": 2000.0}}},
        }

    def nested(self):
        """An event whose payload is JSON in a string, which holds JSON in a string."""
        who, other = self.someone(), self.someone()
        inner = {"actor": self.put_person({}, who), "before": {}, "after": self.put({}, self.r.choice(["PAN", "IBAN", "SECRET", "PASSPORT"]))}
        body = {"type": "account.updated", "approvedBy": self.person(other, "approvedBy"), "detail": self.page.nest(inner), **self.plain_fields(2)}
        return {
            "Records": [
                {
                    "messageId": self.uuid(),
                    "eventSource": "aws:sqs",
                    "body": self.page.nest(body),
                    "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "17600" + self.digits(8)},
                }
            ]
        }

    # -------------------------------------------------------------------------- companies
    def crm(self):
        r, records = self.r, []
        for _ in range(r.randint(1, 3)):
            who, agent = self.someone(), self.someone()
            record = {
                "objectType": "contact",
                "properties": {**self.put_person({}, who, 0.8), **self.plain_fields(3)},
                "company": r.choice(self.words["organisations"]),
                "ownerDisplay": self.person(agent, "ownerDisplay"),
            }
            if r.random() < 0.6:
                record["lastActivity"] = self.fill_as(
                    who,
                    agent,
                    self.turn(
                        "activity",
                        [
                            "Call with {p.given}: wants the offer by Friday, cc {d.given}.",
                            "Left voicemail on {p.phone}.",
                            "Rückruf von {p.family}, Thema Wartungsvertrag.",
                            "Sent brochure to {p.street}; {p.given} moves in May.",
                            "{p} asked to be removed from the Rose Club newsletter.",
                            "Reunión con {p} y {q} en la feria.",
                            "Ha richiamato il sig. {p.family}, preferisce e-mail a {p.email}.",
                        ],
                    ),
                )
            records.append(record)
        return {"total": len(records), "results": records, "paging": {"next": {"after": str(r.randint(10, 900))}}}

    def fill_as(self, who, agent, template):
        self.cast = {"p": who, "d": agent}
        return self.fill(template)

    def hr(self):
        r, people = self.r, []
        for _ in range(r.randint(1, 2)):
            who, boss, kin = self.someone(), self.someone(), self.someone()
            worker = {
                "grade": r.choice(["E2", "M1", "IC5"]),
                "jobTitle": r.choice(["Nurse, ICU", "Forklift driver", "Bilanzbuchhalterin", "Chef de rang"]),
                "personal": self.put_person({}, who, 0.9),
                "reportsTo": self.person(boss, "reportsTo"),
                "bank": self.put({}, "IBAN", who.iban) if who.country != "US" else self.put(self.put({}, "ROUTING"), "ACCOUNT"),
                "emergency": {
                    "relation": r.choice(["spouse", "Mutter", "hermana", "partner"]),
                    **self.put(self.put({}, "PERSON", kin.full), "PHONE", kin.phone),
                },
                "hired": self.when(),
                "weeklyHours": r.choice([20, 35, 38.5, 40]),
            }
            if r.random() < 0.4:
                worker["dependants"] = [
                    {"given": self.mark("PERSON", c.given, "given"), "born": self.mark("DOB", c.iso_born(), "born")}
                    for c in (self.someone() for _ in range(2))
                ]
            if r.random() < 0.4:
                worker["review"] = self.fill_as(who, boss, "{p.given} had a strong year; {d.given} proposes a raise of 3.5 %. Next talk in May.")
            people.append(worker)
        return {"workers": people, "effectiveDate": self.when(), "page": 1}

    def order(self):
        r, who = self.r, self.someone()
        to = who if r.random() < 0.6 else self.someone()
        address = lambda x: {
            "fullName": self.person(x, "fullName"),
            "line1": self.mark("ADDRESS", x.street, "line1"),
            "city": self.mark("ADDRESS", x.city, "city"),
            "postCode": self.mark("ADDRESS", x.zip, "postCode"),
            "countryCode": x.country,
        }
        lines = [
            {
                "sku": f"{make_ids.draw(r, 3, 'BKLMRT')}-{self.digits(4)}",
                "title": r.choice(
                    [
                        "Rose water 200 ml",
                        "Oxford shoe, brown, 43",
                        "Bishop sleeve blouse",
                        "Cast-iron pan 28 cm",
                        "Wang & Söhne cello strings",
                        "May flowers puzzle, 1000 pieces",
                    ]
                ),
                "qty": r.randint(1, 4),
                "unit": float(self.amount(200)),
            }
            for _ in range(r.randint(1, 3))
        ]
        order = {
            "orderNo": self.number(10),
            "placedAt": self.stamp(),
            "lines": lines,
            "billTo": address(who),
            "shipTo": address(to),
            "email": self.mark("EMAIL", who.email, "email"),
            "shipping": {"carrier": "DHL", "tracking": "JJD0" + self.number(14)},
        }
        if r.random() < 0.6:
            order["deliveryNote"] = self.fill_as(
                to,
                who,
                self.turn(
                    "delivery",
                    [
                        "please ring twice, ask for {p.given}",
                        "bei {q.family} im Erdgeschoss abgeben",
                        "leave with neighbour {q}, {q.phone}",
                        "si absent, appeler le {p.phone}",
                        "gift for {p.given}, no invoice in the box",
                        "portería, a la atención de {q}",
                    ],
                ),
            )
        return order

    def kyc(self):
        who = self.someone()
        document = (
            self.put({"docType": "passport", "issuer": who.country}, "PASSPORT")
            if self.r.random() < 0.5
            else self.put({"docType": "national id", "issuer": who.country}, who.nid_kind, who.nid)
        )
        checks = [{"list": name, "hits": 0, "checkedAt": self.stamp()} for name in ("UN sanctions", "OFAC SDN", "PEP")]
        return {
            "caseId": f"KYC-{self.number(6)}",
            "applicant": self.put_person({}, who, 1),
            "document": document,
            "checks": checks,
            "device": self.put(self.put({"os": "Android 16"}, "IP"), "IMEI"),
            "reviewer": self.person(self.someone(), "reviewer"),
            **self.plain_fields(2),
        }

    def integration(self):
        """What an administrator's tool answers about connections to other systems."""
        r, items = self.r, []
        keys = {
            "clientSecret": "opaque",
            "apiKey": "any",
            "signingSecret": "opaque",
            "accessToken": "any",
            "refresh_token": "opaque",
            "smtpPassword": "password",
            "privateKey": "pem",
            "bindPassword": "password",
            "totpSeed": "totp",
            "bot_token": "slack",
            "botToken": "any",
            "sasKey": "storage",
            "x-api-key": "opaque",
        }
        for _ in range(r.randint(1, 3)):
            item = {
                "name": r.choice(["billing-sync", "Rose CRM bridge", "payroll feed", "hl7-gateway", "mail relay"]),
                "enabled": True,
                "clientId": self.uuid(),
                "tokenUrl": "https://idp.invalid/oauth2/token",
                "scopes": ["read", "orders:write"],
                "rotatedAt": self.when(),
            }
            for key in r.sample(list(keys), 2):
                item[key] = self.mark("SECRET", self.secret(keys[key]), key)
            if r.random() < 0.5:
                item["dsn"] = f"mysql://sync:{self.mark('SECRET', self.secret('password_url'), 'dsn')}@10.3.0.8:3306/crm?charset=utf8mb4"
            items.append({**item, "ownedBy": self.mark("EMAIL", self.someone().email, "ownedBy")} if r.random() < 0.4 else item)
        return {"connections": items, **self.plain_fields(2)}
