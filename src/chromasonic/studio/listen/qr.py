"""A short text as a QR code: bytes, correction level M, versions 1 to 6 (up to 106 bytes).

Source: ISO/IEC 18004:2015; tables 9 (blocks), E.1 (alignment), C.1 (format), section 7.8 (masks).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import groupby

from chromasonic.errors import UsageError

Grid = list[list[bool]]

BLOCKS = {
    1: (1, 16, 10),
    2: (1, 28, 16),
    3: (1, 44, 26),
    4: (2, 32, 18),
    5: (2, 43, 24),
    6: (4, 27, 16),
}
"""Version to how many blocks, and how many bytes of data and of correction each has."""

ALIGNED_AT = {2: 18, 3: 22, 4: 26, 5: 30, 6: 34}
LONGEST_BYTES = 106
QUIET = 4
MASKS: tuple[Callable[[int, int], bool], ...] = (
    lambda y, x: (y + x) % 2 == 0,
    lambda y, _: y % 2 == 0,
    lambda _, x: x % 3 == 0,
    lambda y, x: (y + x) % 3 == 0,
    lambda y, x: (y // 2 + x // 3) % 2 == 0,
    lambda y, x: y * x % 2 + y * x % 3 == 0,
    lambda y, x: (y * x % 2 + y * x % 3) % 2 == 0,
    lambda y, x: ((y + x) % 2 + y * x % 3) % 2 == 0,
)


def qr_svg(text: str) -> str:
    """The code as an SVG picture, dark on white with its quiet zone.

    Raises:
        UsageError: the text is longer than 106 bytes.
    """
    grid = qr_grid(text)
    size = len(grid) + 2 * QUIET
    dark = "".join(
        f"M{x + QUIET} {y + QUIET}h1v1h-1z"
        for y, row in enumerate(grid)
        for x, is_dark in enumerate(row)
        if is_dark
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" '
        f'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{size}v{size}H0z"/>'
        f'<path d="{dark}"/></svg>'
    )


def qr_grid(text: str) -> Grid:
    """The code's cells by row, True where it is dark.

    Raises:
        UsageError: the text is longer than 106 bytes.
    """
    data = text.encode()
    if len(data) > LONGEST_BYTES:
        raise UsageError(f"The text has {len(data)} bytes; a code holds {LONGEST_BYTES} here.")
    version = next(v for v, (n, size, _) in BLOCKS.items() if n * size >= len(data) + 2)
    grid, is_free = _patterns(version)
    bits = _bits(_codewords(data, version))
    for y, x in _path(len(grid)):
        if is_free[y][x]:
            grid[y][x] = next(bits, False)
    masked = [_masked(grid, is_free, mask) for mask in range(8)]
    return min(masked, key=penalty)


def _codewords(data: bytes, version: int) -> bytes:
    """Data and correction, block by block in turns."""
    count, size, correction = BLOCKS[version]
    text = f"0100{len(data):08b}" + "".join(f"{byte:08b}" for byte in data) + "0000"
    whole = bytes(int(text[i : i + 8], 2) for i in range(0, len(text) // 8 * 8, 8))
    room = count * size
    whole = (whole + bytes((0xEC, 0x11)) * room)[:room]
    blocks = [whole[i * size : (i + 1) * size] for i in range(count)]
    checks = [correction_of(block, correction) for block in blocks]
    mixed = [part[i] for parts in (blocks, checks) for i in range(len(parts[0])) for part in parts]
    return bytes(mixed)


def correction_of(data: bytes, count: int) -> bytes:
    """Reed-Solomon bytes over GF(256) of x^8 + x^4 + x^3 + x^2 + 1."""
    generator = _generator(count)
    rest = list(data) + [0] * count
    for i in range(len(data)):
        if lead := rest[i]:
            for j, factor in enumerate(generator):
                rest[i + j] ^= _times(factor, lead)
    return bytes(rest[len(data) :])


@lru_cache(maxsize=8)
def _generator(count: int) -> tuple[int, ...]:
    found, root = [1], 1
    for _ in range(count):
        shifted = [*found, 0]
        for i, factor in enumerate(found):
            shifted[i + 1] ^= _times(factor, root)
        found, root = shifted, _times(root, 2)
    return tuple(found)


def _times(a: int, b: int) -> int:
    product = 0
    while b:
        product ^= a * (b & 1)
        a = (a << 1) ^ (0x11D if a & 0x80 else 0)
        b >>= 1
    return product


def _patterns(version: int) -> tuple[Grid, Grid]:
    """A grid with finders, timing and alignment; and where data may stand."""
    size = 17 + 4 * version
    grid = [[False] * size for _ in range(size)]
    is_free = [[True] * size for _ in range(size)]

    def put(y: int, x: int, is_dark: bool) -> None:
        if 0 <= y < size and 0 <= x < size:
            grid[y][x], is_free[y][x] = is_dark, False

    for i in range(8, size - 8):
        put(6, i, i % 2 == 0)
        put(i, 6, i % 2 == 0)
    for top, left in ((0, 0), (0, size - 7), (size - 7, 0)):
        for y in range(-1, 8):
            for x in range(-1, 8):
                put(top + y, left + x, max(abs(y - 3), abs(x - 3)) in (0, 1, 3))
    if at := ALIGNED_AT.get(version):
        for y in range(-2, 3):
            for x in range(-2, 3):
                put(at + y, at + x, max(abs(y), abs(x)) != 1)
    for places in _format_places(size):
        for y, x in places:
            put(y, x, False)
    put(size - 8, 8, True)
    return grid, is_free


def _format_places(size: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Where the 15 bits of the format stand, twice, the highest first."""
    around = [(8, x) for x in (0, 1, 2, 3, 4, 5, 7, 8)] + [(y, 8) for y in (7, 5, 4, 3, 2, 1, 0)]
    split = [(size - 1 - i, 8) for i in range(7)] + [(8, size - 8 + i) for i in range(8)]
    return around, split


def _path(size: int) -> Iterator[tuple[int, int]]:
    """Cells in the order of the data: two columns at a time, up and down, from the right."""
    is_up = True
    for right in [*range(size - 1, 6, -2), *range(5, 0, -2)]:
        for y in range(size - 1, -1, -1) if is_up else range(size):
            yield y, right
            yield y, right - 1
        is_up = not is_up


def _bits(data: bytes) -> Iterator[bool]:
    return (bool(byte >> (7 - i) & 1) for byte in data for i in range(8))


def _masked(grid: Grid, is_free: Grid, mask: int) -> Grid:
    """The grid with a mask over its data, and the format that says which."""
    flips = MASKS[mask]
    found = [
        [cell ^ (is_free[y][x] and flips(y, x)) for x, cell in enumerate(row)]
        for y, row in enumerate(grid)
    ]
    rest = mask << 10  # level M is 00, then the mask
    for i in range(4, -1, -1):
        if rest >> (10 + i) & 1:
            rest ^= 0x537 << i
    word = (mask << 10 | rest) ^ 0x5412
    for places in _format_places(len(grid)):
        for i, (y, x) in enumerate(places):
            found[y][x] = bool(word >> (14 - i) & 1)
    return found


def penalty(grid: Grid) -> int:
    """How hard a camera has it: runs, blocks, look-alikes of finders, imbalance."""
    size, total = len(grid), 0
    for line in [*grid, *map(list, zip(*grid, strict=True))]:
        runs = [len(list(group)) for _, group in groupby(line)]
        total += sum(run - 2 for run in runs if run >= 5)
        text = "".join("#" if cell else "." for cell in line)
        for look in ("....#.###.#", "#.###.#...."):
            total += 40 * sum(text.startswith(look, i) for i in range(size))
    for y in range(size - 1):
        for x in range(size - 1):
            four = grid[y][x] + grid[y][x + 1] + grid[y + 1][x] + grid[y + 1][x + 1]
            total += 3 * (four in (0, 4))
    dark = sum(map(sum, grid))
    return total + 10 * int(abs(20 * dark - 10 * size * size) / (size * size))
