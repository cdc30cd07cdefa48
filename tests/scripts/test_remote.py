"""`make remote`: what one pushed, another pulls, and nothing has to be computed again."""

import re
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer
from repository import Repository

KEYS = {
    "AWS_ACCESS_KEY_ID": "somebody",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}
BUCKET = "emotion"


@pytest.fixture
def s3() -> Iterator[str]:
    """Where a server of S3 listens that has the bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        boto3.client("s3", endpoint_url=endpoint).create_bucket(Bucket=BUCKET)
        yield endpoint
    server.stop()


def pulls_and_has_all(repository: Repository, folder: Path) -> None:
    """Push, clone elsewhere and pull: nothing runs there, and it predicts what was evaluated."""
    repository.commit("shared")
    repository.run("dvc", "push")
    other = repository.cloned(folder / "elsewhere")
    assert not (other.folder / "models" / "export").exists()
    other.run("dvc", "pull")
    assert other.stages_run("repro") == []
    assert other.run("dvc", "status").split() == ["check:", "always", "changed"]
    recordings = folder / "recordings"
    recordings.mkdir()
    for line, evaluated in other.predicted_and_evaluated(recordings):
        assert line["emotion"] == evaluated["predicted"]


@pytest.mark.slow
def test_a_folder_shares_everything(repository: Repository, tmp_path: Path) -> None:
    repository.make("remote", f"URL={tmp_path / 'shared'}")
    pulls_and_has_all(repository, tmp_path)


@pytest.mark.slow
def test_a_server_of_s3_shares_everything(repository: Repository, s3: str, tmp_path: Path) -> None:
    repository.make("remote", f"URL=s3://{BUCKET}/project", f"ENDPOINT={s3}")
    pulls_and_has_all(repository, tmp_path)
    stored = boto3.client("s3", endpoint_url=s3).list_objects_v2(Bucket=BUCKET)["Contents"]
    assert all(re.match("project/files/md5/", one["Key"]) for one in stored)
    assert "secret" not in (repository.folder / ".dvc" / "config").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "URL is missing: say where to share"),
        (("URL=gs://bucket/emotion",), "requires 'dvc-gs' to be installed: put that package"),
        (("URL=/mnt/shared", "ENDPOINT=http://127.0.0.1:9"), "Leave ENDPOINT out"),
        (("URL=nowhere://bucket",), "Unsupported URL type nowhere://"),
    ],
)
def test_what_cannot_be_a_remote_is_refused_and_nothing_written(
    repository: Repository, arguments: tuple[str, ...], message: str
) -> None:
    before = (repository.folder / ".dvc" / "config").read_bytes()
    assert message in repository.make("remote", *arguments, check=False)
    assert (repository.folder / ".dvc" / "config").read_bytes() == before
