// What a queue in Redis does, each as one script: nothing comes between its parts.
#pragma once

#include <zerver/effects/redis/command.h>

namespace zerver::effects::queue {

// All keys of a queue and those below it (`jobs/...`) begin with the one that a script is given, which has a
// hash tag, so that they are on one node of a cluster.
//
//   KEY:number                  the last number of a job
//   KEY:job:NUMBER              a hash: id, queue, name, arguments, unique, priority, lease, attempts, token
//   KEY:wait:PRIORITY:QUEUE     those that wait, by the time at which they are due
//   KEY:leases                  those that are claimed, by the end of their lease
//   KEY:unique:QUEUE            a hash: what is there once
//   KEY:dead, KEY:dead:ID       dead letters by time, and each as a hash
//   KEY:cron                    a hash: when each cron was fired last
//   KEY:queues, KEY:version     the names of queues; counts what may interest others
//
// Times are in microseconds, and the server's.
struct RedisScripts {
  RedisScripts();

  redis::Script put, claim, settle, extend, fire, cron, list, revive;
};

}  // namespace zerver::effects::queue
