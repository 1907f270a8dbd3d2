-- SETTLE: deliver the one result of a run. The first writer wins; every later one changes nothing but a counter.
-- KEYS  1 settled  2 results queue  3 inflight  4 finishing  5 dedup  6 run  7 dead  8 stats
-- ARGV  1 run  2 result  3 now (s)  4 TTL of settled (s)  5 TTL of run (s)  6 status  7 reason  8 error
--       9 sha1 of the message  10 dead-letter entry or ''  11 most dead letters  12 '1' while a Job may hold a place
--       13 channel
-- Returns 1 if this call delivered the result, 0 if another had.
if not redis.call('SET', KEYS[1], ARGV[6], 'NX', 'EX', ARGV[4]) then
  redis.call('HINCRBY', KEYS[8], 'duplicates', 1)
  return 0
end
redis.call('LPUSH', KEYS[2], ARGV[2])
redis.call('ZREM', KEYS[3], ARGV[1])
if ARGV[12] == '1' then redis.call('ZADD', KEYS[4], ARGV[3], ARGV[1]) end
if redis.call('HGET', KEYS[5], ARGV[9]) == ARGV[1] then redis.call('HDEL', KEYS[5], ARGV[9]) end
redis.call('HDEL', KEYS[6], 'raw')
redis.call('HSET', KEYS[6], 'state', ARGV[6], 'reason', ARGV[7], 'error', ARGV[8], 'settled_at', ARGV[3])
redis.call('EXPIRE', KEYS[6], ARGV[5])
if ARGV[10] ~= '' then
  redis.call('LPUSH', KEYS[7], ARGV[10])
  redis.call('LTRIM', KEYS[7], 0, tonumber(ARGV[11]) - 1)
end
redis.call('HINCRBY', KEYS[8], 'settled', 1)
redis.call('PUBLISH', ARGV[13], ARGV[2])
return 1
