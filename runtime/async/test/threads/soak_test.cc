// What takes too long for every run: millions of messages and of tasks between threads.
#include "runtime/async/test/threads/crowd.h"
#include "runtime/async/test/threads/submit_from_four_threads.h"

#include <gtest/gtest.h>

namespace zerver::async {
namespace {

TEST(AsyncSoak, TwoMillionMessagesBetweenEightThreads) { Crowd(500'000).run(); }

TEST(AsyncSoak, AMillionTasksFromFourThreads) { submit_from_four_threads(250'000); }

}  // namespace
}  // namespace zerver::async
