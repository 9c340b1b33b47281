// Calls over gRPC as generated code makes them: arguments, results, and errors that stand for codes.

#include "rpc.flow.h"
#include <zerver/testing/fake_source.h>
#include <zerver/testing/matchers.h>
#include <zerver/testing/req_test.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace zerver::testing {
namespace {

using calls::PeopleAdapter;
using calls::Person;
using ::testing::HasSubstr;

constexpr std::uint16_t kResourceExhausted = 8;
constexpr std::uint16_t kAborted = 10;

class Rpc : public ::testing::Test {
 protected:
  Rpc() : test_(::calls::package()), directory_(test_.fake("calls.directory")) {}

  ResponseText show() { return test_.send({Method::kGet, "/people/7"}); }

  ReqTest test_;
  FakeAdapter& directory_;
};

TEST_F(Rpc, ResultsAreMessages) {
  directory_.answer("load", FakeReply::value(Person{.id = 7, .name = String::borrowed("Ada")}));
  const ResponseText shown = show();
  EXPECT_THAT(shown, HasStatus(200));
  EXPECT_THAT(shown.body, HasSubstr(R"({"id":7,"name":"Ada"})"));
}

TEST_F(Rpc, AStreamIsAList) {
  static constexpr std::array<Person, 2> kPeople = {Person{.id = 1, .name = {}}, Person{.id = 2, .name = {}}};
  directory_.answer("search", FakeReply::value(List<Person>::borrowed(kPeople)));
  const ResponseText found = test_.send({Method::kGet, "/people?text=a"});
  EXPECT_THAT(found, HasStatus(200));
  EXPECT_THAT(found.body, HasSubstr(R"([{"id":1,"name":""},{"id":2,"name":""}])"));
}

TEST_F(Rpc, AStreamIsSentAsItComes) {
  const auto source = std::make_shared<FakeSource>();
  source->values<Person>({{.id = 1, .name = {}}}).values<Person>({{.id = 2, .name = {}}});
  directory_.answer("scan", FakeReply::open(source));
  const ResponseText found = test_.send({Method::kGet, "/people/all?text=a"});
  EXPECT_THAT(found, HasStatus(200));
  EXPECT_EQ(found.body, "{\"id\":1,\"name\":\"\"}\n{\"id\":2,\"name\":\"\"}\n");
}

TEST_F(Rpc, CodesGoBeforeKinds) {
  directory_.answer("load", FakeReply::fault(FaultKind::kMissing));
  EXPECT_THAT(show(), IsProblem(404, "calls.NoPerson"));
  directory_.answer("drop", FakeReply::status(kAborted, FaultKind::kConflict));
  EXPECT_THAT(test_.send({Method::kDelete, "/people/7"}), IsProblem(409, "calls.Raced"));
}

TEST_F(Rpc, CodesAreRetriedWhenTheirErrorIs) {
  directory_.answer("load", FakeReply::status(kResourceExhausted, FaultKind::kUnavailable));
  directory_.answer("load", FakeReply::status(kResourceExhausted, FaultKind::kUnavailable));
  directory_.answer("load", FakeReply::value(Person{.id = 7, .name = {}}));
  EXPECT_THAT(show(), HasStatus(200));
  EXPECT_EQ(directory_.asked().size(), 3U);
}

TEST_F(Rpc, ACodeThatNobodyNamesIsItsKind) {
  directory_.answer("load", FakeReply::status(kAborted, FaultKind::kRejected));
  EXPECT_THAT(show(), IsProblem(403, "calls.Forbidden"));
}

// The bytes that an operation sends, and the fault when the answer is those bytes.
std::string sent(std::uint16_t operation, const void* arguments) {
  OutputBuffer out;
  flow::ProtobufWriter writer(out);
  PeopleAdapter::kRpcs[operation].write(writer, arguments);
  return std::string(out.view());
}

TEST(RpcTable, MakesPartsOfMessages) {
  using namespace std::string_literals;
  Arena arena;
  const flow::Rpc& scan = PeopleAdapter::kRpcs[PeopleAdapter::kScan];
  EXPECT_EQ(scan.path, "/people.v1.People/Search");
  EXPECT_EQ(scan.answer, nullptr);
  const std::array<std::string_view, 2> messages = {"\x08\x07", ""};
  const Result<const void*> part = scan.part(arena, messages);
  ASSERT_TRUE(part.has_value());
  const auto& people = *static_cast<const List<Person>*>(*part);
  ASSERT_EQ(people.size(), 2U);
  EXPECT_EQ(people[0].id, 7);
  EXPECT_EQ(people[1].id, 0);
  const std::array<std::string_view, 1> cut_off = {"\x08"};
  const Result<const void*> malformed = scan.part(arena, cut_off);
  ASSERT_FALSE(malformed.has_value());
  EXPECT_EQ(malformed.error().why, "field 1 of its answer is cut off");
}

TEST(RpcTable, NamesMethodsAndWritesParametersAsFields) {
  using namespace std::string_literals;
  EXPECT_EQ(PeopleAdapter::kRpcs[PeopleAdapter::kGetPerson].path, "/people.v1.People/GetPerson");
  EXPECT_EQ(PeopleAdapter::kRpcs[PeopleAdapter::kSearch].path, "/people.v1.People/Search");
  const PeopleAdapter::GetPersonArguments get{.id = 150, .deep = true};
  EXPECT_EQ(sent(PeopleAdapter::kGetPerson, &get), "\x08\x96\x01\x10\x01"s);
  const PeopleAdapter::SearchArguments search{.query = {.text = String::borrowed("ada"), .most = 0}};
  EXPECT_EQ(sent(PeopleAdapter::kSearch, &search),
            "\x0a\x03"
            "ada\x10\x00"s);
  const PeopleAdapter::DropArguments drop{.id = 0};
  EXPECT_EQ(sent(PeopleAdapter::kDrop, &drop), "");
}

}  // namespace
}  // namespace zerver::testing
