"""The engines that the Python benchmarks compare: ours in a process of its own, others in this one."""

import dataclasses
import logging
import pathlib
import statistics
import subprocess
import time

import numpy as np

WARM_UP = 5  # passes
TRIAL_ROUNDS = 8  # of passes in turn, to find the fastest way of a peer


@dataclasses.dataclass
class Case:
    """What all engines are given."""
    net: str
    dtype: str
    args: object  # threads, passes, worker, torch_worker, pictures
    folder: pathlib.Path

    @property
    def onnx(self):
        return self.folder / "network.onnx"

    @property
    def float_onnx(self):
        """The network before it was quantised."""
        return self.folder / "float.onnx"

    @property
    def picture_file(self):
        return self.folder / "picture.bin"


class Program:
    """A program that answers each line with a line."""

    def __init__(self, words):
        self.process = subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)

    def ask(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended, and so has its answer
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.process.args[0]} ended with code {self.process.wait()}")
        return answer.strip()

    def close(self):
        self.process.kill()  # it holds nothing that could be lost
        self.process.wait()


class Worker(Program):
    """A program that speaks the language of benchmarks/worker.h."""

    def __init__(self, program, case, more=()):
        self.output_file = case.folder / "output.bin"
        pictures = ["--pictures", case.args.pictures] if case.args.pictures else []
        super().__init__([program, case.net, "--precision", case.dtype, "--threads", case.args.threads, *pictures, *more])
        self.version = self.ask("version")

    def run(self, passes):
        return [float(ms) for ms in self.ask(f"run {passes}").split()]

    def output(self, name, height, width):
        """Of the last run, as [1, C, H, W]."""
        self.ask(f"output {name} {self.output_file}")
        numbers = np.fromfile(self.output_file, dtype=np.float32).reshape(1, height, width, -1)
        return numbers.transpose(0, 3, 1, 2)


class Ours(Worker):
    """Writes the files for the others, too."""

    def __init__(self, case):
        super().__init__(case.args.worker, case, ["--onnx", case.onnx])
        self.ask(f"output image {case.picture_file}")


class LibTorch(Worker):
    dtypes = ("fp32", "bf16")

    def __init__(self, case, _file):
        super().__init__(case.args.torch_worker, case)


class PythonPeer:
    """An engine that runs in this process; subclasses give infer() and output()."""

    def run(self, passes):
        times = []
        for _ in range(passes):
            start = time.perf_counter()
            self.infer()
            times.append((time.perf_counter() - start) * 1e3)
        return times

    def close(self):
        pass


def picture_for(case, shape, as_bytes):
    """float32 [1, 3, H, W], or uint8 [1, H, W, 3]. @param shape [1, 3, H, W]"""
    _, channels, height, width = shape
    pixels = np.fromfile(case.picture_file, dtype=np.float32).reshape(1, height, width, channels)
    if as_bytes:
        return pixels.astype(np.uint8)
    return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))


def image_shape(path):
    """[1, 3, H, W]"""
    import onnx
    image = onnx.load(str(path), load_external_data=False).graph.input[0]
    return [extent.dim_value for extent in image.type.tensor_type.shape.dim]


def taking_bytes(path):
    """The ONNX file's bytes with an input uint8 [1, H, W, 3] instead of its own, float32 [1, 3, H, W]."""
    import onnx
    model = onnx.load(str(path))
    graph = model.graph
    name = graph.input[0].name
    batch, channels, height, width = image_shape(path)
    before = [onnx.helper.make_node("Transpose", ["pixels"], ["planes"], perm=[0, 3, 1, 2]),
              onnx.helper.make_node("Cast", ["planes"], [name], to=onnx.TensorProto.FLOAT), *graph.node]
    del graph.input[:], graph.node[:]
    graph.input.append(onnx.helper.make_tensor_value_info("pixels", onnx.TensorProto.UINT8,
                                                          [batch, height, width, channels]))
    graph.node.extend(before)
    return model.SerializeToString()


def quantised_by_onnxruntime(case):
    """An 8-bit ONNX file made of the float network by ONNX Runtime's own quantiser, which rounds the results of all
    convolutions; None for a model that is quantised already."""
    import onnx
    from onnxruntime import quantization
    made = case.folder / "quantised.onnx"
    if made.exists():
        return made
    writer = Worker(case.args.worker, dataclasses.replace(case, dtype="fp32"), ["--onnx", case.float_onnx])
    writer.close()
    if any(node.op_type == "QuantizeLinear" for node in onnx.load(str(case.float_onnx)).graph.node):
        return None

    class Pictures(quantization.CalibrationDataReader):
        left = [{"image": picture_for(case, image_shape(case.onnx), as_bytes=False)}]

        def get_next(self):
            return self.left.pop() if self.left else None

    logging.disable(logging.WARNING)  # it advises to prepare the file in ways that change nothing here
    quantization.quantize_static(str(case.float_onnx), str(made), Pictures(), per_channel=True,
                                 quant_format=quantization.QuantFormat.QDQ, weight_type=quantization.QuantType.QInt8,
                                 activation_type=quantization.QuantType.QUInt8)
    return made


class OnnxRuntime(PythonPeer):
    dtypes = ("fp32", "int8")

    def __init__(self, case, file, as_bytes=False):
        import onnxruntime
        self.version = onnxruntime.__version__
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = case.args.threads, 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        model = taking_bytes(file) if as_bytes else str(file)
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.picture = picture_for(case, image_shape(file), as_bytes)
        self.results = {value.name: np.empty(value.shape, np.float32) for value in self.session.get_outputs()}
        self.binding = self.session.io_binding()
        self.binding.bind_input(self.session.get_inputs()[0].name, "cpu", 0, self.picture.dtype, self.picture.shape,
                                self.picture.ctypes.data)
        for name, array in self.results.items():
            self.binding.bind_output(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)

    def infer(self):
        self.session.run_with_iobinding(self.binding)

    def output(self, name, _height, _width):
        return self.results[name]


class OpenVino(PythonPeer):
    dtypes = ("fp32", "bf16", "int8")

    def __init__(self, case, file, as_bytes=False):
        import openvino
        self.version = openvino.__version__
        settings = {"INFERENCE_NUM_THREADS": case.args.threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}
        if case.dtype != "int8":
            number = {"fp32": openvino.Type.f32, "bf16": openvino.Type.bf16}[case.dtype]
            settings["INFERENCE_PRECISION_HINT"] = number
        core = openvino.Core()
        network = core.read_model(str(file))
        if as_bytes:
            steps = openvino.preprocess.PrePostProcessor(network)
            steps.input().tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
            steps.input().model().set_layout(openvino.Layout("NCHW"))
            network = steps.build()
        model = core.compile_model(network, "CPU", settings)
        for name in settings:
            if name not in ("NUM_STREAMS", "PERFORMANCE_HINT") and model.get_property(name) != settings[name]:
                raise RuntimeError(f"OpenVINO takes {model.get_property(name)} as {name}, not {settings[name]}")
        self.request = model.create_infer_request()
        self.picture = picture_for(case, image_shape(file), as_bytes)
        self.request.set_input_tensor(openvino.Tensor(self.picture, shared_memory=True))

    def infer(self):
        self.request.infer(share_outputs=True)

    def output(self, name, _height, _width):
        return self.request.get_tensor(name).data


PEERS = {"onnxruntime": OnnxRuntime, "openvino": OpenVino, "libtorch": LibTorch}


def make_peer(name, case):
    """The peer, and by "peer_file" and "peer_input" what it runs: for int8 the fastest of all ways."""
    peer = PEERS[name]
    if case.dtype != "int8":
        return peer(case, case.onnx), {"peer_file": "ours", "peer_input": "float32"}
    files = {"ours": case.onnx, "onnxruntime": quantised_by_onnxruntime(case)}
    ways = {(file, kind): peer(case, path, as_bytes=kind == "uint8")
            for file, path in files.items() if path for kind in ("float32", "uint8")}
    times = {way: [] for way in ways}
    for engine in ways.values():
        engine.run(WARM_UP)
    for _ in range(TRIAL_ROUNDS):
        for way, engine in ways.items():
            times[way] += engine.run(case.args.passes)
    fastest = min(ways, key=lambda way: statistics.median(times[way]))
    return ways[fastest], dict(zip(("peer_file", "peer_input"), fastest))


class Quiet:
    """Waits until the threads of all engines sleep."""
    NAP_SECONDS, NAPS, BUSY_SHARE, LIMIT_SECONDS = 0.002, 3, 0.1, 10

    def __init__(self, engines):
        others = [engine.process.pid for engine in engines if isinstance(engine, Program)]
        # Linux's number for the processor-time clock of another process, see clock_getcpuclockid(3).
        self.clocks = [time.CLOCK_PROCESS_CPUTIME_ID, *((~pid << 3) | 2 for pid in others)]

    def used(self):
        return sum(time.clock_gettime(clock) for clock in self.clocks)

    def wait(self):
        end = time.monotonic() + self.LIMIT_SECONDS
        naps = 0
        while naps < self.NAPS:
            if time.monotonic() > end:
                raise RuntimeError(f"an engine is still busy {self.LIMIT_SECONDS} s after its turn")
            before = self.used()
            time.sleep(self.NAP_SECONDS)
            naps = naps + 1 if self.used() - before < self.BUSY_SHARE * self.NAP_SECONDS else 0
