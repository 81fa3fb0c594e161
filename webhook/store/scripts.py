"""The scripts of the store. Each names its keys and arguments, takes every key through KEYS, and can be run twice.

In Lua a missing value is `false` and an empty string is true; here a missing value is always brought to '' first.
All keys of one call are in one partition.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property

from webhook.store.tickets import ERASE_TICKET, WRITE_TICKET


@dataclass(frozen=True)
class Script:
    """A script and the name the server knows it by."""

    source: str

    @cached_property
    def sha(self) -> str:
        return hashlib.sha1(self.source.encode(), usedforsecurity=False).hexdigest()


# KEYS  1 seen mark · 2 reply copy · 3 session · 4 prefs · 5 recent ids · 6 alias · 7 outbox · 8 due · 9 attempts
#       · 10… reply copies to clear · then, for a ticket, its five keys
# ARGV  1 mark · 2 seen ttl, s · 3 session read · 4 session, '' to forget it · 5 session ttl, s
#       · 6 prefs: keep, renew or write · 7 prefs read · 8 prefs, '' to forget them · 9 prefs ttl, s
#       · 10 reply (sealed), '' for none · 11 reply ttl, s · 12 clear copies: yes or no · 13 recent ids read
#       · 14 message id · 15 now, s · 16 person · 17 due at, s · 18 outbox entries to drop (number)
#       · 19 outbox entries to add (number) · 20 last outbox entry read (when copies are cleared)
#       · 21… for each to drop its id and itself · those to add
#       · then, for a ticket, the change (see `webhook/store/tickets.py`)
# An alias that has come up since the load means that the person is known under another code by now. Somebody who writes
# has opened the window for what waits in the outbox: it is due now, if not sooner (a claim outlives that).
COMMIT_TURN = Script(
    WRITE_TICKET
    + """
local mark = redis.call('GET', KEYS[1])
if mark then return {'repeat', mark, redis.call('GET', KEYS[2])} end
if (redis.call('GET', KEYS[3]) or '') ~= ARGV[3] then return {'conflict'} end
if ARGV[6] == 'write' and (redis.call('GET', KEYS[4]) or '') ~= ARGV[7] then return {'conflict'} end
if redis.call('EXISTS', KEYS[6]) == 1 then return {'conflict'} end
local recent = redis.call('GET', KEYS[5]) or ''
if ARGV[12] == 'yes' and recent ~= ARGV[13] then return {'conflict'} end
if ARGV[12] == 'yes' and (redis.call('LINDEX', KEYS[7], -1) or ARGV[20]) ~= ARGV[20] then return {'conflict'} end
local entries = 21 + 2 * tonumber(ARGV[18])
local change, copies = entries + tonumber(ARGV[19]), #KEYS
if #ARGV >= change then
  copies = copies - 5
  local why = ticket_refuses(copies + 1, change)
  if why then return {why, redis.call('HGET', KEYS[copies + 1], 'moving')} end
end

redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
if ARGV[4] == '' then redis.call('DEL', KEYS[3]) else redis.call('SET', KEYS[3], ARGV[4], 'EX', ARGV[5]) end
if ARGV[6] == 'renew' then
  redis.call('EXPIRE', KEYS[4], ARGV[9])
elseif ARGV[6] == 'write' then
  if ARGV[8] == '' then redis.call('DEL', KEYS[4]) else redis.call('SET', KEYS[4], ARGV[8], 'EX', ARGV[9]) end
end

if ARGV[12] == 'yes' then
  redis.call('DEL', KEYS[5])
  for i = 10, copies do redis.call('DEL', KEYS[i]) end
  for _, field in ipairs(redis.call('HKEYS', KEYS[9])) do
    if string.sub(field, 1, 2) == 'c:' then redis.call('HDEL', KEYS[9], field) end
  end
elseif ARGV[10] ~= '' then
  redis.call('SET', KEYS[2], ARGV[10], 'EX', ARGV[11])
  local kept, oldest = {}, tonumber(ARGV[15]) - 2 * tonumber(ARGV[11])
  for at, id in string.gmatch(recent, '(%d+) (%S+)') do
    if tonumber(at) >= oldest then kept[#kept + 1] = at .. ' ' .. id end
  end
  kept[#kept + 1] = ARGV[15] .. ' ' .. ARGV[14]
  redis.call('SET', KEYS[5], table.concat(kept, ' ', math.max(1, #kept - 63)), 'EX', ARGV[11])
end

for i = 21, entries - 1, 2 do
  redis.call('LREM', KEYS[7], 1, ARGV[i + 1])
  redis.call('HDEL', KEYS[9], ARGV[i])
end
for i = entries, change - 1 do redis.call('RPUSH', KEYS[7], ARGV[i]) end
if redis.call('EXISTS', KEYS[7]) == 1 then redis.call('ZADD', KEYS[8], 'LT', ARGV[17], ARGV[16]) end
if #ARGV >= change then write_ticket(copies + 1, change) end
return {'committed'}
"""
)

# KEYS  1 seen mark · 2 reply copy · 3 session · 4 recent ids · 5 alias · 6 due · 7 the person's tickets · 8 open
#       · 9 closed · 10 changes · 11 going · 12… tickets · then everything else of the person, and reply copies
# ARGV  1 mark · 2 seen ttl, s · 3 session read · 4 recent ids read · 5 person · 6 now, s · 7 ttl of what is left of a
#       ticket, s · 8 going, as read · 9… tickets read
# Who erases must know where the records may have been copied to: nobody begins to move them unseen.
ERASE_PERSON = Script(
    ERASE_TICKET
    + """
local mark = redis.call('GET', KEYS[1])
if mark then return {'repeat', mark, redis.call('GET', KEYS[2])} end
if (redis.call('GET', KEYS[3]) or '') ~= ARGV[3] then return {'conflict'} end
if (redis.call('GET', KEYS[4]) or '') ~= ARGV[4] then return {'conflict'} end
if redis.call('EXISTS', KEYS[5]) == 1 then return {'conflict'} end
if (redis.call('GET', KEYS[11]) or '') ~= ARGV[8] then return {'conflict'} end
local tickets = #ARGV - 8
if redis.call('SCARD', KEYS[7]) ~= tickets then return {'conflict'} end
for i = 1, tickets do
  if redis.call('SISMEMBER', KEYS[7], ARGV[8 + i]) == 0 then return {'conflict'} end
end
for i = 1, tickets do erase_ticket(11 + i, 8, 9, 10, ARGV[8 + i], ARGV[6], ARGV[7]) end
for i = 2, 4 do redis.call('DEL', KEYS[i]) end
redis.call('DEL', KEYS[7], KEYS[11])
for i = 12 + tickets, #KEYS do redis.call('DEL', KEYS[i]) end
redis.call('ZREM', KEYS[6], ARGV[5])
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return {'committed'}
"""
)

# What another code of the same person still holds, after that person was deleted. An alias that leads to somebody
# else means that the number has changed hands: then nothing is touched. Answers 2 when a ticket has come up since.
# KEYS  1 alias · 2 due · 3 the person's tickets · 4 open · 5 closed · 6 changes · 7… tickets
#       · then everything kept under the code
# ARGV  1 code · 2 now, s · 3 ttl of what is left of a ticket, s · 4 tickets (number) · 5… tickets · then the person's codes
FORGET_CODE = Script(
    ERASE_TICKET
    + """
local tickets = tonumber(ARGV[4])
local owner = redis.call('GET', KEYS[1])
if owner then
  local ours = false
  for i = 5 + tickets, #ARGV do ours = ours or owner == ARGV[i] end
  if not ours then return 0 end
end
if redis.call('SCARD', KEYS[3]) ~= tickets then return 2 end
for i = 1, tickets do
  if redis.call('SISMEMBER', KEYS[3], ARGV[4 + i]) == 0 then return 2 end
end
for i = 1, tickets do erase_ticket(6 + i, 4, 5, 6, ARGV[4 + i], ARGV[2], ARGV[3]) end
redis.call('DEL', KEYS[1], KEYS[3])
for i = 7 + tickets, #KEYS do redis.call('DEL', KEYS[i]) end
redis.call('ZREM', KEYS[2], ARGV[1])
return 1
"""
)

# All that is kept under a code, to be moved: values with what is left of their lives, in ms; then the outbox entries,
# attempts at them, and tickets; and what `going` is now. Who moves is written down there together with the ids of all
# outbox entries that anybody has read here to move them: an id that is there and not in the outbox any more was sent or
# dropped here, for letting go of the code ends that record. While it names another person, nobody else can go on.
# KEYS  1 prefs · 2 recent ids · 3 pointer · 4 outbox · 5 attempts · 6 the person's tickets · 7 going · 8… sessions
# ARGV  1 person the records move to, '' to look only · 2 ttl of going, s
READ_CODE = Script(
    """
local found = {redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2]), redis.call('GET', KEYS[3])}
local entries, going = redis.call('LRANGE', KEYS[4], 0, -1), redis.call('GET', KEYS[7]) or ''
local sessions = {}
for i = 8, #KEYS do
  sessions[#sessions + 1] = redis.call('GET', KEYS[i])
  sessions[#sessions + 1] = redis.call('PTTL', KEYS[i])
end
local to = string.match(going, '^%S+') or ARGV[1]
local kept = 0
for i = 1, #KEYS do
  if i ~= 7 then kept = kept + redis.call('EXISTS', KEYS[i]) end
end
if ARGV[1] ~= '' and to == ARGV[1] and kept > 0 then
  local copied = {}
  for id in string.gmatch(going, '%S+') do copied[id] = true end
  if going == '' then going = to end
  for _, entry in ipairs(entries) do
    local id = string.match(entry, '^%S+')
    if id and not copied[id] then going = going .. ' ' .. id end
  end
  redis.call('SET', KEYS[7], going, 'EX', ARGV[2])
end
return {found, sessions, entries, redis.call('HGETALL', KEYS[5]), redis.call('PTTL', KEYS[5]),
  redis.call('SMEMBERS', KEYS[6]), going}
"""
)

# A ticket to be moved, and what is left of its life, in ms. Read together: somebody else may let go of it any moment.
# KEYS  1 ticket
READ_TICKET = Script("return {redis.call('HGETALL', KEYS[1]), redis.call('PTTL', KEYS[1])}")

# Put what was read elsewhere under the code it moves to, unless anything has changed there since it was read. The fence
# is gone when somebody else has begun to move, or has erased the person: then what was read may be out of date. It is
# spent by this, so that nothing is put here twice.
# KEYS  1 prefs · 2 recent ids · 3 outbox · 4 due · 5 fence · 6 attempts · then the sessions
#       · then, for each recent id, seen mark, reply copy
# ARGV  1 prefs read here · 2 prefs, '' for no change · 3 prefs ttl, s · 4 recent ids, '' for none · 5 recent ttl, s
#       · 6 person · 7 due at, s · 8 seen ttl, s · 9 sessions (number) · 10 messages (number) · 11 fence
#       · 12 attempts (number of fields and values) · 13 life left of attempts, ms · 14 outbox entries gone since (number)
#       · for each session: value read here, value, '' for no change, life left in ms
#       · for each message: mark, copy, '' for none · then attempts · ids of entries gone · the outbox entries
ADOPT = Script(
    """
local sessions, messages = tonumber(ARGV[9]), tonumber(ARGV[10])
if redis.call('GET', KEYS[5]) ~= ARGV[11] then return 0 end
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
for i = 1, sessions do
  if (redis.call('GET', KEYS[6 + i]) or '') ~= ARGV[12 + 3 * i] then return 0 end
end
redis.call('SET', KEYS[5], 'done ' .. ARGV[11], 'KEEPTTL')
if ARGV[2] ~= '' then redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
local key, arg = 7, 15
for _ = 1, sessions do
  if ARGV[arg + 1] ~= '' then redis.call('SET', KEYS[key], ARGV[arg + 1], 'PX', ARGV[arg + 2]) end
  key, arg = key + 1, arg + 3
end
for _ = 1, messages do
  if ARGV[arg] ~= '' then redis.call('SET', KEYS[key], ARGV[arg], 'NX', 'EX', ARGV[8]) end
  if ARGV[arg + 1] ~= '' then redis.call('SET', KEYS[key + 1], ARGV[arg + 1], 'NX', 'EX', ARGV[5]) end
  key, arg = key + 2, arg + 2
end
if ARGV[4] ~= '' then
  local recent = redis.call('GET', KEYS[2])
  if not recent then
    recent = ARGV[4]
  elseif not string.find(recent, ARGV[4], 1, true) then
    recent = recent .. ' ' .. ARGV[4]
  end
  redis.call('SET', KEYS[2], recent, 'EX', ARGV[5])
end
for _ = 1, tonumber(ARGV[12]) / 2 do
  redis.call('HSET', KEYS[6], ARGV[arg], ARGV[arg + 1])
  arg = arg + 2
end
if tonumber(ARGV[12]) > 0 and tonumber(ARGV[13]) > 0 then redis.call('PEXPIRE', KEYS[6], ARGV[13]) end
local gone, there = {}, {}
for _ = 1, tonumber(ARGV[14]) do
  gone[ARGV[arg]] = true
  redis.call('HDEL', KEYS[6], ARGV[arg])
  arg = arg + 1
end
for _, entry in ipairs(redis.call('LRANGE', KEYS[3], 0, -1)) do
  if gone[string.match(entry, '^%S+') or ''] then
    redis.call('LREM', KEYS[3], 1, entry)
  else
    there[entry] = true
  end
end
for i = arg, #ARGV do
  if not there[ARGV[i]] then redis.call('RPUSH', KEYS[3], ARGV[i]) end
end
if #ARGV >= arg then redis.call('ZADD', KEYS[4], 'NX', ARGV[7], ARGV[6]) end
return 1
"""
)

# A copy of a ticket under the code it moves to. It is marked, and does not count while the other one is there.
# KEYS  1 ticket · 2 the person's tickets · 3 open · 4 closed · 5 changes · 6 fence
# ARGV  1 fence · 2 ticket · 3 mark · 4 person · 5 life left, ms · 6 ttl of lists, s · 7… fields and values
ADOPT_TICKET = Script(
    """
if redis.call('GET', KEYS[6]) ~= ARGV[1] then return 0 end
if redis.call('EXISTS', KEYS[1]) == 1 and redis.call('HEXISTS', KEYS[1], 'moving') == 0 then return 1 end
redis.call('DEL', KEYS[1])
for i = 7, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('HSET', KEYS[1], 'moving', ARGV[3], 'person', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('SADD', KEYS[2], ARGV[2])
redis.call('ZREM', KEYS[3], ARGV[2])
redis.call('ZREM', KEYS[4], ARGV[2])
local found = redis.call('HMGET', KEYS[1], 'stage', 'opened', 'closed')
if found[1] == 'closed' then
  redis.call('ZADD', KEYS[4], found[3] or found[2] or 0, ARGV[2])
else
  redis.call('ZADD', KEYS[3], found[2] or 0, ARGV[2])
end
redis.call('INCR', KEYS[5])
for list = 2, 5 do redis.call('EXPIRE', KEYS[list], ARGV[6]) end
return 1
"""
)

# The copy counts from now on.      KEYS  1 ticket · 2 changes      ARGV  1 mark
SETTLE_TICKET = Script(
    """
if redis.call('HGET', KEYS[1], 'moving') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'moving')
redis.call('HINCRBY', KEYS[1], 'rev', 1)
redis.call('INCR', KEYS[2])
return 1
"""
)

# Let go of a code whose records were moved, and let its alias (if it is a number) lead to the person from now on.
# Nothing is lost: when anything differs from what was read, nothing happens and the move begins again. Tickets stay
# where they are if the new code is in the same partition, and get its name.
# KEYS  1 alias · 2 prefs · 3 recent ids · 4 pointer · 5 outbox · 6 attempts · 7 due · 8 the person's tickets · 9 open
#       · 10 closed · 11 changes · 12 tickets of the new code, if in the same partition, else as 8 · 13 going
#       · then the sessions · the tickets · reply copies
# ARGV  1 code · 2 person the alias leads to, '' for none · 3 alias ttl, s · 4 prefs read · 5 recent ids read
#       · 6 pointer read · 7 new code, if in the same partition, else '' · 8 ttl of lists, s · 9 outbox entries (number)
#       · 10 attempts (number of fields and values) · 11 sessions (number) · 12 tickets (number) · 13 going, as read
#       · then, as read: each entry · attempts · each session · for each ticket its id and how often it was changed
RELEASE_CODE = Script(
    """
local entries, attempts = tonumber(ARGV[9]), tonumber(ARGV[10])
local sessions, tickets = tonumber(ARGV[11]), tonumber(ARGV[12])
for i = 2, 4 do
  if (redis.call('GET', KEYS[i]) or '') ~= ARGV[2 + i] then return 0 end
end
if (redis.call('GET', KEYS[13]) or '') ~= ARGV[13] then return 0 end
local arg = 14
local there = redis.call('LRANGE', KEYS[5], 0, -1)
if #there ~= entries then return 0 end
for i = 1, entries do
  if there[i] ~= ARGV[arg] then return 0 end
  arg = arg + 1
end
if 2 * redis.call('HLEN', KEYS[6]) ~= attempts then return 0 end
for _ = 1, attempts / 2 do
  if redis.call('HGET', KEYS[6], ARGV[arg]) ~= ARGV[arg + 1] then return 0 end
  arg = arg + 2
end
for i = 1, sessions do
  if (redis.call('GET', KEYS[13 + i]) or '') ~= ARGV[arg] then return 0 end
  arg = arg + 1
end
if redis.call('SCARD', KEYS[8]) ~= tickets then return 0 end
for i = 1, tickets do
  local at = arg + 2 * (i - 1)
  if redis.call('SISMEMBER', KEYS[8], ARGV[at]) == 0 then return 0 end
  if (redis.call('HGET', KEYS[13 + sessions + i], 'rev') or '') ~= ARGV[at + 1] then return 0 end
end
for i = 1, tickets do
  local at, id = 13 + sessions + i, ARGV[arg + 2 * (i - 1)]
  if ARGV[7] == '' then
    redis.call('DEL', KEYS[at])
    redis.call('ZREM', KEYS[9], id)
    redis.call('ZREM', KEYS[10], id)
  elseif redis.call('EXISTS', KEYS[at]) == 1 then
    redis.call('HSET', KEYS[at], 'person', ARGV[7])
    redis.call('HINCRBY', KEYS[at], 'rev', 1)
    redis.call('SADD', KEYS[12], id)
    redis.call('EXPIRE', KEYS[12], ARGV[8])
  end
  redis.call('INCR', KEYS[11])
end
for i = 2, 6 do redis.call('DEL', KEYS[i]) end
redis.call('DEL', KEYS[8])
for i = 13, 13 + sessions do redis.call('DEL', KEYS[i]) end
for i = 14 + sessions + tickets, #KEYS do redis.call('DEL', KEYS[i]) end
redis.call('ZREM', KEYS[7], ARGV[1])
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
return 1
"""
)

# KEYS  1 any key      ARGV  1 value expected · 2 value, '' to remove the key · 3 ttl, s
REPLACE_IF_SAME = Script(
    """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
return 1
"""
)
