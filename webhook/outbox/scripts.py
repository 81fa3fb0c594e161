"""The scripts of the outbox. As in `webhook/store/scripts.py`: every key through KEYS, and each can be run twice.

`due` scores and all moments are seconds since 1970 with fractions, passed on as they were written. The hash of attempts
(`oa:`) holds: claim (token and until when), after (nothing is sent before), last (what a claim has just finished),
asked (when the template was sent), <id> (attempts at an entry), c:<id> (copy of an entry that was accepted).
"""

from webhook.store.scripts import Script

KEPT_S = 4 * 24 * 3600  # longer than an entry can be parked
COPIES_S = 30 * 60  # how long a copy of what was sent may be kept


def _script(source: str) -> Script:
    """A script in which lifetimes stand by name."""
    return Script(source.replace("$KEPT", str(KEPT_S)).replace("$COPIES", str(COPIES_S)))


# Take a person who is due: nobody else may send for them until the claim ends.
# KEYS  1 due · 2 outbox · 3 attempts · 4 prefs · 5… sessions
# ARGV  1 person · 2 now · 3 token · 4 until
CLAIM = _script(
    """
local holder, ends = string.match(redis.call('HGET', KEYS[3], 'claim') or '', '^(%S+) (%S+)$')
if holder ~= ARGV[3] then
  local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
  local now = tonumber(ARGV[2])
  if not score or tonumber(score) > now then return {'early'} end
  if ends and tonumber(ends) > now then
    redis.call('ZADD', KEYS[1], ends, ARGV[1])
    return {'held'}
  end
  if redis.call('LLEN', KEYS[2]) == 0 then
    redis.call('ZREM', KEYS[1], ARGV[1])
    redis.call('HDEL', KEYS[3], 'claim', 'after')
    return {'empty'}
  end
  local after = redis.call('HGET', KEYS[3], 'after') or '0'
  if tonumber(after) > now then
    redis.call('ZADD', KEYS[1], after, ARGV[1])
    return {'early'}
  end
end
local head = redis.call('LINDEX', KEYS[2], 0)
if not head then return {'empty'} end
redis.call('HSET', KEYS[3], 'claim', ARGV[3] .. ' ' .. ARGV[4])
redis.call('EXPIRE', KEYS[3], $KEPT)
redis.call('ZADD', KEYS[1], ARGV[4], ARGV[1])
local id = string.match(head, '^%S+') or ''
local found = {'claimed', head, redis.call('HGET', KEYS[3], id) or '', redis.call('GET', KEYS[4]) or '',
  redis.call('HGET', KEYS[3], 'asked') or ''}
for i = 5, #KEYS do found[#found + 1] = redis.call('GET', KEYS[i]) or '' end
return found
"""
)

# The last look before the message goes out: whoever claimed is still the one, the entry is still the head, and the
# person has not changed what they wish (an opt-out) since it was read.
# KEYS  1 due · 2 outbox · 3 attempts · 4 prefs
# ARGV  1 person · 2 token · 3 entry id · 4 prefs read · 5 attempts, with the moment of this one · 6 until
BEGIN_ATTEMPT = Script(
    """
if (string.match(redis.call('HGET', KEYS[3], 'claim') or '', '^%S+') or '') ~= ARGV[2] then return 'lost' end
if (string.match(redis.call('LINDEX', KEYS[2], 0) or '', '^%S+') or '') ~= ARGV[3] then return 'lost' end
if (redis.call('GET', KEYS[4]) or '') ~= ARGV[4] then return 'changed' end
redis.call('HSET', KEYS[3], ARGV[3], ARGV[5], 'claim', ARGV[2] .. ' ' .. ARGV[6])
redis.call('ZADD', KEYS[1], ARGV[6], ARGV[1])
return 'begun'
"""
)

# What became of the head. 'pop' takes it out, 'later' leaves it for another time, 'front' puts another entry before it,
# 'mark' only writes its attempts and keeps the claim.
# KEYS  1 due · 2 outbox · 3 attempts
# ARGV  1 person · 2 token · 3 entry id · 4 what · 5 now · 6 due at ('later') · 7 attempts · 8 copy to keep, '' for none
#       · 9 not before, '' for none · 10 entry to put in front · 11 asked, '' for no change
FINISH = _script(
    """
local done = ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. ARGV[4]
if redis.call('HGET', KEYS[3], 'last') == done then return 'done' end
if (string.match(redis.call('HGET', KEYS[3], 'claim') or '', '^%S+') or '') ~= ARGV[2] then return 'lost' end
if (string.match(redis.call('LINDEX', KEYS[2], 0) or '', '^%S+') or '') ~= ARGV[3] then return 'lost' end
if ARGV[4] == 'mark' then
  redis.call('HSET', KEYS[3], ARGV[3], ARGV[7])
  return 'done'
end
redis.call('HSET', KEYS[3], 'last', done)
redis.call('HDEL', KEYS[3], 'claim', 'after')
if ARGV[11] ~= '' then redis.call('HSET', KEYS[3], 'asked', ARGV[11]) end
if ARGV[4] == 'pop' then
  redis.call('LPOP', KEYS[2])
  redis.call('HDEL', KEYS[3], ARGV[3])
  if ARGV[8] ~= '' then redis.call('HSET', KEYS[3], 'c:' .. ARGV[3], ARGV[8]) end
else
  redis.call('HSET', KEYS[3], ARGV[3], ARGV[7])
  if ARGV[9] ~= '' then redis.call('HSET', KEYS[3], 'after', ARGV[9]) end
  if ARGV[4] == 'front' then redis.call('LPUSH', KEYS[2], ARGV[10]) end
end

local now = tonumber(ARGV[5])
local held = redis.call('HGETALL', KEYS[3])
for i = 1, #held, 2 do
  if string.sub(held[i], 1, 2) == 'c:' and tonumber(string.match(held[i + 1], '^%d+')) <= now then
    redis.call('HDEL', KEYS[3], held[i])
  end
end
if redis.call('LLEN', KEYS[2]) == 0 then
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('EXPIRE', KEYS[3], $COPIES)
else
  redis.call('ZADD', KEYS[1], ARGV[4] == 'later' and ARGV[6] or ARGV[5], ARGV[1])
  redis.call('EXPIRE', KEYS[3], $KEPT)
end
return 'done'
"""
)

# KEYS  1 due · 2 outbox      ARGV  1 person · 2 due at · 3 entry id · 4 entry
PUT = Script(
    """
for _, entry in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  if string.match(entry, '^%S+') == ARGV[3] then return 0 end
end
redis.call('RPUSH', KEYS[2], ARGV[4])
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score or tonumber(score) > tonumber(ARGV[2]) then redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1]) end
return 1
"""
)

# An entry that was accepted and has failed since goes back to the front; behind the head while that is being sent.
# KEYS  1 due · 2 outbox · 3 attempts
# ARGV  1 person · 2 entry id · 3 copy as read · 4 entry · 5 attempts · 6 now · 7 due at
BRING_BACK = _script(
    """
for _, entry in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  if string.match(entry, '^%S+') == ARGV[2] then return 1 end
end
if (redis.call('HGET', KEYS[3], 'c:' .. ARGV[2]) or '') ~= ARGV[3] then return 0 end
redis.call('HDEL', KEYS[3], 'c:' .. ARGV[2])
redis.call('HSET', KEYS[3], ARGV[2], ARGV[5])
local _, ends = string.match(redis.call('HGET', KEYS[3], 'claim') or '', '^(%S+) (%S+)$')
local head = redis.call('LINDEX', KEYS[2], 0)
if head and ends and tonumber(ends) > tonumber(ARGV[6]) then
  redis.call('LINSERT', KEYS[2], 'AFTER', head, ARGV[4])
else
  redis.call('LPUSH', KEYS[2], ARGV[4])
  redis.call('HSET', KEYS[3], 'after', ARGV[7])
  redis.call('ZADD', KEYS[1], ARGV[7], ARGV[1])
end
redis.call('EXPIRE', KEYS[3], $KEPT)
return 1
"""
)

# Take an entry out, wherever it stands.
# KEYS  1 due · 2 outbox · 3 attempts      ARGV  1 person · 2 entry id
WITHDRAW = Script(
    """
local taken = 0
for _, entry in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  if string.match(entry, '^%S+') == ARGV[2] then taken = redis.call('LREM', KEYS[2], 1, entry) end
end
redis.call('HDEL', KEYS[3], ARGV[2])
if redis.call('LLEN', KEYS[2]) == 0 then redis.call('ZREM', KEYS[1], ARGV[1]) end
return taken
"""
)

# News of one message. A status only rises; a failure is the highest of all.
# KEYS  1 delivery
# ARGV  1 provider's id · 2 order of the status · 3 status · 4 error code · 5 ttl, s · 6… fields to set, as pairs
RECEIVE = Script(
    """
local known = tonumber(string.match(redis.call('HGET', KEYS[1], ARGV[1]) or '', '^%d+') or '-1')
local news = 0
if known < 0 and redis.call('HLEN', KEYS[1]) >= 16 then
  return {news, redis.call('HGETALL', KEYS[1])}  -- no message goes out so often: whatever this is, it ends here
end
if tonumber(ARGV[2]) > known then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. ARGV[4])
  news = 1
end
for i = 6, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[1], ARGV[5])
return {news, redis.call('HGETALL', KEYS[1])}
"""
)

# KEYS  1 delivery      ARGV  1 ttl, s · 2… fields and values, as pairs; '' removes the field
TELL = Script(
    """
for i = 2, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', KEYS[1], ARGV[i])
  else
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
  end
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1
"""
)

# KEYS  hashes of one partition
READ_HASHES = Script(
    """
local found = {}
for i = 1, #KEYS do found[i] = redis.call('HGETALL', KEYS[i]) end
return found
"""
)

# When a message may go, by the rates of our number and of the recipient (GCRA), and by what was spent today. A place
# that is not too far away is reserved. Moments in µs.
# KEYS  1 our number · 2 recipient · 3 spent today
# ARGV  1 now · 2 units · 3 interval of our number · 4 its tolerance · 5 interval of the recipient · 6 its tolerance
#       · 7 cost · 8 most that may be spent, '' for no limit · 9 furthest place that is reserved
ASK_RATE = Script(
    """
local now, units = tonumber(ARGV[1]), tonumber(ARGV[2])
if ARGV[8] ~= '' then
  local spent = tonumber(redis.call('GET', KEYS[3]) or '0')
  if spent + tonumber(ARGV[7]) > tonumber(ARGV[8]) then return {'cap', '0'} end
end
local wait, free = 0, {}
for i = 1, 2 do
  free[i] = math.max(tonumber(redis.call('GET', KEYS[i]) or '0'), now)
  wait = math.max(wait, free[i] - tonumber(ARGV[2 + 2 * i]) - now)
end
if wait > tonumber(ARGV[9]) then return {'far', string.format('%.0f', wait)} end
for i = 1, 2 do
  local next_free = math.max(free[i], now + wait) + units * tonumber(ARGV[1 + 2 * i])
  local life = math.ceil((next_free - now) / 1000)
  if life > 0 then redis.call('SET', KEYS[i], string.format('%.0f', next_free), 'PX', string.format('%.0f', life)) end
end
return {'go', string.format('%.0f', wait)}
"""
)

# KEYS  1 letter · 2 all letters, by moment · 3 letters of the person
# ARGV  1 entry id · 2 now, s · 3 ttl, s · 4… fields and values of the letter, as pairs
GIVE_UP = Script(
    """
redis.call('DEL', KEYS[1])
for i = 4, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', tonumber(ARGV[2]) - tonumber(ARGV[3]))
redis.call('SADD', KEYS[3], ARGV[1])
redis.call('EXPIRE', KEYS[3], ARGV[3])
return 1
"""
)

# KEYS  1 all letters · 2 letters of the person · 3… letters      ARGV  ids of the letters, in their order
DROP_LETTERS = Script(
    """
local dropped = 0
for i = 1, #ARGV do
  dropped = dropped + redis.call('DEL', KEYS[2 + i])
  redis.call('ZREM', KEYS[1], ARGV[i])
  redis.call('SREM', KEYS[2], ARGV[i])
end
return dropped
"""
)
