"""Markdown of strangers to HTML that can't do anything: no script, no fetch, nothing hidden.

Model text is never shown as text/markdown: JupyterLab runs script from it, and sanitising the Markdown source doesn't
help, because parsers differ. Here it is parsed by markdown-it with raw HTML off, links
go to http, https and mailto only and show where they go, images become text, and nh3 lets through what is on a fixed
list and nothing else. TeX is left to the page's MathJax, from a list of commands that draw symbols and do nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Any

from .visible import visible

if TYPE_CHECKING:
    import nh3
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_SAFE_URL = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_LONGEST_HIGHLIGHTED = 20_000
_LONGEST_MATHS = 2_000

# Languages that are highlighted; the lexers of these were tried with long and broken input.
_LANGUAGES = frozenset(
    "bash c c++ cpp csharp css diff docker dockerfile go html ini java javascript js json julia kotlin latex make markdown "
    "md php powershell py python r rb ruby rust scala sh shell sql swift tex toml ts typescript xml yaml yml zsh".split()
)

# TeX that draws symbols. Left out on purpose: whatever takes a URL, a class, a style or a length (\href, \class, \style,
# \rule, \hspace), defines macros, which would last for the whole page (\def, \newcommand), or loads (\require).
_TEX = frozenset(
    """
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi varpi rho varrho sigma
    varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
    frac dfrac tfrac cfrac binom dbinom tbinom sqrt sum prod coprod int iint iiint oint lim limsup liminf sup inf max min
    argmax argmin arg deg det dim exp gcd hom ker ln log lg Pr sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh
    limits nolimits mod bmod pmod operatorname infty partial nabla pm mp times div cdot cdots ldots dots dotsb dotsc vdots
    ddots ast star circ bullet oplus ominus otimes odot le leq ge geq ne neq lt gt ll gg equiv approx sim simeq cong propto
    to gets leftarrow rightarrow leftrightarrow Leftarrow Rightarrow Leftrightarrow longrightarrow longleftarrow mapsto
    longmapsto implies iff uparrow downarrow hookrightarrow xrightarrow xleftarrow in ni notin subset supset subseteq
    supseteq subsetneq cup cap bigcup bigcap setminus emptyset varnothing forall exists nexists neg lnot land lor wedge vee
    bigwedge bigvee therefore because mid nmid parallel perp angle triangle square Box blacksquare prime hbar ell Re Im aleph
    wp top bot vdash models left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr langle rangle
    lfloor rfloor lceil rceil lvert rvert lVert rVert vert Vert lbrace rbrace lbrack rbrack hat widehat bar overline
    underline vec tilde widetilde dot ddot acute grave check breve overbrace underbrace overset underset stackrel boxed text
    textbf textit textrm texttt mathrm mathbf mathit mathsf mathtt mathbb mathcal mathfrak mathscr boldsymbol bm pmb
    displaystyle textstyle quad qquad begin end hline cr nonumber notag substack dagger ddagger colon not sharp flat natural
    surd diamond Diamond clubsuit heartsuit spadesuit diamondsuit S P copyright pounds degree
    """.split()
)
_TEX_ENVIRONMENTS = frozenset(
    f"{name}{star}"
    for name in "align alignat aligned alignedat array Bmatrix bmatrix cases equation gather gathered matrix multline pmatrix "
    "smallmatrix split Vmatrix vmatrix".split()
    for star in ("", "*")
)

_QUIET = "<style>.aoai-status,.aoai-note{opacity:.65}.aoai-status{font-size:85%;margin-top:.8em!important}</style>"
_CODE = (
    "<style>.aoai pre{margin:.7em 0!important;padding:.5em .8em!important;border-radius:3px;overflow-x:auto;"
    # JupyterLab breaks lines anywhere, in the middle of names.
    "white-space:pre-wrap!important;word-break:normal!important;overflow-wrap:anywhere;"
    "background:var(--jp-cell-editor-background,rgba(127,127,127,.1))!important}"
    ".aoai pre code{background:none!important}</style>"
)
_COLOURS = (
    "<style>"
    ".aoai-hl-k{color:var(--jp-mirror-editor-keyword-color,#7b30d0);font-weight:bold}"
    ".aoai-hl-s{color:var(--jp-mirror-editor-string-color,#b3434a)}"
    # JupyterLab's own colour of comments, and of names in the dark, is too faint for WCAG's 4.5 : 1.
    ".aoai-hl-c{color:color-mix(in srgb,var(--jp-mirror-editor-comment-color,#408080) 75%,currentColor);font-style:italic}"
    ".aoai-hl-m{color:var(--jp-mirror-editor-number-color,#2a7f2a)}"
    ".aoai-hl-f{color:color-mix(in srgb,var(--jp-mirror-editor-def-color,#3b6fd4) 85%,currentColor)}"
    ".aoai-hl-b{color:var(--jp-mirror-editor-builtin-color,#2a7f2a)}"
    ".aoai-hl-o{color:var(--jp-mirror-editor-operator-color,#7800c2)}"
    ".aoai-hl-d{color:var(--jp-error-color0,#c33)}"
    ".aoai-hl-i{color:var(--jp-success-color0,#2a7f2a)}"
    "</style>"
)
# A word that is longer than a line, an address say, is broken, so that the whole output needn't be scrolled sideways.
_LONG = "<style>.aoai{overflow-wrap:break-word}</style>"
# JupyterLab has paragraphs on the left, whatever their script.
_SIDED = "<style>.aoai [dir]{text-align:start}</style>"
_TASK = re.compile(r"\A\[([ xX])\] ")
_LONG_WORD = re.compile(r"\S{60}")
_FROM_THE_RIGHT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


def safe_html(text: str, status: str = "", language: str | None = None) -> str:
    """Return Markdown as HTML that is safe in a trusted notebook, with a quiet line of plain text under it.

    With a `language` the text is shown as it stands, as code of that language; "" is none, and its lines are wrapped.

    >>> safe_html("*hi* <script>alert(1)</script>")
    '<div class="aoai"><p><em>hi</em> &lt;script&gt;alert(1)&lt;/script&gt;</p>\\n</div>'
    """
    rendered = _parser().render(visible(text)) if language is None else _code(visible(text), language)
    html: str = _cleaner().clean(rendered)
    if status:
        html += f'<p class="aoai-status">{safe_text(status)}</p>'
    quiet = _QUIET if 'class="aoai-status"' in html or 'class="aoai-note"' in html else ""
    code = (_CODE if "<pre>" in html else "") + (_COLOURS if 'class="aoai-hl-' in html else "")
    shape = (_LONG if _LONG_WORD.search(text) else "") + (_SIDED if ' dir="auto"' in html else "")
    return f'<div class="aoai">{quiet}{code}{shape}{html}</div>'


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.amsmath import amsmath_plugin
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    # $5 and $6 is money: no digit outside, no space inside.
    dollarmath_plugin(parser, allow_labels=False, allow_space=False, allow_digits=False, double_inline=True)
    amsmath_plugin(parser)
    parser.inline.ruler.before("escape", "bracket_maths", _bracket_maths)
    parser.block.ruler.before(
        "fence", "bracket_maths_block", _bracket_maths_block, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    parser.core.ruler.push("sides", _sides)
    parser.core.ruler.push("tasks", _tasks)
    parser.validateLink = _is_safe_url  # type: ignore[method-assign]  # as its documents say to
    parser.normalizeLinkText = _as_it_is  # type: ignore[method-assign]  # as its documents say to
    rules: dict[str, Callable[[Sequence[Token], int], str]] = {
        "text": lambda tokens, index: safe_text(tokens[index].content),
        "text_special": lambda tokens, index: safe_text(tokens[index].content),
        "code_inline": lambda tokens, index: f"<code>{escape(tokens[index].content)}</code>",
        "code_block": lambda tokens, index: _code(tokens[index].content, ""),
        "fence": lambda tokens, index: _code(tokens[index].content, tokens[index].info),
        "image": lambda tokens, index: _image(tokens[index]),
        "link_close": _link_close,
        "math_inline": lambda tokens, index: _maths(tokens[index].content, display=False),
        "math_inline_double": lambda tokens, index: _maths(tokens[index].content, display=True),
        "math_block": lambda tokens, index: f"<p>{_maths(tokens[index].content, display=True)}</p>\n",
        "amsmath": lambda tokens, index: f"<p>{_maths(tokens[index].content, display=True)}</p>\n",
    }
    for name, rule in rules.items():
        parser.add_render_rule(name, _render_rule(rule))
    return parser


def _render_rule(rule: Callable[[Sequence[Token], int], str]) -> Any:
    def render(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        return rule(tokens, index)

    return render


def _sides(state: StateCore) -> None:
    """Core rule for the side that text begins on: each block's own where a script runs from right to left, also in tables."""
    mixed = _FROM_THE_RIGHT.search(state.src) is not None
    for token in state.tokens:
        if token.type in ("th_open", "td_open") and "style" not in token.attrs:
            token.attrSet("style", "text-align:start")  # JupyterLab has all cells on the right
        if mixed and token.level == 0 and token.nesting == 1:
            token.attrSet("dir", "auto")


def _tasks(state: StateCore) -> None:
    """Core rule for lists of tasks: a box, ticked or not, in the place of [ ] and [x] at the beginning of an item."""
    for item, token in zip(state.tokens, state.tokens[2:], strict=False):
        if item.type == "list_item_open" and token.children and token.children[0].type == "text":
            first = token.children[0]
            first.content = _TASK.sub(lambda found: "☐ " if found[1] == " " else "☑ ", first.content)


def _is_safe_url(url: str) -> bool:
    return _SAFE_URL.match(url) is not None


def _as_it_is(link: str) -> str:
    """An autolink shows what is followed, in ASCII: no letters that look like others."""
    return link


@cache
def _cleaner() -> nh3.Cleaner:
    import nh3

    plain = "p h1 h2 h3 h4 h5 h6 strong em s pre blockquote ul li hr br table thead tbody tr".split()
    return nh3.Cleaner(
        tags={*plain, "a", "code", "div", "ol", "span", "td", "th"},
        attributes={"a": {"href"}, "ol": {"start"}, "td": {"style"}, "th": {"style"}},
        tag_attribute_values={name: {"dir": {"auto"}} for name in "p h1 h2 h3 h4 h5 h6 blockquote ul ol table".split()},
        allowed_classes={
            "code": {f"language-{name}" for name in _LANGUAGES},
            "span": {"aoai-note", *(f"aoai-hl-{kind}" for kind in "kscmfbodi")},
        },
        set_tag_attribute_values={"a": {"target": "_blank"}},
        filter_style_properties={"text-align"},
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
    )


def safe_text(text: str) -> str:
    """Return text for HTML: escaped, what is invisible made visible (see `visible`), and no price taken for maths.

    MathJax takes none for a delimiter that is alone in a span.

    >>> safe_text("<b> for $5 to $6")
    '&lt;b&gt; for <span>$</span>5 to <span>$</span>6'
    """
    return re.sub(r"\$|\\(?=[(\[]|begin\b)", r"<span>\g<0></span>", escape(visible(text), quote=False))


def _image(token: Token) -> str:
    described = safe_text(token.content) or "no description"
    return (
        f'<span class="aoai-note">[image not loaded: {described} {safe_text(str(token.attrs.get("src", "")))}]</span>'
    )


def _link_close(tokens: Sequence[Token], index: int) -> str:
    """End a link, and say where it goes unless its text says just that."""
    depth, start = 0, index
    while start >= 0:
        depth += {"link_close": 1, "link_open": -1}.get(tokens[start].type, 0)
        if depth == 0:
            break
        start -= 1
    address = str(tokens[start].attrs.get("href", ""))
    words = "".join(token.content for token in tokens[start + 1 : index])
    if words in (address, address.removeprefix("mailto:")):
        return "</a>"
    return f'</a> <span class="aoai-note">({safe_text(address)})</span>'


def _code(code: str, info: str) -> str:
    words = info.split()
    language = words[0].lower() if words else ""
    if language not in _LANGUAGES:
        return f"<pre><code>{escape(code, quote=False)}</code></pre>\n"
    return f'<pre><code class="language-{language}">{_highlighted(code, language)}</code></pre>\n'


def _highlighted(code: str, language: str) -> str:
    if len(code) > _LONGEST_HIGHLIGHTED:
        return escape(code, quote=False)
    from pygments.lexers import get_lexer_by_name

    # Pygments would drop blank lines at the ends and expand nothing else.
    lexer: Any = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    parts = []
    for kind, run in groupby(lexer.get_tokens(code), key=lambda pair: _kind(pair[0])):
        text = escape("".join(value for _, value in run), quote=False)
        parts.append(f'<span class="aoai-hl-{kind}">{text}</span>' if kind else text)
    return "".join(parts)


@cache
def _kind(token: Any) -> str:
    from pygments.token import Token

    kinds = {
        Token.Keyword: "k", Token.Operator.Word: "k", Token.Literal.String: "s", Token.Comment: "c",
        Token.Literal.Number: "m", Token.Name.Function: "f", Token.Name.Class: "f", Token.Name.Builtin: "b",
        Token.Name.Decorator: "o", Token.Operator: "o", Token.Generic.Deleted: "d", Token.Generic.Inserted: "i",
        Token.Name.Tag: "k", Token.Name.Attribute: "f", Token.Generic.Heading: "k",
    }  # fmt: skip
    while token is not None:
        if token in kinds:
            return kinds[token]
        token = token.parent
    return ""


def _maths(tex: str, *, display: bool) -> str:
    r"""TeX between delimiters that MathJax knows, if all of it only draws; else as code, to be read."""
    if not _draws_only(tex):
        return f"<code>{escape(tex, quote=False)}</code>"
    # An environment that makes a display of its own stands without delimiters; inside them it is an error.
    alone = re.match(r"\\begin\{(align|alignat|equation|gather|multline)\*?\}", tex)
    opening, closing = ("", "") if alone else ("\\[", "\\]") if display else ("\\(", "\\)")
    return f"<span>{opening}{escape(tex, quote=False)}{closing}</span>"


def _draws_only(tex: str) -> bool:
    if len(tex) > _LONGEST_MATHS or not tex.strip() or "$" in tex or "%" in tex.replace("\\%", ""):
        return False
    if re.search(r"\\\\\s*\[|\\[()\[\]]", tex):  # a length after a line break; delimiters inside
        return False
    if re.search(r"\\begin\s*\{align(?:ed)?at\*?\}", tex) and re.search(r"\{\s*\d{3}", tex):
        return False  # so many columns are made, one by one, whatever the number is
    return set(re.findall(r"\\([a-zA-Z]+)", tex)) <= _TEX and _is_balanced(tex)


def _is_balanced(tex: str) -> bool:
    """Whether braces and environments close as they open, are nested 20 deep at most, and are all known."""
    open_ones: list[str] = []
    for match in re.finditer(r"\\(begin|end)\s*(?:\{([A-Za-z]+\*?)\})?|(?<!\\)([{}])", tex):
        command, environment, brace = match.groups()
        if command and environment not in _TEX_ENVIRONMENTS:
            return False
        what = environment or "{"
        if command == "begin" or brace == "{":
            open_ones.append(what)
        elif not open_ones or open_ones.pop() != what:
            return False
        if len(open_ones) > 20:
            return False
    return not open_ones


def _bracket_maths(state: StateInline, silent: bool) -> bool:
    r"""Inline rule for \(…\) and \[…\], which Markdown would take for escaped brackets."""
    opening = state.src[state.pos : state.pos + 2]
    if opening not in ("\\(", "\\["):
        return False
    closing = "\\)" if opening == "\\(" else "\\]"
    end = state.src.find(closing, state.pos + 2, min(state.posMax, state.pos + _LONGEST_MATHS))
    if end < 0:
        return False
    if not silent:
        token = state.push("math_inline" if opening == "\\(" else "math_inline_double", "math", 0)
        token.content = state.src[state.pos + 2 : end].strip()
    state.pos = end + 2
    return True


def _bracket_maths_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    r"""Block rule for \[ and \] around lines of their own, which may look like lists or headings to Markdown."""
    if state.is_code_block(start) or not _line(state, start).startswith("\\["):
        return False
    lines = []
    for number in range(start, min(end, start + 60)):
        lines.append(_line(state, number))
        if "\\]" in lines[-1]:
            break
    content = "\n".join(lines)[2:]
    if not content.endswith("\\]") or content.find("\\]") != len(content) - 2:
        return False
    if not silent:
        state.line = start + len(lines)
        token = state.push("math_block", "math", 0)
        token.content, token.map = content[:-2].strip(), [start, state.line]
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]].rstrip()
