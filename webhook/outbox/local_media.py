"""Small samples of what people send beside words, made here byte by byte: a picture, a voice note, a sticker …

The stand-in for Twilio serves them, so that the console can be tried with attachments, and nobody's photo is in the code.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from functools import cache

_BLOCKS_WIDE, _BLOCKS_HIGH = 20, 15


def sample_of(content_type: str) -> bytes | None:
    """A sample of a content type; None where there is none."""
    make = _SAMPLES.get(content_type)
    return make() if make else None


@cache
def jpeg() -> bytes:
    """A grey hill under a lighter sky, 160 × 120: baseline JPEG with flat blocks of 8 × 8, so only DC values are coded."""
    quantization = b"\xff\xdb" + _sized(b"\x00" + bytes([8]) * 64)
    frame = b"\xff\xc0" + _sized(struct.pack(">BHHB", 8, 8 * _BLOCKS_HIGH, 8 * _BLOCKS_WIDE, 1) + b"\x01\x11\x00")
    # DC: sizes 0 to 10 all have codes of 4 bits. AC: one code of one bit, "end of block".
    dc_codes = b"\xff\xc4" + _sized(b"\x00" + bytes([0, 0, 0, 11] + [0] * 12) + bytes(range(11)))
    ac_codes = b"\xff\xc4" + _sized(b"\x10" + bytes([1] + [0] * 15) + b"\x00")
    scan = b"\xff\xda" + _sized(b"\x01\x01\x00\x00\x3f\x00")
    return b"\xff\xd8" + quantization + frame + dc_codes + ac_codes + scan + _coded(list(_hill())) + b"\xff\xd9"


def _hill() -> Iterator[int]:
    """The shade of each block, from -96 to 96; rows from the top."""
    for row in range(_BLOCKS_HIGH):
        for column in range(_BLOCKS_WIDE):
            crest = 5 + abs(column - 8) * 0.7
            yield -56 + 4 * row if row >= crest else 88 - 6 * row


def _coded(shades: Sequence[int]) -> bytes:
    """Differences of DC values, each as its size and its bits (ITU T.81, F.1.2.1), and an "end of block"."""
    bits, before = "", 0
    for shade in shades:
        difference, before = shade - before, shade
        size = abs(difference).bit_length()
        value = difference if difference > 0 else difference + (1 << size) - 1
        bits += f"{size:04b}" + (f"{value:0{size}b}" if size else "") + "0"
    bits += "1" * (-len(bits) % 8)
    packed = int(bits, 2).to_bytes(len(bits) // 8, "big")
    return packed.replace(b"\xff", b"\xff\x00")


def _sized(payload: bytes) -> bytes:
    return struct.pack(">H", len(payload) + 2) + payload


@cache
def voice_note() -> bytes:
    """Two seconds of silence in Ogg Opus (RFC 7845), as WhatsApp's voice notes are: 100 packets of 20 ms."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 0, 48000, 0, 0)
    vendor = b"ventanilla"
    tags = b"OpusTags" + struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", 0)
    silence = b"\xf8\xff\xfe"
    return _page([head], 0, 0, first=True) + _page([tags], 0, 1) + _page([silence] * 100, 100 * 960, 2, last=True)


def _page(packets: Sequence[bytes], granule: int, number: int, *, first: bool = False, last: bool = False) -> bytes:
    """A page of Ogg (RFC 3533); no packet has more than 254 bytes."""
    kind = 2 * first + 4 * last
    lengths = bytes(len(packet) for packet in packets)
    head = b"OggS" + struct.pack("<BBqII", 0, kind, granule, 1, number)
    rest = bytes([len(lengths)]) + lengths + b"".join(packets)
    return head + struct.pack("<I", _crc(head + bytes(4) + rest)) + rest


def _crc(data: bytes) -> int:
    """CRC-32 with the polynomial 04c11db7, not mirrored, beginning with 0."""
    register = 0
    for byte in data:
        register ^= byte << 24
        for _ in range(8):
            register = (register << 1) ^ (0x04C11DB7 if register & 0x80000000 else 0)
        register &= 0xFFFFFFFF
    return register


def sticker() -> bytes:
    """One pixel of lossless WebP."""
    image = bytes.fromhex("2f00000010071011118888fe0700")
    chunk = b"VP8L" + struct.pack("<I", 13) + image
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def contact() -> bytes:
    """A card of nobody."""
    return b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Alex\r\nTEL:+5010000000\r\nEND:VCARD\r\n"


@cache
def document() -> bytes:
    """An empty page of PDF."""
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>",
    ]
    body, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(body))
        body += b"%d 0 obj%sendobj\n" % (number, part)
    table = b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    return body + table + b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)


_SAMPLES: dict[str, Callable[[], bytes]] = {
    "image/jpeg": jpeg,
    "audio/ogg": voice_note,
    "image/webp": sticker,
    "text/vcard": contact,
    "application/pdf": document,
}
