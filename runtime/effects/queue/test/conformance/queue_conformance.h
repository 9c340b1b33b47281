// What every store of a queue does. Whoever implements one instantiates the suite with it.
#pragma once

#include "queue_world.h"

#include <gtest/gtest.h>

#include <memory>

namespace zerver::effects::queue {

class QueueConformance : public ::testing::TestWithParam<QueueFactory> {
 protected:
  std::unique_ptr<QueueWorld> world = GetParam().make();
};

inline std::string name_of_case(const ::testing::TestParamInfo<QueueFactory>& info) {
  return info.param.name;
}

}  // namespace zerver::effects::queue
