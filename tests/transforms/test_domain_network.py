"""Internet addresses and user agents."""

from __future__ import annotations

import socket
import struct

import polars as pl
import pytest
from pydantic import ValidationError

from tests.checks import result
from transforms.domain_network import IpToNumber, ParseIp, ParseUserAgent


def numbers(*texts: str | None, protocol: str = "ipv4") -> list[int | str | None]:
    step = IpToNumber.model_validate({"column": "ip", "protocol": protocol})
    return result(step, pl.DataFrame({"ip": texts}, schema={"ip": pl.String}))["ip"].to_list()


def addresses(values: list[int] | list[float] | list[str], protocol: str = "ipv4") -> list[str | None]:
    step = IpToNumber.model_validate({"column": "n", "direction": "to_ip", "protocol": protocol})
    return result(step, pl.DataFrame({"n": values}))["n"].to_list()


def test_numbers_are_those_of_the_socket_library() -> None:
    texts = ["0.0.0.0", "255.255.255.255", "192.168.1.10", "1.2.3.4"]
    expected = [struct.unpack("!I", socket.inet_aton(each))[0] for each in texts]
    assert numbers(*texts) == expected
    assert addresses(expected) == texts
    assert addresses([float(each) for each in expected]) == texts
    assert addresses([f" {each} " for each in expected]) == texts


def test_long_addresses_are_text() -> None:
    texts = ["::", "2001:db8::ff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]
    found = numbers(*texts, protocol="ipv6")
    assert found == [str(int.from_bytes(socket.inet_pton(socket.AF_INET6, each), "big")) for each in texts]
    assert addresses([str(each) for each in found], "ipv6") == texts


def test_what_is_no_address_or_number_becomes_missing_and_is_counted() -> None:
    texts = ["256.1.1.1", "1.2.3", "::1", "01.2.3.4", "x", " ", None]
    assert numbers(*texts) == [None] * 7
    table = pl.DataFrame({"ip": texts})
    (failure,) = IpToNumber(column="ip").bind(table.schema).failures()
    assert table.select(failure.where.sum()).item() == 5
    assert failure.what == "became missing: they are no IPv4 addresses"
    assert addresses([-1, 2**32, 2**32 - 1]) == [None, None, "255.255.255.255"]
    assert addresses([0.5, float("nan")]) == [None, None]
    assert addresses(["9" * 39, "²", "1e3"], "ipv6") == [None, None, None]


@pytest.mark.parametrize(
    ("ip", "version", "private", "reserved", "network"),
    [
        ("10.1.2.3", 4, True, False, "A"),
        ("127.0.0.1", 4, True, False, "A"),
        ("172.15.0.1", 4, False, False, "B"),
        ("172.16.0.1", 4, True, False, "B"),
        ("223.255.255.255", 4, False, False, "C"),
        ("224.0.0.1", 4, False, False, "D"),
        ("250.0.0.1", 4, True, True, "E"),
        ("fe80::1", 6, True, False, None),
        ("2606:4700::1111", 6, False, False, None),
    ],
)
def test_kinds_of_addresses(ip: str, version: int, private: bool, reserved: bool, network: str | None) -> None:
    step = ParseIp(column="ip", parts=("version", "private", "reserved", "class", "valid"), prefix="")
    assert result(step, pl.DataFrame({"ip": [ip]})).row(0)[1:] == (version, private, reserved, network, True)


AGENTS = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 "
    "Safari/537.36 Edg/120.0.2210.91": ("Edge", "120.0.2210", "Windows", "10", "desktop", False),
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/119.0": (
        *("Firefox", "119.0", "Ubuntu", None, "desktop", False),
    ),
    "Mozilla/5.0 (Linux; Android 13; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.6045.66 "
    "Mobile Safari/537.36": ("Chrome Mobile", "119.0.6045", "Android", "13", "mobile", False),
    "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 "
    "Mobile/15E148 Safari/604.1": ("Mobile Safari", "16.6", "iOS", "16.6", "tablet", False),
    "Mozilla/5.0 (Linux; Android 12; SM-X700) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/118.0.0.0 Safari/537.36": (
        "Chrome",
        "118.0.0",
        "Android",
        "12",
        "tablet",
        False,
    ),
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)": (
        *("bingbot", "2.0", None, None, "bot", True),
    ),
    "curl/8.4.0": ("curl", "8.4.0", None, None, None, False),
}


def test_user_agents_are_known() -> None:
    step = ParseUserAgent(
        column="a", parts=("browser", "browser_version", "os", "os_version", "type", "bot"), prefix=""
    )
    found = result(step, pl.DataFrame({"a": list(AGENTS)})).drop("a").rows()
    assert found == list(AGENTS.values())


def test_what_is_no_user_agent_is_missing_and_counted() -> None:
    table = pl.DataFrame({"a": ["hello", "", None]})
    step = ParseUserAgent(column="a", parts=("browser", "bot"))
    assert result(step, table).drop("a").rows() == [(None, None)] * 3
    (failure,) = step.bind(table.schema).failures()
    assert table.select(failure.where).to_series().to_list() == [True, False, False]


def test_a_part_is_listed_once() -> None:
    with pytest.raises(ValidationError, match="'os' is listed more than once"):
        ParseUserAgent(column="a", parts=("os", "os"))
