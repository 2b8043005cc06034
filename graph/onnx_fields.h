#pragma once

/// Field numbers and enumerators of onnx.proto, of the messages that are read or written here.
/// Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
namespace banyan::onnx {

enum ModelField {
    kModelIrVersion = 1,
    kModelProducerName = 2,
    kModelProducerVersion = 3,
    kModelGraph = 7,
    kModelOpsetImport = 8,
    kModelMetadata = 14
};
enum OpsetField { kOpsetDomain = 1, kOpsetVersion = 2 };
enum EntryField { kEntryKey = 1, kEntryValue = 2 }; // of the metadata

enum GraphField {
    kGraphNode = 1,
    kGraphName = 2,
    kGraphInitializer = 5,
    kGraphInput = 11,
    kGraphOutput = 12,
    kGraphValueInfo = 13,
    kGraphSparseInitializer = 15
};
enum NodeField { kNodeInput = 1, kNodeOutput = 2, kNodeName = 3, kNodeOpType = 4, kNodeAttribute = 5, kNodeDomain = 7 };

enum AttributeField {
    kAttributeName = 1,
    kAttributeFloat = 2,
    kAttributeInt = 3,
    kAttributeString = 4,
    kAttributeTensor = 5,
    kAttributeGraph = 6,
    kAttributeFloats = 7,
    kAttributeInts = 8,
    kAttributeGraphs = 11,
    kAttributeType = 20
};
enum AttributeType { kTypeFloat = 1, kTypeInt = 2, kTypeString = 3, kTypeInts = 7 }; // values of kAttributeType

enum TensorField {
    kTensorDims = 1,
    kTensorDataType = 2,
    kTensorSegment = 3,
    kTensorFloats = 4,
    kTensorInt32s = 5,
    kTensorInt64s = 7,
    kTensorName = 8,
    kTensorRawData = 9,
    kTensorExternalData = 13,
    kTensorDataLocation = 14
};

enum ValueInfoField { kValueInfoName = 1, kValueInfoType = 2 };
enum TypeField { kTypeTensor = 1 };
enum TensorTypeField { kTensorTypeElement = 1, kTensorTypeShape = 2 };
enum ShapeField { kShapeDim = 1 };
enum DimensionField { kDimensionValue = 1 };

} // namespace banyan::onnx
