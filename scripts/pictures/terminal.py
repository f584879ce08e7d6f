"""Turns the coloured text of a terminal on standard input into a page of it on standard output."""

import html
import re
import sys

COLOURS = {"30": "#6b7683", "31": "#ff7b72", "32": "#56d38a", "33": "#f2b45c", "34": "#79b8ff", "35": "#c39bff",
           "36": "#56d4dd", "90": "#7d8894"}


def main():
    text, spans = sys.stdin.read(), []
    style = {}
    for part in re.split(r"(\x1b\[[0-9;]*m)", text):
        codes = re.fullmatch(r"\x1b\[([0-9;]*)m", part)
        if codes is None:
            rules = ";".join(f"{key}:{value}" for key, value in style.items())
            spans.append(f'<span style="{rules}">{html.escape(part)}</span>' if rules else html.escape(part))
            continue
        for code in codes[1].split(";"):
            if code in ("", "0"):
                style.clear()
            elif code == "1":
                style["font-weight"] = "700"
            elif code == "2":
                style["opacity"] = ".65"
            elif code in COLOURS:
                style["color"] = COLOURS[code]
    print(f"""<!doctype html><meta charset="utf-8"><style>
html{{background:#0e1217}}
body{{margin:0;padding:26px 30px;color:#dbe2ea;display:inline-block;
font:15px/1.164 "DejaVu Sans Mono",monospace}}
pre{{margin:0;font:inherit}}
</style><pre>{"".join(spans)}</pre>""")


main()
