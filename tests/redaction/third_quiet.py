"""Documents of the third corpus that hold nobody's data: numbers, hashes, capitals and words that are also names."""


class Quiet:
    """`quiet` returns an object or a text without any value to be found."""

    def quiet(self):
        name = self.turn(
            "quiet",
            [
                "build",
                "packages",
                "code",
                "catalogue",
                "metrics",
                "history",
                "cluster",
                "chemistry",
                "headings",
                "offices",
                "software",
                "places",
                "plan",
                "tests",
            ],
        )
        return getattr(self, "quiet_" + name)()

    def fills(self, templates, least, most):
        return "\n".join(self.fill(t) for t in self.r.sample(templates, min(len(templates), self.r.randint(least, most))))

    def release(self):
        return f"{self.r.randint(0, 30)}.{self.r.randint(0, 40)}.{self.r.randint(0, 99)}"

    def quiet_build(self):
        return self.fills(self.machines["build"], 8, 15)

    def quiet_packages(self):
        names = self.machines["packages"]
        rows = [
            {
                "name": n,
                "version": self.release(),
                "integrity": "sha512-" + self.hex(40),
                "license": self.r.choice(["MIT", "Apache-2.0", "BSD-3-Clause"]),
                "downloads": self.r.randint(10, 10**8),
            }
            for n in self.r.sample(names, self.r.randint(4, 8))
        ]
        return {"packages": rows} if self.r.random() < 0.6 else "\n".join(f"{p['name']}@{p['version']} {p['integrity']}" for p in rows)

    def quiet_code(self):
        return self.r.choice(self.machines["code"]) + self.fill("\n// commit {~sha}\n")

    def quiet_catalogue(self):
        items = self.machines["catalogue"]
        rows = [
            {
                "title": t,
                "ean": "40" + self.number(11),
                "partNo": f"{self.hex(3).upper()}-{self.number(5)}-{self.r.randint(10, 99)}",
                "price": float(self.amount(300)),
                "stock": self.r.randint(0, 900),
                "dims": f"{self.r.randint(10, 90)}x{self.r.randint(10, 90)}x{self.r.randint(2, 40)} mm",
                "origin": self.r.choice(["PT", "VN", "IT"]),
                "batch": "L" + self.number(7),
            }
            for t in self.r.sample(items, self.r.randint(3, 6))
        ]
        if self.r.random() < 0.5:
            return {"products": rows, "facets": {"colour": ["Rose", "Brown", "Sandy"], "size": [38, 40, 42]}}
        return "\n".join(f"{p['partNo']}  {p['title']:34s} {p['ean']}  {p['price']:>8.2f}  {p['batch']}" for p in rows)

    def quiet_metrics(self):
        r = self.r
        if r.random() < 0.5:
            return "\n".join(
                f'{n}{{zone="{r.choice(["eu-1", "us-2"])}",le="{r.choice(["0.1", "0.5", "+Inf"])}"}} {r.uniform(0, 10**9):.3f} 17600{self.digits(8)}'
                for n in r.sample(self.machines["metrics"], 5)
            )
        return {
            "series": [
                {"metric": m, "points": [[1760000000 + i * 60, round(r.uniform(0, 99), 4)] for i in range(r.randint(4, 9))], "unit": "ms"}
                for m in r.sample(["p50", "p99", "queue_age", "rss"], 2)
            ],
            "lat": round(r.uniform(-80, 80), 6),
            "lng": round(r.uniform(-170, 170), 6),
            "station": "WX-" + self.number(6),
        }

    def quiet_history(self):
        """Commits by machines only: a person's commit would hold a name."""
        return self.fills(self.machines["history"], 6, 12)

    def quiet_cluster(self):
        rows = [
            {
                "pod": f"{self.r.choice(['checkout', 'address-lookup', 'token-minter', 'iban-check'])}-{self.hex(10)}-{self.hex(5)}",
                "ip": f"10.{self.r.randint(0, 250)}.{self.r.randint(0, 250)}.{self.r.randint(1, 250)}",
                "node": f"ip-172-16-{self.r.randint(1, 90)}-{self.r.randint(1, 250)}.internal",
                "uid": self.uuid(),
                "image": f"registry.invalid/shop/core@sha256:{self.hex(64)}",
                "restarts": self.r.randint(0, 9),
                "serviceAccount": "default",
                "secretName": "db-credentials",
                "resourceVersion": self.number(9),
                "started": self.stamp(),
            }
            for _ in range(self.r.randint(2, 4))
        ]
        return {"items": rows, "kind": "PodList"}

    def quiet_chemistry(self):
        return self.fills(self.machines["chemistry"], 5, 10)

    def quiet_headings(self):
        return self.fills(self.machines["headings"], 3, 6)

    def quiet_offices(self):
        return self.fills(self.machines["offices"], 5, 9)

    def quiet_software(self):
        names = self.machines["software"]
        rows = [
            {
                "app": n,
                "version": f"{self.release()}.{self.r.randint(0, 4000)}",
                "vendor": self.r.choice(self.words["organisations"]),
                "installed": self.when(),
                "bundle": f"com.acme.{self.hex(4)}",
                "licenceType": self.r.choice(["site", "named user"]),
                "seats": self.r.randint(1, 500),
            }
            for n in self.r.sample(names, self.r.randint(3, 7))
        ]
        return {"inventory": rows, "scannedAt": self.stamp()}

    def quiet_places(self):
        stops = self.machines["places"]
        return {
            "stops": [
                {
                    "stop": s,
                    "lat": round(self.r.uniform(30, 60), 6),
                    "lon": round(self.r.uniform(-10, 20), 6),
                    "departs": self.stamp(),
                    "line": f"S{self.r.randint(1, 9)}",
                    "platform": self.r.randint(1, 14),
                }
                for s in self.r.sample(stops, self.r.randint(3, 6))
            ],
            "feed": "gtfs-" + self.number(8),
        }

    def quiet_plan(self):
        return self.fill(self.turn("plan", self.machines["plan"]))

    def quiet_tests(self):
        rows = [
            {
                "case": c,
                "id": self.uuid(),
                "seconds": round(self.r.random(), 3),
                "outcome": self.r.choice(["passed", "skipped"]),
                "seed": int(self.number(9)),
            }
            for c in self.r.sample(self.machines["tests"], 4)
        ]
        return {
            "suite": "account",
            "results": rows,
            "coverage": round(self.r.uniform(60, 99), 2),
            "commit": self.hex(40),
            "runner": f"agent-{self.number(4)}",
        }
