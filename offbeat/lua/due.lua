-- DUE: take the runs of one owner that must be looked at now, and put each off, so that no two controllers take the same.
-- KEYS  1 due of the owner  2 instances of the owner
-- ARGV  1 instance  2 put off by (s)  3 most to take  4 largest delay that is ever given (s)
-- Returns {nonce of the instance's last claim or '', time of Redis (s), run_id, …}.
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1e6
local known = redis.call('HGET', KEYS[2], ARGV[1])
local answer = {known and string.match(known, '^%S+') or '', string.format('%.6f', now)}
local runs = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[3])
if #runs == 0 then
  -- A later time can only come from a clock that has been set back since.
  runs = redis.call('ZRANGEBYSCORE', KEYS[1], now + ARGV[4] + 1, '+inf', 'LIMIT', 0, ARGV[3])
end
for _, run_id in ipairs(runs) do
  redis.call('ZADD', KEYS[1], now + ARGV[2], run_id)
  answer[#answer + 1] = run_id
end
return answer
