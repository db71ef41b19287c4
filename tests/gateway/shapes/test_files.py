from __future__ import annotations

import base64

import pytest

from spacebridge.gateway.shapes.files import File, from_address, from_audio, from_base64
from spacebridge.gateway.shapes.problem import Problem

DATA = base64.b64encode(b"hello").decode()


def test_data_is_decoded_and_named():
    assert from_base64(DATA, "a.txt", None, "p") == File(name="a.txt", data=b"hello")
    assert from_base64(f"{DATA[:3]}\n{DATA[3:]}\n", "a", "x/y", "p") == File(name="a", mime_type="x/y", data=b"hello")
    png = File(name="file.png", mime_type="image/png", data=b"hello")
    assert from_base64(f"data:image/png;base64,{DATA}", "", None, "p") == png
    assert from_address(f"data:image/png;base64,{DATA}", "", "p") == png
    assert from_address("data:,a%20b", "", "p") == File(name="file.txt", mime_type="text/plain", data=b"a b")
    assert from_audio(DATA, "wav", "p") == File(name="audio.wav", mime_type="audio/wav", data=b"hello")


def test_an_address_is_kept_for_whoever_may_fetch_it():
    url = "https://example.com/pictures/a%20cat.jpg?size=1"
    assert from_address(url, "", "p") == File(name="a cat.jpg", url=url)
    assert from_address(url, "b.jpg", "p") == File(name="b.jpg", url=url)
    assert from_address("http://example.com", "", "p") == File(name="file", url="http://example.com")


@pytest.mark.parametrize(
    "url",
    ["/etc/passwd", "file:///etc/passwd", "C:\\a.png", "a.png", "", "ftp://h/a", "http://", "http://[::1", "data:x"],
)
def test_a_path_of_the_gateways_own_disk_is_never_read(url: str):
    with pytest.raises(Problem) as caught:
        from_address(url, "", "messages[0]")
    assert (caught.value.status, caught.value.param) == (400, "messages[0]")


@pytest.mark.parametrize("data", ["!", "abc", "é" * 4, "data:image/png;base64,!"])
def test_what_is_no_base64_is_refused(data: str):
    with pytest.raises(Problem, match="no valid base64"):
        from_base64(data, "", None, "p")
