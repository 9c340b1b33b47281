// The vector scan finds what the plain one finds.
#include "scan.h"

#include <gtest/gtest.h>

#include <string>

namespace zerver::http {
namespace {

TEST(Scan, FieldTextEndsAtControlCharacters) {
  for (unsigned i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    const bool ends = (i < 0x20 && c != '\t') || i == 0x7f;
    EXPECT_EQ(!is(kFieldCharacter, c), ends) << i;
  }
}

TEST(Scan, ClassesAreTheSameInVectorsAsByteByByte) {
  constexpr CharacterClass kClasses[] = {kTokenCharacter, kPathCharacter, kQueryCharacter,
                                         kFieldCharacter, kHostCharacter, kTargetCharacter};
  for (const CharacterClass wanted : kClasses) {
    for (unsigned i = 0; i < 256; ++i) {
      for (std::size_t at = 0; at < 40; ++at) {
        std::string text(at + i % 24 + 1, 'x');
        text[at] = static_cast<char>(i);
        const char* const end = text.data() + text.size();
        ASSERT_EQ(skip(wanted, text.data(), end), skip_scalar(wanted, text.data(), end))
            << wanted << ' ' << i << ' ' << at;
      }
    }
  }
}

TEST(Scan, IsTheSameInVectorsAsByteByByte) {
  for (std::size_t size = 0; size < 70; ++size) {
    for (std::size_t at = 0; at <= size; ++at) {
      for (const char c : {'a', '\t', '\r', '\0', '\x7f', '\x1f', ' ', '\xff', '\x80'}) {
        std::string text(size, 'x');
        if (at < size) text[at] = c;
        const char* const end = text.data() + text.size();
        ASSERT_EQ(skip_field_text(text.data(), end), skip_field_text_scalar(text.data(), end))
            << size << ' ' << at;
      }
    }
  }
}

}  // namespace
}  // namespace zerver::http
