// What a program finds on its machine, and what it would do with it.
#pragma once

#include <zerver/program/config.h>
#include <zerver/program/machine.h>

#include <string>
#include <vector>

namespace zerver {

struct Diagnosis {
  Machine machine;
  Config config;       // that is in force
  Config recommended;  // Config::optimal of the machine
  std::vector<Finding> findings;
};

Diagnosis diagnose(const Machine& machine, const Config& config);
// Of this machine, with what is recommended for it.
Diagnosis diagnose();

// For people: aligned lines, findings last.
std::string to_text(const Diagnosis& diagnosis);
// One JSON object with the members `zerver`, `machine`, `config`, `recommended`, `findings`.
std::string to_json(const Diagnosis& diagnosis);

}  // namespace zerver
