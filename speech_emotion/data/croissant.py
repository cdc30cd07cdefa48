"""Describes a dataset, or its features, as Croissant metadata: what the manifest says, and of whom.

``python -m speech_emotion.data.croissant data/features`` prints JSON-LD that conforms to Croissant
1.0 (https://docs.mlcommons.org/croissant/docs/croissant-spec.html). It describes the manifest, so
that it is to lie beside it, in the same folder.
"""

import argparse
import hashlib
import inspect
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from speech_emotion.base.errors import run
from speech_emotion.data.corpora import CORPORA
from speech_emotion.data.dataset import Utterance
from speech_emotion.data.manifest import SCHEMA, corpus_names, read_manifest

CONFORMS_TO = "http://mlcommons.org/croissant/1.0"

CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""That of the specification, to which tools compare it."""

LICENCES = {
    "CC BY-NC-ND 4.0": "https://creativecommons.org/licenses/by-nc-nd/4.0/",
    "CC BY-NC-SA 4.0": "https://creativecommons.org/licenses/by-nc-sa/4.0/",
    "ODbL 1.0": "https://opendatacommons.org/licenses/odbl/1-0/",
}
"""Where licences of corpora stand; others are named as their corpus names them."""

TYPES = {"bool": "sc:Boolean", "int64": "sc:Integer", "float64": "sc:Float"}
"""What columns hold, by their type in the manifest's schema; the others hold text."""

MANIFEST, UTTERANCES = "manifest.csv", "utterances"
"""Names in the metadata: of the file, and of the set of records in it."""


def croissant(folder: Path, published: Mapping[str, str]) -> dict[str, Any]:
    """The metadata of a folder with a manifest.

    Parameters
    ----------
    folder : Path
        A dataset, or features.
    published : mapping of str to str
        What only the publisher of the folder knows: ``url``, ``creator``, ``datePublished`` and
        ``version``, those that there are. What is not known is left out.

    Returns
    -------
    dict
        For JSON.

    Raises
    ------
    PipelineError
        If the manifest can't be read.
    """
    manifest = read_manifest(folder)
    recorded = manifest.loc[~manifest["synthetic"], "corpus"].unique()
    corpora = [CORPORA[name] for name in recorded if name in CORPORA]
    known: dict[str, Any] = dict(published)
    if creator := known.pop("creator", ""):
        known |= {"creator": {"@type": "Organization", "name": creator}}
    metadata = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": f"{folder.absolute().name} of {corpus_names(manifest)}",
        "description": _description(manifest),
        **known,
        "license": list(dict.fromkeys(LICENCES.get(one.licence, one.licence) for one in corpora)),
        "citeAs": "\n".join(corpus.citation for corpus in corpora),
        "inLanguage": sorted({corpus.language for corpus in corpora}),
        "keywords": ["speech emotion recognition"],
        "distribution": [_file(folder / MANIFEST)],
        "recordSet": [_records(manifest)],
    }
    return {key: value for key, value in metadata.items() if value}


def _description(manifest: pd.DataFrame) -> str:
    originals = int((manifest["variant"] == "original").sum())
    sentences = [
        f"What is known of recordings of emotion in voices ({corpus_names(manifest)}).",
        f"Recordings: {originals}; variants made of them: {len(manifest) - originals}.",
    ]
    if manifest["synthetic"].any():
        sentences.append("Recordings that are synthetic were made by code.")
    return " ".join(sentences)


def _file(path: Path) -> dict[str, str]:
    content = path.read_bytes()
    return {
        "@type": "cr:FileObject",
        "@id": MANIFEST,
        "name": MANIFEST,
        "contentUrl": MANIFEST,
        "contentSize": f"{len(content)} B",
        "encodingFormat": "text/csv",
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _records(manifest: pd.DataFrame) -> dict[str, Any]:
    told = _descriptions()
    return {
        "@type": "cr:RecordSet",
        "@id": UTTERANCES,
        "name": UTTERANCES,
        "description": "One record for each utterance; what a corpus does not tell is empty.",
        "key": {"@id": f"{UTTERANCES}/id"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{UTTERANCES}/{column}",
                "name": column,
                "description": told.get(column, f"What a corpus or a table tells as {column}."),
                "dataType": _type(column),
                "source": {"fileObject": {"@id": MANIFEST}, "extract": {"column": column}},
            }
            for column in manifest.columns
        ],
    }


def _type(column: str) -> str:
    known = SCHEMA.columns.get(column)
    return TYPES.get(str(known.dtype), "sc:Text") if known else "sc:Text"


def _descriptions() -> dict[str, str]:
    """What the docstring of `Utterance` says of each of its attributes."""
    told = re.findall(
        r"^(\w+) : .*\n((?:    .+\n?)+)", inspect.getdoc(Utterance) or "", re.MULTILINE
    )
    return {name: " ".join(text.split()) for name, text in told}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m speech_emotion.data.croissant",
        description="Print Croissant metadata of a dataset or of features.",
    )
    parser.add_argument("folder", type=Path, help="such as data/features")
    for option, key, told in (
        ("--url", "url", "the page on which it is published"),
        ("--creator", "creator", "the organisation that publishes it"),
        ("--published", "datePublished", "when, such as 2026-01-31"),
        ("--version", "version", "which it is, such as 1.0.0"),
    ):
        parser.add_argument(option, dest=key, default="", help=told)
    options = vars(parser.parse_args(arguments))
    folder = options.pop("folder")
    published = {key: value for key, value in options.items() if value}
    print(json.dumps(croissant(folder, published), indent=2, ensure_ascii=False))


if __name__ == "__main__":
    run(main)
