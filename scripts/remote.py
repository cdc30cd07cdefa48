"""Where data and models are shared, as the default remote in .dvc/config: `make remote URL=...`."""

import argparse
import subprocess
import sys
from urllib.parse import urlsplit

from dvc_objects.fs import registry

from speech_emotion.base.errors import PipelineError, run

NAME = "shared"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.remote")
    parser.add_argument("url", nargs="?", default="")
    parser.add_argument("endpoint", nargs="?", default="")
    asked = parser.parse_args()
    if not asked.url:
        raise PipelineError(
            "URL is missing: say where to share, such as `make remote URL=/mnt/shared/emotion` or "
            "`make remote URL=s3://BUCKET/FOLDER`, with ENDPOINT=https://HOST for a server that "
            "is not Amazon's."
        )
    if asked.endpoint and not asked.url.startswith("s3://"):
        raise PipelineError(
            f"ENDPOINT is {asked.endpoint!r}, but URL is {asked.url!r}: only s3:// has "
            "an endpoint. Leave ENDPOINT out."
        )
    _require_plugin(asked.url)
    _dvc("remote", "add", "--default", "--force", NAME, asked.url)
    if asked.endpoint:
        _dvc("remote", "modify", NAME, "endpointurl", asked.endpoint)
    print("Commit .dvc/config, so that clones know of it. `dvc push` uploads, `dvc pull` fetches.")


def _require_plugin(url: str) -> None:
    """Say what to install before anything is pushed; a scheme that DVC lacks, it refuses itself."""
    try:
        registry.get(urlsplit(url).scheme)
    except ImportError as error:
        raise PipelineError(
            f"URL is {url!r}, and {error}: put that package into the environment with "
            "`uv pip install`, then run this again."
        ) from None


def _dvc(*command: str) -> None:
    """Run DVC; what it refuses, it has said."""
    code = subprocess.run(["dvc", *command], check=False).returncode
    if code:
        sys.exit(code)


if __name__ == "__main__":
    run(main)
