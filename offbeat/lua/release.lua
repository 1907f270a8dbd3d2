-- RELEASE: free the slots of settled runs whose Jobs have ended, and repeat what Redis may have refused when they were settled.
-- A run without a result keeps its slot. The slot is freed last, so that a refusal is met again at the next look.
-- KEYS  1 inflight  2 finishing  3 due of the owner  4 dedup
-- ARGV  1 prefix of all keys  2 TTL of run (s)  3… run_ids
-- Returns how many slots were freed.
local freed = 0
for index = 3, #ARGV do
  local run_id = ARGV[index]
  local record = ARGV[1] .. 'run:' .. run_id
  local settled = redis.call('GET', ARGV[1] .. 'settled:' .. run_id)
  if settled and settled ~= 'delivering' then
    local known = redis.call('HMGET', record, 'state', 'sha')
    if known[2] and redis.call('HGET', KEYS[4], known[2]) == run_id then redis.call('HDEL', KEYS[4], known[2]) end
    if known[1] and known[1] ~= settled then redis.call('HSET', record, 'state', settled) end
    redis.call('HDEL', record, 'raw')
    redis.call('EXPIRE', record, ARGV[2])
    redis.call('ZREM', KEYS[1], run_id)
    redis.call('ZREM', KEYS[2], run_id)
    freed = freed + redis.call('ZREM', KEYS[3], run_id)
  end
end
return freed
