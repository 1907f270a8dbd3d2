-- JOIN: enter a controller, and say that its owner is alive. Repeated every few seconds.
-- KEYS  1 schema  2 instances of the owner  3 owners  4 queue  5 results queue (so that Redis Cluster refuses two slots at once)
-- ARGV  1 schema version  2 owner  3 instance  4 its nonce
-- Returns the schema version that is there; with another one than ours, nothing was written.
local schema = redis.call('GET', KEYS[1])
if schema and schema ~= ARGV[1] then return schema end
local now = redis.call('TIME')[1]
if not schema then redis.call('SET', KEYS[1], ARGV[1]) end
redis.call('HSET', KEYS[2], ARGV[3], ARGV[4] .. ' ' .. now)
redis.call('HSET', KEYS[3], ARGV[2], now)
local instances = redis.call('HGETALL', KEYS[2])
for index = 1, #instances, 2 do
  local seen = tonumber(string.match(instances[index + 1], '%d+$')) or 0
  if now - seen > 604800 then redis.call('HDEL', KEYS[2], instances[index]) end
end
return ARGV[1]
