-- ADOPT: give one page of an owner's runs to another owner. Safe to repeat until it returns 0.
-- KEYS  1 due of the old owner  2 due of the new owner
-- ARGV  1 new owner  2 prefix of the run keys
-- Returns how many runs were given.
local now = redis.call('TIME')[1]
local runs = redis.call('ZRANGE', KEYS[1], 0, 499)
for _, run_id in ipairs(runs) do
  redis.call('HSET', ARGV[2] .. run_id, 'owner', ARGV[1])
  redis.call('ZADD', KEYS[2], now, run_id)
  redis.call('ZREM', KEYS[1], run_id)
end
return #runs
