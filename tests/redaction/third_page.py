"""One document of the third corpus: marked values, and the ways in which servers write JSON.

Some libraries write UTF-8, some escape all that is not ASCII, and some escape slashes as well; a value is written as
the text around it is, at every depth.
"""

import json
import re

from corpus import CLOSE, OPEN, Doc

STYLES = ["utf8"] * 6 + ["ascii"] * 3 + ["slashes"]


class Page(Doc):
    """Collects values as `Doc` does; `style` says how strings are escaped."""

    def __init__(self, style):
        super().__init__()
        self.style = style

    def escape(self, dumped):
        if self.style != "utf8":
            dumped = re.sub(rf"[^\x00-\x7f{OPEN}{CLOSE}]", lambda m: json.dumps(m[0])[1:-1], dumped)
        return dumped.replace("/", "\\/") if self.style == "slashes" else dumped

    def dump(self, obj, **kw):
        return self._numbers(self.escape(json.dumps(obj, ensure_ascii=False, **kw)))

    def nest(self, obj, **kw):
        """Serialises into a string: every marker inside moves one escape level down."""
        return re.sub(rf"{OPEN}(\d+):(\d){CLOSE}", lambda m: f"{OPEN}{m[1]}:{int(m[2]) + 1}{CLOSE}", self.dump(obj, **kw))

    def written(self, value, depth):
        for _ in range(depth):
            value = self.escape(json.dumps(value, ensure_ascii=False)[1:-1])
        return value

    def render(self, obj):
        text = self.dump(obj)
        out, spans, last, pos = [], [], 0, 0
        for m in re.finditer(rf"{OPEN}(\d+):(\d|M){CLOSE}", text):
            kind, value, key = self.values[int(m[1])]
            written = self.written(value, 0 if m[2] == "M" else int(m[2]) + 1)
            out += [text[last : m.start()], written]
            pos += m.start() - last
            spans.append({"s": pos, "e": pos + len(written), "type": kind, "value": value, "key": key})
            pos += len(written)
            last = m.end()
        return "".join(out) + text[last:], spans


def unescaped(text, value):
    """Whether `text` is `value`, or becomes it when JSON escapes are taken off, once or more."""
    for _ in range(6):
        if text == value:
            return True
        try:
            text = json.loads(f'"{text}"', strict=False)
        except ValueError:
            return False
    return False


def verify(doc, spans):
    """Every span holds its value, none overlap, and no value that is more than a word stands outside the spans."""
    end = 0
    for span in spans:
        assert end <= span["s"] < span["e"] <= len(doc), span
        assert unescaped(doc[span["s"] : span["e"]], span["value"]), (doc[span["s"] : span["e"]], span)
        end = span["e"]
    held = [(s["s"], s["e"]) for s in spans]
    for text in {doc[a:b] for a, b in held if b - a > 5 and re.search(r"[\d@ ]", doc[a:b])}:
        for m in re.finditer(rf"(?<![\w\\]){re.escape(text)}(?!\w)", doc):
            assert any(a <= m.start() and m.end() <= b for a, b in held), (text, doc[max(0, m.start() - 40) : m.end() + 20])
