#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/random.h"
#include "graph/onnx_graph.h"
#include "graph/protobuf_writer.h"

namespace banyan::test {

/// An ONNX file put together operator by operator; its input is "image".
class OnnxFile {
public:
    explicit OnnxFile(const OnnxDims& image = {1, 3, 8, 12}) { graph_.add_input("image", image); }

    /// Appends an operator that makes a value of the name. @return the name
    std::string node(const std::string& type, const std::vector<std::string>& inputs, const std::string& output,
                     const std::vector<OnnxAttribute>& attributes = {}) {
        graph_.add_node({type, output, inputs, output, attributes});
        return output;
    }
    /// A constant: drawn from [-1, 1], or these numbers.
    std::string floats(const std::string& name, const OnnxDims& dims) {
        std::int64_t count = 1;
        for (const std::int64_t extent : dims) count *= extent;
        std::vector<float> numbers;
        for (std::int64_t i = 0; i < count; ++i) numbers.push_back(static_cast<float>(random_.uniform(-1, 1)));
        return floats(name, dims, numbers);
    }
    std::string floats(const std::string& name, const OnnxDims& dims, const std::vector<float>& numbers) {
        graph_.add_floats(name, dims, numbers);
        return name;
    }
    std::string integers(const std::string& name, const std::vector<std::int64_t>& numbers) {
        graph_.add_integers(name, {std::ssize(numbers)}, numbers);
        return name;
    }
    void output(const std::string& name, const OnnxDims& dims) { graph_.add_output(name, dims); }

    OnnxGraph& graph() { return graph_; }
    /// An initializer of any type: a TensorProto.
    void initializer(const ProtobufWriter& tensor) { more_.add_message(5, tensor); }

    std::string bytes(std::int64_t opset = 17) const {
        ProtobufWriter model, version;
        model.add_integer(1, 8); // IR version
        version.add_bytes(1, "");
        version.add_integer(2, opset);
        model.add_message(8, version);
        model.add_bytes(7, graph_.message().bytes() + more_.bytes());
        return std::move(model).bytes();
    }

private:
    Random random_{9};
    OnnxGraph graph_{"file"};
    ProtobufWriter more_; ///< of the graph
};

} // namespace banyan::test
