// A stack of its own to run a function on.
#include <zerver/io/fiber.h>

#include <cxxabi.h>

#include <cstdint>
#include <cstdlib>
#include <signal.h>
#include <unistd.h>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#define ZERVER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ZERVER_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define ZERVER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ZERVER_TSAN 1
#endif
#endif

#if defined(ZERVER_ASAN)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(ZERVER_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

namespace zerver::io {

namespace {

// The page below the stack that this thread runs on; read by the signal handler on the same thread.
thread_local const char* volatile guard_page = nullptr;

std::size_t page_size() noexcept { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

struct sigaction previous_action;  // set once, before the handler can run

void on_segmentation_fault(int number, siginfo_t* info, void*) {
  const char* const page = guard_page;
  const auto* const address = static_cast<const char*>(info->si_addr);
  if (page != nullptr && address >= page && address < page + page_size()) {
    constexpr char kMessage[] =
        "zerver: a task's stack overflowed: too deep a recursion, or too large a local array\n";
    static_cast<void>(!write(STDERR_FILENO, kMessage, sizeof kMessage - 1));
  }
  // The instruction fails again, under whoever handled it before.
  sigaction(number, &previous_action, nullptr);
}

void install_handler() {
  struct sigaction action{};
  action.sa_sigaction = on_segmentation_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGSEGV, &action, &previous_action);
}

}  // namespace

StackOverflowReports::StackOverflowReports() {
  static const bool installed = (install_handler(), true);
  static_cast<void>(installed);
  stack_t current{};
  if (sigaltstack(nullptr, &current) != 0 || (current.ss_flags & SS_DISABLE) == 0) return;
  constexpr std::size_t kSize = std::size_t{64} << 10;
  own_ = std::malloc(kSize);
  if (own_ == nullptr) return;
  stack_t stack{};
  stack.ss_sp = own_;
  stack.ss_size = kSize;
  sigaltstack(&stack, nullptr);
}

StackOverflowReports::~StackOverflowReports() {
  if (own_ == nullptr) return;
  stack_t none{};
  none.ss_flags = SS_DISABLE;
  sigaltstack(&none, nullptr);
  std::free(own_);
}

// --- Fibers ---

Fiber::Fiber(std::size_t stack, Entry entry, void* argument)
    : allocator_(stack + page_size()),
      stack_(allocator_.allocate()),
      entry_(entry),
      argument_(argument),
      inside_(std::allocator_arg, boost::context::preallocated(stack_.sp, stack_.size, stack_), allocator_,
              [this](boost::context::fiber&& outside) {
                outside_ = std::move(outside);
                arrive(true);
                entry_(argument_);
                leave_for(false, true);
                return std::move(outside_);
              }) {
#if defined(ZERVER_TSAN)
  tsan_inside_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
#if defined(ZERVER_TSAN)
  __tsan_destroy_fiber(tsan_inside_);
#endif
}

void Fiber::resume() {
  const char* const page = guard_page;
  guard_page = static_cast<const char*>(stack_.sp) - stack_.size;
  leave_for(true, false);
  inside_ = std::move(inside_).resume();
  arrive(false);
  guard_page = page;
}

void Fiber::suspend() {
  leave_for(false, false);
  outside_ = std::move(outside_).resume();
  arrive(true);
}

void Fiber::swap_exceptions() noexcept {
  auto* const current = reinterpret_cast<Exceptions*>(abi::__cxa_get_globals());
  std::swap(*current, exceptions_);
}

void Fiber::leave_for([[maybe_unused]] bool inside, [[maybe_unused]] bool for_ever) noexcept {
  swap_exceptions();
#if defined(ZERVER_ASAN)
  if (inside) {
    __sanitizer_start_switch_fiber(&fake_stack_outside_, static_cast<const char*>(stack_.sp) - stack_.size,
                                   stack_.size);
  } else {
    __sanitizer_start_switch_fiber(for_ever ? nullptr : &fake_stack_inside_, outside_bottom_, outside_size_);
  }
#endif
#if defined(ZERVER_TSAN)
  if (inside) tsan_outside_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(inside ? tsan_inside_ : tsan_outside_, 0);
#endif
}

void Fiber::arrive([[maybe_unused]] bool inside) noexcept {
#if defined(ZERVER_ASAN)
  if (inside) {
    __sanitizer_finish_switch_fiber(fake_stack_inside_, &outside_bottom_, &outside_size_);
  } else {
    __sanitizer_finish_switch_fiber(fake_stack_outside_, nullptr, nullptr);
  }
#endif
}

}  // namespace zerver::io
