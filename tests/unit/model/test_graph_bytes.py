"""A graph's bytes are its identity, so they may not depend on the process that wrote them."""

from __future__ import annotations

from onnx import TensorProto, helper

from headway.model import convert


def test_the_order_of_operator_sets_is_no_part_of_what_a_model_is() -> None:
    # The hash seed decides in which order skl2onnx lists them: every second process named another model.
    value = helper.make_tensor_value_info("x", TensorProto.DOUBLE, [None, 1])
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [value], [value])
    sets = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    one, other = (helper.make_model(graph, opset_imports=order) for order in (sets, sets[::-1]))
    assert convert._bytes(one) == convert._bytes(other)
