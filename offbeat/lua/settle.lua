-- SETTLE: deliver the one result of a run. The first writer wins; every later one changes nothing but a counter.
-- Redis rolls nothing back, so the run is settled in two steps around the delivery: 'delivering' means that it was not
-- delivered, and the next call tries again. What follows the delivery is bookkeeping: where it is refused, the run
-- stays due, and RELEASE repeats it.
-- KEYS  1 settled  2 results queue  3 run  4 inflight  5 finishing  6 dedup  7 dead  8 stats  9 bytes of dead
-- ARGV  1 run_id  2 result  3 TTL of settled (s)  4 TTL of run (s)  5 status  6 reason  7 error
--       8 sha1 of the message if the record has none, or ''  9 dead-letter entry without its time, or ''  10 most dead letters
--       11 most bytes of them  12 longest time they are kept (s)  13 '1' while a Job may hold the slot  14 channel  15 prefix of all keys
--       16 look again after (s)
-- Returns {1 if this call delivered the result, else 0, error of the bookkeeping or ''}.
local settled = redis.call('GET', KEYS[1])
if settled and settled ~= 'delivering' then
  redis.pcall('HINCRBY', KEYS[8], 'duplicates', 1)
  return {0, ''}
end
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1e6
redis.call('SET', KEYS[1], 'delivering', 'EX', ARGV[3])
redis.call('LPUSH', KEYS[2], ARGV[2])
redis.call('SET', KEYS[1], ARGV[5], 'EX', ARGV[3]) -- the same command on the same key: it is not refused now

local problem = ''
local function note(...)
  local reply = redis.pcall(...)
  if type(reply) == 'table' and reply.err then problem = reply.err; return nil end
  return reply
end

local owner = note('HGET', KEYS[3], 'owner')
local sha = note('HGET', KEYS[3], 'sha') or ARGV[8] -- the caller may hold only the head of the message
if note('HGET', KEYS[6], sha) == ARGV[1] then note('HDEL', KEYS[6], sha) end
note('HDEL', KEYS[3], 'raw')
note('HSET', KEYS[3], 'state', ARGV[5], 'reason', ARGV[6], 'error', ARGV[7], 'settled_at', now)
note('EXPIRE', KEYS[3], ARGV[4])
note('ZREM', KEYS[4], ARGV[1])
if ARGV[13] == '1' and owner then note('ZADD', KEYS[5], now, ARGV[1]) end
if ARGV[9] ~= '' then
  local bytes_key = KEYS[9]
  local entry = '{"failed_at": ' .. string.format('%.3f', now) .. ', ' .. string.sub(ARGV[9], 2)
  if note('LLEN', KEYS[7]) == 0 then note('DEL', bytes_key) end
  if note('LPUSH', KEYS[7], entry) then
    local bytes = note('INCRBY', bytes_key, #entry) or 0
    for _ = 1, 100 do
      local oldest = note('LINDEX', KEYS[7], -1)
      local age = oldest and now - tonumber(string.match(oldest, '"failed_at": ([%d.]+)') or now) or 0
      local length = note('LLEN', KEYS[7]) or 0
      if length <= 1 or (length <= tonumber(ARGV[10]) and bytes <= tonumber(ARGV[11]) and age <= tonumber(ARGV[12])) then break end
      if not note('RPOP', KEYS[7]) then break end
      bytes = note('DECRBY', bytes_key, #oldest) or 0
    end
  end
end
note('HINCRBY', KEYS[8], 'settled', 1)
note('PUBLISH', ARGV[14], ARGV[2])
if owner then
  local due = ARGV[15] .. 'due:' .. owner -- in the slot of all other keys; the owner may have changed since the Job began
  if ARGV[13] == '1' or problem ~= '' then
    note('ZADD', due, 'XX', now + ARGV[16], ARGV[1])
  else
    note('ZREM', due, ARGV[1])
  end
end
return {1, problem}
