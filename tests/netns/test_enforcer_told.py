# SPDX-License-Identifier: GPL-2.0-or-later
"""What passes and is only told of, by the nft back end: each of a few, and of a device that
begins very much how much it is, a report a second; what is refused is counted apart."""
import pytest

from test_enforcer_nft import (  # noqa: F401, fixtures among them
    IP4, IP6, MAC, Nflog, enforcer, from_wan, network, plain, to_wan, u)

FLOOD, STORM = 900, 4000  # packets at once: beyond the one bucket, beyond both


@pytest.fixture
def log(plain, enforcer):  # noqa: F811
    enforcer.manage("d1")
    enforcer.commit("outr %s any4 udp any 9 told" % MAC["d1"],
                    "outr %s any6 udp any 9 told" % MAC["d1"],
                    "inr %s any6 udp any any told" % IP6["d1"])
    reader = Nflog()
    yield reader
    reader.close()


def begin(plain, count, family=4, port=9):  # noqa: F811
    """So many conversations at once."""
    token = plain.token()
    for i in range(count):
        plain.send("d1", to_wan(family, u(1024 + i, port))(token))


def test_each_of_a_few(plain, log):  # noqa: F811
    assert plain.passes("d1", "w", to_wan(4, u(1, 9)))
    assert log.prefixes() == ["cardea:f:told"]
    assert plain.passes("w", "d1", from_wan(6, u(1, 5)))
    assert log.prefixes() == ["cardea:t:told"]
    begin(plain, 30)
    assert log.prefixes() == ["cardea:f:told"] * 30


@pytest.mark.parametrize("family", [4, 6])
def test_how_many_they_are(plain, log, family):  # noqa: F811
    begin(plain, FLOOD, family)
    told = log.prefixes()
    assert 40 <= told.count("cardea:f:told") <= 60, told
    assert 1 <= told.count("cardea:f:toldflood") <= 3, told
    assert len(told) == told.count("cardea:f:told") + told.count("cardea:f:toldflood")


def test_very_many(plain, log):  # noqa: F811
    begin(plain, STORM)
    told = log.prefixes()
    assert told.count("cardea:f:toldflood") >= 1 and told.count("cardea:f:toldstorm") >= 1
    assert not [p for p in told if "told" not in p], told


def test_it_hides_nothing_that_is_refused(plain, log):  # noqa: F811
    begin(plain, STORM)
    log.prefixes()
    begin(plain, FLOOD, port=10)
    refused = log.prefixes()
    assert refused.count("cardea:f:deny") >= 40 and "cardea:f:flood" in refused, refused
