// `idempotency` of flows and services.

#pragma once

#include "compiler/check/context.h"
#include "compiler/check/steps/settings.h"

namespace zc::check {

// `idempotency required on cache ttl 24h concurrent wait interrupted retry lease 30s;`
void read_idempotency(Context& context, model::Flow& flow, SettingReader& reader,
                      const syntax::Setting& setting);

// Flows that cannot use it, and those that a service wants it of.
void check_idempotency(Context& context);

}  // namespace zc::check
