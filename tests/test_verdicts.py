from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_magic import verdicts

SAFE = {"filtered": False, "severity": "safe"}
LOW = {"filtered": False, "severity": "low"}
HIGH = {"filtered": True, "severity": "high"}


@pytest.mark.parametrize("order", [(SAFE, LOW, HIGH), (HIGH, LOW, SAFE), (LOW, HIGH, SAFE)])
def test_the_weightiest_finding_of_a_category_counts_wherever_it_stands(order: Any) -> None:
    assert verdicts.worst({"hate": finding} for finding in order) == {"hate": HIGH}


def test_every_category_that_was_looked_for_is_kept() -> None:
    seen = verdicts.worst(
        [{"hate": SAFE}, None, {}, {"violence": LOW, "jailbreak": {"filtered": False, "detected": False}}]
    )
    assert list(seen) == ["hate", "violence", "jailbreak"]


FINDINGS = st.fixed_dictionaries(
    {}, optional={"filtered": st.booleans(), "detected": st.booleans(), "severity": st.sampled_from(["safe", "low", "medium", "high", "new"])}
)  # fmt: skip
VERDICTS = st.dictionaries(
    st.sampled_from(["hate", "violence", "jailbreak", "error"]), FINDINGS | st.none(), max_size=4
)


@given(st.lists(VERDICTS, max_size=5))
def test_nothing_that_was_blocked_is_lost(several: list[dict[str, Any]]) -> None:
    blocked = {name for one in several for name, finding in one.items() if finding and finding.get("filtered")}
    together = verdicts.worst(several)
    assert {name.split(":")[0] for name in verdicts.filtered(together)} == blocked
    assert verdicts.worst([together, *several]) == together


def test_a_filter_that_failed_is_said() -> None:
    failed = {"error": {"code": "content_filter_error", "message": "The contents are not filtered"}}
    assert verdicts.filtered(failed) == []
    assert verdicts.remarks(failed) == ["the content filter failed, and nothing was checked"]


def test_what_is_safe_or_blocked_needs_no_remark() -> None:
    assert verdicts.remarks({"hate": SAFE, "violence": HIGH, "jailbreak": {"filtered": True, "detected": True}}) == []
