// How flows end, and how long they can take, as JSON.

#include "compiler/emit/json/writer.h"
#include "compiler/model/outcome/outcome.h"

namespace zc::emit {

JsonWriter::Object JsonWriter::timed_call(const model::TimedCall& each) const {
  Object result{{"step", name(program_.steps[each.step].origin)},
                {"effect", captions_.effect(*each.call)},
                {"worst_ns", json_integer(each.total())}};
  if (each.times != 1) result["times"] = json_integer(each.times);
  return result;
}

JsonWriter::Object JsonWriter::timing(const model::Cfg& cfg) const {
  const model::FlowTiming timing = model::compute_timing(program_, cfg);
  Array path;
  for (const model::TimedCall& each : timing.path)
    path.push_back(timed_call(each));
  Object result{
      {"bounded", timing.is_bounded()}, {"worst_ns", json_integer(timing.worst)}, {"path", std::move(path)}};
  if (timing.best != model::kForever) result["best_ns"] = json_integer(timing.best);
  if (!timing.sagas.empty()) {
    Array sagas;
    for (const model::SagaTiming& saga : timing.sagas) {
      Array undos;
      for (const model::TimedCall& undo : saga.undos)
        undos.push_back(timed_call(undo));
      sagas.push_back(Object{
          {"bounded", saga.is_bounded}, {"worst_ns", json_integer(saga.worst)}, {"undos", std::move(undos)}});
    }
    result["sagas"] = std::move(sagas);
  }
  return result;
}

JsonWriter::Array JsonWriter::answers(model::FlowId id) const {
  constexpr const char* kSources[] = {"return", "error", "runtime"};
  Array result;
  for (const model::FlowAnswer& answer : model::answers_of(program_, id).answers) {
    Object entry{{"source", kSources[static_cast<std::size_t>(answer.source)]}};
    if (answer.status != 0) entry["status"] = answer.status;
    if (!answer.media_type.empty()) entry["media_type"] = answer.media_type;
    if (answer.body.is_valid()) entry["body"] = type(answer.body);
    if (answer.error.is_valid()) entry["error"] = name(program_.errors[answer.error].origin);
    if (!answer.raisers.empty()) entry["raised_by"] = names(answer.raisers, program_.steps);
    if (!answer.why.empty()) entry["why"] = answer.why;
    result.push_back(std::move(entry));
  }
  return result;
}

}  // namespace zc::emit
