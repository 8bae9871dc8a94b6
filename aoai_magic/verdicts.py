"""The content filter's verdicts on prompts and replies: several taken together, and told in words.

A verdict names a category and what was found: `{"violence": {"filtered": True, "severity": "high"}}` for the four
harms, `{"jailbreak": {"filtered": True, "detected": True}}` for what is there or isn't (learn.microsoft.com, "Content
filter annotations").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_SEVERITIES = ("safe", "low", "medium", "high")


def worst(verdicts: Iterable[Mapping[str, Any] | None]) -> dict[str, Any]:
    """Return of each category the weightiest finding: filtered before detected before the higher severity.

    A stream brings verdicts with every chunk, and a reply has those on its prompt beside its own.

    >>> worst([{"hate": {"filtered": False, "severity": "low"}}, {"hate": {"filtered": False, "severity": "safe"}}])
    {'hate': {'filtered': False, 'severity': 'low'}}
    """
    found: dict[str, Any] = {}
    for verdict in verdicts:
        for category, finding in (verdict or {}).items():
            if isinstance(finding, dict) and (category not in found or _weight(finding) > _weight(found[category])):
                found[category] = finding
    return found


def filtered(filters: Mapping[str, Any]) -> list[str]:
    """Name what the filter blocked, each harm with its severity.

    >>> filtered({"violence": {"filtered": True, "severity": "high"}, "jailbreak": {"filtered": True, "detected": True}})
    ['violence: high', 'jailbreak']
    """
    return [
        f"{category}: {finding['severity']}" if finding.get("severity") else category
        for category, finding in filters.items()
        if finding.get("filtered")
    ]


def remarks(filters: Mapping[str, Any]) -> list[str]:
    """Say what a reader of a reply has to know although nothing was blocked: a source to name, a filter that failed.

    >>> remarks({"protected_material_code": {"detected": True, "citation": {"URL": "https://example.com", "license": "MIT"}}})
    ['protected_material_code detected: https://example.com (MIT)']
    """
    said = []
    for category, finding in filters.items():
        if category == "error":
            said.append("the content filter failed, and nothing was checked")
        elif finding.get("detected") and not finding.get("filtered"):
            source = finding.get("citation") or {}
            known = f": {source.get('URL')} ({source.get('license') or 'licence unknown'})" if source.get("URL") else ""
            said.append(f"{category} detected{known}")
    return said


def findings(body: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return what the filter found in a completion, as the rows of a table under their heads.

    There are none where it found nothing. Each row has where it was found (prompt or reply), what, how severe, and what
    came of it. What is safe isn't told.

    >>> found = {"hate": {"filtered": False, "severity": "low"}, "violence": {"filtered": False, "severity": "safe"}}
    >>> findings({"choices": [{"content_filter_results": found}]})
    [('found in', 'category', 'severity', 'verdict'), ('reply', 'hate', 'low', 'let through')]
    """
    rows = []
    for where, judged in (("prompt", body.get("prompt_filter_results")), ("reply", body.get("choices"))):
        for category, finding in worst(one.get("content_filter_results") for one in judged or ()).items():
            severity = str(finding.get("severity") or "")
            if finding.get("filtered") or finding.get("detected") or severity not in ("", "safe"):
                rows.append((where, category, severity or "-", "blocked" if finding.get("filtered") else "let through"))
    return [("found in", "category", "severity", "verdict"), *rows] if rows else []


def _weight(finding: Mapping[str, Any]) -> tuple[bool, bool, int]:
    severity = finding.get("severity")
    height = _SEVERITIES.index(severity) if severity in _SEVERITIES else 0
    return bool(finding.get("filtered")), bool(finding.get("detected")), height
