"""Functions of the notebook as tools of a model: described to it, and called when it asks."""

from .call import ToolCall, calls
from .definition import definition
from .toolbox import Toolbox

__all__ = ["ToolCall", "Toolbox", "calls", "definition"]
