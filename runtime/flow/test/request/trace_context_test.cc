#include <zerver/flow/request/trace_context.h>

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace zerver::flow {
namespace {

constexpr std::string_view kParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

std::optional<TraceContext> context_of(std::string_view parent, std::string_view state = {}) {
  const std::array headers = {Header{"Traceparent", parent}, Header{"tracestate", state}};
  Request request;
  request.headers = headers;
  return TraceContext::of(request);
}

TEST(TraceContext, GoesOnWithTheTraceOfTheRequest) {
  const std::optional<TraceContext> context = context_of(kParent, "a=b");
  ASSERT_TRUE(context);
  EXPECT_EQ(context->state, "a=b");
  SeededRandom random(1);
  const std::array<char, TraceContext::kParentSize> child = context->child(random);
  const std::string text(child.data(), child.size());
  EXPECT_EQ(text.substr(0, 36), kParent.substr(0, 36));
  EXPECT_NE(text.substr(36, 16), kParent.substr(36, 16));
  EXPECT_EQ(text.substr(52), "-01");
  EXPECT_TRUE(context_of(text));
}

TEST(TraceContext, RefusesWhatIsNotOne) {
  for (const std::string_view text : {"", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
                                      "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                      "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                                      "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                                      "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                      "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
                                      "00-0af7651916cd43dd8448eb211c80319cxb7ad6b7169203331-01",
                                      "0g-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})
    EXPECT_FALSE(context_of(text)) << text;
  EXPECT_TRUE(context_of("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more"));
}

TEST(TraceContext, BeginsOneOfItsOwn) {
  SeededRandom random(1);
  const TraceContext context = TraceContext::make(random);
  const std::array<char, TraceContext::kParentSize> child = context.child(random);
  const std::optional<TraceContext> read = context_of({child.data(), child.size()});
  ASSERT_TRUE(read);
  EXPECT_EQ(read->trace_id, context.trace_id);
  EXPECT_EQ(read->flags, 0);
}

}  // namespace
}  // namespace zerver::flow
