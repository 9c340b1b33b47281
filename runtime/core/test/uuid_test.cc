#include <zerver/core/random.h>
#include <zerver/core/uuid.h>

#include <gtest/gtest.h>

#include <string>
#include <unordered_set>

namespace zerver {
namespace {

std::string written(const Uuid& uuid) {
  char out[Uuid::kText];
  uuid.write(out);
  return std::string(out, sizeof(out));
}

TEST(Uuid, KeepsItsTextInLowerCase) {
  EXPECT_EQ(written(*Uuid::parse("F81D4FAE-7dec-11d0-a765-00a0c91e6bf6")),
            "f81d4fae-7dec-11d0-a765-00a0c91e6bf6");
}

TEST(Uuid, RefusesWhatIsNone) {
  for (const char* const text :
       {"", "f81d4fae-7dec-11d0-a765-00a0c91e6bf", "f81d4fae-7dec-11d0-a765-00a0c91e6bf60",
        "f81d4fae+7dec-11d0-a765-00a0c91e6bf6", "g81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        "f81d4fae7-dec-11d0-a765-00a0c91e6bf6", "{81d4fae-7dec-11d0-a765-00a0c91e6bf}"}) {
    EXPECT_FALSE(Uuid::parse(text)) << text;
  }
}

TEST(Uuid, IsGeneratedFromRandomnessAlone) {
  SeededRandom first(1);
  SeededRandom second(1);
  const Uuid uuid = Uuid::generate(first);
  EXPECT_EQ(uuid, Uuid::generate(second));
  EXPECT_NE(uuid, Uuid::generate(first));
  EXPECT_EQ(written(uuid)[14], '4');
  EXPECT_NE(std::string("89ab").find(written(uuid)[19]), std::string::npos);
}

TEST(Uuid, CanBeHashed) {
  SeededRandom random(1);
  const Uuid uuid = Uuid::generate(random);
  EXPECT_TRUE(std::unordered_set<Uuid>{uuid}.contains(uuid));
}

}  // namespace
}  // namespace zerver
