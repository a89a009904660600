"""Feature functions of a module and what they take, from its text alone; nothing is imported or run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headway.survey.faults import features, is_plain

if TYPE_CHECKING:
    from headway.survey.modules import Modules


def parameters(reference: str, modules: Modules) -> dict[str, tuple[str, ...]] | None:
    """Feature function -> the names of its parameters.

    Args:
        reference: The module.
        modules: Where the product's modules are read.

    Returns:
        None where the text does not tell them: decorated or compiled functions, a module that is not there.
    """
    module = modules.find(reference)
    if module is None or not is_plain(module):
        return None
    return {
        name: tuple(
            item.arg for item in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
        )
        for name, function in features(module).items()
    }
