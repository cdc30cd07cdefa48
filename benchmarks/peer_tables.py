"""The tables of docs/cluster.md that benchmarks/peers.py measures, without what that needs."""

from typing import Any

from benchmarks.peer_install import NKULULEKO, OURS
from benchmarks.tables import table

LICENCES = {
    "librosa": "ISC",
    "torchaudio": "BSD-2-Clause",
    "kaldi-native-fbank": "Apache-2.0",
    "opensmile": "audEERING Research License, research only, not open",
    "webdataset": "BSD-3-Clause",
    NKULULEKO: "MIT",
}
"""Of each package, by its name."""


def tables(measured: dict[str, Any]) -> str:
    """The tables of docs/cluster.md, section Beside what people use."""
    audio, installed = measured["seconds_of_audio"], measured["installed"]
    versions = measured["versions"] | {name: one["version"] for name, one in installed.items()}

    def peer(package: str, what: str = "") -> str:
        if package == OURS:
            return f"**{OURS}**"
        return " ".join(filter(None, (package, versions[package], what)))

    def licence(package: str) -> str:
        return "Apache-2.0" if package == OURS else LICENCES[package]

    def speed(one: dict[str, float], amount: float, unit: str) -> list[str]:
        return [f"{one['times_ours']:.2f}", f"{1000 * one['seconds'] / amount:.2f} ms {unit}"]

    second = "per second of audio"
    rows = [
        ["log-mel", peer(name), licence(name), *speed(one, audio, second), ""]
        for name, one in measured["log_mel"].items()
    ]
    for name, one in measured["functionals"].items():
        package = OURS if name == OURS else "opensmile"
        values = f"{measured['functionals_values'][name]:,} values"
        rows.append(
            [
                f"functionals, {values}",
                peer(package, "" if name == OURS else name),
                licence(package),
                *speed(one, audio, second),
                f"{100 * measured['functionals_uar'][name]:.1f}",
            ]
        )
    read = measured["shards_read"]["recordings"] / 1000
    rows += [
        ["reading shards", peer(name), licence(name), *speed(one, read, "per 1,000 recordings"), ""]
        for name, one in measured["shards"].items()
    ]
    head = ["what", "by", "licence", "time, ours = 1", "time", "UAR, %"]
    places = [
        [
            peer(name),
            licence(name),
            f"{one['first_import_s']:.2f} s",
            f"{one['bytes'] / 1e6:,.0f} MB",
            str(one["packages"]),
        ]
        for name, one in installed.items()
    ]
    install = ["what is installed", "licence", "first import in a new process", "size", "packages"]
    return f"{table(head, rows)}\n{table(install, places)}"
