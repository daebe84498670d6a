"""`--fetch-images` against whoever wrote the table: this machine, its network, its time and its memory are kept."""

import ipaddress
import socket
import threading
import tracemalloc

import pytest

from pipeline.config.stages import SourceConfig
from pipeline.data.sources import fetching, open_source
from pipeline.data.sources.fetching import MAX_FAILURES, PhotoFetcher
from pipeline.data.sources.network import is_public
from tests.helpers.hostile import open_shop, resolver

HERE = [ipaddress.ip_network("127.0.0.1/32")]
LIMIT = 100_000
PRIVATE = """
    127.0.0.1 127.8.8.8 0.0.0.0 0.1.2.3 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 100.100.100.200
    192.0.0.192 192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255
    192.88.99.1 168.63.129.16 ::1 :: fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 fec0::1 ff02::1 ::ffff:127.0.0.1
    ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 2002:7f00:1::
    2002:a9fe:a9fe:: 2001::1 2001:db8::1 3fff::1 100::1 5f00::1
"""
PUBLIC = "8.8.8.8 93.184.216.34 2606:4700::1111 ::ffff:8.8.8.8 64:ff9b::808:808"
SPELLINGS = """
    127.0.0.1 localhost 2130706433 0x7f000001 0177.0.0.1 127.1 0x7f.1 0.0.0.0 [::ffff:127.0.0.1] [::ffff:7f00:1]
"""


@pytest.fixture(scope="module")
def shop():
    """The shop that may be asked."""
    with open_shop() as opened:
        yield opened


@pytest.fixture
def inner():
    """A service of the network that may not be asked."""
    with open_shop("127.0.0.2") as opened:
        yield opened


def _fetcher(**options):
    return PhotoFetcher(LIMIT, **{"allowed": HERE, "seconds": 10.0, **options})


@pytest.mark.parametrize("address", PRIVATE.split())
def test_addresses_that_are_not_of_the_public_internet(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC.split())
def test_addresses_of_the_public_internet(address):
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("host", SPELLINGS.split())
def test_no_spelling_of_this_machine_gets_a_request(shop, host):
    before = len(shop.requests)
    photo = PhotoFetcher(LIMIT, seconds=5.0).fetch(f"http://{host}:{shop.server_port}/photo")
    assert photo.data is None
    assert "fetched" in photo.note
    assert len(shop.requests) == before


def test_the_default_fetcher_of_a_source_refuses_this_machine(shop, tmp_path):
    (tmp_path / "table.csv").write_text(f"product_title,product_image\nA,{shop.url}/photo\n", encoding="utf-8")
    before = len(shop.requests)
    (row,) = open_source(SourceConfig(location=str(tmp_path / "table.csv"), fetch_images=True))
    assert (row.title, row.image) == ("A", None)
    assert "no public address" in row.note
    assert len(shop.requests) == before


def test_a_photo_comes_from_the_address_that_was_checked_under_its_own_name(shop):
    resolve, _ = resolver(shop_example=["127.0.0.1"])
    assert _fetcher(resolve=resolve).fetch(f"http://shop.example:{shop.server_port}/photo").data == b"photo"
    assert shop.headers["Host"] == f"shop.example:{shop.server_port}"


def test_the_name_in_tls_is_that_of_the_url():
    resolve, _ = resolver(shop_example=["127.0.0.1"])
    hello = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            connection, _ = server.accept()
            with connection:
                hello.append(connection.recv(4096))

        threading.Thread(target=answer, daemon=True).start()
        photo = _fetcher(resolve=resolve).fetch(f"https://shop.example:{server.getsockname()[1]}/photo")
    assert photo.data is None
    assert b"shop.example" in hello[0]


def test_a_redirect_into_the_network_is_not_followed(shop, inner):
    photo = _fetcher().fetch(f"{shop.url}/redirect/{inner.url}/photo")
    assert (photo.data, inner.requests) == (None, [])
    assert "127.0.0.2, which is no public address" in photo.note


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/photo", "gopher://127.0.0.1/"])
def test_a_redirect_to_another_scheme_is_not_followed(shop, target):
    assert "could not be fetched" in _fetcher().fetch(f"{shop.url}/redirect/{target}").note


def test_a_name_is_resolved_once_so_that_rebinding_fails(shop, inner):
    resolve, hosts = resolver(rebind_example=["127.0.0.1", "127.0.0.2"])
    fetcher = _fetcher(resolve=resolve)
    assert fetcher.fetch(f"http://rebind.example:{shop.server_port}/photo").data == b"photo"
    assert hosts == ["rebind.example"]
    photo = fetcher.fetch(f"http://rebind.example:{inner.server_port}/photo")
    assert (photo.data, inner.requests) == (None, [])


def test_a_name_with_a_public_and_a_private_address_gets_no_request(shop, inner):
    resolve, _ = resolver(both_example=["127.0.0.1+127.0.0.2"])
    before = len(shop.requests)
    assert "no public address" in _fetcher(resolve=resolve).fetch(f"http://both.example:{shop.server_port}/photo").note
    assert (len(shop.requests), inner.requests) == (before, [])


def test_a_user_in_the_address_is_not_passed_on(shop):
    before = len(shop.requests)
    for url in (f"http://user:secret@127.0.0.1:{shop.server_port}/photo", f"http://user@{shop.url[7:]}/photo"):
        assert "names a user" in _fetcher().fetch(url).note
    assert len(shop.requests) == before
    _fetcher().fetch(f"{shop.url}/redirect/http://user:secret@127.0.0.1:{shop.server_port}/photo")
    assert "Authorization" not in shop.headers


def test_proxies_of_the_environment_are_not_used(shop, inner, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, inner.url)
    assert _fetcher().fetch(f"{shop.url}/photo").data == b"photo"
    assert inner.requests == []


def test_cookies_are_not_kept(shop):
    fetcher = _fetcher()
    for _ in range(2):
        assert fetcher.fetch(f"{shop.url}/photo").data == b"photo"
    assert "Cookie" not in shop.headers


@pytest.mark.parametrize("where", ["body", "headers"])
def test_a_byte_at_a_time_is_not_waited_for(shop, where):
    photo = _fetcher(seconds=0.3).fetch(f"{shop.url}/drip/{where}")
    assert photo.data is None
    assert "it took more than 0.3 s" in photo.note


def test_a_name_server_that_never_answers_is_not_waited_for():
    never = threading.Event()

    def resolve(*_, **__):
        never.wait(60)
        return []

    photo = _fetcher(seconds=0.2, resolve=resolve).fetch("http://slow.example/photo")
    never.set()
    assert "it took more than 0.2 s" in photo.note


def test_an_endless_photo_is_cut_at_the_limit(shop):
    assert "has at least 100,001 bytes" in _fetcher().fetch(f"{shop.url}/endless").note


def test_a_gzip_bomb_is_unpacked_to_the_limit_and_no_further(shop):
    tracemalloc.start()
    photo = _fetcher().fetch(f"{shop.url}/gzip/50000000")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "has at least 100,001 bytes" in photo.note
    assert peak < 60_000_000, "but for the 50 MB that the server itself makes"
    assert _fetcher().fetch(f"{shop.url}/gzip/{LIMIT}").data == bytes(LIMIT)
    assert "came packed as 'gzip, gzip'" in _fetcher().fetch(f"{shop.url}/twice/1000").note


def test_redirects_end_and_their_bodies_are_not_read(shop):
    before = len(shop.requests)
    assert "redirected more than 3 times" in _fetcher().fetch(f"{shop.url}/round/0").note
    assert len(shop.requests) - before == fetching.MAX_REDIRECTS + 1
    assert _fetcher().fetch(f"{shop.url}/longway/{shop.url}/photo").data == b"photo"


def test_a_host_that_fails_is_left_alone_for_the_run(shop):
    resolve, _ = resolver(other_example=["127.0.0.1"])
    fetcher = _fetcher(resolve=resolve)
    before = len(shop.requests)
    for _ in range(MAX_FAILURES - 1):
        assert "the answer was 503" in fetcher.fetch(f"{shop.url}/status/503").note
    assert "the answer was 404" in fetcher.fetch(f"{shop.url}/status/404").note, "it answers, so it is counted anew"
    for _ in range(MAX_FAILURES):
        fetcher.fetch(f"{shop.url}/status/503")
    requested = len(shop.requests) - before
    assert requested == 2 * MAX_FAILURES
    note = fetcher.fetch(f"{shop.url}/photo").note
    assert "left alone for this run, since it failed 5 times in a row, the last time because the answer was 503" in note
    assert len(shop.requests) - before == requested
    assert fetcher.fetch(f"http://other.example:{shop.server_port}/photo").data == b"photo"


def test_a_host_that_is_always_slow_is_left_alone(shop):
    seconds = iter(range(0, 10_000, 14))
    fetcher = _fetcher(clock=lambda: float(next(seconds)))
    photos = [fetcher.fetch(f"{shop.url}/photo") for _ in range(10)]
    assert [photo.data is not None for photo in photos] == [True] * 7 + [False] * 3
    assert "7 photos took it 98 s" in photos[-1].note


@pytest.mark.parametrize(
    "url", ["http://", "http://[::1", "http://a b/", "http://\x00/", "http://x:99999/", "http://é..é/"]
)
def test_an_odd_address_is_a_note(url):
    def resolve(*_, **__):
        raise socket.gaierror("no such name")

    photo = PhotoFetcher(LIMIT, seconds=5.0, resolve=resolve).fetch(url)
    assert photo.data is None
    assert "fetched" in photo.note
