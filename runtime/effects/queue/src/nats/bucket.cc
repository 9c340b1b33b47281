#include "bucket.h"

#include <nats/nats.h>

#include <dlfcn.h>

namespace zerver::effects::queue {

namespace {

struct Nats {
#define NATS(member, function) decltype(&function) member = nullptr;
#include "library_functions.def"
#undef NATS

  // Empty, or why it cannot be used. It stays until the program ends.
  [[nodiscard]] std::string load() {
    void* const library = dlopen("libnats.so.3.4", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr)
      return "libnats cannot be loaded: " + std::string(dlerror()) +
             "; on Debian it is in the package libnats3.4";
    const auto bind = [library]<class Function>(const char* name, Function& function) {
      function = reinterpret_cast<Function>(dlsym(library, name));
      return function != nullptr;
    };
#define NATS(member, function) \
  if (!bind(#function, member)) return "libnats has no " #function;
#include "library_functions.def"
#undef NATS
    return {};
  }
};

// Milliseconds.
constexpr std::int64_t kTimeout = 3'000;
constexpr std::int64_t kReconnect = 250;
// A server that has been silent for two of them is gone.
constexpr std::int64_t kPing = 2'000;

NatsEntry entry_of(const Nats& nats, kvEntry* entry) {
  NatsEntry result;
  result.key = nats.entry_key(entry);
  result.revision = nats.entry_revision(entry);
  result.created = nats.entry_created(entry);
  result.is_gone = nats.entry_operation(entry) != kvOp_Put;
  if (!result.is_gone)
    result.value.assign(static_cast<const char*>(nats.entry_value(entry)),
                        static_cast<std::size_t>(nats.entry_size(entry)));
  nats.entry_destroy(entry);
  return result;
}

}  // namespace

struct NatsBucket::State {
  ~State() {
    if (bucket != nullptr) nats.bucket_destroy(bucket);
    if (jetstream != nullptr) nats.jetstream_destroy(jetstream);
    if (connection != nullptr) nats.connection_destroy(connection);
    if (statistics != nullptr) nats.statistics_destroy(statistics);
  }

  Nats nats;
  natsConnection* connection = nullptr;
  jsCtx* jetstream = nullptr;
  kvStore* bucket = nullptr;
  natsStatistics* statistics = nullptr;
  std::string stream;
};

struct NatsBucket::Watch::Handle {
  ~Handle() { nats->watcher_destroy(watcher); }
  const Nats* nats;
  kvWatcher* watcher;
};

NatsBucket::NatsBucket() : state_(std::make_unique<State>()) {}
NatsBucket::~NatsBucket() = default;

std::string NatsBucket::open(const std::string& url, const std::string& name) {
  State& state = *state_;
  Nats& nats = state.nats;
  if (std::string error = nats.load(); !error.empty()) return error;
  state.stream = "KV_" + name;
  natsOptions* options = nullptr;
  natsStatus status = nats.options_create(&options);
  if (status == NATS_OK) status = nats.options_set_url(options, url.c_str());
  if (status == NATS_OK) status = nats.options_set_timeout(options, kTimeout);
  if (status == NATS_OK) status = nats.options_set_name(options, "zerver-queue");
  if (status == NATS_OK) status = nats.options_set_max_reconnect(options, -1);
  if (status == NATS_OK) status = nats.options_set_reconnect_wait(options, kReconnect);
  if (status == NATS_OK) status = nats.options_set_ping_interval(options, kPing);
  if (status == NATS_OK) status = nats.options_set_max_pings_out(options, 2);
  if (status == NATS_OK) status = nats.connect(&state.connection, options);
  nats.options_destroy(options);
  if (status == NATS_OK) status = nats.statistics_create(&state.statistics);
  jsOptions waits;
  nats.jetstream_options_init(&waits);
  waits.Wait = kTimeout;
  if (status == NATS_OK) status = nats.jetstream(&state.jetstream, state.connection, &waits);
  if (status == NATS_OK) {
    status = nats.open_bucket(&state.bucket, state.jetstream, name.c_str());
    if (status != NATS_OK) {
      // As libnats makes buckets, but that what is done can be deleted.
      const std::string all = "$KV." + name + ".>";
      const char* subjects[] = {all.c_str()};
      jsStreamConfig config;
      nats.stream_config_init(&config);
      config.Name = state.stream.c_str();
      config.Subjects = subjects;
      config.SubjectsLen = 1;
      config.MaxMsgsPerSubject = 1;
      config.Discard = js_DiscardNew;
      config.Storage = js_FileStorage;
      config.AllowRollup = true;
      nats.add_stream(nullptr, state.jetstream, &config, nullptr, nullptr);
      // Somebody else may have made it meanwhile.
      status = nats.open_bucket(&state.bucket, state.jetstream, name.c_str());
    }
  }
  return status == NATS_OK ? std::string() : nats.status_text(status);
}

bool NatsBucket::is_connected() const noexcept {
  return state_->nats.connection_status(state_->connection) == NATS_CONN_STATUS_CONNECTED;
}

std::uint64_t NatsBucket::reconnects() const noexcept {
  std::uint64_t count = 0;
  if (state_->nats.connection_statistics(state_->connection, state_->statistics) == NATS_OK)
    state_->nats.statistics_counts(state_->statistics, nullptr, nullptr, nullptr, nullptr, &count);
  return count;
}

// What the server refuses is about the revision: keys and values are well formed.
NatsChange NatsBucket::changed(int code) {
  const auto status = static_cast<natsStatus>(code);
  why_.clear();
  switch (status) {
    case NATS_OK:
      return NatsChange::kDone;
    case NATS_ERR:
    case NATS_NOT_FOUND:
    case NATS_MISMATCH:
      return NatsChange::kOther;
    default:
      why_ = state_->nats.status_text(status);
      return NatsChange::kFailed;
  }
}

std::optional<NatsEntry> NatsBucket::get(const std::string& key) {
  kvEntry* entry = nullptr;
  const natsStatus status = state_->nats.get(&entry, state_->bucket, key.c_str());
  why_.clear();
  if (status == NATS_OK) return entry_of(state_->nats, entry);
  if (status != NATS_NOT_FOUND) why_ = state_->nats.status_text(status);
  return std::nullopt;
}

// Not kvStore_Create(): when that gets no answer it asks once more, for as long again.
NatsChange NatsBucket::create(const std::string& key, std::string_view value, std::uint64_t& revision) {
  revision = 0;
  return update(key, value, revision);
}

NatsChange NatsBucket::update(const std::string& key, std::string_view value, std::uint64_t& revision) {
  std::uint64_t next = 0;
  const NatsChange change = changed(state_->nats.update(&next, state_->bucket, key.c_str(), value.data(),
                                                        static_cast<int>(value.size()), revision));
  if (change == NatsChange::kDone) revision = next;
  return change;
}

NatsChange NatsBucket::erase(std::uint64_t revision) {
  return changed(
      state_->nats.delete_message(state_->jetstream, state_->stream.c_str(), revision, nullptr, nullptr));
}

std::unique_ptr<NatsBucket::Watch> NatsBucket::watch(const std::string& prefix) {
  kvWatcher* watcher = nullptr;
  const natsStatus status = state_->nats.watch(&watcher, state_->bucket, (prefix + ".>").c_str(), nullptr);
  if (status != NATS_OK) {
    why_ = state_->nats.status_text(status);
    return nullptr;
  }
  return std::unique_ptr<Watch>(
      new Watch(std::unique_ptr<Watch::Handle>(new Watch::Handle{&state_->nats, watcher})));
}

NatsBucket::Watch::Watch(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
NatsBucket::Watch::~Watch() = default;

std::optional<NatsEntry> NatsBucket::Watch::next(std::int64_t wait_milliseconds) {
  kvEntry* entry = nullptr;
  if (handle_->nats->watcher_next(&entry, handle_->watcher, wait_milliseconds) != NATS_OK)
    return std::nullopt;
  if (entry != nullptr) return entry_of(*handle_->nats, entry);
  has_begun_ = true;
  return std::nullopt;
}

}  // namespace zerver::effects::queue
