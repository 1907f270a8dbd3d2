-- CLAIM: turn waiting messages into runs of one owner, up to its cap.
-- Redis rolls nothing back, so a message is popped last: whatever is refused before, it is still in the queue.
-- Nothing is parsed here: cjson would turn large integers into doubles.
-- KEYS  1 queue  2 inflight  3 due of the owner  4 instances of the owner  5 dedup  6 stats  7 schema  8 results queue
-- ARGV  1 owner  2 instance  3 new nonce  4 nonces that this instance may have left, with spaces around each
--       5 cap  6 most to take  7 most results that may wait, 0 for no limit  8 largest message (bytes)
--       9 bytes kept of a larger one  10 look again after (s)  11 schema version  12 prefix of the run keys
-- Returns {status, 1 if more may wait, run_id, message, bytes of the message, run_id, …}. Status:
--   ok; full (no slot is free); results (too many wait); schema:<version found>; history (Redis has lost what this instance wrote);
--   refused:<error>: Redis refused a command, and that message was left where it was.
local max_scans, max_scanned_bytes = 1000, 16 * 1024 * 1024 -- so that duplicates cannot block Redis for long
local schema = redis.call('GET', KEYS[7])
if schema and schema ~= ARGV[11] then return {'schema:' .. schema, 0} end
local known = redis.call('HGET', KEYS[4], ARGV[2])
known = known and string.match(known, '^%S+')
if not schema or not known or not string.find(ARGV[4], ' ' .. known .. ' ', 1, true) then return {'history', 0} end
if tonumber(ARGV[7]) > 0 and redis.call('LLEN', KEYS[8]) >= tonumber(ARGV[7]) then return {'results', 0} end

local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1e6
local left = math.min(tonumber(ARGV[5]) - redis.call('ZCARD', KEYS[3]), tonumber(ARGV[6]))
local answer = {left > 0 and 'ok' or 'full', 0}
local scans, scanned_bytes, coalesced, claimed = 0, 0, 0, 0

local function refused(command)
  local reply = redis.pcall(unpack(command))
  return type(reply) == 'table' and reply.err
end

-- Runs the commands in order; at a refusal it takes back what went before and returns the error.
-- Where the first step back is refused, too, all stays: the message that waits is a duplicate of its run then.
local function all_or_nothing(commands, undo)
  for _, command in ipairs(commands) do
    local err = refused(command)
    if err then
      for index, step in ipairs(undo) do
        if refused(step) and index == 1 then break end
      end
      return err
    end
  end
end

-- The nonce goes first: it proves later that this claim was not lost, and a full Redis refuses it.
local refusal = all_or_nothing({{'HSET', KEYS[4], ARGV[2], ARGV[3] .. ' ' .. time[1]}}, {})
while not refusal do
  if scans >= max_scans or scanned_bytes >= max_scanned_bytes then answer[2] = 1; break end
  local raw = redis.call('LINDEX', KEYS[1], -1)
  if not raw then break end
  if left <= 0 and #raw > tonumber(ARGV[8]) then break end -- its SHA-1 would take too long to look for it at every call
  scans, scanned_bytes = scans + 1, scanned_bytes + #raw
  local sha = redis.sha1hex(raw)
  -- Reads are refused like writes: the runs that are claimed already must be returned.
  local duplicate = redis.pcall('HGET', KEYS[5], sha)
  local since = redis.pcall('ZSCORE', KEYS[2], type(duplicate) == 'string' and duplicate or '')
  refusal = (type(duplicate) == 'table' and duplicate.err) or (type(since) == 'table' and since.err)
  if refusal then break end
  if duplicate and since then
    local run_key = ARGV[12] .. duplicate
    refusal = all_or_nothing(
      {{'HINCRBY', run_key, 'coalesced', 1}, {'RPOP', KEYS[1]}},
      {{'HINCRBY', run_key, 'coalesced', -1}})
    if not refusal then coalesced = coalesced + 1 end
  elseif left <= 0 then
    break -- duplicates need no slot: one that waited for it would outlive its run, and run again
  else
    local run_id = string.sub(redis.sha1hex(ARGV[3] .. ':' .. claimed .. ':' .. sha), 1, 16)
    local run_key = ARGV[12] .. run_id
    local kept = raw
    local record = {'HSET', run_key, 'owner', ARGV[1], 'state', 'claimed', 'attempt', 0, 'sha', sha, 'claimed_at', now}
    if #raw > tonumber(ARGV[8]) then
      kept = string.sub(raw, 1, tonumber(ARGV[9]))
      record[#record + 1] = 'message_bytes'
      record[#record + 1] = #raw
    end
    record[#record + 1] = 'raw'
    record[#record + 1] = kept
    refusal = all_or_nothing(
      {record, {'ZADD', KEYS[3], now + ARGV[10], run_id}, {'ZADD', KEYS[2], now, run_id}, {'HSET', KEYS[5], sha, run_id}, {'RPOP', KEYS[1]}},
      {{'ZREM', KEYS[2], run_id}, {'ZREM', KEYS[3], run_id}, {'HDEL', KEYS[5], sha}, {'DEL', run_key}})
    if not refusal then
      claimed, left = claimed + 1, left - 1
      answer[#answer + 1] = run_id
      answer[#answer + 1] = kept
      answer[#answer + 1] = #raw
    end
  end
end
if refusal then answer[1] = 'refused:' .. refusal end
if claimed > 0 then redis.pcall('HINCRBY', KEYS[6], 'claimed', claimed) end
if coalesced > 0 then redis.pcall('HINCRBY', KEYS[6], 'coalesced', coalesced) end
return answer
