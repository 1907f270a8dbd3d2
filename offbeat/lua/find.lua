-- FIND: look for the messages of one job among those that wait, on one page of the queue, from the end that is claimed first.
-- KEYS  1 queue  2 stats
-- ARGV  1 how many to skip  2 size of the page  3 text that the message holds, unless it is escaped
--       4 the text with every sign escaped, in lower case; '' for ASCII, of which any sign may be escaped  5 messages claimed at the last page, or ''
--       6 most bytes from the end of the name "job_id" to the end of its value
-- Returns {1 if there is another page, how many to skip for it, messages claimed so far, position, message, position, message, …}:
-- candidates, which the caller parses.
local counted = redis.call('HMGET', KEYS[2], 'claimed', 'coalesced')
local taken = (tonumber(counted[1]) or 0) + (tonumber(counted[2]) or 0)
local skip, size = tonumber(ARGV[1]), tonumber(ARGV[2])
-- What was claimed since the last page has moved all others up.
if ARGV[5] ~= '' then skip = math.max(0, skip - math.max(0, taken - tonumber(ARGV[5]))) end

local escapes = {'\\u002', '\\u003', '\\u004', '\\u005', '\\u006', '\\u007'} -- plain searches: a pattern takes thirty times as long
local function holds_text(part)
  if string.find(part, ARGV[3], 1, true) then return true end
  if ARGV[4] ~= '' then return string.find(string.lower(part), ARGV[4], 1, true) end
  if not string.find(part, '\\u00', 1, true) then return false end
  for _, escape in ipairs(escapes) do
    if string.find(part, escape, 1, true) then return true end
  end
  return false
end

-- Looks behind each `job_id"` only: the j is rare, so Redis is through the rest of a message at once.
local function is_candidate(message)
  local first, last = string.find(message, 'job_id"', 1, true)
  if not first then return string.find(message, '\\u', 1, true) end
  while first do
    if holds_text(string.sub(message, last + 1, last + tonumber(ARGV[6]))) then return true end
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
