"""Styles and scripts as browsers get them: compressed, and kept for ever."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.templatetags.static import static

from evals.web import versionedfiles

pytestmark = pytest.mark.django_db
NAMES = ("css/site.css", "css/tokens.css", "js/site.js", "img/favicon.svg")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_a_file_is_sent_compressed_and_never_asked_for_again(client, name, encoding):
    answer = client.get(static(name), headers={"accept-encoding": encoding})
    assert answer.status_code == 200
    assert answer["Content-Encoding"] == encoding
    assert {"immutable", "public"} <= set(re.split(r"\W+", answer["Cache-Control"]))
    answer.close()


def test_a_file_under_its_plain_name_may_change(client):
    answer = client.get("/static/css/site.css")
    assert answer.status_code == 200
    assert "immutable" not in answer["Cache-Control"]
    answer.close()


def test_every_file_of_a_page_has_the_version_in_its_address(client):
    page = client.get("/sign-in/").content.decode()
    addresses = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert len(addresses) > 4
    for address in addresses:
        assert address.startswith(f"/static/{versionedfiles.version()}/")
        answer = client.get(address)
        assert answer.status_code == 200
        answer.close()


def test_styles_lose_only_what_nobody_sees():
    source = versionedfiles.sources()["css/site.css"]
    sent = versionedfiles.sent(source).decode()
    written = Path(source).read_text(encoding="utf-8")
    bare = re.sub(r"/\*.*?\*/", "", written, flags=re.DOTALL)
    assert sent.split() == bare.split()
    assert len(sent) < len(written)


def test_while_somebody_writes_the_files_addresses_are_plain(settings):
    settings.DEBUG = True
    assert static("css/site.css") == "/static/css/site.css"


def test_a_home_that_nobody_may_write_to_serves_the_files_themselves(settings, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    settings.HOME = blocked
    versionedfiles.served_folder.cache_clear()
    try:
        name = f"{versionedfiles.version()}/css/site.css"
        assert str(finders.find(name)) == versionedfiles.sources()["css/site.css"]
        listed = dict(versionedfiles.VersionedFinder().list([]))
        assert listed["css/site.css"].path("css/site.css") == finders.find(name)
    finally:
        versionedfiles.served_folder.cache_clear()
