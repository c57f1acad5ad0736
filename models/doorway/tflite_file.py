"""Writes operations in int8 as a .tflite file: the same bytes for the same numbers."""

import flatbuffers
import numpy
import tflite

VERSIONS = {
    "CONV_2D": 3, "DEPTHWISE_CONV_2D": 3, "ADD": 2, "AVERAGE_POOL_2D": 2, "FULLY_CONNECTED": 4, "SOFTMAX": 2,
}


class Writer:
    def __init__(self, description):
        self.builder = flatbuffers.Builder(1 << 17)
        self.description = description
        self.buffers = [None]  # the first is empty by convention
        self.tensors = []
        self.indices = {}

    def vector(self, values, kind):
        values = numpy.asarray(values, kind)
        return self.builder.CreateNumpyVector(values)

    def offsets(self, values):
        self.builder.StartVector(4, len(values), 4)
        for value in reversed(values):
            self.builder.PrependUOffsetTRelative(value)
        return self.builder.EndVector()

    def table(self, name, **fields):
        """A table of the schema; children (strings, vectors, tables) are passed as finished offsets."""
        getattr(tflite, name + "Start")(self.builder)
        for field, value in fields.items():
            getattr(tflite, name + "Add" + field)(self.builder, value)
        return getattr(tflite, name + "End")(self.builder)

    # Tensors

    def activation(self, tensor):
        """The index of an activation, added on first use."""
        if tensor.name not in self.indices:
            shape = (1,) + tensor.shape
            self.indices[tensor.name] = self.tensor(
                tensor.name, shape, tflite.TensorType.INT8, 0, [tensor.scale], [tensor.zero], 0)
        return self.indices[tensor.name]

    def constant(self, name, values, scales, dimension):
        self.buffers.append(values.tobytes())
        kind = {"int8": tflite.TensorType.INT8, "int32": tflite.TensorType.INT32}[values.dtype.name]
        return self.tensor(
            name, values.shape, kind, len(self.buffers) - 1, scales, numpy.zeros(len(scales)), dimension)

    def tensor(self, name, shape, kind, buffer, scales, zeros, dimension):
        quantisation = self.table(
            "QuantizationParameters", Scale=self.vector(scales, numpy.float32),
            ZeroPoint=self.vector(zeros, numpy.int64), QuantizedDimension=dimension)
        label = self.builder.CreateString(name)
        self.tensors.append(self.table(
            "Tensor", Shape=self.vector(shape, numpy.int32), Type=kind, Buffer=buffer, Name=label,
            Quantization=quantisation))
        return len(self.tensors) - 1

    # Operators

    def options(self, step):
        """(table name, offset) of an operation's options."""
        fused = tflite.ActivationFunctionType.RELU if step.relu else tflite.ActivationFunctionType.NONE
        if step.kind.endswith("CONV_2D"):
            name = "DepthwiseConv2DOptions" if step.layer.depthwise else "Conv2DOptions"
            extra = {"DepthMultiplier": 1} if step.layer.depthwise else {}
            return name, self.table(
                name, Padding=tflite.Padding.SAME, StrideW=step.layer.stride, StrideH=step.layer.stride,
                FusedActivationFunction=fused, **extra)
        if step.kind == "ADD":
            return "AddOptions", self.table("AddOptions", FusedActivationFunction=fused)
        if step.kind == "AVERAGE_POOL_2D":
            height, width, _ = step.inputs[0].shape
            return "Pool2DOptions", self.table(
                "Pool2DOptions", Padding=tflite.Padding.VALID, StrideW=width, StrideH=height,
                FilterWidth=width, FilterHeight=height)
        if step.kind == "FULLY_CONNECTED":
            return "FullyConnectedOptions", self.table("FullyConnectedOptions", FusedActivationFunction=fused)
        return "SoftmaxOptions", self.table("SoftmaxOptions", Beta=1.0)

    def operator(self, step, codes):
        inputs = [self.activation(tensor) for tensor in step.inputs]
        if step.weights is not None:
            name = step.output.name
            dimension = 3 if step.kind == "DEPTHWISE_CONV_2D" else 0
            inputs.append(self.constant(name + "_weights", step.weights, step.scales, dimension))
            units = step.inputs[0].scale * step.scales
            inputs.append(self.constant(name + "_bias", step.bias, units, 0))
        outputs = [self.activation(step.output)]
        kind, options = self.options(step)
        return self.table(
            "Operator", OpcodeIndex=codes.index(step.kind), Inputs=self.vector(inputs, numpy.int32),
            Outputs=self.vector(outputs, numpy.int32),
            BuiltinOptionsType=getattr(tflite.BuiltinOptions, kind), BuiltinOptions=options)

    # File

    def bytes(self, image, steps):
        codes = sorted({step.kind for step in steps})
        first = self.activation(image)
        operators = self.offsets([self.operator(step, codes) for step in steps])
        last = self.activation(steps[-1].output)
        subgraph = self.table(
            "SubGraph", Tensors=self.offsets(self.tensors), Inputs=self.vector([first], numpy.int32),
            Outputs=self.vector([last], numpy.int32), Operators=operators,
            Name=self.builder.CreateString("main"))
        buffers = []
        for content in self.buffers:
            fields = {"Data": self.aligned(content)} if content else {}
            buffers.append(self.table("Buffer", **fields))
        code_tables = []
        for kind in codes:
            code = getattr(tflite.BuiltinOperator, kind)
            code_tables.append(self.table(
                "OperatorCode", DeprecatedBuiltinCode=code, BuiltinCode=code, Version=VERSIONS[kind]))
        model = self.table(
            "Model", Version=3, OperatorCodes=self.offsets(code_tables), Subgraphs=self.offsets([subgraph]),
            Description=self.builder.CreateString(self.description), Buffers=self.offsets(buffers))
        self.builder.Finish(model, b"TFL3")
        return bytes(self.builder.Output())

    def aligned(self, content):
        """A buffer's data at a multiple of 16 bytes, as the schema demands."""
        self.builder.StartVector(1, len(content), 16)
        self.builder.head -= len(content)
        self.builder.Bytes[self.builder.Head():self.builder.Head() + len(content)] = content
        return self.builder.EndVector()
