// What the templates of steps that write inside a saga are filled with.

#include "compiler/emit/data.h"
#include "compiler/plan/names/names.h"

namespace zc::emit {

Data saga_steps_data(const plan::Plan& plan) {
  std::size_t index = 0;
  const auto word = [](bool value) { return value ? "true" : "false"; };
  return list(plan.saga_steps, [&](const plan::SagaStepPlan& step) {
    return object({{"index", std::to_string(index++)},
                   {"capture", step.capture},
                   {"constant", step.constant},
                   {"step", step.step},
                   {"written", step.written},
                   {"role", step.role},
                   {"repeatable", word(step.repeatable)},
                   {"undo_repeatable", word(step.undo_repeatable)},
                   {"undo_needs_result", word(step.undo_needs_result)},
                   {"fields", list(step.fields,
                                   [](const plan::SagaFieldPlan& field) {
                                     return object(
                                         {{"name", field.name}, {"type", field.type}, {"json", field.json}});
                                   })},
                   {"undo", when_set(step.undo)},
                   {"undo_text", step.undo_text},
                   {"undo_calls", list(step.undo_calls, call_data)},
                   {"redo", when_set(step.redo)},
                   {"redo_text", step.redo_text},
                   {"redo_calls", list(step.redo_calls, call_data)},
                   {"assigns", assigns_data(step.redo_assigns)}});
  });
}

}  // namespace zc::emit
