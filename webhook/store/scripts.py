"""The scripts of the store. Each names its keys and arguments, takes every key through KEYS, and can be run twice.

In Lua a missing value is `false` and an empty string is true; here a missing value is always brought to '' first.
All keys of one call are in one partition.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Script:
    """A script and the name the server knows it by."""

    source: str

    @cached_property
    def sha(self) -> str:
        return hashlib.sha1(self.source.encode(), usedforsecurity=False).hexdigest()


# KEYS  1 seen mark · 2 reply copy · 3 session · 4 prefs · 5 recent ids · 6 alias · 7 outbox · 8 due
#       · 9… reply copies to clear
# ARGV  1 mark · 2 seen ttl, s · 3 session read · 4 session, '' to forget it · 5 session ttl, s
#       · 6 prefs: keep, renew or write · 7 prefs read · 8 prefs, '' to forget them · 9 prefs ttl, s
#       · 10 reply (sealed), '' for none · 11 reply ttl, s · 12 clear copies: yes or no · 13 recent ids read
#       · 14 message id · 15 now, s · 16 person · 17 due at, s · 18… outbox entries (sealed)
# An alias that has come up since the load means that the person is known under another code by now.
COMMIT_TURN = Script(
    """
local mark = redis.call('GET', KEYS[1])
if mark then return {'repeat', mark, redis.call('GET', KEYS[2])} end
if (redis.call('GET', KEYS[3]) or '') ~= ARGV[3] then return {'conflict'} end
if ARGV[6] == 'write' and (redis.call('GET', KEYS[4]) or '') ~= ARGV[7] then return {'conflict'} end
if redis.call('EXISTS', KEYS[6]) == 1 then return {'conflict'} end
local recent = redis.call('GET', KEYS[5]) or ''
if ARGV[12] == 'yes' and recent ~= ARGV[13] then return {'conflict'} end

redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
if ARGV[4] == '' then redis.call('DEL', KEYS[3]) else redis.call('SET', KEYS[3], ARGV[4], 'EX', ARGV[5]) end
if ARGV[6] == 'renew' then
  redis.call('EXPIRE', KEYS[4], ARGV[9])
elseif ARGV[6] == 'write' then
  if ARGV[8] == '' then redis.call('DEL', KEYS[4]) else redis.call('SET', KEYS[4], ARGV[8], 'EX', ARGV[9]) end
end

if ARGV[12] == 'yes' then
  redis.call('DEL', KEYS[5])
  for i = 9, #KEYS do redis.call('DEL', KEYS[i]) end
elseif ARGV[10] ~= '' then
  redis.call('SET', KEYS[2], ARGV[10], 'EX', ARGV[11])
  local kept, oldest = {}, tonumber(ARGV[15]) - 2 * tonumber(ARGV[11])
  for at, id in string.gmatch(recent, '(%d+) (%S+)') do
    if tonumber(at) >= oldest then kept[#kept + 1] = at .. ' ' .. id end
  end
  kept[#kept + 1] = ARGV[15] .. ' ' .. ARGV[14]
  redis.call('SET', KEYS[5], table.concat(kept, ' ', math.max(1, #kept - 63)), 'EX', ARGV[11])
end

for i = 18, #ARGV do redis.call('RPUSH', KEYS[7], ARGV[i]) end
if #ARGV > 17 then redis.call('ZADD', KEYS[8], 'NX', ARGV[17], ARGV[16]) end
return {'committed'}
"""
)

# KEYS  1 seen mark · 2 reply copy · 3 session · 4 recent ids · 5 alias · 6 due
#       · 7… everything else of the person, and reply copies
# ARGV  1 mark · 2 seen ttl, s · 3 session read · 4 recent ids read · 5 person
ERASE_PERSON = Script(
    """
local mark = redis.call('GET', KEYS[1])
if mark then return {'repeat', mark, redis.call('GET', KEYS[2])} end
if (redis.call('GET', KEYS[3]) or '') ~= ARGV[3] then return {'conflict'} end
if (redis.call('GET', KEYS[4]) or '') ~= ARGV[4] then return {'conflict'} end
if redis.call('EXISTS', KEYS[5]) == 1 then return {'conflict'} end
for i = 2, 4 do redis.call('DEL', KEYS[i]) end
for i = 7, #KEYS do redis.call('DEL', KEYS[i]) end
redis.call('ZREM', KEYS[6], ARGV[5])
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return {'committed'}
"""
)

# What another code of the same person still holds, after that person was deleted. An alias that leads to somebody
# else means that the number has changed hands: then nothing is touched.
# KEYS  1 alias · 2 due · 3… everything kept under the code      ARGV  1 code · 2… the person's codes
FORGET_CODE = Script(
    """
local owner = redis.call('GET', KEYS[1])
if owner then
  local ours = false
  for i = 2, #ARGV do ours = ours or owner == ARGV[i] end
  if not ours then return 0 end
end
redis.call('DEL', KEYS[1])
for i = 3, #KEYS do redis.call('DEL', KEYS[i]) end
redis.call('ZREM', KEYS[2], ARGV[1])
return 1
"""
)

# All that is kept under a code, to be moved: values with what is left of their lives, in ms; then the outbox entries.
# KEYS  1 prefs · 2 recent ids · 3 pointer · 4 outbox · 5… sessions
READ_CODE = Script(
    """
local found = {redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2]), redis.call('GET', KEYS[3])}
local sessions = {}
for i = 5, #KEYS do
  sessions[#sessions + 1] = redis.call('GET', KEYS[i])
  sessions[#sessions + 1] = redis.call('PTTL', KEYS[i])
end
return {found, sessions, redis.call('LRANGE', KEYS[4], 0, -1)}
"""
)

# Put what was read elsewhere under the code it moves to, unless anything has changed there since it was read. The fence
# is gone when somebody else has begun to move, or has erased the person: then what was read may be out of date.
# KEYS  1 prefs · 2 recent ids · 3 outbox · 4 due · 5 fence · then the sessions
#       · then, for each recent id, seen mark, reply copy
# ARGV  1 prefs read here · 2 prefs, '' for no change · 3 prefs ttl, s · 4 recent ids, '' for none · 5 recent ttl, s
#       · 6 person · 7 due at, s · 8 seen ttl, s · 9 sessions (number) · 10 messages (number) · 11 fence
#       · for each session: value read here, value, '' for no change, life left in ms
#       · for each message: mark, copy, '' for none · then the outbox entries
ADOPT = Script(
    """
local sessions, messages = tonumber(ARGV[9]), tonumber(ARGV[10])
if redis.call('GET', KEYS[5]) ~= ARGV[11] then return 0 end
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
for i = 1, sessions do
  if (redis.call('GET', KEYS[5 + i]) or '') ~= ARGV[9 + 3 * i] then return 0 end
end
redis.call('DEL', KEYS[5])
if ARGV[2] ~= '' then redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
local key, arg = 6, 12
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
local there = {}
for _, entry in ipairs(redis.call('LRANGE', KEYS[3], 0, -1)) do there[entry] = true end
for i = arg, #ARGV do
  if not there[ARGV[i]] then redis.call('RPUSH', KEYS[3], ARGV[i]) end
end
if #ARGV >= arg then redis.call('ZADD', KEYS[4], 'NX', ARGV[7], ARGV[6]) end
return 1
"""
)

# Let go of a code whose records were moved, and let its alias (if it is a number) lead to the person from now on.
# Nothing is lost: when anything differs from what was read, nothing happens and the move begins again.
# KEYS  1 alias · 2 prefs · 3 recent ids · 4 pointer · 5 outbox · 6 due · then the sessions · then reply copies
# ARGV  1 code · 2 person the alias leads to, '' for none · 3 alias ttl, s · 4 prefs read · 5 recent ids read
#       · 6 pointer read · 7 outbox entries read (number) · 8 sessions (number) · then each session as read
RELEASE_CODE = Script(
    """
local sessions = tonumber(ARGV[8])
if (redis.call('GET', KEYS[2]) or '') ~= ARGV[4] then return 0 end
if (redis.call('GET', KEYS[3]) or '') ~= ARGV[5] then return 0 end
if (redis.call('GET', KEYS[4]) or '') ~= ARGV[6] then return 0 end
if redis.call('LLEN', KEYS[5]) ~= tonumber(ARGV[7]) then return 0 end
for i = 1, sessions do
  if (redis.call('GET', KEYS[6 + i]) or '') ~= ARGV[8 + i] then return 0 end
end
for i = 2, 5 do redis.call('DEL', KEYS[i]) end
for i = 7, #KEYS do redis.call('DEL', KEYS[i]) end
redis.call('ZREM', KEYS[6], ARGV[1])
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
