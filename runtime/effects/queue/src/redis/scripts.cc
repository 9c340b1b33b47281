#include "scripts.h"

#include <zerver/jobs/queue_store.h>

#include <string>
#include <string_view>

namespace zerver::effects::queue {

namespace {

// What several of them use.
constexpr std::string_view kCommon = R"(
local key = KEYS[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local function whole(number) return string.format('%.0f', number) end
local function changed() redis.call('INCR', key .. ':version') end
local function wait(number, queue, priority, due)
  redis.call('ZADD', key .. ':wait:' .. priority .. ':' .. queue, whole(due), number)
  redis.call('SADD', key .. ':queues', queue)
end
local function free(queue, unique)
  if unique ~= '' then redis.call('HDEL', key .. ':unique:' .. queue, unique) end
end
local function is_held(number, token)
  if redis.call('HGET', key .. ':job:' .. number, 'token') ~= token then return false end
  local till = redis.call('ZSCORE', key .. ':leases', number)
  return till and tonumber(till) > now
end
local function put(id, queue, name, arguments, unique, priority, after, lease)
  if unique ~= '' and redis.call('HSETNX', key .. ':unique:' .. queue, unique, id) == 0 then return 0 end
  local number = string.format('%016.0f', redis.call('INCR', key .. ':number'))
  redis.call('HSET', key .. ':job:' .. number, 'id', id, 'queue', queue, 'name', name, 'arguments', arguments,
             'unique', unique, 'priority', priority, 'lease', lease, 'attempts', 0, 'token', 0)
  wait(number, queue, priority, now + tonumber(after))
  changed()
  return 1
end
)";

constexpr std::string_view kPut = "return put(unpack(ARGV))";

// ARGV: queue, limit, lease. Answers when there may be more, -1 for never, then a list for each job.
constexpr std::string_view kClaim = R"(
local queue, limit, lease = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local over = redis.call('ZRANGEBYSCORE', key .. ':leases', '-inf', whole(now), 'WITHSCORES', 'LIMIT', 0, 1000)
for i = 1, #over, 2 do
  local job = redis.call('HMGET', key .. ':job:' .. over[i], 'queue', 'priority')
  redis.call('ZREM', key .. ':leases', over[i])
  if job[1] then wait(over[i], job[1], job[2], tonumber(over[i + 1])) end
end
local found = {}
for priority = 0, 2 do
  local due = redis.call('ZRANGEBYSCORE', key .. ':wait:' .. priority .. ':' .. queue, '-inf', whole(now),
                         'WITHSCORES', 'LIMIT', 0, limit)
  for i = 1, #due, 2 do
    found[#found + 1] = {due[i], tonumber(due[i + 1]) + leads[priority + 1], priority}
  end
end
table.sort(found, function(a, b) return a[2] < b[2] or (a[2] == b[2] and a[1] < b[1]) end)
local taken = {}
for i = 1, math.min(limit, #found) do
  local number, job = found[i][1], key .. ':job:' .. found[i][1]
  redis.call('ZREM', key .. ':wait:' .. found[i][3] .. ':' .. queue, number)
  local attempts = redis.call('HINCRBY', job, 'attempts', 1)
  local token = redis.call('HINCRBY', job, 'token', 1)
  local all = redis.call('HMGET', job, 'id', 'name', 'arguments', 'lease')
  local span = math.min(lease, tonumber(all[4]))
  redis.call('ZADD', key .. ':leases', whole(now + span), number)
  taken[i] = {number, all[1], all[2], all[3], whole(attempts), whole(token), whole(found[i][3]), whole(span)}
end
local next = -1
if #taken == limit then
  next = 0
else
  local first = {redis.call('ZRANGE', key .. ':leases', 0, 0, 'WITHSCORES')}
  for priority = 0, 2 do
    first[#first + 1] = redis.call('ZRANGE', key .. ':wait:' .. priority .. ':' .. queue, 0, 0, 'WITHSCORES')
  end
  for _, entry in ipairs(first) do
    if entry[2] then
      local left = math.max(0, tonumber(entry[2]) - now)
      if next == -1 or left < next then next = left end
    end
  end
end
return {whole(next), taken}
)";

// ARGV: number, token, what, delay, dead letter, reason. Answers 0 when the lease was lost, 1 when nobody
// else need know, 2 else.
constexpr std::string_view kSettle = R"(
local number, token, what = ARGV[1], ARGV[2], ARGV[3]
if not is_held(number, token) then return 0 end
local job = key .. ':job:' .. number
local all = redis.call('HMGET', job, 'id', 'queue', 'unique', 'priority')
redis.call('ZREM', key .. ':leases', number)
if what == 'ack' then
  free(all[2], all[3])
  redis.call('DEL', job)
  return 1
elseif what == 'bury' then
  free(all[2], all[3])
  redis.call('RENAME', job, key .. ':dead:' .. all[1])
  redis.call('HSET', key .. ':dead:' .. all[1], 'dead_letter', ARGV[5], 'why', ARGV[6], 'at', whole(now))
  redis.call('ZADD', key .. ':dead', whole(now), all[1])
  return 1
end
if what == 'release' then redis.call('HINCRBY', job, 'attempts', -1) end
wait(number, all[2], all[4], now + tonumber(ARGV[4]))
changed()
return 2
)";

// ARGV: number, token and span of each, with spaces between. Answers 1 for those that are held still.
constexpr std::string_view kExtend = R"(
local held = {}
for number, token, span in string.gmatch(ARGV[1], '(%d+) (%d+) (%d+)') do
  if is_held(number, token) then
    redis.call('ZADD', key .. ':leases', whole(now + tonumber(span)), number)
    held[#held + 1] = 1
  else
    held[#held + 1] = 0
  end
end
return held
)";

// ARGV: cron, time, 1 when it is passed over if busy, then those of put. Answers 0 busy, 1 fired, 2 earlier.
constexpr std::string_view kFire = R"(
local last = redis.call('HGET', key .. ':cron', ARGV[1])
if last and tonumber(last) >= tonumber(ARGV[2]) then return 2 end
local fired = put(ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11])
if fired == 1 or ARGV[3] == '1' then redis.call('HSET', key .. ':cron', ARGV[1], ARGV[2]) end
return fired
)";

constexpr std::string_view kCron = R"(
redis.call('HSETNX', key .. ':cron', ARGV[1], ARGV[2])
return redis.call('HGET', key .. ':cron', ARGV[1])
)";

// ARGV: limit. Answers the counts, then a list for each that runs, and for each dead letter.
constexpr std::string_view kList = R"(
local waiting, last = 0, tonumber(ARGV[1]) - 1
for _, queue in ipairs(redis.call('SMEMBERS', key .. ':queues')) do
  for priority = 0, 2 do
    waiting = waiting + redis.call('ZCARD', key .. ':wait:' .. priority .. ':' .. queue)
  end
end
local running, dead = {}, {}
local leases = redis.call('ZRANGE', key .. ':leases', 0, last, 'WITHSCORES')
for i = 1, #leases, 2 do
  local job = redis.call('HMGET', key .. ':job:' .. leases[i], 'id', 'name', 'attempts')
  running[#running + 1] = {job[1], job[2], job[3], whole(tonumber(leases[i + 1]))}
end
for _, id in ipairs(redis.call('ZRANGE', key .. ':dead', 0, last)) do
  dead[#dead + 1] = redis.call('HMGET', key .. ':dead:' .. id, 'id', 'name', 'dead_letter', 'arguments', 'why',
                               'attempts', 'at')
end
return {waiting, redis.call('ZCARD', key .. ':leases'), redis.call('ZCARD', key .. ':dead'), running, dead}
)";

// ARGV: id, 1 when it is dropped. It waits once more even when one of the same kind has come since.
constexpr std::string_view kRevive = R"(
local dead = key .. ':dead:' .. ARGV[1]
if redis.call('ZREM', key .. ':dead', ARGV[1]) == 0 then return 0 end
local all = redis.call('HMGET', dead, 'queue', 'name', 'arguments', 'unique', 'priority', 'lease')
redis.call('DEL', dead)
if ARGV[2] == '1' then return 1 end
local unique = all[4]
if unique ~= '' and redis.call('HEXISTS', key .. ':unique:' .. all[1], unique) == 1 then unique = '' end
put(ARGV[1], all[1], all[2], all[3], unique, all[5], 0, all[6])
return 1
)";

std::string with_common(std::string_view script) {
  std::string text = "local leads = {";
  for (const auto priority :
       {async::Priority::kInteractive, async::Priority::kNormal, async::Priority::kBatch})
    text += std::to_string(jobs::lead_of(priority).nanoseconds / 1'000) + ", ";
  return text.append("}").append(kCommon).append(script);
}

}  // namespace

RedisScripts::RedisScripts()
    : put(with_common(kPut)),
      claim(with_common(kClaim)),
      settle(with_common(kSettle)),
      extend(with_common(kExtend)),
      fire(with_common(kFire)),
      cron(with_common(kCron)),
      list(with_common(kList)),
      revive(with_common(kRevive)) {}

}  // namespace zerver::effects::queue
