from __future__ import annotations

import json
import re
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aoai_magic.safe_html import safe_html

PAYLOADS = json.loads((Path(__file__).parent / "payloads.json").read_text(encoding="utf-8"))
TAGS = set(
    "p h1 h2 h3 h4 h5 h6 strong em s pre blockquote ul ol li hr br table thead tbody tr td th a code div span style".split()
)


class Inspector(HTMLParser):
    """Reads HTML and collects everything in it that isn't on the list."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.bad: list[str] = []
        self.text = ""
        self.styles: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        if tag not in TAGS:
            self.bad.append(f"<{tag}>")
        for name, value in attributes:
            allowed = {
                "class": r"aoai(-[a-z-]+)?|language-[a-z+]+",
                "href": r"(https?://|mailto:)\S*",
                "rel": "noopener noreferrer nofollow",
                "target": "_blank",
                "start": r"\d+",
                "dir": "auto",
                "style": r"text-align: ?(left|right|center|start)",
            }.get(name)
            if allowed is None or not re.fullmatch(allowed, value or "", re.IGNORECASE):
                self.bad.append(f"{tag} {name}={value!r}")

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.styles.append(data)
        else:
            self.text += data

    def handle_comment(self, data: str) -> None:
        self.bad.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.bad.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.bad.append(f"<?{data}>")


def inspected(markdown: str) -> Inspector:
    inspector = Inspector()
    inspector.feed(safe_html(markdown, markdown))
    inspector.close()
    return inspector


def maths_of(html: str) -> list[str]:
    """What MathJax would typeset: TeX between delimiters, outside of code, in text that no tag interrupts."""
    text = re.sub(r"<(code|pre|style)\b.*?</\1>", "\0", html, flags=re.DOTALL)
    found = []
    for run in re.split(r"<[^>]*>|\0", text):
        found += re.findall(r"\\\((.*?)\\\)|\\\[(.*?)\\\]|\$\$?(.*?)\$|\\begin(\{.*)", run, re.DOTALL)
    return ["".join(parts) for parts in found]


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda payload: payload["id"])
def test_no_payload_gets_through(payload: dict[str, str]) -> None:
    text = payload["payload"].replace("{CB}", "http://127.0.0.1:9").replace("{CBNOPROTO}", "//127.0.0.1:9")
    started = time.process_time()
    found = inspected(text)
    assert found.bad == []
    assert time.process_time() - started < 2


@given(st.text(st.sampled_from("<>/=\"'`$\\()[]{}!*_#|-~ \n\tabcimgsrcxonerror:;&javascript\x1b\u202e")))
@settings(max_examples=500)
def test_no_text_gets_through(text: str) -> None:
    assert inspected(text).bad == []


PIECES = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "`", "```html\n", "$", "$$", "\\(", "\\)", "[x](", "http://e/",
    "javascript:alert(1)", ")", "![a](http://e/x.png)", "<http://e/", ">", "|a|b|\n|-|-|\n", "&lt;", "&#106;", "\n\n", "    ",
    "- ", "> ", "~~", "**", "<!--", "-->", "<style>", "\\href{javascript:1}{x}", "\\begin{align}", "\\end{align}", "]", "[a]: data:x\n",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
@settings(max_examples=500)
def test_no_mixture_gets_through(text: str) -> None:
    found = inspected(text)
    assert found.bad == []
    assert all("aoai" in style and "url" not in style and "@" not in style for style in found.styles)
    for tex in maths_of(safe_html(text)):
        assert "href" not in tex


def test_text_is_left_as_it_is_for_the_eye() -> None:
    assert inspected("a < b & c > d").text.startswith("a < b & c > d")


def test_links_say_where_they_go() -> None:
    html = safe_html("[our page](https://example.com/a)")
    assert '<a href="https://example.com/a" target="_blank" rel="noopener noreferrer nofollow">our page</a>' in html
    assert "(https://example.com/a)" in html


def test_a_link_that_shows_its_address_says_it_once() -> None:
    assert safe_html("<https://example.com/a>").count("example.com") == 2


def test_a_link_with_anothers_address_as_text_shows_its_own() -> None:
    assert "(http://evil.test/)" in safe_html("[https://example.com](http://evil.test/)")


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "/lab?reset",
        "//evil.test",
        "vbscript:x",
        "http:x",
    ],
)
def test_other_addresses_are_no_links(address: str) -> None:
    assert "<a " not in safe_html(f"[x]({address})")
    assert "<a " not in safe_html(f"<{address}>")


def test_addresses_in_text_are_not_made_links() -> None:
    assert "<a " not in safe_html("see https://example.com and www.example.com")


def test_images_become_text() -> None:
    html = safe_html("![a kitten](http://example.com/k.png)")
    assert "<img" not in html
    assert "[image not loaded: a kitten http://example.com/k.png]" in html


def test_money_is_not_maths() -> None:
    html = safe_html("It costs $5, or $6 with milk; $ 7 $ too.", "$0.00008 and $1")
    assert maths_of(html) == []
    assert inspected("It costs $5").text.startswith("It costs $5")


@pytest.mark.parametrize(
    ("written", "drawn"),
    [
        (r"Euler: $e^{i\pi} + 1 = 0$.", r"e^{i\pi} + 1 = 0"),
        (r"Euler: \(a < b\).", "a &lt; b"),
        ("$$\n\\frac{1}{2}\n$$", r"\frac{1}{2}"),
        ("\\[\n- x = \\frac{a}{b}\n\\]", r"- x = \frac{a}{b}"),
        ("> \\[\n> x\n> \\]", "x"),
        ("1. \\[ x \\]\n", "x"),
        ("\\begin{align}\nx &= 1 \\\\\ny &= 2\n\\end{align}", "{align}\nx &amp;= 1 \\\\\ny &amp;= 2\n\\end{align}"),
    ],
)
def test_maths_is_left_to_the_page(written: str, drawn: str) -> None:
    assert [tex.strip() for tex in maths_of(safe_html(written))] == [drawn]


@pytest.mark.parametrize(
    "tex",
    [
        r"\href{https://evil.test}{x}", r"\def\x{y}", r"\newcommand{\frac}{z}", r"\require{html}", r"\class{jp-toolbar}{x}",
        r"\style{position:fixed}{x}", r"\rule{1000em}{1000em}", r"\hspace{9999em}", r"a \\[9999em] b", r"\unicode{x41}",
        r"\begin{html}x\end{html}", r"\begin {align} x", r"{{{{{{{{{{{{{{{{{{{{{{x}}}}}}}}}}}}}}}}}}}}}}", "x}", "{x", r"\url{x}", "%",
    ],
)  # fmt: skip
def test_tex_that_does_more_than_draw_is_shown_as_code(tex: str) -> None:
    for written in (f"${tex}$", f"\\({tex}\\)", f"$$\n{tex}\n$$", f"\\[\n{tex}\n\\]"):
        assert maths_of(safe_html(written)) == [], written


def test_lone_delimiters_are_kept_from_the_page() -> None:
    assert maths_of(safe_html("\\\\(x\\\\) and \\\\[y\\\\] and \\begin{x} and $z")) == []


def test_code_is_coloured_by_fixed_classes() -> None:
    html = safe_html('```python\ndef f(x):\n    return "a" + 1  # why\n```')
    assert '<code class="language-python"><span class="aoai-hl-k">def</span> <span class="aoai-hl-f">f</span>' in html
    assert '<span class="aoai-hl-c"># why</span>' in html
    assert inspected('```python\ndef f(x):\n    return "a"\n```').text.startswith('def f(x):\n    return "a"\n')


@pytest.mark.parametrize("language", ["", "mermaid", "vega-lite", "nonsense", "python evil=1", "py"])
def test_code_keeps_its_blank_lines_and_says_nothing_of_unknown_languages(language: str) -> None:
    found = inspected(f"```{language}\n\n\n  a = 1\n\n\n```")
    assert found.text.startswith("\n\n  a = 1\n\n\n")
    assert found.bad == []


def test_code_in_the_middle_of_a_stream_is_code_already() -> None:
    assert "<pre><code" in safe_html("Look:\n\n```python\ndef f(")


def test_tables_keep_their_alignment() -> None:
    html = safe_html("|a|b|\n|:-|-:|\n|1|2|")
    assert '<td style="text-align:right">2</td>' in html


def test_cells_without_an_alignment_begin_where_text_does() -> None:
    html = safe_html("|a|b|\n|-|-:|\n|1|2|")
    assert '<td style="text-align:start">1</td><td style="text-align:right">2</td>' in html.replace("\n", "")


def test_text_from_right_to_left_begins_on_the_right() -> None:
    assert ' dir="' not in safe_html("# a\n\n- b")
    html = safe_html("שלום\n\n- مرحبا\n\nEnglish")
    assert html.count('<p dir="auto">') == 2
    assert '<ul dir="auto">' in html


def test_a_word_that_is_longer_than_a_line_is_broken() -> None:
    assert "overflow-wrap" in safe_html("x" * 300)
    assert "overflow-wrap" not in safe_html("x " * 300)


def test_control_characters_are_shown() -> None:
    assert "␛[31m" in safe_html("\x1b[31m")
    assert "⟨U+202E⟩" in safe_html("```\n\u202e\n```")


def test_the_same_text_gives_the_same_html() -> None:
    assert safe_html("# a\n\n`b` $c$", "d") == safe_html("# a\n\n`b` $c$", "d")


@pytest.mark.parametrize(
    "text",
    ["\\[" * 8000, "$" * 16000, "[" * 16000, ">" * 16000, "`" * 16000, "*a " * 8000, "|" * 16000, "- " * 8000, "\\(" * 8000,
     "```json\n" + '{"a":' * 3000, "```python\n" + "(" * 15000, "```html\n" + "<a " * 5000, "![" * 8000, "```sql\n" + "'" * 15000],
    ids=range(14),
)  # fmt: skip
def test_hostile_text_takes_no_more_than_seconds(text: str) -> None:
    started = time.process_time()
    safe_html(text)
    assert time.process_time() - started < 3


def test_tasks_have_boxes_and_other_brackets_stay() -> None:
    html = safe_html("- [ ] open\n- [x] done\n- [y] no\n\n[ ] not an item\n\n1. `[ ] code`\n2. [x](https://a.example)")
    assert "<li>☐ open</li>" in html
    assert "<li>☑ done</li>" in html
    assert html.count("☐") == html.count("☑") == 1
    assert "[y] no" in html
    assert "<p>[ ] not an item</p>" in html
    assert "<code>[ ] code</code>" in html


@pytest.mark.parametrize(
    "opening", [r"\begin{alignat}", r"\begin{alignedat}", r"\begin{alignat*}", r"\begin{alignedat}[{]}]"]
)
def test_maths_with_a_number_of_columns_that_would_hang_the_page_is_shown_as_code(opening: str) -> None:
    name = opening.split("{")[1].rstrip("}[")
    for number, drawn in (("999999999", False), (" 99999", False), ("2", True)):
        tex = f"{opening}{{{number}}} x &= 1 & y &= 2 \\end{{{name}}}"
        html = safe_html(f"$$\n{tex}\n$$")
        assert ("<code>" not in html) is drawn, tex
