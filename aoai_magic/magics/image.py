"""`%%image`: a cell's text drawn by an image model, or a picture changed by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import OptionError
from .arguments import Option, choice, integer
from .help import Usage
from .live import draw, foresee
from .options import BUDGET, CODE, DEPLOYMENT, DRY_RUN, OUTPUT, PARAM, QUIET, RAW, RECORDINGS, REQUEST, N
from .prompt import add_fields, read_text

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

OPTIONS = (
    DEPLOYMENT,
    OUTPUT,
    Option(("--size",), "width x height in pixels, such as 1024x1024, 1024x1536 or 1536x1024, or auto; the service chooses if left out", "SIZE"),
    Option(("--quality",), "how finely it is drawn, and how dearly: low, medium, high or auto; Azure's high if left out", "QUALITY", choice("low", "medium", "high", "auto")),
    Option(("--background",), "behind what is drawn: transparent, opaque or auto; the model chooses if left out", "BACKGROUND", choice("transparent", "opaque", "auto")),
    Option(("--format",), "the format of the file: png (if left out) or jpeg; OpenAI also makes webp", "FORMAT", choice("png", "jpeg", "webp")),
    N,
    Option(("--edit",), "a picture to be changed: a file, a variable (PIL image, reply, array, figure), or last, what was drawn last; may repeat", "FILE|VARIABLE|last", repeat=True),
    Option(("--mask",), "a picture of the same size, transparent where the other may change", "FILE|VARIABLE"),
    Option(("--fidelity",), "how closely the picture to be changed is kept to: low (if left out), or high, which costs more", "FIDELITY", choice("low", "high")),
    Option(("--partial-images",), "unfinished pictures to look at in between, 0 (if left out) to 3 for each; they are billed too", "COUNT", integer(0)),
    Option(("--save",), "the file to write, which must not be there yet; of several pictures, NAME-1.png, NAME-2.png, …", "FILE"),
    BUDGET,
    PARAM,
    RAW,
    DRY_RUN,
    CODE,
    REQUEST,
    *RECORDINGS,
    QUIET,
)  # fmt: skip

EXAMPLES = """\
    %%image --size 1024x1024 --quality low
    A red fox in the snow, in watercolours.

    %%image gpt-image-1 --edit last --save fox-at-night.png
    Let it be night.

    %%image -n 2 --quality high --dry-run
    A lighthouse."""

USAGE = Usage("%%image", "Let an image model draw the cell, or change a picture, and show it.", OPTIONS, EXAMPLES)


def run(shell: InteractiveShell, line: str, body: str) -> Any:
    """Send a cell: parse its line, ask, show the pictures, and keep the reply.

    Files are written where that was asked for. With --dry-run, --code or --request nothing is sent; what they show is
    returned.
    """
    from ..operations.image import estimate_image, image

    options, prompt = read_text(shell, line, body, OPTIONS, "%%image")
    if options.pop("help", False):
        print(USAGE)
        return None
    _look_up(shell, options)
    add_fields(options, image)
    path = options.pop("save", None)
    if (foreseen := foresee(shell, estimate_image, prompt, options)) is not None:
        return foreseen
    if path is None:
        draw(shell, image, prompt, options)
        return None
    from ..image_reply import SUFFIXES
    from ..saving import destinations

    # Else what is paid for couldn't be saved.
    destinations(path, SUFFIXES[options.get("format", "png")], "picture", options.get("n", 1))
    quiet = options.get("quiet", False)
    saved = draw(shell, image, prompt, options).save(path)
    if not quiet:
        print(f"Saved: {', '.join(map(str, saved))}")
    return None


def _look_up(shell: InteractiveShell, options: dict[str, Any]) -> None:
    """Put the kernel's variables, and the last picture, in the place of the words that name them."""
    from ..current import last_drawn

    if "last" in options.get("edit", ()) and last_drawn() is None:
        raise OptionError("There is no last picture to edit.", "Nothing was drawn yet.", "%%image --edit FILE|VARIABLE")
    if "edit" in options:
        options["edit"] = [
            last_drawn() if word == "last" else shell.user_ns.get(word, word) for word in options["edit"]
        ]
    if "mask" in options:
        options["mask"] = shell.user_ns.get(options["mask"], options["mask"])
