// What Redis does in one step for `kv`. Each has one key.
#pragma once

#include <string_view>

namespace zerver::effects::kv {

// by, life in ms: what it is then; the life is that of a number that was not there.
inline constexpr std::string_view kIncrementFor = R"(
local there = redis.call('EXISTS', KEYS[1])
local number = redis.call('INCRBY', KEYS[1], ARGV[1])
if there == 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return number)";

// expected, value, life in ms or 0: 0 missing, 1 different, 2 done.
inline constexpr std::string_view kCompareAndSet = R"(
local value = redis.call('GET', KEYS[1])
if not value then return 0 end
if value ~= ARGV[1] then return 1 end
if ARGV[3] == '0' then
  redis.call('SET', KEYS[1], ARGV[2])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return 2)";

// expected: the same.
inline constexpr std::string_view kCompareAndRemove = R"(
local value = redis.call('GET', KEYS[1])
if not value then return 0 end
if value ~= ARGV[1] then return 1 end
redis.call('DEL', KEYS[1])
return 2)";

// count, per in us: how many are left, or the negative number of microseconds until there is another one. The
// list holds the times of those that were let through, by the server's clock, which is kept from going
// backwards.
inline constexpr std::string_view kTake = R"(
local key, count, per = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local last = tonumber(redis.call('LINDEX', key, -1) or '0')
if now < last then now = last end
local size = redis.call('LLEN', key)
while size > 0 do
  if tonumber(redis.call('LINDEX', key, 0)) + per > now then break end
  redis.call('LPOP', key)
  size = size - 1
end
if size >= count then
  return now - per - tonumber(redis.call('LINDEX', key, size - count))
end
redis.call('RPUSH', key, string.format('%.0f', now))
redis.call('PEXPIRE', key, math.ceil(per / 1000))
return count - size - 1)";

}  // namespace zerver::effects::kv
