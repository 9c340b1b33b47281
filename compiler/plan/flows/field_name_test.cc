#include "compiler/plan/flows/field_name.h"

#include <gtest/gtest.h>

namespace zc::plan {
namespace {

TEST(FieldName, StandardFieldsHaveTheirUsualCapitals) {
  EXPECT_EQ(field_name("location"), "Location");
  EXPECT_EQ(field_name("ETAG"), "ETag");
  EXPECT_EQ(field_name("www-authenticate"), "WWW-Authenticate");
  EXPECT_EQ(field_name("Retry-After"), "Retry-After");
}

TEST(FieldName, OthersStayAsTheyAreWritten) {
  EXPECT_EQ(field_name("x-request-id"), "x-request-id");
  EXPECT_EQ(field_name("X-Locations"), "X-Locations");
}

}  // namespace
}  // namespace zc::plan
