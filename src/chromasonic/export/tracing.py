"""What a module really computes, in the order in which it computes it.

The order of registration says nothing: `forward` decides. So the module is run once under
`torch.export`, which gives every operation with what goes into it.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn

from chromasonic.errors import ExportError
from chromasonic.export.refusals import Place, refuse


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation on the way from input to output.

    Attributes:
        name: PyTorch's, such as "linear" or "lstm".
        place: the module that computes it.
        args: what goes in, by name as PyTorch's schema has it, defaults included; tensors that do
            not depend on the input stand there with their values, the one that does is None.
        shape: of what comes out; of the first, where it gives several.
    """

    name: str
    place: Place
    args: dict[str, Any]
    shape: tuple[int, ...]


def evaluation_copy(module: nn.Module, dtype: torch.dtype) -> nn.Module:
    """The same module on the CPU, in evaluation mode, in another precision.

    Raises:
        ExportError: it cannot be copied.
    """
    try:
        copied = copy.deepcopy(module)
    except (RuntimeError, TypeError) as error:
        raise ExportError(
            f"{type(module).__name__} cannot be copied ({_first_line(error)}). Where its weights "
            "are computed by hooks, take those off first (torch.nn.utils.remove_weight_norm)."
        ) from error
    return copied.to("cpu", dtype).eval()


def operations_of(module: nn.Module, example: Tensor) -> Iterator[Operation]:
    """What a module computes from its one input to its one output, step by step.

    Whoever refuses an operation refuses the first: what comes after is looked at later.

    Args:
        module: on the CPU, in evaluation mode, float32.
        example: what goes in.

    Raises:
        ExportError: forward cannot be followed; or it takes or gives several values; or it joins
            values (a skip connection), branches, or changes one in place that is needed later.
    """
    program = _exported(module, example)
    nodes = list(program.graph.nodes)
    values = _Constants(program).values()
    source = _input_node(program, nodes)
    result = _output_node(nodes, type(module).__name__)
    needed = _ancestors(result)
    if source not in needed:
        raise ExportError(
            f"{type(module).__name__} gives the same output whatever goes in; there is nothing to "
            "export."
        )
    current = source
    for node in nodes:
        if node.op == "output" or node in values or node is source:
            continue
        if node not in needed:
            if _is_in_place(node):
                refuse("in place", _place(node))
            continue
        inputs = [arg for arg in node.all_input_nodes if arg not in values]
        place = _place(node)
        if _name(node) == "getitem":
            _check_item(node, place)
        elif inputs != [current] or node.args[0] is not current:
            refuse("branch", place)
        else:
            if _is_in_place(node) and len(current.users) > 1:
                refuse("in place", place)
            yield _operation(node, values, place)
        current = node


def _exported(module: nn.Module, example: Tensor) -> torch.export.ExportedProgram:
    with warnings.catch_warnings(action="ignore"), torch.no_grad():
        try:
            return torch.export.export(module, (example,), strict=False)
        except Exception as error:  # torch raises of every kind, its user's code too
            raise ExportError(
                f"forward of {type(module).__name__} cannot be followed on an input of shape "
                f"{tuple(example.shape)}: {_first_line(error)}. It must take one tensor of "
                "features (the last axis) and give one, by operations alone that do not depend on "
                "the values."
            ) from error


class _Constants(fx.Interpreter):
    """Computes what does not depend on the input: parameters, buffers, a state of zeros."""

    def __init__(self, program: torch.export.ExportedProgram) -> None:
        super().__init__(program.graph_module)
        self.program = program

    def values(self) -> dict[fx.Node, Any]:
        """Value of each such node."""
        signature, state = self.program.graph_signature, self.program.state_dict
        sources = {
            **signature.inputs_to_parameters,
            **signature.inputs_to_buffers,
            **signature.inputs_to_lifted_tensor_constants,
        }
        held = {**self.program.constants, **state}
        for node in self.program.graph.nodes:
            if node.op == "placeholder":
                if node.name in sources:
                    self.env[node] = held[sources[node.name]].detach()
            elif node.op != "output" and all(a in self.env for a in node.all_input_nodes):
                with torch.no_grad():
                    self.env[node] = self.run_node(node)
        return self.env


def _input_node(program: torch.export.ExportedProgram, nodes: list[fx.Node]) -> fx.Node:
    (name,) = program.graph_signature.user_inputs
    return next(node for node in nodes if node.name == name)


def _output_node(nodes: list[fx.Node], title: str) -> fx.Node:
    given = nodes[-1].args[0]
    values = [value for value in given if value is not None] if isinstance(given, tuple) else []
    if len(values) != 1 or not isinstance(values[0], fx.Node):
        raise ExportError(
            f"forward of {title} gives {len(values)} values (a recurrent layer by itself gives its "
            "state too); it must give one tensor. Wrap it in a module whose forward gives that one."
        )
    return values[0]


def _ancestors(node: fx.Node) -> set[fx.Node]:
    found, waiting = {node}, [node]
    while waiting:
        for source in waiting.pop().all_input_nodes:
            if source not in found:
                found.add(source)
                waiting.append(source)
    return found


def _check_item(node: fx.Node, place: Place) -> None:
    """Of what a recurrent layer gives only the outputs of all steps can be had."""
    source, index = node.args
    if not (isinstance(source, fx.Node) and _name(source) in ("lstm", "gru") and index == 0):
        refuse("state" if index in (1, 2) else "getitem", place)


def _is_in_place(node: fx.Node) -> bool:
    """Whether an operation changes what other readers of its input see."""
    schema = getattr(node.target, "_schema", None)
    return schema is not None and schema.is_mutable


def _operation(node: fx.Node, values: dict[fx.Node, Any], place: Place) -> Operation:
    def valued(arg: Any) -> Any:
        return values.get(arg) if isinstance(arg, fx.Node) else arg

    schema = getattr(node.target, "_schema", None)
    names = [argument.name for argument in schema.arguments] if schema else []
    args = {a.name: a.default_value for a in schema.arguments} if schema else {}
    args |= dict(zip(names, (fx.map_arg(arg, valued) for arg in node.args), strict=False))
    args |= {key: fx.map_arg(arg, valued) for key, arg in node.kwargs.items()}
    made = node.meta.get("val")
    first = made[0] if isinstance(made, (tuple, list)) else made
    shape = tuple(int(size) for size in first.shape) if isinstance(first, Tensor) else ()
    return Operation(name=_name(node), place=place, args=args, shape=shape)


def _name(node: fx.Node) -> str:
    """ "linear" of aten.linear.default; in place or not."""
    if not isinstance(node.target, torch._ops.OpOverload):
        return str(getattr(node.target, "__name__", node.target))
    name = node.target._schema.name.partition("::")[2]
    return name.removesuffix("_") if not name.startswith("_") else name


def _place(node: fx.Node) -> Place:
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    path, kind = stack[-1] if stack else ("", "")
    kind = kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"
    return Place(path=path, kind=kind.rpartition(".")[2], operation=_name(node))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
