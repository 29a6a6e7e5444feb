"""What pages keep of studies: asked by many threads at once, more than is kept."""

import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from pages.optimise_data import StudyReader


@pytest.fixture
def restless():
    """Let threads take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def test_what_one_thread_throws_away_is_answered_to_another_all_the_same(restless):
    reader = StudyReader(SimpleNamespace())

    def ask(start):
        for number in range(start, start + 20_000):
            key = number % 60  # more than twice what is kept
            assert reader._once(("results", key), lambda key=key: key) == key

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(0, 80, 10)))
