"""The ABC collections that the music21 package carries: no network once it is installed."""

from __future__ import annotations

from chromasonic.data.facts import Collection, CorpusFacts

MUSIC21 = "https://github.com/cuthbertLab/music21"
MUSIC21_LICENCE = f"{MUSIC21}/blob/master/music21/corpus/license.txt"
PUBLIC_DOMAIN = "Public domain (tunes); transcriptions distributed by permission of the encoders"

ONEILL = Collection(
    name="oneill",
    title="O'Neill's Music of Ireland",
    folder="oneills1850",
    licence=PUBLIC_DOMAIN,
    licence_url=MUSIC21_LICENCE,
    citation="Francis O'Neill, O'Neill's Music of Ireland: Eighteen Hundred and Fifty Melodies "
    "(Chicago, 1903); ABC by Norbert Paap, John Chambers, Dan Petersen and others",
    weights_may_ship=True,
    tunes=2009,
    files=39,
    fingerprint="da35b1db2d54f0421e8f4b5918c383a01c2b1eeda627a3ffd9e5afce04febe28",
)
RYAN = Collection(
    name="ryan",
    title="Ryan's Mammoth Collection",
    folder="ryansMammoth",
    licence=PUBLIC_DOMAIN,
    licence_url=MUSIC21_LICENCE,
    citation="William Bradbury Ryan, Ryan's Mammoth Collection: 1050 Reels and Jigs "
    "(Boston, 1883); ABC by Ray Davies, John Chambers and others",
    weights_may_ship=True,
    tunes=1059,
    files=1059,
    fingerprint="08194fc8d3f11d52e56cf2b9853ca00cc352c19e627dc0739b19084625600b9f",
)
AIRD = Collection(
    name="aird",
    title="Aird's Airs, books 1 to 6",
    folder="airdsAirs",
    licence=PUBLIC_DOMAIN,
    licence_url=MUSIC21_LICENCE,
    citation="James Aird, A Selection of Scotch, English, Irish and Foreign Airs "
    "(Glasgow, from 1778); ABC by Jack Campin (2009)",
    weights_may_ship=True,
    tunes=1180,
    files=6,
    fingerprint="ddd4a0b06ff506a7a6cbbfae6bc45105f773c7f3506d08464644dae36d57dc82",
)
ESSEN = Collection(
    name="essen",
    title="Essen folksong collection",
    folder="essenFolksong",
    licence="Non-commercial distribution and use, by permission of Ewa Dahlig-Turek",
    licence_url=f"{MUSIC21}/blob/master/music21/corpus/essenFolksong/license.txt",
    citation="Helmut Schaffrath, Essen folksong collection, continued by Ewa Dahlig-Turek; "
    "ABC by Seymour Shlien",
    weights_may_ship=False,
    tunes=8514,
    files=31,
    fingerprint="263e825da42de6227dfa30bc394c94db72dfde8ae9072cf3dcee6a1de2ccf13b",
)


def _bundled(
    name: str, title: str, summary: str, licence: str, collections: tuple[Collection, ...]
) -> CorpusFacts:
    return CorpusFacts(
        name=name,
        title=title,
        summary=summary,
        kind="bundled",
        licence=licence,
        licence_url=MUSIC21_LICENCE,
        citation="; ".join(collection.citation for collection in collections),
        url=f"{MUSIC21}/tree/master/music21/corpus",
        weights_may_ship=all(collection.weights_may_ship for collection in collections),
        collections=collections,
        package="music21",
        package_folder="corpus",
    )


FOLK_FACTS = _bundled(
    "folk",
    "Folk tunes: O'Neill, Ryan, Aird and Essen",
    "12,762 tunes, the largest corpus here; trained weights are for non-commercial use.",
    "Mixed: three collections in the public domain, Essen non-commercial",
    (ONEILL, RYAN, AIRD, ESSEN),
)
FOLK_PD_FACTS = _bundled(
    "folk-pd",
    "Folk tunes in the public domain: O'Neill, Ryan, Aird",
    "4,248 tunes; trained weights may be given away.",
    PUBLIC_DOMAIN,
    (ONEILL, RYAN, AIRD),
)
ESSEN_FACTS = _bundled(
    "essen",
    "Essen folksong collection",
    "8,514 songs, most of them German and Chinese; non-commercial use.",
    ESSEN.licence,
    (ESSEN,),
)
