#include "backbone/backbone_config.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/expect_error.h"

namespace banyan {
namespace {

ConfigReader reader_of(const std::string& text) { return ConfigReader::from_text(text, "c.json"); }

void backbone_refused(const std::string& text, const std::vector<std::string>& words) {
    expect_error<ConfigError>([&] { parse_backbone(reader_of(text)); }, words);
}

void neck_refused(const std::string& text, const std::vector<std::string>& words) {
    expect_error<ConfigError>([&] { parse_neck(reader_of(text)); }, words);
}

TEST(ParseBackbone, ReadsEveryKey) {
    const BackboneOptions options =
        parse_backbone(reader_of(R"({"type": "mobilenet_v2", "width": 0.5, "last_level": 5, "wide_top": true})"));
    EXPECT_EQ(options.type, BackboneType::mobilenet_v2);
    EXPECT_EQ(options.width, 0.5);
    EXPECT_EQ(options.last_level, 5);
    EXPECT_TRUE(options.wide_top);
    EXPECT_FALSE(options.with_classifier);
}

TEST(ParseBackbone, DefaultsAreTheOptionsOwn) {
    const BackboneOptions read = parse_backbone(reader_of("{}")), own;
    EXPECT_EQ(read.type, own.type);
    EXPECT_EQ(read.width, own.width);
    EXPECT_EQ(read.last_level, own.last_level);
    EXPECT_EQ(read.wide_top, own.wide_top);
    EXPECT_EQ(read.name, own.name);
}

TEST(ParseBackbone, KnowsEveryTypeByItsName) {
    EXPECT_EQ(backbone_choices().size(), 5U);
    for (const auto& [name, type] : backbone_choices()) {
        EXPECT_EQ(parse_backbone(reader_of("{\"type\": \"" + name + "\"}")).type, type);
        EXPECT_EQ(backbone_name(type), name);
    }
}

TEST(ParseBackbone, RefusesWrongKeysAndValues) {
    backbone_refused(R"({"type": "mobilenet_v3"})", {"c.json:/type", "did you mean \"mobilenet_v2\"?"});
    backbone_refused(R"({"widht": 1})", {"c.json:/widht", "did you mean \"width\"?"});
    backbone_refused(R"({"width": 0})", {"c.json:/width", "[0.1, 4]"});
    backbone_refused(R"({"last_level": 6})", {"c.json:/last_level", "[2, 5]"});
    backbone_refused(R"({"last_level": 4.0})", {"c.json:/last_level"});
    backbone_refused(R"({"wide_top": 1})", {"c.json:/wide_top"});
    backbone_refused(R"({"with_classifier": true})", {"c.json:/with_classifier", "unknown key"});
}

TEST(ParseBackbone, RefusesKeysThatDoNotGoTogether) {
    backbone_refused(R"({"type": "resnet18", "width": 0.5})", {"c.json:/width", "resnet18"});
    backbone_refused(R"({"type": "resnet50", "wide_top": true})", {"c.json:/wide_top", "resnet50"});
    backbone_refused(R"({"last_level": 4, "wide_top": true})", {"c.json:/wide_top", "last_level 5", "found 4"});
}

TEST(ParseBackbone, WhateverItAcceptsCanBeBuilt) {
    for (const auto& [name, type] : backbone_choices()) {
        for (const std::string last_level : {"2", "5"}) {
            const std::string text = "{\"type\": \"" + name + "\", \"last_level\": " + last_level + "}";
            GraphBuilder builder(64, 64);
            EXPECT_NO_THROW(build_backbone(parse_backbone(reader_of(text)), builder, builder.image())) << text;
        }
    }
    for (const std::string width : {"0.1", "4.0"}) {
        GraphBuilder builder(64, 64);
        const BackboneOptions options = parse_backbone(reader_of("{\"width\": " + width + "}"));
        EXPECT_NO_THROW(build_backbone(options, builder, builder.image())) << width;
    }
}

TEST(ParseNeck, ReadsEveryKey) {
    const NeckOptions options = parse_neck(reader_of(R"({"type": "pan", "channels": 64, "first_level": 2,
        "last_level": 7, "depthwise": true, "activation": "silu"})"));
    EXPECT_EQ(options.type, NeckType::pan);
    EXPECT_EQ(options.channels, 64);
    EXPECT_EQ(options.first_level, 2);
    EXPECT_EQ(options.last_level, 7);
    EXPECT_TRUE(options.depthwise);
    EXPECT_EQ(options.activation, Activation::silu);
}

TEST(ParseNeck, RefusesWrongKeysAndValues) {
    neck_refused(R"({"type": "bifpn"})", {"c.json:/type", "\"fpn\", \"pan\""});
    neck_refused(R"({"channel": 64})", {"c.json:/channel", "did you mean \"channels\"?"});
    neck_refused(R"({"channels": 0})", {"c.json:/channels"});
    neck_refused(R"({"first_level": 1})", {"c.json:/first_level"});
    neck_refused(R"({"last_level": 9})", {"c.json:/last_level"});
    neck_refused(R"({"first_level": 4, "last_level": 3})", {"c.json:/last_level", "from first_level 4", "found 3"});
    neck_refused(R"({"activation": "gelu"})", {"c.json:/activation"});
}

TEST(ParsePreprocessing, ReadsThreeNumbersOrKeepsTheFallback) {
    const Preprocessing fallback{{1, 2, 3}, {4, 5, 6}};
    EXPECT_EQ(parse_preprocessing(reader_of("{}"), fallback), fallback);
    const Preprocessing read = parse_preprocessing(reader_of(R"({"mean": [0, 0.5, 255]})"), fallback);
    EXPECT_EQ(read, (Preprocessing{{0, 0.5, 255}, {4, 5, 6}}));
}

TEST(ParsePreprocessing, RefusesWrongLists) {
    const auto refused = [](const std::string& text, const std::vector<std::string>& words) {
        expect_error<ConfigError>([&] { parse_preprocessing(reader_of(text), {}); }, words);
    };
    refused(R"({"mean": [1, 2]})", {"c.json:/mean", "3 numbers", "a list of 2"});
    refused(R"({"std": [1, 0, 1]})", {"c.json:/std/1"});
    refused(R"({"mean": [1, 2, 256]})", {"c.json:/mean/2"});
    refused(R"({"sdt": [1, 1, 1]})", {"c.json:/sdt", "did you mean \"std\"?"});
}

} // namespace
} // namespace banyan
