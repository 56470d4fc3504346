"""A part of an ONNX network as a network of its own, which runs in the part's time.

Runtimes compute a whole graph whatever is asked for. Only the file's outer structure is read
(protobuf's wire format: a tag, a length, a value); values are copied as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from facedit.errors import BadWeights

_GRAPH = 7  # of a model
_NODE, _INITIALIZER, _INPUT, _OUTPUT, _VALUE = 1, 5, 11, 12, 13  # of a graph
_TENSOR_NAME = 8
_FLOATS = b"\x12\x04\x0a\x02\x08\x01"


def part_of(model: bytes, outputs: Sequence[str], inputs: Sequence[str] = ()) -> bytes:
    """Return a model that gives inner values, of floats, by their names.

    ``inputs``: inner values, of floats, that it is given, beside such of the model's own inputs as
    it needs. Nodes must hold no graphs of their own. BadWeights is raised if no node makes those
    values, or the file is no ONNX model.
    """
    try:
        fields = list(_fields(memoryview(model)))
        graph = next(value for number, value, _ in fields if number == _GRAPH)
        others = b"".join(raw for number, _, raw in fields if number != _GRAPH)
        return others + _field(_GRAPH, _part(graph, outputs, inputs))
    except (IndexError, StopIteration, UnicodeDecodeError) as error:
        raise BadWeights(f"the model gives no {outputs[0]}, or is no ONNX model.") from error


def _part(graph: memoryview, outputs: Sequence[str], inputs: Sequence[str]) -> bytes:
    """Keep of a graph what values are made from: nodes come in the order in which they run."""
    fields = list(_fields(graph))
    wanted, missing, kept = set(outputs), set(outputs), []
    for number, value, raw in reversed(fields):
        if number == _NODE:
            names = [
                (kind, str(name, "utf-8")) for kind, name, _ in _fields(value) if kind in (1, 2)
            ]
            made = {name for kind, name in names if kind == 2}
            if wanted & made:
                wanted |= {name for kind, name in names if kind == 1} - set(inputs)
                missing -= made
                kept.append(raw)
    if missing:
        raise StopIteration
    kept.reverse()
    for number, value, raw in fields:
        if number in (_INITIALIZER, _INPUT):
            named = _TENSOR_NAME if number == _INITIALIZER else 1
            name = next(str(text, "utf-8") for kind, text, _ in _fields(value) if kind == named)
            if name in wanted:
                kept.append(raw)
        elif number not in (_NODE, _OUTPUT, _VALUE):
            kept.append(raw)
    ends = [(_INPUT, name) for name in inputs] + [(_OUTPUT, name) for name in outputs]
    kept += [_field(kind, _field(1, name.encode()) + _FLOATS) for kind, name in ends]
    return b"".join(kept)


def _fields(data: memoryview) -> Iterator[tuple[int, memoryview, bytes | memoryview]]:
    """Read a message's fields: number, value (empty of numbers), and the field as it stands."""
    at = 0
    while at < len(data):
        start = at
        tag, at = _number(data, at)
        length = 0
        if tag & 7 == 0:
            _, at = _number(data, at)
        elif tag & 7 == 2:
            length, at = _number(data, at)
        else:
            length = {1: 8, 5: 4}.get(tag & 7, len(data))
        if at + length > len(data):
            raise IndexError
        yield tag >> 3, data[at : at + length], data[start : at + length]
        at += length


def _number(data: memoryview, at: int) -> tuple[int, int]:
    """Read a number of variable length, and say where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _field(number: int, value: bytes) -> bytes:
    """Write a field that has a length."""
    size, head = len(value), bytearray([number << 3 | 2])
    while size > 127:
        head.append(size & 127 | 128)
        size >>= 7
    return bytes([*head, size]) + value
