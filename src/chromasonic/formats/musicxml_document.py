"""MusicXML files as documents that are safe to read: checked sizes, no entities, unpacked .mxl.

Source: W3C Music Notation Community Group, "MusicXML 4.0" (2021), "Compressed .mxl files".
"""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
import zipfile
import zlib
from pathlib import Path
from xml.parsers import expat

from chromasonic.errors import FormatError

MAX_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 64
MAX_ENTRIES = 1000


def read_document(path: Path) -> bytes:
    """The bytes of a file that is not too large.

    Raises:
        FormatError: it is, or it cannot be read.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise FormatError(f"{path.name} has {size:,} bytes; up to {MAX_BYTES:,} are read.")
        return path.read_bytes()
    except OSError as error:
        raise FormatError(f"Cannot read {path}: {error.strerror or error}.") from error


def parse_partwise(data: bytes, source: str) -> ET.Element:
    """The root of a MusicXML document that holds at least one part.

    Raises:
        FormatError: no XML, not MusicXML "partwise", declares entities.
    """
    refuse_hostile(data, source)
    root = ET.fromstring(data)
    if root.tag != "score-partwise" or root.find("part") is None:
        hint = (
            "It is compressed (.mxl): unpack it first."
            if data[:2] == b"PK"
            else "Export it as uncompressed MusicXML, 'partwise'."
        )
        raise FormatError(
            f"{source} is no MusicXML score: its root is <{root.tag}>, not <score-partwise> "
            f"with a <part>. {hint}"
        )
    return root


def refuse_hostile(data: bytes, source: str) -> None:
    """Walk an XML document once without expanding anything, before it is really read.

    Raises:
        FormatError: not well formed, entities declared, or nested absurdly deep.
    """
    depth = 0

    def refuse_entity(*_: object) -> None:
        raise FormatError(
            f"{source} declares XML entities, which MusicXML has no use for; it is not read. "
            "Export it again with a notation program."
        )

    def enter(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise FormatError(f"{source} is nested deeper than {MAX_DEPTH} elements; not read.")

    def leave(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate()
    parser.EntityDeclHandler = refuse_entity
    parser.StartElementHandler = enter
    parser.EndElementHandler = leave
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # LookupError: its encoding
        what = "is empty" if not data.strip() else f"is no XML: {error}"
        raise FormatError(f"{source} {what}. Export it again as MusicXML.") from error


def unpacked(data: bytes, source: str) -> bytes:
    """The score inside a compressed document (.mxl); what is no archive comes back as it is.

    The score is the one that META-INF/container.xml names, else the only XML at the top.

    Raises:
        FormatError: the archive is damaged, holds no score, or would unpack to too much.
    """
    if data[:2] != b"PK":
        return data
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()[:MAX_ENTRIES]
            names = {entry.filename: entry for entry in entries}
            container = names.get("META-INF/container.xml")
            chosen = _root_file(_contents(archive, container, source), source) if container else ""
            if chosen not in names:
                documents = [n for n in names if n.lower().endswith("xml") and "/" not in n]
                chosen = documents[0] if documents else ""
            if not chosen:
                raise FormatError(
                    f"{source} is an archive without a score. Export it again as MusicXML."
                )
            return _contents(archive, names[chosen], source)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise FormatError(
            f"{source} is a damaged archive ({error}). Export it again as MusicXML."
        ) from error


def _contents(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, source: str) -> bytes:
    """A file of the archive, never more than `MAX_BYTES` whatever its header claims."""
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FormatError(
            f"{source} is packed by a method that .mxl does not have. Export it again as MusicXML."
        )
    with archive.open(entry) as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise FormatError(f"{source} unpacks to more than {MAX_BYTES:,} bytes; it is not read.")
    return data


def _root_file(container: bytes, source: str) -> str:
    """The name of the score that a container names first; "" where it names none."""
    refuse_hostile(container, source)
    for element in ET.fromstring(container).iter():
        if element.tag.rpartition("}")[2] == "rootfile":
            return element.get("full-path", "")
    return ""
