// Tasks on one event loop, each with a stack of its own.
#include "stackless.h"
#include <zerver/io/fiber.h>

#include <memory>

namespace zerver::io {

struct StackfulModel::Fiber final : Task {
  Fiber(StackfulModel& the_model, Io& the_io)
      : Task(the_model, the_io),
        fiber(the_model.stack_, [](void* argument) { step(*static_cast<Io*>(argument)); }, &the_io) {}

  io::Fiber fiber;
};

StackfulModel::StackfulModel(std::size_t stack) : stack_(stack) {}
StackfulModel::~StackfulModel() = default;

std::unique_ptr<StacklessModel::Task> StackfulModel::make_task(Io& io) {
  return std::make_unique<Fiber>(*this, io);
}

void StackfulModel::enter(Task& task) noexcept {
  static_cast<Fiber&>(task).fiber.resume();
  if (task.io == nullptr) delete &task;
}

void StackfulModel::drive(Io& root) {
  const StackOverflowReports reports;
  StacklessModel::drive(root);
}

bool StackfulModel::park(Io& io, std::unique_lock<std::mutex>&) {
  static_cast<Fiber*>(io.model_data)->fiber.suspend();
  return false;
}

}  // namespace zerver::io
