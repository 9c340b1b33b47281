// Which implementation stands for which adapter: filled explicitly when a program starts.
#pragma once

#include <zerver/effects/system.h>
#include <zerver/flow/service.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace zerver::effects {

// Who implements an adapter.
struct AdapterInfo {
  std::string name;     // of the adapter, qualified: `zerver.sql`
  std::string version;  // of the implementation, as semver.org has it: `1.4.0`; empty: it does not say
  std::string reaches;  // for people: "SQLite files and PostgreSQL servers"
};

class Registry {
 public:
  using Open = std::function<Opened(const flow::TargetInfo& target, const flow::TargetConfig& config)>;

  struct Entry {
    AdapterInfo info;
    Open open;
    bool is_default = false;  // add() may take its place
  };

  // An adapter that the program brings. It takes the place of a default one; a second one for the same
  // adapter is a mistake that errors() tells, unless it is brought by replace().
  void add(AdapterInfo info, Open open);
  template <class Name>
    requires std::is_convertible_v<const Name&, std::string>
  void add(const Name& adapter, Open open) {
    add(AdapterInfo{adapter, {}, {}}, std::move(open));
  }
  // With the struct `MailerConfig` that is generated for `adapter mailer(...)`: what is wrong with the
  // arguments of a target is a start-up error, and `open` gets them by their types.
  // `open` is `Opened(const TargetInfo&, const Config&)`, or takes the TargetConfig as a third argument, for
  // what is no parameter of the adapter: the setting `bearer`.
  template <class Config, class OpenConfigured> void add(AdapterInfo info, OpenConfigured open) {
    add(std::move(info), typed<Config>(std::move(open)));
  }
  // Instead of whatever is there.
  void replace(AdapterInfo info, Open open);
  // One that counts until the program adds its own, or there is another default.
  void add_default(AdapterInfo info, Open open);
  template <class Config, class OpenConfigured> void add_default(AdapterInfo info, OpenConfigured open) {
    add_default(std::move(info), typed<Config>(std::move(open)));
  }

  // Null when nothing is registered. Until the next change.
  const Entry* find(std::string_view adapter) const noexcept;
  // One line for each adapter that was added twice.
  const std::vector<std::string>& errors() const noexcept { return errors_; }

  // An Open from one that takes the generated struct.
  template <class Config, class OpenConfigured> static Open typed(OpenConfigured open) {
    return
        [open = std::move(open)](const flow::TargetInfo& target, const flow::TargetConfig& config) -> Opened {
          auto parsed = Config::parse(config);
          if (!parsed.error.empty()) return {nullptr, std::move(parsed.error)};
          if constexpr (std::is_invocable_v<OpenConfigured, const flow::TargetInfo&, const Config&,
                                            const flow::TargetConfig&>) {
            return open(target, parsed.value, config);
          } else {
            return open(target, parsed.value);
          }
        };
  }

 private:
  std::map<std::string, Entry, std::less<>> entries_;
  std::vector<std::string> errors_;
};

// The adapters of the standard library that this runtime implements, as defaults.
void add_standard_adapters(Registry& registry);

}  // namespace zerver::effects
