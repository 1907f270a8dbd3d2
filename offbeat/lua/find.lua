-- FIND: look for the messages of one job among those that wait, on one page of the queue, from the end that is claimed first.
-- KEYS  1 queue  2 stats
-- ARGV  1 how many to skip  2 size of the page  3 the job_id
--       4 a part of it that a message with escapes holds, unless that part is escaped itself
--       5 the part with every sign escaped, in lower case; '' for ASCII, of which any sign may be escaped
--       6 messages claimed at the last page, or ''
-- Returns {1 if there is another page, how many to skip for it, messages claimed so far, position, message, position, message, …}:
-- candidates, which the caller parses.
local counted = redis.call('HMGET', KEYS[2], 'claimed', 'coalesced')
local taken = (tonumber(counted[1]) or 0) + (tonumber(counted[2]) or 0)
local skip, size = tonumber(ARGV[1]), tonumber(ARGV[2])
-- What was claimed since the last page has moved all others up.
if ARGV[6] ~= '' then skip = math.max(0, skip - math.max(0, taken - tonumber(ARGV[6]))) end

local escapes = {'\\u002', '\\u003', '\\u004', '\\u005', '\\u006', '\\u007'} -- plain searches: a pattern takes thirty times as long
local function holds_part(value)
  if string.find(value, ARGV[4], 1, true) then return true end
  if ARGV[5] ~= '' then return string.find(string.lower(value), ARGV[5], 1, true) end
  if not string.find(value, '\\u00', 1, true) then return false end
  for _, escape in ipairs(escapes) do
    if string.find(value, escape, 1, true) then return true end
  end
  return false
end

-- Whether the text behind the name of the field may be the job_id: it is, to the byte, or it has escapes.
local longest = 6 * #ARGV[3] -- JSON writes a byte of UTF-8 in six at most: \u0061
local function may_be_job_id(message, behind)
  local _, last = string.find(message, '^%s*:%s*', behind)
  if not last then return false end
  local is_text = string.sub(message, last + 1, last + 1) == '"'
  local first = is_text and last + 2 or last + 1
  local next = first + #ARGV[3]
  if string.sub(message, first, next - 1) == ARGV[3] then
    return string.find(message, is_text and '^"' or '^[^%d]', next)
  end
  local value = string.sub(message, first, first + longest - 1)
  return string.find(value, '\\', 1, true) and holds_part(value)
end

-- Looks behind each `job_id"` only: the j is rare, so Redis is through the rest of a message at once.
local function is_candidate(message)
  local first, last = string.find(message, 'job_id"', 1, true)
  if not first then return string.find(message, '\\u', 1, true) end
  while first do
    if may_be_job_id(message, last + 1) then return true end
    first, last = string.find(message, 'job_id"', last, true)
  end
  return false
end

local page = redis.call('LRANGE', KEYS[1], -skip - size, -skip - 1)
local answer, bytes = {#page == size and 1 or 0, skip + size, taken}, 0
for index = #page, 1, -1 do
  if is_candidate(page[index]) then
    answer[#answer + 1] = skip + #page - index
    answer[#answer + 1] = page[index]
    bytes = bytes + #page[index]
    if bytes > 1048576 then -- enough for one answer: the next one begins behind it
      answer[1], answer[2] = 1, skip + #page - index + 1
      break
    end
  end
end
return answer
