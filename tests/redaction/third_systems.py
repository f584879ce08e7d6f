"""Documents of the third corpus that machines write: logs, traces, settings and commands, with what slips into them."""

import base64


class Systems:
    """Each method returns the text of one document."""

    # -------------------------------------------------------------------------- logs
    def jsonlog(self):
        r, lines = self.r, []
        for _ in range(r.randint(3, 6)):
            who = self.someone()
            event = r.choice(
                [
                    lambda: {"msg": "login ok", "usr": self.mark("EMAIL", who.email, "usr"), "remote": self.mark("IP", self.ip(), "remote")},
                    lambda: {"msg": self.fill_as(who, who, "reset mail sent to {p.email}"), "attempt": r.randint(1, 4)},
                    lambda: {
                        "msg": "outbound call",
                        "url": "https://api.partner.invalid/v2/rates",
                        "headers": {"authorization": "Bearer " + self.mark("SECRET", self.secret("any"), "authorization")},
                    },
                    lambda: {
                        "msg": "payload rejected",
                        "payload": self.page.nest(self.put({"amount": 1290}, r.choice(["PAN", "IBAN", "SSN", "MBI"]))),
                    },
                    lambda: {"msg": "cache warm", "keys": r.randint(10, 90000), "ns": r.randint(10**6, 10**9)},
                    lambda: {
                        "msg": "gc pause",
                        "heap_mb": r.randint(100, 4000),
                        "build": f"4.{r.randint(0, 9)}.{r.randint(0, 30)}.{r.randint(0, 900)}",
                    },
                    lambda: {"msg": "sms queued", "to": self.mark("PHONE", who.phone, "to"), "provider": "gw-2", "segments": 1},
                ]
            )()
            lines.append(
                self.page.nest(
                    {"ts": self.stamp(), "level": r.choice(["info", "warn", "debug"]), "logger": "edge.auth", **event, "trace": self.hex(32)}
                )
            )
        return "\n".join(lines)

    def kvlog(self):
        templates = self.machines["kvlog"]
        return "\n".join(self.fill(t) for t in self.r.sample(templates, self.r.randint(4, 7)))

    def access(self):
        templates = self.machines["access"]
        return "\n".join(self.fill(self.r.choice(templates)) for _ in range(self.r.randint(4, 7)))

    def trace(self):
        return self.fill(self.turn("trace", self.machines["trace"]))

    # -------------------------------------------------------------------------- settings
    def env(self):
        lines = self.machines["env settings"]
        secrets = self.machines["env secrets"]
        lines = self.r.sample(lines, 4) + [self.fill(s) for s in self.r.sample(secrets, self.r.randint(3, 6))]
        self.r.shuffle(lines)
        return "\n".join(lines)

    def config(self):
        return self.fill(self.turn("config", self.machines["config"]))

    def cli(self):
        """A command in the arguments of a call."""
        command = self.fill(self.turn("cli", self.machines["cli"]))
        return {"command": command, "cwd": self.r.choice(["/srv/app", "/home/build", "."]), "timeout_ms": 120000}

    def secret(self, kind):
        if kind == "password_url":  # nothing that a shell or a URL would have to escape
            return super().secret("password").translate(str.maketrans({c: "_" for c in "!#$%*+=?&"}))
        if kind == "base64":
            return base64.b64encode(super().secret("password").encode()).decode()
        return super().secret("pem").replace("\n", "\n    ") if kind == "pem_indented" else super().secret(kind)
