// What the C++ example takes of TensorRT: declarations as in its headers, and a network that gives
// each crop's mean plus 0, 1, 2, ... for any plan that begins with "plan".
#pragma once
#include <cstdint>
#include <cstring>

namespace nvinfer1 {
using AsciiChar = char;
struct Dims {
    int32_t nbDims;
    int64_t d[8];
};
enum class TensorIOMode : int32_t { kNONE, kINPUT, kOUTPUT };

class ILogger {
public:
    enum class Severity : int32_t { kINTERNAL_ERROR, kERROR, kWARNING, kINFO, kVERBOSE };
    virtual void log(Severity severity, AsciiChar const* message) noexcept = 0;
    virtual ~ILogger() = default;
};

class IExecutionContext {
public:
    bool setTensorAddress(char const* name, void* data) noexcept {
        (std::strcmp(name, "crops") ? params : crops) = static_cast<float*>(data);
        return true;
    }
    bool setInputShape(char const* name, Dims const& dims) noexcept {
        return batch = dims.d[0], !std::strcmp(name, "crops") && batch > 0;
    }
    bool enqueueV3(void* stream) noexcept {
        if (!stream || !crops || !params || batch != 1) return false;
        double sum = 0.0;
        for (int k = 0; k < 3 * 120 * 120; k++) sum += crops[k];
        for (int k = 0; k < 62; k++) params[k] = static_cast<float>(sum / (3 * 120 * 120) + k);
        return true;
    }

private:
    float *crops = nullptr, *params = nullptr;
    int64_t batch = 0;
};

class ICudaEngine {
public:
    IExecutionContext* createExecutionContext() noexcept { return new IExecutionContext; }
    int32_t getNbIOTensors() const noexcept { return 2; }
    char const* getIOTensorName(int32_t i) const noexcept { return i ? "whitened_params" : "crops"; }
    TensorIOMode getTensorIOMode(char const* name) const noexcept {
        return std::strcmp(name, "crops") ? TensorIOMode::kOUTPUT : TensorIOMode::kINPUT;
    }
    Dims getTensorShape(char const* name) const noexcept {
        return std::strcmp(name, "crops") ? Dims{2, {-1, 62}} : Dims{4, {-1, 3, 120, 120}};
    }
};

class IRuntime {
public:
    ICudaEngine* deserializeCudaEngine(void const* blob, std::size_t size) noexcept {
        return size >= 4 && !std::memcmp(blob, "plan", 4) ? new ICudaEngine : nullptr;
    }
};
inline IRuntime* createInferRuntime(ILogger&) noexcept { return new IRuntime; }
}  // namespace nvinfer1
