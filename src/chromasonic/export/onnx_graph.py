"""Building ONNX graphs node by node, so that what is in the file is what is meant, and no more.

torch's own exporters are not asked: one bakes the length of a sequence into recurrent layers though
the file names an axis, the other cannot write attention of any length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chromasonic.errors import ExportError, UsageError

if TYPE_CHECKING:
    import onnx

LOWEST_OPSET = 18
"""The oldest whose operators take their arguments as the graphs here give them."""

MOST_MEMORY_BYTES = 1 << 30
"""That a file which is not trusted may take while it is checked."""

CONSTANT = "constant_"
"""Begins the names of tensors that no training made."""

Shape = tuple[int | str, ...]


def need_onnx() -> tuple[ModuleType, ModuleType]:
    """The packages onnx and onnxruntime.

    Raises:
        ExportError: one of them is not installed.
    """
    try:
        import onnx
        import onnx.checker
        import onnx.helper
        import onnx.numpy_helper
        import onnxruntime
    except ImportError as error:
        raise ExportError(
            f"ONNX files need the packages onnx and onnxruntime, and {error.name or error} is not "
            "installed. Install them: pip install 'chromasonic[export]'."
        ) from error
    return onnx, onnxruntime


def chosen_opset(opset: int | None) -> int:
    """The operator set that was asked for, or the newest.

    Raises:
        UsageError: there is none such.
        ExportError: the packages are too old, or not installed.
    """
    newest = newest_opset()
    if opset is None:
        return newest
    if not LOWEST_OPSET <= opset <= newest:
        raise UsageError(
            f"opset is {opset}; allowed are {LOWEST_OPSET} to {newest}, the newest that the "
            "installed onnx and onnxruntime know."
        )
    return opset


@cache
def newest_opset() -> int:
    """The newest operator set that the installed onnx and onnxruntime both know.

    Raises:
        ExportError: they are too old, or not installed.
    """
    onnx, _ = need_onnx()
    for opset in range(onnx.defs.onnx_opset_version(), LOWEST_OPSET - 1, -1):
        if _runs(opset):
            return opset
    raise ExportError(
        f"The installed onnxruntime runs no ONNX operator set from {LOWEST_OPSET} on. "
        "Install a newer one: pip install --upgrade onnxruntime."
    )


def _runs(opset: int) -> bool:
    """Whether onnxruntime takes a file of an operator set; it does not say so itself."""
    onnx, _ = need_onnx()
    graph = GraphBuilder()
    graph.input("x", np.float32, ("n",))
    graph.output("y", np.float32, ("n",), graph.add("Relu", "x"))
    try:
        model = graph.model(name="probe", opset=opset, description="", metadata={})
        open_session(model.SerializeToString())
    except (ExportError, onnx.checker.ValidationError):
        return False
    return True


def open_session(content: bytes, *, is_trusted: bool = True) -> Any:
    """An onnxruntime session of one thread on the CPU, that writes nothing to the terminal.

    Args:
        content: of the file.
        is_trusted: False bounds the memory that computing may take, and computes nothing on
            loading.

    Raises:
        ExportError: onnxruntime does not take the file.
    """
    _, onnxruntime = need_onnx()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    disabled = []
    if not is_trusted:
        _register_bounded_memory()
        options.add_session_config_entry("session.use_env_allocators", "1")
        disabled = ["ConstantFolding"]  # it computes on loading, with memory of its own
    try:
        return onnxruntime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"], disabled_optimizers=disabled
        )
    except Exception as error:  # onnxruntime's errors have no class of their own in common
        raise ExportError(
            f"onnxruntime {onnxruntime.__version__} does not take this ONNX file: {error}"
        ) from error


@cache
def _register_bounded_memory() -> None:
    """Memory of a bounded size, for those sessions of this process that ask for it."""
    _, onnxruntime = need_onnx()
    memory = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    # 1: ask for as much as is needed, not for twice as much each time.
    settings = onnxruntime.OrtArenaCfg({"max_mem": MOST_MEMORY_BYTES, "arena_extend_strategy": 1})
    onnxruntime.create_and_register_allocator(memory, settings)


@dataclass(frozen=True, kw_only=True)
class StateTensor:
    """A tensor that a caller hands from call to call.

    Attributes:
        input: its name where it goes in.
        output: its name where it comes out.
        type: float32 or int64.
        shape: of the input; "batch" is the batch, 0 an axis that grows from nothing.
    """

    input: str
    output: str
    type: str
    shape: Shape

    def fresh(self, batch: int) -> NDArray[Any]:
        """What begins a stream: zeros, and nothing along an axis that grows."""
        shape = [batch if size == "batch" else int(size) for size in self.shape]
        return np.zeros(shape, dtype=self.type)


class GraphBuilder:
    """A graph as it grows. Every method that adds something gives back the name of its output."""

    def __init__(self) -> None:
        self._onnx, _ = need_onnx()
        self._nodes: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._tensors: dict[str, Any] = {}
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def input(self, name: str, dtype: Any, shape: Shape) -> str:
        """An input of the graph; text in the shape names a free axis."""
        self._inputs.append(self._value(name, dtype, shape))
        return name

    def output(self, name: str, dtype: Any, shape: Shape, source: str) -> None:
        """An output of the graph: a value under a name."""
        self._outputs.append(self._value(name, dtype, shape))
        self._nodes.append(
            self._onnx.helper.make_node("Identity", [source], [name], name=f"output_{name}")
        )

    def weight(self, name: str, values: NDArray[Any]) -> str:
        """Trained numbers, float32, under a name of their own."""
        array = np.ascontiguousarray(values, dtype=np.float32)
        self._tensors[name] = self._onnx.numpy_helper.from_array(array, name)
        return name

    def constant(self, values: Any, dtype: Any = np.int64) -> str:
        """A constant that no training made; equal ones are kept once."""
        array = np.ascontiguousarray(np.asarray(values, dtype=dtype)).reshape(np.shape(values))
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            name = f"{CONSTANT}{len(self._constants)}"
            self._constants[key] = name
            self._tensors[name] = self._onnx.numpy_helper.from_array(array, name)
        return self._constants[key]

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """A node of one output."""
        return self.add_many(operator, inputs, 1, **attributes)[0]

    def add_many(
        self, operator: str, inputs: Sequence[str], outputs: int, **attributes: Any
    ) -> list[str]:
        """A node of several outputs; "" as an input leaves that one out."""
        name = f"{operator}_{len(self._nodes)}"
        names = [f"{name}:{number}" for number in range(outputs)]
        self._nodes.append(
            self._onnx.helper.make_node(operator, list(inputs), names, name=name, **attributes)
        )
        return names

    def model(
        self, *, name: str, opset: int, description: str, metadata: dict[str, str]
    ) -> onnx.ModelProto:
        """The whole file, checked with its shapes.

        Args:
            name: of the graph.
            opset: the operator set.
            description: for whoever opens the file.
            metadata: of the file.

        Raises:
            onnx.checker.ValidationError: the graph is no valid ONNX of that operator set.
        """
        from chromasonic import __version__

        helper = self._onnx.helper
        graph = helper.make_graph(
            self._nodes, name, self._inputs, self._outputs, list(self._tensors.values())
        )
        imports = [helper.make_opsetid("", opset)]
        model = helper.make_model(
            graph,
            opset_imports=imports,
            ir_version=helper.find_min_ir_version_for(imports),
            producer_name="chromasonic",
            producer_version=__version__,
            doc_string=description,
        )
        self.set_metadata(model, metadata)
        self._onnx.checker.check_model(model, full_check=True)
        return model

    def set_metadata(self, model: onnx.ModelProto, metadata: dict[str, str]) -> None:
        """Give a file these metadata, in place of any that it has."""
        del model.metadata_props[:]
        self._onnx.helper.set_model_props(model, metadata)

    def _value(self, name: str, dtype: Any, shape: Shape) -> Any:
        helper = self._onnx.helper
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return helper.make_tensor_value_info(name, kind, list(shape))
