#include <zerver/flow/data/json_reader.h>
#include <zerver/flow/worker.h>

namespace zerver::flow {

Worker::Worker(const Seams& seams, const WorkerLimits& limits)
    : seams_(seams), limits_(limits), json_reader_(std::make_unique<JsonReader>(limits.json_depth)) {}

Worker::~Worker() = default;

}  // namespace zerver::flow
