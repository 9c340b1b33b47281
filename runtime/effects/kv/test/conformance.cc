#include "conformance.h"

#include "zerver.flow.h"
#include <zerver/async/loop.h>
#include <zerver/core/list.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::effects::kv {

namespace {

using testing::AdapterHarness;
using Kv = KvAdapter;

String text(std::string_view value) { return String::borrowed(value); }
Json json(std::string_view value) { return Json::borrowed(value); }
Duration ms(std::int64_t count) { return Duration::from_milliseconds(count); }

// `ok`, or the kind of the fault.
template <class Performed> std::string outcome(const Performed& performed) {
  return performed->ok() ? "ok" : std::string(name_of(*performed->fault()));
}
std::string get(AdapterHarness& kv, std::string_view key) {
  const auto got = kv.perform(Kv::GetArguments{text(key)});
  return got->ok() ? got->value() : outcome(got);
}
std::string set(AdapterHarness& kv, std::string_view key, std::string_view value) {
  return outcome(kv.perform(Kv::SetArguments{text(key), json(value)}));
}
template <class Arguments> std::string number(AdapterHarness& kv, const Arguments& arguments) {
  const auto got = kv.perform(arguments);
  return got->ok() ? std::to_string(got->value()) : outcome(got);
}

// Lets time go on.
void pass(AdapterHarness& kv, Duration span) {
  struct Bell final : async::Timer {
    Bell() : Timer([](Timer& timer) noexcept { static_cast<Bell&>(timer).rung = true; }) {}
    bool rung = false;
  } bell;
  kv.loop().start(bell, kv.loop().now() + span);
  ASSERT_TRUE(kv.run_until([&bell] { return bell.rung; }));
}

void values_are_kept(AdapterHarness& kv) {
  EXPECT_EQ(get(kv, "none"), "missing");
  EXPECT_EQ(set(kv, "a", R"({"x":1})"), "ok");
  EXPECT_EQ(get(kv, "a"), R"({"x":1})");
  EXPECT_EQ(set(kv, "a", R"("two")"), "ok");
  EXPECT_EQ(get(kv, "a"), R"("two")");
  EXPECT_EQ(outcome(kv.perform(Kv::RemoveArguments{text("a")})), "ok");
  EXPECT_EQ(outcome(kv.perform(Kv::RemoveArguments{text("a")})), "ok");
  EXPECT_EQ(get(kv, "a"), "missing");
}

void any_bytes_are_keys_and_values(AdapterHarness& kv) {
  const std::string large(200'000, 'x');
  EXPECT_EQ(set(kv, "large", '"' + large + '"'), "ok");
  EXPECT_EQ(get(kv, "large"), '"' + large + '"');
  for (const std::string_view key :
       {"\r\n", "a b", "{", "{}", "{x", "*3\r\n$3\r\nSET\r\n", "käse", "%d", "\"'\\"}) {
    EXPECT_EQ(set(kv, key, "\"\\r\\n\""), "ok");
    EXPECT_EQ(get(kv, key), "\"\\r\\n\"") << key;
  }
}

void keys_have_a_length(AdapterHarness& kv) {
  const std::string longest(1024 - std::string_view("test:").size(), 'k');
  EXPECT_EQ(set(kv, longest, "1"), "ok");
  EXPECT_EQ(get(kv, longest), "1");
  for (const std::string& wrong : {std::string(), longest + "k"}) {
    EXPECT_EQ(get(kv, wrong), "missing");
    EXPECT_EQ(set(kv, wrong, "1"), "internal");
    EXPECT_EQ(outcome(kv.perform(Kv::RemoveArguments{text(wrong)})), "ok");
    EXPECT_EQ(number(kv, Kv::IncrementArguments{text(wrong), 1}), "internal");
  }
}

void many_values_come_at_once(AdapterHarness& kv) {
  std::vector<std::string> names;
  std::vector<String> keys;
  for (int i = 0; i < 100; ++i)
    names.push_back("many:" + std::to_string(i));
  for (const std::string& name : names)
    keys.push_back(text(name));
  const auto many = [&kv](std::span<const String> list) {
    const auto got = kv.perform(Kv::GetManyArguments{List<String>::borrowed(list)});
    return got->ok() ? got->value() : outcome(got);
  };
  EXPECT_EQ(many({}), "{}");
  EXPECT_EQ(many(keys), "{}");
  EXPECT_EQ(set(kv, names[3], "3"), "ok");
  EXPECT_EQ(set(kv, names[77], R"([7,"7"])"), "ok");
  EXPECT_EQ(many(keys), R"({"many:3":3,"many:77":[7,"7"]})");
  const std::array twice = {keys[77], keys[3], keys[77]};
  EXPECT_EQ(many(twice), R"({"many:77":[7,"7"],"many:3":3})");
  const std::vector<String> too_many(1001, text("k"));
  EXPECT_EQ(many(too_many), "internal");
}

void lives_end(AdapterHarness& kv) {
  EXPECT_EQ(outcome(kv.perform(Kv::SetForArguments{text("brief"), json("1"), ms(60)})), "ok");
  EXPECT_EQ(get(kv, "brief"), "1");
  pass(kv, ms(100));
  EXPECT_EQ(get(kv, "brief"), "missing");
  EXPECT_EQ(outcome(kv.perform(Kv::ExpireArguments{text("brief"), ms(60)})), "missing");
  // A life of nothing is over at once; one that is set again without a life has none.
  EXPECT_EQ(outcome(kv.perform(Kv::SetForArguments{text("brief"), json("1"), ms(60)})), "ok");
  EXPECT_EQ(set(kv, "brief", "2"), "ok");
  EXPECT_EQ(outcome(kv.perform(Kv::SetForArguments{text("gone"), json("1"), ms(0)})), "ok");
  EXPECT_EQ(set(kv, "kept", "3"), "ok");
  EXPECT_EQ(outcome(kv.perform(Kv::ExpireArguments{text("kept"), ms(60)})), "ok");
  pass(kv, ms(100));
  EXPECT_EQ(get(kv, "brief"), "2");
  EXPECT_EQ(get(kv, "gone"), "missing");
  EXPECT_EQ(get(kv, "kept"), "missing");
}

void add_writes_only_what_is_not_there(AdapterHarness& kv) {
  EXPECT_EQ(outcome(kv.perform(Kv::AddArguments{text("add"), json("1")})), "ok");
  EXPECT_EQ(outcome(kv.perform(Kv::AddArguments{text("add"), json("2")})), "conflict");
  EXPECT_EQ(get(kv, "add"), "1");
  EXPECT_EQ(outcome(kv.perform(Kv::AddForArguments{text("add_for"), json("1"), ms(60)})), "ok");
  EXPECT_EQ(outcome(kv.perform(Kv::AddForArguments{text("add_for"), json("2"), ms(60)})), "conflict");
  pass(kv, ms(100));
  EXPECT_EQ(outcome(kv.perform(Kv::AddForArguments{text("add_for"), json("3"), ms(60)})), "ok");
  EXPECT_EQ(get(kv, "add_for"), "3");
}

void numbers_count(AdapterHarness& kv) {
  EXPECT_EQ(number(kv, Kv::IncrementArguments{text("n"), 1}), "1");
  EXPECT_EQ(number(kv, Kv::IncrementArguments{text("n"), 41}), "42");
  EXPECT_EQ(number(kv, Kv::IncrementArguments{text("n"), -50}), "-8");
  EXPECT_EQ(get(kv, "n"), "-8");
  EXPECT_EQ(set(kv, "n", "9223372036854775807"), "ok");
  EXPECT_EQ(number(kv, Kv::IncrementArguments{text("n"), 1}), "rejected");
  EXPECT_EQ(set(kv, "n", "1.5"), "ok");
  EXPECT_EQ(number(kv, Kv::IncrementArguments{text("n"), 1}), "rejected");
  EXPECT_EQ(number(kv, Kv::IncrementForArguments{text("n"), ms(60), 1}), "rejected");

  EXPECT_EQ(number(kv, Kv::IncrementForArguments{text("window"), ms(80), 1}), "1");
  EXPECT_EQ(number(kv, Kv::IncrementForArguments{text("window"), Duration::from_seconds(60), 2}), "3");
  pass(kv, ms(120));
  EXPECT_EQ(number(kv, Kv::IncrementForArguments{text("window"), ms(80), 1}), "1");
}

void only_what_is_expected_is_replaced(AdapterHarness& kv) {
  const auto swap = [&kv](std::string_view expected, std::string_view value) {
    return outcome(kv.perform(Kv::CompareAndSetArguments{text("cas"), json(expected), json(value)}));
  };
  EXPECT_EQ(swap("1", "2"), "missing");
  EXPECT_EQ(set(kv, "cas", "1"), "ok");
  EXPECT_EQ(swap("2", "3"), "conflict");
  EXPECT_EQ(swap("1", "2"), "ok");
  EXPECT_EQ(get(kv, "cas"), "2");
  EXPECT_EQ(outcome(kv.perform(Kv::CompareAndSetForArguments{text("cas"), json("2"), json("3"), ms(60)})),
            "ok");
  EXPECT_EQ(get(kv, "cas"), "3");
  pass(kv, ms(100));
  EXPECT_EQ(get(kv, "cas"), "missing");
  EXPECT_EQ(outcome(kv.perform(Kv::CompareAndRemoveArguments{text("cas"), json("3")})), "missing");
  EXPECT_EQ(set(kv, "cas", "4"), "ok");
  EXPECT_EQ(outcome(kv.perform(Kv::CompareAndRemoveArguments{text("cas"), json("3")})), "conflict");
  EXPECT_EQ(outcome(kv.perform(Kv::CompareAndRemoveArguments{text("cas"), json("4")})), "ok");
  EXPECT_EQ(get(kv, "cas"), "missing");
}

void limits_hold(AdapterHarness& kv) {
  const auto take = [&kv](std::int64_t count, Duration per) {
    return number(kv, Kv::TakeArguments{text("limit"), count, per});
  };
  const Duration per = ms(300);
  EXPECT_EQ(take(3, per), "2");
  EXPECT_EQ(take(3, per), "1");
  EXPECT_EQ(take(3, per), "0");
  EXPECT_EQ(take(3, per), "rejected");
  EXPECT_EQ(number(kv, Kv::TakeArguments{text("another"), 3, per}), "2");
  // Limits and values do not meet.
  EXPECT_EQ(get(kv, "limit"), "missing");
  pass(kv, ms(350));
  EXPECT_EQ(take(3, per), "2");
  EXPECT_EQ(take(1, per), "rejected");
  EXPECT_EQ(take(2, per), "0");
  for (const std::int64_t wrong : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{10'001}})
    EXPECT_EQ(take(wrong, per), "internal");
  EXPECT_EQ(take(1, ms(0)), "internal");
}

// Whatever is begun at once ends, and what is given up harms nobody.
void operations_end_side_by_side(AdapterHarness& kv) {
  std::vector<std::unique_ptr<testing::Performed<Kv::IncrementArguments>>> started;
  for (int i = 0; i < 500; ++i) {
    started.push_back(kv.start(Kv::IncrementArguments{text("sum"), 1}));
    if (i % 5 == 0 && !started.back()->ended()) started.back()->cancel();
    if (i % 7 == 0 && !started.back()->ended()) started.back()->let_go();
  }
  ASSERT_TRUE(kv.run_until(
      [&started] { return std::ranges::all_of(started, [](const auto& each) { return each->ended(); }); }));
  std::set<std::int64_t> sums;
  for (const auto& each : started) {
    if (each->ok()) {
      EXPECT_TRUE(sums.insert(each->value()).second);
    }
  }
  EXPECT_GE(sums.size(), 300U);
}

}  // namespace

testing::HarnessOptions harness_for(std::string url, std::string prefix, testing::HarnessOptions::Time time) {
  testing::HarnessOptions options;
  options.time = time;
  options.arguments = {{"url", std::move(url)}, {"prefix", std::move(prefix)}};
  return options;
}

const Registry& standard_registry() {
  static const Registry registry = [] {
    Registry standard;
    add_standard_adapters(standard);
    return standard;
  }();
  return registry;
}

void check_conformance(AdapterHarness& kv) {
  constexpr std::pair<const char*, void (*)(AdapterHarness&)> kChecks[] = {
      {"values", values_are_kept},
      {"bytes", any_bytes_are_keys_and_values},
      {"lengths", keys_have_a_length},
      {"many", many_values_come_at_once},
      {"lives", lives_end},
      {"add", add_writes_only_what_is_not_there},
      {"numbers", numbers_count},
      {"compare", only_what_is_expected_is_replaced},
      {"limits", limits_hold},
      {"side by side", operations_end_side_by_side},
  };
  for (const auto& [name, check] : kChecks) {
    SCOPED_TRACE(name);
    check(kv);
  }
}

}  // namespace zerver::effects::kv
