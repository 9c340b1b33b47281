// The cache of names, and one question for all who ask the same.
#include "net/faults.h"
#include <zerver/async/combine/select.h>
#include <zerver/async/sleep.h>
#include <zerver/async/sync/event.h>
#include <zerver/io/net/resolver.h>

#include <algorithm>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>

namespace zerver::io::net {
namespace {

constexpr std::size_t kLongestName = 253;  // RFC 1035, 2.3.4

// Both families in turn, beginning with that of the best (RFC 8305, 4).
Addresses interleaved(const Addresses& sorted) {
  Addresses result;
  if (sorted.empty()) return result;
  const bool first = sorted.front().is_v6;
  auto one = sorted.begin();
  auto other = sorted.begin();
  const auto next = [&](auto& place, bool is_v6) {
    place = std::find_if(place, sorted.end(), [&](const Address& each) { return each.is_v6 == is_v6; });
    if (place != sorted.end()) result.push_back(*place++);
  };
  while (result.size() < sorted.size()) {
    next(one, first);
    next(other, !first);
  }
  return result;
}

// Of DNS, without regard to case; none when it cannot be a name.
std::string canonical(std::string_view host) {
  if (host.empty() || host.size() > kLongestName) return {};
  std::string name(host);
  for (char& each : name) {
    if (static_cast<unsigned char>(each) <= ' ' || each == 0x7f) return {};
    if (each >= 'A' && each <= 'Z') each = static_cast<char>(each - 'A' + 'a');
  }
  return name;
}

}  // namespace

struct Resolver::State {
  // What is known about a name; pinned while somebody asks or waits.
  struct Name final : NameSource::Answered {
    Name(State& its_state, std::string its_text) : state(its_state), text(std::move(its_text)) {}

    void answer(NameAnswer&& answer) noexcept override {
      asking = false;
      state.note(*this, std::move(answer));
      answered.set();
    }

    State& state;
    std::string text;
    Addresses addresses;  // empty: there is no such name, or nobody has answered
    TimePoint fresh_until;
    TimePoint stale_until;
    bool asking = false;
    bool failed = false;
    int users = 0;
    async::Event answered;
  };

  State(async::Loop& its_loop, std::unique_ptr<NameSource> its_source, const ResolverOptions& its_options)
      : loop(its_loop), options(its_options), source(std::move(its_source)) {}
  // The source before the names that it would answer to.
  ~State() { source.reset(); }

  void note(Name& name, NameAnswer&& answer) {
    const TimePoint now = loop.now();
    switch (answer.kind) {
      case NameAnswer::Kind::kFound:
        name.addresses = interleaved(answer.addresses);
        name.fresh_until = now + std::clamp(answer.life, options.least_life, options.most_life);
        name.stale_until = name.fresh_until + options.stale_life;
        break;
      case NameAnswer::Kind::kNoSuchName:
        name.addresses.clear();
        name.fresh_until = now + options.negative_life;
        break;
      case NameAnswer::Kind::kFailed:
        ++stats.failed;
        if (name.stale_until <= now) name.addresses.clear();
        // What is old is good enough for a while; what is not there is asked for again.
        name.fresh_until = name.addresses.empty() ? now : now + options.least_life;
        break;
    }
    name.failed = answer.kind == NameAnswer::Kind::kFailed;
  }

  Name& name_of(const std::string& text) {
    if (const auto place = index.find(text); place != index.end()) {
      names.splice(names.begin(), names, place->second);
      return names.front();
    }
    names.emplace_front(*this, text);
    index.emplace(text, names.begin());
    make_room();
    return names.front();
  }
  // The first one is in use.
  void make_room() {
    auto last = std::prev(names.end());
    while (names.size() > options.names && last != names.begin()) {
      const auto each = last--;
      if (each->asking || each->users != 0) continue;
      index.erase(each->text);
      names.erase(each);
    }
  }

  async::Loop& loop;
  ResolverOptions options;
  std::list<Name> names;  // the one used last first
  std::unordered_map<std::string, std::list<Name>::iterator> index;
  ResolverStats stats;
  std::unique_ptr<NameSource> source;
};

Resolver::Resolver(async::Loop& loop, std::unique_ptr<NameSource> source, const ResolverOptions& options)
    : state_(std::make_unique<State>(loop, std::move(source), options)) {}
Resolver::~Resolver() = default;

async::Task<Result<Addresses>> Resolver::resolve(std::string_view host) {
  if (const std::optional<Address> address = Address::parse(host)) co_return Addresses{*address};
  const std::string text = canonical(host);
  if (text.empty()) co_return unavailable("that is no name of a host");
  State& state = *state_;
  State::Name& name = state.name_of(text);
  if (state.loop.now() < name.fresh_until) {
    ++state.stats.hits;
  } else {
    ++name.users;
    if (!std::exchange(name.asking, true)) {
      ++state.stats.asked;
      name.answered.reset();
      state.source->ask(name.text, name);
    }
    const bool is_old = !name.addresses.empty() && state.loop.now() < name.stale_until;
    const auto waited = co_await async::select(
        name.answered.wait(), async::sleep_for(is_old ? state.options.stale_after : Duration::max()));
    --name.users;
    if (!waited) co_return waited.error();
    if (!name.addresses.empty() && (name.asking || name.failed)) ++state.stats.stale;
  }
  if (!name.addresses.empty()) co_return name.addresses;
  co_return unavailable(name.failed ? String("no server tells the address of the host")
                                    : String("there is no such host"));
}

ResolverStats Resolver::stats() const noexcept {
  ResolverStats stats = state_->stats;
  stats.names = state_->names.size();
  return stats;
}

}  // namespace zerver::io::net
