// The 62 parameters of a face from a bare TensorRT plan, without Python.
//   frsdk-build builtin --precision fp16 --target tensorrt --plan face.plan
//   g++ -std=c++17 face_params.cpp -o face_params -lnvinfer -lcudart   (-ltensorrt_rtx for RTX)
//   ./face_params face.plan crop.ppm     (crop: P6, 120 x 120, cut as docs/guide/engines.md says)
#include <NvInferRuntime.h>
#include <cuda_runtime_api.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

static void check(bool worked, const std::string& what) {
    if (!worked) throw std::runtime_error(what);
}
static std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    check(file.good(), path + ": cannot be read");
    return {std::istreambuf_iterator<char>(file), {}};
}
// The numbers behind "key":[ in the JSON that stands beside the plan.
static std::vector<float> numbers(const std::string& json, const std::string& key) {
    const size_t start = json.find("\"" + key + "\":[");
    check(start != std::string::npos, key + ": not in the plan's JSON");
    std::vector<float> found;
    const char* at = json.c_str() + start + key.size() + 3;
    do {
        char* end;
        found.push_back(std::strtof(at + 1, &end));
        at = end;
    } while (*at == ',');
    return found;
}
struct Log : nvinfer1::ILogger {
    void log(Severity severity, const char* text) noexcept override {
        if (severity <= Severity::kERROR) std::fprintf(stderr, "%s\n", text);
    }
};

static void run(const std::string& plan_path, const std::string& crop_path) {
    const std::string plan = content(plan_path), crop = content(crop_path);
    const std::string spec = content(plan_path + ".json");
    const auto pixel_mean = numbers(spec, "mean"), pixel_std = numbers(spec, "std");
    const auto param_mean = numbers(spec, "param_mean"), param_std = numbers(spec, "param_std");
    Log log;
    std::unique_ptr<nvinfer1::IRuntime> runtime(nvinfer1::createInferRuntime(log));
    check(bool(runtime), "TensorRT does not start");
    std::unique_ptr<nvinfer1::ICudaEngine> engine(
        runtime->deserializeCudaEngine(plan.data(), plan.size()));
    check(bool(engine), "the plan is for another TensorRT or GPU");
    std::unique_ptr<nvinfer1::IExecutionContext> context(engine->createExecutionContext());
    cudaStream_t stream;
    check(cudaStreamCreate(&stream) == cudaSuccess, "no CUDA device");
    std::vector<float> whitened(param_mean.size());
    void *params = nullptr, *memory = nullptr;
    for (int i = 0; i < engine->getNbIOTensors(); i++) {
        const char* name = engine->getIOTensorName(i);
        nvinfer1::Dims dims = engine->getTensorShape(name);  // (batch, ...)
        size_t values = 1;
        for (int d = 1; d < dims.nbDims; d++) values *= dims.d[d];
        check(cudaMalloc(&memory, values * sizeof(float)) == cudaSuccess, "out of memory");
        check(context->setTensorAddress(name, memory), name);
        if (engine->getTensorIOMode(name) == nvinfer1::TensorIOMode::kINPUT) {
            check(crop.size() > values, crop_path + ": not a crop of the network's size");
            dims.d[0] = 1;
            check(context->setInputShape(name, dims), "a batch of 1");
            std::vector<float> batch(values);  // RGB pixels -> planes of B, G, R
            const size_t plane = values / 3, start = crop.size() - values;
            for (size_t k = 0; k < values; k++) {
                const size_t c = k / plane;
                const auto pixel = static_cast<unsigned char>(crop[start + k % plane * 3 + 2 - c]);
                batch[k] = (pixel - pixel_mean[c]) / pixel_std[c];
            }
            cudaMemcpy(memory, batch.data(), values * sizeof(float), cudaMemcpyHostToDevice);
        } else if (values == whitened.size()) {
            params = memory;
        }
    }
    check(params != nullptr, "no output of the size of the parameters");
    check(context->enqueueV3(stream), "the network failed");
    check(cudaStreamSynchronize(stream) == cudaSuccess, "the network failed");
    cudaMemcpy(whitened.data(), params, whitened.size() * sizeof(float), cudaMemcpyDeviceToHost);
    for (size_t k = 0; k < whitened.size(); k++)
        std::printf("%.6g\n", whitened[k] * param_std[k] + param_mean[k]);
}

int main(int count, char** arguments) try {
    check(count == 3, "usage: face_params face.plan crop.ppm");
    run(arguments[1], arguments[2]);
} catch (const std::exception& error) {
    std::fprintf(stderr, "face_params: %s\n", error.what());
    return 1;
}
