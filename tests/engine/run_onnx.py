#!/usr/bin/env python3
"""Runs an ONNX file: run_onnx.py MODEL INPUT OUTPUT [VALUE...]

INPUT holds the float32 numbers of the one input; OUTPUT receives those of all outputs one after the other, in the
file's order, or those of the named values instead. The file is checked first, and what it tells of shapes is held
against ONNX's own shape inference.
"""

import sys

import numpy as np
import onnx
import onnxruntime


def declared_shape(value):
    return tuple(dimension.dim_value for dimension in value.type.tensor_type.shape.dim)


def end_at(model, names):
    """Makes the named values the model's outputs."""
    graph = onnx.shape_inference.infer_shapes(model).graph
    known = {value.name: value for value in [*graph.value_info, *graph.output]}
    del model.graph.output[:]
    model.graph.output.extend(known[name] for name in names)


def main():
    model_path, input_path, output_path, *values = sys.argv[1:]
    model = onnx.load(model_path)
    onnx.checker.check_model(model, full_check=True)
    if values:
        end_at(model, values)

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors; warnings tell of initializers among the inputs
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    constants = {tensor.name for tensor in model.graph.initializer}
    image = next(value for value in model.graph.input if value.name not in constants)
    pixels = np.fromfile(input_path, dtype=np.float32).reshape(declared_shape(image))
    outputs = session.run([value.name for value in model.graph.output], {image.name: pixels})
    for value, output in zip(model.graph.output, outputs):
        if output.dtype != np.float32 or output.shape != declared_shape(value):
            sys.exit(f"{value.name}: declared {declared_shape(value)}, made {output.dtype} {output.shape}")
    with open(output_path, "wb") as file:
        for output in outputs:
            file.write(output.tobytes())


if __name__ == "__main__":
    main()
