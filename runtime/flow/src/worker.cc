#include <zerver/flow/data/json_reader.h>
#include <zerver/flow/saga/log.h>
#include <zerver/flow/worker.h>

namespace zerver::flow {

Worker::Worker(const Seams& seams, const WorkerLimits& limits)
    : seams_(seams),
      limits_(limits),
      json_reader_(std::make_unique<JsonReader>(limits.json_depth)),
      failure_lines_(limits.failure_lines, seams.loop.now()),
      own_saga_log_(std::make_unique<MemorySagaLog>()),
      saga_log_(own_saga_log_.get()) {}

Worker::~Worker() = default;

}  // namespace zerver::flow
