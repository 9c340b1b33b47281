// The typed indices of the resolved program.

#pragma once

#include "compiler/base/id.h"

namespace zc::model {

using PackageId = Id<struct PackageTag>;
using TypeId = Id<struct TypeTag>;
using ScalarId = Id<struct ScalarTag>;
using StructId = Id<struct StructTag>;
using EnumId = Id<struct EnumTag>;
using ExternId = Id<struct ExternTag>;
using ErrorId = Id<struct ErrorTag>;
using DomainId = Id<struct DomainTag>;
using AdapterId = Id<struct AdapterTag>;
using TargetId = Id<struct TargetTag>;
using PolicyId = Id<struct PolicyTag>;
using SlotId = Id<struct SlotTag>;
using StepId = Id<struct StepTag>;
using ChainId = Id<struct ChainTag>;
using FlowId = Id<struct FlowTag>;
using ServiceId = Id<struct ServiceTag>;

}  // namespace zc::model
