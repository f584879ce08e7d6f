"""Writes a picture of a screen with 256 colours in place of all: a third of its size, and nobody sees it."""

import struct
import sys
import zlib


def chunks(data):
    at = 8
    while at < len(data):
        length = struct.unpack(">I", data[at:at + 4])[0]
        yield data[at + 4:at + 8], data[at + 8:at + 8 + length]
        at += 12 + length


def unfilter(raw, width, height, size):
    rows, above, at = [], bytearray(width * size), 0
    for _ in range(height):
        kind, row = raw[at], bytearray(raw[at + 1:at + 1 + width * size])
        at += 1 + width * size
        for i in range(len(row)):
            left = row[i - size] if i >= size else 0
            corner = above[i - size] if i >= size else 0
            if kind == 1:
                row[i] = (row[i] + left) & 255
            elif kind == 2:
                row[i] = (row[i] + above[i]) & 255
            elif kind == 3:
                row[i] = (row[i] + (left + above[i]) // 2) & 255
            elif kind == 4:
                guess = left + above[i] - corner
                a, b, c = abs(guess - left), abs(guess - above[i]), abs(guess - corner)
                row[i] = (row[i] + (left if a <= b and a <= c else above[i] if b <= c else corner)) & 255
        rows.append(row)
        above = row
    return rows


def main():
    path = sys.argv[1]
    data = open(path, "rb").read()
    parts = list(chunks(data))
    width, height, depth, kind = struct.unpack(">IIBB", parts[0][1][:10])
    assert depth == 8 and kind in (2, 6), "a picture of 8 bits in RGB"
    size = 3 if kind == 2 else 4
    raw = zlib.decompress(b"".join(body for name, body in parts if name == b"IDAT"))
    pixels = [[bytes(row[i:i + 3]) for i in range(0, len(row), size)] for row in unfilter(raw, width, height, size)]
    counts = {}
    for row in pixels:
        for pixel in row:
            counts[pixel] = counts.get(pixel, 0) + 1
    # The most frequent of each group of like colours, so that a rare one keeps its own.
    groups = {}
    for pixel, count in counts.items():
        group = groups.setdefault(bytes(part >> 4 for part in pixel), [0, pixel])
        group[0] += count
        group[1] = max(group[1], pixel, key=counts.get)
    likes = sorted(groups.values(), reverse=True)[:192]
    often = sorted(counts, key=counts.get, reverse=True)
    palette = list(dict.fromkeys([pixel for _, pixel in likes] + often))[:256]
    nearest = {pixel: i for i, pixel in enumerate(palette)}
    for pixel in often:
        if pixel in nearest:
            continue
        nearest[pixel] = min(range(len(palette)),
                             key=lambda i: sum((a - b) ** 2 for a, b in zip(palette[i], pixel)))
    packed = zlib.compress(b"".join(b"\0" + bytes(nearest[pixel] for pixel in row) for row in pixels), 9)

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    with open(path, "wb") as out:
        out.write(data[:8] + chunk(b"IHDR", head) + chunk(b"PLTE", b"".join(palette))
                  + chunk(b"IDAT", packed) + chunk(b"IEND", b""))


main()
